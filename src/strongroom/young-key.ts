/** A key that was installed minutes ago: OCI may list it as ACTIVE before every region accepts it. */
import { pause, readClocks, wallClock } from '../host/clock.js'
import { say } from '../host/terminal.js'
import type { Warrant } from '../warrant/warrant.js'
import { refuseIfStopped } from './action-sender.js'
import { OciRefusal, type OwnUser } from './own-user.js'
import type { Room } from './room.js'

/** How long a key that was just installed may be unknown to OCI. Nothing is lost meanwhile: its bootstrap login is still there, or it is rotated all the same. */
const ACCEPTANCE_MS = 3 * 60_000
const ACCEPTANCE_WAIT_MS = 2000

/** The next session has a younger key still. */
const NOT_YET = 'Wait some minutes before the next session: each takes a generation. If it is older than that, its user is blocked.'

/** How lately a key was installed that OCI may not accept yet, and for how long an exit tries one that it never did. */
const YOUNG_MS = 15 * 60_000
const YOUNG_PATIENCE_MS = 5 * 60_000

/** Whether the used key was installed a moment ago, in this session or in the one before it. */
export function isYoung(room: Room): boolean {
  return patienceFor(room) > 0
}

/** How long an exit tries at least a key that OCI never accepted, in ms: one that was installed in this very session, as long as any other. */
export function patienceFor({ order, journal, folder, warrant }: Room): number {
  const here = journal.lines.findLast(({ type }) => type === 'installed')
  if (here && order.task === 'perform') return Infinity
  const before = folder.sessions.map(({ session: { successor } }) => successor).findLast((one) => one?.generation === warrant.key.generation)
  const isLate = [here, before].some((line) => line && Math.abs(wallClock().getTime() - Date.parse(line.at)) < YOUNG_MS)
  return isLate ? YOUNG_PATIENCE_MS : 0
}

/**
 * A key that was installed a moment ago: OCI may list it as ACTIVE before it accepts it. Returns when it does, or answers
 * something else than that it does not know it. Throws OciRefusal with status 401 when that takes too long.
 */
export async function untilAccepted(user: OwnUser, { region, warrant: { key }, stop }: { region: string; warrant: Warrant; stop: AbortSignal }): Promise<void> {
  const began = readClocks().uptime
  let told = false
  for (;;) {
    try {
      await user.readUser()
      return
    } catch (error) {
      if (!(error instanceof OciRefusal) || error.status !== 401) return
      if (readClocks().uptime - began > ACCEPTANCE_MS) throw new OciRefusal('know', error.answer, '', { message: `${region} does not accept the key of GENERATION ${key.generation} yet, which was installed minutes ago: ${error.message}`, hint: NOT_YET })
    }
    if (!told) say(`${region} does not accept the new key yet. Waiting, at most ${ACCEPTANCE_MS / 60_000} minutes.`)
    told = true
    await pause(ACCEPTANCE_WAIT_MS, stop)
    refuseIfStopped(stop)
  }
}
