/** What cannot be written is written once people have mended why: sheets are out by then, and keys exist nowhere else. */
import { GlasskeyError } from '../errors.js'
import type { People } from './people.js'

/** Writes, and writes again for as long as people say that what kept it from being written is mended. Throws what `write` throws when nobody does, and whatever is no place that takes nothing. */
export async function untilWritten<Written>(people: Pick<People, 'writeAgain'>, write: () => Written): Promise<Written> {
  for (;;) {
    try {
      return write()
    } catch (error) {
      if (!(error instanceof GlasskeyError) || !MENDABLE.includes(error.code)) throw error
      await people.writeAgain(error)
    }
  }
}

/** What a disk or a stick that is mended, or put back, mends. */
const MENDABLE: readonly string[] = ['FILE_UNWRITABLE', 'FILE_UNREADABLE', 'FILE_MISSING', 'OUTPUT_EXISTS']
