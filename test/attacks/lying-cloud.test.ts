/** A cloud that lies about a deletion: says done and keeps the key, says listed when gone, gone while it works, or 401 to everybody. */
import { spawn } from 'node:child_process'
import { afterEach, expect, test } from 'vitest'
import { gradeOf, type Listing } from '../../src/breakglass/proof.js'
import type { ListedKey } from '../../src/record/journal.js'
import { lastListing } from '../../src/record/recognise.js'
import { replay } from '../../src/record/replay.js'
import { acceptingRegions, acceptingStill } from '../../src/record/way-on.js'
import { rotate, type ExitParts } from '../../src/strongroom/exit.js'
import type { Journal } from '../../src/strongroom/journal.js'
import { OciRefusal } from '../../src/strongroom/own-user.js'
import { CLI } from '../stage/command-line.js'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'
import { journalOf, manifestOf, SESSIONS, warrantOf } from '../vectors/frozen.js'
import { expectRefused } from './tamper.js'

let stage: Rehearsal | undefined
afterEach(async () => {
  await stage?.close()
  stage = undefined
})

const warrant = warrantOf(SESSIONS[1])
const used = manifestOf(2)
const everywhere = warrant.regions
const key = (generation: number): ListedKey => ({ fingerprint: manifestOf(generation).fingerprint, spkiSha256: manifestOf(generation).spkiSha256, generation, lifecycleState: 'ACTIVE' })
const listing = (...generations: number[]): Listing => ({ profile: 'AUDITOR', keys: generations.map(key), blocked: false })

test.each<[string, unknown]>([
  ['one fingerprint longer than any', [{ fingerprint: 'f'.repeat(201), lifecycleState: 'ACTIVE' }]],
  ['a state of a megabyte', [{ fingerprint: 'f', lifecycleState: 'A'.repeat(1024 * 1024) }]],
  ['a thousand keys and one', Array.from({ length: 1001 }, () => ({ fingerprint: 'f', lifecycleState: 'ACTIVE' }))],
  ['half of a character', [{ fingerprint: '\ud800', lifecycleState: 'ACTIVE' }]],
])('once the used key is deleted, its list has what no record takes: %s; the session is concluded without it', async (_, body) => {
  const opened: Rehearsal = await rehearsal({
    speed: 4,
    observe: (moment, { method }) => {
      if (moment === 'done' && method === 'DELETE') opened.cloud.armFault({ match: { method: 'GET', path: '*/apiKeys' }, count: 100, action: { do: 'answer', status: 200, body } })
      return undefined
    },
  })
  stage = opened
  const { code, stderr, stdout } = await opened.run([...opened.rotate(), '--reader', 'AUDITOR'])
  expect(stderr).toContain('AUDITOR cannot read the key list: OCI answered in another shape than documented')
  expect([code, stderr, stdout]).toEqual([0, expect.stringContaining('is dead: refused-only.'), expect.stringContaining('Logbook entry 3')])
  expect(opened.journal().at(-1)).toMatchObject({ type: 'closed', exitCode: 0 })
})

test('it says 204 and keeps the key, and its list says gone: a region that takes the key outweighs both', async () => {
  stage = await rehearsal()
  const { cloud } = stage
  cloud.armFault({ match: { method: 'DELETE', path: '*/apiKeys/*' }, action: { do: 'answer', status: 204 } })
  // From then on the list is without it, for whoever asks.
  const watch = setInterval(() => {
    const deleted = cloud.requests.find(({ method, path }) => method === 'DELETE' && path.includes('/apiKeys/'))
    if (!deleted) return
    clearInterval(watch)
    const gone = decodeURIComponent(deleted.path.split('/').at(-1) ?? '')
    const left = cloud.tenancy.identity.apiKeys.filter(({ userId, timeDeleted, fingerprint }) => userId === cloud.seed.users.administrator && timeDeleted === null && fingerprint !== gone)
    cloud.armFault({ match: { method: 'GET', path: '*/apiKeys' }, count: 100, action: { do: 'answer', status: 200, body: left.map(({ pem, fingerprint }) => ({ keyValue: pem, fingerprint, lifecycleState: 'ACTIVE' })) } })
  }, 10)
  // Nobody waits for the end of the proof, which a key that lives draws out for a minute: Ctrl-C, and once more after reading.
  const desk = spawn(process.execPath, [CLI, ...stage.rotate(), '--reader', 'AUDITOR'], { cwd: stage.directory, stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  let pressed = 0
  desk.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
    if (/eu-frankfurt-1 still answers 200/.test(stderr) && /eu-amsterdam-1 still answers 200/.test(stderr) && performance.now() - pressed > 2500) {
      pressed = performance.now()
      desk.kill('SIGINT')
    }
  })
  expect(await new Promise<number>((resolve) => desk.once('close', (ended) => resolve(ended ?? -1)))).toBe(6)
  clearInterval(watch)
  expect(stage.listedKeys).toBe(2)
  expect(stage.journal().some(({ type }) => type === 'key-deleted')).toBe(true)
  expect((await stage.run(['status', '--custody', stage.custody])).stdout).toContain('the key of GENERATION 2 may be alive')
  // Nor does the list, which says gone, settle it: people must try the key again.
  const resumed = await stage.run(['resume', '--custody', stage.custody, '--reader', 'AUDITOR', ...stage.oci])
  expectRefused(resumed, 'KEY_NOT_PROVED_DEAD', 6)
  expect(resumed.stderr).toContain('deleting it needs a signature')
})

test('its list says gone while the key was taken in one region only', () => {
  const answers = [{ region: everywhere[0] ?? '', status: 401 }, { region: everywhere[1] ?? '', status: 401 }, { region: everywhere[1] ?? '', status: 200 }, { region: everywhere[1] ?? '', status: 503 }]
  expect(acceptingRegions(warrant, answers)).toEqual([everywhere[1]])
  expect(gradeOf(warrant, { refusedIn: [everywhere[0] ?? ''], acceptedIn: acceptingRegions(warrant, answers) }, listing(3), used, true)).toMatchObject({ grade: 'unproved' })
  expect(gradeOf(warrant, { refusedIn: [], acceptedIn: everywhere }, listing(3), used, true).why).toBe(`It was still accepted in ${everywhere.join(', ')} when it was last tried.`)
  // A list that was read much later may be all that is ever known of that region.
  const taken = { seq: 9, at: '2026-11-20T04:12:00.000Z', prev: '', type: 'probe' as const, region: everywhere[1] ?? '', signedFor: '2026-11-20T04:12:00.000Z', status: 200, date: '', opcRequestId: '' }
  const quarter = { regions: everywhere, probes: { intervalSeconds: 10, confirmAfterSeconds: 120, giveUpAfterMinutes: 15 } }
  expect(acceptingStill(quarter, [taken], null)).toEqual([everywhere[1]])
  expect(acceptingStill(quarter, [taken], { at: '2026-11-20T04:26:59.999Z' })).toEqual([everywhere[1]])
  expect(acceptingStill(quarter, [taken], { at: '2026-11-20T04:27:00.000Z' })).toEqual([])
  // The same without that answer: nobody saw it alive.
  expect(gradeOf(warrant, { refusedIn: [everywhere[0] ?? ''], acceptedIn: [] }, listing(3), used, true)).toMatchObject({ grade: 'listed-only' })
})

test('it says listed when the key is gone: unproved, however often it was refused', () => {
  const refused = { refusedIn: everywhere, acceptedIn: [] }
  expect(gradeOf(warrant, refused, listing(3), used, true)).toMatchObject({ grade: 'proved' })
  expect(gradeOf(warrant, refused, listing(2, 3), used, true)).toEqual({ grade: 'unproved', why: 'AUDITOR still finds it in the key list.' })
  // By OCI's name for it alone, with another value behind it.
  expect(gradeOf(warrant, refused, { ...listing(3), keys: [key(3), { ...key(2), spkiSha256: 'f'.repeat(64), generation: null }] }, used, true)).toMatchObject({ grade: 'unproved' })
})

test('it says listed, then 401 to everybody: who found the key there looks again, or it is not proved dead', () => {
  const refused = { refusedIn: everywhere, acceptedIn: [] }
  expect(gradeOf(warrant, refused, null, used, true, listing(2, 3))).toEqual({ grade: 'unproved', why: 'AUDITOR found it in the key list after its deletion. Somebody must look again (--reader): where its user is blocked, it is refused and lives.' })
  expect(gradeOf(warrant, refused, listing(3), used, true, listing(2, 3))).toMatchObject({ grade: 'proved' })
  // A deletion that was answered after that listing makes it an old one.
  const { listings, deletedLast } = replay(journalOf(SESSIONS[1]).lines)
  const [listed] = listings
  if (!listed || !deletedLast) throw new RangeError('lying-cloud: the frozen session was deleted and listed')
  const found = { ...listed, keys: [key(2), key(3)] }
  expect(lastListing({ listings: [found], deletedLast: { ...deletedLast, seq: found.seq - 1 } }, used)).toBe(found)
  expect(lastListing({ listings: [found], deletedLast: { ...deletedLast, seq: found.seq + 1 } }, used)).toBeNull()
})

test('it says 401 to everybody: a refusal alone is graded as one, and as nothing where the deletion was not answered', () => {
  const refused = { refusedIn: everywhere, acceptedIn: [] }
  expect(gradeOf(warrant, refused, null, used, true)).toMatchObject({ grade: 'refused-only', why: expect.stringContaining('no login read the key list') as string })
  expect(gradeOf(warrant, refused, null, used, false)).toMatchObject({ grade: 'unproved' })
  expect(gradeOf(warrant, refused, { ...listing(3), blocked: true }, used, true)).toMatchObject({ grade: 'unproved' })
})

/** The exit before a cloud of the test's own; its clock leaps, so that its patience ends at once. */
function exit(user: Partial<ExitParts['user']>): { parts: ExitParts; written: string[] } {
  const written: string[] = []
  const lines = [...journalOf(SESSIONS[1]).lines.slice(0, 12)]
  const journal = { lines, write: (entry: { type: string }) => (written.push(entry.type), undefined) } as unknown as Journal
  let minutes = 0
  return { written, parts: { user: user as ExitParts['user'], warrant, journal, isPassed: () => false, onBeforeDelete: () => Promise.resolve(), patienceForNew: 0, deletesNoneItself: false, cutOff: new AbortController().signal, now: () => (minutes += 6) * 60_000 } }
}

test('401 from the moment of the deletion, which it answers so too: not rotated, and not called deleted', async () => {
  const refusal401 = (): Promise<never> => Promise.reject(new OciRefusal('read', { status: 401, headers: {}, body: new Uint8Array() }, 'NotAuthenticated'))
  let asked = false
  const { parts, written } = exit({ listKeys: () => (asked ? refusal401() : Promise.resolve([key(2), key(3)])), deleteKey: () => ((asked = true), refusal401()) })
  expect(await rotate(parts)).toEqual({ rotated: false, why: 'OCI refused to read: 401 NotAuthenticated', selfDeletion: false })
  expect(written).not.toContain('key-deleted')
})

test('the successor is listed as ACTIVE with another key behind its fingerprint: the used key is not deleted', async () => {
  let deleted = 0
  const { parts } = exit({ listKeys: () => Promise.resolve([key(2), { ...key(3), spkiSha256: 'f'.repeat(64), generation: null }]), uploadSuccessor: () => Promise.resolve(), deleteKey: () => ((deleted += 1), Promise.resolve()) })
  expect(await rotate(parts)).toMatchObject({ rotated: false, why: 'the successor was uploaded and is not listed yet' })
  expect(deleted).toBe(0)
})
