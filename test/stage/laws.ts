/** What must hold whatever happened: checked at every request, and at the end of every story. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { auditCustody } from '../../src/audit/audit.js'
import { sha256Hex } from '../../src/canonical.js'
import { standingOf } from '../../src/commands/status.js'
import { readCustodyFolder, type CustodyFolder } from '../../src/host/custody-folder.js'
import { opcRequestIdOf } from '../../src/record/journal.js'
import { openSessions } from '../../src/record/standing.js'
import type { Ended } from './command-line.js'
import type { Rehearsal } from './rehearsal.js'

/** Throws when no key that somebody holds is installed: everybody would be locked out. */
export function assertNobodyLockedOut(stage: Rehearsal, lent: boolean): void {
  const held = livingKeys(stage).filter((key) => key.generation !== null || (lent && key.fingerprint === stage.cloud.people.BOOTSTRAP.fingerprint))
  if (held.length === 0) throw new Error('LOCKED OUT: OCI has no key that anybody holds')
}

/** Throws when a key may be alive, or a share was read, and the record does not say so in red. */
export function assertNothingSilent(stage: Rehearsal): void {
  const folder = readCustodyFolder(stage.custody)
  const alarms = standingOf(folder).remarks.filter(({ level }) => level === 'alarm').map(({ text }) => text)
  for (const { id } of openSessions({ ...folder, logbook: folder.logbook.lines })) {
    if (!alarms.some((text) => text.includes(id))) throw new Error(`SILENT: session ${id} is open, and status says only: ${alarms.join('; ')}`)
  }
}

/**
 * Does what `status` says to do next until nothing is left: what a tired operator would do. Throws when a command does not
 * end as it should, or when it never ends.
 */
export async function doAsTold(stage: Rehearsal): Promise<string[]> {
  const done: string[] = []
  for (let step = 0; step < 6; step += 1) {
    const { next, inUse } = standingOf(readCustodyFolder(stage.custody))
    const verb = next.split(' ').slice(0, 3).join(' ')
    if (next.startsWith('glasskey resume')) done.push(await succeed(stage, ['resume', '--custody', stage.custody, '--yes', '--reader', 'AUDITOR', ...stage.shares(generationOfOpenSession(stage), 1, 3), ...stage.oci]))
    else if (next === 'glasskey takeover') done.push(await succeed(stage, stage.takeover(inUse?.generation ?? firstUnused(stage))))
    else if (next === 'glasskey break rotate') done.push(await succeed(stage, [...stage.rotate(inUse?.generation ?? 0), '--reader', 'AUDITOR']))
    else if (next.startsWith('glasskey logbook add retired')) done.push(await succeed(stage, [...next.split(' ').slice(1, -1), 'reason=exposed', '--custody', stage.custody]))
    else return done
    done[done.length - 1] = `${verb}: ${done.at(-1) ?? ''}`
  }
  throw new Error(`six commands, and still something is left to do:\n${done.join('\n')}`)
}

/** Throws unless exactly one key lives, its sheets exist and are not exposed, every used key is graded, and the record verifies. */
export async function assertAllWell(stage: Rehearsal): Promise<void> {
  const folder = readCustodyFolder(stage.custody)
  const standing = standingOf(folder)
  const living = livingKeys(stage)
  const [only] = living
  if (living.length !== 1 || only?.generation === null) throw new Error(`OCI has ${living.length} keys: ${JSON.stringify(living)}`)
  if (only?.generation !== standing.inUse?.generation) throw new Error(`OCI has GENERATION ${String(only?.generation)}, and the record says ${String(standing.inUse?.generation)}`)
  if (standing.inUse?.state !== 'in use') throw new Error(`GENERATION ${String(standing.inUse?.generation)} is ${String(standing.inUse?.state)}`)
  if (!existsSync(stage.sheet(standing.inUse.generation, 3))) throw new Error('the sheets of the key in use are gone')
  assertGraded(folder)
  assertChangesExplained(stage, folder)
  // CI plays each kind once, in minutes: there the auditor has the folder, and OCI's own word is what stands above.
  const { revoked, failed } = await (process.env['GLASSKEY_MATRIX'] === 'kinds' ? auditOfFolder(stage) : auditWithLogin(stage))
  if (revoked !== null) throw new Error(`the auditor does not find every used key revoked: ${revoked}`)
  const bad = failed.filter((control) => !READINESS.test(control))
  if (bad.length > 0) throw new Error(`the audit fails ${bad.join(', ')}`)
}

/** Why keys are not called revoked (null: they are), and which controls fail. */
interface Audited {
  revoked: string | null
  failed: string[]
}

/** The audit that an auditor with a login makes. */
async function auditWithLogin(stage: Rehearsal): Promise<Audited> {
  const audit = await stage.run(['audit', '--custody', stage.custody, '--profile', 'AUDITOR', '--json', ...stage.oci])
  const { opinion, controls } = JSON.parse(audit.stdout) as { opinion: Record<string, { verdict: string; sentence: string }>; controls: { code: string; result: string; finding: string }[] }
  const { keyRevoked } = opinion
  return { revoked: keyRevoked?.verdict === 'Yes' ? null : JSON.stringify(keyRevoked), failed: failures(controls) }
}

/** The audit that needs nothing but the folder, in this process. */
async function auditOfFolder(stage: Rehearsal): Promise<Audited> {
  const { results } = await auditCustody({ folder: stage.custody, profile: null, cloud: { endpoints: {}, ca: null }, from: undefined, to: undefined, now: new Date(stage.cloud.now()) })
  const released = results.find(({ code }) => code === 'R01')
  return { revoked: released?.result === 'holds' ? null : String(released?.finding), failed: failures(results) }
}

function failures(controls: readonly { code: string; result: string; finding: string }[]): string[] {
  return controls.filter(({ result }) => result === 'fails').map(({ code, finding }) => `${code}: ${finding}`)
}

/** Throws when OCI was asked to change something under an id that is not of a line of a journal. The first part of three is ours. */
function assertChangesExplained({ cloud }: Rehearsal, folder: CustodyFolder): void {
  const ids = new Set(folder.sessions.flatMap(({ chain }) => chain.texts.map((text) => opcRequestIdOf(sha256Hex(text)))))
  for (const { method, path, keyId, opcRequestId } of cloud.requests) {
    if (method !== 'GET' && keyId !== null && !ids.has(opcRequestId?.split('/')[0] ?? '')) throw new Error(`UNEXPLAINED: ${method} ${path}, request ${String(opcRequestId)}`)
  }
}

/** Controls of readiness: how many successors wait is not what these stories are about. */
const READINESS = /^D/

function assertGraded(folder: CustodyFolder): void {
  for (const { id, session } of folder.sessions) {
    if (session.keyLiveAt === null) continue
    const burned = folder.standings.some(({ generation, state }) => generation === session.opened.generation && state === 'burned')
    if (!burned) throw new Error(`session ${id} used GENERATION ${session.opened.generation}, which is not burned; graded ${String(session.grade)}`)
  }
}

/** API keys of the user that OCI has, and whose generation each is. */
export function livingKeys({ cloud, custody }: Rehearsal): { fingerprint: string; generation: number | null }[] {
  const generations = readdirSync(join(custody, 'generations')).filter((name) => /^\d+$/.test(name))
  const byFingerprint = new Map(generations.map((name) => [fingerprintIn(join(custody, 'generations', name, 'manifest.json')), Number(name)]))
  return cloud.tenancy.identity.apiKeys
    .filter((key) => key.userId === cloud.seed.users.administrator && key.timeDeleted === null)
    .map(({ fingerprint }) => ({ fingerprint, generation: byFingerprint.get(fingerprint) ?? null }))
}

function fingerprintIn(manifest: string): string {
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { fingerprint: string }).fingerprint
}

function generationOfOpenSession(stage: Rehearsal): number {
  const folder = readCustodyFolder(stage.custody)
  const [open] = openSessions({ ...folder, logbook: folder.logbook.lines })
  return open?.session.opened.generation ?? 0
}

function firstUnused(stage: Rehearsal): number {
  return readCustodyFolder(stage.custody).standings.find(({ state }) => state === 'waiting')?.generation ?? 0
}

async function succeed(stage: Rehearsal, args: string[]): Promise<string> {
  const ended: Ended = await stage.run(args)
  if (ended.code !== 0) throw new Error(`glasskey ${args.slice(0, 2).join(' ')} ended with ${ended.code}:\n${ended.stderr}\n${ended.stdout}`)
  return ended.stderr
}
