/** What people are told of a session whose warrant cannot be followed: never a way that leads nowhere, nor one that locks them out. */
import { join } from 'node:path'
import { expect, inject, test } from 'vitest'
import { staleness, type Seen } from '../../src/breakglass/staleness.js'
import type { GenerationEvent, Standing } from '../../src/custody/generation.js'
import { readCustodyFolder, type CustodyFolder } from '../../src/host/custody-folder.js'
import type { StoredSession } from '../../src/host/sealed-folder.js'
import { resumption } from '../../src/record/standing.js'

const taken = readCustodyFolder(join(inject('takenOver'), 'custody'))
const [takeover] = taken.sessions
if (!takeover) throw new Error('there is no session of a takeover')
/** The takeover's session, GENERATION 1 to 2, had it ended before the deletion. */
const stored: StoredSession = { ...takeover, session: { ...takeover.session, deletion: 'not-sent' } }
const UNSEEN: Seen = { gone: false, present: false, seen: false, hasHeir: null, isReady: false }
const LISTED: Seen = { ...UNSEEN, present: true, seen: true, hasHeir: true, isReady: true }

function folder(margins: Record<number, number>, ...events: GenerationEvent[]): CustodyFolder {
  const standings = taken.standings.map((one): Standing => ({ ...one, state: one.generation === 1 ? 'not proved dead' : one.state, margin: margins[one.generation] ?? one.margin }))
  return { ...taken, standings, events: [...taken.events.filter(({ kind }) => kind !== 'deleted'), ...events] }
}

const LEFT: GenerationEvent = { kind: 'left', generation: 1 }
const API_KEY = `API key ${stored.warrant.key.fingerprint}`
const LOOK = `glasskey resume --session ${stored.id} --reader PROFILE`

test('both can be opened: the warrant is followed', () => {
  expect(staleness(folder({}), stored, UNSEEN)).toBeNull()
})

test.each<[string, CustodyFolder, Seen, string, string]>([
  ['nobody looked', folder({ 1: -1 }), UNSEEN, `A rotation of GENERATION 2 deletes it: glasskey break rotate. Or an administrator deletes ${API_KEY}; then: ${LOOK}`, 'rotate'],
  ['both are listed', folder({ 1: -1 }), LISTED, `A rotation of GENERATION 2 deletes it: glasskey break rotate. Or an administrator deletes ${API_KEY}; then: ${LOOK}`, 'rotate'],
  ['both are listed, and neither can be opened', folder({ 1: -1, 2: -1 }), LISTED, `With the remover's login: glasskey resume --session ${stored.id} --remover PROFILE. Or an administrator deletes ${API_KEY}; then: ${LOOK}`, 'remover'],
  ['both are listed, neither can be opened, and the successor is not equal', folder({ 1: -1, 2: -1 }), { ...LISTED, isReady: false }, `An administrator deletes ${API_KEY}; then: ${LOOK}`, 'reader'],
  ['no successor is listed', folder({ 1: -1 }), { ...LISTED, hasHeir: false, isReady: false }, `An administrator first uploads the public key of GENERATION 2 (publicKeyPem in its manifest.json, once its fingerprint there is compared with the ceremony record), and only then deletes ${API_KEY}; then: ${LOOK}`, 'reader'],
  ['a later exit deleted it, and it is there again', folder({ 1: -1 }, LEFT), LISTED, `A rotation of GENERATION 2 deletes it: glasskey break rotate. Or an administrator deletes ${API_KEY}; then: ${LOOK}`, 'rotate'],
])('too few sheets are left of the used key, and %s', (_, from, seen, wayOut, wayOn) => {
  const found = staleness(from, stored, seen)
  expect(found?.failure.hint).toBe(`Too few sheets are left to open the key of GENERATION 1. ${wayOut}`)
  expect(found?.wayOn).toBe(wayOn)
})

test('a deletion that was answered is followed by a proof, unless the key list has the key again', () => {
  const done: StoredSession = { ...stored, session: { ...stored.session, deletion: 'done' } }
  expect(staleness(folder({ 1: -1 }), done, { ...UNSEEN, seen: true })).toBeNull()
  expect(staleness(folder({ 1: -1 }), done, LISTED)?.wayOn).toBe('rotate')
})

const SPENT: GenerationEvent = { kind: 'retired', generation: 2 }

/** The successor is not one any more. */
function overtaken(...events: GenerationEvent[]): CustodyFolder {
  const from = folder({}, SPENT, ...events)
  return { ...from, standings: from.standings.map((one): Standing => (one.generation === 2 ? { ...one, state: 'retired' } : one)) }
}

test.each<[string, CustodyFolder, StoredSession['session']['deletion'], Seen, string, string]>([
  ['was deleted by a later exit, with sheets', overtaken(LEFT), 'not-sent', UNSEEN, `The exit of a later session deleted the key of GENERATION 1; somebody who can read the key list settles it: ${LOOK}`, 'reader'],
  ['was deleted by a later exit, without sheets', folder({ 1: -1 }, LEFT), 'not-sent', UNSEEN, `The exit of a later session deleted the key of GENERATION 1; somebody who can read the key list settles it: ${LOOK}`, 'reader'],
  ['may have been deleted, with sheets', overtaken(), 'unknown', UNSEEN, `Whether OCI deleted the key of GENERATION 1 is not known. First let somebody who can read the key list look: ${LOOK}`, 'reader'],
  ['may have been deleted, without sheets, though a region took it', folder({ 1: -1 }), 'unknown', { ...UNSEEN, seen: true }, `Whether OCI deleted the key of GENERATION 1 is not known. First let somebody who can read the key list look: ${LOOK}`, 'reader'],
  ['may have been deleted, with sheets, and a region took it', overtaken(), 'unknown', { ...UNSEEN, seen: true }, 'The key of GENERATION 1 IS ALIVE. Rotate it under a fresh warrant: glasskey break rotate', 'rotate'],
  ['was not deleted, with sheets', overtaken(), 'not-sent', UNSEEN, 'The key of GENERATION 1 IS ALIVE. Rotate it under a fresh warrant: glasskey break rotate', 'rotate'],
])('the used key %s: the way on', (_, from, deletion, seen, hint, wayOn) => {
  const found = staleness(from, { ...stored, session: { ...stored.session, deletion } }, seen)
  expect([found?.failure.hint, found?.wayOn]).toEqual([hint, wayOn])
})

test('what a later exit did not find, and a region took: a quorum probes it, and nobody rotates for ever', () => {
  const [region = ''] = stored.warrant.regions
  const probe = { type: 'probe', region, signedFor: stored.session.opened.at, status: 200, date: '', opcRequestId: '', seq: 998, at: stored.session.opened.at, prev: '' } as const
  const accepted: StoredSession = { ...stored, session: { ...stored.session, deletion: 'unknown', probes: [probe], listings: [] } }
  const from = overtaken(LEFT)
  expect(staleness(from, accepted, { ...UNSEEN, seen: true })).toBeNull()
  expect(resumption(accepted, from.standings, from.events)).toBe(`glasskey resume --session ${stored.id} --scan FILE... (a quorum of GENERATION 1)`)
})

test('what somebody deleted needs no signature, whatever else does not fit', () => {
  expect(staleness(overtaken(), stored, { ...UNSEEN, gone: true, hasHeir: false })).toBeNull()
  expect(staleness(folder({ 1: -1 }, SPENT), stored, { ...UNSEEN, gone: true, hasHeir: false })).toBeNull()
})
