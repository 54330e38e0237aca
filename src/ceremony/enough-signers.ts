/** Whether those whom the rules name have signed what a ceremony made: counted while they are in the room. An import and a preflight only refuse. */
import { canonicalJson } from '../canonical.js'
import type { Rules } from '../custody/rules.js'

/** Whose signatures are needed, by the rules that were sealed with a generation. */
export interface Demand {
  /** Generation whose rules ask for them. */
  generation: number
  signers: Rules['signers']
}

/** Who of them has signed every manifest. */
export interface SignersCount {
  generation: number
  needed: number
  /** Fingerprints. */
  signed: string[]
  missing: string[]
}

/** The rules of the generation before, by which an import and a rotation go; then those of today, by which the next ones will. The same rules ask once, and such as need nobody not at all. */
export function demandsOf(demands: readonly Demand[]): Demand[] {
  return demands.filter(({ signers }, at) => signers.needed > 0 && demands.findIndex((other) => canonicalJson(other.signers) === canonicalJson(signers)) === at)
}

/** Counts. `signers`: fingerprints of those who signed, for each manifest. */
export function countSigners(demands: readonly Demand[], signers: readonly (readonly string[])[]): SignersCount[] {
  return demands.map(({ generation, signers: { fingerprints, needed } }) => {
    const hasSigned = (fingerprint: string): boolean => signers.every((some) => some.includes(fingerprint))
    return { generation, needed, signed: fingerprints.filter(hasSigned), missing: fingerprints.filter((fingerprint) => !hasSigned(fingerprint)) }
  })
}

/** `signed by 1 of the signers that the rules of GENERATION 1 name; needed: 2` */
export function countInWords({ generation, needed, signed }: SignersCount): string {
  return `signed by ${signed.length} of the signers that the rules of GENERATION ${generation} name; needed: ${needed}`
}

/** What to say in alarm where they are too few, a line each; nothing where they are enough. `command`: how one is added, but for whose. */
export function tooFewSigners(counts: readonly SignersCount[], command: string): string[] {
  const few = counts.filter(({ needed, signed }) => signed.length < needed)
  if (few.length === 0) return []
  return [
    ...few.map((count) => `NOT YET TRUSTED: the manifests are ${countInWords(count)}. Missing: ${count.missing.join(', ')}.`),
    'Mend it before the bags are needed: with a key live it is too late. For each that is missing:',
    `  ${command} --signature ROLE=KEYFILE`,
    'or ROLE=gpg:FINGERPRINT. If nobody has a certificate of one of these fingerprints, no signature mends it: it was wrong in custody.yaml when that generation was made, and a custody begins anew with the right one.',
  ]
}
