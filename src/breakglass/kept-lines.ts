/**
 * Journal lines that their own disk did not take, because it is full or was pulled out: kept in another place as they
 * come, and brought back. They hold no secret.
 */
import { existsSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { GlasskeyError } from '../errors.js'
import { wallClock } from '../host/clock.js'
import { makeTemporaryFolder, readLines, replaceFile } from '../host/disk.js'
import { LineFile } from '../host/line-file.js'
import { say, shellWord } from '../host/terminal.js'
import { readJournal, type JournalEntry, type JournalLine } from '../record/journal.js'

/** Lines of one journal that are not on its disk. */
export class KeptLines {
  readonly #journal: string
  /** What the disk had taken before: should it have lost some of that, too, it is here. */
  #before: readonly string[] = []
  #lines: string[] = []
  #file: string | null = null
  #why = ''

  constructor(journal: string) {
    this.#journal = journal
  }

  get length(): number {
    return this.#lines.length
  }

  /** The file that has all of them; null when there is none. */
  get file(): string | null {
    return this.#file
  }

  /** What the disk said last. */
  get why(): string {
    return this.#why
  }

  /** Keeps a line, and tells people where; or, where nothing takes it, what it is. `before`: the lines before the first of them. */
  add(text: string, why: string, before: readonly string[]): void {
    if (this.#lines.length === 0) this.#before = before
    this.#lines.push(text)
    this.#why = why
    const earlier = this.#file
    this.#save()
    if (this.#file === null) {
      // Those that were only in a file are in none now.
      for (const line of earlier === null ? [text] : this.#lines) say(`No disk takes the journal (${why}). Write this line down: ${line}`, 'alarm')
    } else if (earlier === null) say(`No disk takes the journal (${why}). Its lines are kept in ${this.#file} until it does: do not switch this machine off.`, 'alarm')
  }

  /** Their own disk has them after all. */
  drop(): void {
    if (this.#lines.length === 0) return
    if (this.#file !== null) clear(dirname(this.#file))
    this.#lines = []
    this.#file = null
    say('The disk takes the journal again, and has every line of it.')
  }

  /** Whether one of them is of this type. */
  has(type: string): boolean {
    return this.#lines.some((text) => (JSON.parse(text) as { type: string }).type === type)
  }

  /** Those that the journal on its disk lacks. Throws as `putBack`. */
  missing(): readonly string[] {
    return this.#lines.length === 0 ? [] : missingIn(this.#journal, [...this.#before, ...this.#lines])
  }

  /** All of them at once: an attempt that failed leaves no gap. */
  #save(): void {
    const earlier = this.#file
    this.#file = null
    let folder: string | null = null
    try {
      folder = earlier === null ? makeTemporaryFolder('glasskey-lines') : dirname(earlier)
      const file = join(folder, 'journal-lines.jsonl')
      replaceFile(file, asText([...this.#before, ...this.#lines]))
      this.#file = file
    } catch (error) {
      if (!(error instanceof Error)) throw error
      if (folder !== null && earlier === null) clear(folder)
    }
  }
}

/** Brings back the lines of a file that a session named, or that people typed, and says so. Throws CHAIN_BROKEN as `putBack`; OUTCOME_UNKNOWN where no disk takes them; FILE_MISSING, FILE_UNREADABLE. */
export function putBackFrom(file: string, journal: string): void {
  const lines = readLines(file, 'the file of kept lines').split('\n').map((text) => text.replace(/^\uFEFF/, '').trim()).filter((text) => text !== '')
  const back = orNotKnown(`glasskey resume --session ${basename(dirname(journal))} --kept-lines ${shellWord(file)}`, () => putBack(journal, lines))
  say(`${back === 0 ? 'The journal has every kept line already' : `${back} ${back === 1 ? 'line is' : 'lines are'} back in the journal`}; ${file} is not needed any more.`)
}

/** Lines are kept of a session that may have left a key alive: that they cannot be put back says nothing better of it. `again` is the command. Throws OUTCOME_UNKNOWN. */
function orNotKnown(again: string, put: () => number): number {
  try {
    return put()
  } catch (error) {
    if (!(error instanceof GlasskeyError) || error.code !== 'FILE_UNWRITABLE') throw error
    throw new GlasskeyError('OUTCOME_UNKNOWN', `the kept lines are not back in the journal: ${error.message}`, `${error.hint} Mend that before this machine is switched off; the key of that session counts as alive until then. Then: ${again}`, { cause: error })
  }
}

/**
 * Adds to a journal those of these lines that it does not have yet; a torn end of it is kept aside first, and no line names
 * it. Answers how many. Throws CHAIN_BROKEN when they do not follow what is there, and changes nothing; FILE_UNWRITABLE.
 */
export function putBack(journal: string, lines: readonly string[]): number {
  const missing = missingIn(journal, lines)
  if (missing.length > 0) LineFile.open<JournalLine, JournalEntry>(journal, readJournal, wallClock).takeBack(missing)
  return missing.length
}

function missingIn(journal: string, lines: readonly string[]): readonly string[] {
  // A disk that has lost it altogether has none of its lines.
  const chain = readJournal(existsSync(dirname(journal)) && !existsSync(journal) ? '' : readLines(journal, 'the journal'), journal)
  const from = numberOf(lines[0] ?? '') - 1
  if (from > chain.texts.length && from < Infinity && lines.every((text, at) => numberOf(text) === from + 1 + at)) {
    const gap = `${chain.texts.length + 1}${from > chain.texts.length + 1 ? ` to ${from}` : ''}`
    throw new GlasskeyError('CHAIN_BROKEN', `${journal} ends with line ${chain.texts.length}, and the kept lines begin with ${from + 1}: its disk has lost what is between`, `Do not resume without them: the record would be false. Look for ${gap} in another copy of the folder, or on that machine's screen, and put them before the others.`)
  }
  const there = chain.texts.slice(from, from + lines.length)
  const missing = lines.slice(there.length)
  if (lines.length === 0 || !there.every((text, at) => text === lines[at]) || !follow(chain.texts, missing)) {
    throw new GlasskeyError('CHAIN_BROKEN', `the kept lines do not follow ${journal}: they are of another session, not whole, or somebody has gone on without them`, 'Keep their file with the evidence, and leave --kept-lines away.')
  }
  return missing
}

function follow(texts: readonly string[], missing: readonly string[]): boolean {
  try {
    return readJournal(asText([...texts, ...missing]), 'kept lines').texts.length === texts.length + missing.length
  } catch (error) {
    if (!(error instanceof GlasskeyError)) throw error
    return false
  }
}

/** Number of a line in its chain; that of none when it has none. */
function numberOf(text: string): number {
  try {
    const { seq } = JSON.parse(text) as { seq?: unknown }
    return typeof seq === 'number' && seq >= 1 ? seq : Infinity
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return Infinity
  }
}

/** What is not needed any more is no reason to stop. */
function clear(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true })
  } catch (error) {
    if (!(error instanceof Error)) throw error
  }
}

function asText(lines: readonly string[]): string {
  return lines.map((line) => line + '\n').join('')
}
