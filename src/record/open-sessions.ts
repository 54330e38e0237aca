/** Sessions that have not come to their end, and which of them the next one need not wait for. Pure. */
import { canBeOpened, hasLeft, inUse, type GenerationEvent, type Standing } from '../custody/generation.js'
import type { Warrant } from '../warrant/warrant.js'
import type { Head } from './chain.js'
import type { LogbookEntry } from './logbook.js'
import { isListed, lastListing, wasListedLast } from './recognise.js'
import { isSettled, wasNeverThere, type Session } from './replay.js'
import { acceptingRegions, wayOn } from './way-on.js'

/** A session, and where its journal ends. */
export interface Told {
  id: string
  warrant: Pick<Warrant, 'key' | 'regions' | 'successor'>
  session: Session
  chain: { head: Head }
}

/** What else is on record. */
interface Around {
  standings: readonly Standing[]
  events: readonly GenerationEvent[]
  logbook: readonly LogbookEntry[]
}

/**
 * Sessions that have not come to their end: their key may be alive and no later session proved it dead, or they were
 * never entered in the logbook. What is most urgent comes first.
 */
export function openSessions<Stored extends Told>({ sessions, standings, logbook }: { sessions: readonly Stored[] } & Pick<Around, 'standings' | 'logbook'>): Stored[] {
  const burned = new Set(standings.filter(({ state }) => state === 'burned').map(({ generation }) => generation))
  const open = sessions.filter((told) => {
    const { session } = told
    return session.closed === null || (!isSettled(session) && !burned.has(session.opened.generation)) || !isEntered(told, logbook)
  })
  // A rotation that began where an earlier session had left its key alive goes on in the place of that one.
  const left = open.filter((told, at) => told.session.closed === null || !isEntered(told, logbook) || !open.slice(at + 1).some((later) => supersedes(later, told)))
  const of = (urgency: Urgency): Stored[] => left.filter((told) => urgencyOf(told) === urgency)
  // The exit of a later one deletes what an earlier one left.
  return [...of('interrupted'), ...of('not deleted').toReversed(), ...of('proof')]
}

/** What was interrupted comes first: its key may have been live, nothing else begins before, and lines of it may be kept where they do not last. Then a key whose deletion is not on record, and then what only a proof is missing of. */
type Urgency = 'interrupted' | 'not deleted' | 'proof'

function urgencyOf({ session: { keyLiveAt, closed, deletion } }: Told): Urgency {
  if (closed === null) return 'interrupted'
  return keyLiveAt === null || deletion === 'done' ? 'proof' : 'not deleted'
}

function supersedes({ session }: Told, earlier: Told): boolean {
  return session.opened.generation === earlier.session.opened.generation && session.keyLiveAt !== null
}

/** Whether the logbook has a session as it ended. One that was resumed has an entry for each of its ends; the last one counts. */
export function isEntered({ id, chain }: Told, logbook: readonly LogbookEntry[]): boolean {
  return logbook.some((entry) => entry.type === 'session' && entry.session === id && entry.journalSha256 === chain.head.sha256)
}

/** What a session is to be about, as far as it matters to those before it: the key that it uses, and whether rotating is all that it does. */
export interface Beginning {
  generation: number
  rotates: boolean
}

/**
 * Whether a session that came to an end need not be resumed before another: a rotation goes on in its place, away from the key that
 * it left alive; or its deletion was asked for, another key is in use now, and that one lists what is there: what is open of this
 * session is a proof, and no emergency waits for that; or too few sheets are left to sign with that key, and it is gone from OCI, or the
 * rotation of what is in use deletes it; or OCI never accepted its key, and another one is used now.
 */
export function maySupersede({ standings, events, logbook }: Around, told: Told, next: Beginning | null): boolean {
  const { session, warrant: { key } } = told
  const { generation } = session.opened
  if (session.closed === null) return false
  if (next?.generation === generation) return next.rotates && leftAlive(told)
  if (next !== null && wasNeverThere(session) && isEntered(told, logbook)) return true
  const current = inUse(standings, events)
  if (current === undefined || current.generation <= generation || current.margin < 0) return false
  const usesIt = next?.generation === current.generation
  const isThere = wasListedLast(session, key)
  const wasRefused = wayOn(session, told.warrant, true) === 'remover'
  // A key that is known to be there stops an action, and not a rotation, whose exit deletes it.
  if (usesIt && (session.deletion !== 'not-sent' || wasRefused) && isEntered(told, logbook) && (next.rotates || !(isThere || wasRefused))) return true
  const isAway = hasLeft(generation, events) || (lastListing(session, key) !== null && !isThere)
  return !canBeOpened(standings, generation) && (isAway || (usesIt && next.rotates))
}

/** Whether a session came to an end that left its key alive: never asked to delete it, or OCI was seen to have it all the same. */
export function leftAlive({ warrant, session }: Pick<Told, 'warrant' | 'session'>): boolean {
  if (session.closed === null) return false
  return session.deletion === 'not-sent' || isListed(session.listings.at(-1)?.keys ?? [], warrant.key) || acceptingRegions(warrant, session.probes).length > 0
}
