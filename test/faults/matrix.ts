/**
 * Every fault at every call of a flow.
 *
 * A flow is run once to its end, and every request of it is noted. Then it is run again for each of them with each fault.
 * It must end in done, or say what to do next; no mutation may be repeated blindly; and when the weather is good again and
 * people do what `status` tells them, all must be well.
 */
import { afterAll, describe, expect, test } from 'vitest'
import { type FaultInput } from '../../src/simulator/faults.js'
import { type RequestRecord } from '../../src/simulator/listener.js'
import { type TenancyEventInput } from '../../src/simulator/tenancy-events.js'
import { type Ended } from '../stage/command-line.js'
import { assertAllWell, assertNobodyLockedOut, assertNothingSilent, doAsTold, livingKeys } from '../stage/laws.js'
import { type Rehearsal, type Staging } from '../stage/rehearsal.js'
import { classOf, Counter, shareOf } from '../stage/points.js'

/** A flow whose calls fail. */
export interface Flow {
  name: string
  open: (staging: Staging) => Promise<Rehearsal>
  args: (stage: Rehearsal) => string[]
  /** Whether the bootstrap key may still be the way in. */
  lent?: boolean
}

/** Time runs this much faster than life: a call's patience of 20 s is one second. */
const SPEED = 20

/** Of a request that is repeated until something is so, this many are told apart. */
const REPEATS = 2

/** Longer than any call waits. */
const TOO_LATE = 25_000 / SPEED

/** What can happen to a call. `at` is the request's place in its class, `connection` that in its region. */
interface Fault {
  name: string
  /** Calls that it is for; all when left out. */
  only?: (call: Call) => boolean
  tls?: boolean
  action: (stage: Rehearsal, call: Call) => FaultInput['action']
  /** Meets connections instead of requests. */
  atTheDoor?: boolean
  /** How often it strikes; once when left out. */
  count?: number
}

/** A call of a flow. */
interface Call {
  /** Method, shape of the path, region, and which of its kind. */
  name: string
  method: string
  path: string
  region: string
  /** Which of its kind, from 0. */
  nth: number
  /** Which connection to its region, from 0. */
  connection: number
}

const error = (status: number, code: string, headers: Record<string, string> = {}): Fault['action'] => () => ({ do: 'answer', status, body: { code, message: 'a rehearsed fault' }, headers })
const event = (when: 'before' | 'after', make: (stage: Rehearsal) => TenancyEventInput): Fault['action'] => (stage) => ({ do: 'event', when, event: make(stage) })
const blocked = (stage: Rehearsal): TenancyEventInput => ({ event: 'block-user', userId: stage.cloud.seed.users.administrator })
const filled = (stage: Rehearsal): TenancyEventInput => ({ event: 'fill-key-slots', userId: stage.cloud.seed.users.administrator })

const FAULTS: readonly Fault[] = [
  { name: 'the connection is refused', atTheDoor: true, action: () => ({ do: 'refuse' }) },
  { name: 'another authority vouches for it', atTheDoor: true, tls: true, action: () => ({ do: 'wrong-certificate' }) },
  { name: 'reset before its effect', action: () => ({ do: 'reset', when: 'before' }) },
  { name: 'reset after its effect', action: () => ({ do: 'reset', when: 'after' }) },
  { name: 'too late, and so is its effect', action: () => ({ do: 'delay', when: 'before', milliseconds: TOO_LATE }) },
  { name: 'its answer is too late', action: () => ({ do: 'delay', when: 'after', milliseconds: TOO_LATE }) },
  { name: 'its answer drips', action: () => ({ do: 'drip', milliseconds: 100 }) },
  { name: '401', action: error(401, 'NotAuthenticated') },
  { name: '404', action: error(404, 'NotAuthorizedOrNotFound') },
  { name: '409 IncorrectState', action: error(409, 'IncorrectState') },
  { name: '409 Conflict', action: error(409, 'Conflict') },
  { name: '412', action: error(412, 'NoEtagMatch') },
  { name: '429 with Retry-After', action: error(429, 'TooManyRequests', { 'retry-after': '3' }) },
  { name: '500', action: error(500, 'InternalServerError') },
  { name: '503', action: error(503, 'ServiceUnavailable') },
  { name: 'a page of HTML', action: () => ({ do: 'html' }) },
  { name: 'half of its JSON', action: () => ({ do: 'truncate' }) },
  { name: 'an empty body', action: () => ({ do: 'empty' }) },
  { name: 'a redirect', action: () => ({ do: 'redirect', location: 'http://127.0.0.1:9/' }) },
  { name: 'its clock is 4 min ahead', action: () => ({ do: 'skew', seconds: 240 }) },
  { name: 'its clock is 4 min behind', action: () => ({ do: 'skew', seconds: -240 }) },
  { name: 'its clock is 6 min ahead', action: () => ({ do: 'skew', seconds: 360 }) },
  { name: 'its clock is 6 min behind', action: () => ({ do: 'skew', seconds: -360 }) },
  { name: 'its region is down for a minute', atTheDoor: true, count: 60, action: () => ({ do: 'refuse' }) },
  { name: 'busy for a minute', count: 12, action: error(503, 'ServiceUnavailable') },
  { name: 'the user is blocked before it', action: event('before', blocked) },
  { name: 'the user is blocked after it', action: event('after', blocked) },
  { name: 'strangers fill the key slots before it', action: event('before', filled) },
  { name: 'strangers fill the key slots after it', action: event('after', filled) },
]

/** Runs every fault at every call of a flow as tests; a share of them where GLASSKEY_MATRIX says so. */
export async function faultAtEveryCall(flow: Flow): Promise<void> {
  const calls = await callsOf(flow)
  const all = calls.flatMap((call) => FAULTS.filter(({ only }) => only?.(call) ?? true).map((fault) => ({ call, fault })))
  const cases = shareOf(all, ({ call, fault }) => [call.name, fault.name])
  describe(flow.name, () => {
    test.concurrent.each(cases.map((one) => [`${one.call.name}: ${one.fault.name}`, one] as const))('%s', async (_, { call, fault }) => {
      await suffer(flow, call, fault)
    })
    afterAll(() => {
      console.log(`${flow.name}: ${cases.length} faults of ${all.length}`)
    })
  })
}

async function callsOf(flow: Flow): Promise<Call[]> {
  const stage = await flow.open({ speed: SPEED })
  try {
    const before = stage.cloud.requests.length
    const { code, stderr } = await stage.run(flow.args(stage))
    if (code !== 0) throw new Error(`${flow.name} ended with ${code} before anything was done to it:\n${stderr}`)
    const kinds = new Counter()
    const connections = new Counter()
    return stage.cloud.requests.slice(before).flatMap(({ method, path, region }): Call[] => {
      const kind = classOf({ method, path, region })
      const [nth, connection] = [kinds.next(kind), connections.next(region)]
      return nth < REPEATS ? [{ name: `${kind} #${nth + 1}`, method, path: globOf(path), region, nth, connection }] : []
    })
  } finally {
    await stage.close()
  }
}

/** The path without its query and without what differs from run to run. */
function globOf(path: string): string {
  return path.replace(/\?.*/, '').replace(/([0-9a-f]{2}(:|%3A)){15}[0-9a-f]{2}/gi, '*')
}

async function suffer(flow: Flow, call: Call, fault: Fault): Promise<void> {
  let failure: unknown
  const held: { stage?: Rehearsal } = {}
  const stage = await flow.open({
    speed: SPEED,
    tls: fault.tls === true,
    observe: (moment) => {
      try {
        if (moment === 'done' && held.stage) assertNobodyLockedOut(held.stage, flow.lent === true)
      } catch (caught) {
        failure ??= caught
      }
      return undefined
    },
  })
  held.stage = stage
  try {
    const { method, path, region, nth, connection } = call
    stage.cloud.armFault({ match: { region, ...(fault.atTheDoor ? {} : { method, path: path.replaceAll('{tenancy}', '*') }) }, after: fault.atTheDoor ? connection : nth, count: fault.count ?? 1, action: fault.action(stage, call) })
    const before = stage.cloud.requests.length
    const ended = await stage.run(flow.args(stage))
    assertSaidWhatNext(ended)
    assertNothingBlind(stage.cloud.requests.slice(before))
    assertNothingSilent(stage)
    fairWeather(stage)
    await doAsTold(stage)
    await assertAllWell(stage)
    if (failure !== undefined) throw failure as Error
  } finally {
    await stage.close()
  }
}

/** Done; or refused before a key was live; or 6 with the command that goes on. */
function assertSaidWhatNext({ code, stdout, stderr }: Ended): void {
  expect([0, 3, 6], `${stderr}\n${stdout}`).toContain(code)
  if (code === 0) return
  expect(stderr, 'an error has a name').toMatch(/^[A-Z][A-Z_]+: /m)
  if (code === 6) expect(`${stdout}\n${stderr}`).toMatch(/glasskey (resume|break rotate|takeover) /)
}

/** Between two equal mutations of a login something must have been read: otherwise the second was blind. */
function assertNothingBlind(requests: readonly RequestRecord[]): void {
  const last = new Map<string, number>()
  requests.forEach((request, at) => {
    if (request.method === 'GET' || request.path.includes('/actions/')) return
    const name = `${request.method} ${request.path} ${request.region}`
    const earlier = last.get(name)
    last.set(name, at)
    if (earlier === undefined) return
    const read = requests.slice(earlier + 1, at).some(({ method, path }) => method === 'GET' && path.includes('/users/'))
    const refused = (requests[earlier]?.status ?? 0) >= 400
    if (!read && !refused) throw new Error(`REPEATED BLINDLY: ${name}`)
  })
}

/** The faults are over, and another administrator unblocks the user and removes the strangers' keys. */
function fairWeather(stage: Rehearsal): void {
  const { cloud } = stage
  cloud.clearFaults()
  for (const { fingerprint, generation } of livingKeys(stage)) {
    const key = cloud.tenancy.identity.apiKeys.find((one) => one.fingerprint === fingerprint && one.timeDeleted === null)
    if (key && generation === null && fingerprint !== cloud.people.BOOTSTRAP.fingerprint) key.timeDeleted = cloud.now()
  }
  cloud.happen({ event: 'block-user', userId: cloud.seed.users.administrator, blocked: false })
}
