/**
 * A file of chained lines on a disk that may fail.
 *
 * Every line is synced before `append` returns. A half-written last line (a crash) is moved aside and its digest goes
 * into the next line. What somebody else has added since is never written over: the strongroom of a desk that was killed
 * may live a moment longer than its lock. Once `keepGoing` was called, a disk that is full or gone no longer throws: space
 * was reserved, and after that the lines wait in memory, are handed to `onUnwritten`, and are written as soon as a disk
 * takes them, which `onWritten` hears of. What has to be durable before something is done still throws (`appendDurably`, `refuseWaiting`).
 */
import { closeSync, constants, existsSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { canonicalJson, sha256Hex, type Json } from '../canonical.js'
import { GlasskeyError } from '../errors.js'
import { chainLine, EMPTY, wholeBytes, type Chain, type Head } from '../record/chain.js'
import { linesIn, readBytes, syncFolder, writable, writeNew } from './disk.js'

/** Room kept free beside a journal for the lines of an exit. */
const RESERVED_BYTES = 512 * 1024

/** The file itself is written: never, by a link in its place, another one. */
const IN_PLACE = constants.O_RDWR | constants.O_NOFOLLOW

/** Reads a chain's text; `readJournal` or `readLogbook`. */
type Read<Line> = (text: string, name: string) => Chain<Line>

/** Hears of a line that no disk takes. `before`: those that the disk had taken, with the first. */
type OnUnwritten = (line: string, why: string, before: readonly string[]) => void

/** An open file of chained lines. */
export class LineFile<Line extends { type: string }, Entry extends { type: string }> {
  readonly #path: string
  readonly #now: () => Date
  readonly #check: (line: string) => void
  #head: Head
  #size: number
  #torn: string | undefined
  #unwritten: string[] = []
  /** What was last tried behind the last good write, and failed: a disk may have the beginning of it. */
  #tried = Buffer.alloc(0)
  /** Whether nothing of the line that is being written is left there. */
  #isCut = true
  #onUnwritten: OnUnwritten | null = null
  #onWritten: () => void = () => undefined
  /** Whether lines that wait were handed over. */
  #handed = false
  /** Why lines wait. */
  #failure: Error | null = null
  readonly lines: Line[]

  private constructor(path: string, now: () => Date, chain: Chain<Line>, size: number, read: Read<Line>) {
    this.#path = path
    this.#check = shapeOf(read)
    this.#now = now
    this.#head = chain.head
    this.#size = size
    this.lines = chain.lines
  }

  /** Opens or begins a file. Throws CHAIN_BROKEN when what is there does not verify; FILE_UNWRITABLE. */
  static open<Line extends { type: string }, Entry extends { type: string }>(path: string, read: Read<Line>, now: () => Date): LineFile<Line, Entry> {
    if (!existsSync(path)) {
      writeNew(path, '')
      return new LineFile<Line, Entry>(path, now, { lines: [], texts: [], head: EMPTY, torn: '' }, 0, read)
    }
    const bytes = Buffer.from(readBytes(path, 'the record'))
    const chain = read(linesIn(bytes, path, 'the record'), path)
    const whole = wholeBytes(chain)
    const file = new LineFile<Line, Entry>(path, now, chain, whole, read)
    if (whole < bytes.length) file.#keepAside(bytes.subarray(whole))
    return file
  }

  /** Where the chain ends now. */
  get head(): Head {
    return this.#head
  }

  /** Lines that no disk has taken yet. */
  get unwritten(): readonly string[] {
    return this.#unwritten
  }

  /** Sets space aside for later lines. Throws FILE_UNWRITABLE before `keepGoing`. */
  reserve(): void {
    try {
      if (!existsSync(this.#ballast)) writeNew(this.#ballast, new Uint8Array(RESERVED_BYTES))
    } catch (error) {
      if (!(error instanceof Error) || !this.#onUnwritten) throw error
    }
  }

  /** From now on a failing disk does not stop the caller. `onUnwritten` gets each line that only memory holds, what the disk said, and with the first of them the lines before it; `onWritten` is called when all of them are durable after all. */
  keepGoing(onUnwritten: OnUnwritten, onWritten: () => void): void {
    this.#onUnwritten = onUnwritten
    this.#onWritten = onWritten
  }

  /** Adds a line and makes it durable. Throws FILE_UNWRITABLE before `keepGoing`. */
  append(entry: Entry): Appended<Line> {
    return this.#append(entry, false)
  }

  /** The same, with the space that was set aside where the disk is full. Throws FILE_UNWRITABLE always; then there is no such line, unless the disk may have it: then it waits. */
  appendDurably(entry: Entry): Appended<Line> {
    return this.#append(entry, true)
  }

  /** Throws FILE_UNWRITABLE where lines wait. */
  refuseWaiting(): void {
    if (this.#unwritten.length > 0 && this.#failure) throw this.#failure
  }

  /**
   * Adds lines that were made for this file and that its disk had not taken; they must follow. Throws FILE_UNWRITABLE before
   * `keepGoing`, and the first of them may be there then. After it they wait with those that come, and are not handed over again. That the file
   * has all of them by now, as far as can be read, is no reason to forget them: `onWritten` is called when a disk takes the next.
   */
  takeBack(texts: readonly string[]): void {
    this.#handed = true
    if (texts.length === 0) return
    this.#unwritten.push(...texts)
    try {
      this.#flush()
    } catch (error) {
      if (!(error instanceof Error) || !this.#onUnwritten) {
        this.#unwritten = []
        throw error
      }
      this.#failure = error
    }
    for (const text of texts) {
      this.lines.push(JSON.parse(text) as Line)
      this.#head = { seq: this.#head.seq + 1, sha256: sha256Hex(text) }
    }
  }

  #append(entry: Entry, durably: boolean): Appended<Line> {
    const fields = entry as unknown as { type: string; [name: string]: Json }
    const { text, head } = chainLine(this.#head, this.#now().toISOString(), { ...fields, torn: this.#torn })
    // A line that could not be read again would lock everybody out of the folder: found before it is written.
    this.#check(text)
    const failure = this.#write(text, durably)
    this.#torn = undefined
    this.#head = head
    const line = JSON.parse(text) as Line
    this.lines.push(line)
    if (failure && durably) throw failure
    return { line, head }
  }

  /** Gives the reserved space back. Never throws: by now the record is what matters. */
  close(): void {
    try {
      rmSync(this.#ballast, { force: true })
    } catch (error) {
      if (!(error instanceof Error)) throw error
    }
  }

  /** Answers why the line waits; throws where there is no such line. One that may be on a disk which does not even cut it away again is one, and waits. */
  #write(text: string, durably: boolean): Error | null {
    this.#unwritten.push(text)
    try {
      this.#flushOnto(durably || this.#onUnwritten !== null)
      return null
    } catch (error) {
      if (!(error instanceof Error) || !this.#onUnwritten || (durably && this.#isCut)) {
        this.#unwritten.pop()
        throw error
      }
      this.#handed = true
      this.#failure = error
      this.#onUnwritten(text, whatItSaid(error), this.#unwritten.length > 1 ? [] : this.lines.map((line) => canonicalJson(line as unknown as Json)))
      return error
    }
  }

  #flushOnto(useReserve: boolean): void {
    this.#isCut = true
    try {
      this.#flush()
    } catch (error) {
      if (!useReserve) throw error
      this.close()
      this.#flush()
    }
  }

  /**
   * Writes all that waits, at the byte where the last good write ended: a torn attempt is overwritten. Each line is durable before
   * the next is begun: behind a hole that a power cut leaves, there is never a whole one.
   */
  #flush(): void {
    this.#inPlace((file) => {
      this.#refuseOthers(file)
      for (let [text] = this.#unwritten; text !== undefined; [text] = this.#unwritten) this.#writeOne(file, text)
    })
    if (!this.#handed) return
    this.#handed = false
    this.#onWritten()
  }

  #writeOne(file: number, text: string): void {
    const bytes = Buffer.from(text + '\n')
    this.#tried = bytes
    this.#isCut = false
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done, this.#size + done)
      fsyncSync(file)
    } catch (error) {
      this.#cutBack(file)
      throw error
    }
    this.#size += bytes.length
    this.#tried = Buffer.alloc(0)
    this.#unwritten.shift()
  }

  /** Throws FILE_UNWRITABLE where somebody else has written. What the disk did not cut away of an attempt of ours is cut away now. */
  #refuseOthers(file: number): void {
    const { size } = fstatSync(file)
    const behind = Buffer.alloc(Math.max(0, Math.min(size - this.#size, this.#tried.length)))
    readSync(file, behind, 0, behind.length, this.#size)
    if (size - this.#size === behind.length && behind.equals(this.#tried.subarray(0, behind.length))) {
      if (behind.length > 0) ftruncateSync(file, this.#size)
      this.#isCut = true
      return
    }
    throw new GlasskeyError('FILE_UNWRITABLE', `${this.#path} was changed meanwhile: it has ${size} bytes, and ${this.#size} were expected`, 'Another process is at work on this folder. Nothing was written: wait until it has ended, and begin again.')
  }

  /**
   * Half a line would be in the way of a whole one that is added by hand. A disk that does not even cut has taken none, or is
   * beyond help. A cut that was not synced is none: after a crash the line would be there.
   */
  #cutBack(file: number): void {
    try {
      ftruncateSync(file, this.#size)
      fsyncSync(file)
      this.#isCut = true
    } catch (error) {
      if (!(error instanceof Error)) throw error
    }
  }

  #keepAside(torn: Buffer): void {
    const digest = sha256Hex(torn)
    const aside = `${this.#path}.torn-${digest.slice(0, 16)}`
    if (!existsSync(aside)) writeNew(aside, torn)
    this.#inPlace((file) => {
      ftruncateSync(file, this.#size)
      fsyncSync(file)
    })
    writable(this.#path, () => {
      syncFolder(dirname(this.#path))
    })
    this.#torn = digest
  }

  /** Changes the file where it lies. Throws FILE_UNWRITABLE. */
  #inPlace(change: (file: number) => void): void {
    writable(this.#path, () => {
      const file = openSync(this.#path, IN_PLACE)
      try {
        change(file)
      } finally {
        closed(file)
      }
    })
  }

  get #ballast(): string {
    return `${this.#path}.reserve`
  }
}

/** A line as it stands in the chain, and the head after it. */
interface Appended<Line> {
  line: Line
  head: Head
}

/** What was changed is durable by then, or has failed with a better word. */
function closed(file: number): void {
  try {
    closeSync(file)
  } catch (error) {
    if (!(error instanceof Error)) throw error
  }
}

/** In the system's own words. */
function whatItSaid(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message
}

/** Whether one line alone has a shape that `read` takes; its place in the chain is ours to get right. */
function shapeOf<Line>(read: Read<Line>): (text: string) => void {
  return (text) => {
    read(canonicalJson({ ...(JSON.parse(text) as { [name: string]: Json }), seq: 1, prev: EMPTY.sha256 }) + '\n', 'a new line')
  }
}
