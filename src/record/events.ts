/** Logbook and journals as events in the lives of generations. */
import type { GenerationEvent } from '../custody/generation.js'
import type { LogbookEntry } from './logbook.js'
import type { Session } from './replay.js'

/** Events of the logbook first, then those of the sessions in order of their opening. */
export function generationEvents(logbook: readonly LogbookEntry[], sessions: readonly Session[]): GenerationEvent[] {
  return [...logbook.flatMap(ofEntry), ...sessions.flatMap(ofSession)]
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

function ofSession(session: Session): GenerationEvent[] {
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
  if (session.deletion === 'done') events.push({ kind: 'deleted', generation })
  if (session.grade !== null && session.grade !== 'unproved') events.push({ kind: 'graded-dead', generation })
  return events
}

/** What OCI listed in place of a key that this session did not rotate: another copy of the folder did, and perhaps more than once. */
function heirs({ opened, listings }: Session): GenerationEvent[] {
  const later = listings.at(-1)?.keys.filter(({ lifecycleState, spkiSha256 }) => lifecycleState === 'ACTIVE' && spkiSha256 !== null) ?? []
  return later.flatMap(({ generation }) => (generation !== null && generation > opened.generation ? [{ kind: 'installed', generation }] : []))
}
