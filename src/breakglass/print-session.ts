/** The printed entry of a session, a slip for each custodian who released, and the forms that people fill in next. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { sha256Hex } from '../canonical.js'
import { GlasskeyError } from '../errors.js'
import { readCustodyFolder, type CustodyFolder } from '../host/custody-folder.js'
import { places, type StoredSession } from '../host/sealed-folder.js'
import { writeNew } from '../host/disk.js'
import { wallClock } from '../host/clock.js'
import { tryPrint } from '../host/printer.js'
import { entryPage, slipPage, type EntrySource } from '../paper/entry-page.js'
import { destruction, drawDestructionAffidavit } from '../paper/forms/destruction-affidavit.js'
import { drawDrillRecord, drillRecord } from '../paper/forms/drill-record.js'
import { formSource } from '../paper/forms/source.js'
import { drawLogbookEntry } from '../paper/logbook-entry.js'
import type { Paper } from '../paper/page-size.js'
import { drawReleaseSlips } from '../paper/release-slip.js'
import { replay } from '../record/replay.js'
import type { SessionResult } from './conclude.js'

/** Where the paper is. */
export interface PrintedSession {
  /** Null when it could not be drawn or written. */
  entry: string | null
  slips: string | null
  /** The affidavit of destruction; null while the sheets are still needed. */
  affidavit: string | null
  /** The drill record; null when it was no drill. */
  drillRecord: string | null
  evidence: string
  /** Why some of it is not there; null when all is. */
  failure: GlasskeyError | null
}

/** Draws and, if a printer is named, prints. A disk or a printer that fails, or a folder that cannot be read any more, does not hide how the session ended. */
export async function printSession(folderPath: string, result: SessionResult, printer: string | undefined): Promise<PrintedSession> {
  const place = places.session(folderPath, result.session)
  const evidence = join(place, 'evidence.json')
  try {
    return { ...(await printFrom(readCustodyFolder(folderPath), place, result, printer)), evidence }
  } catch (error) {
    if (!(error instanceof GlasskeyError)) throw error
    return { entry: null, slips: null, affidavit: null, drillRecord: null, evidence, failure: error }
  }
}

async function printFrom(folder: CustodyFolder, place: string, result: SessionResult, printer: string | undefined): Promise<Omit<PrintedSession, 'evidence'>> {
  const source = entrySource(folder, result.logbook)
  const { paper } = folder.custody
  let failure: GlasskeyError | null = null
  const onPaper = async (name: string, title: string, draw: () => Drawn): Promise<string | null> => {
    try {
      const drawn = draw()
      if (!drawn) return null
      const path = freeName(place, name, result.logbook)
      const pdf = await drawn({ paper })
      writeNew(path, pdf)
      if (printer !== undefined) await tryPrint(pdf, printer, title)
      return path
    } catch (error) {
      if (!(error instanceof GlasskeyError)) throw error
      failure ??= error
      return null
    }
  }
  const entry = await onPaper('entry', `logbook entry ${result.logbook}`, () => (drawing) => drawLogbookEntry(entryPage(source), drawing))
  const slips = await onPaper('slips', 'release slips', () => releaseSlips(source))
  const affidavit = await onPaper('affidavit', 'affidavit', () => destructionForm(folder, result))
  const drillRecord = await onPaper('drill-record', 'drill-record', () => drillForm(folder, result))
  return { entry, slips, affidavit, drillRecord, failure }
}

/** The last entry of a session, or of the newest one, and where its page was to be, where it is not: the machine went down between the two. Null otherwise. */
export function unprintedEntry({ path, logbook }: CustodyFolder, session: string | undefined): { number: number; page: string } | null {
  const last = logbook.lines.findLast((entry) => entry.type === 'session' && (session === undefined || entry.session === session))
  if (last?.type !== 'session') return null
  const isFirst = !logbook.lines.some((entry) => entry.type === 'session' && entry.session === last.session && entry.seq < last.seq)
  // As `freeName` calls them: a later end of the session has its number in the name.
  const pages = [...(isFirst ? ['entry.pdf'] : []), `entry-${last.seq}.pdf`].map((name) => join(places.session(path, last.session), name))
  return pages.some((page) => existsSync(page)) ? null : { number: last.seq, page: pages.at(-1) ?? '' }
}

type Drawn = ((drawing: { paper: Paper }) => Promise<Uint8Array>) | null

/** A slip for each custodian whose share was read. */
function releaseSlips(source: EntrySource): Drawn {
  const slip = slipPage(source)
  return slip && ((drawing) => drawReleaseSlips(slip, drawing))
}

/** The affidavit, once the used key is proved dead. */
function destructionForm(folder: CustodyFolder, { warrant }: SessionResult): Drawn {
  const source = formSource(folder, wallClock())
  const { generation } = warrant.key
  if (source.standings.find((standing) => standing.generation === generation)?.state !== 'burned') return null
  return (drawing) => drawDestructionAffidavit(destruction(source, generation), drawing)
}

function drillForm(folder: CustodyFolder, { warrant }: SessionResult): Drawn {
  const source = formSource(folder, wallClock())
  const drill = warrant.drill ? source.sessions.find(({ id }) => id === warrant.session) : undefined
  return drill ? (drawing) => drawDrillRecord(drillRecord(source, drill), drawing) : null
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
