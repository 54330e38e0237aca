import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { calledBy, commitmentOf, judgeShare, type Expectation } from '../../src/custody/share.js'
import { parseShareText, type UntrustedShare } from '../../src/custody/share-text.js'
import { faults, manifestOf, secretsOf } from '../vectors/frozen.js'
import { refusal } from '../vectors/refusal.js'

const manifest = manifestOf(2)
const expectation: Expectation = { manifest, others: [{ manifest: manifestOf(1), standing: 'that key is dead' }] }
const given = (custodian: number): UntrustedShare => parseShareText(secretsOf(2).shareTexts[custodian - 1] ?? '')
const bring = `Bring a sheet of GENERATION 2, key id ${manifest.keyId}.`
const alarm = 'Keep the sheet, use another custodian, and raise the alarm: either the sheet or the custody folder was altered.'

test('the promised share is accepted and named', () => {
  for (const { custodian, name } of manifest.shares) {
    const share = given(custodian)
    expect(judgeShare(share, expectation)).toEqual({ trust: 'committed', custodian, name, bytes: share.bytes })
  }
})

test('commitment: domain, NUL, share', () => {
  const { bytes } = given(1)
  expect(commitmentOf(bytes)).toBe(createHash('sha256').update(Buffer.concat([Buffer.from('glasskey/share/1'), Buffer.from([0]), bytes])).digest('hex'))
  expect(commitmentOf(bytes)).toBe(manifest.shares[0]?.commitment)
})

test('people are called by number and name, strangers by number', () => {
  expect(calledBy(manifest, 3)).toBe('custodian 3 (Željko Đurić)')
  expect(calledBy(manifest, 4)).toBe('custodian 4')
})

describe('what to do next', () => {
  const hints: Record<string, string> = {
    SHARE_REAL_IN_REHEARSAL: 'Put it back into its bag at once and note in the logbook that it was opened.',
    SHARE_OTHER_GENERATION: bring,
    SHARE_OTHER_KEY: bring,
    SHARE_OTHER_SET: bring,
    SHARE_NUMBER: bring,
    SHARE_ZERO_X: alarm,
    SHARE_COMMITMENT: alarm,
  }
  const judged = faults('shares').filter(({ code }) => code in hints)
  test('every refusal of a readable sheet is among the vectors', () => {
    expect(new Set(judged.map(({ code }) => code))).toEqual(new Set(Object.keys(hints)))
  })
  test.each(judged.map(({ name, input, code }) => [name, input, code] as const))('%s', (_, input, code) => {
    const others = [...expectation.others, { manifest: manifestOf(3), standing: 'that key is not in use yet' }]
    expect(refusal(() => judgeShare(parseShareText(input), { manifest, others })).hint).toBe(hints[code])
  })

  test('a practice sheet at a real session', () => {
    expect(refusal(() => judgeShare(given(1), { manifest: { ...manifest, rehearsal: false }, others: [] }))).toMatchObject({
      code: 'SHARE_PRACTICE',
      message: 'this is a practice sheet (GKR): it opens nothing real',
      hint: bring,
    })
  })
})

test('the kind is judged before the key, the key before the set, the set before the number', () => {
  const wrong: UntrustedShare = { ...given(1), rehearsal: false, keyId: '0123456789abcdef', threshold: 9, custodian: 9 }
  const code = (share: UntrustedShare): string => refusal(() => judgeShare(share, expectation)).code
  expect(code(wrong)).toBe('SHARE_REAL_IN_REHEARSAL')
  expect(code({ ...wrong, rehearsal: true })).toBe('SHARE_OTHER_KEY')
  expect(code({ ...wrong, rehearsal: true, keyId: manifest.keyId })).toBe('SHARE_OTHER_SET')
  expect(code({ ...wrong, rehearsal: true, keyId: manifest.keyId, threshold: 2 })).toBe('SHARE_NUMBER')
})

test('one bit anywhere in the 33 bytes breaks the commitment (or makes x 0)', () => {
  for (let bit = 0; bit < 33 * 8; bit += 1) {
    const share = given(2)
    share.bytes[bit >> 3] = (share.bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    const code = refusal(() => judgeShare(share, expectation)).code
    expect(code).toBe(share.bytes[32] === 0 ? 'SHARE_ZERO_X' : 'SHARE_COMMITMENT')
  }
})
