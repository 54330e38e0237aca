/** The state machine of a ceremony: nothing is recorded out of order, and nothing is closed that is not sealed. */
import { describe, expect, test } from 'vitest'
import { begin, follow, missingForSeal, nextStep, type Conduct } from '../../src/record/conduct.js'
import { chainLine, EMPTY } from '../../src/record/chain.js'
import { readClosedTranscript, readTranscript, type TranscriptEntry } from '../../src/record/transcript.js'

const DIGEST = 'a'.repeat(64)
type Entry<Type extends TranscriptEntry['type']> = Extract<TranscriptEntry, { type: Type }>

const opened: Entry<'ceremony-opened'> = {
  type: 'ceremony-opened', format: 1, rehearsal: true, conduct: 'dialogue', codeName: 'klaxon determine', scriptVersion: 1, scriptSha256: DIGEST,
  plan: [{ number: '1.1', step: 'room.clock' }, { number: '1.2', step: 'room.door' }],
  tenancy: 't', user: 'u', threshold: 2, custodians: 3, generations: [1], rulesSha256: DIGEST, previousManifestSha256: null, tool: 'glasskey test', toolSha256: DIGEST, node: 'v20',
}
const step = (number: string, id: string): Entry<'step'> => ({ type: 'step', number, step: id, did: 'confirmed', value: null, began: '2026-01-31T04:00:00.000Z', seconds: 1 })
const made: Entry<'made'> = { type: 'made', generation: 1, keyId: 'a'.repeat(16), spkiSha256: DIGEST, fingerprint: Array.from({ length: 16 }, () => 'aa').join(':'), manifestSha256: DIGEST, envelopeSha256: DIGEST }
const released = (custodian: number): Entry<'released'> => ({ type: 'released', custodian, sheets: 1, to: 'memory' })
const scanned = (custodian: number, envelope = true): Entry<'scanned'> => ({ type: 'scanned', custodian, generation: 1, from: 'paper', envelope })
const bagged = (custodian: number): Entry<'bagged'> => ({ type: 'bagged', custodian, generation: 1, copy: 1, bag: `B-${custodian}` })
const exception = (number: number, at = '1.1', id = 'room.clock'): Entry<'exception'> => ({ type: 'exception', exception: number, number: at, step: id, expected: 'a', happened: 'b', decision: 'c', decidedBy: 'Joan' })
const closed = (steps: number, exceptions: number, bags: number): Entry<'ceremony-closed'> => ({ type: 'ceremony-closed', steps, exceptions, bags })

const whole: TranscriptEntry[] = [opened, step('1.1', 'room.clock'), made, released(1), scanned(1), bagged(1), released(2), scanned(2, false), bagged(2), released(3), bagged(3), step('1.2', 'room.door'), closed(2, 0, 3)]
const played = (entries: readonly TranscriptEntry[]): Conduct => entries.slice(1).reduce(follow, begin(opened))
const textOf = (entries: readonly TranscriptEntry[]): string => {
  let head = EMPTY
  return entries
    .map((entry) => {
      const next = chainLine(head, '2026-01-31T04:00:00.000Z', entry)
      head = next.head
      return `${next.text}\n`
    })
    .join('')
}

test('a whole ceremony closes', () => {
  expect(played(whole)).toMatchObject({ closed: true, done: 2 })
  expect(readClosedTranscript(textOf(whole)).conduct.bagged).toHaveLength(3)
})

describe('cannot be recorded', () => {
  test.each<[string, TranscriptEntry[], TranscriptEntry, string]>([
    ['a later step', [opened], step('1.2', 'room.door'), 'step 1.2 (room.door) is recorded where 1.1 (room.clock) is next'],
    ['a step twice', [opened, step('1.1', 'room.clock')], step('1.1', 'room.clock'), 'step 1.1 (room.clock) is recorded where 1.2 (room.door) is next'],
    ['a step under another\'s number', [opened], step('1.1', 'room.door'), 'step 1.1 (room.door) is recorded where 1.1 (room.clock) is next'],
    ['a step after the last', [...whole.slice(0, -1)], step('1.2', 'room.door'), 'step 1.2 (room.door) is recorded where none is next'],
    ['an exception that leaves a number out', [opened, exception(1)], exception(3), 'exception 3 is recorded where 2 is next'],
    ['an exception at another step', [opened], exception(1, '1.2', 'room.door'), 'step 1.2 (room.door) is recorded where 1.1 (room.clock) is next'],
    ['a generation that is none of today\'s', [opened], { ...made, generation: 2 }, 'GENERATION 2 is none of this ceremony'],
    ['a generation twice', [opened, made], made, 'GENERATION 1 was made already'],
    ['sheets before keys', [opened], released(1), 'a sheet is released before every generation was made'],
    ['sheets twice', [opened, made, released(1)], released(1), 'the sheets of custodian 1 were released already'],
    ['sheets of nobody', [opened, made], released(4), 'there is no custodian 4'],
    ['a scan of what was not released', [opened, made], scanned(1), 'a sheet of custodian 1 is recorded before it was released'],
    ['a bag twice', [opened, made, released(1), bagged(1)], { ...bagged(1), bag: 'B-9' }, 'that sheet of custodian 1 has a bag already'],
    ['a custodian as witness', [opened], { type: 'person', role: 'internal witness', custodian: 1, name: 'Ada', affiliation: null }, 'Ada is no internal witness of this ceremony'],
    ['an end before the last step', whole.slice(0, -2), closed(1, 0, 3), 'the ceremony is closed where step 1.2 is next'],
    ['an end without a custodian', whole.filter((line) => line !== whole[9] && line !== whole[10]).slice(0, -1), closed(2, 0, 2), 'the ceremony is closed before every custodian had their sheets'],
    ['an end that counts wrongly', whole.slice(0, -1), closed(2, 1, 3), 'the end counts other steps, exceptions or bags than there were'],
    ['an end with too few sheets read again', whole.filter((line) => line !== whole[7]).slice(0, -1), closed(2, 0, 3), 'the ceremony is closed and the set is not sealed: GENERATION 1: sheets of 1 of 2 custodians were read again'],
    ['anything after the end', whole, exception(1), 'exception comes after the end'],
  ])('%s', (_, before, line, message) => {
    const conduct = played(before)
    expect(() => follow(conduct, line)).toThrow(expect.objectContaining({ code: 'STEP_OUT_OF_ORDER', message }) as Error)
  })
})

test('the same custodian twice is one, and an envelope must come back too', () => {
  const conduct = played([opened, made, released(1), scanned(1, false), scanned(1, false)])
  expect(missingForSeal(conduct)).toEqual(['GENERATION 1: sheets of 1 of 2 custodians were read again', 'GENERATION 1: no envelope was read again'])
  expect(nextStep(conduct)).toEqual({ number: '1.1', step: 'room.clock' })
})

test('a transcript with its steps exchanged is refused by file and line, however well it is chained', () => {
  const exchanged = [...whole]
  ;[exchanged[1], exchanged[11]] = [exchanged[11] as TranscriptEntry, exchanged[1] as TranscriptEntry]
  expect(() => readTranscript(textOf(exchanged), 'records/t.jsonl')).toThrow(expect.objectContaining({ code: 'TRANSCRIPT_INVALID', message: 'records/t.jsonl, line 2: step 1.2 (room.door) is recorded where 1.1 (room.clock) is next' }) as Error)
})

test('a transcript without its end seals nothing', () => {
  expect(() => readClosedTranscript(textOf(whole.slice(0, -1)), 't')).toThrow(expect.objectContaining({ code: 'SET_NOT_SEALED', message: 't does not come to an end: the ceremony was not closed' }) as Error)
})

test('one letter changed breaks the chain', () => {
  expect(() => readTranscript(textOf(whole).replace('"B-1"', '"B-7"'))).toThrow(expect.objectContaining({ code: 'CHAIN_BROKEN' }) as Error)
})
