/** What people are told of a session whose warrant cannot be followed: never a way that leads nowhere, nor one that locks them out. */
import { join } from 'node:path'
import { expect, inject, test } from 'vitest'
import { staleness, type Seen } from '../../src/breakglass/staleness.js'
import type { GenerationEvent, Standing } from '../../src/custody/generation.js'
import { readCustodyFolder, type CustodyFolder } from '../../src/host/custody-folder.js'
import type { StoredSession } from '../../src/host/sealed-folder.js'

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
  ['a later exit deleted it', folder({ 1: -1 }, LEFT), UNSEEN, `The exit of a later session deleted it; somebody who can read the key list settles it: ${LOOK}`, 'reader'],
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
