/** `glasskey audit`: was what was released revoked, and is what was done what was written down? */
import { resolve } from 'node:path'
import type { Argv } from 'yargs'
import { auditCustody, type Audit } from '../audit/audit.js'
import { reportContent } from '../audit/report.js'
import { auditJson, auditText, codesOf } from '../audit/told.js'
import { canonicalDigest, sha256Hex } from '../canonical.js'
import { asLine, line } from '../custody/fields.js'
import { GlasskeyError } from '../errors.js'
import { wallClock } from '../host/clock.js'
import { places } from '../host/sealed-folder.js'
import { requireNew, writeNew } from '../host/disk.js'
import { LineFile } from '../host/line-file.js'
import { takeLock } from '../host/lock.js'
import { readProfile } from '../host/oci-profile.js'
import { say } from '../host/terminal.js'
import { readLogbook, type LogbookEntry, type NewLogbookEntry } from '../record/logbook.js'
import { cloudOf, configOf, custodyFlag, type CloudArguments } from './flags.js'
import type { Outcome, Problem } from './outcome.js'

interface Arguments extends Omit<CloudArguments, 'reader'> {
  profile: string | undefined
  auditor: string | undefined
  from: string | undefined
  to: string | undefined
  out: string | undefined
  record: boolean
}

export const builder = (flags: Argv): Argv =>
  custodyFlag(flags)
    .usage('$0 audit [--profile AUDITOR]\n\nProves, control by control, that what was released was revoked and that what was done is what was written down.\nReads only. Without --profile it checks what can be checked offline, and says what was not. Exit 4 when a control\ndoes not hold. docs/audit-controls.md explains each.')
    .option('profile', { type: 'string', describe: 'OCI profile of the auditor\'s own login, which only needs to read' })
    .option('oci-config', { type: 'string', describe: 'OCI configuration file (default: ~/.oci/config)' })
    .option('endpoint', { type: 'string', array: true, default: [], describe: 'REGION=URL of a simulator (rehearsals only, repeatable)' })
    .option('ca', { type: 'string', describe: 'PEM authority of a simulator\'s TLS' })
    .option('auditor', { type: 'string', describe: 'who audits: name and office, for report and logbook' })
    .option('from', { type: 'string', describe: 'sessions from this day or moment (UTC; default: all)' })
    .option('to', { type: 'string', describe: 'sessions until this day or moment (UTC; default: now, or the last session)' })
    .option('out', { type: 'string', describe: 'file for the report (PDF); never overwritten' })
    .option('record', { type: 'boolean', default: false, describe: 'enter the audit in the logbook' })

export const handler = async (args: Arguments): Promise<Outcome> => {
  const folder = resolve(args.custody)
  const out = args.out === undefined ? undefined : resolve(args.out)
  if (out !== undefined) requireNew(out)
  const auditor = auditorOf(args)
  const profile = args.profile === undefined ? null : readProfile(args.profile, configOf({ ...args, reader: undefined }))
  // What can be refused is refused before the reading, which may take minutes; a break-glass must not wait for those.
  if (args.record) takeLock(places.lock(folder), 'audit', wallClock())()
  if (profile) say(`Reading what OCI has and logged, as ${profile.name}: minutes, where there are many sessions, regions and compartments.`, 'faint')
  const audit = await auditCustody({
    folder,
    profile,
    cloud: cloudOf({ ...args, reader: undefined }),
    from: moment('from', args.from, '00:00:00.000'),
    to: moment('to', args.to, '23:59:59.999'),
    now: wallClock(),
  })
  const json = auditJson(audit, auditor)
  const digest = out === undefined ? canonicalDigest(json) : await writeReport(audit, auditor, args.auditor ?? null, out)
  const entry = args.record ? tryEnter(folder, audit, auditor, digest) : null
  const after = [...(out === undefined ? [] : [`Report: ${out}`]), ...(entry === null ? [] : [entry.said])]
  return {
    json: { ...json, out: out ?? null, logbook: entry?.number ?? null },
    text: [auditText(audit), ...after].join('\n'),
    ...(entry?.error ? { error: entry.error } : {}),
    ...failedControls(audit),
  }
}

/** Enters the audit, where no other command has the folder by then. What was found is told all the same. */
function tryEnter(folder: string, audit: Audit, auditor: string, digest: string): { number: number | null; said: string; error?: Problem } {
  try {
    const release = takeLock(places.lock(folder), 'audit', wallClock())
    try {
      return enter(folder, audit, auditor, digest)
    } finally {
      release()
    }
  } catch (error) {
    if (!(error instanceof GlasskeyError)) throw error
    const { code, message, hint } = error
    return { number: null, said: `Not entered in the logbook: ${message}. ${hint} Write the audit into the paper book, or hold it again.`, error: { code, message: `the audit is not entered: ${message}`, hint } }
  }
}

/** The error of an audit in which a control fails. */
function failedControls({ results }: Audit): Pick<Outcome, 'error'> {
  const codes = codesOf(results, 'fails')
  if (codes.length === 0) return {}
  return { error: { code: 'AUDIT_FAILED', message: `${codes.join(', ')} ${codes.length === 1 ? 'does' : 'do'} not hold`, hint: 'docs/audit-controls.md says what each means and what to do.' } }
}

async function writeReport(audit: Audit, auditor: string, person: string | null, out: string): Promise<string> {
  // Most audits draw nothing, and what draws takes as long to load as all the rest.
  const { drawAuditReport } = await import('../paper/audit-report.js')
  const pdf = await drawAuditReport(reportContent(audit, auditor, person), { paper: audit.dossier.custody.paper })
  writeNew(out, pdf)
  return sha256Hex(pdf)
}

/** Enters the audit. A logbook that does not hold gets no further entry: that would make a broken chain look continued. */
function enter(folder: string, { results, dossier: { cloud, period } }: Audit, auditor: string, report: string): { number: number | null; said: string } {
  const failed = codesOf(results, 'fails')
  const login = cloud ? { profile: asLine(cloud.profile), user: asLine(cloud.auditor) } : null
  const broken = ['L01', 'L02'].filter((code) => failed.includes(code))
  if (broken.length > 0) return { number: null, said: `Not entered in the logbook: it does not hold (${broken.join(', ')}). Write the audit into the paper book.` }
  const { line: entry, head } = LineFile.open<LogbookEntry, NewLogbookEntry>(places.logbook(folder), readLogbook, wallClock).append({ type: 'audited', auditor, report, failed, notChecked: codesOf(results, 'not checked'), login, period })
  return { number: entry.seq, said: `Entry ${entry.seq} of the logbook. Write into the paper book: number ${entry.seq}, SHA-256 ${head.sha256}` }
}

/** Throws USAGE. */
function auditorOf({ auditor, profile }: Arguments): string {
  const named = line.safeParse(auditor ?? (profile === undefined ? 'not named' : `profile ${profile}`))
  if (named.success) return named.data
  throw new GlasskeyError('USAGE', `--auditor ${named.error.issues[0]?.message ?? 'is not understood'}`)
}

/** A moment, or a whole day with `clock` as its time. Throws USAGE. */
function moment(flag: string, text: string | undefined, clock: string): string | undefined {
  if (text === undefined) return undefined
  const shaped = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z)?$/.test(text)
  const at = shaped ? Date.parse(text.includes('T') ? text : `${text}T${clock}Z`) : Number.NaN
  if (Number.isNaN(at)) throw new GlasskeyError('USAGE', `--${flag} takes a day or a moment in UTC, such as 2026-01-31 or 2026-01-31T04:00:00Z; not "${text}"`)
  return new Date(at).toISOString()
}

