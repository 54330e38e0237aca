/** A ceremony's entry in the logbook against its transcript and manifests: the entry itself is signed by nobody. Pure. */
import { canonicalJson } from '../canonical.js'
import { asLine } from '../custody/fields.js'
import { manifestDigest, type Manifest } from '../custody/manifest.js'
import type { Conduct } from './conduct.js'
import type { LogbookEntry } from './logbook.js'

type CeremonyEntry = Extract<LogbookEntry, { type: 'ceremony' }>

/** What an entry says of a ceremony that follows from its transcript and manifests. */
export type ToldByTranscript = Pick<CeremonyEntry, 'rehearsal' | 'tenancy' | 'user' | 'threshold' | 'custodians' | 'generations' | 'exceptions'>

/** What the entry must say. */
export function toldBy({ opened, exceptions }: Pick<Conduct, 'opened' | 'exceptions'>, manifests: readonly Manifest[]): ToldByTranscript {
  const { rehearsal, tenancy, user, threshold, custodians } = opened
  return {
    rehearsal, tenancy, user, threshold, custodians,
    generations: manifests.map((manifest) => ({ generation: manifest.generation, keyId: manifest.keyId, spkiSha256: manifest.spkiSha256, manifestSha256: manifestDigest(manifest) })),
    exceptions: [...(rehearsal ? ['rehearsal'] : []), ...exceptions.map(({ exception, number, happened, decidedBy }) => asLine(`${exception}, step ${number}: ${happened} (${decidedBy})`))],
  }
}

/** The first field of which an entry says otherwise, or null. `manifests`: all that the ceremony made. */
export function contradictionOf(entry: ToldByTranscript, manifests: readonly Manifest[], conduct: Pick<Conduct, 'opened' | 'exceptions'>): string | null {
  const told = toldBy(conduct, manifests)
  if (canonicalJson(conduct.opened.generations) !== canonicalJson(manifests.map(({ generation }) => generation))) return 'generations'
  return (Object.keys(told) as (keyof ToldByTranscript)[]).find((field) => canonicalJson(told[field]) !== canonicalJson(entry[field])) ?? null
}
