/** The drill record: how long it took, what went wrong, who mends it. */

import type { Session } from '../../record/replay.js'
import { documentKind, drawDocument, type Drawing } from '../document.js'
import { exceptionsOf } from '../entry-page.js'
import { day, moment } from '../moment.js'
import type { FormSession, FormSource } from './source.js'

/** A moment of a drill, and how long after the opening of the session it came. */
export interface DrillTime {
  readonly what: string
  readonly at: string | null
  /** Since the session was opened, as minutes:seconds; null: not reached. */
  readonly after: string | null
  /** The same in the drill before. */
  readonly before: string | null
}

/** What a drill record says. What is null is left to be written in by hand. */
export interface DrillRecordContent {
  readonly rehearsal: boolean
  readonly owner: string
  readonly drawn: string
  readonly date: string | null
  readonly entry: number | null
  readonly operator: string | null
  readonly scenario: string | null
  readonly openedAt: string | null
  readonly times: readonly DrillTime[]
  /** How the used key ended, in a sentence. */
  readonly proof: string | null
  readonly custodians: readonly { readonly number: number, readonly name: string, readonly read: boolean }[]
  readonly exceptions: readonly string[]
  /** Day of the next drill. */
  readonly next: string | null
}

const DRILL_RECORD = documentKind({
  template: 'drill-record',
  fields: {
    rehearsal: 'flag', owner: 'text', date: 'text', entry: 'text', operator: 'text', scenario: 'text', openedAt: 'text', measured: 'flag', proof: 'text', next: 'text',
    times: [{ what: 'text', at: 'text', after: 'text', before: 'text' }],
    custodians: [{ number: 'text', name: 'text', read: 'flag' }],
    exceptions: [{ text: 'text' }],
  },
  mustPrint: ['date', 'entry', 'operator', 'scenario', 'openedAt', 'proof', 'next', 'times.what', 'times.at', 'times.after', 'times.before', 'custodians.number', 'custodians.name',
    'exceptions.text'],
  unprintable: 'show',
})

const DAY_MS = 86_400_000

/** The record of a drill, its times measured by its journal; null: a blank one. */
export function drillRecord(source: FormSource, drill: FormSession | null): DrillRecordContent {
  const { custody, logbook } = source
  const entry = logbook.flatMap((one) => one.type === 'session' && one.session === drill?.id ? [one] : []).at(-1)
  const earlier = drill === null ? undefined : source.sessions.filter(({ warrant }) => warrant.drill && warrant.opens < drill.warrant.opens).at(-1)
  const session = drill?.session ?? null
  return {
    rehearsal: source.rehearsal, owner: custody.owner.team, drawn: source.drawn,
    date: drill === null ? null : day(drill.warrant.opens),
    entry: entry?.seq ?? null,
    operator: drill?.warrant.operator.name ?? null,
    scenario: drill === null ? null : `${drill.warrant.incident}: ${drill.warrant.reason}`,
    openedAt: session?.opened.at ?? null,
    times: drillTimes(session, earlier?.session ?? null),
    proof: session === null ? null : session.keyLiveAt === null ? 'No key was live.' : `Generation ${session.opened.generation}: ${session.grade ?? 'not graded'}. ${session.gradeWhy}`.trim(),
    custodians: custody.custodians.map(({ number, name }) => ({ number, name, read: session?.sharesSeen.includes(number) ?? false })),
    exceptions: drill === null ? [] : exceptionsOf(drill),
    next: drill === null ? null : new Date(Date.parse(drill.warrant.opens) + custody.drillEveryDays * DAY_MS).toISOString(),
  }
}

/** To quorum, to access, to revoked: each from the opening of its session. */
export function drillTimes(session: Session | null, earlier: Session | null): DrillTime[] {
  const moments = (one: Session | null): [string, string | null][] => [
    ['Consents complete, reading of shares begins', one?.consents.filter(({ to }) => to === 'warrant').at(-1)?.at ?? null],
    ['Quorum: the key is whole', one?.keyLiveAt ?? null],
    ['Access: OCI takes the key', one?.calls.find(({ outcome }) => outcome?.type === 'outcome' && outcome.status < 300)?.outcome?.at ?? null],
    ['Successor installed', one?.successor?.at ?? null],
    ['Used key deleted', one?.deletedAt ?? null],
    ['Revoked: proved dead', one?.grade !== null && one?.grade !== 'unproved' ? one?.closed?.at ?? null : null],
  ]
  const since = (one: Session | null, at: string | null): string | null => {
    if (one === null || at === null) return null
    const seconds = Math.round((Date.parse(at) - Date.parse(one.opened.at)) / 1000)
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
  }
  const before = moments(earlier)
  return moments(session).map(([what, at], index) => ({ what, at, after: since(session, at), before: since(earlier, before[index]?.[1] ?? null) }))
}

/** @throws {GlasskeyError} TEMPLATE_INVALID. Texts that cannot be set are printed as `[U+...]`: they stand in the journal. */
export async function drawDrillRecord(content: DrillRecordContent, drawing: Drawing): Promise<Uint8Array> {
  return drawDocument(DRILL_RECORD, {
    ...content,
    measured: content.openedAt !== null,
    openedAt: moment(content.openedAt),
    next: content.next === null ? null : day(content.next),
    times: content.times.map(({ what, at, after, before }) => ({ what, at: at === null ? null : at.slice(11, 19), after, before })),
    exceptions: content.exceptions.map((text) => ({ text })),
  }, drawing, { marked: content.rehearsal, created: content.drawn })
}
