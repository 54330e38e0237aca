/** `glasskey share send`: a share released to a machine elsewhere. */
import { basename, resolve } from 'node:path'
import type { Argv } from 'yargs'
import { sendShare } from '../breakglass/send-share.js'
import { openSealed } from '../ceremony/open-sealed.js'
import { askForSheet, collectSheets } from '../ceremony/read-sheets.js'
import type { UntrustedShare } from '../custody/share-text.js'
import type { KnownSheets } from '../custody/typed-header.js'
import { GlasskeyError } from '../errors.js'
import { wallClock } from '../host/clock.js'
import type { CustodianKeys } from '../host/custodian-key.js'
import { readText, requireNew, writeNew } from '../host/disk.js'
import { requireOwnCode } from '../host/environment.js'
import { probeIsolation, withoutCoreFile } from '../host/isolation.js'
import { requireGiven, type GivenFiles } from '../host/given-files.js'
import { say } from '../host/terminal.js'
import { shareFilesOf, sheetsOf } from './flags.js'
import { custodianKeysOf, type KeyArguments } from './key-flags.js'
import type { Outcome } from './outcome.js'

/** What a custodian elsewhere says. */
export interface SendArguments extends KeyArguments {
  scan: string[]
  browser: string | undefined
  shareFile: string[]
  warrant: string | undefined
  to: string | undefined
  words: string | undefined
  bagWords: string | undefined
  yes: boolean
  out: string | undefined
}

const SEND = 'share send:'

/** Flags of `share send`. */
export function sendFlags(flags: Argv): Argv {
  return flags
    .option('warrant', { type: 'string', group: SEND, describe: 'the session\'s warrant.json' })
    .option('to', { type: 'string', group: SEND, describe: 'the session\'s remote-….asc' })
    .option('words', { type: 'string', group: SEND, describe: 'the 16 words heard on the telephone' })
    .option('bag-words', { type: 'string', group: SEND, describe: 'the 16 words on the successor\'s bag, where asked for' })
    .option('yes', { type: 'boolean', default: false, group: SEND, describe: 'rehearsals: consent without asking' })
}

/** Reads, asks, and writes the message. */
export async function sendShareElsewhere(args: SendArguments): Promise<Outcome> {
  if (args.warrant === undefined || args.to === undefined) throw new GlasskeyError('USAGE', 'which warrant, and to which key?', 'glasskey share send --warrant warrant.json --to remote-….asc --scan FILE')
  requireOwnCode(process.env)
  withoutCoreFile()
  // What can be refused is refused before words are compared and sentences typed.
  const out = args.out === undefined ? null : resolve(args.out)
  if (out !== null) requireNew(out)
  const { scans, camera } = sheetsOf(args)
  if (camera) throw new GlasskeyError('USAGE', 'share send shows no sheet to a camera', 'Name scan files with --scan, or type the share: leave --scan away.')
  const given = { scans, shareFiles: shareFilesOf(args), keys: custodianKeysOf(args) }
  requireGiven(given)
  const { message, ...sent } = await sendShare({
    warrantText: readText(resolve(args.warrant), 'the warrant'),
    keyText: readText(resolve(args.to), 'the key of the session'),
    keyName: basename(args.to),
    words: args.words ?? null,
    bagWords: args.bagWords ?? null,
    yes: args.yes,
    now: wallClock(),
    readSheet: (known) => readSheet(given, known),
  })
  if (out !== null) writeNew(out, message, 0o600)
  say(`Send this message to the machine, by any chat or mail; it opens nowhere else. Keep your sheet until you hear how the session ended.`, 'good')
  return { json: { ...sent, out, message: out === null ? message : null }, text: out === null ? message : `The message is in ${out}.` }
}

async function readSheet({ scans, shareFiles, keys }: GivenFiles, known: KnownSheets): Promise<UntrustedShare> {
  if (scans.length + shareFiles.length === 0) return typedSheet(known, keys)
  const { shares } = await openSealed(await collectSheets({ scans, shareFiles }, probeIsolation()), keys)
  const [share, another] = shares
  if (!share) throw new GlasskeyError('SCAN_UNREADABLE', 'no share was read', 'Scan page 1 of the sheet again: flat, in focus, at 150 dpi or more.')
  if (shares.some(({ custodian, keyId }) => custodian !== share.custodian || keyId !== share.keyId) && another) throw new GlasskeyError('USAGE', 'these are shares of several custodians or keys; each custodian sends their own', 'Give one sheet.')
  return share
}

async function typedSheet(known: KnownSheets, keys: CustodianKeys): Promise<UntrustedShare> {
  const found = await askForSheet({ question: 'Type your share.', flag: '--scan or --share-file', known })
  if (found && 'share' in found) return found.share
  if (found && 'wrong' in found) throw found.wrong
  // From a scanner that types.
  const [share] = found && 'sealed' in found ? (await openSealed({ shares: [], parts: [], sealed: [found.sealed] }, keys)).shares : []
  if (share) return share
  throw new GlasskeyError('SCAN_UNREADABLE', 'no share was typed', 'Page 1 of the sheet has it, in groups of four.')
}
