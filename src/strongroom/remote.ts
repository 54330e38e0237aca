/**
 * Custodians elsewhere. The strongroom makes a one-time key for this session, has words read aloud that bind it to the warrant, and
 * accepts one message of each custodian: for this warrant, this key and this nonce, once. A message brings consent and share together.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { PrivateKey } from 'openpgp'
import { asRemark } from '../custody/fields.js'
import { withShare } from '../custody/quorum.js'
import { parseShareText, type UntrustedShare } from '../custody/share-text.js'
import { calledBy, judgeShare, type Expectation, type Share } from '../custody/share.js'
import { bagWords, sameWords } from '../custody/words.js'
import { GlasskeyError } from '../errors.js'
import { pause, wallClock } from '../host/clock.js'
import { FILE_LIMITS, readBytes, writeNew } from '../host/disk.js'
import { pasteBlock } from '../host/paste.js'
import { places } from '../host/sealed-folder.js'
import { ask, isInteractive, say } from '../host/terminal.js'
import { BEGIN, checkMessage, checkReader, END, makeSessionKey, mayReadWords, NOT_THE_OPERATOR, openMessage, parseMessage, readSessionKey, remoteWords, shareIn, TRUST_SENTENCE, type RemoteMessage, type SessionKey } from '../warrant/remote.js'
import { DEFERRED_SENTENCE } from '../warrant/shown.js'
import type { Warrant } from '../warrant/warrant.js'
import type { Consents } from './consent.js'
import type { RemoteOrder } from './protocol.js'
import type { Room } from './room.js'
import { needsBagWords } from './successor-words.js'
import { asRefusal, isDisputed, seenAnyway, type Disputed, type FromElsewhere, type OnDispute } from './shares.js'

/** How often a message file is looked for. */
const LOOK_EVERY_MS = 250

/** A session's ear for custodians elsewhere. */
export interface Remote {
  privateKey: PrivateKey
  key: SessionKey
  order: RemoteOrder
}

/** Makes the key, lays it beside the warrant, and shows the words that bind the two. Throws CONSENT_REFUSED when the operator would read them. */
export async function openRemote({ order, folder, generation, warrant, journal, desk }: Room): Promise<Remote | null> {
  const { remote } = order
  if (!remote) return null
  const { privateKey, armored } = await makeSessionKey(warrant.session, randomBytes(16).toString('hex'), needsBagWords(warrant, generation.manifest), keyDate(order.task, warrant))
  const key = await readSessionKey(armored, 'the key of this session')
  const path = join(places.session(folder.path, warrant.session), `remote-${key.fingerprint.slice(-16).toLowerCase()}.asc`)
  writeNew(path, armored)
  const reader = remote.wordsReadBy ?? (order.yes ? 'rehearsal --yes' : await askWhoReads(warrant.operator.name, desk.left))
  checkReader(reader, warrant)
  journal.write({ type: 'remote-opened', fingerprint: key.fingerprint, keySha256: key.sha256, wordsReadBy: asRemark(reader) })
  const words = remoteWords(warrant, key).split(' ')
  say('CUSTODIANS ELSEWHERE', 'strong')
  say(`  Send them these two files, in any way; nothing rests on it:`)
  say(`    ${places.warrant(folder.path, warrant.session)}`)
  say(`    ${path}`)
  say(`  They run:  glasskey share send --warrant warrant.json --to ${path.split('/').at(-1) ?? ''} --scan SHEET`)
  say(`  ${reader} calls each of them, on a number that this room already had, and reads these 16 words from this screen:`)
  for (let at = 0; at < words.length; at += 4) say(`    ${String(at + 1).padStart(2)}  ${words.slice(at, at + 4).join(' ')}`, 'strong')
  say('  Whoever hears other words than these sends nothing.')
  say('')
  return { privateKey, key, order: remote }
}

/** Now; of a key to finish with, not before the warrant's end, so that whoever gets it sees that it has none. OpenPGP counts seconds. */
function keyDate(task: 'perform' | 'finish', { deadline }: Pick<Warrant, 'deadline'>): Date {
  const now = wallClock().getTime()
  return new Date(task === 'perform' ? now : Math.ceil(Math.max(now, Date.parse(deadline)) / 1000) * 1000)
}

/** Asks until somebody is named who may. Throws INTERRUPTED, NO_TERMINAL. */
async function askWhoReads(operator: string, left: AbortSignal): Promise<string> {
  for (;;) {
    const name = await ask('Who here will read the words to custodians elsewhere? A custodian or witness, never the operator. Name:', '--words-read-by NAME', left)
    if (mayReadWords(name, operator)) return name
    if (name.trim() !== '') say(`Not ${name.trim()}: ${NOT_THE_OPERATOR}.`, 'alarm')
  }
}

/** Accepts messages until a quorum has consented, here and elsewhere. Throws QUORUM_NOT_REACHED, INTERRUPTED, and what `onDispute` and `stillRuns` throw. */
export async function collectRemote(remote: Remote, room: Room, expectation: Expectation, consents: Consents, onDispute: OnDispute, stillRuns: () => void): Promise<FromElsewhere> {
  const { manifest } = expectation
  const { desk } = room
  let accepted: Share[] = []
  const disputed: Disputed[] = []
  const consented = (): number => accepted.length + (consents === 'any' ? 0 : consents.size)
  const question = (): string => `Paste a custodian's message, from BEGIN to END; or type done to go on without more. ${consented()} of ${manifest.threshold} have released.`
  // With --yes, files are all that there is: those who are here have no turn of their own to consent in.
  const pasting = isInteractive() && (remote.order.messages.length === 0 || consents !== 'any') ? question : null
  if (consented() < manifest.threshold) {
    for await (const { armored, where } of arriving(remote.order.messages, pasting, desk.left, stillRuns)) {
      try {
        accepted = await acceptMessage(armored, remote, room, expectation, consents, accepted, disputed)
        say(`The message of ${calledBy(manifest, accepted.at(-1)?.custodian ?? 0)} is accepted: ${consented()} of ${manifest.threshold} have released.`, 'good')
      } catch (caught) {
        const error = asRefusal(caught)
        say(`${where}: ${error.code}: ${error.message}. ${error.hint}`, 'alarm')
      }
      if (consented() >= manifest.threshold) break
    }
  }
  if (consents !== 'any' && consented() < manifest.threshold) {
    await onDispute(disputed, [])
    throw new GlasskeyError('QUORUM_NOT_REACHED', `${consented()} of ${manifest.threshold} custodians have released; ${manifest.threshold - consented()} more needed.`, 'Nothing is wrong with those who have; begin again when there are enough.')
  }
  return { accepted, disputed }
}

/** A message as it came, and how it is called. */
interface Arrived {
  armored: string
  where: string
}

/**
 * Messages in the order in which they come: of files, whichever is whole first, and pasted where `pasting` asks for it. Ends when there
 * is nothing more to wait for, or people say so. Throws INTERRUPTED, and what `stillRuns` throws.
 */
async function* arriving(paths: readonly string[], pasting: (() => string) | null, left: AbortSignal, stillRuns: () => void): AsyncGenerator<Arrived> {
  const files = paths.map((path) => new MessageFile(path, pasting === null ? 'Ctrl-C gives it up' : 'or paste it'))
  let pasted: Promise<string> | null = null
  const enough = new AbortController()
  try {
    for (;;) {
      if (left.aborted) throw new GlasskeyError('INTERRUPTED', `stopped before the key was opened: ${String(left.reason)}`)
      stillRuns()
      for (const file of files) {
        const armored = file.news()
        if (armored !== null) yield { armored, where: file.path }
      }
      if (pasting === null && files.every(({ wasRead }) => wasRead)) return
      if (pasting !== null && pasted === null) {
        pasted = pasteBlock(pasting(), BEGIN, END, 'done', '--message FILE', AbortSignal.any([left, enough.signal]))
        // Looked at in its turn; it may fail before that.
        pasted.catch(() => undefined)
      }
      const answer: string | null = await Promise.race([...(pasted ? [pasted] : []), pause(LOOK_EVERY_MS, left).then(() => null)])
      if (answer === '') return
      if (answer === null) continue
      pasted = null
      yield { armored: answer, where: 'pasted' }
    }
  } finally {
    // Of the terminal nobody but the next question may read.
    enough.abort()
    await pasted?.catch(() => undefined)
  }
}

/** One message: opened, held against warrant and key, its share judged; then, and only then, its consent is written down. */
async function acceptMessage(armored: string, { privateKey, key }: Remote, { warrant, journal }: Room, expectation: Expectation, consents: Consents, accepted: readonly Share[], disputed: Disputed[]): Promise<Share[]> {
  const { manifest } = expectation
  let opened = ''
  try {
    opened = await openMessage(armored, privateKey)
    const message = checkMessage(parseMessage(opened), warrant, key)
    const whose = calledBy(manifest, message.custodian)
    if (accepted.some(({ custodian }) => custodian === message.custodian)) throw new GlasskeyError('REMOTE_TWICE', `a message of ${whose} was accepted already: it counts once`, 'If that custodian sent only one, somebody replayed it.')
    if (consents !== 'any' && consents.has(message.custodian)) throw new GlasskeyError('REMOTE_TWICE', `${whose} has released at this machine already`, 'One custodian is in one place: raise the alarm.')
    checkConsent(message, expectation, warrant, key)
    const untrusted = parseShareText(message.share)
    const consented = (name: string): void => {
      const consent = (to: 'warrant' | 'deferred-rotation' | 'successor'): void => void journal.write({ type: 'consented', custodian: message.custodian, name, to, how: 'remote message' })
      consent('warrant')
      if (!warrant.successor) consent('deferred-rotation')
      if (key.needsBagWords) consent('successor')
    }
    const share = judged(untrusted, expectation, disputed, () => {
      consented(manifest.shares.find(({ custodian }) => custodian === message.custodian)?.name ?? whose)
    })
    if (share.custodian !== message.custodian) throw new GlasskeyError('REMOTE_REFUSED', `the message says ${whose}, and its share is that of ${calledBy(manifest, share.custodian)}`, 'Raise the alarm.')
    const together = withShare(accepted, share, manifest)
    consented(share.name)
    journal.writeSeen({ type: 'share-accepted', generation: manifest.generation, custodian: share.custodian })
    return together
  } catch (caught) {
    const error = asRefusal(caught)
    journal.writeSeen({ type: 'share-refused', code: error.code, reason: asRemark(error.message), ...seenAnyway(shareIn(opened), expectation) })
    throw error
  }
}

function judged(share: UntrustedShare, expectation: Expectation, disputed: Disputed[], consent: () => void): Share {
  try {
    return judgeShare(share, expectation)
  } catch (error) {
    if (isDisputed(error)) disputed.push({ share, consent })
    throw error
  }
}

function checkConsent(message: RemoteMessage, { manifest }: Expectation, { successor }: Room['warrant'], key: SessionKey): void {
  const lacks = (what: string): GlasskeyError => new GlasskeyError('CONSENT_REFUSED', `the message of ${calledBy(manifest, message.custodian)} lacks ${what}`, 'It is sent again with glasskey share send, to the end.')
  if (message.trusts !== TRUST_SENTENCE) throw lacks('the consent')
  if (!successor && message.deferred !== DEFERRED_SENTENCE) throw lacks('the consent to a deferred rotation')
  if (key.needsBagWords && successor && !sameWords(message.bagWords ?? '', bagWords(successor.spkiSha256))) throw lacks('the right bag words of the successor')
}

/** A message's file: a script may write it while this waits. What keeps it waiting is said once. */
class MessageFile {
  readonly path: string
  /** What people can do meanwhile. */
  readonly #meanwhile: string
  #told: string | null = null
  #last: string | null = null

  constructor(path: string, meanwhile: string) {
    this.path = path
    this.#meanwhile = meanwhile
  }

  get wasRead(): boolean {
    return this.#last !== null
  }

  /** What it holds, each time that this is another message: one of an earlier session may lie there first. Null while it is not there, not whole or cannot be read. */
  news(): string | null {
    try {
      const text = Buffer.from(readBytes(this.path, 'the message', FILE_LIMITS.document)).toString('utf8')
      if (text === this.#last) return null
      if (text.includes(END)) return (this.#last = text)
      this.#tell(text === '' ? `Waiting for the message ${this.path}` : `${this.path} is no whole message yet: it has no line ${END}. Waiting`)
    } catch (caught) {
      const error = asRefusal(caught)
      this.#tell(error.code === 'FILE_MISSING' ? `Waiting for the message ${this.path}` : `${error.code}: ${error.message}. Waiting`)
    }
    return null
  }

  #tell(words: string): void {
    if (this.#told !== words) say(`${words}; ${this.#meanwhile} …`)
    this.#told = words
  }
}
