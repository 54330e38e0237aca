/** The lives of the generations: from the sessions, and from the logbook where a session cannot be relied on. */
import { inUse, isInstalled, standings, type GenerationEvent, type Standing } from '../custody/generation.js'
import type { Manifest } from '../custody/manifest.js'
import { generationEvents, sessionEvents, type NamedKeys, type SessionEvents } from '../record/events.js'
import type { Grade } from '../record/journal.js'
import type { Dossier, FiledSession } from './dossier.js'
import { NotChecked } from './reading.js'
import { lastEntry, logbookIfSound, soundManifests, soundSession, type SessionEntry, type SoundSession } from './sound.js'

/** One use of a generation. */
export interface Use {
  session: string
  generation: number
  /** Whether the key was recombined. */
  live: boolean
  /** When, for the first time, by the journal that its key signed; null where only the logbook tells of it. */
  liveAt: string | null
  /** Custodians whose share was seen. */
  shares: number[]
  grade: Grade | null
  /** When it came to its end; null when it has not. */
  ended: string | null
  /** What it did to this generation and to others. */
  told: SessionEvents
}

/** Every use of every generation, in order. Throws NotChecked when neither session nor logbook tells of one. */
export function usesOf(dossier: Dossier): Use[] {
  const logbook = logbookIfSound(dossier)
  const known = dossier.generations.flatMap(({ manifest }) => (manifest.read ? [manifest.value] : []))
  return dossier.sessions.map((filed) => {
    const session = soundOrNull(dossier, filed)
    if (session) return useOf(session, known)
    const entry = logbook ? lastEntry(logbook, filed.id) : undefined
    if (!entry) throw new NotChecked(`session ${filed.id} can be relied on neither in the folder nor in the logbook; see J01 and L01`)
    return toldUse(entry, filed.opensAfter)
  })
}

/** The use in which the key of this one was graded dead: itself, or a later one of the same generation. Undefined: it may be alive. */
export function deathOf(use: Use, uses: readonly Use[]): Use | undefined {
  return uses.slice(uses.indexOf(use)).find(({ generation, live, grade, ended }) => generation === use.generation && live && ended !== null && grade !== null && grade !== 'unproved')
}

/** Where every generation stands, and which one OCI should have; `isFound`: by a session that this record does not have. Throws NotChecked. */
export function livesOf(dossier: Dossier): { uses: Use[]; standings: Standing[]; current: Standing | undefined; isFound: boolean } {
  const uses = usesOf(dossier)
  const events = generationEvents(logbookIfSound(dossier)?.lines ?? [], uses.map(({ told }) => told))
  const sets = soundManifests(dossier).map(({ generation, threshold, shares }) => ({ generation, threshold, shares }))
  const all = standings(sets, events)
  const current = inUse(all, events)
  return { uses, standings: all, current, isFound: current !== undefined && !isInstalled(current.generation, events) }
}

/** Whose key it is that is audited, by the manifest in use or else the first that can be read: custody.yaml is sealed by nothing. Null when none can be read. */
export function subjectOf(dossier: Dossier): Manifest | null {
  const known = dossier.generations.flatMap(({ manifest }) => (manifest.read ? [manifest.value] : []))
  return known.find(({ generation }) => generation === numberInUse(dossier)) ?? known[0] ?? null
}

function numberInUse(dossier: Dossier): number | undefined {
  try {
    return livesOf(dossier).current?.generation
  } catch (error) {
    if (error instanceof NotChecked) return undefined
    throw error
  }
}

function soundOrNull(dossier: Dossier, filed: FiledSession): SoundSession | null {
  try {
    return soundSession(dossier, filed)
  } catch (error) {
    if (error instanceof NotChecked) return null
    throw error
  }
}

function useOf({ id, state }: SoundSession, known: NamedKeys): Use {
  return {
    session: id,
    generation: state.opened.generation,
    live: state.keyLiveAt !== null,
    liveAt: state.keyLiveAt,
    shares: state.sharesSeen,
    grade: state.grade,
    ended: state.closed?.at ?? null,
    // As status and the next session count them: a sheet of another generation that was shown by mistake was seen as well.
    told: sessionEvents(state, known),
  }
}

function toldUse(entry: SessionEntry, opensAfter: number): Use {
  const { session, generation, grade, shares, at } = entry
  return { session, generation, live: grade !== null, liveAt: null, shares, grade, ended: at, told: { opensAfter, events: toldEvents(entry) } }
}

/** Events of a session of which only the logbook tells. A grade means that its key was live. */
function toldEvents({ generation, action, grade, shares, successor }: SessionEntry): GenerationEvent[] {
  const events: GenerationEvent[] = shares.map((custodian) => ({ kind: 'share-seen', generation, custodian }))
  if (grade !== null && action === 'takeover') events.push({ kind: 'installed', generation })
  if (grade !== null) events.push({ kind: 'key-live', generation })
  if (successor !== null) events.push({ kind: 'installed', generation: successor.generation })
  if (grade !== null && grade !== 'unproved') events.push({ kind: 'deleted', generation }, { kind: 'graded-dead', generation })
  return events
}
