/** D: whether it would work tonight, and whether what is spent was cleared away. */
import { standings, successorsOf } from '../../custody/generation.js'
import { DAY_MS, SUCCESSORS } from '../../record/due.js'
import type { LogbookEntry } from '../../record/logbook.js'
import { custodyStanding } from '../../record/standing.js'
import { type Control, failed } from '../control.js'
import type { Dossier } from '../dossier.js'
import { deathOf, livesOf, usesOf, type Use } from '../lives.js'
import { counted, openedAt, soundLogbook, soundManifest } from '../sound.js'

/** Days within which used sheets should be destroyed before a witness. */
export const DESTROY_WITHIN_DAYS = 7

/** Throws AUDIT_FAILED. */
function drilled(dossier: Dossier): string {
  const entries = soundLogbook(dossier).lines
  // An entry is signed by nobody; its key has signed the time at which it was live.
  const signed = new Map(usesOf(dossier).map(({ session, liveAt }) => [session, liveAt]))
  const lines = entries.map((entry) => (entry.type === 'session' ? { ...entry, at: signed.get(entry.session) ?? entry.at } : entry))
  const { drillEveryDays } = dossier.custody
  const { daysSinceDrill, drillDueInDays } = custodyStanding({ rehearsal: false, standings: standings([], []), events: [], logbook: lines, sessions: [], sheets: [], custodians: [], drillEveryDays, inspectEveryDays: drillEveryDays, now: dossier.now })
  const last = daysSinceDrill === null ? 'no drill yet' : `the last drill was ${counted(daysSinceDrill, 'day')} ago`
  if (drillDueInDays < 0) throw failed(`${last}, and one is due every ${drillEveryDays} days: ${counted(-drillDueInDays, 'day')} overdue`)
  return `${last}; the next is due in ${counted(drillDueInDays, 'day')}`
}

/** Throws AUDIT_FAILED. */
function successorsWait(dossier: Dossier): string {
  soundLogbook(dossier)
  const { current, standings: all } = livesOf(dossier)
  const waiting = successorsOf(all, current?.generation ?? 0)
  if (waiting.length < SUCCESSORS) throw failed(`only ${counted(waiting.length, 'successor')} waiting, and there should be ${SUCCESSORS}`)
  return `GENERATION ${waiting.map(({ generation }) => generation).join(', ')} wait`
}

/** Throws AUDIT_FAILED. */
function usedSheetsDestroyed(dossier: Dossier): string {
  const { lines } = soundLogbook(dossier)
  const { uses } = livesOf(dossier)
  const deaths = uses.filter((use) => use.live && deathOf(use, uses) === use)
  const dead = deaths.filter(({ generation }, at) => deaths.findIndex((other) => other.generation === generation) === at)
  const missing = dead.flatMap(({ generation, ended }) =>
    [...new Set(uses.filter((use) => use.generation === generation).flatMap(({ shares }) => shares))]
      .filter((custodian) => !lines.some((entry) => isGone(entry, generation, custodian, uses)))
      .map((custodian) => ({ name: `GENERATION ${generation} of ${soundManifest(dossier, generation).shares.find((share) => share.custodian === custodian)?.name ?? `custodian ${custodian}`}`, due: Date.parse(ended ?? '') + DESTROY_WITHIN_DAYS * DAY_MS })),
  )
  const overdue = missing.filter(({ due }) => due < dossier.now.getTime())
  if (overdue.length > 0) throw failed(`not recorded as destroyed after ${DESTROY_WITHIN_DAYS} days: ${overdue.map(({ name }) => name).join(', ')}`)
  const [next] = missing
  if (next) return `${counted(missing.length, 'sheet')} still to be recorded, by ${new Date(Math.min(...missing.map(({ due }) => due))).toISOString().slice(0, 10)}`
  return dead.length === 0 ? 'no sheet was used' : 'every used sheet is recorded as destroyed, or lost'
}

/** Whether an entry says of a sheet that was read that it is destroyed, or that it was lost after it was read: one that was lost before is another copy. */
function isGone(entry: LogbookEntry, generation: number, custodian: number, uses: readonly Use[]): boolean {
  if (entry.type === 'destroyed') return entry.generation === generation && entry.custodian === custodian
  if (entry.type !== 'lost' || entry.custodian !== custodian || !entry.generations.includes(generation)) return false
  return uses.some((use) => use.generation === generation && use.shares.includes(custodian) && Date.parse(entry.at) > (openedAt(use.session) ?? 0))
}

/** Throws AUDIT_FAILED. */
function nothingExposed(dossier: Dossier): string {
  soundLogbook(dossier)
  const { standings: all, current } = livesOf(dossier)
  const exposed = all.filter(({ state }) => state === 'exposed').map(({ generation }) => generation)
  // OCI takes its key, whatever an entry calls it.
  const inUse = current && !exposed.includes(current.generation) && current.seen.length >= soundManifest(dossier, current.generation).threshold ? [current] : []
  const wrong = [
    ...(exposed.length > 0 ? [`a quorum of shares was seen of GENERATION ${exposed.join(', ')}, which was neither rotated nor retired`] : []),
    ...inUse.map(({ generation, state }) => `a quorum of shares was seen of GENERATION ${generation}, which is in use${state === 'retired' ? ', and which an entry of the logbook calls retired' : ''}`),
  ]
  if (wrong.length > 0) throw failed(wrong.join('; '))
  return 'no quorum of a generation that is counted on was seen'
}

/** Controls of readiness. */
export const READINESS_CONTROLS: readonly Control[] = [
  {
    code: 'D01',
    claim: 'The drill is not overdue.',
    method: 'Count days since the last drill that was graded, or since the takeover, by the time at which the key was live.',
    source: 'logbook.jsonl, sessions/*/journal.jsonl, custody.yaml (drillEveryDays)',
    bearsOn: ['scriptFollowed'],
    reperformed: true,
    examine: drilled,
  },
  {
    code: 'D02',
    claim: 'At least two successors wait.',
    method: 'Derive the standing of every generation from logbook and sessions.',
    source: 'logbook.jsonl, sessions/, generations/',
    bearsOn: [],
    reperformed: true,
    examine: successorsWait,
  },
  {
    code: 'D03',
    claim: `Sheets of a dead key are recorded as destroyed, or lost, within ${DESTROY_WITHIN_DAYS} days.`,
    method: 'Match the shares that were read over all sessions with entries of destruction or loss.',
    source: 'logbook.jsonl, sessions/*/journal.jsonl',
    bearsOn: ['scriptFollowed'],
    reperformed: true,
    examine: usedSheetsDestroyed,
  },
  {
    code: 'D04',
    claim: 'No generation of which a quorum of shares was seen is still counted on.',
    method: 'Count shares seen over all sessions.',
    source: 'sessions/*/journal.jsonl',
    bearsOn: ['keyRevoked'],
    reperformed: true,
    examine: nothingExposed,
  },
]
