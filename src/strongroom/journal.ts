/** The journal while the strongroom writes it: durable first, then told to the people at its terminal. */
import { wallClock } from '../host/clock.js'
import { LineFile } from '../host/line-file.js'
import { tell } from '../host/tell.js'
import { readJournal, type JournalEntry, type JournalLine } from '../record/journal.js'
import type { Head } from '../record/chain.js'
import type { DeskLine } from './desk-line.js'

interface Written {
  line: JournalLine
  head: Head
}

/** Writes lines of this session. */
export interface Journal {
  write(entry: JournalEntry): Written
  /** The same of what has to be durable before something is done, on a full disk too. Throws FILE_UNWRITABLE. */
  writeDurably(entry: JournalEntry): Written
  /**
   * Writes durably that the key is live: whatever the journal lacks later, it never lacks this line. From then on a failing disk
   * stops no exit.
   */
  goLive(key: { keyId: string; spkiSha256: string }): void
  readonly lines: readonly JournalLine[]
  readonly head: Head
  close(): void
}

/** Opens the session's journal. Throws CHAIN_BROKEN when it does not verify. */
export function openJournal(path: string, desk: DeskLine): Journal {
  const file = LineFile.open<JournalLine, JournalEntry>(path, readJournal, wallClock)
  file.reserve()
  const told = (written: Written): Written => {
    tell(written.line)
    return written
  }
  return {
    write: (entry) => told(file.append(entry)),
    writeDurably: (entry) => told(file.appendDurably(entry)),
    get lines() {
      return file.lines
    },
    get head() {
      return file.head
    },
    goLive: ({ keyId, spkiSha256 }) => {
      told(file.appendDurably({ type: 'key-live', keyId, spkiSha256 }))
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
