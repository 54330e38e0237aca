/** How a session ends for people and scripts: what became of the key outweighs paper that could not be had, and names the right way on. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { SessionResult } from '../../src/breakglass/conclude.js'
import { append } from '../../src/commands/logbook.js'
import { sessionOutcome } from '../../src/commands/session-outcome.js'
import { GlasskeyError } from '../../src/errors.js'
import { replay } from '../../src/record/replay.js'
import type { WayOn } from '../../src/record/way-on.js'
import { journalOf, SESSIONS, VECTORS, warrantOf } from '../vectors/frozen.js'

let custody: string
let said: string
beforeEach(() => {
  custody = join(mkdtempSync(join(tmpdir(), 'glasskey-outcome-')), 'custody')
  cpSync(fileURLToPath(new URL('custody/', VECTORS)), custody, { recursive: true })
  said = ''
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => (said += String(text)) !== '')
})
afterEach(() => {
  vi.restoreAllMocks()
  rmSync(join(custody, '..'), { recursive: true })
})

const UNWRITTEN = 'no-such-folder'

/** The golden break-glass session, as it ended here. Its papers go into a folder that is not there when `session` says so. */
function ended(change: Partial<SessionResult>): SessionResult {
  const state = replay(journalOf(SESSIONS[1]).lines)
  return { session: SESSIONS[1], warrant: warrantOf(SESSIONS[1]), state, grade: state.grade, failure: null, alive: false, wayOn: 'quorum', logbook: 3, ...change }
}

test('nothing can be written, and the key may be alive: exit 6 in the end, the paper is said before', async () => {
  const { error, text, json } = await sessionOutcome(custody, ended({ session: UNWRITTEN, alive: true }), undefined)
  expect(error).toMatchObject({ code: 'KEY_NOT_PROVED_DEAD', message: 'the key of GENERATION 2 is not proved dead' })
  expect(text).toContain('Logbook entry 3\n')
  expect(text).toContain('THE KEY OF GENERATION 2 IS NOT PROVED DEAD. Now: glasskey resume')
  expect(json).toMatchObject({ entryFile: null, slipsFile: null, affidavitFile: null })
  expect(said).toContain('FILE_UNWRITABLE: the session is over and entered, and not all of it is on paper: nothing can be written at ')
  expect(said).toContain(`Mend that. Then the entry: glasskey logbook print 3 --custody ${custody} --out FILE; release slips are filled in by hand.`)
})

test('nothing can be written, and all else is well: the paper is the error', async () => {
  const { error, text } = await sessionOutcome(custody, ended({ session: UNWRITTEN }), undefined)
  expect(error).toMatchObject({ code: 'FILE_UNWRITABLE' })
  expect(text).toContain('In use now: GENERATION 3')
})

test('the session was refused and nothing can be written: the refusal is the error', async () => {
  const failure = { code: 'INTERRUPTED' as const, message: 'the action was not done', hint: '' }
  expect((await sessionOutcome(custody, ended({ session: UNWRITTEN, failure }), undefined)).error).toEqual(failure)
})

test.each([[true, 'KEY_NOT_PROVED_DEAD'], [false, 'FILE_MISSING']])('the folder cannot be read any more, its stick was pulled out (the key may be alive: %s): how it ended is said, and what cannot be', async (alive, code) => {
  rmSync(custody, { recursive: true })
  const { error, text, json } = await sessionOutcome(custody, ended({ alive }), undefined)
  expect(error).toMatchObject({ code })
  expect(json).toMatchObject({ entryFile: null, slipsFile: null })
  expect(text).toContain(`What is in use now: glasskey status --custody ${custody}, when the folder can be read again.`)
  expect(text.includes('THE KEY OF GENERATION 2 IS NOT PROVED DEAD')).toBe(alive)
  expect(said).toContain(`FILE_MISSING: the session is over and entered, and not all of it is on paper: custody.yaml is not there: ${custody}/custody.yaml\n`)
})

test.each<[string, Partial<SessionResult>, boolean, string]>([
  ['proved dead', {}, false, "Files that shares were read from still hold them. Look at each, and remove those that have one now: shred -u '/dev/shm/a b.pdf' /dev/shm/typed"],
  ['no key was live', { grade: null }, false, "Files that shares were read from still hold them, of a key that is not proved dead. Look at each, and remove those that have one now: shred -u '/dev/shm/a b.pdf' /dev/shm/typed"],
  ['they are needed once more', { grade: 'unproved', alive: true, wayOn: 'quorum' }, false, "Files that shares were read from still hold them, of a key that is not proved dead. Look at each, and remove those that have one as soon as the session has come to its end: shred -u '/dev/shm/a b.pdf' /dev/shm/typed"],
  ['a rehearsal', {}, true, "Files that were named for practice shares: 2. In a real session those that have one are removed now: shred -u '/dev/shm/a b.pdf' /dev/shm/typed"],
])('files that shares were read from are named, to be removed: %s', async (_, change, rehearsal, told) => {
  await sessionOutcome(custody, ended({ ...change, warrant: { ...warrantOf(SESSIONS[1]), rehearsal } }), undefined, ['/dev/shm/a b.pdf', '/dev/shm/typed'])
  expect(said).toContain(`${told}\n`)
})

test('a quorum of the next generation was shown by mistake, and it is in use now: rotate it, it says at the end', async () => {
  // Its last entry retires that generation.
  const logbook = join(custody, 'logbook.jsonl')
  writeFileSync(logbook, readFileSync(logbook, 'utf8').replace(/[^\n]*\n$/, ''))
  for (const custodian of [1, 2]) append(custody, { type: 'inspected', custodian, copy: 1, generations: [3], bag: 'B-1', condition: 'intact', seenOnline: [3], witness: 'Lin' })
  const { state } = ended({})
  const shown = state.sharesRefused.slice(0, 1).map((line) => ({ ...line, generation: 3, custodian: 2 }))
  expect(shown).toHaveLength(1)
  const { text } = await sessionOutcome(custody, ended({ state: { ...state, keyLiveAt: null, grade: null, sharesRefused: shown } }), undefined)
  expect(text).toContain(`GENERATION 3 IS EXPOSED: a quorum of its shares was shown by mistake. Now: glasskey break rotate --custody ${custody} …`)
})

test('no files, no word of them; nor of files in which no share was found, which may be anything', async () => {
  await sessionOutcome(custody, ended({}), undefined)
  const { state } = ended({})
  await sessionOutcome(custody, ended({ state: { ...state, sharesSeen: [], sharesRefused: [] } }), undefined, ['/dev/shm/ceremony-record.pdf'])
  expect(said).not.toContain('shred')
})

test.each<[WayOn, string]>([
  // Nothing waits in this folder.
  ['rotate', 'a ceremony at once, then glasskey break rotate --custody CUSTODY …'],
  ['reader', `glasskey resume --custody CUSTODY --session ${SESSIONS[1]} --reader PROFILE`],
  ['remover', `glasskey resume --custody CUSTODY --session ${SESSIONS[1]} --remover PROFILE`],
  ['quorum', `glasskey resume --custody CUSTODY --session ${SESSIONS[1]} --scan FILE... --reader PROFILE (a quorum of GENERATION 2)`],
])('the last line names what people must bring: %s', async (wayOn, command) => {
  const { text } = await sessionOutcome(custody, ended({ alive: true, wayOn }), undefined)
  expect(text.trimEnd().split('\n').at(-1)).toBe(`THE KEY OF GENERATION 2 IS NOT PROVED DEAD. Now: ${command.replace('CUSTODY', custody)}`)
})

test('stopped in a session whose key is alive: the command that goes on stands beside that, too', async () => {
  await sessionOutcome(custody, ended({ alive: true, wayOn: 'reader', failure: { code: 'INTERRUPTED', message: 'stopped before the key was opened: the terminal was closed', hint: '' } }), undefined)
  expect(said).toContain(`INTERRUPTED: stopped before the key was opened: the terminal was closed\nglasskey resume --custody ${custody} --session ${SESSIONS[1]} --reader PROFILE\n`)
})

test('a command that is copied word for word runs: it has the folder, in quotes where the shell would take it apart', async () => {
  const folder = join(custody, '..', "the vault's")
  cpSync(custody, folder, { recursive: true })
  const failure = new GlasskeyError('KEY_NOT_PROVED_DEAD', 'the key of GENERATION 2 may be ALIVE in OCI', `Gather a quorum: glasskey resume --session ${SESSIONS[1]} --scan FILE...`)
  const { text, error } = await sessionOutcome(folder, ended({ alive: true, failure }), undefined)
  const command = `glasskey resume --custody '${folder.replace("'", "'\\''")}' --session ${SESSIONS[1]} --scan FILE...`
  expect(said).toContain(`KEY_NOT_PROVED_DEAD: the key of GENERATION 2 may be ALIVE in OCI\nGather a quorum: ${command}\n`)
  expect(error?.hint).toBe(`Gather a quorum: ${command}`)
  // Whoever looked before looks again.
  expect(text).toContain(`Now: ${command} --reader PROFILE (a quorum of GENERATION 2)`)
})
