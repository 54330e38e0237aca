/** Running a command on a stage: in faster time, with processes that are killed, disks that fail and clocks that are set at an exact moment. */
import { fileURLToPath } from 'node:url'
import type { Running } from './command-line.js'

/** Processes of a session. */
export type Role = 'desk' | 'strongroom' | 'clerk'

/** What happens to a command; read by preload.mjs. */
export interface Plan {
  /** Time since `start` (ms) runs `speed` times as fast as in life. */
  start: number
  speed: number
  /** Every durable write is noted in this file. */
  log?: string
  /** `victim` is killed at a durable write; `torn`: when half of it is done; `machine`: all of them at once. The file `mark` then has the path that was written. */
  kill?: Pick<DurableWrite, 'role' | 'nth' | 'what' | 'file'> & { phase: 'before' | 'torn' | 'after'; victim: Role | 'machine'; mark: string }
  /** Writes in `folder` fail once the `nth` line of type `from` was written, the first when left out, and until the file `mark` is removed; and reads too where it is not there any more (ENOENT). */
  disk?: { from: string; nth?: number; error: 'ENOSPC' | 'EIO' | 'EROFS' | 'ENOENT'; folder: string; mark: string }
  /** Somebody sets the wall clock by so many ms once a line of type `from` was written; `mark` is a file that says so. */
  step?: { from: string; by: number; mark: string }
}

/** A durable write as preload.mjs notes it. */
export interface DurableWrite {
  role: Role
  /** Which of its kind in this file, from 1. */
  nth: number
  /** Type of a journal's or logbook's line, or the call. */
  what: string
  /** Name of the file, without what changes from run to run. */
  file: string
  path: string
  /** What a file that was given another name was called before. */
  from?: string
  /** Processes that were alive. */
  alive: Role[]
}

/** A file or folder whose writes were made durable, as preload.mjs notes it. */
export interface Synced {
  role: Role
  synced: string
}

const PRELOAD = fileURLToPath(new URL('preload.mjs', import.meta.url))

/** How `glasskey` is run to play a plan. In plain time and with nothing planned, as anybody would run it. */
export function played(plan: Plan): Running {
  const { start, speed, ...more } = plan
  if (speed === 1 && Object.keys(more).length === 0) return {}
  return { node: ['--import', PRELOAD], env: { GLASSKEY_STAGE: JSON.stringify({ start, speed, ...more }) } }
}
