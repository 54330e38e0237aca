/** The journal while the strongroom writes it: durable first, then told to the people at its terminal. */
import { GlasskeyError } from '../errors.js'
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
  /** Lines that no disk takes wait from now on, and the desk keeps them meanwhile. */
  keepGoing(): void
  /** Writes what was seen of a share. Throws FILE_UNWRITABLE where the line has to wait: no more of them are read. */
  writeSeen(entry: Extract<JournalEntry, { type: 'share-accepted' | 'share-refused' }>): void
  /** Writes that the key is live, before it signs anything. Throws FILE_UNWRITABLE where no disk takes it: whatever is lost later, this is on record. */
  writeLive(key: { keyId: string; spkiSha256: string }): void
  readonly lines: readonly JournalLine[]
  readonly head: Head
  close(): void
}

/** Opens the session's journal. Where the key was live before, no disk keeps the session from its exit. Throws CHAIN_BROKEN when it does not verify. */
export function openJournal(path: string, desk: DeskLine): Journal {
  const file = LineFile.open<JournalLine, JournalEntry>(path, readJournal, wallClock)
  const wasLive = file.lines.some(({ type }) => type === 'key-live')
  const keepGoing = (): void => {
    file.keepGoing(
      (text, why, before) => {
        desk.say({ kind: 'unwritten', text, why, before })
      },
      () => {
        desk.say({ kind: 'written' })
      },
    )
  }
  if (wasLive) keepGoing()
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
    writeSeen: (entry) => {
      told(file.append(entry))
      if (!wasLive) file.refuseWaiting()
    },
    writeLive: ({ keyId, spkiSha256 }) => {
      const entry = { type: 'key-live', keyId, spkiSha256 } as const
      if (wasLive) told(file.append(entry))
      else told(onRecordFirst(() => file.appendDurably(entry)))
    },
    keepGoing,
    close: () => {
      file.close()
    },
  }
}

function onRecordFirst<Line>(write: () => Line): Line {
  try {
    return write()
  } catch (error) {
    if (!(error instanceof GlasskeyError)) throw error
    throw new GlasskeyError(error.code, `the key signs nothing before it is on record as live: ${error.message}`, error.hint, { cause: error })
  }
}
