/**
 * The envelope: header and private key as an OpenPGP message that `gpg --decrypt` opens anywhere.
 *
 * RFC 9580: one v4 SKESK (AES-256), SEIPD v1 with its MDC, zlib, a binary literal. Not AEAD, which GnuPG 2.2 cannot
 * read; not a text literal, which rewrites line ends. The passphrase is the seal secret as 64 hex digits.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { createMessage, decrypt, encrypt, enums, readMessage } from 'openpgp'
import { sha256Hex } from '../canonical.js'
import { GlasskeyError } from '../errors.js'
import { namesOf, spkiOf } from './key.js'
import { manifestDigest, type Manifest, type SealedManifest } from './manifest.js'
import { keyPacketOf } from './packets.js'
import { recombine, type Quorum } from './quorum.js'

/** What stands above the key inside the envelope: enough for k sheets to suffice, and the root of trust for the folder. */
export interface EnvelopeHeader {
  keyId: string
  generation: number
  rehearsal: boolean
  tenancy: string
  user: string
  homeRegion: string
  fingerprint: string
  threshold: number
  shares: number
  manifestSha256: string
  rulesSha256: string
  /** OpenPGP fingerprints; empty when the rules name none. */
  signers: string[]
  signersNeeded: number
  /** Full digest of the successor's SPKI, or null for the last generation of a ceremony. */
  successorSpkiSha256: string | null
}

/** An opened envelope whose parts agree. */
export interface OpenedEnvelope {
  header: EnvelopeHeader
  privateKey: KeyObject
  /** PKCS#8 PEM with its final newline, as bytes (wipe it). */
  pem: Uint8Array
}

/** Header order on paper and in the file. */
const NAMES = [
  ['glasskey', '1'],
  ['key-id', 'keyId'],
  ['generation', 'generation'],
  ['rehearsal', 'rehearsal'],
  ['tenancy', 'tenancy'],
  ['user', 'user'],
  ['home-region', 'homeRegion'],
  ['fingerprint', 'fingerprint'],
  ['threshold', 'threshold'],
  ['shares', 'shares'],
  ['manifest-sha256', 'manifestSha256'],
  ['rules-sha256', 'rulesSha256'],
  ['signers', 'signers'],
  ['signers-needed', 'signersNeeded'],
  ['successor-spki-sha256', 'successorSpkiSha256'],
] as const

const LABEL = 'OCI_API_KEY'
const MAXIMUM_BYTES = 64 * 1024
/** Version 4, AES-256, iterated and salted S2K, SHA-256: how the only key packet of an envelope begins. */
const KEY_PACKET = Buffer.from([4, 9, 3, 8])

/** The header that seals this manifest. */
export function headerFor(manifest: SealedManifest, signers: { fingerprints: string[]; needed: number }): EnvelopeHeader {
  return {
    keyId: manifest.keyId,
    generation: manifest.generation,
    rehearsal: manifest.rehearsal,
    tenancy: manifest.tenancy,
    user: manifest.user,
    homeRegion: manifest.homeRegion,
    fingerprint: manifest.fingerprint,
    threshold: manifest.threshold,
    shares: manifest.shares.length,
    manifestSha256: manifestDigest(manifest),
    rulesSha256: manifest.rulesSha256,
    signers: signers.fingerprints,
    signersNeeded: signers.needed,
    successorSpkiSha256: manifest.successor?.spkiSha256 ?? null,
  }
}

/** Plaintext of an envelope: header, blank line, PKCS#8 PEM, label. UTF-8, LF. Secret. */
export function envelopeText(header: EnvelopeHeader, pem: Uint8Array): Uint8Array {
  const lines = NAMES.map(([name, field]) => `${name}: ${field === '1' ? '1' : fieldText(header[field])}`)
  return new Uint8Array(Buffer.concat([Buffer.from(lines.join('\n') + '\n\n'), pem, Buffer.from(LABEL + '\n')]))
}

function fieldText(value: EnvelopeHeader[keyof EnvelopeHeader]): string {
  if (value === null) return 'none'
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(',')
  return String(value)
}

/** The OpenPGP message. `date` goes into the literal packet, whole seconds. */
export async function seal(plaintext: Uint8Array, secret: Uint8Array, date: Date): Promise<Uint8Array> {
  const message = await createMessage({ binary: plaintext, format: 'binary', filename: '', date })
  const sealed: unknown = await encrypt({
    message,
    passwords: [passphraseOf(secret)],
    format: 'binary',
    config: {
      aeadProtect: false,
      preferredSymmetricAlgorithm: enums.symmetric.aes256,
      preferredCompressionAlgorithm: enums.compression.zlib,
      s2kType: enums.s2k.iterated,
    },
  })
  return bytesFrom(sealed)
}

/** The library's types leave the result open (stream or array); for arrays in, arrays come out. */
function bytesFrom(result: unknown): Uint8Array {
  if (!(result instanceof Uint8Array)) throw new TypeError('openpgp: expected bytes')
  return result
}

/** Opens an envelope with a quorum. Throws as `openWithSecret`; SHARES_INCONSISTENT when surplus shares disagree. */
export async function openEnvelope(quorum: Quorum, envelope: Uint8Array): Promise<OpenedEnvelope> {
  const secret = await recombine(quorum)
  try {
    return await openWithSecret(envelope, secret)
  } finally {
    secret.fill(0)
  }
}

/**
 * Opens an envelope and checks that its MDC holds, that its header is complete, and that the key is the one the header
 * names. Throws ENVELOPE_INVALID otherwise; wrong shares and a damaged envelope look the same by nature.
 */
export async function openWithSecret(envelope: Uint8Array, secret: Uint8Array): Promise<OpenedEnvelope> {
  if (envelope.length > MAXIMUM_BYTES) throw invalid('it is larger than any envelope')
  const plaintext = await decrypted(envelope, secret)
  try {
    return readPlaintext(plaintext)
  } finally {
    plaintext.fill(0)
  }
}

/**
 * Holds an opened envelope against the folder's manifest; paper wins. Throws FOLDER_ALTERED naming every field that
 * differs.
 */
export function checkManifest(header: EnvelopeHeader, manifest: Manifest): Manifest {
  const expected = headerFor(manifest, { fingerprints: header.signers, needed: header.signersNeeded })
  const different = NAMES.flatMap(([name, field]) =>
    field !== '1' && fieldText(header[field]) !== fieldText(expected[field]) ? [name] : [],
  )
  if (different.length > 0) {
    throw new GlasskeyError(
      'FOLDER_ALTERED',
      `the custody folder was altered: the sheets are sealed with another ${different.join(', ')} than manifest.json of generation ${manifest.generation} says`,
      'The paper is right. Fetch an untouched copy of the folder and find out who changed this one.',
    )
  }
  return manifest
}

async function decrypted(envelope: Uint8Array, secret: Uint8Array): Promise<Uint8Array> {
  try {
    checkPackets(envelope)
    const message = await readMessage({ binaryMessage: envelope })
    const opened: { data: unknown } = await decrypt({
      message,
      passwords: [passphraseOf(secret)],
      format: 'binary',
      config: { maxDecompressedMessageSize: MAXIMUM_BYTES },
    })
    return bytesFrom(opened.data)
  } catch (error) {
    throw invalid('the shares do not open it, or it is damaged', error)
  }
}

/**
 * Exactly the two packets of the format. An OpenPGP reader tries every key packet that it is given, however dear: a few
 * thousand of them, or one that wants gigabytes (Argon2), and the release never comes to its end.
 */
function checkPackets(envelope: Uint8Array): void {
  const key = keyPacketOf(envelope, enums.packet.symEncryptedSessionKey)
  if (!Buffer.from(key.subarray(0, KEY_PACKET.length)).equals(KEY_PACKET)) throw new RangeError('envelope: its first packet is not our kind of key packet')
}

function readPlaintext(plaintext: Uint8Array): OpenedEnvelope {
  const bytes = Buffer.from(plaintext.buffer, plaintext.byteOffset, plaintext.byteLength)
  const blank = bytes.indexOf('\n\n')
  const label = Buffer.from(LABEL + '\n')
  if (blank < 0 || !bytes.subarray(-label.length).equals(label)) throw invalid('its contents are not header, key and label')
  const header = parseHeader(bytes.subarray(0, blank).toString('utf8'))
  const pem = new Uint8Array(bytes.subarray(blank + 2, bytes.length - label.length))
  let privateKey: KeyObject
  try {
    privateKey = createPrivateKey({ key: Buffer.from(pem.buffer), format: 'pem', type: 'pkcs8' })
  } catch (error) {
    throw invalid('the key in it cannot be read', error)
  }
  const names = namesOf(spkiOf(createPublicKey(privateKey)))
  if (names.keyId !== header.keyId || names.fingerprint !== header.fingerprint) {
    throw invalid(`its header names key ${header.keyId}, but the key in it is ${names.keyId}`)
  }
  return { header, privateKey, pem }
}

function parseHeader(text: string): EnvelopeHeader {
  const lines = text.split('\n')
  const version = /^glasskey: (.*)$/.exec(lines[0] ?? '')?.[1] ?? ''
  if (version !== '1') throw invalid(`it has header version "${version.slice(0, 20)}", and this glasskey reads version 1`)
  if (lines.length !== NAMES.length) throw invalid(`its header has ${lines.length} lines, not ${NAMES.length}`)
  const values = NAMES.map(([name], at) => {
    const line = lines[at] ?? ''
    if (!line.startsWith(`${name}: `)) throw invalid(`header line ${at + 1} should be "${name}"`)
    return line.slice(name.length + 2)
  })
  const value = (name: (typeof NAMES)[number][1]): string => values[NAMES.findIndex(([, field]) => field === name)] ?? ''
  const orNone = (text: string): string | null => (text === 'none' ? null : text)
  const whole = (name: 'generation' | 'threshold' | 'shares' | 'signersNeeded'): number => {
    if (!/^\d{1,4}$/.test(value(name))) throw invalid(`its header has no number for ${name}`)
    return Number(value(name))
  }
  if (!['true', 'false'].includes(value('rehearsal'))) throw invalid('its header does not say whether it is a rehearsal')
  return {
    keyId: value('keyId'),
    generation: whole('generation'),
    rehearsal: value('rehearsal') === 'true',
    tenancy: value('tenancy'),
    user: value('user'),
    homeRegion: value('homeRegion'),
    fingerprint: value('fingerprint'),
    threshold: whole('threshold'),
    shares: whole('shares'),
    manifestSha256: value('manifestSha256'),
    rulesSha256: value('rulesSha256'),
    signers: orNone(value('signers'))?.split(',') ?? [],
    signersNeeded: whole('signersNeeded'),
    successorSpkiSha256: orNone(value('successorSpkiSha256')),
  }
}

function passphraseOf(secret: Uint8Array): string {
  return Buffer.from(secret).toString('hex')
}

function invalid(what: string, cause?: unknown): GlasskeyError {
  return new GlasskeyError('ENVELOPE_INVALID', `the envelope does not open: ${what}`, 'Read page 2 of another sheet, or other sheets.', { cause })
}

/** Digest that stands in the manifest and on page 2 of each sheet. */
export function envelopeDigest(envelope: Uint8Array): string {
  return sha256Hex(envelope)
}
