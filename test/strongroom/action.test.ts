/** A takeover that is stopped while it runs: the exit has begun beside it, and it must sign nothing more. */
import { Duplex, PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import type { JournalEntry } from '../../src/record/journal.js'
import { performAction } from '../../src/strongroom/action.js'
import type { Courier } from '../../src/strongroom/courier.js'
import type { Room } from '../../src/strongroom/room.js'
import type { UnsignedRequest } from '../../src/wire/signature.js'
import { journalOf, manifestOf, SESSIONS } from '../vectors/frozen.js'
import { TAKEOVER, warrantFor } from '../warrant/requests.js'

const warrant = warrantFor(TAKEOVER)
const OWN = `/users/${warrant.user}`
const key = { fingerprint: warrant.key.fingerprint, keyValue: warrant.key.publicKeyPem, lifecycleState: 'ACTIVE' }
const bootstrap = { fingerprint: '00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff', keyValue: '', lifecycleState: 'ACTIVE' }
const successor = { fingerprint: warrant.successor?.fingerprint ?? '', keyValue: warrant.successor?.publicKeyPem ?? '', lifecycleState: 'ACTIVE' }

/** Plays the action with these keys, which do not change but for `deletion`: what OCI answers to one, and then lists. `stopAt` says at which request time is up. Returns what was asked of OCI that changes something. */
async function play(keys: object[], stopAt: (request: UnsignedRequest) => boolean, yes = true, deletion: { status: number; then: object[] } = { status: 204, then: keys }, clerk: Duplex = new PassThrough()): Promise<{ changes: string[]; lines: JournalEntry[]; error: unknown }> {
  const stop = new AbortController()
  const changes: string[] = []
  const lines: JournalEntry[] = []
  const send = (request: UnsignedRequest): Promise<object> => {
    if (stopAt(request)) stop.abort('the deadline has passed')
    const { pathname } = new URL(request.url)
    if (request.method !== 'GET') changes.push(`${request.method} ${decodeURIComponent(pathname)}`)
    const answer = pathname.endsWith(OWN)
      ? { id: warrant.user, lifecycleState: 'ACTIVE' }
      : pathname.endsWith('/apiKeys')
        ? (changes.length > 0 ? deletion.then : keys)
        : pathname.startsWith('/admin/')
          ? { ocid: warrant.user }
          : []
    return Promise.resolve({ status: request.method === 'DELETE' ? deletion.status : 200, headers: {}, body: new TextEncoder().encode(JSON.stringify(answer)) })
  }
  const room = {
    warrant,
    folder: { sessions: [], generations: [1, 2, 3].map((generation) => ({ manifest: manifestOf(generation) })) },
    journal: { lines: journalOf(SESSIONS[1]).lines.slice(0, 1), write: (entry: JournalEntry) => lines.push(entry) },
    order: { yes },
    desk: { left: new AbortController().signal },
  } as unknown as Room
  const error: unknown = await performAction(room, { send } as unknown as Courier, clerk, stop.signal).then(() => null, (thrown: unknown) => thrown)
  return { changes, lines, error }
}

const stopped = { code: 'INTERRUPTED' }

test('while it reads: nothing is agreed to, nothing is deleted, not even the census is written into the exit', async () => {
  const { changes, lines, error } = await play([key, bootstrap, successor], ({ url }) => url.includes('/userGroupMemberships'))
  expect(error).toMatchObject(stopped)
  expect(changes).toEqual([])
  expect(lines).toEqual([])
})

test('at the first deletion: that one was signed before, and no other is', async () => {
  const { changes, lines, error } = await play([key, bootstrap, { ...bootstrap, fingerprint: 'another' }], ({ method }) => method === 'DELETE')
  expect(error).toMatchObject(stopped)
  expect(changes).toEqual([`DELETE /20160918${OWN}/apiKeys/${bootstrap.fingerprint}`])
  expect(lines.filter(({ type }) => type === 'agreed')).toHaveLength(1)
})

test('the used key, listed without its value, and the successor are never offered for deletion as other keys', async () => {
  const { changes } = await play([{ ...key, keyValue: '' }, bootstrap, { ...successor, keyValue: 'nonsense' }], ({ method }) => method === 'DELETE')
  expect(changes).toEqual([`DELETE /20160918${OWN}/apiKeys/${bootstrap.fingerprint}`])
  const all = await play([{ ...key, keyValue: '' }, { ...successor, keyValue: '' }], ({ method }) => method !== 'GET')
  expect(all.lines.filter(({ type }) => type === 'agreed').map((line) => ('to' in line ? line.to : ''))).not.toContainEqual(expect.stringContaining('delete API key'))
  expect(all.changes).toEqual([])
})

test('a key that somebody deleted while people were asked is gone: the takeover goes on; one that is still listed after a 404 stops it', async () => {
  const gone = await play([key, bootstrap], () => false, true, { status: 404, then: [key, successor] })
  expect(gone.lines.filter(({ type }) => type === 'agreed').map((line) => ('to' in line ? line.to : ''))).toContain('remove MFA factors, last')
  const still = await play([key, bootstrap], () => false, true, { status: 404, then: [key, bootstrap] })
  expect(still.error).toMatchObject({ code: 'OCI_REFUSED', message: `OCI refused to delete key ${bootstrap.fingerprint}: 404 []` })
  expect(still.lines.filter(({ type }) => type === 'agreed')).toHaveLength(1)
})

/** A clerk that answers its task with these lines, whatever that is. */
const saying = (...lines: object[]): Duplex => new Duplex({
  read: () => undefined,
  write(_chunk: Buffer, _encoding, done) {
    for (const line of lines.splice(0)) this.push(`${JSON.stringify(line)}\n`)
    done()
  },
})

test('a clerk that calls it done and asked for nothing: the takeover is not done', async () => {
  const { changes, error } = await play([key, successor], () => false, true, undefined, saying({ done: ['password', 'capabilities', 'mfa'] }))
  expect(changes).toEqual([])
  expect(error).toMatchObject({ code: 'OCI_REFUSED', message: 'the clerk said that "takeover: set a password that nobody knows" was done, and OCI was never asked for it', hint: 'The key is rotated. Find out what runs as the clerk: it is not the code that was released.' })
})
