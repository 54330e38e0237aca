import { describe, expect, test } from 'vitest'
import { checkWatch, heardFromOci, startWatch, type Reading, type Watch } from '../../src/warrant/deadline.js'
import { refusal } from '../vectors/refusal.js'
import { ENABLE, warrantFor } from './requests.js'

const OPENS = Date.parse('2026-11-22T02:30:00.000Z')
const DEADLINE = OPENS + 30 * 60_000
const warrant = warrantFor(ENABLE, { opens: '2026-11-22T02:30:00.000Z', deadline: '2026-11-22T03:00:00.000Z' })
/** Clocks `ms` after the opening; the uptime begins anywhere. */
const at = (ms: number, uptime = ms): Reading => ({ wall: OPENS + ms, uptime: 777_000 + uptime })
const watch = (): Watch => startWatch(warrant, at(0))
const hint = 'Only the exit is signed now. Ask for a new warrant.'
const heard = (seconds: number, now = at(1000)): Watch => heardFromOci(watch(), new Date(now.wall + seconds * 1000).toUTCString(), now)

describe('starting', () => {
  test('30 s early are let pass, a millisecond more is not', () => {
    expect(startWatch(warrant, at(-30_000)).offset).toBeNull()
    expect(refusal(() => startWatch(warrant, at(-30_001)))).toMatchObject({ code: 'WARRANT_EXPIRED', message: 'the warrant begins at 2026-11-22T02:30:00.000Z; this machine\'s clock says 2026-11-22T02:29:29.999Z', hint })
  })
  test('at the deadline it is over', () => {
    expect(startWatch(warrant, at(DEADLINE - OPENS - 1)).deadline).toBe(DEADLINE)
    for (const late of [0, 1]) expect(refusal(() => startWatch(warrant, at(DEADLINE - OPENS + late))).code).toBe('WARRANT_EXPIRED')
  })
})

describe('expiry, by the fastest clock', () => {
  const last = DEADLINE - OPENS - 1
  test('all three together', () => {
    expect(checkWatch(watch(), at(last))).toEqual(watch())
    expect(refusal(() => checkWatch(watch(), at(last + 1)))).toMatchObject({ code: 'WARRANT_EXPIRED', message: 'the warrant ended at 2026-11-22T03:00:00.000Z; it is 2026-11-22T03:00:00.000Z', hint })
    expect(refusal(() => checkWatch(watch(), at(last + 2))).message).toBe('the warrant ended at 2026-11-22T03:00:00.000Z; it is 2026-11-22T03:00:00.001Z')
  })
  test('the wall clock was put back 20 s: uptime ends it', () => {
    expect(checkWatch(watch(), at(last - 20_000, last))).toBeTruthy()
    expect(refusal(() => checkWatch(watch(), at(last - 20_000, last + 1)))).toMatchObject({ code: 'WARRANT_EXPIRED', message: 'the warrant ended at 2026-11-22T03:00:00.000Z; it is 2026-11-22T03:00:00.000Z' })
  })
  test('OCI\'s clock is 20 s ahead: it ends it', () => {
    expect(checkWatch(heard(20), at(last - 20_000))).toBeTruthy()
    expect(refusal(() => checkWatch(heard(20), at(last - 20_000 + 1))).code).toBe('WARRANT_EXPIRED')
  })
  test('OCI\'s clock is 20 s behind: it gives no time', () => {
    expect(refusal(() => checkWatch(heard(-20), at(last + 1))).code).toBe('WARRANT_EXPIRED')
  })
})

describe('disagreement', () => {
  test.each([1, -1])('wall against uptime: 30 s are let pass, a millisecond more is not (%i)', (sign) => {
    expect(checkWatch(watch(), at(100_000 + sign * 30_000, 100_000))).toBeTruthy()
    expect(refusal(() => checkWatch(watch(), at(100_000 + sign * 30_001, 100_000)))).toMatchObject({
      code: 'CLOCKS_DISAGREE',
      message: `the clocks disagree: the wall clock moved by ${sign > 0 ? '+' : '-'}30 s since the session began`,
      hint: 'Only the exit is signed now. Set the clock right, then ask for a new warrant.',
    })
  })
  test.each([30, -30])('OCI against the wall: %i s are let pass, a second more is not', (seconds) => {
    expect(checkWatch(heard(seconds), at(2000))).toBeTruthy()
    const more = seconds + Math.sign(seconds)
    expect(refusal(() => checkWatch(heard(more), at(2000)))).toMatchObject({ code: 'CLOCKS_DISAGREE', message: `the clocks disagree: OCI's clock and this machine's differ by ${more > 0 ? '+' : ''}${more} s` })
  })
  test('a clock put back by a day to win time is not believed', () => {
    expect(refusal(() => checkWatch(watch(), at(-86_400_000, 60_000))).message).toBe('the clocks disagree: the wall clock moved by -86460 s since the session began')
  })
})

describe('hearing from OCI', () => {
  test('whole seconds; an unreadable date changes nothing; a new one replaces the old', () => {
    expect(heardFromOci(watch(), 'Sun, 22 Nov 2026 02:30:07 GMT', at(1000)).offset).toBe(6000)
    for (const date of ['', 'soon', 'Sun, 99 Nov 2026 02:30:07 GMT']) expect(heardFromOci(heard(5), date, at(2000)).offset).toBe(5000)
    expect(heardFromOci(heard(5), 'Sun, 22 Nov 2026 02:30:02 GMT', at(2000)).offset).toBe(0)
  })
})
