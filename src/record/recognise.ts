/** Whose an API key is that OCI lists: known by its whole public key, never by OCI's fingerprint alone. */
import { sha256Hex } from '../canonical.js'
import { spkiOfPem } from '../custody/key.js'
import { type Manifest } from '../custody/manifest.js'
import { type ListedKey } from './journal.js'

/** ApiKey as OCI lists it (oci-identity, models/api-key). */
export interface KeyAsListed {
  fingerprint: string
  keyValue?: string | null | undefined
  lifecycleState: string
}

/** A listed key beside the manifest whose whole SPKI it has. OCI's fingerprint alone is never believed. */
export function recognise(key: KeyAsListed, manifests: readonly Manifest[]): ListedKey {
  const spkiSha256 = digestOf(key.keyValue ?? '')
  const manifest = manifests.find((candidate) => candidate.spkiSha256 === spkiSha256)
  return { fingerprint: key.fingerprint, spkiSha256, generation: manifest?.generation ?? null, lifecycleState: key.lifecycleState }
}

function digestOf(pem: string): string | null {
  try {
    return sha256Hex(spkiOfPem(pem))
  } catch (error) {
    // Not a public key: nobody's.
    if (error instanceof Error) return null
    throw error
  }
}
