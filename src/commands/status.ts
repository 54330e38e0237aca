/** `glasskey status`: ten lines or fewer, what is wrong first. */
import { resolve } from 'node:path'
import type { Argv } from 'yargs'
import { hexToWords } from '../custody/words.js'
import { readCustodyFolder, type CustodyFolder } from '../host/custody-folder.js'
import { wallClock } from '../host/clock.js'
import { toned } from '../host/terminal.js'
import { custodyStanding, type CustodyStanding } from '../record/standing.js'
import { custodyFlag } from './flags.js'
import type { Outcome } from './outcome.js'

/** Remarks shown; the rest are counted. */
const SHOWN = 4

export const builder = (flags: Argv): Argv => custodyFlag(flags).usage('$0 status\n\nWhich generation is in use, what waits, what is wrong, what to do next. Needs no secret and no network.')

export const handler = (args: { custody: string }): Promise<Outcome> => {
  const folder = readCustodyFolder(resolve(args.custody))
  const standing = standingOf(folder)
  const json = {
    rehearsal: standing.rehearsal,
    inUse: standing.inUse ? { ...standing.inUse } : null,
    waiting: standing.waiting,
    remarks: standing.remarks.map((remark) => ({ ...remark })),
    daysSinceDrill: standing.daysSinceDrill,
    drillDueInDays: standing.drillDueInDays,
    next: standing.next,
    logbook: folder.logbook.head.seq,
  }
  return Promise.resolve({ json, text: lines(folder, standing).join('\n') })
}

/** Where the custody of a folder stands now. */
export function standingOf(folder: CustodyFolder): CustodyStanding {
  return custodyStanding({
    rehearsal: folder.generations[0]?.manifest.rehearsal === true,
    standings: folder.standings,
    events: folder.events,
    logbook: folder.logbook.lines,
    sessions: folder.sessions,
    sheets: folder.generations.map(({ manifest }) => manifest),
    drillEveryDays: folder.custody.drillEveryDays,
    now: wallClock(),
  })
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function lines(folder: CustodyFolder, standing: CustodyStanding): string[] {
  const { inUse } = standing
  const shown = standing.remarks.slice(0, SHOWN).map(({ level, text }) => (level === 'alarm' ? toned(`RED: ${text}`, 'alarm', process.stdout) : `Note: ${text}`))
  const more = standing.remarks.length - shown.length
  const manifest = folder.generations.find((generation) => generation.manifest.generation === inUse?.generation)?.manifest
  return [
    ...shown,
    ...(more > 0 ? [`… and ${more} more: --json`] : []),
    ...(standing.rehearsal ? ['REHEARSAL: made for practice, opens nothing real.'] : []),
    inUse && manifest
      ? `In use: GENERATION ${inUse.generation}, key id ${manifest.keyId} (${hexToWords(manifest.keyId)}), ${manifest.threshold} of ${manifest.shares.length}; ${countOf(Math.max(0, inUse.margin), 'custodian')} may be lost.`
      : 'In use: none; the takeover has not happened.',
    `Waiting: ${standing.waiting.length === 0 ? 'none' : standing.waiting.map((generation) => `GENERATION ${generation}`).join(', ')}.`,
    `Last real drill: ${standing.daysSinceDrill === null ? 'never' : `${standing.daysSinceDrill} days ago`}. Logbook: ${folder.logbook.head.seq} entries.`,
    `Next: ${standing.next}.`,
  ]
}
