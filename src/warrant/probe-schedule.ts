/** When the used key is tried after its deletion: the only signatures that are ever dated ahead. */
import { MAXIMUM_PROBES, REFUSALS_IN_A_ROW } from '../custody/rules.js'
import { TOLERANCE_MS } from './deadline.js'
import type { Warrant } from './warrant.js'

/** Probes of a rehearsal: the simulator forgets a key in seconds. */
export const REHEARSAL_PROBES = { intervalSeconds: 1, confirmAfterSeconds: 5, giveUpAfterMinutes: 1 } as const

/** Offsets in ms from the deletion at which each region is probed: every interval until the time to give up. */
export function probeOffsets(probes: Warrant['probes']): number[] {
  const interval = probes.intervalSeconds * 1000
  const until = probes.giveUpAfterMinutes * 60_000 + probes.confirmAfterSeconds * 1000
  const count = Math.min(MAXIMUM_PROBES, Math.floor(until / interval) + 1)
  return Array.from({ length: count }, (_, at) => at * interval)
}

/** An answer to a probe. `credible` is false where the server's clock was too far from the signature's date to tell. */
export interface ProbeAnswer {
  at: number
  status: number
  credible: boolean
}

/** Whether these answers of one region, in order, prove that the key is refused there. An answer to a living key undoes it. */
export function isRefused(answers: readonly ProbeAnswer[], confirmAfterSeconds: number): boolean {
  let row = 0
  let settled: number | null = null
  let refused = false
  for (const answer of answers) {
    if (answer.status !== 401 || !answer.credible) {
      row = 0
      settled = null
      refused = false
      continue
    }
    row += 1
    if (row === REFUSALS_IN_A_ROW) settled = answer.at
    else if (settled !== null && answer.at - settled >= confirmAfterSeconds * 1000) refused = true
  }
  return refused
}

/** Whether the run of three is complete and only the confirmation is missing: probing may pause until then. */
export function confirmationDue(answers: readonly ProbeAnswer[], confirmAfterSeconds: number): number | null {
  const tail = answers.slice(-REFUSALS_IN_A_ROW)
  if (tail.length < REFUSALS_IN_A_ROW || tail.some((answer) => answer.status !== 401 || !answer.credible)) return null
  let first = answers.length - 1
  while (first > 0 && answers[first - 1]?.status === 401 && answers[first - 1]?.credible === true) first -= 1
  const third = answers[first + REFUSALS_IN_A_ROW - 1]
  return third ? third.at + confirmAfterSeconds * 1000 : null
}

/** How late after a signature's date, by the server's `Date`, a 401 can mean "unknown key": OCI refuses beyond 5 min. */
const CREDIBLE_MS = 4 * 60_000

/** Whether a 401 at server time `date` can be about the key, rather than about the clock, and was not asked for before its time. */
export function isCredible(date: string, signedFor: number): boolean {
  const late = Date.parse(date) - signedFor
  return late >= -TOLERANCE_MS && late <= CREDIBLE_MS
}
