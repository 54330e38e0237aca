/** From single shares to a quorum, and from a quorum to the seal secret. */
import { combine } from 'shamir-secret-sharing'
import { timingSafeEqual } from 'node:crypto'
import { GlasskeyError } from '../errors.js'
import type { Manifest } from './manifest.js'
import { calledBy, type Share } from './share.js'
import { SHARE_BYTES } from './share-text.js'

/** At least k distinct committed shares of one generation. Made only by `formQuorum`; only this opens an envelope. */
export interface Quorum {
  readonly trust: 'quorum'
  readonly manifest: Manifest
  readonly shares: readonly Share[]
}

/** The shares accepted so far, with one more. Throws SHARE_TWICE for another copy, SHARE_SAME_X for an impossible pair. */
export function withShare(accepted: readonly Share[], share: Share, manifest: Manifest): Share[] {
  const whose = calledBy(manifest, share.custodian)
  if (accepted.some((earlier) => earlier.custodian === share.custodian)) {
    throw new GlasskeyError(
      'SHARE_TWICE',
      `the share of ${whose} was given already: copies count once`,
      `${tooFew(accepted.length, manifest)} It must come from another custodian.`,
    )
  }
  const same = accepted.find((earlier) => xOf(earlier.bytes) === xOf(share.bytes))
  if (same) {
    throw new GlasskeyError(
      'SHARE_SAME_X',
      `the shares of ${whose} and ${calledBy(manifest, same.custodian)} are the same point: one of them is forged`,
      'Keep both sheets and raise the alarm.',
    )
  }
  return [...accepted, share]
}

/** A quorum. Throws QUORUM_NOT_REACHED, which says how many are needed and is not called invalid. */
export function formQuorum(shares: readonly Share[], manifest: Manifest): Quorum {
  let distinct: Share[] = []
  for (const share of shares) distinct = withShare(distinct, share, manifest)
  if (distinct.length < manifest.threshold) {
    throw new GlasskeyError('QUORUM_NOT_REACHED', tooFew(distinct.length, manifest), distinct.length === 0 ? 'Begin again with the sheets of a quorum.' : 'Nothing is wrong with the sheets that were accepted; more are needed.')
  }
  return { trust: 'quorum', manifest, shares: distinct }
}

/** `1 of 2 shares; 1 more needed.` */
export function tooFew(count: number, manifest: Manifest): string {
  return `${count} of ${manifest.threshold} shares; ${manifest.threshold - count} more needed.`
}

/**
 * The seal secret (32 bytes; wipe it). Surplus shares are cross-checked: every k-subset with a surplus share must give
 * the same secret, or SHARES_INCONSISTENT is thrown.
 */
export async function recombine(quorum: Quorum): Promise<Uint8Array> {
  const { threshold } = quorum.manifest
  const bytes = quorum.shares.map((share) => plain(share.bytes))
  try {
    const secret = await combine(bytes.slice(0, threshold))
    for (const surplus of bytes.slice(threshold)) {
      const again = await combine([...bytes.slice(0, threshold - 1), surplus])
      const same = again.length === secret.length && timingSafeEqual(again, secret)
      again.fill(0)
      if (!same) {
        secret.fill(0)
        throw new GlasskeyError('SHARES_INCONSISTENT', 'the shares do not lie on one polynomial: at least one is forged', 'Keep the sheets and raise the alarm.')
      }
    }
    return secret
  } finally {
    for (const copy of bytes) copy.fill(0)
  }
}

/** The library refuses a Buffer; it also wipes nothing, so it gets a copy that we wipe. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes)
}

function xOf(bytes: Uint8Array): number {
  return bytes[SHARE_BYTES - 1] ?? 0
}
