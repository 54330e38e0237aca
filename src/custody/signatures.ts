/** Detached OpenPGP signatures over a manifest, by signers whose fingerprints an envelope seals. */
import { createMessage, readKeys, readSignature, verify } from 'openpgp'
import { GlasskeyError } from '../errors.js'

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
  const keys = (await Promise.all(signed.publicKeys.map((armoredKeys) => readKeys({ armoredKeys })))).flat()
  const trusted = keys.filter((key) => sealed.includes(key.getFingerprint().toUpperCase()))
  const message = await createMessage({ binary: new TextEncoder().encode(signed.text) })
  const { signatures } = await verify({ message, signature: await readSignature({ armoredSignature: armored }), verificationKeys: trusted, format: 'binary' })
  const good = new Set<string>()
  for (const signature of signatures) {
    try {
      await signature.verified
    } catch (error) {
      if (error instanceof Error) continue
      throw error
    }
    const signer = trusted.find((key) => key.getKeys(signature.keyID).length > 0)
    if (signer) good.add(signer.getFingerprint().toUpperCase())
  }
  return [...good]
}
