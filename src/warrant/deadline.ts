/** Time, from three clocks that may lie: the wall, the machine's uptime, and OCI's `Date`. Pure: readings are passed in. */
import { GlasskeyError } from '../errors.js'
import type { Warrant } from './warrant.js'

/** Two readings taken together, in ms: Unix time, and a clock that only runs forward. */
export interface Reading {
  wall: number
  uptime: number
}

/** How far the clocks may be apart. */
export const TOLERANCE_MS = 30_000

/** Readings at the warrant's opening, and how far OCI's clock was from ours when it last answered. */
export interface Watch {
  deadline: number
  start: Reading
  /** OCI's time minus wall time, in ms; null before its first answer. */
  offset: number | null
}

/** Starts the watch. Throws WARRANT_EXPIRED when the warrant is over or not begun. */
export function startWatch(warrant: Warrant, now: Reading): Watch {
  const opens = Date.parse(warrant.opens)
  const watch = { deadline: Date.parse(warrant.deadline), start: now, offset: null }
  if (now.wall < opens - TOLERANCE_MS) throw expired(`begins at ${warrant.opens}; this machine's clock says ${iso(now.wall)}`)
  return checkWatch(watch, now)
}

/** No clock of this century is later; and a probe dated after the year 9999 could be neither written down nor signed. */
const LATEST = Date.UTC(2100, 0)

/** The watch after OCI answered with `Date: date`, which has whole seconds. A date that is none, or of another age, changes nothing. */
export function heardFromOci(watch: Watch, date: string, now: Reading): Watch {
  const heard = Date.parse(date)
  return heard >= 0 && heard < LATEST ? { ...watch, offset: heard - now.wall } : watch
}

/**
 * The watch, if there is time left by every clock. Throws WARRANT_EXPIRED, or CLOCKS_DISAGREE when they are more than
 * 30 s apart; after either only the exit set is signed.
 */
export function checkWatch(watch: Watch, now: Reading): Watch {
  const elapsed = now.uptime - watch.start.uptime
  const byUptime = watch.start.wall + elapsed
  const byOci = now.wall + (watch.offset ?? 0)
  if (Math.abs(now.wall - byUptime) > TOLERANCE_MS) {
    throw disagree(`the wall clock moved by ${seconds(now.wall - byUptime)} since the session began`)
  }
  // OCI's Date has whole seconds and travelled for a while: half a second and the journey are within the tolerance.
  if (watch.offset !== null && Math.abs(watch.offset) > TOLERANCE_MS) {
    throw disagree(`OCI's clock and this machine's differ by ${seconds(watch.offset)}`)
  }
  const latest = Math.max(now.wall, byUptime, byOci)
  if (latest >= watch.deadline) throw expired(`ended at ${iso(watch.deadline)}; it is ${iso(latest)}`)
  return watch
}

function expired(what: string): GlasskeyError {
  return new GlasskeyError('WARRANT_EXPIRED', `the warrant ${what}`, 'Only the exit is signed now. Ask for a new warrant.')
}

function disagree(what: string): GlasskeyError {
  return new GlasskeyError('CLOCKS_DISAGREE', `the clocks disagree: ${what}`, 'Only the exit is signed now. Set the clock right, then ask for a new warrant.')
}

function seconds(ms: number): string {
  return `${ms > 0 ? '+' : ''}${Math.round(ms / 1000)} s`
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
