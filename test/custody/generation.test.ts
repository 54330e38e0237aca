import { describe, expect, test } from 'vitest'
import { inUse, standings, successorsOf, toUpload, whyNot, type GenerationEvent, type SheetSet, type Standing } from '../../src/custody/generation.js'

/** Four sets of 2 of 3; custodian 1 has two copies. */
const SETS: SheetSet[] = [1, 2, 3, 4].map((generation) => ({ generation, threshold: 2, shares: [{ custodian: 1, copies: 2 }, { custodian: 2, copies: 1 }, { custodian: 3, copies: 1 }] }))
const event = (kind: 'sealed' | 'installed' | 'key-live' | 'deleted' | 'graded-dead' | 'retired', generation: number): GenerationEvent => ({ kind, generation })
const seen = (generation: number, custodian: number): GenerationEvent => ({ kind: 'share-seen', generation, custodian })
const gone = (generation: number, custodian: number, copy: number): GenerationEvent => ({ kind: 'copy-gone', generation, custodian, copy })
const of = (generation: number, events: GenerationEvent[]): Standing => {
  const found = standings(SETS, events).find((standing) => standing.generation === generation)
  if (!found) throw new RangeError('no such generation')
  return found
}

test('a life, step by step', () => {
  const life: [GenerationEvent, Standing['state']][] = [
    [event('sealed', 2), 'waiting'],
    [event('installed', 2), 'in use'],
    [seen(2, 1), 'in use'],
    [seen(2, 1), 'in use'],
    [seen(2, 3), 'exposed'],
    [event('key-live', 2), 'not proved dead'],
    [event('deleted', 2), 'not proved dead'],
    [event('graded-dead', 2), 'burned'],
  ]
  life.forEach(([, state], at) => {
    expect(of(2, life.slice(0, at + 1).map(([happened]) => happened)).state).toBe(state)
  })
})

describe('states', () => {
  test('a grade without a deletion, or the other way round, buries nothing', () => {
    expect(of(1, [event('key-live', 1), event('graded-dead', 1)]).state).toBe('not proved dead')
    expect(of(1, [event('key-live', 1), event('deleted', 1)]).state).toBe('not proved dead')
  })
  test('k - 1 distinct shares over all sessions are not an exposure; k are', () => {
    expect(of(3, [seen(3, 2), seen(3, 2), seen(3, 2)])).toMatchObject({ state: 'waiting', seen: [2] })
    expect(of(3, [seen(3, 2), seen(4, 1), seen(3, 1)])).toMatchObject({ state: 'exposed', seen: [1, 2] })
  })
  test('retired outranks exposed, and a live key outranks retired', () => {
    expect(of(3, [seen(3, 1), seen(3, 2), event('retired', 3)]).state).toBe('retired')
    expect(of(3, [event('retired', 3), event('key-live', 3)]).state).toBe('not proved dead')
  })
  test('events of others do not count', () => {
    expect(of(1, [event('installed', 2), event('retired', 3)]).state).toBe('waiting')
  })
})

describe('margin', () => {
  test('a custodian lives as long as one copy does', () => {
    expect(of(1, [])).toMatchObject({ living: 3, margin: 1 })
    expect(of(1, [gone(1, 1, 1)])).toMatchObject({ living: 3, margin: 1 })
    expect(of(1, [gone(1, 1, 1), gone(1, 1, 1)])).toMatchObject({ living: 3, margin: 1 })
    expect(of(1, [gone(1, 1, 1), gone(1, 1, 2)])).toMatchObject({ living: 2, margin: 0 })
    expect(of(1, [gone(1, 1, 1), gone(1, 1, 2), gone(1, 3, 1)])).toMatchObject({ living: 1, margin: -1 })
  })
  test('a copy that never was changes nothing', () => {
    expect(of(1, [gone(1, 2, 2), gone(1, 9, 1)])).toMatchObject({ living: 3, margin: 1 })
  })
})

describe('successors', () => {
  const after = (generation: number, events: GenerationEvent[]): number[] => successorsOf(standings(SETS, events), generation).map((entry) => entry.generation)

  test('those that wait, next first, whatever the order of the sets', () => {
    expect(after(1, [])).toEqual([2, 3, 4])
    expect(after(2, [event('installed', 2)])).toEqual([3, 4])
    expect(successorsOf(standings(SETS.toReversed(), []), 1).map((entry) => entry.generation)).toEqual([2, 3, 4])
    expect(after(4, [])).toEqual([])
  })
  test('not the retired, the exposed, the dead, nor those that cannot be recombined', () => {
    expect(after(1, [event('retired', 2)])).toEqual([3, 4])
    expect(after(1, [seen(2, 1), seen(2, 2)])).toEqual([3, 4])
    expect(after(1, [gone(3, 2, 1)])).toEqual([2, 3, 4])
    expect(after(1, [gone(3, 2, 1), gone(3, 3, 1)])).toEqual([2, 4])
  })
})

describe('what is uploaded by hand where nobody has a way in', () => {
  const upload = (used: number, successor: number | null, events: GenerationEvent[]): number | null => toUpload(standings(SETS, events), used, successor)

  test('the successor; where people cannot go on with it, the first that they can; an exposed one only if there is no other', () => {
    expect(upload(1, 3, [])).toBe(3)
    expect(upload(1, null, [])).toBe(2)
    expect(upload(1, 3, [gone(3, 2, 1), gone(3, 3, 1)])).toBe(2)
    expect(upload(1, 3, [event('retired', 3), seen(2, 1), seen(2, 2)])).toBe(4)
    expect(upload(1, 2, [seen(2, 1), seen(2, 2)])).toBe(2)
    expect(upload(2, 3, [event('retired', 3), seen(4, 1), seen(4, 2)])).toBe(4)
    expect(upload(3, null, [event('retired', 4)])).toBeNull()
  })
})

describe('in use', () => {
  const current = (events: GenerationEvent[]): number | undefined => inUse(standings(SETS, events), events)?.generation
  test('none before the takeover; then the newest that was installed and is not dead', () => {
    expect(current([event('sealed', 1)])).toBeUndefined()
    expect(current([event('installed', 1)])).toBe(1)
    expect(current([event('installed', 1), event('key-live', 1), event('installed', 2)])).toBe(2)
    expect(current([event('installed', 1), event('installed', 2), event('key-live', 2), event('deleted', 2), event('graded-dead', 2)])).toBe(1)
  })
  test('one that is exposed is still the one that OCI has', () => {
    expect(current([event('installed', 1), seen(1, 1), seen(1, 2)])).toBe(1)
  })
  test('all dead: none', () => {
    expect(current([event('installed', 1), event('key-live', 1), event('deleted', 1), event('graded-dead', 1)])).toBeUndefined()
  })
})

test('why a sheet is of no use', () => {
  const why = (state: Standing['state']): string => whyNot({ generation: 1, state, living: 3, margin: 1, seen: [] })
  expect({
    burned: why('burned'),
    unproved: why('not proved dead'),
    retired: why('retired'),
    exposed: why('exposed'),
    waiting: why('waiting'),
    inUse: why('in use'),
  }).toEqual({
    burned: 'that key is dead',
    unproved: 'that key was used and is not proved dead; run glasskey resume',
    retired: 'that generation is retired',
    exposed: 'that generation is exposed',
    waiting: 'that key is not in use yet',
    inUse: 'that key is the one in use',
  })
})
