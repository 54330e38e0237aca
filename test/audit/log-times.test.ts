/** For which times OCI's log is read: a wrong clock, a key that stayed alive. */
import { expect, test } from 'vitest'
import type { Dossier } from '../../src/audit/dossier.js'
import { logTimes, momentsOf } from '../../src/audit/log-times.js'
import type { SoundSession } from '../../src/audit/sound.js'

const NOW = '2026-11-30T12:00:00.000Z'

/** A line: its type, the day and time by the machine's clock, and by OCI's. */
type Told = [type: string, at: string, oci?: string]

function timesOf(told: readonly Told[], deleted: string | null): { read: string[]; unread: string[] } {
  const moment = (text: string): string => `2026-11-${text}:00.000Z`
  const lines = told.map(([type, at, oci]) => ({ type, at: moment(at), ...(oci === undefined ? {} : { date: oci === '' ? '' : new Date(moment(oci)).toUTCString() }) }))
  const session = { id: 's', chain: { lines }, state: { deletion: deleted === null ? 'not-sent' : 'done', deletedAt: deleted && moment(deleted) }, manifest: { generation: 2 } } as unknown as SoundSession
  const { read, unread } = logTimes({ sessions: [], now: new Date(NOW) } as unknown as Dossier, session)
  const said = ({ from, to }: { from: number; to: number }): string => [from, to].map((one) => new Date(one).toISOString().slice(8, 16)).join(' ')
  return { read: read.map(said), unread: unread.map(said) }
}

test('from the first line to the last', () => {
  expect(timesOf([['session-opened', '20T04:00'], ['key-live', '20T04:01'], ['outcome', '20T04:02', '20T04:02'], ['key-deleted', '20T04:03'], ['closed', '20T04:10']], '20T04:03')).toEqual({ read: ['20T04:00 20T04:10'], unread: [] })
})

test('a key that is dead is left alone between the runs of its session', () => {
  const run: Told[] = [['key-live', '20T04:00'], ['outcome', '20T04:01', '20T04:01'], ['closed', '20T04:02'], ['resumed', '25T09:00'], ['closed', '25T09:05']]
  expect(timesOf(run, '20T04:01')).toEqual({ read: ['20T04:00 20T04:02', '25T09:00 25T09:05'], unread: [] })
})

test('a key that was left alive is looked for until it was deleted; where that is more than a day, somebody has to', () => {
  const left = (day: string): Told[] => [['key-live', '20T04:00'], ['outcome', '20T04:01', '20T04:01'], ['resumed', `${day}:00`], ['outcome', `${day}:01`, `${day}:01`], ['closed', `${day}:02`]]
  expect(timesOf(left('20T20'), '20T20:01')).toEqual({ read: ['20T04:00 20T20:02'], unread: [] })
  expect(timesOf(left('25T09'), '25T09:01')).toEqual({ read: ['20T04:00 20T04:01', '25T09:00 25T09:02'], unread: ['20T04:01 25T09:01'] })
  expect(timesOf([['key-live', '29T23:00'], ['rotation-deferred', '29T23:01'], ['closed', '29T23:02']], null)).toEqual({ read: ['29T23:00 30T12:00'], unread: [] })
  expect(timesOf([['key-live', '20T04:00'], ['closed', '20T04:01']], null)).toEqual({ read: ['20T04:00 20T04:01'], unread: ['20T04:00 30T12:00'] })
})

test('a clock that was set back two days, or is three hours ahead: OCI\'s own tells when it was', () => {
  expect(timesOf([['key-live', '22T02:30'], ['outcome', '22T02:31', '22T02:31'], ['exit-began', '20T02:31'], ['outcome', '20T02:40', '22T02:40'], ['closed', '20T02:50']], '20T02:40')).toEqual({ read: ['20T02:31 20T02:50', '22T02:30 22T02:40'], unread: [] })
  const far = { type: 'outcome', at: '2026-11-25T12:00:00.000Z', date: 'Fri, 01 Jan 271821 00:00:00 GMT' }
  expect(momentsOf({ chain: { lines: [far] } } as unknown as SoundSession)).toEqual([Date.parse(far.at)])
  expect(timesOf([['resumed', '25T12:00'], ['probe', '25T12:01', '25T09:01'], ['probe', '25T12:02', ''], ['closed', '25T12:03']], null)).toEqual({ read: ['25T09:01 25T09:01', '25T12:00 25T12:03'], unread: [] })
})
