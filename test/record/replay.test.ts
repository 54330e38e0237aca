import { describe, expect, test } from 'vitest'
import { generationEvents, sessionEvents } from '../../src/record/events.js'
import { readJournal, type JournalEntry, type ListedKey } from '../../src/record/journal.js'
import { readLogbook, type LogbookEntry, type NewLogbookEntry } from '../../src/record/logbook.js'
import { isListed, recognise } from '../../src/record/recognise.js'
import { actionOf, DELETE_OTHER_KEY, DELETE_USED_KEY, ENABLE_SAAS, isSettled, READ_SAAS_BACK, replay, UPLOAD_SUCCESSOR, type Session } from '../../src/record/replay.js'
import { journalOf, manifestOf, SESSIONS, vectorText } from '../vectors/frozen.js'
import { pen } from '../vectors/story.js'

const manifest = manifestOf(2)
const { keyId, spkiSha256, fingerprint } = manifest
const opened: JournalEntry = { type: 'session-opened', format: 1, session: 's', action: 'rotate', rehearsal: true, drill: false, generation: 2, keyId, spkiSha256, warrantSha256: '0'.repeat(64), logbookSeq: 1, logbookSha256: '0'.repeat(64), tool: 't', isolation: [] }
const del: JournalEntry = { type: 'intent', rule: DELETE_USED_KEY, method: 'DELETE', host: 'h', path: '/p', bodySha256: null, by: 'strongroom' }
const live: JournalEntry = { type: 'key-live', keyId, spkiSha256 }
const deleted: JournalEntry = { type: 'key-deleted', keyId, fingerprint }
const closed: JournalEntry = { type: 'closed', exitCode: 0 }
const graded = (grade: 'proved' | 'refused-only' | 'listed-only' | 'unproved'): JournalEntry => ({ type: 'graded', keyId, grade, why: 'w' })
const successor: JournalEntry = { type: 'successor-active', generation: 3, keyId: manifestOf(3).keyId, spkiSha256: manifestOf(3).spkiSha256, fingerprint: manifestOf(3).fingerprint }

/** OCI's answer to the call of line 3. */
const answer = (status: number): Extract<JournalEntry, { type: 'outcome' }> => ({ type: 'outcome', intent: 3, status, opcRequestId: '', date: '' })

/** The session that these entries tell, by way of the bytes on a disk. */
function told(...entries: JournalEntry[]): Session {
  const journal = pen<JournalEntry>('2026-11-20T04:00:00.000Z', 1000)
  for (const entry of [opened, ...entries]) journal.write(entry)
  return replay(readJournal(journal.text()).lines)
}

test('a journal begins with session-opened', () => {
  expect(() => replay([])).toThrow(new RangeError('replay: a journal begins with session-opened'))
  expect(() => replay(journalOf(SESSIONS[1]).lines.slice(1))).toThrow(new RangeError('replay: a journal begins with session-opened'))
})

test('a key that was live twice: both lives count, and one that nobody ended is not known', () => {
  const burned = (secondsLive: number): JournalEntry => ({ type: 'burned', keyId, reason: 'r', secondsLive })
  expect(told(live, burned(901.51), live, burned(2.1))).toMatchObject({ secondsLive: 903.61, endsKnown: true })
  expect(told(live, live, burned(2.1))).toMatchObject({ secondsLive: 2.1, endsKnown: false })
  expect(told(live, burned(2.1), live)).toMatchObject({ secondsLive: 2.1, endsKnown: false })
  expect(told()).toMatchObject({ secondsLive: 0, endsKnown: true })
})

describe('the golden session', () => {
  const session = replay(journalOf(SESSIONS[1]).lines)
  test('what happened', () => {
    expect({
      consents: session.consents.map(({ name }) => name),
      seen: session.sharesSeen,
      refusedShares: session.sharesRefused.map(({ code }) => code),
      exposing: session.exposing,
      calls: session.calls.map(({ intent, outcome }) => `${intent.rule}: ${outcome?.type === 'outcome' ? outcome.status : (outcome?.type ?? 'nothing')}`),
      refusals: session.refusals.map(({ method }) => method),
      censuses: session.censuses.map(({ when }) => when),
      action: session.action?.result,
      successor: session.successor?.generation,
      deletion: session.deletion,
      signed: session.headSignature?.of === session.headSignature?.prev,
      probes: session.probes.length,
      grade: session.grade,
      settled: isSettled(session),
    }).toEqual({
      consents: ['Ada Lovelace', 'Grace Hopper'],
      seen: [1, 2],
      refusedShares: ['SHARE_TWICE'],
      exposing: true,
      calls: ['read own user: 200', 'read own keys: 200', 'read the database: 200', 'enable SAAS_ADMIN: 202', 'exit: upload successor: 200', 'read own keys: 200', 'exit: delete used key: unknown'],
      refusals: ['DELETE'],
      censuses: ['before-action', 'before-deletion'],
      action: 'done',
      successor: 3,
      deletion: 'done',
      signed: true,
      probes: 8,
      grade: 'proved',
      settled: true,
    })
  })

  test('cut after any line it is a session, and what is settled never unsettles itself', () => {
    const { lines } = journalOf(SESSIONS[1])
    const settled = lines.map((_, at) => isSettled(replay(lines.slice(0, at + 1))))
    expect(settled.filter(Boolean)).toHaveLength(1)
    expect(settled.at(-1)).toBe(true)
  })
})

describe('deletion', () => {
  test.each<[string, JournalEntry[], Session['deletion']]>([
    ['nothing sent', [live], 'not-sent'],
    ['sent, and the machine died', [live, del], 'unknown'],
    ['sent, no answer', [live, del, { type: 'unknown', intent: 3, reason: 'r' }], 'unknown'],
    ['answered: gone', [live, del, answer(204)], 'done'],
    ['answered: refused', [live, del, answer(403)], 'not-sent'],
    ['answered: not now, and one before it was never answered', [live, del, { type: 'unknown', intent: 3, reason: 'r' }, del, { ...answer(409), intent: 5 }], 'unknown'],
    ['answered: not now, twice', [live, del, answer(409), del, { ...answer(409), intent: 5 }], 'not-sent'],
    ['answered: the key is unknown, for whatever reason', [live, del, answer(401)], 'unknown'],
    ['answered: an error of OCI\'s own', [live, del, answer(500)], 'unknown'],
    ['gone, and refused when it was asked for again', [live, del, answer(204), del, { ...answer(403), intent: 5 }], 'done'],
    ['another call that was answered 204', [live, { ...del, rule: DELETE_OTHER_KEY }, answer(204)], 'not-sent'],
    ['known to be gone', [live, del, deleted], 'done'],
    ['sent again after it was known', [live, del, deleted, del], 'done'],
    ['another key deleted', [live, { ...del, rule: DELETE_OTHER_KEY }], 'not-sent'],
  ])('%s', (_, entries, expected) => {
    expect(told(...entries).deletion).toBe(expected)
  })

  test('the first moment stands', () => {
    expect(told(live, del, deleted, deleted).deletedAt).toBe('2026-11-20T04:00:03.000Z')
    expect(told(live, del, answer(204), deleted).deletedAt).toBe('2026-11-20T04:00:03.000Z')
  })
})

describe('calls', () => {
  test('an outcome belongs to its own intent, in whatever order answers come', () => {
    const { calls } = told(del, { ...del, rule: 'read own keys', method: 'GET' }, { type: 'outcome', intent: 3, status: 200, opcRequestId: '', date: '' }, { type: 'unknown', intent: 2, reason: 'r' })
    expect(calls.map(({ outcome }) => outcome?.type)).toEqual(['unknown', 'outcome'])
  })
  test('an outcome of nothing changes nothing', () => {
    expect(told(del, { type: 'outcome', intent: 99, status: 200, opcRequestId: '', date: '' }).calls).toMatchObject([{ outcome: null }])
  })
})

describe('the action', () => {
  const enable: JournalEntry = { type: 'intent', rule: ENABLE_SAAS, method: 'POST', host: 'h', path: '/p', bodySha256: null, by: 'clerk' }
  const exit: JournalEntry = { type: 'exit-began', cause: 'c' }
  test.each<[string, JournalEntry[], string]>([
    ['the key was live, and nothing was asked for', [live], 'not begun'],
    ['the exit alone changed something', [live, exit, { ...enable, rule: UPLOAD_SUCCESSOR }], 'not begun'],
    ['only readings', [live, { ...enable, rule: READ_SAAS_BACK }, answer(200)], 'not begun'],
    ['a change, and nobody heard an answer', [live, enable], 'interrupted'],
    ['a change that OCI accepted', [live, enable, answer(200)], 'interrupted'],
    ['a change of which a gateway knew nothing', [live, enable, answer(503)], 'interrupted'],
    ['a change that OCI refused', [live, enable, answer(409)], 'not begun'],
    ['a change, and its end', [live, enable, answer(200), { type: 'action-ended', result: 'done', detail: 'd' }], 'done'],
  ])('%s', (_, entries, result) => {
    expect(actionOf(told(...entries)).result).toBe(result)
  })
})

describe('shares', () => {
  test('each custodian counts once', () => {
    expect(told(...[2, 1, 2].map((custodian): JournalEntry => ({ type: 'share-accepted', generation: 2, custodian }))).sharesSeen).toEqual([2, 1])
  })
})

describe('settled', () => {
  test.each<[string, JournalEntry[], boolean]>([
    ['never closed', [live, del, deleted, graded('proved')], false],
    ['closed before any key was live', [closed], true],
    ['closed with a live key', [live, closed], false],
    ['deleted, not graded', [live, del, deleted, closed], false],
    ['deleted, unproved', [live, del, deleted, graded('unproved'), closed], false],
    ['deleted, proved', [live, del, deleted, graded('proved'), closed], true],
    ['deleted, refused only', [live, del, deleted, graded('refused-only'), closed], true],
    ['deleted, listed only', [live, del, deleted, graded('listed-only'), closed], true],
    ['graded without a deletion', [live, graded('proved'), closed], false],
    ['deletion unknown', [live, del, graded('proved'), closed], false],
    ['rotation deferred by consent', [live, { type: 'rotation-deferred', reason: 'r' }, graded('unproved'), closed], true],
    ['resumed after it was closed', [live, del, deleted, graded('proved'), closed, { type: 'resumed', tool: 't', found: 'f' }], false],
    ['resumed and closed again', [live, closed, { type: 'resumed', tool: 't', found: 'f' }, del, deleted, graded('proved'), closed], true],
    ['a later grade counts', [live, del, deleted, graded('unproved'), closed, { type: 'resumed', tool: 't', found: 'f' }, graded('listed-only'), closed], true],
  ])('%s: %#', (_, entries, expected) => {
    expect(isSettled(told(...entries))).toBe(expected)
  })
})

describe('events', () => {
  test('of the golden set', () => {
    const logbook = readLogbook(vectorText('custody/logbook.jsonl')).lines
    const sessions = SESSIONS.map((session) => sessionEvents(replay(journalOf(session).lines), []))
    expect(generationEvents(logbook, sessions).map((event) => `${event.kind} ${event.generation}${'custodian' in event ? ` by ${event.custodian}` : ''}`)).toEqual([
      'sealed 1', 'sealed 2', 'sealed 3',
      'share-seen 1 by 1', 'share-seen 1 by 2', 'installed 1', 'key-live 1', 'installed 2', 'deleted 1', 'graded-dead 1',
      'copy-gone 1 by 1', 'copy-gone 1 by 1',
      'share-seen 2 by 1', 'share-seen 2 by 2', 'installed 2', 'key-live 2', 'installed 3', 'deleted 2', 'graded-dead 2',
      'copy-gone 3 by 1', 'retired 3',
    ])
  })

  test('each stands where the record has it, whatever the clock said', () => {
    const lost: LogbookEntry = { type: 'lost', custodian: 1, copy: 1, generations: [3], witness: 'w', seq: 4, at: '2026-11-20T00:00:00.000Z', prev: '0'.repeat(64) }
    const sessions = [{ opensAfter: 7, events: [{ kind: 'installed', generation: 4 }] }, { opensAfter: 1, events: [{ kind: 'installed', generation: 2 }] }] as const
    expect(generationEvents([lost], sessions).map(({ kind, generation }) => `${kind} ${generation}`)).toEqual(['installed 2', 'copy-gone 3', 'installed 4'])
  })

  test('a sheet that was read on a machine with a network was seen', () => {
    const events = generationEvents([{ type: 'inspected', custodian: 2, copy: 1, generations: [3, 4], bag: 'b', condition: 'intact', newBag: 'c', seenOnline: [3], witness: 'w', seq: 1, at: '2026-11-20T00:00:00.000Z', prev: '0'.repeat(64) }], [])
    expect(events).toEqual([{ kind: 'share-seen', generation: 3, custodian: 2 }])
  })

  test('an inspected bag that is not intact is gone, for each of its generations', () => {
    const entries = (condition: 'intact' | 'opened' | 'doubtful'): NewLogbookEntry => ({ type: 'inspected', custodian: 2, copy: 1, generations: [3, 4], bag: 'b', condition, witness: 'w' })
    const events = (condition: 'intact' | 'opened' | 'doubtful'): unknown[] => {
      const logbook = pen<NewLogbookEntry>('2026-11-20T04:00:00.000Z', 1)
      logbook.write(entries(condition))
      return generationEvents(readLogbook(logbook.text()).lines, [])
    }
    expect(events('intact')).toEqual([])
    for (const condition of ['opened', 'doubtful'] as const) {
      expect(events(condition)).toEqual([{ kind: 'copy-gone', generation: 3, custodian: 2, copy: 1 }, { kind: 'copy-gone', generation: 4, custodian: 2, copy: 1 }])
    }
  })

  test('a genuine sheet of another generation was seen all the same; a forged one was not', () => {
    const refused = (more: object): JournalEntry => ({ type: 'share-refused', code: 'SHARE_OTHER_GENERATION', reason: 'r', ...more })
    expect(sessionEvents(told(refused({ generation: 3, custodian: 2 }), refused({}), closed), []).events).toEqual([{ kind: 'share-seen', generation: 3, custodian: 2 }])
  })

  test('a session in which no key became live installed nothing; an unproved one buried nobody', () => {
    const kinds = (...entries: JournalEntry[]): string[] => sessionEvents(told(...entries), []).events.map(({ kind }) => kind)
    expect(kinds({ type: 'share-accepted', generation: 2, custodian: 1 }, closed)).toEqual(['share-seen'])
    expect(kinds(live, del, deleted, graded('unproved'), closed)).toEqual(['key-live', 'deleted'])
    expect(kinds(live, successor, del, closed)).toEqual(['key-live', 'installed'])
  })

  const SPKI: Record<number, string> = { 2: opened.spkiSha256, 3: successor.spkiSha256 }
  const keysOf = (...generations: number[]): ListedKey[] => generations.map((generation) => ({ fingerprint: Array(16).fill(`0${generation}`).join(':'), spkiSha256: SPKI[generation] ?? String(generation).repeat(64), generation, lifecycleState: 'ACTIVE' }))
  const listed = (...generations: number[]): JournalEntry => ({ type: 'listed', profile: 'AUDITOR', blocked: false, keys: keysOf(...generations) })
  const events = (...entries: JournalEntry[]): string[] => sessionEvents(told(...entries), [{ generation: 4, fingerprint: Array(16).fill('04').join(':') }]).events.map(({ kind, generation }) => `${kind} ${generation}`)

  test('what OCI lists in place of a key that somebody else rotated was found, not installed', () => {
    expect(events(live, deleted, listed(4), graded('listed-only'), closed)).toEqual(['key-live 2', 'found 4', 'deleted 2', 'graded-dead 2'])
    expect(events(live, successor, deleted, listed(3, 4), graded('proved'), closed)).toEqual(['key-live 2', 'installed 3', 'deleted 2', 'graded-dead 2'])
  })

  test('a successor that a login does not find any more has left, if a later generation is there in its place', () => {
    const dead = ['deleted 2', 'graded-dead 2']
    expect(events(live, successor, deleted, listed(4), graded('listed-only'), closed)).toEqual(['key-live 2', 'installed 3', 'left 3', 'found 4', ...dead])
    // Nobody has a way in, or the list is older than the successor: that tells nothing of another copy.
    expect(events(live, successor, deleted, listed(), graded('unproved'), closed)).toEqual(['key-live 2', 'installed 3', 'deleted 2'])
    expect(events(live, listed(2, 4), successor, deleted, graded('refused-only'), closed)).toEqual(['key-live 2', 'installed 3', ...dead])
    expect(events(live, successor, listed(2, 4), graded('unproved'), closed)).toEqual(['key-live 2', 'installed 3'])
  })

  test('an older key that the census before the deletion does not find has left; a later one, or one that is found, has not', () => {
    const census = (when: 'before-action' | 'before-deletion', ...generations: number[]): JournalEntry => ({ type: 'census', when, found: { lifecycleState: 'ACTIVE', blocked: false, keys: keysOf(...generations), groups: [], credentials: {} }, unexpected: [] })
    const known = [1, 3, 4].map((generation) => ({ generation, fingerprint: Array(16).fill(`0${generation}`).join(':') }))
    const of = (...entries: JournalEntry[]): string[] => sessionEvents(told(...entries), known).events.map(({ kind, generation }) => `${kind} ${generation}`)
    expect(of(live, census('before-deletion', 2, 3))).toEqual(['installed 2', 'key-live 2', 'left 1'])
    expect(of(live, census('before-deletion', 1, 2))).toEqual(['installed 2', 'key-live 2'])
    expect(of(live, census('before-action', 2))).toEqual(['installed 2', 'key-live 2'])
  })

  test('a key that a login saw after its deletion is not called deleted; one that was seen before it is', () => {
    expect(events(live, successor, deleted, listed(2, 3), graded('unproved'), closed)).toEqual(['key-live 2', 'installed 3'])
    expect(events(live, successor, listed(2, 3), graded('unproved'), deleted, graded('unproved'), closed)).toEqual(['key-live 2', 'installed 3', 'deleted 2'])
  })

  test('a key of another generation that the exit deleted has left OCI; one of which no answer is known has not', () => {
    const other: JournalEntry = { ...del, rule: DELETE_OTHER_KEY, path: `/20160918/users/u/apiKeys/${Array(16).fill('04').join('%3A')}` }
    expect(events(live, other, answer(204))).toEqual(['key-live 2', 'left 4'])
    expect(events(live, other)).toEqual(['key-live 2'])
    expect(events(live, { ...other, path: '/20160918/users/u/apiKeys/05' }, answer(204))).toEqual(['key-live 2'])
  })
})

describe('recognising a listed key', () => {
  const manifests = [1, 2, 3].map(manifestOf)
  const listed = { fingerprint, keyValue: manifest.publicKeyPem, lifecycleState: 'ACTIVE' }
  test('by its whole public key', () => {
    expect(recognise(listed, manifests)).toEqual({ fingerprint, spkiSha256, generation: 2, lifecycleState: 'ACTIVE' })
    expect(recognise({ ...listed, keyValue: manifest.publicKeyPem.replaceAll('\n', '\r\n') }, manifests).generation).toBe(2)
  })
  test('never by OCI\'s fingerprint, where there is a key to look at', () => {
    expect(recognise({ ...listed, keyValue: manifestOf(1).publicKeyPem }, manifests)).toMatchObject({ fingerprint, generation: 1 })
    expect(recognise(listed, [manifestOf(1)])).toEqual({ fingerprint, spkiSha256, generation: null, lifecycleState: 'ACTIVE' })
  })
  test.each(['garbage', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----'])('no key in %j: nobody\'s, whatever its fingerprint', (keyValue) => {
    expect(recognise({ ...listed, keyValue }, manifests)).toEqual({ fingerprint, spkiSha256: null, generation: null, lifecycleState: 'ACTIVE' })
  })
  test.each([undefined, null, ''])('listed without its value (%j): not a stranger\'s to be deleted, but never equal to anything', (keyValue) => {
    expect(recognise({ ...listed, keyValue }, manifests)).toEqual({ fingerprint, spkiSha256: null, generation: 2, lifecycleState: 'ACTIVE' })
    expect(recognise({ ...listed, fingerprint: 'ff:'.repeat(15) + 'ff', keyValue }, manifests)).toMatchObject({ spkiSha256: null, generation: null })
  })
  test('alive while its value or its fingerprint is listed', () => {
    const other = { fingerprint: manifestOf(1).fingerprint, spkiSha256: manifestOf(1).spkiSha256, generation: 1, lifecycleState: 'ACTIVE' }
    expect(isListed([], manifest)).toBe(false)
    expect(isListed([other], manifest)).toBe(false)
    expect(isListed([other, { ...other, spkiSha256 }], manifest)).toBe(true)
    expect(isListed([{ ...other, fingerprint, spkiSha256: null }], manifest)).toBe(true)
  })
})

