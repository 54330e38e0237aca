/** What can happen to a call of OCI, and to the tenancy meanwhile. */
import type { FaultInput } from '../../src/simulator/faults.js'
import type { TenancyEventInput } from '../../src/simulator/tenancy-events.js'
import { readCustodyFolder } from '../../src/host/custody-folder.js'
import type { Rehearsal } from './rehearsal.js'

/** What can happen to a call. */
export interface Fault {
  name: string
  /** The connection is met instead of the request. */
  atTheDoor?: boolean
  /** Of whatever region: nothing of OCI can be reached. */
  everywhere?: boolean
  /** How often it strikes; once when neither is there. */
  count?: number
  /** For how long it strikes. */
  seconds?: number
  tls?: boolean
  /** Somebody else changes something. */
  meddled?: boolean
  /** Nothing helps, and all patience is used up. */
  lasting?: boolean
  /** Somebody else answers in OCI's place, and calls it success: that is for the auditor to find (A01: no answer to that request). */
  foreign?: boolean
  /** It is something that happens to the body of an answer. */
  ofBody?: boolean
  /** Only of readings that come before the used key is deleted: after that, what it does locks everybody out. */
  beforeDeletion?: boolean
  /** Of a change it leaves open whether it happened. */
  losing?: boolean
  /** Whoever asks is to give up before the answer. */
  late?: boolean
  /** A reading is asked again after it, and nothing is lost by that. */
  askedAgain?: boolean
  /** s; so long nobody asks for the same again. */
  askedToWait?: number
  action: (stage: Rehearsal, speed: number) => FaultInput['action']
}

/** s; longer than any call waits, by so much that a busy machine does not blur it. */
const TOO_LATE = 40

const error = (status: number, code: string, headers: Record<string, string> = {}): Fault['action'] => () => ({ do: 'answer', status, body: { code, message: 'a rehearsed fault' }, headers })
/** A gateway did not wait for what happened all the same. */
const gaveUp = (status: number, code: string): Fault['action'] => () => ({ do: 'answer', when: 'after', status, body: { code, message: 'a rehearsed fault' } })
const event = (when: 'before' | 'after', make: (stage: Rehearsal) => TenancyEventInput): Fault['action'] => (stage) => ({ do: 'event', when, event: make(stage) })
const late = (when: 'before' | 'after'): Fault['action'] => (_, speed) => ({ do: 'delay', when, milliseconds: Math.round((TOO_LATE * 1000) / speed) })
const blocked = (stage: Rehearsal): TenancyEventInput => ({ event: 'block-user', userId: stage.cloud.seed.users.administrator })
/** The key that is rotated to: the next that waits. */
const withoutSuccessor = (stage: Rehearsal): TenancyEventInput => {
  const { standings, generations } = readCustodyFolder(stage.custody)
  const [, next] = standings.filter(({ state }) => state !== 'burned')
  const fingerprint = generations.find(({ manifest }) => manifest.generation === next?.generation)?.manifest.fingerprint ?? ''
  return { event: 'delete-api-keys', userId: stage.cloud.seed.users.administrator, fingerprint }
}
const filled = (stage: Rehearsal): TenancyEventInput => ({ event: 'fill-key-slots', userId: stage.cloud.seed.users.administrator })

export const FAULTS: readonly Fault[] = [
  { name: 'its region is down for good', atTheDoor: true, count: 1_000_000, lasting: true, action: () => ({ do: 'refuse' }) },
  { name: 'every region is down for good', atTheDoor: true, everywhere: true, count: 1_000_000, lasting: true, action: () => ({ do: 'refuse' }) },
  { name: 'the user is blocked before it', lasting: true, meddled: true, action: event('before', blocked) },
  { name: 'the user is blocked after it', lasting: true, meddled: true, action: event('after', blocked) },
  { name: 'the connection is refused', atTheDoor: true, askedAgain: true, action: () => ({ do: 'refuse' }) },
  { name: 'another authority vouches for it', atTheDoor: true, tls: true, action: () => ({ do: 'wrong-certificate' }) },
  { name: 'reset before its effect', askedAgain: true, action: () => ({ do: 'reset', when: 'before' }) },
  { name: 'reset after its effect', askedAgain: true, losing: true, action: () => ({ do: 'reset', when: 'after' }) },
  { name: 'too late, and so is its effect', askedAgain: true, late: true, action: late('before') },
  { name: 'its answer is too late', askedAgain: true, losing: true, late: true, action: late('after') },
  { name: 'its answer drips', ofBody: true, action: () => ({ do: 'drip', milliseconds: 100 }) },
  { name: '401', action: error(401, 'NotAuthenticated') },
  { name: '404', action: error(404, 'NotAuthorizedOrNotFound') },
  { name: '409 IncorrectState', action: error(409, 'IncorrectState') },
  { name: '409 Conflict', action: error(409, 'Conflict') },
  { name: '412', action: error(412, 'NoEtagMatch') },
  { name: '429 with Retry-After', askedAgain: true, askedToWait: 3, action: error(429, 'TooManyRequests', { 'retry-after': '3' }) },
  { name: '500', askedAgain: true, action: error(500, 'InternalServerError') },
  { name: '503', askedAgain: true, action: error(503, 'ServiceUnavailable') },
  { name: '500 after its effect', askedAgain: true, losing: true, action: gaveUp(500, 'InternalServerError') },
  { name: '503 after its effect', askedAgain: true, losing: true, action: gaveUp(503, 'ServiceUnavailable') },
  { name: 'a page of HTML', action: () => ({ do: 'html' }) },
  { name: 'a page of HTML that says 200', foreign: true, losing: true, action: () => ({ do: 'html', status: 200 }) },
  { name: 'half of its JSON', ofBody: true, action: () => ({ do: 'truncate' }) },
  { name: 'an empty body', ofBody: true, action: () => ({ do: 'empty' }) },
  { name: 'a redirect', action: () => ({ do: 'redirect', location: 'http://127.0.0.1:9/' }) },
  { name: 'its clock is 4 min ahead', action: () => ({ do: 'skew', seconds: 240 }) },
  { name: 'its clock is 4 min behind', action: () => ({ do: 'skew', seconds: -240 }) },
  { name: 'its clock is 6 min ahead', action: () => ({ do: 'skew', seconds: 360 }) },
  { name: 'its clock is 6 min behind', action: () => ({ do: 'skew', seconds: -360 }) },
  { name: 'its region is down for a minute', atTheDoor: true, seconds: 60, action: () => ({ do: 'refuse' }) },
  { name: 'every region is down for a minute', atTheDoor: true, everywhere: true, seconds: 60, action: () => ({ do: 'refuse' }) },
  { name: 'busy for a minute', seconds: 60, action: error(503, 'ServiceUnavailable') },
  { name: 'somebody deletes the successor before it', meddled: true, beforeDeletion: true, action: event('before', withoutSuccessor) },
  { name: 'strangers fill the key slots before it', meddled: true, action: event('before', filled) },
  { name: 'strangers fill the key slots after it', meddled: true, action: event('after', filled) },
]

/** What strikes one request and is over. */
export const PASSING = FAULTS.filter(({ atTheDoor = false, meddled = false, seconds }) => !atTheDoor && !meddled && seconds === undefined)
