import { describe, expect, test } from 'vitest'
import { standings, type GenerationEvent, type SheetSet } from '../../src/custody/generation.js'
import { readLogbook, type LogbookEntry, type NewLogbookEntry } from '../../src/record/logbook.js'
import { replay, type Session } from '../../src/record/replay.js'
import { openSessions } from '../../src/record/open-sessions.js'
import { wayOn } from '../../src/record/way-on.js'
import { custodyStanding, isTakenOver, type CustodyStanding, type Known } from '../../src/record/standing.js'
import { journalOf, SESSIONS, warrantOf } from '../vectors/frozen.js'
import { pen } from '../vectors/story.js'

const NOON = '2026-11-20T12:00:00.000Z'
const DAY = 86_400_000
const SETS: SheetSet[] = [1, 2, 3, 4].map((generation) => ({ generation, threshold: 2, shares: [1, 2, 3].map((custodian) => ({ custodian, copies: 1 })) }))
const SEALED: GenerationEvent[] = SETS.map(({ generation }) => ({ kind: 'sealed', generation }))
const TAKEN_OVER: GenerationEvent[] = [
  ...SEALED,
  { kind: 'installed', generation: 1 }, { kind: 'key-live', generation: 1 }, { kind: 'installed', generation: 2 }, { kind: 'deleted', generation: 1 }, { kind: 'graded-dead', generation: 1 },
]
const HEAD = { seq: 9, sha256: 'd'.repeat(64) }
const WARRANT = warrantOf(SESSIONS[1])
const settled = replay(journalOf(SESSIONS[1]).lines)

function entries(...news: NewLogbookEntry[]): LogbookEntry[] {
  const logbook = pen<NewLogbookEntry>(NOON, 0)
  for (const entry of news) logbook.write(entry)
  return readLogbook(logbook.text()).lines
}

const sessionEntry = (change: { action?: 'takeover' | 'rotate'; drill?: boolean; grade?: 'proved' | 'unproved' | null }): NewLogbookEntry => ({
  type: 'session', session: 's', action: 'rotate', rehearsal: false, drill: true, operator: 'o', incident: 'i', generation: 2, keyId: '0'.repeat(16), warrantSha256: '0'.repeat(64), journalSha256: '0'.repeat(64),
  shares: [1, 2], actionResult: change.action === 'takeover' ? 'done' : 'none', successor: null, grade: 'proved', secondsLive: 1, exitCode: 0, ...change,
})

function judged(change: Partial<Known>, events: GenerationEvent[] = TAKEN_OVER, days = 0): CustodyStanding {
  return custodyStanding({ rehearsal: false, standings: standings(SETS, events), events, logbook: entries(sessionEntry({ action: 'takeover', drill: false })), sessions: [], sheets: [], custodians: [], drillEveryDays: 91, inspectEveryDays: 182, now: new Date(Date.parse(NOON) + days * DAY), ...change })
}

test('the drill is reckoned from the takeover that was one, not from an attempt in which no key was live', () => {
  const attempt = entries(sessionEntry({ action: 'takeover', drill: false, grade: null }))
  expect(judged({ logbook: attempt }, [], 200)).toMatchObject({ drillDueInDays: 91 })
  expect(judged({ logbook: [...attempt, { ...entries(sessionEntry({ action: 'takeover', drill: false }))[0], at: new Date(Date.parse(NOON) + 190 * DAY).toISOString() } as LogbookEntry] }, TAKEN_OVER, 200)).toMatchObject({ drillDueInDays: 81 })
})

describe('a generation that a takeover installed, and nobody used', () => {
  const uploaded: GenerationEvent = { kind: 'uploaded', generation: 1 }
  const textsOf = (...more: GenerationEvent[]): string[] => judged({ logbook: [] }, [...SEALED, uploaded, ...more]).remarks.map(({ level, text }) => `${level}: ${text}`)
  const GOES_ON = 'warn: a takeover that stopped had installed GENERATION 1: glasskey takeover goes on with it'
  const DELETES = 'alarm: a takeover that stopped had installed GENERATION 1, which nobody is to use, and so far as this record knows OCI has its key: glasskey takeover deletes it'
  const seen = (custodian: number): GenerationEvent => ({ kind: 'share-seen', generation: 1, custodian })

  test('waits for the next attempt', () => {
    expect(textsOf()).toEqual([GOES_ON])
    expect(textsOf(seen(1))).toEqual([GOES_ON])
  })

  test('is not forgotten when it is exposed, given up or lost', () => {
    expect(textsOf(seen(1), seen(2))).toContain(DELETES)
    expect(textsOf({ kind: 'retired', generation: 1 })).toEqual([DELETES])
    expect(textsOf(...[1, 2].map((custodian): GenerationEvent => ({ kind: 'copy-gone', generation: 1, custodian, copy: 1 })))).toContain(DELETES)
  })

  test('is gone when it was deleted, and in use when it was recombined', () => {
    expect(textsOf({ kind: 'retired', generation: 1 }, { kind: 'left', generation: 1 })).toEqual([])
    expect(textsOf({ kind: 'installed', generation: 1 }, { kind: 'key-live', generation: 1 }).join()).not.toContain('had installed')
  })

  test('is named with who deletes it, where no takeover can begin', () => {
    const gone = (generation: number): GenerationEvent => ({ kind: 'retired', generation })
    expect(textsOf(...[1, 2, 3].map(gone))).toContainEqual(expect.stringMatching(/OCI has its key: glasskey takeover deletes it after the next ceremony; until then an administrator can, in OCI's console$/))
  })

  test('after another was taken over, a rotation deletes it', () => {
    expect(judged({}, [...SEALED, uploaded, { kind: 'retired', generation: 1 }, { kind: 'installed', generation: 2 }]).remarks.map(({ text }) => text)).toEqual([expect.stringContaining('OCI has its key: glasskey break rotate deletes it')])
  })
})

test('all is well', () => {
  expect(judged({})).toMatchObject({ inUse: { generation: 2 }, waiting: [3, 4], remarks: [], daysSinceDrill: null, drillDueInDays: 91, next: 'nothing; the next drill is due in 91 days' })
})

describe('what custodians have to do', () => {
  const copies = [{ copy: 1, holder: 'h', phone: 'p', place: 'l', bag: null }]
  const custodians = [1, 2, 3].map((number) => ({ number, name: `N${number}`, openpgpKey: null, copies }))
  const sheets = [1, 2, 3, 4].map((generation) => ({ generation, threshold: 2, shares: [1, 2, 3].map((custodian) => ({ custodian, copies: 1 })) }))
  const made = { generation: 2, keyId: '0'.repeat(16), spkiSha256: '0'.repeat(64), manifestSha256: '0'.repeat(64) }
  const ceremony: NewLogbookEntry = { type: 'ceremony', format: 1, rehearsal: false, tenancy: 't', user: 'u', threshold: 2, custodians: 3, generations: [2, 3, 4].map((generation) => ({ ...made, generation })), machine: [], exceptions: [], tool: 't' }
  const said = (days: number, ...more: NewLogbookEntry[]): string[] =>
    judged({ custodians, sheets, drillEveryDays: 366, logbook: entries(sessionEntry({ action: 'takeover', drill: false }), ceremony, ...more) }, TAKEN_OVER, days).remarks.map(({ text }) => text).filter((text) => text.includes('overdue'))
  const inspected = (custodian: number): NewLogbookEntry => ({ type: 'inspected', custodian, copy: 1, generations: [2], bag: 'b', condition: 'intact', witness: 'w' })
  const INSPECTION = 'an inspection of bags is 1 day overdue; glasskey logbook add inspected'

  test('the day on which an inspection is due, and the day after', () => {
    expect([said(182), said(184)]).toEqual([[], [INSPECTION.replace('1 day', '2 days')]])
    expect(said(183)).toEqual([INSPECTION])
  })

  test('a bag that nobody looked at is as many as all of them', () => {
    const later = { custodians, sheets, drillEveryDays: 366 }
    const looked = (...numbers: number[]): number | null => judged({ ...later, logbook: entries(ceremony, ...numbers.map(inspected)).map((entry) => entry.type === 'inspected' ? { ...entry, at: new Date(Date.parse(NOON) + 100 * DAY).toISOString() } : entry) }, TAKEN_OVER, 110).inspectionDueInDays
    expect([looked(), looked(1, 2), looked(1, 2, 3)]).toEqual([72, 72, 172])
  })

  test('an acknowledgement holds for a year', () => {
    expect(said(366)).toContain('an acknowledgement of a custodian is 1 day overdue (yearly); glasskey forms custodian-acknowledgement')
    expect(said(365).join()).not.toContain('acknowledgement')
  })
})

test('a takeover is done when the newest one is: an older session that is entered again is no newer, and one in which no key was live came to nothing', () => {
  const of = (session: string, actionResult: 'done' | 'failed', grade: 'proved' | null = 'proved'): LogbookEntry => ({ type: 'session', action: 'takeover', session, actionResult, grade }) as LogbookEntry
  expect(isTakenOver([])).toBe(false)
  expect(isTakenOver([of('1', 'done')])).toBe(true)
  expect(isTakenOver([of('1', 'failed'), of('2', 'done'), of('1', 'failed')])).toBe(true)
  expect(isTakenOver([of('1', 'done'), of('2', 'failed'), of('1', 'done')])).toBe(false)
  expect(isTakenOver([of('1', 'done'), of('2', 'failed', null)])).toBe(true)
  expect(isTakenOver([of('1', 'failed'), of('1', 'done')])).toBe(true)
})

test('before anything, and before the takeover', () => {
  expect(judged({ standings: [], events: [], logbook: [] }, [])).toMatchObject({ inUse: null, waiting: [], remarks: [], next: 'glasskey ceremony' })
  expect(judged({ logbook: [] }, SEALED)).toMatchObject({ inUse: null, waiting: [1, 2, 3, 4], remarks: [], next: 'glasskey takeover' })
  // One is installed, and rotated away from at once.
  expect(judged({ logbook: [] }, [...SEALED, ...[1, 2, 3].map((generation) => ({ kind: 'retired' as const, generation }))])).toMatchObject({ waiting: [4], next: 'glasskey ceremony' })
})

describe('alarms come first', () => {
  const open = (change: Partial<Session>): Known['sessions'] => [{ id: 'S1', warrant: WARRANT, session: { ...settled, closed: null, ...change }, chain: { head: HEAD } }]

  test('a session that came to its end unproved: status names what people bring, as the session did; of a key that has left, whoever looks', () => {
    const ended = open({ closed: settled.closed, grade: 'unproved', listings: [], probes: [] })
    const used: GenerationEvent[] = [...TAKEN_OVER, { kind: 'key-live', generation: 2 }, { kind: 'installed', generation: 3 }]
    expect(judged({ sessions: ended }, used).next).toBe('glasskey resume --session S1 --scan FILE... (a quorum of GENERATION 2)')
    expect(judged({ sessions: ended }, [...used, { kind: 'left', generation: 2 }]).next).toBe('glasskey resume --session S1 --reader PROFILE')
    // A region took it when it was last tried: a login that reads the list does not outweigh that.
    const probe = { type: 'probe', region: WARRANT.regions[0] ?? '', signedFor: settled.opened.at, status: 200, date: '', opcRequestId: '', seq: 998, at: settled.opened.at, prev: '' } as const
    expect(judged({ sessions: open({ closed: settled.closed, grade: 'unproved', listings: [], probes: [probe] }) }, [...used, { kind: 'left', generation: 2 }]).next).toBe('glasskey resume --session S1 --scan FILE... (a quorum of GENERATION 2)')
    // Its successor is not one any more: nothing is signed under its warrant but probes.
    const given = [...used, { kind: 'retired' as const, generation: 3 }]
    expect(judged({ sessions: open({ closed: settled.closed, grade: 'unproved', listings: [], probes: [], deletion: 'not-sent' }) }, given).next).toBe('glasskey break rotate')
    expect(judged({ sessions: open({ closed: settled.closed, grade: 'unproved', listings: [], probes: [], deletion: 'unknown' }) }, given).next).toBe('glasskey resume --session S1 --reader PROFILE')
    expect(judged({ sessions: ended }, given).next).toBe('glasskey resume --session S1 --scan FILE... (a quorum of GENERATION 2)')
    // Nothing waits that could be rotated to.
    expect(judged({ sessions: open({ closed: settled.closed, grade: 'unproved', listings: [], probes: [], deletion: 'not-sent' }) }, [...given, { kind: 'retired', generation: 4 }]).next).toBe('a ceremony at once, then glasskey break rotate')
    const listed = settled.listings.map((line) => ({ ...line, seq: 999, keys: [{ fingerprint: WARRANT.key.fingerprint, spkiSha256: WARRANT.key.spkiSha256, generation: 2, lifecycleState: 'ACTIVE' }] }))
    expect(judged({ sessions: open({ closed: settled.closed, grade: 'unproved', probes: [], listings: listed }) }, used).next).toBe('glasskey resume --session S1 --scan FILE... --reader PROFILE (a quorum of GENERATION 2)')
    expect(judged({ sessions: open({ closed: settled.closed, grade: 'unproved', probes: [], listings: listed.map((line) => ({ ...line, blocked: true })) }) }, used).next).toBe('glasskey resume --session S1 --reader PROFILE')
  })

  test('too few sheets are left of the used key: a rotation of a later one deletes what is there, a login looks for what is not known, and after a refusal the remover comes', () => {
    const lost: GenerationEvent[] = [1, 2].map((custodian) => ({ kind: 'copy-gone', generation: 2, custodian, copy: 1 }))
    const replaced: GenerationEvent[] = [...TAKEN_OVER, { kind: 'key-live', generation: 2 }, { kind: 'installed', generation: 3 }, ...lost]
    const next = (change: Partial<Session>, ...events: GenerationEvent[]): string => judged({ sessions: open({ closed: settled.closed, grade: 'unproved', listings: [], probes: [], ...change }) }, [...replaced, ...events]).next
    const look = 'glasskey resume --session S1 --reader PROFILE'
    expect(next({ deletion: 'not-sent' })).toBe('glasskey break rotate')
    expect(next({ deletion: 'unknown' })).toBe(look)
    expect(next({ deletion: 'done' })).toBe(look)
    expect(next({ deletion: 'not-sent' }, { kind: 'left', generation: 2 })).toBe(look)
    // Nothing that could rotate: whoever looks is told what an administrator does.
    expect(next({ deletion: 'not-sent' }, ...lost.map((event) => ({ ...event, generation: 3 })))).toBe(look)
    // A region took it, but nobody can sign any more: what a login reads is all that will be known.
    const probe = { type: 'probe', region: WARRANT.regions[0] ?? '', signedFor: settled.opened.at, status: 200, date: '', opcRequestId: '', seq: 998, at: settled.opened.at, prev: '' } as const
    expect(next({ deletion: 'unknown', probes: [probe] })).toBe(look)
    expect(next({ deletion: 'unknown', probes: [probe] }, { kind: 'left', generation: 2 })).toBe(look)
  })

  test('of two sessions the one that was interrupted comes first, and then one whose deletion is not on record, the later before the earlier', () => {
    const told = (id: string, change: Partial<Session>): Known['sessions'][number] => ({ ...(open({ grade: 'unproved', listings: [], probes: [], ...change })[0] ?? expect.fail()), id })
    const [proof, left, died] = [told('A', { closed: settled.closed, deletion: 'done' }), told('B', { closed: settled.closed, deletion: 'unknown' }), told('C', { closed: null, deletion: 'not-sent' })]
    const order = (...sessions: Known['sessions'][number][]): string[] => openSessions({ sessions: sessions.map((one, at) => ({ ...one, session: { ...one.session, opened: { ...one.session.opened, generation: at + 1 } } })), standings: [], logbook: [] }).map(({ id }) => id)
    expect(order(proof, left, died)).toEqual(['C', 'B', 'A'])
    expect(order(died, proof)).toEqual(['C', 'A'])
    expect(order(left, { ...proof, id: 'F', session: { ...proof.session, closed: null } })).toEqual(['F', 'B'])
    // The exit of a later rotation deletes what an earlier one left.
    expect(order(left, { ...left, id: 'D' }, proof, { ...proof, id: 'E' })).toEqual(['D', 'B', 'A', 'E'])
    expect(judged({ sessions: [proof, died] }).next).toBe('glasskey resume --session C (and --kept-lines FILE, if the screen named one)')
  })

  test('a deferred rotation whose key somebody deleted: there is nothing to rotate, and whoever looks finds out', () => {
    const deferred = settled.closed === null ? expect.fail() : (deletion: Session['deletion']): Session => ({ ...settled, deferred: { at: settled.opened.at } as never, deletion, listings: [], grade: 'unproved' })
    const way = (deletion: Session['deletion']): string => wayOn(deferred(deletion), WARRANT, true)
    expect([way('not-sent'), way('done')]).toEqual(['rotate', 'quorum'])
    // Uploaded once more, or the list was wrong: what a login found after the deletion counts.
    const [line] = settled.listings
    const again = { ...deferred('done'), listings: line ? [{ ...line, seq: 999, keys: [{ fingerprint: WARRANT.key.fingerprint, spkiSha256: WARRANT.key.spkiSha256, generation: 2, lifecycleState: 'ACTIVE' }] }] : [] }
    expect(wayOn(again, WARRANT, true)).toBe('rotate')
  })

  test('a session that an action would not wait for stops nobody', () => {
    const entry = { type: 'session', session: 'S1', action: 'rotate', actionResult: 'done', drill: false, grade: 'unproved', journalSha256: HEAD.sha256 } as LogbookEntry
    const later: GenerationEvent[] = [...TAKEN_OVER, { kind: 'key-live', generation: 2 }, { kind: 'deleted', generation: 2 }, { kind: 'installed', generation: 3 }]
    const remark = (deletion: Session['deletion']): unknown => judged({ sessions: open({ closed: settled.closed, grade: 'unproved', listings: [], probes: [], deletion }), logbook: [entry] }, later).remarks[0]
    expect(remark('done')).toEqual({ level: 'alarm', stops: false, text: 'session S1 has not come to its end: the key of GENERATION 2 may be alive' })
    expect(remark('not-sent')).toMatchObject({ stops: true })
  })

  test('an open session, with and without a live key', () => {
    expect(judged({ sessions: open({}) })).toMatchObject({
      remarks: [{ level: 'alarm', stops: true, text: 'session S1 has not come to its end: the key of GENERATION 2 may be alive' }],
      next: 'glasskey resume --session S1 (and --kept-lines FILE, if the screen named one)',
    })
    expect(judged({ sessions: open({ keyLiveAt: null }) }).next).toBe('glasskey resume --session S1')
    expect(judged({ sessions: open({ keyLiveAt: null }) }).remarks).toEqual([{ level: 'alarm', stops: true, text: 'session S1 has not come to its end' }])
    expect(judged({ sessions: [{ id: 'S1', warrant: WARRANT, session: settled, chain: { head: HEAD } }] }).remarks).toEqual([{ level: 'alarm', stops: true, text: 'session S1 is not entered in the logbook' }])
    const entry = { type: 'session', session: 'S1', action: 'takeover', actionResult: 'done', drill: false, grade: 'proved', journalSha256: HEAD.sha256 } as LogbookEntry
    expect(judged({ sessions: [{ id: 'S1', warrant: WARRANT, session: settled, chain: { head: HEAD } }], logbook: [entry] }).remarks).toEqual([])
    // An entry of an earlier end is not one of the last.
    expect(judged({ sessions: [{ id: 'S1', warrant: WARRANT, session: settled, chain: { head: HEAD } }], logbook: [{ ...entry, journalSha256: 'e'.repeat(64) } as LogbookEntry] }).remarks).toHaveLength(1)
  })

  test('used and not proved dead', () => {
    const standing = judged({}, [...TAKEN_OVER, { kind: 'key-live', generation: 2 }])
    expect(standing.remarks).toEqual([{ level: 'alarm', stops: false, text: 'GENERATION 2 was used and is not proved dead' }])
    expect(standing.next).toBe('glasskey break rotate')
  })

  test('exposed: k shares were seen', () => {
    const seen = [1, 2].map((custodian): GenerationEvent => ({ kind: 'share-seen', generation: 2, custodian }))
    expect(judged({}, [...TAKEN_OVER, ...seen])).toMatchObject({ remarks: [{ level: 'alarm', stops: false, text: 'GENERATION 2 is exposed: a quorum of its shares was seen' }], next: 'glasskey break rotate' })
    expect(judged({}, [...TAKEN_OVER, ...seen.slice(1)]).remarks).toEqual([])
    const retired = [3, 4].map((generation): GenerationEvent => ({ kind: 'retired', generation }))
    expect(judged({}, [...TAKEN_OVER, ...seen, ...retired])).toMatchObject({
      remarks: [{ level: 'alarm', stops: false, text: 'GENERATION 2 is exposed: a quorum of its shares was seen' }, { level: 'alarm', stops: false, text: 'only 0 of 2 successors wait: plan the next ceremony' }],
      next: 'a ceremony at once, then glasskey break rotate',
    })
  })

  test('exposed while it waited: it is to be retired, and only then the rest is looked at', () => {
    const seen = [1, 2].map((custodian): GenerationEvent => ({ kind: 'share-seen', generation: 4, custodian }))
    const standing = judged({}, [...TAKEN_OVER, ...seen])
    expect(standing.remarks[0]).toEqual({ level: 'alarm', stops: false, text: 'GENERATION 4 is exposed: a quorum of its shares was seen; glasskey logbook add retired' })
    expect(standing.next).toBe('glasskey logbook add retired --set generation=4 --set reason=…')
    expect(judged({}, [...TAKEN_OVER, ...seen, { kind: 'retired', generation: 4 }]).next).toBe('plan the next ceremony')
  })

  test('fewer than two successors', () => {
    expect(judged({}, [...TAKEN_OVER, { kind: 'retired', generation: 4 }])).toMatchObject({ remarks: [{ level: 'alarm', stops: false, text: 'only 1 of 2 successors waits: plan the next ceremony' }], next: 'plan the next ceremony' })
  })

  test('the day from which they are fewer, as drills use them up: not before today, and today where they are fewer', () => {
    const inDays = (standing: CustodyStanding): number => ((standing.due.ceremony?.getTime() ?? NaN) - Date.parse(NOON)) / DAY
    expect(inDays(judged({}))).toBe(91)
    expect(inDays(judged({}, TAKEN_OVER, 200))).toBe(200)
    expect(inDays(judged({}, [...TAKEN_OVER, { kind: 'retired', generation: 4 }], 40))).toBe(40)
  })

  test('margin 1: silence; margin 0: a note; below: an alarm', () => {
    const gone = (...custodians: number[]): GenerationEvent[] => [...TAKEN_OVER, ...custodians.map((custodian): GenerationEvent => ({ kind: 'copy-gone', generation: 2, custodian, copy: 1 }))]
    expect(judged({}, gone()).remarks).toEqual([])
    expect(judged({}, gone(1)).remarks).toEqual([{ level: 'warn', stops: false, text: 'GENERATION 2 has no margin: every custodian left is needed' }])
    expect(judged({}, gone(1, 3)).remarks).toEqual([{ level: 'alarm', stops: true, text: 'GENERATION 2 is in use and can no longer be recombined: too many sheets are gone. An administrator gives its user a bootstrap API key, and glasskey takeover installs the next generation' }])
  })
})

describe('the drill', () => {
  test('due after 91 days from the takeover: on the day nothing, a day later a note', () => {
    expect(judged({}, TAKEN_OVER, 90)).toMatchObject({ drillDueInDays: 1, remarks: [] })
    expect(judged({}, TAKEN_OVER, 91)).toMatchObject({ drillDueInDays: 0, remarks: [], next: 'nothing; the next drill is due today' })
    expect(judged({}, TAKEN_OVER, 92)).toMatchObject({ drillDueInDays: -1, remarks: [{ level: 'warn', stops: false, text: 'the drill is 1 day overdue' }], next: 'glasskey break rotate --drill' })
  })

  test('only a proved drill counts', () => {
    const logbook = (...news: NewLogbookEntry[]): LogbookEntry[] => entries(sessionEntry({ action: 'takeover', drill: false }), ...news)
    expect(judged({ logbook: logbook(sessionEntry({})) }, TAKEN_OVER, 10)).toMatchObject({ daysSinceDrill: 10, drillDueInDays: 81 })
    expect(judged({ logbook: logbook(sessionEntry({ grade: 'unproved' })) }, TAKEN_OVER, 10)).toMatchObject({ daysSinceDrill: null })
    expect(judged({ logbook: logbook(sessionEntry({ drill: false })) }, TAKEN_OVER, 10)).toMatchObject({ daysSinceDrill: null })
  })
})

describe('used sheets', () => {
  const gone = (custodian: number, generation = 1): NewLogbookEntry => ({ type: 'destroyed', generation, custodian, copies: [1], method: 'shredded', witness: 'w' })
  const lost: NewLogbookEntry = { type: 'lost', custodian: 3, copy: 1, generations: [1, 2], witness: 'w' }
  const opened: NewLogbookEntry = { type: 'inspected', custodian: 3, copy: 1, generations: [1], bag: 'b', condition: 'opened', witness: 'w' }
  const remarks = (...news: NewLogbookEntry[]): CustodyStanding['remarks'] => judged({ sheets: SETS, logbook: entries(sessionEntry({ action: 'takeover', drill: false }), ...news) }).remarks
  const waits = (left: number): CustodyStanding['remarks'] => [{ level: 'warn', stops: false, text: `used sheets await destruction before a witness: GENERATION 1 (${left} left); glasskey logbook add destroyed` }]

  test('wait until the last copy is gone; each counts once', () => {
    expect(remarks()).toEqual(waits(3))
    expect(remarks(gone(1), gone(1), gone(2))).toEqual(waits(1))
    expect(remarks(gone(1), gone(2), gone(3))).toEqual([])
    expect(remarks(gone(1), gone(2), lost)).toEqual([])
    expect(remarks(gone(1), gone(2), opened)).toEqual(waits(1))
    expect(remarks(gone(1), gone(2), gone(3, 4))).toEqual(waits(1))
  })

  test('only of keys that are proved dead', () => {
    expect(judged({ sheets: SETS }, TAKEN_OVER.slice(0, -1)).remarks.map(({ text }) => text)).toEqual(['GENERATION 1 was used and is not proved dead'])
  })

  test('several generations in one line', () => {
    const burned = (['installed', 'key-live', 'deleted', 'graded-dead'] as const).map((kind): GenerationEvent => ({ kind, generation: 2 }))
    expect(judged({ sheets: SETS }, [...TAKEN_OVER, ...burned, { kind: 'installed', generation: 3 }]).remarks.map(({ text }) => text)).toContain('used sheets await destruction before a witness: GENERATION 1 (3 left), GENERATION 2 (3 left); glasskey logbook add destroyed')
  })
})

describe('a takeover that stopped half-way', () => {
  test('is said in red until another did all that it is for', () => {
    const stopped = entries({ ...sessionEntry({ action: 'takeover', drill: false }), actionResult: 'interrupted' } as NewLogbookEntry)
    const session = { ...settled, opened: { ...settled.opened, action: 'takeover' as const, session: 's', generation: 1 } }
    expect(judged({ logbook: stopped, sessions: [{ id: 's', warrant: WARRANT, session, chain: { head: { seq: 1, sha256: '0'.repeat(64) } } }] })).toMatchObject({
      remarks: [{ level: 'alarm', stops: false, text: 'the takeover stopped half-way: other ways in than the API key may be open' }],
      next: 'glasskey takeover',
    })
  })

  test('a copy from before it, which goes on with the key that OCI has, does not claim to know of one', () => {
    expect(judged({ logbook: [] })).toMatchObject({
      remarks: [{ level: 'alarm', stops: false, text: 'no takeover is on record in this copy of the folder: other ways in than the API key may be open' }],
      next: 'glasskey takeover',
    })
  })
})

describe('an import that did not come to its end', () => {
  test('leaves a generation that no ceremony of the logbook made, and is named', () => {
    const events = TAKEN_OVER.filter((event) => event.kind !== 'sealed' || event.generation !== 4)
    expect(judged({}, events)).toMatchObject({
      remarks: [{ level: 'alarm', stops: false, text: 'GENERATION 4 is in the folder and in no logbook entry: its import did not come to its end. If its outbox is lost: glasskey logbook add retired' }],
      next: 'glasskey ceremony import, once more',
    })
  })
})
