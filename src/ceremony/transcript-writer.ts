/** Writing the transcript: a line is followed in the state machine before it exists, so none can be out of order. */
import { canonicalJson, sha256Hex } from '../canonical.js'
import { holdsSheetCode } from '../custody/sheet-code.js'
import { GlasskeyError } from '../errors.js'
import { LineFile } from '../host/line-file.js'
import { readText } from '../host/disk.js'
import { chainLine, EMPTY, type Head } from '../record/chain.js'
import { begin, follow, type Conduct } from '../record/conduct.js'
import { readTranscript, readTranscriptLines, type TranscriptEntry, type TranscriptLine } from '../record/transcript.js'

type Opened = Extract<TranscriptEntry, { type: 'ceremony-opened' }>
type Append = (entry: TranscriptEntry) => void

/** The transcript of a ceremony that is going on. */
export class TranscriptWriter {
  readonly #append: Append
  readonly #text: () => string
  #conduct: Conduct

  private constructor(opened: Opened, append: Append, text: () => string) {
    this.#append = append
    this.#text = text
    this.#conduct = begin(opened)
    append(opened)
  }

  /** Each line is on the disk before the next step begins: what people did is not lost with the power. */
  static onDisk(path: string, opened: Opened, now: () => Date): TranscriptWriter {
    const file = LineFile.open<TranscriptLine, TranscriptEntry>(path, readTranscriptLines, now)
    return new TranscriptWriter(opened, (entry) => void file.append(entry), () => readText(path, 'the transcript'))
  }

  /** For a rehearsal by flag: nobody did anything, and it can be run again. */
  static inMemory(opened: Opened, now: () => Date): TranscriptWriter {
    let head: Head = EMPTY
    const lines: string[] = []
    const append = (entry: TranscriptEntry): void => {
      const next = chainLine(head, now().toISOString(), entry)
      head = next.head
      lines.push(next.text)
    }
    return new TranscriptWriter(opened, append, () => lines.map((line) => `${line}\n`).join(''))
  }

  /** Where the ceremony stands. */
  get conduct(): Conduct {
    return this.#conduct
  }

  /** Adds a line. Throws STEP_OUT_OF_ORDER, and REFUSED for one with the code of a sheet in it: everybody may read a transcript. Then nothing was written. */
  add(entry: TranscriptEntry): void {
    if (holdsSheetCode(canonicalJson(entry))) throw new GlasskeyError('REFUSED', `a line of the transcript (${entry.type}) has the code of a sheet in it`, 'It was not written down, and the set does not count: hold the ceremony again, with new keys.')
    const next = follow(this.#conduct, entry)
    this.#append(entry)
    this.#conduct = next
  }

  /** Ends the transcript: its text, read back and verified from the first line to the last, and its digest. May be called again when it throws FILE_UNWRITABLE, or what reading throws. */
  close(): { text: string; sha256: string } {
    const { done, exceptions, bagged } = this.#conduct
    if (!this.#conduct.closed) this.add({ type: 'ceremony-closed', steps: done, exceptions: exceptions.length, bags: bagged.length })
    const text = this.#text()
    readTranscript(text)
    return { text, sha256: sha256Hex(text) }
  }
}
