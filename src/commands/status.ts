/** `glasskey status`: ten lines or fewer, what is wrong first. */
import { basename, resolve } from 'node:path'
import type { Argv } from 'yargs'
import { hexToWords } from '../custody/words.js'
import { readCustodyFolder, type CustodyFolder } from '../host/custody-folder.js'
import { wallClock } from '../host/clock.js'
import { namesIn, writeNew } from '../host/disk.js'
import { atWork } from '../host/lock.js'
import { places } from '../host/sealed-folder.js'
import { say, shellWord, toned } from '../host/terminal.js'
import { calendarText } from '../record/calendar.js'
import { custodyStanding, type CustodyStanding, type Remark } from '../record/standing.js'
import { custodyFlag } from './flags.js'
import type { Outcome } from './outcome.js'
import { nextIn } from '../host/printed-command.js'

/** Remarks shown; the rest are counted. */
const SHOWN = 4

export const builder = (flags: Argv): Argv =>
  custodyFlag(flags)
    .usage('$0 status [--ics FILE]\n\nWhich generation is in use, what waits, what is wrong, what to do next. Needs no secret and no network.')
    .option('ics', { type: 'string', requiresArg: true, describe: 'new file for a calendar of drills, inspections and ceremonies (iCalendar, without names)' })

export const handler = (args: { custody: string; ics: string | undefined }): Promise<Outcome> => {
  const path = resolve(args.custody)
  const folder = readCustodyFolder(path)
  const standing = standingOf(folder)
  const calendar = args.ics === undefined ? null : resolve(args.ics)
  if (calendar !== null) {
    writeNew(calendar, calendarOf(folder, standing))
    say(`Calendar: ${calendar}. A newer one, imported again, moves its dates.`)
  }
  const running = atWork(places.lock(path), wallClock())
  const next = whileRunning(nextIn(standing.next, path), running, places.lock(path))
  const json = {
    rehearsal: standing.rehearsal,
    inUse: standing.inUse ? { ...standing.inUse } : null,
    waiting: standing.waiting,
    unproved: standing.unproved.map(({ generation, next }) => ({ generation, next: nextIn(next, path) })),
    remarks: standing.remarks.map((remark) => ({ ...remark })),
    daysSinceDrill: standing.daysSinceDrill,
    drillDueInDays: standing.drillDueInDays,
    inspectionDueInDays: standing.inspectionDueInDays,
    acknowledgementDueInDays: standing.acknowledgementDueInDays,
    calendar,
    next,
    logbook: folder.logbook.head.seq,
  }
  return Promise.resolve({ json, text: lines(next, folder, standing).join('\n') })
}

/** What runs need not be resumed; what nobody sees run from here may have ended with its machine. */
function whileRunning(next: string, running: ReturnType<typeof atWork>, lock: string): string {
  if (running === null || !next.startsWith('glasskey resume')) return next
  if (running.isSeen) return `nothing here; this folder is in use: ${running.who}`
  return `if ${running.who}, is not at work any more: rm ${shellWord(lock)}, then ${next}`
}

/** Where the custody of a folder stands now. */
export function standingOf(folder: CustodyFolder): CustodyStanding {
  const standing = custodyStanding({
    rehearsal: folder.generations[0]?.manifest.rehearsal === true,
    standings: folder.standings,
    events: folder.events,
    logbook: folder.logbook.lines,
    sessions: folder.sessions,
    sheets: folder.generations.map(({ manifest }) => manifest),
    custodians: folder.custody.custodians,
    drillEveryDays: folder.custody.drillEveryDays,
    inspectEveryDays: folder.custody.inspectEveryDays,
    now: wallClock(),
  })
  return { ...standing, remarks: [...uncounted(folder).map((text): Remark => ({ level: 'alarm', stops: false, text })), ...standing.remarks] }
}

/** What people may take for a part of the logbook, and is none: half an entry at its end, or what another machine wrote beside it. */
export function uncounted({ path, logbook }: CustodyFolder): string[] {
  const { torn } = logbook
  const others = namesIn(path, 'the custody folder').filter((name) => /^logbook.*\.jsonl$/i.test(name) && name !== basename(places.logbook(path)))
  return [
    ...(torn === '' ? [] : [`the logbook ends in what is no whole entry (${Buffer.byteLength(torn)} bytes): it counts for nothing, and the next entry puts it aside. Enter again what was entered last, if it is not listed (glasskey logbook list)`]),
    ...others.map((name) => `${name} lies beside the logbook, and nothing in it counts: another machine may have written there. Compare, enter what is missing, and move it away`),
  ]
}

function calendarOf({ custody, logbook }: CustodyFolder, { rehearsal, due }: CustodyStanding): string {
  const { tenancy, user, owner, drillEveryDays, inspectEveryDays } = custody
  return calendarText({ tenancy, user, team: owner.team, rehearsal, due, drillEveryDays, inspectEveryDays, sequence: logbook.head.seq, now: wallClock() })
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function lastDrill(days: number | null): string {
  if (days === null) return 'never'
  return days === 0 ? 'today' : `${countOf(days, 'day')} ago`
}

function lines(next: string, folder: CustodyFolder, standing: CustodyStanding): string[] {
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
    `Last real drill: ${lastDrill(standing.daysSinceDrill)}. Logbook: ${folder.logbook.head.seq} ${folder.logbook.head.seq === 1 ? 'entry' : 'entries'}.`,
    // Nobody should copy a full stop with the last word of a command.
    `Next: ${next}${/glasskey .* --/.test(next) ? '' : '.'}`,
  ]
}
