/** R: that what was released was revoked, as the record tells it. */
import { DELETE_USED_KEY, REMOVE_USED_KEY } from '../../record/replay.js'
import { type Control, failed } from '../control.js'
import type { Dossier } from '../dossier.js'
import { linesOf } from '../releases.js'
import { regrade } from '../regrade.js'
import { counted, eachSession, sessionsInPeriod, soundManifest } from '../sound.js'
import { deathOf, usesOf } from '../lives.js'

/** Throws AUDIT_FAILED naming every key that may be alive. */
function graded(dossier: Dossier): string {
  const inPeriod = new Set(sessionsInPeriod(dossier).map(({ id }) => id))
  const all = usesOf(dossier)
  const uses = all.filter(({ session }) => inPeriod.has(session))
  const open = uses.filter(({ ended }) => ended === null).map(({ session }) => `session ${session} has not come to its end`)
  const live = uses.filter((use) => use.live).map((use) => ({ use, death: deathOf(use, all) }))
  const alive = live.filter(({ use, death }) => use.ended !== null && !death).map(({ use: { session, generation } }) => `the key of GENERATION ${generation}, used in session ${session}, is not proved dead`)
  if (open.length + alive.length > 0) throw failed([...alive, ...open].join('; '))
  const weaker = live.filter(({ use, death }) => death === use && use.grade !== 'proved').map(({ use: { session, grade } }) => `session ${session} only ${String(grade)}`)
  const later = live.flatMap(({ use, death }) => (death && death !== use ? [`session ${use.session} left its key alive, and the later session ${death.session} graded it ${String(death.grade)}`] : []))
  const proved = live.filter(({ death }) => death?.grade === 'proved').length
  return [`${counted(live.length, 'released key')}, ${proved} proved dead`, ...(weaker.length > 0 ? [`weaker: ${weaker.join(', ')}`] : []), ...later].join('; ')
}

/** Throws AUDIT_FAILED. */
function gradedAgain(dossier: Dossier): string {
  const grades = eachSession(dossier, (session) => {
    const { id, state } = session
    if (state.grade === null) return null
    const again = regrade(session)
    if (again !== state.grade) throw failed(`session ${id} is graded ${state.grade}, and its probes and listings show ${again}`)
    return again
  }).filter((found) => found !== null)
  return `${counted(grades.length, 'grade')} reached again from probes and listings`
}

/** Throws AUDIT_FAILED. */
function successorFirst(dossier: Dossier): string {
  const deletions = eachSession(dossier, ({ id, warrant, chain, state }) => {
    const sent = linesOf(chain.lines, 'intent').filter(({ rule }) => rule === DELETE_USED_KEY || rule === REMOVE_USED_KEY)
    for (const { seq } of sent) {
      const before = linesOf(chain.lines, 'successor-active').find((line) => line.seq < seq)
      if (!before) throw failed(`session ${id}, line ${seq}: the deletion was signed before the successor was read back`)
      if (before.spkiSha256 !== warrant.successor?.spkiSha256) throw failed(`session ${id}, line ${before.seq}: another key than the warrant's successor was read back`)
    }
    if (state.deletion === 'done' && sent.length === 0 && state.resumed === 0) throw failed(`session ${id}: the key is called deleted, and no deletion was signed`)
    return sent.length
  })
  return `${counted(deletions.reduce((sum, one) => sum + one, 0), 'deletion')} signed, each after the successor was read back ACTIVE and equal`
}

/** Throws AUDIT_FAILED. */
function successorsTrusted(dossier: Dossier): string {
  const found = eachSession(dossier, ({ id, warrant, state, manifest }) => {
    const { successor } = state
    if (!successor) return 'none'
    if (successor.spkiSha256 !== warrant.successor?.spkiSha256) throw failed(`session ${id}: the successor installed is not the warrant's`)
    if (soundManifest(dossier, successor.generation).spkiSha256 !== successor.spkiSha256) throw failed(`session ${id}: the successor installed is not GENERATION ${successor.generation} of the folder`)
    if (manifest.successor?.spkiSha256 === successor.spkiSha256) return 'sealed'
    const people = new Set(state.consents.filter(({ to }) => to === 'successor').map(({ custodian }) => custodian))
    if (people.size < manifest.threshold) throw failed(`session ${id}: GENERATION ${successor.generation} is not the successor that GENERATION ${manifest.generation} names, and ${people.size} of ${manifest.threshold} custodians confirmed it`)
    return 'confirmed'
  })
  const count = (kind: string): number => found.filter((one) => one === kind).length
  return `${counted(count('sealed') + count('confirmed'), 'successor')}: ${count('sealed')} sealed with the key before, ${count('confirmed')} confirmed by custodians from their bags`
}

/** Controls of revocation. */
export const REVOCATION_CONTROLS: readonly Control[] = [
  {
    code: 'R01',
    claim: 'Every released key is graded dead, and no session is open.',
    method: 'Read the grade at the end of each session in which a key was recombined; where one left its key alive, that of a later session with the same key.',
    source: 'sessions/*/journal.jsonl, logbook.jsonl',
    bearsOn: ['keyRevoked'],
    reperformed: false,
    examine: graded,
  },
  {
    code: 'R02',
    claim: 'Each grade is the one that probes and listings show.',
    method: 'Judge each region\'s answers again, each by the moment its probe was signed for; grade again.',
    source: 'sessions/*/journal.jsonl',
    bearsOn: ['keyRevoked'],
    reperformed: true,
    examine: gradedAgain,
  },
  {
    code: 'R03',
    claim: 'No used key was deleted before its successor was read back, ACTIVE and equal.',
    method: 'Compare the order of the lines, and the successor with the warrant.',
    source: 'sessions/*/journal.jsonl',
    bearsOn: ['scriptFollowed'],
    reperformed: true,
    examine: successorFirst,
  },
  {
    code: 'R04',
    claim: 'Each successor was sealed with the key before it, or confirmed by a quorum from their own bags.',
    method: 'Compare the successor with the manifest of the used key; count confirmations.',
    source: 'sessions/*/journal.jsonl, generations/*/manifest.json',
    bearsOn: ['scriptFollowed'],
    reperformed: true,
    examine: successorsTrusted,
  },
]
