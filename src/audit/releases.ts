/** Releases: a session's journal in parts, one for each time that a quorum gathered. A session resumed has more than one. */
import type { JournalLine } from '../record/journal.js'
import type { SoundSession } from './sound.js'

/** A line of one kind. */
export type LineOf<Type extends JournalLine['type']> = Extract<JournalLine, { type: Type }>

/** The lines between two interruptions, in order. */
export type Release = readonly JournalLine[]

/** The parts of a journal: each begins with `session-opened` or `resumed`. */
export function releasesOf({ chain }: SoundSession): Release[] {
  const parts: JournalLine[][] = []
  for (const line of chain.lines) {
    if (line.type === 'session-opened' || line.type === 'resumed') parts.push([line])
    else parts.at(-1)?.push(line)
  }
  return parts
}

/** Lines of one kind, in order. */
export function linesOf<Type extends JournalLine['type']>(lines: readonly JournalLine[], type: Type): LineOf<Type>[] {
  return lines.filter((line): line is LineOf<Type> => line.type === type)
}
