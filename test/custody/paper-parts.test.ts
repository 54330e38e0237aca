import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { joinParts, parsePart, toParts, type Part } from '../../src/custody/paper-parts.js'
import { envelopeOf, manifestOf } from '../vectors/frozen.js'
import { refusal } from '../vectors/refusal.js'

const KEY = '0011223344556677'
const parsed = (texts: readonly string[]): Part[] => texts.map((text) => {
  const part = parsePart(text)
  if (!part) throw new RangeError(`${text} is no part`)
  return part
})

test('prefix, key id, part, parts, base32', () => {
  expect(toParts('GKE1', 'aabbccddeeff0011', new TextEncoder().encode('0123456789ab'), 5)).toEqual(['GKE1/AABBCCDDEEFF0011/1/3/GAYTEMZU', 'GKE1/AABBCCDDEEFF0011/2/3/GU3DOOBZ', 'GKE1/AABBCCDDEEFF0011/3/3/MFRA'])
  expect(toParts('GKP1', KEY, new Uint8Array(1), 5)).toEqual(['GKP1/0011223344556677/1/1/AA'])
})

test('any bytes, any slices, any order, doubles, other keys between', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 900 }), fc.integer({ min: 2, max: 40 }).map((n) => n * 5), fc.infiniteStream(fc.integer()), (bytes, slice, order) => {
      const texts = toParts('GKE1', KEY, bytes, slice)
      const noise = [...toParts('GKE1', 'ffffffffffffffff', new Uint8Array(20), 10), ...toParts('GKP1', KEY, new Uint8Array(30), 10)]
      const shuffled = [...texts, ...texts.slice(0, 2), ...noise].map((text) => [order.next().value, text] as const).sort(([one], [other]) => one - other).map(([, text]) => text)
      expect(Buffer.from(joinParts(parsed(shuffled), 'GKE1', KEY))).toEqual(Buffer.from(bytes))
    }),
    { seed: 8, numRuns: 300 },
  )
})

test('every text is of QR\'s alphanumeric mode', () => {
  for (const text of toParts('GKE1', manifestOf(2).keyId, envelopeOf(2), 760)) expect(text).toMatch(/^[0-9A-Z $%*+\-./:]+$/)
})

describe('arguments', () => {
  test.each([0, 4, 6, -5, 7.5])('slices of %d bytes', (slice) => {
    expect(() => toParts('GKE1', KEY, new Uint8Array(10), slice)).toThrow(new RangeError('toParts: sliceBytes must be a multiple of 5'))
  })
  test('1 to 99 parts', () => {
    expect(toParts('GKE1', KEY, new Uint8Array(99 * 5), 5)).toHaveLength(99)
    expect(() => toParts('GKE1', KEY, new Uint8Array(99 * 5 + 1), 5)).toThrow(new RangeError('toParts: 100 parts; 1 to 99 are possible'))
    expect(() => toParts('GKE1', KEY, new Uint8Array(0), 5)).toThrow(new RangeError('toParts: 0 parts; 1 to 99 are possible'))
  })
})

describe('reading', () => {
  test('lower case and white space around', () => {
    expect(parsePart(' gke1/0011223344556677/1/1/gaytemzu\n')).toEqual({ prefix: 'GKE1', keyId: KEY, part: 1, parts: 1, slice: new TextEncoder().encode('01234') })
  })

  test.each(['', 'GKR1QYPQ', 'GKE2/0011223344556677/1/1/AA', 'https://example.com', 'GKE1'])('not a part: %j', (text) => {
    expect(parsePart(text)).toBeUndefined()
  })

  test.each([
    ['key id too short', 'GKE1/001122334455667/1/1/AA', 'a page code is damaged'],
    ['a field missing', 'GKE1/0011223344556677/1/AA', 'a page code is damaged'],
    ['a leading zero', 'GKE1/0011223344556677/01/1/AA', 'a page code is damaged'],
    ['part 100', 'GKE1/0011223344556677/100/100/AA', 'a page code is damaged'],
    ['an empty slice', 'GKE1/0011223344556677/1/1/', 'a page code is damaged'],
    ['padding', 'GKE1/0011223344556677/1/1/AA======', 'a page code is damaged'],
    ['a length that base32 has not', 'GKE1/0011223344556677/1/1/AAA', 'part 1 of 1 is damaged'],
    ['bits left over', 'GKE1/0011223344556677/1/1/AB', 'part 1 of 1 is damaged'],
    ['part above parts', 'GKE1/0011223344556677/3/2/AA', 'part 3 of 2 cannot be'],
  ])('damaged: %s', (_, text, message) => {
    expect(refusal(() => parsePart(text))).toMatchObject({ code: 'SCAN_UNREADABLE', message, hint: 'Scan page 2 of any sheet of this generation again.' })
  })

  test('a public key that is missing is called one', () => {
    expect(refusal(() => joinParts([], 'GKP1', KEY)).message).toBe(`no public key of key ${KEY} was read`)
    expect(refusal(() => joinParts(parsed(toParts('GKP1', KEY, new Uint8Array(30), 10).slice(1)), 'GKP1', KEY)).message).toBe(`of the public key of key ${KEY}, part 1 of 3 was not read`)
  })
})
