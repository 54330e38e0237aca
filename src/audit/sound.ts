/**
 * What controls may build on. A control never speaks about something that another control has found altered: it then
 * says so and which, instead of repeating the finding.
 */
import type { Manifest } from '../custody/manifest.js'
import { GlasskeyError } from '../errors.js'
import { NO_LINE, type Chain, type Head } from '../record/chain.js'
import { sha256Hex } from '../canonical.js'
import type { JournalLine } from '../record/journal.js'
import type { LogbookEntry } from '../record/logbook.js'
import type { Session } from '../record/replay.js'
import { warrantDigest, type Warrant } from '../warrant/warrant.js'
import { failed } from './control.js'
import type { Dossier, FiledSession } from './dossier.js'
import { given, NotChecked } from './reading.js'

/** A logbook's entry about a session. */
export type SessionEntry = Extract<LogbookEntry, { type: 'session' }>

/** Logbook and sessions. */
type Recorded = Pick<Dossier, 'logbook' | 'sessions'>

/** A session whose journal, warrant and manifest fit together. */
export interface SoundSession {
  id: string
  warrant: Warrant
  chain: Chain<JournalLine>
  state: Session
  /** Of the generation that was used. */
  manifest: Manifest
}

/** Every manifest, in order. Throws NotChecked when one cannot be read. */
export function soundManifests({ generations }: Dossier): Manifest[] {
  return generations.map(({ number, manifest }) => given(manifest, 'F01', `the manifest of GENERATION ${number}`))
}

/** The manifest of a generation. Throws NotChecked. */
export function soundManifest({ generations }: Dossier, number: number): Manifest {
  const found = generations.find((generation) => generation.number === number)
  if (!found) throw new NotChecked(`GENERATION ${number} is not in the custody folder; see F01`)
  return given(found.manifest, 'F01', `the manifest of GENERATION ${number}`)
}

/** The logbook, whole and as long as every warrant saw it. Throws NotChecked. */
export function soundLogbook(dossier: Dossier): Chain<LogbookEntry> {
  const logbook = given(dossier.logbook, 'L01', 'the logbook')
  if (anchorsMissed(logbook, dossier).length > 0) throw new NotChecked('the logbook was shortened or forked; see L02')
  return logbook
}

/** The same, or null: for what can be said with or without it. */
export function logbookIfSound(dossier: Recorded): Chain<LogbookEntry> | null {
  return dossier.logbook.read && anchorsMissed(dossier.logbook.value, dossier).length === 0 ? dossier.logbook.value : null
}

/** Generations of an import that did not come to its end, and that people retired before anybody used them: no entry of a ceremony has them. */
export function givenUp(dossier: Recorded): ReadonlySet<number> {
  const entries = logbookIfSound(dossier)?.lines ?? []
  const known = new Set(entries.flatMap((entry) => (entry.type === 'ceremony' ? entry.generations.map(({ generation }) => generation) : entry.type === 'session' ? [entry.generation, entry.successor?.generation] : [])))
  return new Set(entries.flatMap((entry) => (entry.type === 'retired' && !known.has(entry.generation) ? [entry.generation] : [])))
}

/** What a control adds to its finding where there are such generations. */
export function saidGivenUp(generations: ReadonlySet<number>): string {
  return generations.size === 0 ? '' : `; GENERATION ${[...generations].join(', ')} was given up: its import did not come to its end, and it is retired`
}

/** What `anchorsMissed` has found: every control asks it for every session, and each time every warrant would be digested anew. */
const MISSED = new WeakMap<Chain<LogbookEntry>, WeakMap<readonly FiledSession[], string[]>>()

/** How the logbook contradicts what warrants saw of it when they were drawn up, a sentence each. */
export function anchorsMissed(logbook: Chain<LogbookEntry>, { sessions }: Pick<Recorded, 'sessions'>): string[] {
  const known = MISSED.get(logbook) ?? new WeakMap<readonly FiledSession[], string[]>()
  MISSED.set(logbook, known)
  const missed = known.get(sessions) ?? missedBy(logbook, sessions)
  known.set(sessions, missed)
  return missed
}

function missedBy(logbook: Chain<LogbookEntry>, sessions: readonly FiledSession[]): string[] {
  return sessions.flatMap((session) => {
    const anchor = anchorOf(session)
    if (!anchor) return []
    const { id } = session
    if (anchor.seq > logbook.head.seq) return [`the logbook was shortened: session ${id} began after entry ${anchor.seq}, and it has ${logbook.head.seq}`]
    const text = logbook.texts[anchor.seq - 1]
    const digest = text === undefined ? NO_LINE : sha256Hex(text)
    return digest === anchor.sha256 ? [] : [`the logbook was forked: entry ${anchor.seq} is not the one after which session ${id} began`]
  })
}

/** The logbook's end as a session's warrant saw it; null for a warrant that is not the one its journal began with. */
export function anchorOf({ warrant, journal }: FiledSession): Head | null {
  if (!warrant.read || !journal.read || warrantDigest(warrant.value) !== journal.value.state.opened.warrantSha256) return null
  return warrant.value.logbook
}

/** The last entry about a session: a session that was resumed is concluded once more. */
export function lastEntry(logbook: Chain<LogbookEntry>, id: string): SessionEntry | undefined {
  return logbook.lines.flatMap((entry) => (entry.type === 'session' && entry.session === id ? [entry] : [])).at(-1)
}

/** A session that other controls have found whole. Throws NotChecked naming the one that has not. */
export function soundSession(dossier: Dossier, filed: FiledSession): SoundSession {
  const { id } = filed
  if (filed.lost) throw new NotChecked(`session ${id} is not in the folder; see L03`)
  const { chain, state } = given(filed.journal, 'J01', `the journal of session ${id}`)
  const warrant = given(filed.warrant, 'J02', `the warrant of session ${id}`)
  if (warrantDigest(warrant) !== state.opened.warrantSha256) throw new NotChecked(`the warrant of session ${id} is another; see J02`)
  const logbook = logbookIfSound(dossier)
  const entry = logbook ? lastEntry(logbook, id) : undefined
  if (state.closed !== null && entry && entry.journalSha256 !== chain.head.sha256) throw new NotChecked(`the journal of session ${id} is not the one in the logbook; see J03`)
  return { id, warrant, chain, state, manifest: soundManifest(dossier, warrant.key.generation) }
}

/** Sessions that were opened within the period. */
export function sessionsInPeriod({ sessions, period }: Dossier): FiledSession[] {
  return sessions.filter(({ id }) => {
    const opened = openedAt(id)
    return opened === null || (opened >= Date.parse(period.from) && opened <= Date.parse(period.to))
  })
}

/** When a session was opened, by its name: the end of that second, in ms, or null for a name that says nothing. */
export function openedAt(id: string): number | null {
  const [, date, time] = /^(\d{8})T(\d{6})Z-/.exec(id) ?? []
  if (date === undefined || time === undefined) return null
  const at = Date.parse(`${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}T${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4)}.999Z`)
  return Number.isNaN(at) ? null : at
}

/**
 * Examines each session of the period. `examine` throws when its claim does not hold; every failure is told, not only
 * the first. Throws AUDIT_FAILED, or NotChecked when a session could not be relied on and none failed.
 */
export function eachSession<Found>(dossier: Dossier, examine: (session: SoundSession) => Found): Found[] {
  return eachFiled(dossier, (filed) => examine(soundSession(dossier, filed)))
}

/** As `eachSession`, for controls that are themselves about what makes a session sound. */
export function eachFiled<Found>(dossier: Dossier, examine: (session: FiledSession) => Found): Found[] {
  const found: Found[] = []
  const failures: string[] = []
  const unknown: string[] = []
  for (const filed of sessionsInPeriod(dossier)) {
    try {
      found.push(examine(filed))
    } catch (error) {
      if (error instanceof NotChecked) unknown.push(error.message)
      else if (error instanceof GlasskeyError) failures.push(error.message)
      else throw error
    }
  }
  if (failures.length > 0) throw failed(failures.join('; '))
  if (unknown.length > 0) throw new NotChecked(unknown.join('; '))
  return found
}

/** `1 session`, `2 sessions`; `many` where an s is not enough. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}
