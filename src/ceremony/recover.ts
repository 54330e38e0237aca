/** Recovery: the private key from k sheets alone, with no custody folder and no cloud. The envelope's header is the only authority. */
import { combine } from 'shamir-secret-sharing'
import { openWithSecret, type OpenedEnvelope } from '../custody/envelope.js'
import { joinParts, type Part } from '../custody/paper-parts.js'
import { SealedParts } from '../custody/sealed-share.js'
import { knownLike, UNKNOWN_SHEETS } from '../custody/typed-header.js'
import { GlasskeyError } from '../errors.js'
import type { Isolation } from '../host/isolation.js'
import type { Camera } from '../host/camera.js'
import type { CustodianKeys } from '../host/custodian-key.js'
import { isInteractive, say } from '../host/terminal.js'
import type { Verdict } from '../host/verdict.js'
import { openSealed } from './open-sealed.js'
import { askForSheet, keep, sheetTexts, watchSheets, type SheetSources, type SheetsRead, type SheetText } from './read-sheets.js'
import { forgeryIn, isOfSet, largestSet } from './share-sets.js'

/** Where sheets come from, and what opens sealed shares. */
export interface RecoverySources extends SheetSources {
  camera: Camera | null
  keys: CustodianKeys
}

const ENDING = 'Nothing was typed. Enter once more ends the recovery without a key.'

/** Reads sheets; what is missing for a quorum is asked for where there is somebody to ask. Says what is wrong with each, and goes on. */
export async function readForRecovery(sources: RecoverySources, needsEnvelope: boolean, isolation: Isolation): Promise<SheetsRead> {
  const read: SheetsRead = { shares: [], parts: [], sealed: [] }
  const codes = new SealedParts()
  for await (const found of sheetTexts(sources, isolation, codes)) take(read, found)
  if (sources.camera) await showToCamera(sources.camera, isolation, read, needsEnvelope)
  await openSet(read, sources.keys, codes)
  const flag = '--scan or --share-file'
  while (isInteractive() && missingShares({ ...read, sealed: [] }) !== 0) {
    const set = largestSet(read.shares)
    const [first] = set
    const question = first ? `Type a share. ${set.length} of ${first.threshold} so far.` : 'Type a share.'
    const found = await askForSheet({ question, flag, known: first ? knownLike(first) : UNKNOWN_SHEETS, ending: ENDING }, codes)
    if (!found) return read
    const { words } = take(read, found)
    if ('part' in found) say(words)
    await openSet(read, sources.keys, codes)
  }
  while (isInteractive() && needsEnvelope && !hasEnvelope(read)) {
    const found = await askForSheet({ question: 'Now page 2 of any of these sheets, with a scanner that types; or Enter to stop.', flag: '--envelope FILE or --scan', known: UNKNOWN_SHEETS, ending: ENDING }, codes)
    if (!found) return read
    const { words } = keep(read, found)
    if ('part' in found) say(`${words}${ofAnotherKey(read, found.part)}`)
  }
  return read
}

async function showToCamera(camera: Camera, isolation: Isolation, read: SheetsRead, needsEnvelope: boolean): Promise<void> {
  const more = (): number | null => stillNeeded(read, needsEnvelope)
  await watchSheets(camera, isolation, { tone: 'plain', words: 'Show page 1 of each sheet; and page 2, the envelope, of one of them.', more: more() }, (found) => {
    const { tone, words } = take(read, found)
    const onlyEnvelope = missingShares(read) === 0 && more() === 1
    return { tone, words: onlyEnvelope ? `${words} Now page 2, the envelope, of one of them.` : words, more: more() }
  })
}

/** How many sheets are still needed; the envelope, where it is missing, counts as one more. Null until a share was read. */
function stillNeeded(read: SheetsRead, needsEnvelope: boolean): number | null {
  const missing = missingShares(read)
  return missing === null || missing > 0 || !needsEnvelope || hasEnvelope(read) ? missing : 1
}

/** Shares still needed, counting those that wait to be opened; null until one was read. */
function missingShares({ shares, sealed }: SheetsRead): number | null {
  const set = largestSet([...shares, ...sealed])
  const [first] = set
  return first ? Math.max(0, first.threshold - set.length) : null
}

/** Each is judged alone, and said so: one that does not belong to the others spoils nothing, whichever came first. */
function take(read: SheetsRead, found: SheetText): Omit<Verdict, 'more'> {
  const sheet = 'share' in found ? found.share : 'sealed' in found ? found.sealed : null
  if (!sheet) return keep(read, found)
  const { from, file, where } = found
  const forged = 'share' in found ? forgeryIn(found.share, read.shares) : null
  if (forged) return keep(read, { from, file, where, wrong: forged })
  const others = [...read.shares, ...read.sealed]
  const [first] = largestSet([...others, sheet])
  if (!first || isOfSet(first, sheet)) return keep(read, found)
  if ('share' in found) read.shares.push(found.share)
  if ('sealed' in found) read.sealed.push(found.sealed)
  return keep(read, { from, file, where, wrong: new GlasskeyError('SHARE_OTHER_KEY', `share ${sheet.custodian} of ${sheet.shares} is of key ${sheet.keyId}${sheet.keyId === first.keyId ? ', and of another set' : ''}; those before are of ${first.keyId}`, 'It is put aside.') })
}

/** Opens the sealed ones of the largest set, each once; one that was left out is scanned again. Those of other sets stay, in case theirs grows. */
async function openSet(read: SheetsRead, keys: CustodianKeys, codes: SealedParts): Promise<void> {
  const [first] = largestSet([...read.shares, ...read.sealed])
  const isMine = (sealed: SheetsRead['sealed'][number]): boolean => first !== undefined && isOfSet(first, sealed)
  const mine = read.sealed.filter(isMine)
  if (mine.length === 0) return
  read.sealed = read.sealed.filter((sealed) => !isMine(sealed))
  const { shares, sealed: leftOut } = await openSealed({ shares: [], parts: [], sealed: mine }, keys)
  for (const sealed of leftOut) codes.forget(sealed)
  for (const share of shares) take(read, { from: 'scan', file: '', where: `opened for custodian ${share.custodian}`, share })
  // What was left out may leave another set the largest.
  await openSet(read, keys, codes)
}

/** What is said of a code of page 2 that opens nothing with these shares. */
function ofAnotherKey({ shares, sealed }: SheetsRead, { prefix, keyId }: Part): string {
  const [first] = largestSet([...shares, ...sealed])
  if (prefix !== 'GKE1') return ''
  return first && first.keyId !== keyId ? ` But it is of key ${keyId}, and the shares are of ${first.keyId}: take page 2 of one of their sheets.` : ''
}

function hasEnvelope({ shares, sealed, parts }: SheetsRead): boolean {
  const [first] = largestSet([...shares, ...sealed])
  const mine = parts.filter((part) => part.prefix === 'GKE1' && part.keyId === first?.keyId)
  return mine.length > 0 && new Set(mine.map(({ part }) => part)).size >= (mine[0]?.parts ?? 0)
}

/** Opens the envelope with the largest set of the shares read. Throws QUORUM_NOT_REACHED, SHARE_OTHER_SET, SHARE_ZERO_X, SHARE_SAME_X, ENVELOPE_INVALID. */
export async function openSheets(read: Pick<SheetsRead, 'shares' | 'parts'>, envelopeFile: Uint8Array | null): Promise<OpenedEnvelope> {
  read.shares.forEach((share, at) => {
    const forged = forgeryIn(share, read.shares.slice(0, at))
    if (forged) throw forged
  })
  const shares = largestSet(read.shares)
  const [{ keyId, threshold, rehearsal } = { keyId: '', threshold: 2, rehearsal: false }] = shares
  if (shares.length < threshold) {
    throw new GlasskeyError('QUORUM_NOT_REACHED', `${shares.length} of ${threshold} shares; ${threshold - shares.length} more needed.`, 'Nothing is wrong with the sheets that were accepted; more are needed.')
  }
  const envelope = envelopeFile ?? joinParts(read.parts, 'GKE1', keyId)
  const secret = await combine(shares.slice(0, threshold).map((share) => new Uint8Array(share.bytes)))
  try {
    const opened = await openWithSecret(envelope, secret)
    if (opened.header.keyId !== keyId || opened.header.rehearsal !== rehearsal) throw new GlasskeyError('ENVELOPE_INVALID', 'the envelope is not of the key that the shares name', 'Read page 2 of a sheet of the same generation.')
    return opened
  } finally {
    secret.fill(0)
  }
}
