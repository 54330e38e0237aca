/** From sheets to a quorum: each share judged alone, said aloud, journalled by number and never by content. */
import type { Readable } from 'node:stream'
import { createInterface } from 'node:readline'
import { asRemark } from '../custody/fields.js'
import { parsePart, type Part } from '../custody/paper-parts.js'
import { formQuorum, tooFew, withShare, type Quorum } from '../custody/quorum.js'
import { parseShareText, type UntrustedShare } from '../custody/share-text.js'
import { calledBy, commitmentOf, judgeShare, type Expectation, type Share } from '../custody/share.js'
import { GlasskeyError } from '../errors.js'
import { readTyped } from '../host/disk.js'
import { readerLines } from '../host/scan-reader.js'
import { ask, isInteractive, say } from '../host/terminal.js'
import type { Consents } from './consent.js'
import type { CustodianKeys } from '../host/custodian-key.js'
import { SealedPile } from './sealed-pile.js'
import type { Journal } from './journal.js'

/** Where shares come from. */
export interface Sources {
  /** Lines of the reader; null when there is nothing to scan. */
  reader: Readable | null
  /** Files with typed texts; `-` is standard input. */
  shareFiles: readonly string[]
  /** What opens sealed shares. */
  keys: CustodianKeys
  /** Shares that custodians elsewhere sent. */
  remote: readonly Share[]
  left: AbortSignal
}

/** What was read from sheets. Parts of an envelope on paper are kept in case the folder's is damaged. */
export interface Collected {
  quorum: Quorum
  parts: Part[]
}

/** Everything read so far. */
interface State {
  accepted: Share[]
  /** Right key, but not what the manifest promised: if enough of these open the envelope, the manifest is the forgery. */
  disputed: UntrustedShare[]
  parts: Part[]
  sealed: SealedPile
  /** Texts that were no share of this session. */
  refused: number
}

/** After so many refused texts the others are only counted: a hostile file must neither fill the journal nor hide what is said. */
const TOLD_REFUSALS = 500

/** Collects shares until a quorum is there and every scan was looked at. Throws QUORUM_NOT_REACHED, INTERRUPTED, or what `onDispute` throws. */
export async function collectShares(
  expectation: Expectation,
  consents: Consents,
  sources: Sources,
  journal: Journal,
  onFlagConsent: (custodian: number) => void,
  onDispute: (disputed: readonly UntrustedShare[], parts: readonly Part[]) => Promise<void>,
): Promise<Collected> {
  const { manifest } = expectation
  const state: State = { accepted: [...sources.remote], disputed: [], parts: [], sealed: new SealedPile(expectation, consents), refused: 0 }
  const take = (text: string, where: string): void => {
    takeText(text, where, state, expectation, consents, journal, onFlagConsent)
  }
  for (const file of sources.shareFiles) for await (const line of typedLines(file, sources.left)) take(line, file)
  if (sources.reader) await readScans(sources.reader, take, sources.left)
  const openSealed = (): Promise<void> => state.sealed.open(() => state.accepted, take, sources.keys, sources.left)
  await openSealed()
  refuseIfLeft(sources.left)
  if (state.accepted.length < manifest.threshold) await onDispute([...state.disputed], state.parts)
  while (state.accepted.length < manifest.threshold && isInteractive()) {
    const text = await ask(`Type a share (groups as printed), or Enter to stop. ${tooFew(state.accepted.length, manifest)}`, '--scan or --share-file', sources.left)
    if (text === '') break
    take(text, 'typed')
    await openSealed()
  }
  refuseIfLeft(sources.left)
  return { quorum: formQuorum(state.accepted, manifest), parts: state.parts }
}

/** Whoever stops a release is not told that sheets are missing. */
function refuseIfLeft(left: AbortSignal): void {
  if (left.aborted) throw new GlasskeyError('INTERRUPTED', `stopped before the key was opened: ${String(left.reason)}`)
}

/** Generation and custodian of a sheet that is genuine, but not for this use: it was on an online machine all the same. */
export function seenAnyway(text: string, { manifest, others }: Expectation): { generation?: number; custodian?: number } {
  try {
    const share = parseShareText(text)
    const mine = [manifest, ...others.map((other) => other.manifest)].find(({ keyId }) => keyId === share.keyId)
    const promised = mine?.shares.find(({ custodian }) => custodian === share.custodian)
    return mine && promised?.commitment === commitmentOf(share.bytes) ? { generation: mine.generation, custodian: share.custodian } : {}
  } catch (error) {
    if (error instanceof GlasskeyError) return {}
    throw error
  }
}

function takeText(text: string, where: string, state: State, expectation: Expectation, consents: Consents, journal: Journal, onFlagConsent: (custodian: number) => void): void {
  const { manifest } = expectation
  try {
    const part = parsePart(text)
    if (part) {
      state.parts.push(part)
      return
    }
    if (state.sealed.take(text)) return
    const untrusted = parseShareText(text)
    try {
      const share = judgeShare(untrusted, expectation)
      if (consents !== 'any' && !consents.has(share.custodian)) {
        throw new GlasskeyError('CONSENT_REFUSED', `${calledBy(manifest, share.custodian)} has not released this share`, 'A share without its custodian is not used.')
      }
      const before = state.accepted
      state.accepted = withShare(before, share, manifest)
      if (consents === 'any') onFlagConsent(share.custodian)
      journal.write({ type: 'share-accepted', generation: manifest.generation, custodian: share.custodian })
      say(`${state.accepted.length} of ${manifest.threshold}: the sheet of ${calledBy(manifest, share.custodian)} is right.`, 'good')
    } catch (error) {
      if (error instanceof GlasskeyError && ['SHARE_COMMITMENT', 'SHARE_OTHER_SET', 'SHARE_NUMBER'].includes(error.code)) state.disputed.push(untrusted)
      throw error
    }
  } catch (error) {
    if (!(error instanceof GlasskeyError)) throw error
    const genuine = seenAnyway(text, expectation)
    state.refused += 1
    if (state.refused === TOLD_REFUSALS) say(`${TOLD_REFUSALS} texts were refused; further ones are refused without a word. Look at what is on the stick.`, 'alarm')
    // A genuine sheet of another use was seen, and that is always written down: there are no more of them than were printed.
    if (state.refused > TOLD_REFUSALS && genuine.custodian === undefined) return
    journal.write({ type: 'share-refused', code: error.code, reason: asRemark(error.message), ...genuine })
    say(`${where}: ${error.message}.${error.hint ? ` ${error.hint}` : ''}`, error.code === 'SHARE_TWICE' ? 'plain' : 'alarm')
  }
}

/** However long scans take, people are waiting at a table. */
const SCAN_PATIENCE_MS = 15 * 60_000

async function readScans(reader: Readable, take: (text: string, where: string) => void, left: AbortSignal): Promise<void> {
  const seen = new Set<string>()
  const giveUp = AbortSignal.any([left, AbortSignal.timeout(SCAN_PATIENCE_MS)])
  giveUp.addEventListener('abort', () => reader.destroy())
  for await (const line of readerLines(reader)) {
    if ('error' in line) say(`${line.file}: ${line.message} ${line.hint ?? ''}`.trimEnd(), 'alarm')
    if ('none' in line) say(`${line.file}, page ${line.page}: no code was found.`, 'faint')
    if (!('text' in line) || seen.has(line.text)) continue
    seen.add(line.text)
    take(line.text, `${line.file}, page ${line.page}`)
  }
}

/** Lines of a share file; standard input is read as it comes, so that a scanner that types is heard at once. */
async function* typedLines(file: string, left: AbortSignal): AsyncGenerator<string> {
  const lines = file === '-' ? createInterface({ input: process.stdin, signal: left }) : readTyped(file, 'the share file').split('\n')
  for await (const line of lines) if (line.trim() !== '') yield line.trim()
}
