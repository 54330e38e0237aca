/** Detached OpenPGP signatures: over a manifest, by signers whose fingerprints an envelope seals; over a transcript. */
import { armor, createMessage, enums, readKeys, readSignature, verify, type Key, type PublicKey, type Signature } from 'openpgp'
import { GlasskeyError } from '../errors.js'

/** Characters of a manifest's .asc: each signature is under 1,000, and the search for them must come to an end. */
const LONGEST_SIGNATURES = 64 * 1024
/** Signatures that are looked at. */
const MAXIMUM_SIGNATURES = 64
/** Certificates of one fingerprint that are tried: as it was, and each time that it was renewed. */
const MAXIMUM_CERTIFICATES = 16

/** What is to be verified: the exact bytes of manifest.json, its .asc, and the signers' armoured public keys. */
export interface SignedManifest {
  generation: number
  text: string
  signature: string | null
  publicKeys: readonly string[]
}

/** Fingerprints of those sealed signers who signed. Throws SUCCESSOR_UNTRUSTED when they are fewer than needed. */
export async function checkSigners(signed: SignedManifest, sealed: { fingerprints: readonly string[]; needed: number }): Promise<string[]> {
  if (sealed.needed === 0) return []
  const good = signed.signature === null ? [] : await goodSigners(signed, signed.signature, sealed.fingerprints)
  if (good.length >= sealed.needed) return good
  throw new GlasskeyError(
    'SUCCESSOR_UNTRUSTED',
    `the manifest of GENERATION ${signed.generation} has ${good.length} of ${sealed.needed} needed signatures by the sealed signers`,
    'Each signer: gpg --armor --detach-sign manifest.json, on the machine of the ceremony; public keys go to signers/ in the custody folder.',
  )
}

async function goodSigners(signed: SignedManifest, armored: string, sealed: readonly string[]): Promise<string[]> {
  const keys = await keysIn(signed.publicKeys)
  return [...(await signedBy(signed.text, armored, keys.filter((key) => sealed.includes(fingerprintOf(key))), `manifest.json.asc of GENERATION ${signed.generation}`))]
}

/**
 * Fingerprints of those of `publicKeys` (armoured) who signed a text. Blocks by others are passed over. `name` is how
 * messages call the signature. A signature is dated by its signer's clock: one from the future counts, one that has expired does not. Throws SUCCESSOR_UNTRUSTED for what cannot be read.
 */
export async function signersOf(text: string, armored: string, publicKeys: readonly string[], name: string): Promise<string[]> {
  return [...(await signedBy(text, armored, await keysIn(publicKeys), name))]
}

/** Those blocks of `armored` that are not in `there`, and verify by one of `publicKeys`. Throws SUCCESSOR_UNTRUSTED for what cannot be read. */
export async function newSignatures(text: string, there: string, armored: string, publicKeys: readonly string[]): Promise<string> {
  let added = ''
  for (const block of armored.match(BLOCKS) ?? []) if (!there.includes(block) && (await signersOf(text, block, publicKeys, 'a signature')).length > 0) added += `${block}\n`
  return added
}

/** User ids of a key of `publicKeys` (armoured) that its owner certified: what others wrote beside them does not count. Throws SUCCESSOR_UNTRUSTED for what cannot be read. */
export async function namesOfKey(fingerprint: string, publicKeys: readonly string[]): Promise<string[]> {
  const users = (await keysIn(publicKeys)).filter((key) => fingerprintOf(key) === fingerprint).flatMap((key) => key.users)
  const certified = await Promise.all(users.map(async (user) => ((await holds(user.verify())) ? (user.userID?.userID ?? '') : '')))
  return [...new Set(certified)].filter((name) => name !== '')
}

/** Fingerprint of a primary key, 40 upper-case hex digits. */
export function fingerprintOf(key: Key): string {
  return key.getFingerprint().toUpperCase()
}

/** Fingerprint of the public key of an armoured text, which may have been renewed and be there more than once; null where it is anything else, a private key not least. */
export async function fingerprintIn(armored: string): Promise<string | null> {
  try {
    const keys = await readKeys({ armoredKeys: armored })
    const [fingerprint, another] = [...new Set(keys.map(fingerprintOf))]
    return fingerprint !== undefined && another === undefined && !keys.some((key) => key.isPrivate()) ? fingerprint : null
  } catch (error) {
    if (error instanceof Error) return null
    throw error
  }
}

/**
 * An armoured text of the certificates that `there` has, and of those in `renewed` that are new. They stay beside each other, whole, as
 * gpg imports them: openpgp's own merging puts a newer binding in the place of the older one, by which older signatures verify. Throws SUCCESSOR_UNTRUSTED for what cannot be read.
 */
export async function withRenewed(there: string, renewed: string): Promise<string> {
  const known = (await keysIn([there])).map((key) => key.toPublic().write())
  const added = (await keysIn([renewed])).map((key) => key.toPublic().write()).filter((bytes) => !known.some((one) => Buffer.compare(one, bytes) === 0))
  return added.length === 0 ? there : armor(enums.armor.publicKey, new Uint8Array(Buffer.concat([...known, ...added])))
}

async function keysIn(armored: readonly string[]): Promise<Key[]> {
  const rings = await Promise.all(armored.map((armoredKeys) => readable('a public key in signers/', async () => await readKeys({ armoredKeys }))))
  return rings.flat()
}

async function signedBy(text: string, armored: string, keys: readonly Key[], name: string): Promise<Set<string>> {
  const good = new Set<string>()
  if (armored.length > LONGEST_SIGNATURES) throw unreadable(name)
  // Signers work apart: each appends a block of their own to the .asc.
  for (const block of (armored.match(BLOCKS) ?? []).slice(0, MAXIMUM_SIGNATURES)) {
    for (const trusted of eachOnce(keys)) {
      const signature = await readable(name, () => readSignature({ armoredSignature: block }))
      if (signature.packets.length > MAXIMUM_SIGNATURES) throw unreadable(name)
      const message = await createMessage({ binary: new TextEncoder().encode(text) })
      const { signatures } = await readable(name, async () => await verify({ message, signature, verificationKeys: trusted, date: notBefore(signature), format: 'binary' }))
      for (const found of signatures) {
        const signer = trusted.find((key) => key.getKeys(found.keyID).length > 0)
        if (signer && (await holds(found.verified))) good.add(fingerprintOf(signer))
      }
    }
  }
  return good
}

/** Public keys in sets that have each fingerprint once: of several certificates openpgp tries the first alone, and which of them a signature needs is not known. */
function eachOnce(keys: readonly Key[]): PublicKey[][] {
  const sets: PublicKey[][] = [[]]
  for (const key of keys) {
    const free = sets.find((set) => !set.some((one) => fingerprintOf(one) === fingerprintOf(key)))
    if (free) free.push(key.toPublic())
    else if (sets.length < MAXIMUM_CERTIFICATES) sets.push([key.toPublic()])
  }
  return sets
}

/** Now, or when the youngest of these signatures was made, if our clock is behind the signer's. */
function notBefore({ packets }: Signature): Date {
  return new Date(Math.max(Date.now(), ...packets.map(({ created }) => created?.getTime() ?? 0)))
}

const BLOCKS = /-----BEGIN PGP SIGNATURE-----[^]*?-----END PGP SIGNATURE-----/g

async function holds(verified: Promise<true>): Promise<boolean> {
  try {
    return await verified
  } catch (error) {
    if (error instanceof Error) return false
    throw error
  }
}

async function readable<Thing>(what: string, read: () => Promise<Thing>): Promise<Thing> {
  try {
    return await read()
  } catch (error) {
    throw unreadable(what, error)
  }
}

function unreadable(what: string, cause?: unknown): GlasskeyError {
  return new GlasskeyError('SUCCESSOR_UNTRUSTED', `${what} cannot be read`, 'Fetch an untouched copy of the file.', { cause })
}
