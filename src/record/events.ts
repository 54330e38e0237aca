/** Logbook and journals as events in the lives of generations. */
import type { GenerationEvent } from '../custody/generation.js'
import type { LogbookEntry } from './logbook.js'
import { DELETE_OTHER_KEY, type Session } from './replay.js'

/** Generations by the names that OCI gives to their keys. */
export type NamedKeys = readonly { generation: number; fingerprint: string }[]

/** Events of the logbook first, then those of the sessions in order of their opening. */
export function generationEvents(logbook: readonly LogbookEntry[], sessions: readonly Session[], known: NamedKeys): GenerationEvent[] {
  return [...logbook.flatMap(ofEntry), ...sessions.flatMap((session) => ofSession(session, known))]
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

function ofSession(session: Session, known: NamedKeys): GenerationEvent[] {
  const { generation, action } = session.opened
  const events: GenerationEvent[] = session.sharesSeen.map((custodian) => ({ kind: 'share-seen', generation, custodian }))
  for (const refused of session.sharesRefused) {
    if (refused.generation !== undefined && refused.custodian !== undefined) events.push({ kind: 'share-seen', generation: refused.generation, custodian: refused.custodian })
  }
  if (session.keyLiveAt !== null) {
    if (action === 'takeover') events.push({ kind: 'installed', generation })
    events.push({ kind: 'key-live', generation })
  }
  if (session.successor) events.push({ kind: 'installed', generation: session.successor.generation })
  else if (session.deletion === 'done') events.push(...heirs(session))
  events.push(...others(session, known))
  if (session.deletion === 'done' && !isThereAgain(session)) events.push({ kind: 'deleted', generation })
  if (session.grade !== null && session.grade !== 'unproved') events.push({ kind: 'graded-dead', generation })
  return events
}

/** Whether a login saw the key after its deletion was answered: it was not done, or somebody has uploaded it again. */
function isThereAgain({ opened, grade, deletedAt, listings }: Session): boolean {
  const last = listings.at(-1)
  return grade === 'unproved' && deletedAt !== null && last !== undefined && last.at > deletedAt && last.keys.some(({ spkiSha256 }) => spkiSha256 === opened.spkiSha256)
}

/** What OCI listed in place of a key that this session did not rotate: another copy of the folder did, and perhaps more than once. */
function heirs({ opened, listings }: Session): GenerationEvent[] {
  const active = listings.at(-1)?.keys.filter(({ lifecycleState, spkiSha256 }) => lifecycleState === 'ACTIVE' && spkiSha256 !== null) ?? []
  return active.flatMap(({ generation }) => (generation !== null && generation > opened.generation ? [{ kind: 'found', generation }] : []))
}

/** Keys of other generations that the exit deleted: OCI said so, or no longer listed them afterwards. */
function others({ calls, censuses }: Session, known: NamedKeys): GenerationEvent[] {
  const deleted = calls.flatMap(({ intent, outcome }) => {
    if (intent.rule !== DELETE_OTHER_KEY) return []
    const fingerprint = (intent.path.split('/').at(-1) ?? '').replaceAll('%3A', ':')
    const after = censuses.find(({ when, seq }) => when === 'before-deletion' && seq > intent.seq)
    const isGone = after !== undefined && !after.found.keys.some((key) => key.fingerprint === fingerprint)
    return isGone || (outcome?.type === 'outcome' && outcome.status === 204) ? [fingerprint] : []
  })
  return known.flatMap(({ generation, fingerprint }) => (deleted.includes(fingerprint) ? [{ kind: 'left', generation }] : []))
}
