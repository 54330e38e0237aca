/** The logbook's entry of a ceremony. */
import { asLine } from '../custody/fields.js'
import { toldBy } from '../record/ceremony-entry.js'
import type { Conduct } from '../record/conduct.js'
import type { NewLogbookEntry } from '../record/logbook.js'
import { TOOL } from '../version.js'
import type { MadeGeneration } from './generations.js'

/** What the entry says beside what its transcript tells. */
export interface EntryFacts {
  machine: readonly { fact: string; found: string }[]
  transcriptSha256: string
}

/** The entry, not yet in its place in the chain. */
export function ceremonyEntry(conduct: Pick<Conduct, 'opened' | 'exceptions'>, made: readonly MadeGeneration[], { machine, transcriptSha256 }: EntryFacts): Extract<NewLogbookEntry, { type: 'ceremony' }> {
  return {
    type: 'ceremony',
    format: 2,
    ...toldBy(conduct, made.map(({ manifest }) => manifest)),
    machine: machine.map(({ fact, found }) => asLine(`${fact}: ${found}`)),
    transcriptSha256,
    tool: TOOL,
  }
}
