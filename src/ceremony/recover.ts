/** Recovery: the private key from k sheets alone, with no custody folder and no cloud. The envelope's header is the only authority. */
import { combine } from 'shamir-secret-sharing'
import { openWithSecret, type OpenedEnvelope } from '../custody/envelope.js'
import { joinParts } from '../custody/paper-parts.js'
import type { UntrustedShare } from '../custody/share-text.js'
import { knownLike, UNKNOWN_SHEETS } from '../custody/typed-header.js'
import { GlasskeyError } from '../errors.js'
import type { Isolation } from '../host/isolation.js'
import type { Camera } from '../host/camera.js'
import type { CustodianKeys } from '../host/custodian-key.js'
import { isInteractive } from '../host/terminal.js'
import { openSealed } from './open-sealed.js'
import { askForSheet, collectSheets, keep, watchSheets, type SheetSources, type SheetsRead } from './read-sheets.js'

/** Where sheets come from, and what opens sealed shares. */
export interface RecoverySources extends SheetSources {
  camera: Camera | null
  keys: CustodianKeys
}

const ENDING = 'Nothing was typed. Enter once more ends the recovery without a key.'

/** Reads sheets; what is missing for a quorum is asked for where there is somebody to ask. Says what is wrong with each, and goes on. */
export async function readForRecovery(sources: RecoverySources, needsEnvelope: boolean, isolation: Isolation): Promise<SheetsRead> {
  const sheets = await collectSheets(sources, isolation)
  if (sources.camera) await showToCamera(sources.camera, isolation, sheets, needsEnvelope)
  const read = await openSealed(sheets, sources.keys)
  const flag = '--scan or --share-file'
  while (isInteractive() && !isQuorum(read.shares)) {
    const [first] = read.shares
    const question = first ? `Type a share. ${distinct(read.shares)} of ${first.threshold} so far.` : 'Type a share.'
    const found = await askForSheet({ question, flag, known: first ? knownLike(first) : UNKNOWN_SHEETS, ending: ENDING })
    if (!found) return read
    keep(read, found)
  }
  while (isInteractive() && needsEnvelope && !hasEnvelope(read)) {
    const found = await askForSheet({ question: 'Now page 2 of any of these sheets, with a scanner that types; or Enter to stop.', flag: '--envelope FILE or --scan', known: UNKNOWN_SHEETS, ending: ENDING })
    if (!found) return read
    keep(read, found)
  }
  return read
}

async function showToCamera(camera: Camera, isolation: Isolation, read: SheetsRead, needsEnvelope: boolean): Promise<void> {
  const more = (): number | null => stillNeeded(read, needsEnvelope)
  await watchSheets(camera, isolation, { tone: 'plain', words: 'Show page 1 of each sheet; and page 2, the envelope, of one of them.', more: more() }, (found) => {
    const { tone, words } = keep(read, found)
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
  const first = shares[0] ?? sealed[0]
  return first ? Math.max(0, first.threshold - distinct(shares) - sealed.length) : null
}

function isQuorum(shares: readonly UntrustedShare[]): boolean {
  const [first] = shares
  return first !== undefined && distinct(shares) >= first.threshold
}

function distinct(shares: readonly UntrustedShare[]): number {
  return new Set(shares.map(({ bytes }) => Buffer.from(bytes).toString('hex'))).size
}

function hasEnvelope({ shares: [first], parts }: SheetsRead): boolean {
  const mine = parts.filter((part) => part.prefix === 'GKE1' && part.keyId === first?.keyId)
  return mine.length > 0 && new Set(mine.map(({ part }) => part)).size >= (mine[0]?.parts ?? 0)
}

/** Opens the envelope with the shares read. Throws QUORUM_NOT_REACHED, SHARE_OTHER_KEY, SHARE_SAME_X, ENVELOPE_INVALID. */
export async function openSheets(read: Pick<SheetsRead, 'shares' | 'parts'>, envelopeFile: Uint8Array | null): Promise<OpenedEnvelope> {
  const shares = oneSet(read.shares)
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

/** Distinct shares of one set; copies count once. */
function oneSet(shares: readonly UntrustedShare[]): UntrustedShare[] {
  const [first] = shares
  if (first && first.threshold < 2) throw new GlasskeyError('SHARE_OTHER_SET', `the sheet claims that ${first.threshold} of ${first.shares} are enough, which no ceremony prints: it is forged`, 'Keep it, and use another.')
  const distinct = new Map<number, UntrustedShare>()
  for (const share of shares) {
    if (share.keyId !== first?.keyId) {
      throw new GlasskeyError('SHARE_OTHER_KEY', `the sheets are of different keys: ${String(first?.keyId)} and ${share.keyId}`, 'Give the sheets of one generation only.')
    }
    if (share.threshold !== first.threshold || share.shares !== first.shares) throw new GlasskeyError('SHARE_OTHER_SET', 'the sheets are of different sets', 'Give the sheets of one generation only.')
    const x = share.bytes.at(-1) ?? 0
    if (x === 0) throw new GlasskeyError('SHARE_ZERO_X', `the sheet of custodian ${share.custodian} has x = 0, which no ceremony prints: it is forged`, 'Keep it, and use another.')
    const earlier = distinct.get(x)
    if (earlier && Buffer.compare(earlier.bytes, share.bytes) !== 0) throw new GlasskeyError('SHARE_SAME_X', 'two different sheets claim the same point: one of them is forged', 'Use other sheets.')
    distinct.set(x, share)
  }
  return [...distinct.values()]
}
