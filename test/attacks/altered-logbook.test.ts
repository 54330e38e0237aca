/** The logbook edited, replayed, truncated, re-ordered or forked: warrants and journals remember how it was, and so does the paper book. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EXIT_CODES, type ErrorCode } from '../../src/errors.js'
import { readCustodyFolder } from '../../src/host/custody-folder.js'
import { editLine, keepLines, rewrite } from '../audit/lived-custody.js'
import { rehearsal, type Rehearsal, withoutShares } from '../stage/rehearsal.js'
import { refusal } from '../vectors/refusal.js'
import { vectorText } from '../vectors/frozen.js'
import { copyOf, expectRefused, onFolder, sessionsIn } from './tamper.js'

let stage: Rehearsal
beforeAll(async () => {
  stage = await rehearsal()
  const file = join(stage.directory, 'typed.txt')
  writeFileSync(file, `${await stage.shareText(2, 1)}\n`)
  const lost = ['logbook', 'add', 'lost', '--custody', stage.custody, '--set', 'custodian=3', '--set', 'copy=1', '--set', 'generations=2,3', '--set', 'witness=Security desk']
  expect((await stage.run(lost)).code).toBe(0)
  expectRefused(await stage.run([...withoutShares(stage.rotate()), '--share-file', file]), 'QUORUM_NOT_REACHED', 5)
})
afterAll(() => stage.close())

const logbookOf = (custody: string): string => join(custody, 'logbook.jsonl')

function swapLines(path: string): void {
  const [one = '', two = '', ...rest] = readFileSync(path, 'utf8').split('\n')
  writeFileSync(path, [two, one, ...rest].join('\n'))
}

// Entries: 1 ceremony, 2 takeover, 3 lost sheet, 4 the session that came to nothing and began after entry 3.
const ATTACKS: [attack: string, tamper: (custody: string) => void, code: ErrorCode, says: RegExp][] = [
  ['edited: the loss was of another custodian', (custody) => editLine(logbookOf(custody), 3, (line) => ({ ...line, custodian: 1 })), 'CHAIN_BROKEN', /logbook\.jsonl, line 4: does not follow from the line before it/],
  ['re-ordered', (custody) => swapLines(logbookOf(custody)), 'CHAIN_BROKEN', /logbook\.jsonl, line 1: has number 2 where 1 should be/],
  ['an entry taken out', (custody) => writeFileSync(logbookOf(custody), readFileSync(logbookOf(custody), 'utf8').split('\n').filter((_, at) => at !== 2).join('\n')), 'CHAIN_BROKEN', /line 3: has number 4 where 3 should be/],
  ['forked: the loss taken out, and all chained anew', (custody) => void rewrite(logbookOf(custody), (line) => (line['type'] === 'lost' ? null : line)), 'CHAIN_BROKEN', /the logbook was forked: session \S+ began after an entry that is not there/],
  ['forked from its first entry', (custody) => void rewrite(logbookOf(custody), (line) => (line['type'] === 'ceremony' ? { ...line, machine: ['another'] } : line)), 'CHAIN_BROKEN', /the logbook was forked/],
  ['truncated, so that the loss was never reported', (custody) => keepLines(logbookOf(custody), 2), 'CHAIN_BROKEN', /the logbook was shortened: session \S+ began after entry 3/],
  ['truncated to nothing', (custody) => writeFileSync(logbookOf(custody), ''), 'CHAIN_BROKEN', /the logbook was shortened: session \S+ began after entry 1/],
  ['taken away', (custody) => rmSync(logbookOf(custody)), 'CHAIN_BROKEN', /the logbook was shortened/],
  ['replayed: that of another custody', (custody) => writeFileSync(logbookOf(custody), vectorText('custody/logbook.jsonl')), 'CHAIN_BROKEN', /the logbook was forked/],
]

test.each(ATTACKS)('%s', (_, tamper, code, says) => {
  const custody = copyOf(stage)
  expect(readCustodyFolder(custody).logbook.head.seq).toBe(4)
  tamper(custody)
  const refused = refusal(() => readCustodyFolder(custody))
  expect(refused.code).toBe(code)
  expect(refused.message).toMatch(says)
  expect(EXIT_CODES[refused.code]).toBe(4)
})

test('truncated by the last session\'s entry only: that session is open, and no other begins', async () => {
  const custody = copyOf(stage)
  keepLines(logbookOf(custody), 3)
  const asked = stage.cloud.requests.length
  const ended = await stage.run(onFolder(stage, stage.saasAdmin(), custody))
  expectRefused(ended, 'SESSION_UNFINISHED', 3)
  expect(stage.cloud.requests.length).toBe(asked)
  expect((await stage.run(['status', '--custody', custody])).stdout).toMatch(/RED: session \S+ is not entered in the logbook/)
})

test('with everything that remembers it gone too, the paper book does: number and digest on the warrant are others', async () => {
  const custody = copyOf(stage)
  const [, aborted = ''] = sessionsIn(custody)
  rmSync(aborted, { recursive: true })
  keepLines(logbookOf(custody), 2)
  const head = (folder: string): { seq: number; sha256: string } => readCustodyFolder(folder).logbook.head
  expect(head(custody).seq).toBe(2)
  const file = join(stage.directory, 'typed.txt')
  const ended = await stage.run([...onFolder(stage, withoutShares(stage.rotate()), custody), '--share-file', file])
  // What custodians hold against the last line of their book, before a bag is opened.
  const [, seq, sha256] = /Logbook +after entry (\d+), ([0-9a-f]{64})/.exec(ended.stderr) ?? []
  expect(Number(seq)).toBe(2)
  expect(sha256).not.toBe(head(stage.custody).sha256)
  expect(ended.stderr.indexOf('Logbook ')).toBeLessThan(ended.stderr.indexOf('Shares of GENERATION 2 are about to be read'))
})
