/**
 * Sealing a share to a custodian's OpenPGP key, and opening it with the private one.
 *
 * RFC 9580 in what every GnuPG since 2.2 and every card can open: one PKESK version 3 to an RSA or Curve25519 (ECDH) key, SEIPD version 1
 * with AES-256, a binary literal. Not AEAD.
 */
import { createMessage, decrypt, decryptKey, encrypt, enums, readKeys, readMessage, readPrivateKeys, type Key, type Message, type PrivateKey, type PublicKey } from 'openpgp'
import { randomBytes } from 'node:crypto'
import { GlasskeyError } from '../errors.js'
import { keyPacketOf } from './packets.js'

/** A certificate that a share may be sealed to. */
export interface SealingKey {
  /** 40 upper-case hex digits. */
  fingerprint: string
  /** Whose it says it is. */
  owner: string
  key: PublicKey
}

/** As a `date` of openpgp.js: nothing is held against a clock. Its `normalizeDate` and its checks let null pass; its types do not say so. */
const AT_ANY_TIME = null as unknown as Date
/** The shortest RSA key that is taken. */
const RSA_BITS = 2048
const PUBLIC = '-----BEGIN PGP PUBLIC KEY BLOCK-----'
const PRIVATE = '-----BEGIN PGP PRIVATE KEY BLOCK-----'

/**
 * The one certificate of an armoured file, fit to seal to at this moment. `name` is how messages call the file. Throws
 * CONFIG_INVALID: none or several certificates, a private key, revoked, expired, no encryption subkey, another algorithm.
 */
export async function readSealingKey(armored: string, name: string, now: Date): Promise<SealingKey> {
  return fitToSeal(await readCertificate(armored, name), name, now)
}

/** The same for a key that was made for one session: fit at the moment of its making, whatever this machine's clock says. */
export async function readOneTimeKey(armored: string, name: string): Promise<SealingKey & { made: Date }> {
  const certificate = await readCertificate(armored, name)
  const made = certificate.getCreationTime()
  return { ...(await fitToSeal(certificate, name, made)), made }
}

function invalidKey(name: string, what: string, cause?: unknown): GlasskeyError {
  return new GlasskeyError('CONFIG_INVALID', `${name}: ${what}`, 'The custodian exports it anew: gpg --armor --export FINGERPRINT', { cause })
}

async function readCertificate(armored: string, name: string): Promise<Key> {
  const invalid = (what: string, cause?: unknown): GlasskeyError => invalidKey(name, what, cause)
  if (armored.includes(PRIVATE)) throw invalid('holds a PRIVATE key, which must never leave its custodian')
  const blocks = armored.split(PUBLIC).length - 1
  if (blocks !== 1) throw invalid(blocks === 0 ? 'is no armoured OpenPGP public key' : `holds ${blocks} armoured keys; exactly one is meant`)
  let keys: Key[]
  try {
    keys = await readKeys({ armoredKeys: armored })
  } catch (error) {
    throw invalid('cannot be read as an OpenPGP public key', error)
  }
  const [key] = keys
  if (!key || keys.length !== 1) throw invalid(`holds ${keys.length} certificates; exactly one is meant`)
  return key
}

async function fitToSeal(key: Key, name: string, now: Date): Promise<SealingKey> {
  const invalid = (what: string, cause?: unknown): GlasskeyError => invalidKey(name, what, cause)
  const fingerprint = key.getFingerprint().toUpperCase()
  if (fingerprint.length !== 40) throw invalid(`key ${fingerprint} is of a version that GnuPG 2.2 does not know; version 4 is needed`)
  const called = `key ${fingerprint}`
  const made = key.getCreationTime()
  if (made > now) throw new GlasskeyError('CONFIG_INVALID', `${name}: ${called} was made at ${toSecond(made)}, and it is ${toSecond(now)} by this machine's clock`, 'Set the clock that is wrong: this machine\'s, or, with a new key, that of the machine it was made on.')
  if (await key.isRevoked(undefined, undefined, now)) throw invalid(`${called} is revoked`)
  const expires = await key.getExpirationTime()
  if (expires instanceof Date && expires <= now) throw invalid(`${called} expired on ${expires.toISOString().slice(0, 10)}`)
  try {
    const encryption = await key.getEncryptionKey(undefined, now)
    const { algorithm, bits = 0, curve } = encryption.getAlgorithmInfo()
    const fits = algorithm.startsWith('rsaEncrypt') ? bits >= RSA_BITS : algorithm === 'ecdh' && curve === 'curve25519Legacy'
    if (!fits) throw invalid(`${called} encrypts with ${algorithm} ${curve === undefined ? `${bits} bits` : curve}; RSA of ${RSA_BITS} bits or more, or Curve25519 (cv25519), is needed`)
    return { fingerprint, owner: key.getUserIDs()[0] ?? '', key: key.toPublic() }
  } catch (error) {
    if (error instanceof GlasskeyError) throw error
    throw invalid(`${called} has no encryption subkey that is valid today`, error)
  }
}

function toSecond(moment: Date): string {
  return `${moment.toISOString().slice(0, 19)}Z`
}

/** The OpenPGP message that carries a text to a key. `now` is the day on which the key must be valid. */
export async function sealText(text: string, { key }: SealingKey, now: Date): Promise<Uint8Array> {
  const message = await createMessage({ binary: new TextEncoder().encode(text), format: 'binary', filename: '', date: now })
  const sessionKey = { data: new Uint8Array(randomBytes(32)), algorithm: 'aes256' as const }
  try {
    const sealed: unknown = await encrypt({
      message,
      encryptionKeys: key,
      sessionKey,
      date: now,
      format: 'binary',
      config: { aeadProtect: false, preferredCompressionAlgorithm: enums.compression.uncompressed },
    })
    if (!(sealed instanceof Uint8Array)) throw new TypeError('openpgp: expected bytes')
    await sealedMessage(sealed)
    return sealed
  } finally {
    sessionKey.data.fill(0)
  }
}

/** The private keys of an armoured file. Throws SHARE_SEALED naming the file. */
export async function readCustodianKeys(armored: string, name: string): Promise<PrivateKey[]> {
  try {
    return await readPrivateKeys({ armoredKeys: armored })
  } catch (error) {
    throw new GlasskeyError('SHARE_SEALED', `${name} cannot be read as an armoured OpenPGP private key`, 'gpg --armor --export-secret-keys FINGERPRINT writes one.', { cause: error })
  }
}

/**
 * The text behind a message, with an unlocked private key, expired or not: the machine may be one whose clock lost its battery years
 * ago. Throws SHARE_SEALED when it does not open or was altered.
 */
export async function openText(sealed: Uint8Array, key: PrivateKey): Promise<string> {
  try {
    const opened: { data: unknown } = await decrypt({ message: await sealedMessage(sealed), decryptionKeys: key, date: AT_ANY_TIME, format: 'binary', config: { maxDecompressedMessageSize: LONGEST_TEXT } })
    const bytes = opened.data as Uint8Array
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    bytes.fill(0)
    return text
  } catch (error) {
    throw new GlasskeyError('SHARE_SEALED', `key ${key.getFingerprint().toUpperCase()} does not open it: it is sealed to another key, or was altered`, 'Use the key that the sheet names; where that is on a card, use gpg. Or scan the other copy of the sheet.', { cause: error })
  }
}

/** What a message opens to is a text of one line, or one of the few of a consent. */
const LONGEST_TEXT = 64 * 1024

/** The message that these bytes are, which is of exactly the two packets of the format. Throws RangeError, and what openpgp.js throws. */
export async function sealedMessage(sealed: Uint8Array): Promise<Message<Uint8Array>> {
  const key = keyPacketOf(sealed, enums.packet.publicKeyEncryptedSessionKey)
  if (key[0] !== KEY_VERSION) throw new RangeError(`sealed: its key packet is of version ${key[0]}`)
  return readMessage({ binaryMessage: sealed })
}

/** Of the packet with the session key. */
const KEY_VERSION = 3

/** A private key unlocked; null where the passphrase is another. Throws SHARE_SEALED for one that no passphrase unlocks. */
export async function unlockKey(privateKey: PrivateKey, passphrase: string): Promise<PrivateKey | null> {
  try {
    return await decryptKey({ privateKey, passphrase })
  } catch (error) {
    // openpgp.js has no class of its own for it.
    if (error instanceof Error && error.message.includes('Incorrect key passphrase')) return null
    const fingerprint = privateKey.getFingerprint().toUpperCase()
    throw new GlasskeyError('SHARE_SEALED', `no passphrase unlocks key ${fingerprint} of this file: it is only a pointer to a card, as gpg exports it, or is protected in a way that is not read here`, 'Where the key is on a card, use gpg; otherwise another file.', { cause: error })
  }
}
