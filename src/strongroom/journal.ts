/** The journal while the strongroom writes it: durable first, then told to the people at its terminal. */
import { wallClock } from '../host/clock.js'
import { LineFile } from '../host/line-file.js'
import { tell } from '../host/tell.js'
import { readJournal, type JournalEntry, type JournalLine } from '../record/journal.js'
import type { Head } from '../record/chain.js'
import type { DeskLine } from './desk-line.js'

/** Writes lines of this session. */
export interface Journal {
  write(entry: JournalEntry): { line: JournalLine; head: Head }
  readonly lines: readonly JournalLine[]
  readonly head: Head
  /** After exposure a failing disk must not stop the exit. */
  keepGoing(): void
  close(): void
}

/** Opens the session's journal. Throws CHAIN_BROKEN when it does not verify. */
export function openJournal(path: string, desk: DeskLine): Journal {
  const file = LineFile.open<JournalLine, JournalEntry>(path, readJournal, wallClock)
  file.reserve()
  return {
    write: (entry) => {
      const written = file.append(entry)
      tell(written.line)
      return written
    },
    get lines() {
      return file.lines
    },
    get head() {
      return file.head
    },
    keepGoing: () => {
      file.keepGoing(
        (text, why) => {
          desk.say({ kind: 'unwritten', text, why })
        },
        () => {
          desk.say({ kind: 'written' })
        },
      )
    },
    close: () => {
      file.close()
    },
  }
}
