/** Recovery: the private key from k sheets alone, with no custody folder and no cloud. The envelope's header is the only authority. */
import { combine } from 'shamir-secret-sharing'
import { openWithSecret, type OpenedEnvelope } from '../custody/envelope.js'
import { joinParts, parsePart, type Part } from '../custody/paper-parts.js'
import { parseShareText, type UntrustedShare } from '../custody/share-text.js'
import { GlasskeyError } from '../errors.js'
import type { Isolation } from '../host/isolation.js'
import { showSheets, type Camera } from '../host/camera.js'
import { readScanFiles } from '../host/scan-reader.js'
import { say, type Tone } from '../host/terminal.js'
import type { Verdict } from '../host/verdict.js'

/** What sheets said. */
export interface SheetsRead {
  shares: UntrustedShare[]
  parts: Part[]
}

/** Reads scans and typed texts; says what is wrong with each and goes on. */
export async function readSheets(scans: readonly string[], typed: readonly string[], isolation: Isolation): Promise<SheetsRead> {
  const read: SheetsRead = { shares: [], parts: [] }
  for (const text of typed) take(read, text, 'typed')
  if (scans.length === 0) return read
  for await (const line of readScanFiles(scans, isolation)) {
    if ('error' in line) say(`${line.file}: ${line.message} ${line.hint ?? ''}`.trimEnd(), 'alarm')
    if ('none' in line) say(`${line.file}, page ${line.page}: no code was found.`, 'faint')
    if ('text' in line) take(read, line.text, `${line.file}, page ${line.page}`)
  }
  return read
}

/** Shows a page with a camera until people say that this is all, or `enough` says so: how many sheets are still needed, or null. */
export async function watchSheets(camera: Camera, isolation: Isolation, read: SheetsRead, enough: (read: SheetsRead) => number | null): Promise<void> {
  for (const exception of camera.exceptions) say(`Exception: ${exception}.`, 'alarm')
  const greeting: Verdict = { tone: 'plain', words: 'Show page 1 of each sheet; and page 2, the envelope, of one of them.', more: enough(read) }
  const { lines, answer } = await showSheets(camera, isolation, greeting)
  for await (const line of lines) {
    if ('error' in line) say(`The camera: ${line.message}.`, 'alarm')
    if (!('text' in line)) continue
    const said = take(read, line.text, line.file)
    const more = enough(read)
    const onlyEnvelope = more === 1 && neededToRecover(read, true) === 0
    answer({ ...said, words: onlyEnvelope ? `${said.words} Now page 2, the envelope, of one of them.` : said.words, more })
  }
}

/** How many sheets a recovery still needs; the envelope, where it is missing, counts as one more. Null until a share was read. */
export function neededToRecover({ shares, parts }: SheetsRead, hasEnvelope: boolean): number | null {
  const [first] = shares
  if (!first) return null
  const custodians = new Set(shares.filter(({ keyId }) => keyId === first.keyId).map(({ custodian }) => custodian))
  const missing = Math.max(0, first.threshold - custodians.size)
  return missing > 0 || hasEnvelope || missingParts(parts, first.keyId).length === 0 ? missing : 1
}

/** Parts of the envelope that were not read; all of them, as part 1, where none was. */
function missingParts(parts: readonly Part[], keyId: string): number[] {
  const mine = parts.filter((part) => part.prefix === 'GKE1' && part.keyId === keyId)
  return Array.from({ length: mine[0]?.parts ?? 1 }, (_, at) => at + 1).filter((number) => !mine.some(({ part }) => part === number))
}

/** Opens the envelope with the shares read. Throws QUORUM_NOT_REACHED, SHARE_OTHER_KEY, SHARE_SAME_X, ENVELOPE_INVALID. */
export async function openSheets(read: SheetsRead, envelopeFile: Uint8Array | null): Promise<OpenedEnvelope> {
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

/** What became of a text, as it is said on the terminal. */
function take(read: SheetsRead, text: string, where: string): Omit<Verdict, 'more'> {
  try {
    const part = parsePart(text)
    if (part) {
      read.parts.push(part)
      const missing = missingParts(read.parts, part.keyId)
      return { tone: 'good', words: `Page 2, the envelope of key ${part.keyId}: ${missing.length === 0 ? 'whole' : `part ${part.part} of ${part.parts}; ${missing.join(', ')} still missing`}.` }
    }
    const share = parseShareText(text)
    const again = read.shares.some((earlier) => Buffer.compare(earlier.bytes, share.bytes) === 0)
    read.shares.push(share)
    return again
      ? spoken(where, `the share of custodian ${share.custodian} was given already: copies count once.`, 'plain')
      : spoken(where, `share ${share.custodian} of ${share.shares}, key id ${share.keyId}${share.rehearsal ? ' (PRACTICE)' : ''}.`, 'good')
  } catch (error) {
    if (!(error instanceof GlasskeyError)) throw error
    return spoken(where, `${error.message}. ${error.hint}`, 'alarm')
  }
}

function spoken(where: string, words: string, tone: Verdict['tone'] & Tone): Omit<Verdict, 'more'> {
  say(`${where}: ${words}`, tone)
  return { tone, words }
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
