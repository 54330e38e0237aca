/** A session's journal edited, replayed, truncated, re-ordered, forked or taken away: no command goes on from it. */
import { cpSync, readFileSync, rmSync, truncateSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EXIT_CODES, type ErrorCode } from '../../src/errors.js'
import { readCustodyFolder } from '../../src/host/custody-folder.js'
import { editLine, keepLines, linesOf, rewrite } from '../audit/lived-custody.js'
import { rehearsal, type Rehearsal, withoutShares } from '../stage/rehearsal.js'
import { refusal } from '../vectors/refusal.js'
import { copyOf, expectRefused, onFolder, sessionsIn } from './tamper.js'

let stage: Rehearsal
let takeover: string
beforeAll(async () => {
  stage = await rehearsal()
  // A second session, that of custodians who did not come: there must be another journal to replay.
  const file = join(stage.directory, 'typed.txt')
  writeFileSync(file, `${await stage.shareText(2, 1)}\n`)
  expectRefused(await stage.run([...withoutShares(stage.rotate()), '--share-file', file]), 'QUORUM_NOT_REACHED', 5)
  takeover = sessionsIn(stage.custody)[0]?.split('/').at(-1) ?? ''
})
afterAll(() => stage.close())

const journalOf = (session: string): string => join(session, 'journal.jsonl')

function swapLines(path: string, at: number): void {
  const lines = readFileSync(path, 'utf8').split('\n')
  ;[lines[at], lines[at + 1]] = [lines[at + 1] ?? '', lines[at] ?? '']
  writeFileSync(path, lines.join('\n'))
}

const NOT_NAMED = /the journal of session \S+ is not the one that entry 2 of the logbook names/

const ATTACKS: [attack: string, tamper: (first: string, second: string) => void, code: ErrorCode, says: RegExp][] = [
  ['edited: another status, as with a text editor', (first) => editLine(journalOf(first), 5, (line) => ({ ...line, at: '2026-01-01T00:00:00.000Z' })), 'CHAIN_BROKEN', /journal\.jsonl, line 6: does not follow from the line before it/],
  ['edited in its last line, which no other line covers', (first) => editLine(journalOf(first), linesOf(journalOf(first)).length, (line) => ({ ...line, exitCode: 3 })), 'CHAIN_BROKEN', NOT_NAMED],
  ['re-ordered', (first) => swapLines(journalOf(first), 3), 'CHAIN_BROKEN', /journal\.jsonl, line 4: has number 5 where 4 should be/],
  ['a line twice', (first) => writeFileSync(journalOf(first), readFileSync(journalOf(first), 'utf8').replace(/^(.*\n)(.*\n)/, '$1$2$2')), 'CHAIN_BROKEN', /line 3: has number 2 where 3 should be/],
  ['truncated by whole lines, before the grade', (first) => keepLines(journalOf(first), linesOf(journalOf(first)).length - 2), 'CHAIN_BROKEN', NOT_NAMED],
  ['truncated in the middle of its last line, as a crash leaves it', (first) => truncateSync(journalOf(first), statSync(journalOf(first)).size - 10), 'CHAIN_BROKEN', NOT_NAMED],
  ['truncated to nothing', (first) => truncateSync(journalOf(first), 0), 'FOLDER_ALTERED', /the journal of session \S+ is empty/],
  ['forked: changed and chained anew by somebody who has read the specification', (first) => void rewrite(journalOf(first), (line) => (line['type'] === 'consented' ? { ...line, name: 'Somebody Else' } : line)), 'CHAIN_BROKEN', NOT_NAMED],
  ['replayed: that of another session in its place', (first, second) => cpSync(journalOf(first), journalOf(second)), 'FOLDER_ALTERED', /warrant\.json of session \S+ is not the one that its journal began with/],
  ['replayed with its warrant', (first, second) => cpSync(first, second, { recursive: true }), 'FOLDER_ALTERED', /holds the record of session /],
  ['replayed as a new session', (first) => cpSync(first, join(dirname(first), '20990101T000000Z-00000000'), { recursive: true }), 'FOLDER_ALTERED', /20990101T000000Z-00000000 holds the record of session /],
  ['taken away, and the session with it', (first) => rmSync(first, { recursive: true }), 'CHAIN_BROKEN', /the session of entry 2 \(\S+\) is missing/],
]

test.each(ATTACKS)('%s', (_, tamper, code, says) => {
  const custody = copyOf(stage)
  expect(readCustodyFolder(custody).sessions).toHaveLength(2)
  const [first = '', second = ''] = sessionsIn(custody)
  tamper(first, second)
  const refused = refusal(() => readCustodyFolder(custody))
  expect(refused.code).toBe(code)
  expect(refused.message).toMatch(says)
  expect(EXIT_CODES[refused.code]).toBe(4)
})

test('every command that reads the folder says so and does nothing: status, logbook verify, break', async () => {
  const custody = copyOf(stage)
  keepLines(journalOf(join(custody, 'sessions', takeover)), 12)
  const asked = stage.cloud.requests.length
  for (const args of [['status', '--custody', custody], ['logbook', 'verify', '--custody', custody], onFolder(stage, stage.rotate(), custody)]) {
    const ended = await stage.run(args)
    expectRefused(ended, 'CHAIN_BROKEN', 4)
    expect(ended.stderr).toMatch(NOT_NAMED)
  }
  expect(stage.cloud.requests.length).toBe(asked)
})

test('forked together with the logbook\'s entry: the key\'s last signature is over another head', async () => {
  const custody = copyOf(stage)
  const head = rewrite(journalOf(join(custody, 'sessions', takeover)), (line) => (line['type'] === 'consented' ? { ...line, name: 'Somebody Else' } : line))
  // The later session began after the true entry: its record goes too, as a thorough attacker would see to.
  for (const session of sessionsIn(custody).slice(1)) rmSync(session, { recursive: true })
  rewrite(join(custody, 'logbook.jsonl'), (line) => (line['type'] !== 'session' ? line : line['session'] === takeover ? { ...line, journalSha256: head } : null))
  const ended = await stage.run(['logbook', 'verify', '--custody', custody])
  expectRefused(ended, 'EVIDENCE_INVALID', 4)
  expect(ended.stderr).toContain('the last signature does not verify')
})
