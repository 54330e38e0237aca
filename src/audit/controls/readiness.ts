/** D: whether it would work tonight, and whether what is spent was cleared away. */
import { standings, successorsOf } from '../../custody/generation.js'
import { DAY_MS, SUCCESSORS } from '../../record/due.js'
import { custodyStanding } from '../../record/standing.js'
import { type Control, failed } from '../control.js'
import type { Dossier } from '../dossier.js'
import { livesOf } from '../lives.js'
import { counted, soundLogbook, soundManifest } from '../sound.js'

/** Days within which used sheets should be destroyed before a witness. */
export const DESTROY_WITHIN_DAYS = 7

/** Throws AUDIT_FAILED. */
function drilled(dossier: Dossier): string {
  const { lines } = soundLogbook(dossier)
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
  const dead = uses.filter(({ live, grade, ended }) => live && ended !== null && grade !== null && grade !== 'unproved')
  const missing = dead.flatMap(({ generation, shares, ended }) =>
    shares
      .filter((custodian) => !lines.some((entry) => entry.type === 'destroyed' && entry.generation === generation && entry.custodian === custodian))
      .map((custodian) => ({ name: `GENERATION ${generation} of ${soundManifest(dossier, generation).shares.find((share) => share.custodian === custodian)?.name ?? `custodian ${custodian}`}`, due: Date.parse(ended ?? '') + DESTROY_WITHIN_DAYS * DAY_MS })),
  )
  const overdue = missing.filter(({ due }) => due < dossier.now.getTime())
  if (overdue.length > 0) throw failed(`not recorded as destroyed after ${DESTROY_WITHIN_DAYS} days: ${overdue.map(({ name }) => name).join(', ')}`)
  const [next] = missing
  if (next) return `${counted(missing.length, 'sheet')} still to be recorded, by ${new Date(Math.min(...missing.map(({ due }) => due))).toISOString().slice(0, 10)}`
  return dead.length === 0 ? 'no sheet was used' : 'every used sheet is recorded as destroyed'
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
    method: 'Count days since the last drill that was graded, or since the takeover.',
    source: 'logbook.jsonl, custody.yaml (drillEveryDays)',
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
    claim: `Sheets of a dead key are recorded as destroyed within ${DESTROY_WITHIN_DAYS} days.`,
    method: 'Match shares read with entries of destruction.',
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
