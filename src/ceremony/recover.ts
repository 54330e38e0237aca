/** Recovery: the private key from k sheets alone, with no custody folder and no cloud. The envelope's header is the only authority. */
import { combine } from 'shamir-secret-sharing'
import { openWithSecret, type OpenedEnvelope } from '../custody/envelope.js'
import { joinParts, parsePart, type Part } from '../custody/paper-parts.js'
import { parseSealedPart, SealedParts, type SealedShare } from '../custody/sealed-share.js'
import { parseShareText, type UntrustedShare } from '../custody/share-text.js'
import { GlasskeyError } from '../errors.js'
import type { Isolation } from '../host/isolation.js'
import { openSealedShare, type CustodianKeys } from '../host/custodian-key.js'
import { readScanFiles } from '../host/scan-reader.js'
import { say } from '../host/terminal.js'

/** What sheets said. */
export interface SheetsRead {
  shares: UntrustedShare[]
  parts: Part[]
  /** Whole, and not opened. */
  sealed: SealedShare[]
}

/** Reads scans and typed texts; says what is wrong with each and goes on. */
export async function readSheets(scans: readonly string[], typed: readonly string[], isolation: Isolation): Promise<SheetsRead> {
  const read: SheetsRead = { shares: [], parts: [], sealed: [] }
  const codes = new SealedParts()
  for (const text of typed) take(read, codes, text, 'typed')
  for await (const line of scans.length === 0 ? [] : readScanFiles(scans, isolation)) {
    if ('error' in line) say(`${line.file}: ${line.message} ${line.hint ?? ''}`.trimEnd(), 'alarm')
    if ('none' in line) say(`${line.file}, page ${line.page}: no code was found.`, 'faint')
    if ('text' in line) take(read, codes, line.text, `${line.file}, page ${line.page}`)
  }
  for (const sentence of codes.missing()) say(`${sentence}. Scan page 1 of that sheet again.`, 'alarm')
  return read
}

/** The same sheets with their sealed shares opened by their custodians; one that is left out is said so. Throws INTERRUPTED. */
export async function openSealed(read: SheetsRead, keys: CustodianKeys): Promise<SheetsRead> {
  const opened: SheetsRead = { ...read, shares: [...read.shares], sealed: [] }
  for (const sealed of read.sealed) {
    try {
      opened.shares.push(parseShareText(await openSealedShare(sealed, `custodian ${sealed.custodian}`, keys)))
    } catch (error) {
      if (!(error instanceof GlasskeyError) || error.code !== 'SHARE_SEALED') throw error
      say(`${error.message}. ${error.hint}`, 'alarm')
      opened.sealed.push(sealed)
    }
  }
  return opened
}

/** Opens the envelope with the shares read. Throws QUORUM_NOT_REACHED, SHARE_OTHER_KEY, SHARE_SAME_X, ENVELOPE_INVALID. */
export async function openSheets(read: Pick<SheetsRead, 'shares' | 'parts'>, envelopeFile: Uint8Array | null): Promise<OpenedEnvelope> {
  const shares = oneSet(read.shares)
  const [{ keyId, threshold, rehearsal } = { keyId: '', threshold: 2, rehearsal: false }] = shares
  if (shares.length < threshold) {
    throw new GlasskeyError('QUORUM_NOT_REACHED', `${shares.length} of ${threshold} shares; ${threshold - shares.length} more needed.`, 'Nothing is wrong with the sheets given; more are needed.')
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

function take(read: SheetsRead, codes: SealedParts, text: string, where: string): void {
  try {
    const part = parsePart(text)
    if (part) {
      read.parts.push(part)
      return
    }
    const sealedPart = parseSealedPart(text)
    if (sealedPart) {
      const sealed = codes.take(sealedPart)
      if (sealed) read.sealed.push(sealed)
      if (sealed) say(`${where}: share ${sealed.custodian} of ${sealed.shares}, key id ${sealed.keyId}, sealed to OpenPGP key ${sealed.fingerprint}.`, 'good')
      return
    }
    const share = parseShareText(text)
    const again = read.shares.some((earlier) => Buffer.compare(earlier.bytes, share.bytes) === 0)
    read.shares.push(share)
    if (again) say(`${where}: the share of custodian ${share.custodian} was given already: copies count once.`)
    else say(`${where}: share ${share.custodian} of ${share.shares}, key id ${share.keyId}.`, 'good')
  } catch (error) {
    if (!(error instanceof GlasskeyError)) throw error
    say(`${where}: ${error.message} ${error.hint}`, 'alarm')
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
