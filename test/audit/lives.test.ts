import { expect, test } from 'vitest'
import { deathOf, type Use } from '../../src/audit/lives.js'

const use = (session: string, change: Partial<Use>): Use => ({ session, generation: 2, live: true, liveAt: null, shares: [1, 2], grade: 'unproved', ended: '2026-11-20T04:00:00.000Z', told: { opensAfter: 1, events: [] }, ...change })

test('a key that one session left alive died in a later one with the same key, and in no other', () => {
  const alive = use('1', {})
  const ends: [later: Partial<Use>, dead: boolean][] = [
    [{ grade: 'proved' }, true],
    [{ grade: 'refused-only' }, true],
    [{ grade: 'unproved' }, false],
    [{ grade: null, live: false }, false],
    [{ grade: 'proved', ended: null }, false],
    [{ grade: 'proved', generation: 3 }, false],
  ]
  for (const [change, dead] of ends) {
    const later = use('2', change)
    expect(deathOf(alive, [alive, later])).toBe(dead ? later : undefined)
  }
})

test('a key that is used after it was graded dead is not dead because of that', () => {
  const [dead, again] = [use('1', { grade: 'proved' }), use('2', {})]
  expect(deathOf(dead, [dead, again])).toBe(dead)
  expect(deathOf(again, [dead, again])).toBeUndefined()
})
