/** An inspection as the logbook has it: of a closed bag, or of a sheet that was read. */
import { resolve } from 'node:path'
import { GlasskeyError } from '../errors.js'
import { readCustodyFolder, type CustodyFolder } from '../host/custody-folder.js'
import { shellWord } from '../host/terminal.js'
import { summaryOf } from '../paper/entry-page.js'
import type { LogbookEntry, NewLogbookEntry } from '../record/logbook.js'
import { afterEntering, afterLoss, answers, enter, printEntry, QUESTIONS, requireFreePaper, type Entered, type Question } from './logbook.js'
import type { Problem } from './outcome.js'

/** What is known of an inspection by flags; the rest is asked. */
export interface InspectionFlags {
  custodian: number | undefined
  copy: number | undefined
  generations: string | undefined
  bag: string | undefined
  newBag: string | undefined
  condition: string | undefined
  witness: string | undefined
  note: string | undefined
  out: string | undefined
  printer: string | undefined
}

/** What was read of the sheets in the bag; empty when it stayed closed. */
export interface SheetsSeen {
  custodian: number | undefined
  generations: number[]
}

/** What people say of a bag. */
export interface Bag {
  custodian: number
  copy: number
  bag: string
  condition: 'intact' | 'opened' | 'doubtful'
  witness: string
  newBag?: string
}

/** An inspection that is in the logbook. */
export interface Inspected {
  entry: LogbookEntry
  sha256: string
  /** Absolute path of the printed entry, or null. */
  out: string | null
  /** Why it is not on paper, where it was to be. */
  unprinted: Problem | null
  /** What is next where the bag was not intact. */
  after: string
  /** Entries that were written while its sheets were read, before this one said all. */
  before?: readonly Entered[]
}

/** What flags say that can be refused before anything is read. Throws USAGE, OUTPUT_EXISTS, FILE_UNWRITABLE. */
export function checkFlags({ generations, out }: InspectionFlags): void {
  if (generations !== undefined) numbersOf(generations)
  if (out !== undefined) requireFreePaper(out)
}

/** Asks for the bag what flags do not say, writes the entry, and prints it where that is asked for. Throws as `askOfBag`, `enter` and `printEntry`. */
export async function recordInspection(folder: CustodyFolder, flags: InspectionFlags, seen: SheetsSeen): Promise<Inspected> {
  const bag = await askOfBag(folder, { ...flags, custodian: flags.custodian ?? seen.custodian }, seen.generations.length > 0)
  return printInspection(folder, flags, enter(folder.path, inspectionEntry(folder, flags, bag, seen.generations)))
}

/**
 * What flags do not say of a bag is asked. A bag that was opened, for a sheet to be taken from it, is not closed again.
 * Throws USAGE for what the folder does not have, or for a bag that is called intact and bears another number than custody.yaml says.
 */
export async function askOfBag(folder: CustodyFolder, flags: InspectionFlags, opened: boolean): Promise<Bag> {
  const { custodian, copy, bag, condition, witness, newBag } = flags
  const given = new Map(Object.entries({ custodian, copy, bag, condition, witness, newBag }).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)] as const])))
  const questions: Question[] = (QUESTIONS['inspected'] ?? []).filter(([name]) => name !== 'generations' && name !== 'seenOnline')
  if (opened) questions.push(['newBag', 'Number of the new bag', 'text'])
  const found = (await answers(questions, given, (name) => `--${name === 'newBag' ? 'new-bag' : name} …`)) as unknown as Bag
  checkBag(folder, found)
  return found
}

/** The entry of an inspection. `read`: generations of which a sheet was read. */
export function inspectionEntry(folder: CustodyFolder, { generations, note }: InspectionFlags, bag: Bag, read: readonly number[]): Extract<NewLogbookEntry, { type: 'inspected' }> {
  return {
    type: 'inspected', ...bag,
    generations: generations === undefined ? inTheBag(folder, bag.custodian, bag.copy, read) : numbersOf(generations),
    ...(note === undefined ? {} : { note }),
  }
}

/** Numbers as people list them. Throws USAGE. */
function numbersOf(list: string): number[] {
  const numbers = list.split(/[\s,]+/).filter((part) => part !== '').map(Number)
  if (numbers.length === 0 || !numbers.every((number) => Number.isInteger(number) && number >= 1)) throw new GlasskeyError('USAGE', `--generations takes whole numbers, not "${list}"`, 'For example --generations 2,3,4. Nothing was written.')
  return numbers
}

/** Prints an entry where that is asked for; that it could not be is reported, for it stands. */
export async function printInspection({ path }: CustodyFolder, flags: InspectionFlags, { line, sha256 }: Entered): Promise<Inspected> {
  const isAsked = flags.out !== undefined || flags.printer !== undefined
  const { made: out, unprinted } = await afterEntering(line, `glasskey logbook print ${line.seq} --custody ${shellWord(path)} --out FILE`, async () => (isAsked ? printEntry(readCustodyFolder(resolve(path)), line.seq, flags) : null))
  const after = line.type === 'inspected' && line.condition !== 'intact' ? afterLoss(readCustodyFolder(resolve(path)), line.generations) : ''
  return { entry: line, sha256, out, unprinted, after }
}

/** What to tell people: the paper book has each entry too. */
export function toldOf({ entry, sha256, out, after, before = [] }: Inspected): string {
  const written = [...before.map(({ line, sha256: digest }) => `${line.seq}, SHA-256 ${digest}`), `${entry.seq}, SHA-256 ${sha256}`]
  return `Entry ${entry.seq}: ${summaryOf(entry)}\nWrite into the paper book: ${written.map((one) => `number ${one}`).join('; ')}${out === null ? '' : `\nPrinted: ${out}`}${after}`
}

function checkBag({ custody }: CustodyFolder, { custodian, copy, bag, condition }: Bag): void {
  const known = custody.custodians.find(({ number }) => number === custodian)?.copies.find((one) => one.copy === copy)
  if (!known) throw new GlasskeyError('USAGE', `custodian ${custodian} has no copy ${copy}`, 'custody.yaml lists custodians and copies. Nothing was written.')
  if (condition !== 'intact' || known.bag === null || known.bag === bag) return
  throw new GlasskeyError('USAGE', `custody.yaml says bag ${known.bag} for custodian ${custodian}, copy ${copy}, and the bag bears ${bag}`, 'A bag with another number is not intact: --condition doubtful. If the bag was exchanged before a witness, mend custody.yaml first. Nothing was written.')
}

/** Generations whose sheets should be in the bag: not those that are over, nor those of which this copy is gone or was never made. */
function inTheBag({ generations, standings, events }: CustodyFolder, custodian: number, copy: number, read: readonly number[]): number[] {
  const gone = new Set(events.flatMap((event) => (event.kind === 'copy-gone' && event.custodian === custodian && event.copy === copy ? [event.generation] : [])))
  const made = new Set(generations.flatMap(({ manifest }) => (manifest.shares.some((share) => share.custodian === custodian && share.copies >= copy) ? [manifest.generation] : [])))
  const living = standings.filter(({ generation, state }) => state !== 'burned' && state !== 'retired' && made.has(generation) && !gone.has(generation)).map(({ generation }) => generation)
  return [...new Set([...living, ...read])].sort((one, other) => one - other)
}
