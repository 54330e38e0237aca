import { describe, expect, test } from 'vitest'
import { confirmationDue, isCredible, isRefused, probeOffsets, REHEARSAL_PROBES, type ProbeAnswer } from '../../src/warrant/probe-schedule.js'

/** `401@10` is a refusal after 10 s, `401?@10` one whose date cannot be believed. */
const answers = (text: string): ProbeAnswer[] => text.split(' ').filter(Boolean).map((word) => {
  const [, status = '', doubt, at = ''] = /^(\d+)(\?)?@(\d+(?:\.\d+)?)$/.exec(word) ?? []
  return { status: Number(status), credible: doubt === undefined, at: Number(at) * 1000 }
})

describe('refused: three in a row and one more two minutes later', () => {
  test.each<[string, boolean]>([
    ['', false],
    ['401@0', false],
    ['401@0 401@10 401@20', false],
    ['401@0 401@10 401@20 401@139.999', false],
    ['401@0 401@10 401@20 401@140', true],
    ['401@0 401@10 401@20 401@141', true],
    ['401@0 401@10 401@20 401@30 401@40 401@140', true],
    ['401@0 401@10 401@200', false],
    ['401@0 401@10 401@200 401@320', true],
    ['200@0 401@10 401@20 401@30 401@150', true],
    ['401@0 401@10 200@20 401@30 401@40 401@50 401@140', false],
    ['401@0 401@10 401@20 200@30 401@140', false],
    ['401@0 401@10 401@20 500@30 401@40 401@50 401@60 401@180', true],
    ['401@0 401@10 401@20 404@140', false],
    ['401@0 401@10 401@20 429@140 401@150', false],
    ['401?@0 401?@10 401?@20 401?@140', false],
    ['401@0 401@10 401@20 401?@140', false],
    ['401@0 401?@10 401@20 401@30 401@40 401@160', true],
    ['401@0 401@10 401@20 401@140 200@150', false],
    ['401@0 401@10 401@20 401@140 401@150', true],
    ['403@0 403@10 403@20 403@140', false],
  ])('%s: %s', (text, refused) => {
    expect(isRefused(answers(text), 120)).toBe(refused)
  })
})

describe('when the confirmation is due', () => {
  test.each<[string, number | null]>([
    ['', null],
    ['401@0 401@10', null],
    ['401@0 401@10 401@20', 140],
    ['401@0 401@10 401@20 401@30', 140],
    ['200@0 401@10 401@20 401@30', 150],
    ['401@0 401@10 401@20 200@30', null],
    ['401@0 401@10 401@20 200@30 401@40 401@50', null],
    ['401@0 401@10 401@20 200@30 401@40 401@50 401@60', 180],
    ['401@0 401?@10 401@20 401@30', null],
    ['401?@0 401@10 401@20 401@30', 150],
  ])('%s: %s', (text, due) => {
    expect(confirmationDue(answers(text), 120)).toBe(due === null ? null : due * 1000)
  })
})

describe('offsets', () => {
  test('every interval until giving up and the confirmation after it', () => {
    expect(probeOffsets({ intervalSeconds: 10, confirmAfterSeconds: 120, giveUpAfterMinutes: 15 })).toEqual(Array.from({ length: 103 }, (_, at) => at * 10_000))
    expect(probeOffsets(REHEARSAL_PROBES)).toEqual(Array.from({ length: 66 }, (_, at) => at * 1000))
    expect(probeOffsets({ intervalSeconds: 60, confirmAfterSeconds: 5, giveUpAfterMinutes: 1 })).toEqual([0, 60_000])
  })
  test('at most 240', () => {
    expect(probeOffsets({ intervalSeconds: 1, confirmAfterSeconds: 59, giveUpAfterMinutes: 3 })).toHaveLength(240)
    expect(probeOffsets({ intervalSeconds: 1, confirmAfterSeconds: 60, giveUpAfterMinutes: 3 })).toHaveLength(240)
    expect(probeOffsets({ intervalSeconds: 1, confirmAfterSeconds: 58, giveUpAfterMinutes: 3 })).toHaveLength(239)
  })
})

describe('a 401 can be about the key only up to 4 minutes after the probe\'s date, and no more than the clocks\' tolerance before it', () => {
  const signed = Date.parse('2026-11-22T02:30:00Z')
  test.each([
    ['Sun, 22 Nov 2026 02:30:00 GMT', true],
    ['Sun, 22 Nov 2026 02:34:00 GMT', true],
    ['Sun, 22 Nov 2026 02:34:01 GMT', false],
    ['Sun, 22 Nov 2026 02:29:30 GMT', true],
    ['Sun, 22 Nov 2026 02:29:29 GMT', false],
    ['', false],
    ['yesterday', false],
  ])('%s: %s', (date, credible) => {
    expect(isCredible(date, signed)).toBe(credible)
  })
})
