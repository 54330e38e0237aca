/** What an earlier attempt left in OCI: named by the keys themselves, whatever a hostile clerk writes beside them. */
import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { leftoversOf } from '../../src/breakglass/bootstrap.js'
import type { SurveyView } from '../../src/breakglass/user-view.js'
import { canonicalJson, sha256Hex } from '../../src/canonical.js'
import { namesOf, spkiOf } from '../../src/custody/key.js'
import type { CustodyFolder } from '../../src/host/custody-folder.js'
import { manifestOf } from '../vectors/frozen.js'

const BOOTSTRAP = '00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff'
const exposed = manifestOf(1)
const throwAway = namesOf(spkiOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey))

/** A folder in which GENERATION 1 is exposed, and an attempt uploaded a throw-away key. */
const folder = {
  generations: [{ manifest: exposed }, { manifest: manifestOf(2) }],
  standings: [{ generation: 1, state: 'exposed' }, { generation: 2, state: 'waiting' }],
  events: [],
  logbook: { lines: [] },
  sessions: [{ session: { calls: [{ intent: { rule: 'measure: upload a throw-away key', bodySha256: sha256Hex(canonicalJson({ key: throwAway.publicKeyPem })) } }] } }],
} as unknown as CustodyFolder

const listing = (...keys: [fingerprint: string, keyValue: string][]): SurveyView => ({ keys: keys.map(([fingerprint, keyValue]) => ({ fingerprint, keyValue, lifecycleState: 'ACTIVE' })) }) as unknown as SurveyView

test('an exposed generation and a throw-away key are removed', () => {
  expect(leftoversOf(folder, listing([exposed.fingerprint, exposed.publicKeyPem], [throwAway.fingerprint, throwAway.publicKeyPem], [BOOTSTRAP, '']))).toEqual([
    { fingerprint: throwAway.fingerprint, rule: 'measure: remove a throw-away key of an earlier attempt' },
    { fingerprint: exposed.fingerprint, rule: 'remove GENERATION 1 of an earlier attempt' },
  ])
})

test('a clerk that writes the bootstrap key\'s fingerprint beside them does not have that deleted', () => {
  const named = leftoversOf(folder, listing([BOOTSTRAP, exposed.publicKeyPem], [BOOTSTRAP, throwAway.publicKeyPem])).map(({ fingerprint }) => fingerprint)
  expect(named).toEqual([throwAway.fingerprint, exposed.fingerprint])
})

test('a journal that nobody signed does not name the lent key, nor one of a generation', () => {
  const lent = namesOf(spkiOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey))
  const [, second] = folder.generations
  const invented = { ...folder, sessions: [lent.publicKeyPem, second?.manifest.publicKeyPem ?? ''].map((key) => ({ session: { calls: [{ intent: { rule: 'measure: upload a throw-away key', bodySha256: sha256Hex(canonicalJson({ key })) } }] } })) } as unknown as CustodyFolder
  const listed = listing([lent.fingerprint, lent.publicKeyPem], [second?.manifest.fingerprint ?? '', second?.manifest.publicKeyPem ?? ''])
  expect(leftoversOf(invented, listed).map(({ fingerprint }) => fingerprint)).toEqual([lent.fingerprint])
  expect(leftoversOf(invented, listed, lent.fingerprint)).toEqual([])
})

test.each(['', 'nonsense', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'])('a key with %j in place of its value is nobody\'s', (keyValue) => {
  expect(leftoversOf(folder, listing([BOOTSTRAP, keyValue]))).toEqual([])
})

test('the key in use stays until the takeover asks for it, though nobody can open it any more', () => {
  const inUse = { ...folder, standings: [{ generation: 1, state: 'in use', margin: -1 }, { generation: 2, state: 'waiting', margin: 1 }], events: [{ kind: 'installed', generation: 1 }] }
  const after = (...lines: object[]): string[] => leftoversOf({ ...inUse, logbook: { lines } } as unknown as CustodyFolder, listing([exposed.fingerprint, exposed.publicKeyPem])).map(({ fingerprint }) => fingerprint)
  expect(after({ type: 'session', action: 'takeover', session: 's', grade: 'proved', actionResult: 'done' })).toEqual([])
  // Before any takeover was done it is what an earlier attempt left.
  expect(after()).toEqual([exposed.fingerprint])
})
