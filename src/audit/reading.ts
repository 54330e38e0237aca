/** Things that an audit reads: one that cannot be read is a finding, and must not hide the others. */
import { GlasskeyError } from '../errors.js'

/** What was read, or why it could not be. */
export type Reading<Value> = { read: true; value: Value } | { read: false; error: GlasskeyError }

/** What kept a control from being examined: nothing is known about its claim. */
export class NotChecked extends Error {
  constructor(why: string) {
    super(why)
    this.name = 'NotChecked'
  }
}

/** Reads; what is refused becomes part of the reading. Anything but a GlasskeyError is a fault and is thrown. */
export function reading<Value>(read: () => Value): Reading<Value> {
  try {
    return { read: true, value: read() }
  } catch (error) {
    if (error instanceof GlasskeyError) return { read: false, error }
    throw error
  }
}

/** As `reading`, for what takes time. */
export async function readingOf<Value>(read: () => Promise<Value>): Promise<Reading<Value>> {
  try {
    return { read: true, value: await read() }
  } catch (error) {
    if (error instanceof GlasskeyError) return { read: false, error }
    throw error
  }
}

/** What was read, for the control whose claim it is. Throws the refusal itself. */
export function proven<Value>(found: Reading<Value>): Value {
  if (found.read) return found.value
  throw found.error
}

/** What was read, for a control that builds on it. Throws NotChecked naming the control whose claim it is. */
export function given<Value>(found: Reading<Value>, control: string, what: string): Value {
  if (found.read) return found.value
  throw new NotChecked(`${what} could not be relied on; see ${control}`)
}
