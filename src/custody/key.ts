/** Names of a public key: key id and digest of ours, fingerprint of OCI's. */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import { sha256Hex } from '../canonical.js'

/** First 8 bytes of SHA-256 over the SPKI, 16 lower-case hex digits. A short name for people; never compared alone. */
export type KeyId = string

/** The public half of a generation's key, in every form in which it is written somewhere. */
export interface PublicKeyNames {
  keyId: KeyId
  /** Full SHA-256 over the DER SubjectPublicKeyInfo, lower-case hex. */
  spkiSha256: string
  /** OCI's own name: MD5 over the same DER, lower-case hex pairs with colons. */
  fingerprint: string
  /** SPKI PEM, LF line ends, with a final newline. */
  publicKeyPem: string
}

/** DER SubjectPublicKeyInfo (RFC 5280) of a public or private key. */
export function spkiOf(key: KeyObject): Uint8Array {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key
  return new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
}

/** DER SubjectPublicKeyInfo of a PEM public key. Throws Node's own error when the text is not one. */
export function spkiOfPem(pem: string): Uint8Array {
  return spkiOf(createPublicKey(pem))
}

/** Sizes of our keys, in bits. */
const SIZES: readonly number[] = [2048, 3072, 4096]

/** Whether a ceremony could have made this PEM public key: RSA, exponent 65537, one of our sizes. */
export function isOurKind(pem: string): boolean {
  const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey(pem)
  return asymmetricKeyType === 'rsa' && asymmetricKeyDetails?.publicExponent === 65537n && SIZES.includes(asymmetricKeyDetails.modulusLength ?? 0)
}

/** All names of the key whose SubjectPublicKeyInfo this is. */
export function namesOf(spki: Uint8Array): PublicKeyNames {
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  const spkiSha256 = sha256Hex(spki)
  return {
    keyId: spkiSha256.slice(0, 16),
    spkiSha256,
    fingerprint: fingerprintOf(spki),
    publicKeyPem: key.export({ type: 'spki', format: 'pem' }).toString(),
  }
}

/** All names of a PEM public key; null when the text is not one. */
export function namesOfPem(pem: string): PublicKeyNames | null {
  try {
    return namesOf(spkiOfPem(pem))
  } catch (error) {
    // Whatever a list has in that place.
    if (error instanceof Error) return null
    throw error
  }
}

/** MD5 over the SPKI as OCI shows it: `aa:bb:…`. Carried beside our digest, never instead of it. */
export function fingerprintOf(spki: Uint8Array): string {
  const hex = createHash('md5').update(spki).digest('hex')
  return (hex.match(/../g) ?? []).join(':')
}
