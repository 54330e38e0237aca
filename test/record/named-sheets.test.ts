import { expect, test } from 'vitest'
import type { NewLogbookEntry } from '../../src/record/logbook.js'
import { checkNamedSheets } from '../../src/record/named-sheets.js'
import { refusal } from '../vectors/refusal.js'

/** Custodian 3 left after GENERATION 1; custodian 2 has a second copy since GENERATION 2; custody.yaml lists a third for the next ceremony. */
const MADE = [
  { generation: 1, shares: [{ custodian: 1, copies: 2 }, { custodian: 2, copies: 1 }, { custodian: 3, copies: 1 }] },
  { generation: 2, shares: [{ custodian: 1, copies: 2 }, { custodian: 2, copies: 2 }] },
]
const LISTED = [{ number: 1, copies: [{ copy: 1 }, { copy: 2 }] }, { number: 2, copies: [{ copy: 1 }, { copy: 2 }, { copy: 3 }] }]

const witness = 'Dorothy Vaughan'
const lost = (custodian: number, copy: number, generations: number[]): NewLogbookEntry => ({ type: 'lost', custodian, copy, generations, witness })
const inspected = (custodian: number, copy: number, generations: number[]): NewLogbookEntry => ({ type: 'inspected', custodian, copy, generations, bag: 'B-1', condition: 'intact', witness })
const handover = (custodian: number, copy: number, generations?: number[]): NewLogbookEntry => ({ type: 'handover', custodian, copy, ...(generations && { generations }), from: 'a', to: 'b', bag: 'B-1', witness })
const acknowledged = (custodian: number, copy: number): NewLogbookEntry => ({ type: 'acknowledged', custodian, copy, by: 'a', witness })
const destroyed = (generation: number, custodian: number, copies: number[]): NewLogbookEntry => ({ type: 'destroyed', generation, custodian, copies, method: 'shredded', witness })

test.each<NewLogbookEntry>([
  lost(1, 2, [1, 2]), lost(2, 2, [2]), lost(3, 1, [1]),
  inspected(1, 2, [1, 2]), handover(2, 2, [2]), handover(2, 3), handover(3, 1), acknowledged(2, 3), acknowledged(1, 1),
  destroyed(1, 3, [1]), destroyed(2, 2, [1, 2]),
  { type: 'retired', generation: 2, reason: 'x' },
  { type: 'exception', step: 's', happened: 'h', decision: 'd', decidedBy: 'a', witness },
])('sheets that there are: %j', (entry) => {
  expect(() => { checkNamedSheets(entry, MADE, LISTED) }).not.toThrow()
})

const NONE = 'names one at least'
test.each<[entry: NewLogbookEntry, message: string, hint: string]>([
  [lost(1, 0, [1]), 'custodian 1 has no copy 0 of GENERATION 1', 'There are copies 1 to 2. Nothing was written.'],
  [lost(1, 3, [1]), 'custodian 1 has no copy 3 of GENERATION 1', 'There are copies 1 to 2. Nothing was written.'],
  [lost(2, 2, [1, 2]), 'custodian 2 has no copy 2 of GENERATION 1', 'There is copy 1 only. Nothing was written.'],
  [lost(3, 1, [1, 2]), 'there is no custodian 3 of GENERATION 2', 'Nothing was written.'],
  [lost(1, 1, [3]), 'there is no GENERATION 3', 'glasskey status lists them. Nothing was written.'],
  [lost(1, 1, []), `of which generations? An entry about sheets ${NONE}`, 'glasskey status lists them. Nothing was written.'],
  [inspected(1, 1, []), `of which generations? An entry about sheets ${NONE}`, 'glasskey status lists them. Nothing was written.'],
  [inspected(2, 2, [1]), 'custodian 2 has no copy 2 of GENERATION 1', 'There is copy 1 only. Nothing was written.'],
  [handover(2, 2, [1]), 'custodian 2 has no copy 2 of GENERATION 1', 'There is copy 1 only. Nothing was written.'],
  [handover(2, 4), 'custodian 2 has no copy 4', 'There are copies 1 to 3. Nothing was written.'],
  [acknowledged(4, 1), 'there is no custodian 4', 'Nothing was written.'],
  [destroyed(1, 1, []), `which copies? An entry about sheets ${NONE}`, 'Nothing was written.'],
  [destroyed(2, 2, [1, 3]), 'custodian 2 has no copy 3 of GENERATION 2', 'There are copies 1 to 2. Nothing was written.'],
  [destroyed(2, 3, [1]), 'there is no custodian 3 of GENERATION 2', 'Nothing was written.'],
  [{ type: 'retired', generation: 3, reason: 'x' }, 'there is no GENERATION 3', 'glasskey status lists them. Nothing was written.'],
])('sheets that there are not: %j', (entry, message, hint) => {
  expect(refusal(() => { checkNamedSheets(entry, MADE, LISTED) })).toMatchObject({ code: 'USAGE', message, hint })
})
