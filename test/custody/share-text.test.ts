import { bech32m } from '@scure/base'
import { describe, expect, test } from 'vitest'
import { inGroups, parseShareText, shareToText, type ShareFields } from '../../src/custody/share-text.js'
import { refusal } from '../vectors/refusal.js'

const ALPHABET = 'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L'
const FIELDS: ShareFields = {
  rehearsal: false,
  keyId: '0011223344556677',
  threshold: 2,
  shares: 3,
  custodian: 1,
  bytes: Uint8Array.from({ length: 33 }, (_, at) => at * 7 + 1),
}
/** Of these fields, by the reference implementation of BIP 350 (Python), not by ours. */
const REFERENCE = {
  real: 'GK1QYQPZG3NG32KVACZQVQSZZQ0ZCWJG2EJ89QYWNJ4T33K5UTC07RGM9YM525MPDA7CHXD8KHP6ZZGR5',
  rehearsal: 'GKR1QYQPZG3NG32KVACZQVQSZZQ0ZCWJG2EJ89QYWNJ4T33K5UTC07RGM9YM525MPDA7CHXD8KHPPHLCGZ',
}

const say = (text: string): string => refusal(() => parseShareText(text)).message
const replaced = (text: string, at: number, by: string): string => text.slice(0, at) + by + text.slice(at + 1)

describe('bytes', () => {
  test('81 characters, or 82 for a rehearsal, upper case', () => {
    expect(shareToText(FIELDS)).toHaveLength(81)
    expect(shareToText({ ...FIELDS, rehearsal: true })).toHaveLength(82)
    expect(shareToText(FIELDS)).toMatch(/^GK1[02-9AC-HJ-NP-Z]{78}$/)
    expect(shareToText({ ...FIELDS, rehearsal: true })).toMatch(/^GKR1[02-9AC-HJ-NP-Z]{78}$/)
  })

  test('are those of the reference implementation', () => {
    expect(shareToText(FIELDS)).toBe(REFERENCE.real)
    expect(shareToText({ ...FIELDS, rehearsal: true })).toBe(REFERENCE.rehearsal)
  })

  test('the payload is version, key id, threshold, shares, custodian, share', () => {
    const { prefix, words } = bech32m.decode(shareToText(FIELDS).toLowerCase() as `gk1${string}`)
    expect(prefix).toBe('gk')
    expect(Buffer.from(bech32m.fromWords(words)).toString('hex')).toBe('01' + '0011223344556677' + '02' + '03' + '01' + Buffer.from(FIELDS.bytes).toString('hex'))
  })

  test('what is written is read', () => {
    expect(parseShareText(shareToText(FIELDS))).toEqual({ ...FIELDS, trust: 'none' })
    expect(parseShareText(shareToText({ ...FIELDS, rehearsal: true }))).toEqual({ ...FIELDS, rehearsal: true, trust: 'none' })
  })

  test('groups of four', () => {
    expect(inGroups('ABCDEFGHI')).toBe('ABCD EFGH I')
    expect(inGroups('ABCDEFGH')).toBe('ABCD EFGH')
    expect(parseShareText(inGroups(shareToText(FIELDS)))).toEqual({ ...FIELDS, trust: 'none' })
  })
})

describe('fields at their bounds', () => {
  test.each(['threshold', 'shares', 'custodian'] as const)('%s', (name) => {
    for (const good of [1, 255]) expect(parseShareText(shareToText({ ...FIELDS, [name]: good }))[name]).toBe(good)
    for (const bad of [0, 256, -1, 1.5, NaN]) expect(() => shareToText({ ...FIELDS, [name]: bad })).toThrow(new RangeError(`shareToText: ${name} must be a whole number from 1 to 255`))
  })

  test.each([['15 digits', '0'.repeat(15)], ['17 digits', '0'.repeat(17)], ['upper case', '00112233445566AA'], ['empty', '']])('key id of %s', (_, keyId) => {
    expect(() => shareToText({ ...FIELDS, keyId })).toThrow(new RangeError('shareToText: keyId must be 16 hex digits'))
  })

  test.each([0, 32, 34])('%i share bytes', (length) => {
    expect(() => shareToText({ ...FIELDS, bytes: new Uint8Array(length) })).toThrow(new RangeError('shareToText: bytes must be 33 long'))
  })
})

describe('typing', () => {
  const good = shareToText(FIELDS)

  test.each([
    ['lower case', good.toLowerCase()],
    ['mixed case: a slip of the shift key', good.slice(0, 10).toLowerCase() + good.slice(10)],
    ['spaces, tabs, line breaks and dashes', ` ${inGroups(good).replace(/ /g, ' -\t\r\n')}\n`],
  ])('accepted: %s', (_, text) => {
    expect(parseShareText(text)).toEqual({ ...FIELDS, trust: 'none' })
  })

  test('every single wrong character is placed in its group', () => {
    for (let at = 3; at < good.length; at += 1) {
      for (const other of ALPHABET) {
        if (other !== good.charAt(at)) expect(say(replaced(good, at, other))).toBe(`misread: group ${Math.floor(at / 4) + 1} looks wrong`)
      }
    }
  })

  test('every character that is never used is named, with its group', () => {
    for (let at = 3; at < good.length; at += 1) {
      for (const never of ['1', 'B', 'I', 'O', 'b', '?']) expect(say(replaced(good, at, never))).toBe(`misread: "${never.toUpperCase()}" in group ${Math.floor(at / 4) + 1} is never used on a sheet`)
    }
  })

  test.each([['\u001b', 'U+001B'], ['\u0007', 'U+0007'], ['\u{e000}', 'U+E000'], ['\u202e', 'U+202E'], ['\u{1f600}', '\u{1f600}'], ['é', 'É']])('what a terminal could obey is not repeated: %j', (character, shown) => {
    expect(say(replaced(good, 20, character))).toBe(`misread: "${shown}" in group 6 is never used on a sheet`)
  })

  test('every swap of neighbours is placed', () => {
    for (let at = 3; at + 1 < good.length; at += 1) {
      if (good.charAt(at) === good.charAt(at + 1)) continue
      expect(say(good.slice(0, at) + good.charAt(at + 1) + good.charAt(at) + good.slice(at + 2))).toBe(`misread: group ${Math.floor(at / 4) + 1} looks wrong`)
    }
  })

  test('missing and additional characters are counted', () => {
    for (let at = 3; at < good.length; at += 1) expect(say(good.slice(0, at) + good.slice(at + 1))).toBe('misread: 1 character is missing (a sheet has 81)')
    for (let at = 3; at <= good.length; at += 1) expect(say(good.slice(0, at) + 'Z' + good.slice(at))).toBe('misread: 1 character is too many (a sheet has 81)')
    expect(say(good.slice(0, 71))).toBe('misread: 10 characters are missing (a sheet has 81)')
    expect(say(good + 'Q'.repeat(9))).toBe('misread: 9 characters are too many (a sheet has 81)')
    expect(say(good + 'Q'.repeat(10))).toBe('misread: 10 characters are too many (a sheet has 81)')
  })

  test.each([
    ['nothing', ''],
    ['blank', ' \n'],
    ['a prefix alone', 'GK'],
    ['another prefix', 'BC1' + good.slice(3)],
    ['a longer prefix', 'X' + good],
    ['prefix with an L', 'GKL' + good.slice(3)],
    ['an envelope code', 'GKE1/0011223344556677/1/2/AAAA'],
  ])('not a share: %s', (_, text) => {
    expect(refusal(() => parseShareText(text))).toMatchObject({
      code: 'SHARE_MISREAD',
      message: 'this is not a glasskey share: the text of a share begins with GK1 or GKR1',
      hint: 'Compare with the paper group by group, or scan the sheet again.',
    })
  })

  test('prefixes are under the checksum: a practice sheet cannot be relabelled', () => {
    expect(say('GKR1' + good.slice(3))).toBe('misread: the checksum does not fit, in more than one place')
    expect(say('GK1' + shareToText({ ...FIELDS, rehearsal: true }).slice(4))).toBe('misread: the checksum does not fit, in more than one place')
  })

  test('bech32 without the m is refused', async () => {
    const { bech32 } = await import('@scure/base')
    const { words } = bech32m.decode(good.toLowerCase() as `gk1${string}`)
    expect(say(bech32.encode('gk', words))).toBe('misread: the checksum does not fit, in more than one place')
  })

  test('a million characters are refused at once', () => {
    const started = performance.now()
    expect(say('GK1' + 'Q'.repeat(1_000_000))).toBe('misread: 999922 characters are too many (a sheet has 81)')
    expect(performance.now() - started).toBeLessThan(2000)
  })
})

describe('payloads with a right checksum', () => {
  const encode = (payload: Uint8Array): string => bech32m.encode('gk', bech32m.toWords(payload), 200)
  const payload = bech32m.fromWords(bech32m.decode(shareToText(FIELDS).toLowerCase() as `gk1${string}`).words)

  test('44 and 46 bytes', () => {
    expect(say(encode(payload.slice(0, 44)))).toBe('a share holds 45 bytes, this text 44')
    expect(say(encode(new Uint8Array([...payload, 0])))).toBe('a share holds 45 bytes, this text 46')
    expect(say(encode(new Uint8Array()))).toBe('a share holds 45 bytes, this text 0')
  })

  test.each([0, 2, 255])('version %i', (version) => {
    expect(refusal(() => parseShareText(encode(new Uint8Array([version, ...payload.slice(1)]))))).toMatchObject({
      code: 'SHARE_VERSION',
      message: `this share has format version ${version}; this glasskey reads version 1`,
      hint: 'Use the glasskey that printed the sheet, or a newer one.',
    })
  })
})
