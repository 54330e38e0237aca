/**
 * Where a sheet may be looked at outside a release. A real sheet belongs on a machine without network: a machine with one may
 * have kept its picture. Where people decide otherwise, that is an exception in the logbook before anything is read, and the
 * shares that were read count as seen.
 */
import { GlasskeyError } from '../errors.js'
import type { AirGap } from '../host/air-gap.js'

/** `quiet`: nothing to record. `exposing`: what is read here counts as seen. */
export type Room = 'quiet' | 'exposing'

/**
 * Whether sheets may be read here. `practice`: they are known to be practice sheets. `accepted`: why people accept a network;
 * null when they were not asked to. `otherwise`: what else the command offers, for the hint. Throws NOT_AIR_GAPPED.
 */
export function requireQuietRoom(gap: AirGap, practice: boolean, accepted: string | null, otherwise: string): Room {
  if (practice || gap.ways.length === 0) return 'quiet'
  if (accepted !== null) return 'exposing'
  throw new GlasskeyError(
    'NOT_AIR_GAPPED',
    `a real sheet is not read on a machine with a network: ${gap.ways.join('; ')}. No sheet was read`,
    `Unplug it and switch radios off; or leave the sheet in its bag and inspect the bag: glasskey share inspect --record. ${otherwise}`,
  )
}
