/** Logbook and journals as events in the lives of generations. */
import type { GenerationEvent } from '../custody/generation.js'
import type { LogbookEntry } from './logbook.js'
import { DELETE_OTHER_KEY, isChange, mayHaveHappened, REMOVE, wasNeverThere, wasUploaded, type Session } from './replay.js'

/** Generations by the names that OCI gives to their keys. */
export type NamedKeys = readonly { generation: number; fingerprint: string }[]

/** What a session did, and the number of the logbook's last entry when it opened. */
export interface SessionEvents {
  opensAfter: number
  events: readonly GenerationEvent[]
}

/** Events of the logbook and of the sessions, those of a session where it opened. By the clock alone a session may seem to have come before another. */
export function generationEvents(logbook: readonly LogbookEntry[], sessions: readonly SessionEvents[]): GenerationEvent[] {
  const told = [
    ...logbook.map((entry) => ({ after: entry.seq, events: ofEntry(entry) })),
    ...sessions.map(({ opensAfter, events }) => ({ after: opensAfter, events })),
  ]
  return told.sort((one, other) => one.after - other.after).flatMap(({ events }) => events)
}

function ofEntry(entry: LogbookEntry): GenerationEvent[] {
  switch (entry.type) {
    case 'ceremony':
      return entry.generations.map(({ generation }) => ({ kind: 'sealed', generation }))
    case 'lost':
      return entry.generations.map((generation) => ({ kind: 'copy-gone', generation, custodian: entry.custodian, copy: entry.copy }))
    case 'inspected':
      return [
        ...(entry.condition === 'intact' ? [] : entry.generations.map((generation): GenerationEvent => ({ kind: 'copy-gone', generation, custodian: entry.custodian, copy: entry.copy }))),
        ...(entry.seenOnline ?? []).map((generation): GenerationEvent => ({ kind: 'share-seen', generation, custodian: entry.custodian })),
      ]
    case 'destroyed':
      return entry.copies.map((copy) => ({ kind: 'copy-gone', generation: entry.generation, custodian: entry.custodian, copy }))
    case 'retired':
      return [{ kind: 'retired', generation: entry.generation }]
    case 'session':
    case 'handover':
    case 'acknowledged':
    case 'exception':
    case 'audited':
      return []
  }
}

/** What a session did to the lives of generations, by its journal. */
export function sessionEvents(session: Session, known: NamedKeys): SessionEvents {
  return { opensAfter: session.opened.logbookSeq, events: ofSession(session, known) }
}

function ofSession(session: Session, known: NamedKeys): GenerationEvent[] {
  const { generation, action } = session.opened
  const events: GenerationEvent[] = session.sharesSeen.map((custodian) => ({ kind: 'share-seen', generation, custodian }))
  for (const refused of session.sharesRefused) {
    if (refused.generation !== undefined && refused.custodian !== undefined) events.push({ kind: 'share-seen', generation: refused.generation, custodian: refused.custodian })
  }
  if (wasUploaded(session)) events.push({ kind: 'uploaded', generation })
  if (session.keyLiveAt !== null) {
    // Whoever took the census with it was accepted: so a copy of the folder that is behind learns that OCI has this key.
    if (action === 'takeover' || session.censuses.length > 0) events.push({ kind: 'installed', generation })
    events.push({ kind: 'key-live', generation })
  }
  if (session.successor) events.push({ kind: hadNoPart(session) ? 'found' : 'installed', generation: session.successor.generation })
  if (session.deletion === 'done') events.push(...inPlaceOf(session))
  events.push(...others(session, known))
  if (session.deletion === 'done' && !isThereAgain(session)) events.push({ kind: 'deleted', generation })
  if (session.grade !== null && session.grade !== 'unproved') events.push({ kind: 'graded-dead', generation })
  return events
}

/** Whether OCI refused whatever the key of a session asked for: then another copy of the folder installed the successor that a login saw. */
function hadNoPart(session: Session): boolean {
  return wasNeverThere(session) && !session.calls.some((call) => call.intent.by !== 'desk' && isChange(call.intent) && mayHaveHappened(call))
}

/** Whether a login saw the key after its deletion was answered: it was not done, or somebody has uploaded it again. */
function isThereAgain({ opened, grade, deletedLast, listings }: Session): boolean {
  const last = listings.at(-1)
  return grade === 'unproved' && deletedLast !== null && last !== undefined && last.seq > deletedLast.seq && last.keys.some(({ spkiSha256 }) => spkiSha256 === opened.spkiSha256)
}

/**
 * What a login found in the end where it did not find the successor: another copy of the folder rotated on, and perhaps more than once.
 * A list in which nobody has a way in says nothing of the kind.
 */
function inPlaceOf(session: Session): GenerationEvent[] {
  const { successor, listings } = session
  if (!successor) return heirs(session)
  const last = listings.at(-1)
  if (last === undefined || last.seq < successor.seq || last.keys.some(({ spkiSha256 }) => spkiSha256 === successor.spkiSha256)) return []
  const later = heirs(session).filter(({ generation }) => generation > successor.generation)
  return later.length === 0 ? [] : [{ kind: 'left', generation: successor.generation }, ...later]
}

/** What OCI listed in place of a key that this session did not rotate. */
function heirs({ opened, listings }: Session): GenerationEvent[] {
  const active = listings.at(-1)?.keys.filter(({ lifecycleState, spkiSha256 }) => lifecycleState === 'ACTIVE' && spkiSha256 !== null) ?? []
  return active.flatMap(({ generation }) => (generation !== null && generation > opened.generation ? [{ kind: 'found', generation }] : []))
}

/**
 * Keys of other generations that are gone: the exit deleted them, and OCI said so or no longer listed them afterwards; or they were to be
 * gone long ago, and its census did not find them.
 */
function others({ opened, calls, censuses }: Session, known: NamedKeys): GenerationEvent[] {
  const before = censuses.filter(({ when }) => when === 'before-deletion')
  const isAbsent = (fingerprint: string, since: number): boolean => {
    const after = before.find(({ seq }) => seq > since)
    return after !== undefined && !after.found.keys.some((key) => key.fingerprint === fingerprint)
  }
  const deleted = calls.flatMap(({ intent, outcome }) => {
    if (intent.rule !== DELETE_OTHER_KEY && !intent.rule.startsWith(REMOVE)) return []
    const fingerprint = (intent.path.split('/').at(-1) ?? '').replaceAll('%3A', ':')
    return isAbsent(fingerprint, intent.seq) || (outcome?.type === 'outcome' && outcome.status === 204) ? [fingerprint] : []
  })
  return known.flatMap(({ generation, fingerprint }) => {
    const isGone = deleted.includes(fingerprint) || (generation < opened.generation && isAbsent(fingerprint, 0))
    return isGone ? [{ kind: 'left', generation }] : []
  })
}
