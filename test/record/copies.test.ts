import { expect, test } from 'vitest'
import type { Custodian } from '../../src/custody/custody-yaml.js'
import { heldCopies } from '../../src/record/copies.js'
import type { LogbookEntry, NewLogbookEntry } from '../../src/record/logbook.js'

/** Custodian 1, whose copy lies in this bag as custody.yaml says. */
function custodianWith(bag: string): Custodian {
  return { number: 1, name: 'Ada Lovelace', openpgpKey: null, copies: [{ copy: 1, holder: 'Ada Lovelace', phone: '', place: 'safe', bag }] }
}

const entries = (...told: NewLogbookEntry[]): LogbookEntry[] => told.map((entry, at): LogbookEntry => ({ ...entry, seq: at + 1, at: `2026-11-2${at}T00:00:00.000Z`, prev: '0'.repeat(64) }))
const inspected = (bag: string, newBag?: string): NewLogbookEntry => ({ type: 'inspected', custodian: 1, copy: 1, generations: [2, 3], bag, condition: 'intact', ...(newBag === undefined ? {} : { newBag }), witness: 'Lin Chen' })
const handover = (bag: string, to = 'Grace Hopper'): NewLogbookEntry => ({ type: 'handover', custodian: 1, copy: 1, from: 'Ada Lovelace', to, bag, witness: 'Lin Chen' })

const bagOf = (listed: string, logbook: LogbookEntry[], generation: number | null = 2): unknown => {
  const [held] = heldCopies([custodianWith(listed)], logbook, [], generation)
  return [held?.bag, held?.outdated.filter((note) => note.includes('bag'))]
}

test('a bag that was opened for an inspection got another: the last number that was seen is the new one', () => {
  const logbook = entries(inspected('B-OLD', 'B-NEW'))
  expect(bagOf('B-NEW', logbook)).toEqual(['B-NEW', []])
  expect(bagOf('B-OLD', logbook)).toEqual(['B-NEW', ['custody.yaml says bag B-OLD, the logbook B-NEW']])
  expect(bagOf('B-OLD', logbook, 4)).toEqual(['B-OLD', []])
})

test('what was seen later counts, and hand-overs that do not say what is in which bag name them all', () => {
  expect(bagOf('B-OLD', entries(inspected('B-OLD', 'B-NEW'), inspected('B-NEW')))).toEqual(['B-NEW', ['custody.yaml says bag B-OLD, the logbook B-NEW']])
  expect(bagOf('B-NEW', entries(inspected('B-OLD', 'B-NEW'), handover('B-NEW'), handover('B-TWO')))).toEqual(['B-NEW or B-TWO', ['custody.yaml says bag B-NEW, the logbook B-NEW or B-TWO']])
})
