/** When the custodians next have something to do: drill, inspection, acknowledgement, ceremony. Pure. */
import type { Custodian } from '../custody/custody-yaml.js'
import type { GenerationEvent, SheetSet, Standing } from '../custody/generation.js'
import { heldCopies, type HeldCopy } from './copies.js'
import type { LogbookEntry } from './logbook.js'

export const DAY_MS = 86_400_000
/** Duties are acknowledged anew after so many days. */
export const ACKNOWLEDGE_EVERY_DAYS = 365
/** Successors that should wait. */
export const SUCCESSORS = 2

/** What dates are reckoned from. */
export interface Calendar {
  custodians: readonly Custodian[]
  /** The sheets of each generation, as sealed. */
  sheets: readonly SheetSet[]
  standings: readonly Standing[]
  events: readonly GenerationEvent[]
  logbook: readonly LogbookEntry[]
  drillEveryDays: number
  inspectEveryDays: number
  now: Date
}

/** The next date of each kind; null where there is nothing to do yet. */
export interface DueDates {
  drill: Date | null
  /** The last real drill; null when there was none. */
  lastDrill: Date | null
  inspection: Date | null
  acknowledgement: Date | null
  /** The day from which fewer successors wait than should, if drills are held when they are due: today where they are fewer already. */
  ceremony: Date | null
}

/** Reckons them. A date that is past is overdue. */
export function dueDates(calendar: Calendar, waiting: number): DueDates {
  const { custodians, logbook, events, drillEveryDays, inspectEveryDays, now } = calendar
  const held = heldCopies(custodians, logbook, events).map((copy) => ({ copy, generations: livingIn(calendar, copy) })).filter(({ generations }) => generations.length > 0)
  const drill = drillDates(calendar)
  return {
    ...drill,
    inspection: earliest(held.map(({ copy, generations }) => nextInspection(copy, generations, logbook, inspectEveryDays))),
    acknowledgement: earliest(held.map(({ copy, generations }) => plusDays(latest([copy.acknowledgedAt, firstSealed(generations, logbook)]), ACKNOWLEDGE_EVERY_DAYS))),
    ceremony: waiting < SUCCESSORS ? now : drill.drill && new Date(Math.max(drill.drill.getTime(), now.getTime()) + (waiting - SUCCESSORS) * drillEveryDays * DAY_MS),
  }
}

/** When the bags of a copy are to be looked at: counted from the last look, or from the ceremony that made the oldest sheet in them. */
export function nextInspection(copy: Pick<HeldCopy, 'seenAt'>, generations: readonly number[], logbook: readonly LogbookEntry[], everyDays: number): Date | null {
  return generations.length === 0 ? null : plusDays(latest([copy.seenAt, firstSealed(generations, logbook)]), everyDays)
}

/** Generations whose sheet of this copy is still to be kept. */
function livingIn({ sheets, standings }: Calendar, { custodian, copy, gone }: HeldCopy): number[] {
  return standings.flatMap(({ generation, state }) => {
    const copies = sheets.find((set) => set.generation === generation)?.shares.find((share) => share.custodian === custodian)?.copies ?? 0
    return state === 'burned' || state === 'retired' || copy > copies || gone.includes(generation) ? [] : [generation]
  })
}

function firstSealed(generations: readonly number[], logbook: readonly LogbookEntry[]): string | null {
  return logbook.find((entry) => entry.type === 'ceremony' && entry.generations.some(({ generation }) => generations.includes(generation)))?.at ?? null
}

/** Only a real drill that was proved counts; before the first one, the clock runs from the takeover: not from an attempt in which no key was live. */
function drillDates({ logbook, drillEveryDays }: Calendar): Pick<DueDates, 'drill' | 'lastDrill'> {
  const sessions = logbook.flatMap((entry) => (entry.type === 'session' ? [entry] : []))
  const drill = sessions.filter((entry) => entry.drill && entry.grade !== null && entry.grade !== 'unproved').at(-1)
  const from = drill ?? sessions.find((entry) => entry.action === 'takeover' && entry.grade !== null)
  return { drill: plusDays(from?.at ?? null, drillEveryDays), lastDrill: drill ? new Date(drill.at) : null }
}

function plusDays(at: string | null, days: number): Date | null {
  return at === null ? null : new Date(Date.parse(at) + days * DAY_MS)
}

function latest(moments: readonly (string | null)[]): string | null {
  return moments.filter((at) => at !== null).sort().at(-1) ?? null
}

function earliest(dates: readonly (Date | null)[]): Date | null {
  return dates.filter((date) => date !== null).sort((one, other) => one.getTime() - other.getTime())[0] ?? null
}
