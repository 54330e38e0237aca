/** For which times OCI's Audit log of a session is to be read, by the clocks of its journal and by OCI's own. */
import { PROCESSING_MS, type Span } from './cloud-log.js'
import { openedAt, soundSession, type SoundSession } from './sound.js'
import type { JournalLine } from '../record/journal.js'
import { NotChecked } from './reading.js'
import type { Dossier } from './dossier.js'

/** Times of a session. */
export interface LogTimes {
  /** Are read; in order, apart from each other. */
  read: Span[]
  /** The key was alive after a machine held it whole, for longer than is read: somebody has to look for its fingerprint. */
  unread: Span[]
}

/** A silence that is read with what is before and behind it. */
const JOINED_MS = 2 * PROCESSING_MS
/** A silence of a living key that is read; a tenancy's log of more is too long to read whole. */
const LONGEST_MS = 24 * 3_600_000
/** No machine's clock is believed to be farther from OCI's than this. */
const FARTHEST_MS = 366 * 24 * 3_600_000

/**
 * Where a machine's clock was wrong, or was set meanwhile, OCI's answers say when it was. The time of a key that was live and
 * was not deleted goes on: to the next line that OCI's clock is known for, or to the next session that had it live.
 */
export function logTimes(dossier: Dossier, session: SoundSession): LogTimes {
  const moments = momentsOf(session)
  const alive = aliveMoments(session, () => nextLife(dossier, session))
  const silences = alive.slice(1).map((moment, at) => spanOf(alive[at] ?? moment, moment))
  const isLong = ({ from, to }: Span): boolean => to - from > LONGEST_MS
  return { read: joined([...moments.map((moment) => spanOf(moment, moment)), ...silences.filter((span) => !isLong(span))]), unread: silences.filter(isLong) }
}

/** Each line's, by the machine's clock, and by OCI's where it told. */
export function momentsOf({ chain }: SoundSession): number[] {
  return chain.lines.flatMap((line) => [Date.parse(line.at), ...ociTimes(line)])
}

/** From `key-live` to its deletion: the moments that OCI's clock is known for. */
function aliveMoments({ chain: { lines }, state }: SoundSession, next: () => number): number[] {
  const live = lines.findIndex(({ type }) => type === 'key-live')
  if (live < 0) return []
  const deleted = state.deletion === 'done' ? lines.findIndex(({ type, at }) => (type === 'key-deleted' || type === 'outcome') && at === state.deletedAt) : -1
  const known = lines.slice(live, deleted < 0 ? undefined : deleted + 1)
  return [Date.parse(known[0]?.at ?? ''), ...known.flatMap(ociTimes), ...(deleted < 0 ? [next()] : [])]
}

/** OCI's clock, as its answers told it: what was between may have changed them. */
function ociTimes(line: JournalLine): number[] {
  const told = line.type === 'outcome' || line.type === 'probe' ? Date.parse(line.date) : NaN
  return Math.abs(told - Date.parse(line.at)) <= FARTHEST_MS ? [told] : []
}

/** When the next session began in which the same key was live; now, where there is none. */
function nextLife(dossier: Dossier, { id, manifest }: SoundSession): number {
  const later = dossier.sessions.slice(dossier.sessions.findIndex((filed) => filed.id === id) + 1)
  for (const filed of later) {
    try {
      const { state } = soundSession(dossier, filed)
      if (state.opened.generation === manifest.generation && state.keyLiveAt !== null) return openedAt(filed.id) ?? Date.parse(state.keyLiveAt)
    } catch (error) {
      if (!(error instanceof NotChecked)) throw error
    }
  }
  return dossier.now.getTime()
}

function spanOf(one: number, other: number): Span {
  return { from: Math.min(one, other), to: Math.max(one, other) }
}

function joined(spans: readonly Span[]): Span[] {
  const all: Span[] = []
  for (const span of [...spans].sort((one, other) => one.from - other.from)) {
    const last = all.at(-1)
    if (last && span.from - last.to <= JOINED_MS) last.to = Math.max(last.to, span.to)
    else all.push({ ...span })
  }
  return all
}
