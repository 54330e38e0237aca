/** The dates of a custody as iCalendar (RFC 5545), for the calendars that people have. Pure. No names, no telephone numbers. */
import { ICalAlarmType, ICalCalendar, ICalCalendarMethod, ICalEventBusyStatus, ICalEventRepeatingFreq, ICalEventTransparency } from 'ical-generator'
import { sha256Hex } from '../canonical.js'
import { ACKNOWLEDGE_EVERY_DAYS, DAY_MS, type DueDates } from './due.js'

/** What a calendar is of. */
export interface CalendarOf {
  tenancy: string
  user: string
  /** The team, as custody.yaml names it. */
  team: string
  rehearsal: boolean
  due: DueDates
  drillEveryDays: number
  inspectEveryDays: number
  /** Number of the last logbook entry: what comes later replaces what was imported before. */
  sequence: number
  now: Date
}

interface Duty {
  /** Part of the UID: never changed, so that a calendar imported again replaces its events. */
  id: string
  date: Date | null
  everyDays: number
  summary: string
  description: string
  /** Days before, on whose morning people are reminded. */
  remind: number[]
}

/**
 * The calendar: all-day events that recur. What is overdue stands on today. The UIDs depend on tenancy and user alone, so
 * importing a newer file moves the events instead of doubling them.
 */
export function calendarText(of: CalendarOf): string {
  const owner = sha256Hex(`glasskey/calendar/1\0${of.tenancy}\0${of.user}`).slice(0, 16)
  const mark = of.rehearsal ? 'REHEARSAL: ' : ''
  const calendar = new ICalCalendar({ name: `${mark}glasskey, ${of.team}`, prodId: { company: 'glasskey', product: 'glasskey', language: 'EN' }, method: ICalCalendarMethod.PUBLISH })
  for (const { id, date, everyDays, summary, description, remind } of dutiesOf(of)) {
    if (date === null) continue
    const late = dayOf(date).getTime() < dayOf(of.now).getTime()
    const event = calendar.createEvent({
      id: `${id}-${owner}@glasskey`,
      sequence: of.sequence,
      stamp: of.now,
      start: dayOf(late ? of.now : date),
      end: new Date(dayOf(late ? of.now : date).getTime() + DAY_MS),
      allDay: true,
      summary: `${mark}${summary}, ${of.team}`,
      description: late ? `OVERDUE since ${date.toISOString().slice(0, 10)}. ${description}` : description,
      repeating: { freq: ICalEventRepeatingFreq.DAILY, interval: everyDays },
      busystatus: ICalEventBusyStatus.FREE,
      transparency: ICalEventTransparency.TRANSPARENT,
    })
    // Nine in the morning of so many days before: an all-day event begins at midnight, wherever people are.
    for (const days of remind) event.createAlarm({ type: ICalAlarmType.display, triggerBefore: days * 86_400 - 9 * 3600, description: `${mark}${summary}` })
  }
  return calendar.toString()
}

function dutiesOf({ due, drillEveryDays, inspectEveryDays }: CalendarOf): Duty[] {
  return [
    { id: 'drill', date: due.drill, everyDays: drillEveryDays, summary: 'Break-glass drill', description: 'A quorum rotates the key: glasskey break rotate --drill. Beforehand: glasskey check.', remind: [14, 1] },
    { id: 'inspection', date: due.inspection, everyDays: inspectEveryDays, summary: 'Inspection of the bags', description: 'Every bag is looked at, unopened and before a witness: glasskey logbook add inspected. glasskey forms custody-log prints the log.', remind: [7, 1] },
    { id: 'ceremony', date: due.ceremony, everyDays: drillEveryDays, summary: 'Key ceremony', description: 'New successors are made offline, before witnesses: glasskey ceremony. By the plan of drills, fewer than two wait from this day on.', remind: [28, 7] },
    { id: 'acknowledgement', date: due.acknowledgement, everyDays: ACKNOWLEDGE_EVERY_DAYS, summary: 'Custodians acknowledge their duties anew', description: 'glasskey forms custodian-acknowledgement prints the pages; glasskey logbook add acknowledged.', remind: [14] },
  ]
}

/** The day in UTC. */
function dayOf(date: Date): Date {
  return new Date(Math.floor(date.getTime() / DAY_MS) * DAY_MS)
}
