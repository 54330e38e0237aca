/** `glasskey share inspect`: one sheet alone, or one closed bag, without a quorum and without learning anything secret. */
import { resolve } from 'node:path'
import { openSealed } from '../ceremony/open-sealed.js'
import { envelopeRead, judgeText, verdictOn, type EnvelopeRead, type Judged, type JudgedShare } from '../ceremony/judge-sheets.js'
import { requireQuietRoom } from '../ceremony/quiet-room.js'
import { askForSheet, sheetTexts, watchSheets, type SheetText } from '../ceremony/read-sheets.js'
import { whyNot } from '../custody/generation.js'
import type { SealedShare } from '../custody/sealed-share.js'
import { refuseReal } from '../custody/share.js'
import type { UntrustedShare } from '../custody/share-text.js'
import { knownOf, UNKNOWN_SHEETS } from '../custody/typed-header.js'
import { hexToWords } from '../custody/words.js'
import { GlasskeyError } from '../errors.js'
import { prepareCamera, type Camera } from '../host/camera.js'
import { lookForNetwork } from '../host/air-gap.js'
import { readCustodyFolder, type CustodyFolder } from '../host/custody-folder.js'
import { requireGiven, type GivenFiles } from '../host/given-files.js'
import { probeIsolation, withoutCoreFile, type Isolation } from '../host/isolation.js'
import { ask, askYesNo, isInteractive, say, whereToAsk } from '../host/terminal.js'
import { shareFilesOf, sheetsOf } from './flags.js'
import { custodianKeysOf, type KeyArguments } from './key-flags.js'
import { askOfBag, checkFlags, recordInspection, toldOf, type Inspected, type InspectionFlags, type SheetsSeen } from './inspection.js'
import type { Outcome } from './outcome.js'
import { SeenOnline } from './seen-online.js'

/** What is said about a sheet or a bag. */
export interface InspectArguments extends InspectionFlags, KeyArguments {
  scan: string[]
  browser: string | undefined
  shareFile: string[]
  type: boolean
  custody: string | undefined
  rehearsal: boolean
  record: boolean | undefined
  online: string | undefined
  decidedBy: string | undefined
  json: boolean | undefined
}

/** Looks at a sheet, or at a closed bag, and enters what was seen where it is asked for. Exit 4 or 5 for what is wrong with a sheet. */
export async function inspectShare(args: InspectArguments): Promise<Outcome> {
  withoutCoreFile()
  const folder = args.custody === undefined ? null : readCustodyFolder(resolve(args.custody))
  if (folder === null && (args.record === true || args.online !== undefined)) throw new GlasskeyError('USAGE', 'in which logbook?', 'Name the custody folder with --custody.')
  // Nothing is read, and nothing entered, for what cannot come to its end.
  checkFlags(args)
  const given = args.scan.length + args.shareFile.length > 0
  if (!given && !args.type && args.record === true && folder) return closedBag(folder, args)
  if (!given && !isInteractive()) throw new GlasskeyError('USAGE', 'which sheet?', whereToAsk('glasskey share inspect --scan FILE; of a closed bag: --record --custody DIR'))
  // What can be refused is refused before an exception is entered for it.
  const sources = sourcesOf(args)
  const seen = await enterRoom(folder, args)
  try {
    const found = findings(await readAll(args, sources, folder, seen))
    for (const { where, wrong } of found.wrong.slice(1)) say(`${where}: ${wrong.message}. ${wrong.hint}`, 'alarm')
    // Whoever is asked what to enter has to know what was found.
    const asks = folder !== null && seen === null && isAsked(args)
    if (asks) say(verdictOf(found, folder).join('\n'))
    const inspected = seen ? await seen.end() : folder && (args.record === true || (asks && (await askYesNo('Enter this inspection in the logbook?', '--record or --no-record')))) ? await recordInspection(folder, args, seenIn(found.shares)) : null
    const [wrong] = found.wrong
    if (wrong) throw wrong.wrong
    return outcomeOf(found, folder, inspected, asks && process.stdout.isTTY)
  } finally {
    seen?.close()
  }
}

/** The usual inspection: the bag stays closed, and no machine sees a sheet. */
async function closedBag(folder: CustodyFolder, args: InspectArguments): Promise<Outcome> {
  say('Look at the bag before a witness: number, seal, edges and seams, against the light. It stays closed.')
  const inspected = await recordInspection(folder, args, { custodian: undefined, generations: [] })
  return { json: { shares: [], envelopes: [], envelopeParts: 0, whole: null, inspection: jsonOf(inspected) }, text: toldOf(inspected), ...errorOf(inspected) }
}

/** Before anything is read. What people accept is in the logbook first, and all that is to be said of the bag is said; null where nothing counts as seen. Throws NOT_AIR_GAPPED, and as `askOfBag` and `SeenOnline`. */
async function enterRoom(folder: CustodyFolder | null, args: InspectArguments): Promise<SeenOnline | null> {
  const gap = lookForNetwork()
  const practice = folder ? folder.generations[0]?.manifest.rehearsal === true : args.rehearsal
  const room = requireQuietRoom(gap, practice, args.online ?? null, 'Practice sheets: --rehearsal. To accept it, as an exception in the logbook: --online "WHY".')
  if (room === 'quiet' || !folder) return null
  const missing = (['custodian', 'copy', 'bag', 'newBag', 'condition', 'witness', 'decidedBy'] as const).filter((name) => args[name] === undefined)
  if (missing.length > 0 && !isInteractive()) throw new GlasskeyError('USAGE', `still needed: ${missing.join(', ')}. No sheet was read`, missing.map((name) => `--${name.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`)} …`).join(' '))
  const decidedBy = args.decidedBy ?? (await ask('Who decided that a real sheet is read on a machine with a network?', '--decided-by NAME'))
  const bag = await askOfBag(folder, args, true)
  return new SeenOnline(folder, args, bag, { type: 'exception', step: 'share inspect', happened: `a real sheet is to be read on a machine with a network (${gap.ways.join('; ')})`, decision: args.online ?? '', decidedBy, witness: bag.witness })
}

/** Where sheets come from, and what opens sealed ones: all of it there. Throws USAGE, FILE_MISSING, and as `prepareCamera`. */
function sourcesOf(args: InspectArguments): GivenFiles & { isolation: Isolation; shown: Camera | null } {
  const { scans, camera } = sheetsOf(args)
  const given = { scans, shareFiles: shareFilesOf(args), keys: custodianKeysOf(args) }
  requireGiven(given)
  const isolation = probeIsolation()
  return { ...given, isolation, shown: camera && prepareCamera(camera.browser, isolation, process.env) }
}

async function readAll(args: InspectArguments, { isolation, shown, keys, ...sources }: ReturnType<typeof sourcesOf>, folder: CustodyFolder | null, seen: SeenOnline | null): Promise<Judged[]> {
  const sealed: SealedShare[] = []
  const judge = (found: SheetText): Judged => {
    if ('sealed' in found) sealed.push(found.sealed)
    const judged = judgeText(found, folder, args.rehearsal)
    if ('share' in judged) seen?.see(judged.share)
    return judged
  }
  const read: Judged[] = []
  for await (const found of sheetTexts(sources, isolation)) read.push(judge(found))
  // How many sheets people want to look at is theirs to say, with the button of the page.
  if (shown) await watchSheets(shown, isolation, { tone: 'plain', words: 'Show both pages of the sheet.', more: null }, (found) => {
    const judged = judge(found)
    // A slip, or a code that was seen badly, is said on the page; what people did about it counts.
    if (!('wrong' in judged && judged.wrong.code === 'SHARE_MISREAD')) read.push(judged)
    return verdictOn(judged)
  })
  // A sealed sheet is judged as it is; it is opened only for whoever names the key, and counts as seen from then on.
  const onOpen = ({ keyId, custodian }: SealedShare): void => {
    for (const found of read) if ('share' in found && found.share.keyId === keyId && found.share.custodian === custodian) seen?.see({ ...found.share, sealedTo: null })
  }
  const opened = Object.keys(keys.means).length > 0 ? (await openSealed({ shares: [], parts: [], sealed }, keys, onOpen)).shares : []
  const judged = opened.reduce((before, share) => inPlaceOf(share, before, judge), read)
  if ((judged.length > 0 || (shown && !isInteractive())) && !args.type) return judged
  const known = folder ? knownOf(folder.generations.map(({ manifest }, at) => ({ manifest, standing: standingOf(folder, at) }))) : args.rehearsal ? { ...UNKNOWN_SHEETS, judgeKind: refuseReal } : UNKNOWN_SHEETS
  const typed = await askForSheet({ question: 'Type the share of the sheet.', flag: '--scan or --share-file', known })
  return typed ? [...judged, judge(typed)] : judged
}

/** What was opened is judged in place of what was sealed. */
function inPlaceOf(share: UntrustedShare, read: readonly Judged[], judge: (found: SheetText) => Judged): Judged[] {
  const { keyId, custodian } = share
  return read.map((found) => {
    const isSealed = 'share' in found && found.share.sealedTo !== null && found.share.keyId === keyId && found.share.custodian === custodian
    return isSealed ? judge({ from: found.from, file: found.file, where: found.where, share }) : found
  })
}

function standingOf(folder: CustodyFolder, at: number): string {
  const standing = folder.standings[at]
  return standing ? whyNot(standing) : ''
}

interface Findings {
  shares: JudgedShare[]
  envelopes: EnvelopeRead[]
  parts: number
  wrong: Extract<Judged, { wrong: unknown }>[]
}

/** What there is, and all that is wrong with it. */
function findings(read: readonly Judged[]): Findings {
  const shares = read.flatMap((found) => ('share' in found ? [found.share] : []))
  const parts = read.flatMap((found) => ('part' in found && found.part.prefix === 'GKE1' ? [found.part] : []))
  const wrong = read.flatMap((found) => ('wrong' in found ? [found] : []))
  const keys = [...new Set([...shares, ...parts].map(({ keyId }) => keyId))]
  const envelopes = keys.map((keyId) => envelopeRead(parts, keyId)).filter(({ of }) => of > 0)
  const stray = envelopes.find(({ keyId }) => shares.length > 0 && !shares.some((share) => share.keyId === keyId))
  const blame = (code: 'SCAN_UNREADABLE' | 'SHARE_OTHER_KEY', message: string, hint: string): void => {
    wrong.push({ from: 'scan', file: '', where: 'sheet', wrong: new GlasskeyError(code, message, hint) })
  }
  if (shares.length === 0 && wrong.length === 0) {
    if (parts.length > 0) blame('SCAN_UNREADABLE', `this is page 2: the envelope (${parts.length} parts), and no share`, 'Scan page 1 as well.')
    else blame('SCAN_UNREADABLE', 'no share was read', 'Scan page 1 of the sheet again: flat, in focus, at 150 dpi or more.')
  }
  if (stray) blame('SHARE_OTHER_KEY', `page 2 is of another key (${stray.keyId}) than page 1`, 'These are pages of two sheets: find the page that belongs to each.')
  // A code that is not the folder's was read all the same.
  const altered = wrong.some(({ wrong: { code } }) => code === 'ENVELOPE_INVALID')
  for (const { missing, of } of envelopes) if (missing.length > 0 && !altered) blame('SCAN_UNREADABLE', `of page 2, code ${missing.join(', ')} of ${of} was not read`, 'Scan page 2 again: flat, in focus, all codes in the picture.')
  return { shares, envelopes, parts: parts.length, wrong }
}

/** Whether somebody is there to say if this is to be entered, and did not say so yet. */
function isAsked({ record, json }: InspectArguments): boolean {
  return record === undefined && json !== true && isInteractive()
}

function seenIn(shares: readonly JudgedShare[]): SheetsSeen {
  const custodians = [...new Set(shares.map(({ custodian }) => custodian))]
  if (custodians.length > 1) throw new GlasskeyError('USAGE', `these are sheets of ${custodians.length} custodians, and an inspection is of one bag`, 'Inspect one bag at a time; glasskey check sheets looks at many sheets.')
  return { custodian: custodians[0], generations: shares.flatMap(({ generation }) => (generation === null ? [] : [generation])).sort((one, other) => one - other) }
}

/** `told`: the verdict is on this terminal already. */
function outcomeOf(found: Findings, folder: CustodyFolder | null, inspected: Inspected | null, told: boolean): Outcome {
  const { shares, envelopes, parts } = found
  const text = [...(told ? [] : verdictOf(found, folder)), ...(inspected ? [toldOf(inspected)] : told ? ['Not entered.'] : [])].join('\n')
  return { json: { shares: shares.map((share) => ({ ...share, keyWords: hexToWords(share.keyId) })), envelopes: envelopes.map(({ keyId, of, sha256 }) => ({ keyId, parts: of, sha256 })), envelopeParts: parts, whole: isWhole(found), inspection: inspected ? jsonOf(inspected) : null }, text, ...errorOf(inspected) }
}

function isWhole({ shares, envelopes }: Findings): boolean {
  return shares.every(({ keyId }) => envelopes.some((envelope) => envelope.keyId === keyId))
}

/** What was found, line by line; what is wrong first. */
function verdictOf(found: Findings, folder: CustodyFolder | null): string[] {
  const { shares, envelopes, wrong } = found
  return [
    ...wrong.slice(0, 1).map(({ wrong: { message, hint } }) => `${message}. ${hint}`),
    ...shares.flatMap((share) => [
      `${share.rehearsal ? 'A PRACTICE sheet. ' : ''}Share ${share.custodian} of ${share.shares}, any ${share.threshold} are needed; every character is right.`,
      ...(share.sealedTo === null ? [] : [`Sealed to OpenPGP key ${share.sealedTo}, and not opened: --custodian-key ${share.custodian}=FILE, or ${share.custodian}=gpg, tries the key as well.`]),
      `Key ${share.keyId}, in words: ${hexToWords(share.keyId)}.`,
      ...(share.promised ? [`It is the promised sheet of custodian ${share.custodian} (${String(share.name)}), GENERATION ${String(share.generation)}: ${String(share.standing)}.`] : ['Whether it is the promised one was not looked at: no --custody.']),
    ]),
    ...envelopes.map(({ of, sha256 }) => `Page 2: ${of === 1 ? 'its code was' : `all ${of} codes were`} read${folder ? ', and they are the envelope of the folder' : ''}. SHA-256 ${String(sha256)}${folder ? '' : ' (compare it with the one printed there)'}`),
    ...(wrong.length > 0 ? [] : [isWhole(found) ? 'The sheet is whole.' : 'Page 2 was not looked at: scan both pages to know that the sheet is whole.']),
  ]
}

function errorOf(inspected: Inspected | null): Pick<Outcome, 'error'> {
  return inspected?.unprinted ? { error: inspected.unprinted } : {}
}

function jsonOf({ entry, sha256, out }: Inspected): { logbook: number; sha256: string; out: string | null } {
  return { logbook: entry.seq, sha256, out }
}
