/** Grading a used key again, from the probes and listings in the journal: what the desk did, done over. */
import { acceptingRegions, gradeOf } from '../breakglass/proof.js'
import type { Grade } from '../record/journal.js'
import { TOLERANCE_MS } from '../warrant/deadline.js'
import { confirmationDue, isCredible, isRefused, probeOffsets, type ProbeAnswer } from '../warrant/probe-schedule.js'
import type { Warrant } from '../warrant/warrant.js'
import { failed } from './control.js'
import { linesOf, releasesOf, type LineOf, type Release } from './releases.js'
import type { SoundSession } from './sound.js'

/** The grade that the last part of the journal supports. Throws AUDIT_FAILED for probes that were never signed. */
export function regrade(session: SoundSession): Grade {
  const { warrant, manifest, state } = session
  if (state.deletion === 'not-sent') return 'unproved'
  const last = releasesOf(session).at(-1) ?? []
  const listing = linesOf(last, 'listed').at(-1) ?? null
  const refusedIn = warrant.regions.filter((region) => refusedAgain(session, last, region))
  return gradeOf(warrant, { refusedIn, acceptedIn: acceptingRegions(warrant, state.probes) }, listing, manifest, state.deletion === 'done').grade
}

/** Plays the schedule of one region again over the answers that the journal has. */
function refusedAgain({ id, warrant }: SoundSession, release: Release, region: string): boolean {
  const signed = linesOf(release, 'probes-signed').at(-1)
  const lines = release.filter((line): line is LineOf<'probe'> | LineOf<'probe-failed'> => (line.type === 'probe' || line.type === 'probe-failed') && line.region === region)
  const unsigned = lines.find(({ seq }) => !signed || seq < signed.seq)
  if (unsigned) throw failed(`session ${id}, line ${unsigned.seq}: a probe that nobody signed`)
  const { answers, refused, played } = play(lines, signed ? Date.parse(signed.from) : 0, warrant)
  const over = lines[played]
  if (over) throw failed(`session ${id}, line ${over.seq}: a probe of ${region} beyond the schedule (${answers.length} answers before it)`)
  return refused
}

function play(lines: readonly (LineOf<'probe'> | LineOf<'probe-failed'>)[], from: number, { probes }: Warrant): { answers: ProbeAnswer[]; refused: boolean; played: number } {
  const answers: ProbeAnswer[] = []
  let played = 0
  for (const offset of probeOffsets(probes)) {
    const signedFor = from + offset
    const due = confirmationDue(answers, probes.confirmAfterSeconds)
    if (due !== null && signedFor < due) continue
    const line = lines[played]
    if (!line) break
    played += 1
    if (line.type === 'probe') answers.push({ at: signedFor, status: line.status, credible: isCredible(line.date, signedFor) && Date.parse(line.date) >= signedFor - TOLERANCE_MS })
    if (isRefused(answers, probes.confirmAfterSeconds)) return { answers, refused: true, played }
  }
  return { answers, refused: false, played }
}
