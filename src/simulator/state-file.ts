/**
 * The state of a simulator on disk: FILE holds the tenancy, the seeded people's keys and the test authority, and is
 * replaced as a whole on every change; `FILE.events.jsonl` holds the audit log and only grows. Both are 0600: the keys
 * open nothing but a simulator, yet a key file that anybody may read teaches the wrong habit.
 */
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { GlasskeyError } from '../errors.js'
import type { AuditEvent } from './audit-log.js'
import type { Seeded } from './seed.js'
import type { Certified } from './test-authority.js'

const FORMAT = 'glasskey-simulator/1'

/** What outlives a simulator's process. */
export interface Saved extends Seeded {
  readonly format: typeof FORMAT
  /** Ports of the regions when the state was last saved; asked for again, so that endpoints stay the same. */
  readonly ports: Readonly<Record<string, number>>
  readonly authority: Certified | null
}

/** A saved simulator with its audit log. */
export interface Loaded {
  readonly saved: Saved
  readonly events: readonly AuditEvent[]
}

function eventsFile(file: string): string {
  return `${file}.events.jsonl`
}

/** Reads whole lines; a line torn by a killed process is left out. */
function readEvents(file: string): AuditEvent[] {
  if (!existsSync(eventsFile(file))) return []
  const text = readFileSync(eventsFile(file), 'utf8')
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AuditEvent)
}

/**
 * Loads a state file, or null when there is none yet.
 *
 * @throws GlasskeyError CONFIG_INVALID when the file is not a simulator's state
 */
export function loadState(file: string): Loaded | null {
  if (!existsSync(file)) return null
  let saved: unknown
  try {
    saved = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new GlasskeyError('CONFIG_INVALID', `${file} is not JSON.`, 'Give the simulator a new --state file.')
  }
  if ((saved as Partial<Saved> | null)?.format !== FORMAT) {
    throw new GlasskeyError('CONFIG_INVALID', `${file} is not the state of a simulator.`, 'Give another --state file.')
  }
  return { saved: saved as Saved, events: readEvents(file) }
}

/** Replaces the state file in one step. */
export function saveState(file: string, state: Omit<Saved, 'format'>): void {
  const saved: Saved = { format: FORMAT, ...state }
  const next = `${file}.next`
  writeFileSync(next, `${JSON.stringify(saved)}\n`, { mode: 0o600 })
  renameSync(next, file)
}

/** Adds one event to the audit log on disk. */
export function appendEvent(file: string, event: AuditEvent): void {
  appendFileSync(eventsFile(file), `${JSON.stringify(event)}\n`, { mode: 0o600 })
}
