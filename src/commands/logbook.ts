/** `glasskey logbook list|show|verify|print|add`. */
import { resolve } from 'node:path'
import type { Argv } from 'yargs'
import { z } from 'zod'
import { canonicalJson, sha256Hex, type Json } from '../canonical.js'
import { unfinishedSessions } from '../breakglass/open-session.js'
import { entrySource } from '../breakglass/print-session.js'
import { explain } from '../custody/explain.js'
import { inUse, isSpent } from '../custody/generation.js'
import { holdsSheetCode, SHEET_CODE_ANSWERED } from '../custody/sheet-code.js'
import { GlasskeyError } from '../errors.js'
import { wallClock } from '../host/clock.js'
import { readCustodyFolder, type CustodyFolder } from '../host/custody-folder.js'
import { places } from '../host/sealed-folder.js'
import { requireNew, writeNew } from '../host/disk.js'
import { LineFile } from '../host/line-file.js'
import { takeLock } from '../host/lock.js'
import { printPdf } from '../host/printer.js'
import { ask, isInteractive, say, shellWord } from '../host/terminal.js'
import { formOf } from '../paper/forms/catalogue.js'
import { formSource } from '../paper/forms/source.js'
import { drawLogbookEntry } from '../paper/logbook-entry.js'
import { entryPage, summaryOf } from '../paper/entry-page.js'
import { checkLastSignature } from '../record/evidence.js'
import { logbookEntry, readLogbook, type LogbookEntry, type NewLogbookEntry } from '../record/logbook.js'
import { checkNamedSheets } from '../record/named-sheets.js'
import type { Session } from '../record/replay.js'
import { custodyFlag } from './flags.js'
import type { Outcome, Problem } from './outcome.js'
import { uncounted } from './status.js'

interface Arguments {
  step: 'list' | 'show' | 'verify' | 'print' | 'add'
  what: string | undefined
  custody: string
  out: string | undefined
  printer: string | undefined
  set: string[]
}

/** Entries that people make, with the questions that they are asked for. */
export const QUESTIONS: Record<string, readonly Question[]> = {
  handover: [['custodian', 'Number of the custodian whose bag it is', 'number'], ['copy', 'Copy', 'number'], ['generations', 'Generations in the bag (such as 2,3,4; Enter if it has all of them)', 'numbers or none'], ['from', 'From whom', 'text'], ['to', 'To whom', 'text'], ['bag', 'Bag number (unopened)', 'text'], ['witness', 'Witness', 'text']],
  lost: [['custodian', 'Number of the custodian', 'number'], ['copy', 'Copy', 'number'], ['generations', 'Generations in the bag (such as 2,3,4)', 'numbers'], ['witness', 'Reported to', 'text']],
  inspected: [['custodian', 'Number of the custodian', 'number'], ['copy', 'Copy', 'number'], ['generations', 'Generations in the bag (such as 2,3,4)', 'numbers'], ['bag', 'Bag number', 'text'], ['condition', 'Condition (intact, opened or doubtful)', 'condition'], ['seenOnline', 'Generations of which the sheet was read on a computer, and no entry says so (such as 2; Enter alone if none)', 'numbers or none'], ['witness', 'Witness', 'text']],
  acknowledged: [['custodian', 'Number of the custodian', 'number'], ['copy', 'Copy', 'number'], ['by', 'Who acknowledged the duties', 'text'], ['witness', 'Witness', 'text']],
  destroyed: [['generation', 'Generation', 'number'], ['custodian', 'Number of the custodian', 'number'], ['copies', 'Copies destroyed (such as 1,2)', 'numbers'], ['method', 'Method', 'text'], ['witness', 'Witness', 'text']],
  retired: [['generation', 'Generation', 'number'], ['reason', 'Reason', 'text']],
  exception: [['step', 'At which step', 'text'], ['happened', 'What happened', 'text'], ['decision', 'What was decided', 'text'], ['decidedBy', 'By whom', 'text'], ['witness', 'Witness', 'text']],
}

export const builder = (flags: Argv): Argv =>
  custodyFlag(flags)
    .usage(`$0 logbook <list|show|verify|print|add> [what]\n\nlist · show NUMBER · verify · print NUMBER --out FILE · add ${Object.keys(QUESTIONS).join('|')}`)
    .positional('step', { choices: ['list', 'show', 'verify', 'print', 'add'] as const })
    .positional('what', { type: 'string', describe: 'number of an entry, or kind of a new one' })
    .option('out', { type: 'string', describe: 'print: file for the PDF; add: for the form to sign' })
    .option('printer', { type: 'string', describe: 'print, add: CUPS printer' })
    .option('set', { type: 'string', array: true, default: [], describe: 'add: NAME=VALUE in place of a question (repeatable)' })

export const handler = async (args: Arguments): Promise<Outcome> => {
  const path = resolve(args.custody)
  const folder = readCustodyFolder(path)
  switch (args.step) {
    case 'list':
      return { json: { entries: folder.logbook.lines }, text: folder.logbook.lines.map((entry) => `${String(entry.seq).padStart(4)}  ${entry.at.slice(0, 16)}Z  ${summaryOf(entry)}`).join('\n') }
    case 'show': {
      const { entry, entrySha256 } = entrySource(folder, numberOf(args.what))
      return { json: { entry, sha256: entrySha256 }, text: `${JSON.stringify(entry, null, 2)}\nSHA-256 ${entrySha256}` }
    }
    case 'verify':
      return verify(folder)
    case 'print':
      return print(folder, args)
    case 'add':
      return add(path, args)
  }
}

/** Chains and their agreement were verified by reading the folder; here last signatures, and that every session was entered. */
function verify(folder: CustodyFolder): Outcome {
  const invalid = (what: string): GlasskeyError => new GlasskeyError('CHAIN_BROKEN', what, 'The record was altered. Keep it as it is and compare with the paper book.')
  for (const { id, chain, session, warrant } of folder.sessions) {
    const manifest = folder.generations.find((generation) => generation.manifest.generation === warrant.key.generation)?.manifest
    if (!manifest) throw invalid(`session ${id} used a generation that the folder does not have`)
    checkLastSignature(session, manifest)
    const entries = folder.logbook.lines.filter((entry) => entry.type === 'session' && entry.session === id)
    const last = entries.at(-1)
    if (!last) throw notEntered(id, session)
    if (session.closed && last.type === 'session' && last.journalSha256 !== chain.head.sha256) throw chain.texts.some((text) => sha256Hex(text) === last.journalSha256) ? goneOn(id) : invalid(`the journal of session ${id} is not the one that its logbook entry names`)
  }
  const { head } = folder.logbook
  const signed = folder.sessions.filter(({ session }) => session.lastLife?.signed === true).length
  const unsigned = folder.sessions.filter(({ session }) => session.lastLife?.signed === false).map(({ id }) => id)
  const without = unsigned.length === 0 ? '' : `\nNo last signature in ${unsigned.join(', ')}: glasskey audit --profile compares that journal with OCI's log.`
  return { json: { logbook: head.seq, sha256: head.sha256, sessions: signed }, text: `${uncounted(folder).map((text) => `Note: ${text}\n`).join('')}The logbook holds: ${head.seq} entries, ${signed === 1 ? '1 session with its last signature' : `${signed} sessions with their last signatures`}.${without}\nHead ${head.sha256}` }
}

/** One that runs at this moment has no entry yet either. */
function notEntered(id: string, { closed }: Session): GlasskeyError {
  if (closed === null) return new GlasskeyError('SESSION_UNFINISHED', `session ${id} has not come to its end, and so has no entry in the logbook`, `If it is not running now: glasskey resume --session ${id}`)
  return new GlasskeyError('CHAIN_BROKEN', `session ${id} has no entry in the logbook`, `Either glasskey was stopped just before it wrote one, or the logbook was altered: compare it with the paper book. Then: glasskey resume --session ${id}`)
}

/** It was entered, and then resumed. */
function goneOn(id: string): GlasskeyError {
  return new GlasskeyError('SESSION_UNFINISHED', `session ${id} was resumed after its entry in the logbook, and is not entered as it ended then`, `If it is not running now: glasskey resume --session ${id}`)
}

async function print(folder: CustodyFolder, args: Arguments): Promise<Outcome> {
  const number = numberOf(args.what)
  if (args.printer === undefined && args.out === undefined) throw new GlasskeyError('USAGE', 'where should it go?', 'glasskey logbook print NUMBER --out FILE, or --printer NAME')
  const out = await printEntry(folder, number, args)
  return { json: { logbook: number, out, printer: args.printer ?? null }, text: `Entry ${number} is ${args.printer === undefined ? `in ${String(out)}` : `with printer ${args.printer}`}.` }
}

/** Prints an entry and writes it into a new file, as far as either is asked for. The file's absolute path, or null. Throws OUTPUT_EXISTS, PRINTER_FAILED. */
export async function printEntry(folder: CustodyFolder, number: number, to: { out: string | undefined; printer: string | undefined }): Promise<string | null> {
  const pdf = await drawLogbookEntry(entryPage(entrySource(folder, number)), { paper: folder.custody.paper })
  if (to.printer !== undefined) await printPdf(pdf, to.printer, `logbook entry ${number}`)
  const out = to.out === undefined ? null : resolve(to.out)
  if (out !== null) writeNew(out, pdf)
  return out
}

async function add(path: string, args: Arguments): Promise<Outcome> {
  const kind = args.what ?? ''
  const questions = Object.hasOwn(QUESTIONS, kind) ? QUESTIONS[kind] : undefined
  if (!questions) throw new GlasskeyError('USAGE', `there is no entry of kind "${kind}"`, `Kinds: ${Object.keys(QUESTIONS).join(', ')}.`)
  if (args.out !== undefined) requireFreePaper(args.out)
  const given = givenBy(args.set)
  const coded = [...given].find(([, text]) => holdsSheetCode(text))?.[0]
  if (coded !== undefined) throw new GlasskeyError('USAGE', `--set ${coded} holds the code of a sheet, and a logbook is public`, 'Nothing was entered. It stands in this shell\'s history and on the screen: clear both, and count that share as seen.')
  const unknown = [...given.keys()].find((name) => !questions.some(([known]) => known === name))
  if (unknown !== undefined) throw new GlasskeyError('USAGE', `--set ${unknown} is not part of this entry`, `It has: ${questions.map(([name]) => name).join(', ')}.`)
  const { line, sha256 } = enter(path, { type: kind, ...(await answers(questions, given, (name) => `--set ${name}=…`)) } as NewLogbookEntry)
  const { made: form, unprinted } = await afterEntering(line, `glasskey forms ${formOf(line.type)?.name ?? ''} --entry ${line.seq} --custody ${shellWord(path)} --out FILE`, () => signed(path, line, args))
  return { ...(unprinted ? { error: unprinted } : {}), json: { entry: line, sha256, out: form?.out ?? null, printer: form?.printer ?? null }, text: `Entry ${line.seq}: ${summaryOf(line)}\nWrite into the paper book: number ${line.seq}, SHA-256 ${sha256}${form?.said ?? ''}${line.type === 'lost' || (line.type === 'inspected' && line.condition !== 'intact') ? afterLoss(readCustodyFolder(path), line.generations) : ''}` }
}

/** Before anything is entered: the place where its paper is to be. Throws OUTPUT_EXISTS, FILE_UNWRITABLE. */
export function requireFreePaper(out: string): void {
  try {
    requireNew(resolve(out))
  } catch (error) {
    if (!(error instanceof GlasskeyError)) throw error
    throw new GlasskeyError(error.code, error.message, `${error.hint} Nothing was entered.`, { cause: error })
  }
}

/** Puts an entry on paper that is written already; `again` is the command that does it later. Where that fails it stands, and whoever enters it again has it twice: that is said, and reported. */
export async function afterEntering<Made>({ seq }: LogbookEntry, again: string, print: () => Promise<Made>): Promise<{ made: Made | null; unprinted: Problem | null }> {
  try {
    return { made: await print(), unprinted: null }
  } catch (error) {
    if (!(error instanceof GlasskeyError)) throw error
    const unprinted = { code: error.code, message: `entry ${seq} is written, and not on paper: ${error.message}`, hint: `Do not enter it again. Mend that; then: ${again}` }
    say(`${unprinted.code}: ${unprinted.message}`, 'alarm')
    say(unprinted.hint)
    return { made: null, unprinted }
  }
}

/** Names and values of `--set NAME=VALUE`. Throws USAGE for one without a value, and for a name that is given twice: only the last would be entered. */
function givenBy(set: readonly string[]): Map<string, string> {
  const given = new Map<string, string>()
  for (const text of set) {
    const [, name, value] = /^([^=]*)=([\s\S]*)$/.exec(text) ?? []
    if (name === undefined || value === undefined) throw new GlasskeyError('USAGE', `--set ${text} has no value`, '--set NAME=VALUE. Nothing was entered.')
    if (given.has(name)) throw new GlasskeyError('USAGE', `--set ${name} is given twice`, `Several numbers go into one: --set ${name}=2,3. Nothing was entered.`)
    given.set(name, value)
  }
  return given
}

/** What follows where a sheet may be in other hands: the key in use is rotated while its sheets can open it, those that wait are given up. */
export function afterLoss({ standings, events }: CustodyFolder, generations: readonly number[]): string {
  const current = inUse(standings, events)
  const commands = generations.flatMap((generation) => {
    if (generation === current?.generation) return [current.margin < 0 ? 'glasskey takeover with a new bootstrap key' : 'glasskey break rotate']
    return standings.some((standing) => standing.generation === generation && standing.state === 'waiting') ? [`glasskey logbook add retired --set generation=${generation} --set reason=…`] : []
  })
  return commands.length === 0 ? '' : `\nIf the sheets may be in other hands, next: ${commands.join('; ')}`
}

/** Appends an entry to the logbook. Throws USAGE when it speaks of what the folder does not have, CUSTODY_LOCKED. */
export function enter(path: string, entry: NewLogbookEntry): Entered {
  checkShape(entry)
  const release = takeLock(places.lock(path), 'logbook add', wallClock())
  try {
    // Read now: people may have taken their time over the answers, and a session ended meanwhile.
    checkEntry(entry, readCustodyFolder(path))
    return append(path, entry)
  } finally {
    release()
  }
}

/** An entry in its place, and its digest. */
export interface Entered {
  line: LogbookEntry
  sha256: string
}

/** Appends an entry for whoever holds the lock and has checked it. Throws FILE_UNWRITABLE. */
export function append(path: string, entry: NewLogbookEntry): Entered {
  const { line, head } = LineFile.open<LogbookEntry, NewLogbookEntry>(places.logbook(path), readLogbook, wallClock).append(entry)
  return { line, sha256: head.sha256 }
}

/** The form that people sign for an entry, where there is one: written or printed if asked for, named if not. */
async function signed(path: string, entry: LogbookEntry, { out, printer }: Arguments): Promise<{ out: string | null; printer: string | null; said: string }> {
  const form = formOf(entry.type)
  if (!form) return { out: null, printer: null, said: out === undefined && printer === undefined ? '' : '\nThere is no form to sign for it.' }
  if (out === undefined && printer === undefined) return { out: null, printer: null, said: `\nTo sign: glasskey forms ${form.name} --entry ${entry.seq} --custody ${shellWord(path)} --out FILE` }
  const folder = readCustodyFolder(path)
  const pdf = await form.draw(formSource(folder, wallClock()), { custodian: null, generation: null, entry }, { paper: folder.custody.paper })
  if (printer !== undefined) await printPdf(pdf, printer, form.name)
  const file = out === undefined ? null : resolve(out)
  if (file !== null) writeNew(file, pdf)
  return { out: file, printer: printer ?? null, said: `\nTo sign: ${file ?? `with printer ${String(printer)}`}` }
}

/** A question of an entry: the field, what is asked, and what kind of answer it takes. */
export type Question = readonly [name: string, question: string, kind: 'text' | 'number' | 'numbers' | 'numbers or none' | 'condition']

/** The answers that were given, and those that people give now. Throws USAGE where there is nobody to ask. */
export async function answers(questions: readonly Question[], given: ReadonlyMap<string, string>, flagOf: (name: string) => string): Promise<Record<string, Json>> {
  const missing = questions.filter(([name, , kind]) => !given.has(name) && kind !== 'numbers or none').map(([name]) => name)
  if (missing.length > 0 && !isInteractive()) throw new GlasskeyError('USAGE', `still needed: ${missing.join(', ')}`, missing.map(flagOf).join(' '))
  for (const [name, , kind] of questions) checkGiven(given.get(name), kind, flagOf(name))
  const found: Record<string, Json> = {}
  for (const [name, question, kind] of questions) {
    const text = given.get(name) ?? (kind === 'numbers or none' && !isInteractive() ? '' : await asked(question, kind, flagOf(name)))
    if (kind === 'numbers or none' && text.trim() === '') continue
    found[name] = kind === 'text' || kind === 'condition' ? text : kind === 'number' ? Number(text) : [...new Set(text.split(/[\s,]+/).filter((part) => part !== '').map(Number))]
  }
  return found
}

/** That an answer which a flag gave has its shape, as a typed one must. An empty one is for the entry's own words. Throws USAGE. */
function checkGiven(text: string | undefined, kind: Question[2], flag: string): void {
  if (text === undefined || text.trim() === '') return
  const [shape, wanted] = SHAPES[kind]
  if (text.trim() === '…' || !shape.test(text.trim())) throw new GlasskeyError('USAGE', `${flag.replace('…', text)} is not ${text.trim() === '…' ? 'filled in' : wanted}`, 'Nothing was entered.')
}

/** What somebody at the terminal says; asked again until it has its shape, so that nothing that was typed before is lost. */
async function asked(question: string, kind: Question[2], flag: string): Promise<string> {
  for (;;) {
    const text = (await ask(`${question}:`, flag)).trim()
    const [shape, wanted] = SHAPES[kind]
    const isCode = holdsSheetCode(text)
    if (!isCode && shape.test(text)) return text
    say(isCode ? SHEET_CODE_ANSWERED : `That is not ${wanted}.`, 'alarm')
  }
}

const SHAPES: Readonly<Record<Question[2], readonly [shape: RegExp, wanted: string]>> = {
  text: [/./, 'an answer'],
  number: [/^\d{1,4}$/, 'a number'],
  numbers: [/^\d{1,4}([\s,]+\d{1,4})*$/, 'numbers such as 1,2'],
  'numbers or none': [/^(\d{1,4}([\s,]+\d{1,4})*)?$/, 'numbers such as 1,2; Enter alone is none'],
  condition: [/^(intact|opened|doubtful)$/, 'one of intact, opened, doubtful'],
}

/** That the sheets that an entry speaks of exist, and that nobody needs those that are given up. Throws USAGE. */
function checkEntry(entry: NewLogbookEntry, folder: CustodyFolder): void {
  checkNamedSheets(entry, folder.generations.map(({ manifest }) => manifest), folder.custody.custodians)
  const current = inUse(folder.standings, folder.events)?.generation
  // Retired, its sheets may be destroyed, and an exposed key would stand red no more: not while OCI has that key.
  if (entry.type === 'retired' && current === entry.generation) {
    throw new GlasskeyError('USAGE', `GENERATION ${entry.generation} is in use: OCI has its key`, 'glasskey break rotate leaves it for the next one. Nothing was written.')
  }
  // A 2 for a 1 would say of sheets that are needed that they are gone, and no entry takes that back.
  if (entry.type === 'destroyed') {
    const { generation } = entry
    const state = folder.standings.find((standing) => standing.generation === generation)?.state
    // One may have been given up before it came to be in use.
    const open = unfinishedSessions(folder).find(({ warrant }) => warrant.successor?.generation === generation)
    // Its exit may have installed that key, in lines that its disk did not take.
    if (open) throw new GlasskeyError('USAGE', `GENERATION ${generation} is the successor of session ${open.id}, which has not come to its end: OCI may have its key`, `glasskey resume --session ${open.id} finds it out. Nothing was written.`)
    const before = folder.logbook.lines.findLast((one) => one.type === 'destroyed' && one.generation === generation && one.custodian === entry.custodian && one.copies.some((copy) => entry.copies.includes(copy)))
    if (before) throw new GlasskeyError('USAGE', `entry ${before.seq} says already that such a sheet is destroyed: ${summaryOf(before)}`, 'Name the copies of which no entry says so. Nothing was written.')
    if (!isSpent(state) || current === generation) throw new GlasskeyError('USAGE', `GENERATION ${generation} is ${current === generation ? 'in use' : (state ?? 'unknown')}: its sheets are still needed`, 'Only sheets of a generation that is proved dead, or retired, are destroyed; one that is gone all the same: glasskey logbook add lost. Nothing was written.')
  }
}

/** The entry's shape alone, and that it gives no share away. Throws USAGE. */
export function checkShape(entry: NewLogbookEntry): void {
  if (holdsSheetCode(canonicalJson(entry))) throw new GlasskeyError('USAGE', 'the entry holds the code of a sheet, and a logbook is public', 'Nothing was written. What was typed stands on the screen, or in this shell\'s history: clear it, and count that share as seen.')
  const parsed = logbookEntry.safeParse({ ...entry, seq: 1, at: wallClock().toISOString(), prev: '0'.repeat(64) })
  if (!parsed.success) throw new GlasskeyError('USAGE', explain(parsed.error), 'Nothing was written.')
}

function numberOf(text: string | undefined): number {
  const parsed = z.coerce.number().int().min(1).safeParse(text)
  if (!parsed.success) throw new GlasskeyError('USAGE', text === undefined ? 'which entry?' : `which entry? "${text}" is not a number`, 'glasskey logbook list')
  return parsed.data
}
