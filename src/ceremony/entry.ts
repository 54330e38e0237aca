/** The logbook's entry of a ceremony. */
import type { Custody } from '../custody/custody-yaml.js'
import { asLine } from '../custody/fields.js'
import { manifestDigest } from '../custody/manifest.js'
import type { Conduct } from '../record/conduct.js'
import type { NewLogbookEntry } from '../record/logbook.js'
import { TOOL } from '../version.js'
import type { MadeGeneration } from './generations.js'

/** What the entry says beside the generations themselves. */
export interface EntryFacts {
  rehearsal: boolean
  machine: readonly { fact: string; found: string }[]
  exceptions: Conduct['exceptions']
  transcriptSha256: string
}

/** The entry, not yet in its place in the chain. */
export function ceremonyEntry(custody: Custody, made: readonly MadeGeneration[], { rehearsal, machine, exceptions, transcriptSha256 }: EntryFacts): Extract<NewLogbookEntry, { type: 'ceremony' }> {
  return {
    type: 'ceremony',
    format: 2,
    rehearsal,
    tenancy: custody.tenancy,
    user: custody.user,
    threshold: custody.threshold,
    custodians: custody.custodians.length,
    generations: made.map(({ manifest }) => ({ generation: manifest.generation, keyId: manifest.keyId, spkiSha256: manifest.spkiSha256, manifestSha256: manifestDigest(manifest) })),
    machine: machine.map(({ fact, found }) => asLine(`${fact}: ${found}`)),
    exceptions: [...(rehearsal ? ['rehearsal'] : []), ...exceptions.map(({ exception, number, happened, decidedBy }) => asLine(`${exception}, step ${number}: ${happened} (${decidedBy})`))],
    transcriptSha256,
    tool: TOOL,
  }
}
