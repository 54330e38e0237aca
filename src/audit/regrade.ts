/** Grading a used key again, from the probes and listings in the journal: what the desk did, done over. */
import { gradeOf } from '../breakglass/proof.js'
import type { Grade } from '../record/journal.js'
import { lastListing } from '../record/recognise.js'
import { wasNeverThere } from '../record/replay.js'
import { acceptingStill } from '../record/way-on.js'
import { isCredible, isRefused, probeOffsets, type ProbeAnswer } from '../warrant/probe-schedule.js'
import { failed } from './control.js'
import { linesOf, releasesOf, type Release } from './releases.js'
import type { SoundSession } from './sound.js'

/** The grade that the last part of the journal that has one supports: a resume that was interrupted reached none. Throws AUDIT_FAILED for probes that were never signed. */
export function regrade(session: SoundSession): Grade {
  const { warrant, manifest, state } = session
  if (state.deletion === 'not-sent') return 'unproved'
  const releases = releasesOf(session)
  const last = releases.findLast((release) => linesOf(release, 'graded').length > 0) ?? releases.at(-1) ?? []
  const listing = linesOf(last, 'listed').at(-1) ?? null
  const before = lastListing(state, manifest)
  const refusedIn = warrant.regions.filter((region) => refusedAgain(session, last, region))
  return gradeOf(warrant, { refusedIn, acceptedIn: acceptingStill(warrant, state.probes, listing), neverThere: wasNeverThere(state) }, listing, manifest, state.deletion === 'done', before).grade
}

/** Judges the answers of one region again, each by the moment that its probe was signed for. */
function refusedAgain({ id, warrant }: SoundSession, release: Release, region: string): boolean {
  const signed = linesOf(release, 'probes-signed').at(-1)
  const head = linesOf(release, 'head-signed').at(-1)
  if (signed && head && signed.seq > head.seq) throw failed(`session ${id}, line ${signed.seq}: probes signed after the last signature of the key`)
  const moments = signed ? probeOffsets(warrant.probes).map((offset) => Date.parse(signed.from) + offset) : []
  const answers: ProbeAnswer[] = []
  let before = -Infinity
  for (const line of release) {
    if ((line.type !== 'probe' && line.type !== 'probe-failed') || line.region !== region) continue
    const at = Date.parse(line.signedFor)
    const place = `session ${id}, line ${line.seq}: a probe of ${region} for ${line.signedFor}`
    if (!signed || line.seq < signed.seq || !moments.includes(at)) throw failed(`${place}, which nobody signed`)
    if (at <= before) throw failed(`${place}, which ${at === before ? 'was sent before' : 'was for an earlier moment than the one before it'}`)
    before = at
    if (line.type === 'probe') answers.push({ at, status: line.status, credible: isCredible(line.date, at) })
  }
  return isRefused(answers, warrant.probes.confirmAfterSeconds)
}
