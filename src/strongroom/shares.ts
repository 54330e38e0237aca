/** From sheets to a quorum: each share judged alone, said aloud, journalled by number and never by content. */
import type { Socket } from 'node:net'
import { asRemark } from '../custody/fields.js'
import { nameOfPart, parsePart, type Part } from '../custody/paper-parts.js'
import { formQuorum, tooFew, withShare, type Quorum } from '../custody/quorum.js'
import { parseShareText, type UntrustedShare } from '../custody/share-text.js'
import { calledBy, commitmentOf, judgeShare, type Expectation, type Share } from '../custody/share.js'
import { knownFor } from '../custody/typed-header.js'
import { GlasskeyError } from '../errors.js'
import { pause } from '../host/clock.js'
import { readerLines } from '../host/scan-reader.js'
import { isInteractive, say } from '../host/terminal.js'
import { typedTexts } from '../host/typed-lines.js'
import { typeShare } from '../host/typed-share.js'
import { tellReader, type Verdict } from '../host/verdict.js'
import type { Consents } from './consent.js'
import type { CustodianKeys } from '../host/custodian-key.js'
import { SealedPile } from './sealed-pile.js'
import type { Journal } from './journal.js'

/** Where shares come from. */
export interface Sources {
  /** Lines of the reader; null when there is nothing to scan. */
  reader: Socket | null
  /** The reader shows sheets to a camera: people see there what became of each text. */
  camera: boolean
  /** Files with typed texts; `-` is standard input. */
  shareFiles: readonly string[]
  /** What opens sealed shares. */
  keys: CustodianKeys
  /** What custodians elsewhere sent. */
  remote: FromElsewhere
  left: AbortSignal
}

/** A share of the right key that is not what the manifest promised: if enough of these open the envelope, the manifest is the forgery. */
export interface Disputed {
  share: UntrustedShare
  /** Writes down that its custodian released it, where that is not on record yet. */
  consent: () => void
}

/** Shares of custodians elsewhere. */
export interface FromElsewhere {
  accepted: readonly Share[]
  disputed: readonly Disputed[]
}

/** Looks whether shares that were refused prove that the folder was altered. Throws FOLDER_ALTERED where they do. */
export type OnDispute = (disputed: readonly Disputed[], parts: readonly Part[]) => Promise<void>

/** What was read from sheets. Parts of an envelope on paper are kept in case the folder's is damaged. */
export interface Collected {
  quorum: Quorum
  parts: Part[]
}

/** Everything read so far. */
interface State {
  accepted: Share[]
  disputed: Disputed[]
  parts: Part[]
  sealed: SealedPile
  /** Texts that were no share of this session. */
  refused: number
  /** Genuine sheets of another use that are written down, each once for what it was refused for. */
  strays: Set<string>
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
  onDispute: OnDispute,
): Promise<Collected> {
  const { manifest } = expectation
  const state: State = { accepted: [...sources.remote.accepted], disputed: [...sources.remote.disputed], parts: [], sealed: new SealedPile(expectation, consents), refused: 0, strays: new Set() }
  const take = (text: string, where: string): Verdict => {
    const said = takeText(text, where, state, expectation, consents, journal, onFlagConsent)
    return { ...said, more: Math.max(0, manifest.threshold - state.accepted.length) }
  }
  const { reader, left } = sources
  for (const file of sources.shareFiles) await orTyped(left, async () => {
    for await (const { text } of typedTexts(file, left)) take(text, file)
  })
  if (reader && !sources.camera) await orTyped(left, () => readScans(reader, take, left))
  if (reader && sources.camera && state.accepted.length < manifest.threshold) {
    const greeting = `GENERATION ${manifest.generation}, key id ${manifest.keyId}. ${tooFew(state.accepted.length, manifest)}`
    await orTyped(left, () => watchCamera(reader, take, { tone: 'plain', words: greeting, more: manifest.threshold - state.accepted.length }, left))
  }
  const openSealed = (): Promise<void> => state.sealed.open(() => state.accepted, take, sources.keys, left)
  await openSealed()
  refuseIfLeft(left)
  const lookAtDisputed = async (): Promise<void> => {
    if (state.accepted.length < manifest.threshold) await onDispute([...state.disputed], state.parts)
  }
  await lookAtDisputed()
  while (state.accepted.length < manifest.threshold && isInteractive()) {
    const typed = await typeShare({ question: `Type a share. ${tooFew(state.accepted.length, manifest)}`, flag: '--scan or --share-file', known: knownFor(expectation), ending: ENDING, signal: left })
    if (typed === 'nothing') break
    if ('text' in typed) take(typed.text, 'typed')
    else putAway(typed.wrongSheet, journal)
    await openSealed()
    await lookAtDisputed()
  }
  refuseIfLeft(left)
  return { quorum: formQuorum(state.accepted, manifest), parts: state.parts }
}

const ENDING = 'Nothing was typed. Enter once more ends the session without a quorum.'

/** A file or a reader that fails is no reason to give a release up where somebody can type. Throws what `read` throws where nobody can; INTERRUPTED; FILE_UNWRITABLE. */
async function orTyped(left: AbortSignal, read: () => Promise<void>): Promise<void> {
  try {
    await read()
  } catch (caught) {
    const error = asRefusal(caught)
    refuseIfLeft(left)
    if (!isInteractive() || error.code === 'INTERRUPTED') throw error
    say(`${error.message}. What is missing is typed.`, 'alarm')
  }
}

/** A wrong sheet that was not typed to its end. Whose it is, is only what its first groups say, so nobody's share counts as seen. */
function putAway(error: GlasskeyError, journal: Journal): void {
  journal.writeSeen({ type: 'share-refused', code: error.code, reason: asRemark(error.message) })
  say(`${error.message}. It was put away. ${error.hint}`, 'alarm')
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

/** Whether a share was refused by what the manifest says of it, and not by what the sheet says of itself. */
export function isDisputed(error: unknown): boolean {
  return error instanceof GlasskeyError && ['SHARE_COMMITMENT', 'SHARE_OTHER_SET', 'SHARE_NUMBER'].includes(error.code)
}

/** What is wrong with a share. Throws on whatever is no fault of it: a disk that takes no line stops the session instead. */
export function asRefusal(error: unknown): GlasskeyError {
  if (!(error instanceof GlasskeyError) || error.code === 'FILE_UNWRITABLE') throw error
  return error
}

/** What became of a text, as it is said on the terminal. */
function takeText(text: string, where: string, state: State, expectation: Expectation, consents: Consents, journal: Journal, onFlagConsent: (custodian: number) => void): Omit<Verdict, 'more'> {
  const { manifest } = expectation
  try {
    const part = parsePart(text)
    if (part) {
      state.parts.push(part)
      return { tone: 'plain', words: `${nameOfPart(part)} The share is on page 1.` }
    }
    if (state.sealed.take(text)) return { tone: 'plain', words: 'A sealed share, or a code of one: it is opened when all sheets were shown.' }
    const untrusted = parseShareText(text)
    try {
      const share = judgeShare(untrusted, expectation)
      if (consents !== 'any' && !consents.has(share.custodian)) {
        throw new GlasskeyError('CONSENT_REFUSED', `${calledBy(manifest, share.custodian)} has not released this share`, 'A share without its custodian is not used.')
      }
      const together = withShare(state.accepted, share, manifest)
      if (consents === 'any') onFlagConsent(share.custodian)
      journal.writeSeen({ type: 'share-accepted', generation: manifest.generation, custodian: share.custodian })
      // Only what is written down counts.
      state.accepted = together
      const words = `${state.accepted.length} of ${manifest.threshold}: the sheet of ${calledBy(manifest, share.custodian)} is right.`
      say(words, 'good')
      return { tone: 'good', words }
    } catch (error) {
      if (isDisputed(error)) state.disputed.push({ share: untrusted, consent: () => { if (consents === 'any') onFlagConsent(untrusted.custodian) } })
      throw error
    }
  } catch (caught) {
    const error = asRefusal(caught)
    const genuine = seenAnyway(text, expectation)
    state.refused += 1
    if (state.refused === TOLD_REFUSALS) say(`${TOLD_REFUSALS} texts were refused; further ones are refused without a word. Look at what is on the stick.`, 'alarm')
    const words = `${error.message}.${error.hint ? ` ${error.hint}` : ''}`
    const tone = error.code === 'SHARE_TWICE' ? 'plain' : 'alarm'
    // A genuine sheet of another use was seen, and that is always written down: there are no more of them than were printed.
    const stray = genuine.custodian === undefined ? null : `${genuine.generation}/${genuine.custodian}/${error.code}`
    if (state.refused > TOLD_REFUSALS && (stray === null || state.strays.has(stray))) return { tone, words }
    if (stray !== null) state.strays.add(stray)
    journal.writeSeen({ type: 'share-refused', code: error.code, reason: asRemark(error.message), ...genuine })
    say(`${where}: ${words}`, tone)
    return { tone, words }
  }
}

/** How long the desk may take to say that people left. */
const WORD_OF_THE_DESK_MS = 500

/** However long scans take, people are waiting at a table. */
const SCAN_PATIENCE_MS = 15 * 60_000

async function readScans(reader: Socket, take: (text: string, where: string) => Verdict, left: AbortSignal): Promise<void> {
  const seen = new Map<string, Verdict['tone']>()
  const giveUp = AbortSignal.any([left, AbortSignal.timeout(SCAN_PATIENCE_MS)])
  giveUp.addEventListener('abort', () => reader.destroy())
  try {
    for await (const line of readerLines(reader)) {
      if ('error' in line) say(`${line.message}. ${line.hint ?? ''}`.trimEnd(), 'alarm')
      if ('none' in line) say(`${line.file}, page ${line.page}: no code was found.`, 'faint')
      if (!('text' in line)) continue
      // The second copy of an accepted share is refused aloud, as a typed one is; nothing else, and no further copy, is judged twice.
      const before = seen.get(line.text)
      if (before !== undefined && before !== 'good') continue
      seen.set(line.text, take(line.text, `${line.file}, page ${line.page}`).tone)
    }
  } catch (error) {
    // One that people ended did not fail. A signal of the terminal reaches the reader before the desk has passed it on to us.
    await pause(WORD_OF_THE_DESK_MS, left)
    refuseIfLeft(left)
    throw error
  }
}

/** How long the page may take to say that it has shown the last verdict. */
const FAREWELL_MS = 5000

/** As scans, but each text is answered, and the page ends with the quorum. One that goes away leaves the terminal to type on. */
async function watchCamera(reader: Socket, take: (text: string, where: string) => Verdict, greeting: Verdict, left: AbortSignal): Promise<void> {
  const verdicts = new Map<string, Verdict>()
  const [stop, patience] = [new AbortController(), AbortSignal.timeout(SCAN_PATIENCE_MS)]
  const giveUp = AbortSignal.any([left, stop.signal, patience])
  giveUp.addEventListener('abort', () => reader.destroy())
  if (giveUp.aborted) reader.destroy()
  // What was still to be said when it went away is of no use to anybody.
  reader.on('error', () => undefined)
  tellReader(reader, greeting)
  try {
    for await (const line of readerLines(reader)) {
      if ('error' in line) say(`The camera: ${line.message}.`, 'alarm')
      if (!('text' in line)) continue
      const verdict = verdicts.get(line.text) ?? take(line.text, line.file)
      verdicts.set(line.text, verdict)
      tellReader(reader, verdict)
      if (verdict.more === 0) setTimeout(() => stop.abort(), FAREWELL_MS).unref()
    }
  } catch (error) {
    if (patience.aborted) say(`Nobody finished showing sheets within ${SCAN_PATIENCE_MS / 60_000} minutes; the page was closed.`, 'alarm')
    else if (!giveUp.aborted) throw error
  }
}
