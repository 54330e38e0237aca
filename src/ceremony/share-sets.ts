/** Sheets without a folder: which of them belong together, and what no ceremony prints. */
import type { ShareHeader } from '../custody/share.js'
import type { UntrustedShare } from '../custody/share-text.js'
import { GlasskeyError } from '../errors.js'

/** Whether two sheets say that they are of one set. */
export function isOfSet(one: ShareHeader, other: ShareHeader): boolean {
  return one.keyId === other.keyId && one.rehearsal === other.rehearsal && one.threshold === other.threshold && one.shares === other.shares
}

/** The set of which most is there; of two that are as large, the one that came first. Copies count once. */
export function largestSet<Sheet extends ShareHeader>(sheets: readonly Sheet[]): Sheet[] {
  const sets: Sheet[][] = []
  for (const sheet of sheets) {
    const set = sets.find(([first]) => first && isOfSet(first, sheet))
    if (!set) sets.push([sheet])
    else if (!set.some((other) => isCopy(other, sheet))) set.push(sheet)
  }
  return sets.reduce((largest, set) => (set.length > largest.length ? set : largest), [])
}

/** Two of the same point are two copies: what is sealed has no point yet, and goes by its custodian. */
function isCopy(one: Partial<UntrustedShare>, other: Partial<UntrustedShare>): boolean {
  return one.bytes && other.bytes ? pointOf(one.bytes) === pointOf(other.bytes) : one.custodian === other.custodian
}

/** What is wrong with a sheet beside those that were read before; null where nothing is. */
export function forgeryIn(share: UntrustedShare, before: readonly UntrustedShare[]): GlasskeyError | null {
  const { custodian, threshold, shares, bytes } = share
  if (threshold < 2) return new GlasskeyError('SHARE_OTHER_SET', `the sheet claims that ${threshold} of ${shares} are enough, which no ceremony prints: it is forged`, 'Keep it, and use another.')
  if (pointOf(bytes) === 0) return new GlasskeyError('SHARE_ZERO_X', `the sheet of custodian ${custodian} has x = 0, which no ceremony prints: it is forged`, 'Keep it, and use another.')
  const same = before.find((other) => isOfSet(other, share) && pointOf(other.bytes) === pointOf(bytes))
  if (!same || Buffer.compare(same.bytes, bytes) === 0) return null
  return new GlasskeyError('SHARE_SAME_X', 'two different sheets claim the same point: one of them is forged', 'Use other sheets.')
}

/** The x coordinate of a share (section "Sharing" of docs/format.md). */
function pointOf(bytes: Uint8Array): number {
  return bytes.at(-1) ?? 0
}
