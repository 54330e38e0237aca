/** `glasskey ceremony`: offline, with people; its script on paper; its signatures; and `glasskey ceremony import`: back online. */
import { basename, dirname, resolve } from 'node:path'
import type { Argv } from 'yargs'
import { AtTheTerminal } from '../ceremony/at-the-terminal.js'
import { ByFlag } from '../ceremony/by-flag.js'
import { conductCeremony, type CeremonyResult } from '../ceremony/conduct.js'
import { countInWords } from '../ceremony/enough-signers.js'
import { importOutbox } from '../ceremony/import.js'
import type { People } from '../ceremony/people.js'
import { planCeremony } from '../ceremony/planning.js'
import { drawScript } from '../ceremony/script-page.js'
import { signLater } from '../ceremony/sign-later.js'
import { SIGNING_ROLES, type SigningRole } from '../ceremony/signing.js'
import { hexToWords } from '../custody/words.js'
import { GlasskeyError } from '../errors.js'
import { wallClock } from '../host/clock.js'
import { writeNew } from '../host/disk.js'
import { say, toned } from '../host/terminal.js'
import { custodianKeysOf, keyFlags, type KeyArguments } from './key-flags.js'
import type { Outcome } from './outcome.js'

interface Arguments extends KeyArguments {
  step: 'import' | 'sign' | undefined
  config: string | undefined
  custody: string | undefined
  sheets: string | undefined
  outbox: string | undefined
  rehearsal: boolean | undefined
  yes: boolean | undefined
  printScript: string | undefined
  printer: string | undefined
  rescan: string[] | undefined
  keepSheets: boolean | undefined
  administrator: string | undefined
  operator: string | undefined
  witness: string[] | undefined
  signature: string[] | undefined
  ceremony: number | undefined
}

const [WHAT, WHO, PAPER, SEALED] = ['What to make:', 'Who is there:', 'Paper:', 'Sealed shares, opened to prove them:']
const REPEATED = { type: 'string', array: true, nargs: 1 } as const

export const builder = (flags: Argv): Argv =>
  keyFlags(flags, SEALED)
    .usage('$0 ceremony [sign|import]\n\nMake, split, prove, hand over and seal, with people, on a machine without a\nnetwork. import: verify what a later ceremony made and append it to the custody\nfolder. sign: add a signature that is missing.')
    .positional('step', { choices: ['import', 'sign'] as const, describe: 'bring one back, or sign one' })
    .option('config', { type: 'string', group: WHAT, describe: 'custody.yaml (later: the folder\'s own)' })
    .option('custody', { type: 'string', group: WHAT, describe: 'custody folder: made first, read later' })
    .option('outbox', { type: 'string', group: WHAT, describe: 'later ceremonies: what goes back online' })
    .option('rehearsal', { type: 'boolean', group: WHAT, describe: 'practice: marked so for ever' })
    .option('yes', { type: 'boolean', group: WHAT, describe: 'rehearsals: confirm every step unasked' })
    .option('ceremony', { type: 'number', group: WHAT, describe: 'sign: by its first generation (the last)' })
    .option('administrator', { type: 'string', group: WHO, describe: 'name of the ceremony administrator' })
    .option('operator', { type: 'string', group: WHO, describe: 'name of who is at the keyboard' })
    .option('witness', { ...REPEATED, group: WHO, describe: 'internal, then external witness' })
    .option('signature', { ...REPEATED, group: WHO, describe: 'ROLE=KEYFILE or ROLE=gpg:FINGERPRINT' })
    .option('print-script', { type: 'string', group: PAPER, describe: 'only write the script, a PDF, here' })
    .option('sheets', { type: 'string', group: PAPER, describe: 'folder for sheets (default: in memory)' })
    .option('printer', { type: 'string', group: PAPER, describe: 'CUPS printer that sheets go to' })
    .option('rescan', { type: 'string', array: true, group: PAPER, describe: 'scans of printed sheets, to be offered' })
    .option('keep-sheets', { type: 'boolean', group: PAPER, describe: 'rehearsals: files of sheets stay' })

export const handler = async (args: Arguments): Promise<Outcome> => {
  if (args.printScript !== undefined) return printScript(args, resolve(args.printScript))
  if (args.custody === undefined) throw new GlasskeyError('USAGE', 'which custody folder?', 'glasskey ceremony --custody DIR')
  const custody = resolve(args.custody)
  if (args.step === 'import') return bringBack(custody, args.outbox)
  if (args.step === 'sign') return signAfterwards(args, custody)
  const { rehearsal = false, yes = false } = args
  const [internal, external] = args.witness ?? []
  const result = await conductCeremony(
    {
      config: args.config === undefined ? undefined : resolve(args.config),
      custody,
      sheets: args.sheets === undefined ? undefined : resolve(args.sheets),
      outbox: args.outbox === undefined ? undefined : resolve(args.outbox),
      rehearsal,
      printer: args.printer,
      rescan: (args.rescan ?? []).map((path) => resolve(path)),
      keepSheets: args.keepSheets ?? false,
      roles: { ...named('administrator', args.administrator), ...named('operator', args.operator), ...named('internal witness', internal), ...named('external witness', external) },
      signatures: signaturesOf(args.signature ?? []),
      keys: custodianKeysOf(args),
    },
    () => convene(rehearsal, yes),
  )
  return { json: { ...result, signers: result.signers.map((count) => ({ ...count })) }, text: summary(result) }
}

/** Who conducts. Throws REHEARSAL_MISMATCH, NO_TERMINAL. */
function convene(rehearsal: boolean, yes: boolean): People {
  if (!yes) return new AtTheTerminal(endedBySignal())
  if (!rehearsal) throw new GlasskeyError('REHEARSAL_MISMATCH', '--yes is for rehearsals only: people conduct a real ceremony', 'Leave --yes away.')
  return new ByFlag()
}

/** Signals that end a ceremony, as people call them. Ctrl-\\ would otherwise leave sheets in memory, and perhaps a core file with every key. */
const ENDING = { SIGINT: 'Ctrl-C', SIGQUIT: 'Ctrl-\\', SIGTERM: 'SIGTERM', SIGHUP: 'SIGHUP' } as const

/** A ceremony that is called off cleans up after itself, however often it is told to end. */
function endedBySignal(): AbortSignal {
  const stop = new AbortController()
  for (const [signal, cause] of Object.entries(ENDING)) {
    process.on(signal, () => {
      if (!stop.signal.aborted) say(`\n${cause}: the ceremony is called off, as soon as the step that runs is over.`, 'alarm')
      stop.abort(cause)
    })
  }
  return stop.signal
}

async function printScript({ config, custody, rehearsal = false }: Arguments, path: string): Promise<Outcome> {
  const folder = custody ?? (config === undefined ? undefined : dirname(config))
  if (folder === undefined) throw new GlasskeyError('USAGE', 'the script of which ceremony?', 'glasskey ceremony --print-script FILE.pdf --config custody.yaml')
  const plan = planCeremony({ config: config === undefined ? undefined : resolve(config), custody: resolve(folder), rehearsal })
  const { pdf, script } = await drawScript({ ...plan, rehearsal }, wallClock())
  writeNew(path, pdf)
  const generations = Array.from({ length: plan.count }, (_, at) => plan.first + at)
  const words = hexToWords(script.sha256)
  return {
    json: { script: path, codeName: script.codeName, version: script.version, sha256: script.sha256, words, minutes: script.minutes, rehearsal, generations },
    text: `Script: ${path}\nCode name: ${script.codeName}\nSHA-256: ${script.sha256}\nAbout ${script.minutes} minutes. Print one for everybody who comes; one of them is the official copy.`,
  }
}

async function bringBack(custody: string, outbox: string | undefined): Promise<Outcome> {
  if (outbox === undefined) throw new GlasskeyError('USAGE', 'which outbox?', 'glasskey ceremony import --custody DIR --outbox DIR')
  const imported = await importOutbox(custody, resolve(outbox))
  const differs = imported.custodyYamlDiffers ? '\ncustody.yaml differs between outbox and folder; the folder\'s was kept. Compare them.' : ''
  const { generations, logbook, before, brought, missing } = imported
  const what = before ? `GENERATION ${generations.join(', ')} was imported before: logbook entry ${logbook}. Added: ${brought.join(', ')}.` : `Imported GENERATION ${generations.join(', ')}; logbook entry ${logbook}.`
  const lacks = missing.length === 0 ? '' : `\n${toned(`Not in the outbox: ${missing.join(', ')}. If the ceremony left it, copy it there, and import once more: what is missing is added.`, 'alarm', process.stdout)}`
  return { json: { ...imported }, text: `${what}${lacks}${differs}` }
}

async function signAfterwards(args: Arguments, custody: string): Promise<Outcome> {
  const signatures = Object.entries(signaturesOf(args.signature ?? [])) as [SigningRole, string][]
  if (signatures.length === 0) throw new GlasskeyError('USAGE', 'whose signature?', 'glasskey ceremony sign --custody DIR --signature administrator=KEYFILE')
  const { signed, told } = await signLater({ folder: args.outbox === undefined ? custody : resolve(args.outbox), custody, ceremony: args.ceremony }, signatures)
  return { json: { ...signed }, text: told.join('\n') }
}

function named<Name extends string>(role: Name, name: string | undefined): Partial<Record<Name, string>> {
  return name === undefined ? {} : ({ [role]: name } as Partial<Record<Name, string>>)
}

/** `ROLE=HOW` by role. Throws USAGE. */
function signaturesOf(flags: readonly string[]): Partial<Record<SigningRole, string>> {
  const entries = flags.map((flag) => {
    const at = flag.indexOf('=')
    const role = SIGNING_ROLES.find((one) => one.replace(' ', '-') === flag.slice(0, at))
    if (role === undefined || at === flag.length - 1) throw new GlasskeyError('USAGE', `--signature takes ROLE=KEYFILE or ROLE=gpg:FINGERPRINT, where ROLE is administrator, internal-witness or external-witness; not "${flag}"`)
    return [role, flag.slice(at + 1)] as const
  })
  return Object.fromEntries(entries)
}

function summary(result: CeremonyResult): string {
  const lines = [
    result.rehearsal ? 'A REHEARSAL set is sealed.' : 'The set is sealed.',
    ...result.generations.map(({ generation, keyId }) => `  GENERATION ${generation}  key id ${keyId}`),
    `Transcript: ${result.transcript}`,
    `  SHA-256 ${result.transcriptSha256}, ${result.exceptions} ${result.exceptions === 1 ? 'exception' : 'exceptions'}, signed by ${result.signatures.length === 0 ? 'nobody (glasskey ceremony sign adds signatures)' : result.signatures.map(({ role }) => role).join(', ')}`,
    ...result.signers.map((count) => `Manifests:  ${countInWords(count)}`),
    `Record:     ${result.record}`,
    ...(result.papers.length > 0 ? [`To sign:    ${result.papers.map((path) => basename(path)).join(', ')}, beside it`] : []),
    result.outbox === null ? `Custody:    ${result.custody}` : `Outbox:     ${result.outbox} (online: glasskey ceremony import --custody DIR --outbox DIR)`,
    '',
    'Now the last act of the script, on paper: copies, power, bags.',
  ]
  return lines.join('\n')
}
