/** Detached OpenPGP signatures over a manifest, by signers whose fingerprints an envelope seals. */
import { createMessage, readKeys, readSignature, verify } from 'openpgp'
import { GlasskeyError } from '../errors.js'

/** Characters of a manifest's .asc: each signature is under 1,000, and the search for them must come to an end. */
const LONGEST_SIGNATURES = 64 * 1024
/** Signatures that are looked at. */
const MAXIMUM_SIGNATURES = 64

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
  const rings = await Promise.all(signed.publicKeys.map((armoredKeys) => readable('a public key in signers/', async () => await readKeys({ armoredKeys }))))
  const keys = rings.flat()
  const trusted = keys.filter((key) => sealed.includes(key.getFingerprint().toUpperCase())).map((key) => key.toPublic())
  const good = new Set<string>()
  const name = `manifest.json.asc of GENERATION ${signed.generation}`
  if (armored.length > LONGEST_SIGNATURES) throw unreadable(name)
  // Signers work apart: each appends a block of their own to the .asc.
  for (const block of (armored.match(BLOCKS) ?? []).slice(0, MAXIMUM_SIGNATURES)) {
    const signature = await readable(name, () => readSignature({ armoredSignature: block }))
    if (signature.packets.length > MAXIMUM_SIGNATURES) throw unreadable(name)
    const message = await createMessage({ binary: new TextEncoder().encode(signed.text) })
    const { signatures } = await readable(name, async () => await verify({ message, signature, verificationKeys: trusted, format: 'binary' }))
    for (const found of signatures) {
      const signer = trusted.find((key) => key.getKeys(found.keyID).length > 0)
      if (signer && (await holds(found.verified))) good.add(signer.getFingerprint().toUpperCase())
    }
  }
  return [...good]
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
