/** The exit against an OCI that answers oddly: which key goes first, what is waited for, and what is given up. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { replay } from '../../src/record/replay.js'
import type { JournalEntry, JournalLine, ListedKey } from '../../src/record/journal.js'
import { NoAnswer } from '../../src/strongroom/courier.js'
import { rotate, type ExitResult } from '../../src/strongroom/exit.js'
import type { Journal } from '../../src/strongroom/journal.js'
import { OciRefusal, type OwnUser } from '../../src/strongroom/own-user.js'
import { DELETE_USED_KEY } from '../../src/record/replay.js'
import type { Warrant } from '../../src/warrant/warrant.js'
import { SESSIONS, journalOf } from '../vectors/frozen.js'
import { warrantFor } from '../warrant/requests.js'

const warrant = warrantFor({ name: 'rotate' })
const { key, successor } = warrant
const STRANGER = '00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff'
const used: ListedKey = { fingerprint: key.fingerprint, spkiSha256: key.spkiSha256, generation: key.generation, lifecycleState: 'ACTIVE' }
const next: ListedKey = { fingerprint: successor?.fingerprint ?? '', spkiSha256: successor?.spkiSha256 ?? '', generation: successor?.generation ?? null, lifecycleState: 'ACTIVE' }
const stranger: ListedKey = { fingerprint: STRANGER, spkiSha256: 'a'.repeat(64), generation: null, lifecycleState: 'ACTIVE' }

let said = ''
/** ms since the exit began, when it last looked. */
let clock = 0
beforeEach(() => {
  said = ''
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => (said += String(text)) !== '')
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const refusal = (status: number): OciRefusal => new OciRefusal('do that', { status, headers: {}, body: new Uint8Array() }, 'so it says')

/** A user with these keys, and what OCI does about each deletion: nothing, or what `refuse` throws. */
class FakeUser {
  readonly deleted: string[] = []
  keys: ListedKey[]
  readonly #refuse: (fingerprint: string, nth: number, user: FakeUser) => void
  constructor(keys: ListedKey[], refuse: (fingerprint: string, nth: number, user: FakeUser) => void = () => undefined) {
    this.keys = keys
    this.#refuse = refuse
  }

  /** Throws what every reading throws from now on. */
  refuseReading: (() => Error) | null = null

  readonly api = {
    listKeys: () => (this.refuseReading ? Promise.reject(this.refuseReading()) : Promise.resolve([...this.keys])),
    uploadSuccessor: () => {
      if (this.keys.length >= 3) return Promise.reject(refusal(400))
      this.keys.push(next)
      return Promise.resolve()
    },
    deleteKey: async (fingerprint: string) => {
      this.deleted.push(fingerprint)
      await Promise.resolve()
      this.#refuse(fingerprint, this.deleted.filter((one) => one === fingerprint).length, this)
      this.keys = this.keys.filter((one) => one.fingerprint !== fingerprint)
    },
  } as unknown as OwnUser
}

const ask: JournalEntry = { type: 'intent', rule: 'read own keys', method: 'GET', host: 'h', path: '/p', bodySha256: null, by: 'strongroom' }
const answered = (intent: number, status: number): JournalEntry => ({ type: 'outcome', intent, status, opcRequestId: '', date: '' })

/** Rotates, on a journal that says `before` of the session so far. Waiting takes no time. */
async function play(user: FakeUser, before: JournalEntry[] = [], under: Warrant = warrant, deletesNoneItself = false, onBeforeDelete: () => void = () => undefined, patienceForNew = 0): Promise<{ result: ExitResult; lines: JournalLine[] }> {
  const lines = journalOf(SESSIONS[1]).lines.slice(0, 1)
  const write = (entry: JournalEntry): void => void lines.push({ ...entry, seq: lines.length + 1, at: '2026-11-20T04:00:00.000Z', prev: '' })
  before.forEach(write)
  const journal = { lines, write } as unknown as Journal
  const started = Date.now()
  const now = (): number => (clock = Date.now() - started)
  const result = rotate({ user: user.api, warrant: under, journal, isPassed: (generation) => generation < (successor?.generation ?? 0), onBeforeDelete: () => new Promise((done) => {
    onBeforeDelete()
    done()
  }), patienceForNew, deletesNoneItself, cutOff: new AbortController().signal, now })
  await vi.runAllTimersAsync()
  return { result: await result, lines }
}

test('the successor first, then strangers, the used key last', async () => {
  const user = new FakeUser([used, stranger])
  const { result } = await play(user)
  expect(result).toEqual({ rotated: true, certain: true })
  expect(user.deleted).toEqual([STRANGER, key.fingerprint])
})

test('a refusal to let the key delete itself is believed when it is said three times, and at once where that was measured', async () => {
  const refuses = (): FakeUser => new FakeUser([used, next], (fingerprint) => {
    if (fingerprint === key.fingerprint) throw refusal(404)
  })
  const user = refuses()
  expect((await play(user)).result).toMatchObject({ rotated: false, selfDeletion: true })
  expect(user.deleted).toEqual([key.fingerprint, key.fingerprint, key.fingerprint])
  const measured = refuses()
  expect((await play(measured, [], warrant, true)).result).toMatchObject({ rotated: false, selfDeletion: true })
  expect(measured.deleted).toEqual([key.fingerprint])
})

test('one that passes costs nothing: the next round deletes it', async () => {
  const user = new FakeUser([used, next], (fingerprint, nth) => {
    if (fingerprint === key.fingerprint && nth < 3) throw refusal(404)
  })
  expect((await play(user)).result).toEqual({ rotated: true, certain: true })
  expect(user.deleted).toEqual([key.fingerprint, key.fingerprint, key.fingerprint])
})

const ofGeneration = (generation: number): ListedKey => ({ fingerprint: `of ${generation}`, spkiSha256: String(generation).padStart(64, 'c'), generation, lifecycleState: 'ACTIVE' })
const later = successor?.generation ?? 0

test('the key of a generation that no rotation comes to any more goes as a stranger\'s does; one that waits stays', async () => {
  const user = new FakeUser([used, ofGeneration(0), ofGeneration(later + 1)])
  const { result } = await play(user)
  expect(result).toEqual({ rotated: true, certain: true })
  expect(user.deleted).toEqual(['of 0', key.fingerprint])
  expect(user.keys.map(({ generation }) => generation)).toEqual([later + 1, later])
})

test('slots full of generations that wait: the last of them gives way to the successor', async () => {
  const user = new FakeUser([used, ofGeneration(later + 1), ofGeneration(later + 2)])
  const { result } = await play(user)
  expect(result).toEqual({ rotated: true, certain: true })
  expect(user.deleted).toEqual([`of ${later + 2}`, key.fingerprint])
  expect(user.keys.map(({ generation }) => generation)).toEqual([later + 1, later])
})

test('in a takeover the last stranger gives way: people are asked in the order of the list, and may have said no to the first', async () => {
  const takeover = { ...warrant, action: { name: 'takeover' as const, domainUrl: 'https://idcs', domainUserId: 'd' } }
  const user = new FakeUser([used, stranger, { ...stranger, fingerprint: 'last' }])
  await play(user, [], takeover)
  expect(user.deleted).toEqual(['last', key.fingerprint])
})

test.each<[string, JournalEntry[], number]>([
  ['never accepted', [], 6],
  ['accepted before it was recombined again', [{ type: 'key-live', keyId: key.keyId, spkiSha256: key.spkiSha256 }, ask, answered(3, 200)], 6],
])('a key that is refused from the start is given up after six readings: %s', async (_, before, readings) => {
  const user = new FakeUser([])
  let read = 0
  user.refuseReading = () => ((read += 1), refusal(401))
  const seq = before.length + 3
  const { result } = await play(user, [...before, { type: 'key-live', keyId: key.keyId, spkiSha256: key.spkiSha256 }, ask, answered(seq, 401)])
  expect(result).toMatchObject({ rotated: false, selfDeletion: false })
  expect(read).toBe(readings)
})

test('one that was accepted since it was recombined is tried for a quarter of an hour: its user may be unblocked', async () => {
  const user = new FakeUser([])
  let read = 0
  user.refuseReading = () => ((read += 1), refusal(401))
  await play(user, [{ type: 'key-live', keyId: key.keyId, spkiSha256: key.spkiSha256 }, ask, answered(3, 200), ask, answered(5, 401)])
  expect(read).toBeGreaterThan(60)
})

test('one that was installed minutes ago is tried for some minutes more', async () => {
  const user = new FakeUser([])
  user.refuseReading = () => refusal(401)
  const { result } = await play(user, [{ type: 'key-live', keyId: key.keyId, spkiSha256: key.spkiSha256 }, ask, answered(3, 401)], warrant, false, undefined, 300_000)
  expect(result).toMatchObject({ rotated: false, selfDeletion: false })
  expect([clock >= 300_000, clock < 330_000]).toEqual([true, true])
})

test('it gives a live key up after a quarter of an hour', async () => {
  const user = new FakeUser([])
  let last = 0
  user.refuseReading = () => ((last = clock), refusal(503))
  const { result } = await play(user)
  expect(result).toMatchObject({ rotated: false, selfDeletion: false })
  const QUARTER_MS = 15 * 60_000
  expect([last > QUARTER_MS * 0.9, last < QUARTER_MS * 1.1]).toEqual([true, true])
})

test('a successor that somebody deletes in the last moment stops the deletion of the used key, until it is there again', async () => {
  const user = new FakeUser([used, next])
  const seen: string[][] = []
  let times = 0
  const { result } = await play(user, [], warrant, false, () => {
    if ((times += 1) === 1) user.keys = [used]
    seen.push(user.keys.map(({ fingerprint }) => fingerprint))
  })
  expect(result).toEqual({ rotated: true, certain: true })
  expect(seen).toEqual([[key.fingerprint], [key.fingerprint, next.fingerprint]])
  expect(user.keys).toEqual([next])
})

test('the deletions that make room are not used up while OCI is busy: they go on as long as the exit does', async () => {
  const user = new FakeUser([used, stranger, { ...stranger, fingerprint: 'other' }], (_, nth) => {
    if (nth <= 20) throw refusal(503)
  })
  const { result } = await play(user)
  expect(result).toEqual({ rotated: true, certain: true })
  expect(user.deleted.filter((one) => one === STRANGER)).toHaveLength(21)
})

test.each([409, 403])('one stranger cannot be deleted (%i): the other one makes room', async (status) => {
  const user = new FakeUser([used, stranger, { ...stranger, fingerprint: 'other' }], (fingerprint) => {
    if (fingerprint === STRANGER) throw refusal(status)
  })
  const { result } = await play(user)
  expect(result).toEqual({ rotated: true, certain: true })
  expect(user.deleted.slice(0, 2)).toEqual([STRANGER, 'other'])
  expect(user.deleted.at(-1)).toBe(key.fingerprint)
})

test('a stranger that is listed and not found any more: the successor is uploaded all the same', async () => {
  const user = new FakeUser([used, stranger, { ...stranger, fingerprint: 'other' }], (fingerprint, _, of) => {
    if (fingerprint !== STRANGER) return
    of.keys = of.keys.filter((one) => one.fingerprint !== STRANGER)
    throw refusal(404)
  })
  const { result } = await play(user)
  expect(result).toEqual({ rotated: true, certain: true })
  expect(user.deleted).toEqual([STRANGER, 'other', key.fingerprint])
})

test.each<[string, ListedKey]>([
  ['a value that cannot be read', { ...used, spkiSha256: null, generation: null }],
  ['another value under its fingerprint', { ...used, spkiSha256: 'b'.repeat(64), generation: null }],
])('slots are full, and the used key is listed with %s: it does not make room, nor goes before its successor', async (_, odd) => {
  const user = new FakeUser([odd, stranger, { ...stranger, fingerprint: 'other' }])
  const { result } = await play(user)
  expect(result).toEqual({ rotated: true, certain: true })
  expect(user.deleted.at(-1)).toBe(key.fingerprint)
  expect(user.deleted).toEqual([STRANGER, 'other', key.fingerprint])
})

test.each<[string, () => Error]>([
  ['answered 503', () => refusal(503)],
  ['answered 409', () => refusal(409)],
  ['not answered', () => new NoAnswer('reset', true)],
])('the deletion of a stranger\'s key is %s for ever: the exit tries a few rounds, says it, and deletes the used key', async (_, error) => {
  const user = new FakeUser([used, next, stranger], (fingerprint) => {
    if (fingerprint === STRANGER) throw error()
  })
  const { result } = await play(user)
  expect(result).toEqual({ rotated: true, certain: true })
  expect(user.deleted).toEqual([STRANGER, STRANGER, STRANGER, STRANGER, key.fingerprint])
  expect(said).toContain(`API key ${STRANGER}, which no manifest names, could not be deleted (`)
  expect(said.match(/could not be deleted/g)).toHaveLength(1)
})

test('a stranger\'s key that can be deleted at the second try is deleted', async () => {
  const user = new FakeUser([used, next, stranger], (fingerprint, nth) => {
    if (fingerprint === STRANGER && nth === 1) throw refusal(503)
  })
  await play(user)
  expect(user.deleted).toEqual([STRANGER, STRANGER, key.fingerprint])
  expect(user.keys).toEqual([next])
  expect(said).not.toContain('could not be deleted')
})

test('OCI answers 503 to a deletion that it did, and the key is refused since: three refusals, and not a quarter of an hour', async () => {
  const user = new FakeUser([used, next], (fingerprint, _nth, self) => {
    self.keys = [next]
    self.refuseReading = () => refusal(401)
    if (fingerprint === key.fingerprint) throw refusal(503)
  })
  const { result } = await play(user)
  expect(result).toEqual({ rotated: true, certain: false })
  expect(user.deleted).toEqual([key.fingerprint])
})

test('a deletion that an earlier run has on record as done, and a key that is refused: the same', async () => {
  const user = new FakeUser([next])
  user.refuseReading = () => refusal(401)
  const { result, lines } = await play(user, [
    { type: 'intent', rule: DELETE_USED_KEY, method: 'DELETE', host: 'h', path: '/p', bodySha256: null, by: 'strongroom' },
    { type: 'outcome', intent: 2, status: 204, opcRequestId: 'A', date: '' },
  ])
  expect(replay(lines).deletion).toBe('done')
  expect(result).toEqual({ rotated: true, certain: false })
  expect(user.deleted).toEqual([])
})
