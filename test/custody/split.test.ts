import { describe, expect, test } from 'vitest'
import { proveSet, splitSecret } from '../../src/custody/split.js'
import { refusalOf } from '../vectors/refusal.js'

const SECRET = Uint8Array.from({ length: 32 }, (_, at) => at)
const spoilt = (why: string): object => ({ code: 'SET_NOT_PROVED', message: `the set of shares is spoilt: ${why}`, hint: 'Nothing was released. Run the ceremony again.' })

test('33 bytes each, x distinct and not 0, the secret untouched', async () => {
  const secret = SECRET.slice()
  const shares = await splitSecret(secret, 255, 2)
  expect(secret).toEqual(SECRET)
  expect(shares.map((share) => share.length)).toEqual(Array(255).fill(33))
  expect(shares.map((share) => share[32] ?? 0).sort((one, other) => one - other)).toEqual(Array.from({ length: 255 }, (_, at) => at + 1))
})

test('two splits of one secret have nothing in common', async () => {
  const [one, other] = [await splitSecret(SECRET, 3, 2), await splitSecret(SECRET, 3, 2)]
  const texts = [...one, ...other].map((share) => Buffer.from(share).toString('hex'))
  expect(new Set(texts).size).toBe(6)
})

describe('arguments', () => {
  test.each([0, 31, 33])('a secret of %i bytes', async (length) => {
    await expect(splitSecret(new Uint8Array(length), 3, 2)).rejects.toThrow(new RangeError('splitSecret: secret must be 32 bytes'))
  })
  test.each([[3.5, 2], [3, 2.5], [NaN, 2]])('%d shares, threshold %d', async (shares, threshold) => {
    await expect(splitSecret(SECRET, shares, threshold)).rejects.toThrow(new RangeError('splitSecret: counts must be whole numbers'))
  })
  test.each([[2, 3], [3, 1], [1, 1], [256, 2]])('%d shares, threshold %d', async (shares, threshold) => {
    await expect(splitSecret(SECRET, shares, threshold)).rejects.toThrow(/threshold|shares/)
  })
})

describe('a spoilt set is not proved', () => {
  test.each([[2, 3], [3, 5], [5, 5]])('any one bit of any one share, %i of %i', async (threshold, count) => {
    const shares = await splitSecret(SECRET, count, threshold)
    await proveSet(shares, SECRET, threshold)
    for (let at = 0; at < count; at += 1) {
      for (const byte of [0, 15, 31]) {
        const bent = shares.map((share) => share.slice())
        const share = bent[at] ?? new Uint8Array()
        share[byte] = (share[byte] ?? 0) ^ 1
        // A fault in one of the first k - 1 shares shows with the first subset.
        expect(await refusalOf(() => proveSet(bent, SECRET, threshold))).toMatchObject(spoilt(`share ${Math.max(at, threshold - 1) + 1} does not fit the others`))
      }
    }
  })

  test('shares of another secret', async () => {
    const other = SECRET.map((byte) => byte ^ 1)
    expect(await refusalOf(async () => proveSet(await splitSecret(other, 3, 2), SECRET, 2))).toMatchObject(spoilt('share 2 does not fit the others'))
  })

  test('x twice, x = 0, a length, too few', async () => {
    const shares = await splitSecret(SECRET, 3, 2)
    const withX = (x: number): Uint8Array[] => shares.map((share, at) => (at === 1 ? Uint8Array.from([...share.slice(0, 32), x]) : share))
    expect(await refusalOf(() => proveSet(withX(shares[0]?.[32] ?? 0), SECRET, 2))).toMatchObject(spoilt('its points are not distinct and different from 0'))
    expect(await refusalOf(() => proveSet(withX(0), SECRET, 2))).toMatchObject(spoilt('its points are not distinct and different from 0'))
    expect(await refusalOf(() => proveSet([...shares.slice(0, 2), new Uint8Array(34).fill(7)], SECRET, 2))).toMatchObject(spoilt('a share is not 33 bytes long'))
    expect(await refusalOf(() => proveSet(shares.slice(0, 1), SECRET, 2))).toMatchObject(spoilt('there are 1 of at least 2 shares'))
    expect(await refusalOf(() => proveSet([], SECRET, 2))).toMatchObject(spoilt('there are 0 of at least 2 shares'))
  })
})
