/** The home folder of this account, which a machine may not know: HOME unset, and the user in no passwd. */
import { homedir } from 'node:os'
import { join } from 'node:path'

/** A place in the home folder; null where there is none. */
export function inHome(...names: string[]): string | null {
  try {
    return join(homedir(), ...names)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return null
  }
}
