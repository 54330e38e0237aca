/** Flags that several commands share, and what they mean. */
import { resolve } from 'node:path'
import type { Argv } from 'yargs'
import type { z } from 'zod'
import type { Inputs } from '../breakglass/break-glass.js'
import type { Cloud } from '../breakglass/login.js'
import { line } from '../custody/fields.js'
import { GlasskeyError } from '../errors.js'
import { ANY_BROWSER, CAMERA } from '../host/camera.js'
import { readTyped } from '../host/disk.js'
import { custodianKeysOf, keyFlags } from './key-flags.js'
import { readProfile, type Profile } from '../host/oci-profile.js'
import { STANDARD_INPUT } from '../host/typed-lines.js'

/** Where the custody is and where OCI is. */
export interface CloudArguments {
  custody: string
  ociConfig: string | undefined
  endpoint: string[] | undefined
  ca: string | undefined
  reader: string | undefined
}

/** What people bring to a session. */
export interface SessionArguments extends CloudArguments {
  scan: string[] | undefined
  browser: string | undefined
  shareFile: string[] | undefined
  custodianKey: string[] | undefined
  passphraseFile: string[] | undefined
  gnupgHome: string | undefined
  remote: boolean | undefined
  message: string[] | undefined
  wordsReadBy: string | undefined
  yes: boolean | undefined
  namespaces: boolean | undefined
  remover: string | undefined
  printer: string | undefined
}

/** Headings under which `--help` lists flags. Flags without a default say less, and more of them fit on a screen. */
export const HEADINGS = { action: 'What to do:', who: 'Who and why:', sheets: 'Sheets and paper:', cloud: 'Custody and cloud:' } as const

const REPEATED = { type: 'string', array: true, nargs: 1 } as const

/** `--custody` */
export function custodyFlag(flags: Argv): Argv {
  return flags.option('custody', { type: 'string', demandOption: true, group: HEADINGS.cloud, describe: 'custody folder' })
}

/** Flags of every command that calls OCI. */
export function cloudFlags(flags: Argv): Argv {
  return custodyFlag(flags)
    .option('reader', { type: 'string', group: HEADINGS.cloud, describe: 'profile that may list the user\'s keys, for the proof' })
    .option('oci-config', { type: 'string', group: HEADINGS.cloud, describe: 'OCI configuration file (~/.oci/config)' })
    .option('endpoint', { ...REPEATED, group: HEADINGS.cloud, describe: 'rehearsals: REGION=URL of a simulator, repeatable' })
    .option('ca', { type: 'string', group: HEADINGS.cloud, describe: 'rehearsals: PEM authority of its TLS' })
}

/** Flags of every command for which a quorum gathers. */
export function sessionFlags(flags: Argv): Argv {
  const sheets = flags
    .option('scan', { type: 'string', array: true, group: HEADINGS.sheets, describe: 'PDF, PNG, JPEG; or: camera [--browser any]' })
    // Named in the line above: help fits on a screen.
    .option('browser', { type: 'string', hidden: true })
    .option('share-file', { ...REPEATED, group: HEADINGS.sheets, describe: 'typed shares, a line or rows each; - is standard input' })
    .option('remote', { type: 'boolean', group: HEADINGS.sheets, describe: 'custodians elsewhere too, by share send' })
    .option('message', { ...REPEATED, group: HEADINGS.sheets, describe: '--remote: a custodian\'s message; waited for, repeatable' })
    .option('words-read-by', { type: 'string', group: HEADINGS.sheets, describe: '--remote: who reads the words; not the operator' })
    .option('yes', { type: 'boolean', group: HEADINGS.sheets, describe: 'rehearsals: consent without asking' })
    .option('printer', { type: 'string', group: HEADINGS.sheets, describe: 'CUPS printer for warrant, entry and slips' })
    .option('json', { group: HEADINGS.sheets })
  return cloudFlags(keyFlags(sheets, HEADINGS.sheets))
    .option('remover', { type: 'string', group: HEADINGS.cloud, describe: 'deletes the used key, where keys may not' })
    .option('namespaces', { type: 'boolean', group: HEADINGS.cloud, describe: '--no-namespaces: no isolation (an exception)' })
}

/** Endpoints and authority. Throws USAGE for an --endpoint that is not REGION=URL. */
export function cloudOf(args: CloudArguments): Cloud {
  const endpoints = (args.endpoint ?? []).map((text) => {
    const match = /^([a-z0-9-]+)=(https?:\/\/[^/?#@\s]+)\/?$/.exec(text)
    if (!match) throw new GlasskeyError('USAGE', `--endpoint takes REGION=URL, such as eu-frankfurt-1=http://127.0.0.1:8080; not "${text}"`)
    return [match[1] ?? '', match[2] ?? ''] as const
  })
  return { endpoints: Object.fromEntries(endpoints), ca: args.ca === undefined ? null : readTyped(resolve(args.ca), 'the test authority') }
}

/** The reader's login, if one is named. */
export function readerOf(args: CloudArguments): Profile | null {
  return args.reader === undefined ? null : readProfile(args.reader, configOf(args))
}

/** Path of the OCI configuration file, or undefined for the usual place. */
export function configOf(args: CloudArguments): string | undefined {
  return args.ociConfig === undefined ? undefined : resolve(args.ociConfig)
}

/** A flag's value in its shape. Throws USAGE. */
export function field<Shape extends string>(flag: string, value: string, shape: z.ZodType<Shape>): Shape {
  const parsed = shape.safeParse(value)
  if (parsed.success) return parsed.data
  throw new GlasskeyError('USAGE', `--${flag} ${parsed.error.issues[0]?.message ?? 'is not understood'}; not "${value}"`)
}

/** Scan files, or the camera. Throws USAGE for both at once, and for a browser without a camera. */
export function sheetsOf({ scan = [], browser }: { scan?: string[] | undefined; browser: string | undefined }): Pick<Inputs, 'scans' | 'camera'> {
  const camera = scan.includes(CAMERA)
  if (camera && scan.some((path) => path !== CAMERA)) {
    throw new GlasskeyError('USAGE', `--scan ${CAMERA} stands alone: sheets are shown to a camera, or scans are read from files`, `Show all of them to the camera; or name only files. A file that is called so is ./${CAMERA}`)
  }
  if (!camera && browser !== undefined) throw new GlasskeyError('USAGE', '--browser is for sheets that are shown to a camera', `--scan ${CAMERA} --browser ${browser}`)
  if (!camera) return { scans: scan.map((path) => resolve(path)), camera: null }
  return { scans: [], camera: { browser: browser === undefined || browser === ANY_BROWSER ? browser : resolve(browser) } }
}

/** Files with typed shares, as absolute paths; `-` is standard input. Throws USAGE where that is a terminal: it would show what is typed, and keep it. */
export function shareFilesOf({ shareFile = [] }: { shareFile?: string[] | undefined }): string[] {
  if (shareFile.includes(STANDARD_INPUT) && process.stdin.isTTY) {
    throw new GlasskeyError('USAGE', `--share-file ${STANDARD_INPUT} is for what another program writes; standard input is this terminal, which would show each share and keep it`, `Leave --share-file ${STANDARD_INPUT} away: shares are typed, or scanned by a scanner that types, at the prompt.`)
  }
  return shareFile.map((path) => (path === STANDARD_INPUT ? path : resolve(path)))
}

/** Files with shares that were named, and that outlive the session. */
export function sheetFilesOf(args: SessionArguments): string[] {
  return [...new Set([...sheetsOf(args).scans, ...shareFilesOf(args).filter((path) => path !== STANDARD_INPUT)])]
}

/** How custodians elsewhere are heard; null when nobody asked for it. Throws USAGE. */
function remoteOf(args: SessionArguments): Inputs['remote'] {
  const messages = (args.message ?? []).map((path) => resolve(path))
  if (args.remote !== true && (messages.length > 0 || args.wordsReadBy !== undefined)) throw new GlasskeyError('USAGE', '--message and --words-read-by are for custodians elsewhere', 'Add --remote.')
  return args.remote === true ? { messages, wordsReadBy: args.wordsReadBy === undefined ? null : field('words-read-by', args.wordsReadBy, line) } : null
}

/** Everything people bring. */
export function inputsOf(args: SessionArguments): Inputs {
  return {
    ...sheetsOf(args),
    shareFiles: shareFilesOf(args),
    keys: custodianKeysOf(args),
    remote: remoteOf(args),
    yes: args.yes ?? false,
    reader: readerOf(args),
    cloud: cloudOf(args),
    remover: args.remover === undefined ? null : readProfile(args.remover, configOf(args)),
    printer: args.printer,
    namespaces: args.namespaces ?? true,
  }
}
