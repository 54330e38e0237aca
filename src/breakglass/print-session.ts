/** The printed entry of a session, and a slip for each custodian who released. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { sha256Hex } from '../canonical.js'
import { inUse, successorsOf } from '../custody/generation.js'
import { GlasskeyError } from '../errors.js'
import { readCustodyFolder, type CustodyFolder } from '../host/custody-folder.js'
import { places, type StoredSession } from '../host/sealed-folder.js'
import { writeNew } from '../host/disk.js'
import { printPdf } from '../host/printer.js'
import { say } from '../host/terminal.js'
import { entryPage, slipPage, type EntrySource } from '../paper/entry-page.js'
import { drawLogbookEntry } from '../paper/logbook-entry.js'
import { drawReleaseSlips } from '../paper/release-slip.js'
import { replay } from '../record/replay.js'
import type { SessionResult } from './conclude.js'

/** Where the paper is. */
export interface PrintedSession {
  entry: string
  slips: string | null
  evidence: string
  /** Successors that wait now. */
  waiting: number
}

/** Draws and, if a printer is named, prints. A printer that fails is said and does not hide how the session ended. */
export async function printSession(folderPath: string, result: SessionResult, printer: string | undefined): Promise<PrintedSession> {
  const folder = readCustodyFolder(folderPath)
  const place = places.session(folderPath, result.session)
  const source = entrySource(folder, result.logbook)
  const drawing = { paper: folder.custody.paper }
  const entry = freeName(place, 'entry', result.logbook)
  const pdf = await drawLogbookEntry(entryPage(source), drawing)
  writeNew(entry, pdf)
  if (printer !== undefined) await tryPrint(pdf, printer, `logbook entry ${result.logbook}`)
  const slip = slipPage(source)
  const slips = slip ? freeName(place, 'slips', result.logbook) : null
  if (slip && slips !== null) {
    const slipsPdf = await drawReleaseSlips(slip, drawing)
    writeNew(slips, slipsPdf)
    if (printer !== undefined) await tryPrint(slipsPdf, printer, 'release slips')
  }
  const current = inUse(folder.standings, folder.events)
  return { entry, slips, evidence: join(place, 'evidence.json'), waiting: current ? successorsOf(folder.standings, current.generation).length : 0 }
}

/** What the page of a logbook entry is made from. Throws USAGE for a number that the logbook does not have. */
export function entrySource(folder: CustodyFolder, number: number): EntrySource {
  const entry = folder.logbook.lines[number - 1]
  const text = folder.logbook.texts[number - 1]
  if (!entry || text === undefined) throw new GlasskeyError('USAGE', `the logbook has no entry ${number}`, `It has entries 1 to ${folder.logbook.lines.length}.`)
  const stored = entry.type === 'session' ? folder.sessions.find(({ id }) => id === entry.session) : undefined
  const lines = entry.type === 'session' && stored ? linesUpTo(stored.chain, entry.journalSha256) : []
  return {
    custody: folder.custody,
    manifests: folder.generations.map(({ manifest }) => manifest),
    entry,
    entrySha256: sha256Hex(text),
    session: stored ? { warrant: stored.warrant, lines, session: replay(lines) } : null,
  }
}

/** The journal as it stood when its head was this one: a session that was resumed has an entry for each of its ends. */
function linesUpTo({ texts, lines }: StoredSession['chain'], head: string): StoredSession['chain']['lines'] {
  const at = texts.findIndex((text) => sha256Hex(text) === head)
  return at < 0 ? lines : lines.slice(0, at + 1)
}

/** `entry.pdf`; for the later ends of a resumed session with the number of the logbook entry, and of another logbook's with one more. Nothing is overwritten. */
function freeName(place: string, name: string, logbook: number): string {
  for (let later = 0; ; later += 1) {
    const number = [...(later > 0 ? [logbook] : []), ...(later > 1 ? [later] : [])].map((part) => `-${part}`).join('')
    const path = join(place, `${name}${number}.pdf`)
    if (!existsSync(path)) return path
  }
}

async function tryPrint(pdf: Uint8Array, printer: string, title: string): Promise<void> {
  try {
    await printPdf(pdf, printer, title)
  } catch (error) {
    if (!(error instanceof GlasskeyError)) throw error
    say(`${error.message}. ${error.hint}`, 'alarm')
  }
}
