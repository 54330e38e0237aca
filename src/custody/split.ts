/** Splitting a seal secret, and proving that every k shares of what came out give it back. */
import { combine, split } from 'shamir-secret-sharing'
import { timingSafeEqual } from 'node:crypto'
import { GlasskeyError } from '../errors.js'
import { SHARE_BYTES } from './share-text.js'

/** Bytes of a seal secret. */
export const SECRET_BYTES = 32

/**
 * n shares of 33 bytes, any k of which give the secret back. Split a secret once only: every further split of the same
 * secret would tell its holders more. Throws SET_NOT_PROVED when the library returned anything but n distinct points.
 */
export async function splitSecret(secret: Uint8Array, shares: number, threshold: number): Promise<Uint8Array[]> {
  if (secret.length !== SECRET_BYTES) throw new RangeError('splitSecret: secret must be 32 bytes')
  if (!Number.isInteger(shares) || !Number.isInteger(threshold)) throw new RangeError('splitSecret: counts must be whole numbers')
  const made = await split(new Uint8Array(secret), shares, threshold)
  await proveSet(made, secret, threshold)
  return made
}

/**
 * Shares {1..k-1, j} for each j in k..n give the secret. If that holds, the first k-1 shares and any other lie on one
 * polynomial of degree k-1, so all n do, so every k-subset gives the secret. Throws SET_NOT_PROVED otherwise.
 */
export async function proveSet(shares: readonly Uint8Array[], secret: Uint8Array, threshold: number): Promise<void> {
  const spoilt = (why: string): GlasskeyError =>
    new GlasskeyError('SET_NOT_PROVED', `the set of shares is spoilt: ${why}`, 'Nothing was released. Run the ceremony again.')
  if (shares.length < threshold) throw spoilt(`there are ${shares.length} of at least ${threshold} shares`)
  const points = new Set(shares.map((share) => share[SHARE_BYTES - 1]))
  if (points.size !== shares.length || points.has(0)) throw spoilt('its points are not distinct and different from 0')
  if (shares.some((share) => share.length !== SHARE_BYTES)) throw spoilt('a share is not 33 bytes long')
  const first = shares.slice(0, threshold - 1)
  for (let at = threshold - 1; at < shares.length; at += 1) {
    const subset = [...first, shares[at] ?? new Uint8Array()].map((share) => new Uint8Array(share))
    const combined = await combine(subset)
    const same = combined.length === secret.length && timingSafeEqual(combined, secret)
    combined.fill(0)
    for (const copy of subset) copy.fill(0)
    if (!same) throw spoilt(`share ${at + 1} does not fit the others`)
  }
}
