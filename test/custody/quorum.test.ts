import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Manifest } from '../../src/custody/manifest.js'
import { formQuorum, recombine, tooFew, withShare } from '../../src/custody/quorum.js'
import type { Share } from '../../src/custody/share.js'
import { splitSecret } from '../../src/custody/split.js'
import { manifestOf, sealSecretOf, sharesOf } from '../vectors/frozen.js'
import { refusal, refusalOf } from '../vectors/refusal.js'

/** A manifest for k of n; only counts and names matter here. */
function counted(threshold: number, shares: number): Manifest {
  return { ...manifestOf(2), threshold, shares: Array.from({ length: shares }, (_, at) => ({ custodian: at + 1, name: `C${at + 1}`, copies: 1, commitment: '0'.repeat(64) })) }
}

const committed = (bytes: Uint8Array, custodian: number): Share => ({ trust: 'committed', custodian, name: `C${custodian}`, bytes })

function subsets<Item>(items: readonly Item[], size: number): Item[][] {
  if (size === 0) return [[]]
  return items.flatMap((item, at) => subsets(items.slice(at + 1), size - 1).map((rest) => [item, ...rest]))
}

describe('every k-subset gives the secret, and no smaller set is a quorum', () => {
  const sizes = [2, 3, 4, 5].flatMap((k) => Array.from({ length: 8 - k + 1 }, (_, more) => [k, k + more] as const))
  test.each(sizes)('%i of %i', async (k, n) => {
    const secret = new Uint8Array(randomBytes(32))
    const shares = (await splitSecret(secret, n, k)).map((bytes, at) => committed(bytes, at + 1))
    const manifest = counted(k, n)
    for (const subset of subsets(shares, k)) expect(Buffer.from(await recombine(formQuorum(subset, manifest)))).toEqual(Buffer.from(secret))
    expect(Buffer.from(await recombine(formQuorum(shares.toReversed(), manifest)))).toEqual(Buffer.from(secret))
    for (let fewer = 0; fewer < k; fewer += 1) {
      expect(refusal(() => formQuorum(shares.slice(0, fewer), manifest))).toMatchObject({
        code: 'QUORUM_NOT_REACHED',
        message: `${fewer} of ${k} shares; ${k - fewer} more needed.`,
        hint: fewer === 0 ? 'Begin again with the sheets of a quorum.' : 'Nothing is wrong with the sheets that were accepted; more are needed.',
      })
    }
  })
})

test('recombining leaves the shares as they were', async () => {
  const shares = sharesOf(2)
  const before = shares.map(({ bytes }) => Buffer.from(bytes).toString('hex'))
  expect(Buffer.from(await recombine(formQuorum(shares, manifestOf(2))))).toEqual(Buffer.from(sealSecretOf(2)))
  expect(shares.map(({ bytes }) => Buffer.from(bytes).toString('hex'))).toEqual(before)
})

test('a share as Buffer is taken all the same', async () => {
  const shares = sharesOf(2).map((share) => ({ ...share, bytes: Buffer.from(share.bytes) }))
  expect(Buffer.from(await recombine(formQuorum(shares, manifestOf(2))))).toEqual(Buffer.from(sealSecretOf(2)))
})

test('the same custodian twice', () => {
  const [one, two] = sharesOf(2)
  if (!one || !two) throw new RangeError('the golden set has three shares')
  expect(withShare([one], two, manifestOf(2))).toEqual([one, two])
  expect(refusal(() => withShare([one], { ...one }, manifestOf(2)))).toMatchObject({
    code: 'SHARE_TWICE',
    message: 'the share of custodian 1 (Ada Lovelace) was given already: copies count once',
    hint: '1 of 2 shares; 1 more needed. It must come from another custodian.',
  })
  expect(tooFew(1, manifestOf(2))).toBe('1 of 2 shares; 1 more needed.')
})

test('two custodians with the same x', () => {
  const [one, two] = sharesOf(2)
  if (!one || !two) throw new RangeError('the golden set has three shares')
  const bytes = two.bytes.slice()
  bytes[32] = one.bytes[32] ?? 0
  expect(refusal(() => formQuorum([one, { ...two, bytes }], manifestOf(2)))).toMatchObject({
    code: 'SHARE_SAME_X',
    message: 'the shares of custodian 2 (Grace Hopper) and custodian 1 (Ada Lovelace) are the same point: one of them is forged',
    hint: 'Keep both sheets and raise the alarm.',
  })
})

test('surplus shares are cross-checked, wherever the forged one stands', async () => {
  for (const forged of [0, 1, 2]) {
    const shares = sharesOf(2).map((share, at) => {
      const bytes = share.bytes.slice()
      if (at === forged) bytes[5] = (bytes[5] ?? 0) ^ 0x40
      return { ...share, bytes }
    })
    expect(await refusalOf(() => recombine(formQuorum(shares, manifestOf(2))))).toMatchObject({
      code: 'SHARES_INCONSISTENT',
      message: 'the shares do not lie on one polynomial: at least one is forged',
      hint: 'Keep the sheets and raise the alarm.',
    })
  }
})
