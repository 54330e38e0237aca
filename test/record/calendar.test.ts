import ICAL from 'ical.js'
import { describe, expect, test } from 'vitest'
import { calendarText, type CalendarOf } from '../../src/record/calendar.js'

const NOW = new Date('2026-11-20T17:00:00.000Z')
const OF: CalendarOf = {
  tenancy: 'ocid1.tenancy.oc1..aaaa', user: 'ocid1.user.oc1..aaaa', team: 'Cloud; Platform, Zürich – Ομάδα', rehearsal: false, drillEveryDays: 91, inspectEveryDays: 182, sequence: 7, now: NOW,
  due: { drill: new Date('2026-12-24T23:30:00Z'), lastDrill: null, inspection: new Date('2027-01-15T00:00:00Z'), acknowledgement: new Date('2027-03-14T09:00:00Z'), ceremony: new Date('2027-03-25T00:00:00Z') },
}

/** By somebody else's parser: what a calendar program would show. */
function read(text: string): Record<string, { event: ICAL.Event; raw: ICAL.Component }> {
  const events = new ICAL.Component(ICAL.parse(text) as ConstructorParameters<typeof ICAL.Component>[0]).getAllSubcomponents('vevent')
  return Object.fromEntries(events.map((raw) => [new ICAL.Event(raw).uid.split('-')[0] ?? '', { event: new ICAL.Event(raw), raw }]))
}

describe('a calendar', () => {
  test('has a day for each duty, all day, in UTC, that comes again', () => {
    const read1 = read(calendarText(OF))
    expect(Object.keys(read1)).toEqual(['drill', 'inspection', 'ceremony', 'acknowledgement'])
    const days = Object.entries(read1).map(([name, { event }]) => {
      const next = event.iterator()
      const at = [next.next(), next.next(), next.next()]
      return [name, event.startDate.isDate, event.duration.toSeconds() / 86_400, ...at.map(String)]
    })
    expect(days).toEqual([
      ['drill', true, 1, '2026-12-24', '2027-03-25', '2027-06-24'],
      ['inspection', true, 1, '2027-01-15', '2027-07-16', '2028-01-14'],
      ['ceremony', true, 1, '2027-03-25', '2027-06-24', '2027-09-23'],
      ['acknowledgement', true, 1, '2027-03-14', '2028-03-13', '2029-03-13'],
    ])
    expect(read1['drill']?.event.summary).toBe(`Break-glass drill, ${OF.team}`)
  })

  test('reminds in the morning, days before', () => {
    const alarms = read(calendarText(OF))['drill']?.raw.getAllSubcomponents('valarm').map((alarm) => [alarm.getFirstPropertyValue('action'), String(alarm.getFirstPropertyValue('trigger'))])
    expect(alarms).toEqual([['DISPLAY', '-P13DT15H'], ['DISPLAY', '-PT15H']])
  })

  test('imported again, later, moves its events: the same UIDs, a higher sequence, a newer stamp', () => {
    const [before, after] = [read(calendarText(OF)), read(calendarText({ ...OF, sequence: 8, now: new Date('2026-12-01T00:00:00Z'), team: 'Renamed', due: { ...OF.due, drill: new Date('2027-01-01T00:00:00Z') } }))]
    const told = (found: ReturnType<typeof read>): unknown[] => Object.values(found).map(({ raw }) => raw.getFirstPropertyValue('uid'))
    expect(told(after)).toEqual(told(before))
    expect(new Set(told(before)).size).toBe(4)
    expect([before['drill']?.event.sequence, after['drill']?.event.sequence]).toEqual([7, 8])
    expect(String(after['drill']?.raw.getFirstPropertyValue('dtstamp'))).toBe('2026-12-01T00:00:00Z')
  })

  test('of another tenancy has other UIDs, and none of them tells which', () => {
    const uids = (text: string): unknown[] => Object.values(read(text)).map(({ raw }) => raw.getFirstPropertyValue('uid'))
    const other = uids(calendarText({ ...OF, tenancy: 'ocid1.tenancy.oc1..bbbb' }))
    expect(uids(calendarText(OF)).filter((uid) => other.includes(uid))).toEqual([])
    expect(calendarText(OF)).not.toContain('ocid1')
  })

  test('what is overdue stands on today and says since when', () => {
    const { event } = read(calendarText({ ...OF, due: { ...OF.due, drill: new Date('2026-11-01T08:00:00Z') } }))['drill'] ?? {}
    expect([String(event?.startDate), event?.description.startsWith('OVERDUE since 2026-11-01. ')]).toEqual(['2026-11-20', true])
  })

  test('what is due today is not overdue, at whatever hour', () => {
    const { event } = read(calendarText({ ...OF, due: { ...OF.due, ceremony: new Date(NOW.getTime() - 3_600_000) } }))['ceremony'] ?? {}
    expect([String(event?.startDate), event?.description.includes('OVERDUE')]).toEqual(['2026-11-20', false])
  })

  test('of a rehearsal is marked in every title; what there is no date for is left out', () => {
    const found = read(calendarText({ ...OF, rehearsal: true, due: { ...OF.due, drill: null, ceremony: null } }))
    expect(Object.values(found).map(({ event }) => event.summary.startsWith('REHEARSAL: '))).toEqual([true, true])
  })

  test('keeps to the wire format: CRLF, lines of at most 75 bytes, no bare line end', () => {
    const text = calendarText(OF)
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
    for (const line of text.split('\r\n')) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75)
  })
})
