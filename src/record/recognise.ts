/** Whose an API key is that OCI lists: known by its whole public key; by OCI's fingerprint only where OCI leaves the key out. */
import { z } from 'zod'
import { namesOfPem } from '../custody/key.js'
import type { Manifest } from '../custody/manifest.js'
import type { Warrant } from '../warrant/warrant.js'
import type { ListedKey } from './journal.js'
import type { Session } from './replay.js'

/** A word of OCI's that goes into the record: a name of something, whole characters. */
export const word = z.string().max(255).refine((text) => text.isWellFormed())

/** A page of any of OCI's lists has at most a thousand entries; ours are never near it. */
export const PAGE = 1000

/** ApiKey as OCI lists it (oci-identity, models/api-key); longer than what the record takes it never is. */
export const keyAsListed = z.object({ fingerprint: word.max(200), keyValue: z.string().nullish(), lifecycleState: word })
/** ApiKey as OCI lists it. */
export type KeyAsListed = z.infer<typeof keyAsListed>

/** A listed key beside the manifest whose whole SPKI it has. OCI's fingerprint alone is never believed. */
export function recognise(key: KeyAsListed, manifests: readonly Manifest[]): ListedKey {
  const spkiSha256 = namesOfPem(key.keyValue ?? '')?.spkiSha256 ?? null
  const manifest = manifests.find((candidate) => candidate.spkiSha256 === spkiSha256) ?? withoutValue(key, manifests)
  return { fingerprint: key.fingerprint, spkiSha256, generation: manifest?.generation ?? null, lifecycleState: key.lifecycleState }
}

/** A key that OCI lists without its value is not a stranger's if it has one of our fingerprints: strangers' are deleted. */
function withoutValue({ keyValue, fingerprint }: KeyAsListed, manifests: readonly Manifest[]): Manifest | undefined {
  return keyValue === undefined || keyValue === null || keyValue === '' ? manifests.find((candidate) => candidate.fingerprint === fingerprint) : undefined
}

/** Whether a listing still has this key, by its value or by OCI's name for it: either is enough to call it alive. */
export function isListed(keys: readonly ListedKey[], manifest: Pick<Manifest, 'spkiSha256' | 'fingerprint'>): boolean {
  return keys.some((key) => key.spkiSha256 === manifest.spkiSha256 || key.fingerprint === manifest.fingerprint)
}

/** What a login read last in a session; null where it found the used key, and OCI said after it that the key is deleted. */
export function lastListing({ listings, deletedLast }: Pick<Session, 'listings' | 'deletedLast'>, used: Pick<Manifest, 'spkiSha256' | 'fingerprint'>): Session['listings'][number] | null {
  const last = listings.at(-1) ?? null
  return last !== null && deletedLast !== null && deletedLast.seq > last.seq && isListed(last.keys, used) ? null : last
}

/** Whether that was there then. */
export function wasListedLast(session: Pick<Session, 'listings' | 'deletedLast'>, used: Pick<Manifest, 'spkiSha256' | 'fingerprint'>): boolean {
  return isListed(lastListing(session, used)?.keys ?? [], used)
}

/**
 * Fingerprints of the keys that nobody's sheets open, in what a login read last. `cameThrough`: whether the session did what it was for;
 * until a takeover has, the bootstrap key is one of them.
 */
export function strangersIn(listings: readonly { keys: readonly ListedKey[] }[], action: Warrant['action']['name'], cameThrough: boolean): string[] {
  if (action === 'takeover' && !cameThrough) return []
  return (listings.at(-1)?.keys ?? []).flatMap(({ generation, fingerprint, lifecycleState }) => (generation === null && lifecycleState !== 'DELETED' ? [fingerprint] : []))
}
