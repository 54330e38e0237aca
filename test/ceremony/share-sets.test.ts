/** Which sheets belong together when there is no folder to ask, and which no ceremony prints. */
import { expect, test } from 'vitest'
import { forgeryIn, largestSet } from '../../src/ceremony/share-sets.js'
import { parseShareText, type UntrustedShare } from '../../src/custody/share-text.js'
import type { ShareHeader } from '../../src/custody/share.js'
import { secretsOf } from '../vectors/frozen.js'

/** The golden shares of a generation. */
const sharesOf = (generation: number): [UntrustedShare, UntrustedShare, UntrustedShare] => {
  const [one, two, three] = secretsOf(generation).shareTexts.map((text) => parseShareText(text))
  if (!one || !two || !three) throw new RangeError('the golden sets have three shares')
  return [one, two, three]
}
const withBytes = (share: UntrustedShare, change: (byte: number, at: number) => number): UntrustedShare => ({ ...share, bytes: Uint8Array.from(share.bytes, change) })

test('the set of which most is there, whatever came first; of equals the first', () => {
  const [one, two, three] = sharesOf(2)
  const [stray, another] = sharesOf(3)
  expect(largestSet([])).toEqual([])
  expect(largestSet([stray, one])).toEqual([stray])
  expect(largestSet([stray, one, two])).toEqual([one, two])
  expect(largestSet([one, stray, two, another, three])).toEqual([one, two, three])
  // What differs in any of the four is another set.
  for (const change of [{ threshold: 3 }, { shares: 4 }, { rehearsal: false }, { keyId: '0'.repeat(16) }]) expect(largestSet([one, { ...two, ...change }, three])).toEqual([one, three])
})

test('copies count once: of a share by its point, of a sealed one by its custodian', () => {
  const [one, two] = sharesOf(2)
  expect(largestSet([one, { ...one, custodian: 2 }, two])).toEqual([one, two])
  const sealed: ShareHeader = { rehearsal: two.rehearsal, keyId: two.keyId, custodian: two.custodian, threshold: two.threshold, shares: two.shares }
  expect(largestSet<ShareHeader>([one, sealed, sealed, { ...sealed, custodian: 1 }])).toEqual([one, sealed])
})

test('a forgery is named beside what was read before', () => {
  const [one, two] = sharesOf(2)
  expect(forgeryIn(two, [one])).toBeNull()
  expect(forgeryIn(one, [one])).toBeNull()
  expect(forgeryIn({ ...one, threshold: 1 }, [])).toMatchObject({ code: 'SHARE_OTHER_SET' })
  expect(forgeryIn(withBytes(one, (byte, at) => (at === one.bytes.length - 1 ? 0 : byte)), [])).toMatchObject({ code: 'SHARE_ZERO_X' })
  const same = withBytes(one, (byte, at) => (at === 0 ? byte ^ 1 : byte))
  expect(forgeryIn(same, [one])).toMatchObject({ code: 'SHARE_SAME_X' })
  // The same point in another set is nobody's.
  expect(forgeryIn({ ...same, keyId: '0'.repeat(16) }, [one])).toBeNull()
})
