/**
 * A quorum from anywhere: what binds a session's one-time OpenPGP key to its warrant, and what a custodian elsewhere sends to it.
 * Format: docs/format.md, section "Remote quorum".
 */
import { armor, enums, generateKey, unarmor, type Message, type PrivateKey } from 'openpgp'
import { z } from 'zod'
import { canonicalJson, isCanonical, jsonIn, sha256Hex } from '../canonical.js'
import { custodianNumber, instant, openpgpFingerprint, sha256 } from '../custody/fields.js'
import { openText, readOneTimeKey, sealedMessage, sealText, type SealingKey } from '../custody/sealing.js'
import { hexToWords } from '../custody/words.js'
import { GlasskeyError } from '../errors.js'
import { warrantDigest, warrantSchema, type Warrant } from './warrant.js'

/** The public half of a session's one-time key, and what its user id says. */
export interface SessionKey extends SealingKey {
  session: string
  /** 16 random bytes in hex, this session's own. */
  nonce: string
  /** Whether the custodian must read the bag words of the successor, which no sheet seals. */
  needsBagWords: boolean
  /** Digest of the whole certificate. */
  sha256: string
  /** By the session's clock. The custodian's may differ: nothing here goes by it. */
  made: Date
}

/** Why the operator must not. */
export const NOT_THE_OPERATOR = 'the operator must not read the words: whoever reads them vouches for this machine'

/** Whether somebody of this name may read the words to custodians elsewhere. */
export function mayReadWords(name: string, operator: string): boolean {
  return name.trim() !== '' && name.trim().toLowerCase() !== operator.trim().toLowerCase()
}

/** Throws CONSENT_REFUSED where it is the operator who would read the words. */
export function checkReader(name: string, { operator }: Pick<Warrant, 'operator'>): void {
  if (!mayReadWords(name, operator.name)) throw new GlasskeyError('CONSENT_REFUSED', NOT_THE_OPERATOR, 'Name a custodian or witness who stands at it.')
}

/** What a custodian types before a share leaves their hands. */
export const TRUST_SENTENCE = 'I release my share to the machine whose words I heard'

/** What a message carries, once opened. */
export const remoteMessageSchema = z.strictObject({
  format: z.literal(1),
  session: warrantSchema.shape.session,
  warrantSha256: sha256,
  keyFingerprint: openpgpFingerprint,
  nonce: z.string().regex(/^[0-9a-f]{32}$/),
  custodian: custodianNumber,
  /** Text of the share. Secret. */
  share: z.string().max(200),
  /** The sentences that were consented to, and the bag words where they are needed. */
  trusts: z.string().max(200),
  deferred: z.string().max(200).nullable(),
  bagWords: z.string().max(400).nullable(),
  sent: instant,
})

/** What a message carries, once opened. */
export type RemoteMessage = z.infer<typeof remoteMessageSchema>

/** Characters of a message in armour. A share and its consent take about 1,500. */
const LONGEST_MESSAGE = 16 * 1024
const USER_ID = /^glasskey remote 1 ([0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}) ([0-9a-f]{32})( bag-words)?$/
/** How many hex digits of the digest are read aloud as 16 words: 128 bits. */
const WORDS_HEX = 32

/** A one-time key for one session: Curve25519, in memory only. `nonce` is 32 hex digits. */
export async function makeSessionKey(session: string, nonce: string, needsBagWords: boolean, now: Date): Promise<{ privateKey: PrivateKey; armored: string }> {
  const name = `glasskey remote 1 ${session} ${nonce}${needsBagWords ? ' bag-words' : ''}`
  const { privateKey } = await generateKey({ type: 'ecc', curve: 'curve25519Legacy', userIDs: [{ name }], date: now, format: 'object' })
  return { privateKey, armored: privateKey.toPublic().armor() }
}

/** A session's key as it arrives elsewhere. `file` is how messages call it. Throws REMOTE_REFUSED. */
export async function readSessionKey(armored: string, file: string): Promise<SessionKey> {
  const key = await asRemote(() => readOneTimeKey(armored, file))
  const [, session = '', nonce = '', bag] = USER_ID.exec(key.owner) ?? []
  if (session === '') throw refused(`${file}: is no key of a glasskey session`, 'The file is called remote-….asc, in the folder of the session.')
  return { ...key, session, nonce, needsBagWords: bag !== undefined, sha256: sha256Hex(key.key.write()) }
}

/** The 16 words over warrant and key: whoever swaps either cannot meet them. */
export function remoteWords(warrant: Warrant, key: Pick<SessionKey, 'sha256'>): string {
  return hexToWords(sha256Hex(`glasskey/remote/1\0${warrantDigest(warrant)}\0${key.sha256}`).slice(0, WORDS_HEX))
}

/** The armoured message for a session's key. */
export async function writeMessage(message: RemoteMessage, key: SessionKey): Promise<string> {
  return armor(enums.armor.message, await sealText(`${canonicalJson(message)}\n`, key, key.made))
}

/** What a message to this key holds, if it arrived whole. Throws REMOTE_REFUSED: no message, for another key, altered. */
export async function openMessage(armored: string, key: PrivateKey): Promise<string> {
  if (armored.length > LONGEST_MESSAGE) throw refused('this is longer than any message of a custodian')
  let sealed: Uint8Array
  let message: Message<Uint8Array>
  try {
    sealed = await bytesOf(armored.slice(Math.max(0, armored.indexOf(BEGIN))))
    message = await sealedMessage(sealed)
  } catch (error) {
    throw refused('this is no whole OpenPGP message: it was altered or cut on its way', 'Ask for it again; paste it from BEGIN to END.', error)
  }
  const mine = key.getKeys().map((one) => one.getKeyID().toHex())
  const recipients = message.getEncryptionKeyIDs().map((id) => id.toHex())
  if (recipients.length !== 1 || !mine.includes(recipients[0] ?? '')) {
    throw refused(`the message is for key ${recipients.join(', ') || 'of nobody'}, not for the one of this session (${mine.at(-1) ?? ''}): it was made for another session, or the key was swapped`, 'If the words were compared, it is an old message; else raise the alarm.')
  }
  return asRemote(() => openText(sealed, key), 'the message was altered on its way')
}

/** What an opened message says. Throws REMOTE_REFUSED. Whether it is for this warrant is `checkMessage`'s to say. */
export function parseMessage(text: string): RemoteMessage {
  const parsed = remoteMessageSchema.safeParse(jsonIn(text))
  if (!parsed.success || !isCanonical(text, parsed.data, '\n')) throw refused('the message holds something that glasskey share send does not write')
  return parsed.data
}

/** The text of a share in an opened message, of whatever shape: it is in this machine. Empty where there is none. */
export function shareIn(text: string): string {
  const found = z.object({ share: z.string() }).safeParse(jsonIn(text))
  return found.success ? found.data.share : ''
}

/** What stands in armour. */
async function bytesOf(armored: string): Promise<Uint8Array> {
  const { type, data } = (await unarmor(armored)) as { type: unknown; data: unknown }
  if (type !== enums.armor.message || !(data instanceof Uint8Array)) throw new RangeError('this is armour of something else than a message')
  return data
}

/** Throws REMOTE_REFUSED when a message is for another warrant, session, key or nonce than these. */
export function checkMessage(message: RemoteMessage, warrant: Warrant, key: Pick<SessionKey, 'fingerprint' | 'nonce'>): RemoteMessage {
  const expected = { session: warrant.session, warrantSha256: warrantDigest(warrant), keyFingerprint: key.fingerprint, nonce: key.nonce }
  for (const [field, called] of [['session', 'session'], ['warrantSha256', 'warrant'], ['keyFingerprint', 'key'], ['nonce', 'nonce']] as const) {
    if (message[field] !== expected[field]) throw refused(`the message of custodian ${message.custodian} is for another ${called} than this one`, 'That custodian read something else than you did: raise the alarm.')
  }
  return message
}

/** Where an armoured message begins and ends. */
export const BEGIN = '-----BEGIN PGP MESSAGE-----'
export const END = '-----END PGP MESSAGE-----'

async function asRemote<Thing>(run: () => Promise<Thing>, instead?: string): Promise<Thing> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof GlasskeyError)) throw error
    throw refused(instead ?? error.message, 'Ask for it again.', error)
  }
}

function refused(what: string, hint = 'Ask for it again.', cause?: unknown): GlasskeyError {
  return new GlasskeyError('REMOTE_REFUSED', what, hint, { cause })
}
