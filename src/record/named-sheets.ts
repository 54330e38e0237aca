/** The sheets that a new entry of the logbook names, held against those that ceremonies made: one of no such sheet would change nothing, and nobody would notice. Pure. */
import { GlasskeyError } from '../errors.js'
import type { NewLogbookEntry } from './logbook.js'

/** The sheets of a generation, as its manifest lists them. */
export interface MadeSheets {
  generation: number
  shares: readonly { custodian: number; copies: number }[]
}

/** The copies of each custodian that custody.yaml lists: some may be of a ceremony to come. */
export interface ListedCopies {
  number: number
  copies: readonly { copy: number }[]
}

interface NamedSheets {
  custodian: number
  copies: readonly number[]
  /** Null for the bag of a copy, whatever is in it. */
  generations: readonly number[] | null
}

/** Throws USAGE for a generation, custodian or copy that there is not, or where an entry about sheets names none. */
export function checkNamedSheets(entry: NewLogbookEntry, made: readonly MadeSheets[], listed: readonly ListedCopies[]): void {
  const sheets = namedIn(entry)
  const generations = sheets?.generations ?? (entry.type === 'retired' ? [entry.generation] : [])
  const strange = generations.find((generation) => !made.some((set) => set.generation === generation))
  if (strange !== undefined) throw refused(`there is no GENERATION ${strange}`, 'glasskey status lists them.')
  if (sheets === null) return
  if (sheets.generations?.length === 0) throw refused('of which generations? An entry about sheets names one at least', 'glasskey status lists them.')
  if (sheets.copies.length === 0) throw refused('which copies? An entry about sheets names one at least')
  if (sheets.generations === null) {
    const copies = made.flatMap(({ shares }) => shares.filter(({ custodian }) => custodian === sheets.custodian).map((share) => share.copies))
    checkCopies(sheets, Math.max(0, ...copies, ...listed.filter(({ number }) => number === sheets.custodian).map((one) => one.copies.length)), '')
    return
  }
  for (const { generation, shares } of made) {
    if (sheets.generations.includes(generation)) checkCopies(sheets, shares.find(({ custodian }) => custodian === sheets.custodian)?.copies ?? 0, ` of GENERATION ${generation}`)
  }
}

/** Copies are numbered from 1 to `last`; 0 where the custodian has none. */
function checkCopies({ custodian, copies }: NamedSheets, last: number, of: string): void {
  if (last === 0) throw refused(`there is no custodian ${custodian}${of}`)
  const strange = copies.find((copy) => copy < 1 || copy > last)
  if (strange !== undefined) throw refused(`custodian ${custodian} has no copy ${strange}${of}`, last === 1 ? 'There is copy 1 only.' : `There are copies 1 to ${last}.`)
}

function namedIn(entry: NewLogbookEntry): NamedSheets | null {
  switch (entry.type) {
    case 'lost':
    case 'inspected':
      return { custodian: entry.custodian, copies: [entry.copy], generations: entry.generations }
    case 'handover':
      return { custodian: entry.custodian, copies: [entry.copy], generations: entry.generations ?? null }
    case 'acknowledged':
      return { custodian: entry.custodian, copies: [entry.copy], generations: null }
    case 'destroyed':
      return { custodian: entry.custodian, copies: entry.copies, generations: [entry.generation] }
    case 'ceremony':
    case 'session':
    case 'retired':
    case 'exception':
    case 'audited':
      return null
  }
}

function refused(what: string, hint = ''): GlasskeyError {
  return new GlasskeyError('USAGE', what, `${hint} Nothing was written.`.trim())
}
