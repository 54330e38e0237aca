/** The ceremony record on paper. */
import type { Custody } from '../custody/custody-yaml.js'
import { manifestDigest } from '../custody/manifest.js'
import { toParts } from '../custody/paper-parts.js'
import { spkiOfPem } from '../custody/key.js'
import { rulesDigest } from '../custody/rules.js'
import { bagWords, hexToWords } from '../custody/words.js'
import { drawCeremonyRecord } from '../paper/ceremony-record.js'
import { sliceBytes } from '../paper/envelope-slices.js'
import { TOOL } from '../version.js'
import { countInWords, type SignersCount } from './enough-signers.js'
import type { MadeGeneration } from './generations.js'
import type { Conduct } from '../record/conduct.js'
import type { Signed } from './signing.js'
import { SIGNING_ROLES } from './signing.js'

/** What the record says beside the generations themselves. */
export interface RecordFacts {
  rehearsal: boolean
  started: Date
  ended: Date
  machine: { fact: string; found: string }[]
  toolSha256: string
  previousManifestSha256: string | null
  codeName: string
  conduct: Conduct
  transcriptSha256: string
  signed: readonly Signed[]
  signers: readonly SignersCount[]
}

/** The record as PDF. Everything on it is public. */
export function drawRecord(custody: Custody, made: readonly MadeGeneration[], facts: RecordFacts): Promise<Uint8Array> {
  const n = custody.custodians.length
  return drawCeremonyRecord(
    {
      rehearsal: facts.rehearsal,
      owner: custody.owner.team,
      codeName: facts.codeName,
      started: facts.started.toISOString(),
      ended: facts.ended.toISOString(),
      tenancy: custody.tenancy,
      user: custody.user,
      homeRegion: custody.homeRegion,
      threshold: custody.threshold,
      shares: n,
      tool: TOOL,
      toolSha256: facts.toolSha256,
      rulesSha256: rulesDigest(custody.rules),
      transcriptSha256: facts.transcriptSha256,
      transcriptWords: hexToWords(facts.transcriptSha256),
      previousManifestSha256: facts.previousManifestSha256,
      custodians: custody.custodians.map(({ number, name, copies }) => ({ number, name, copies: copies.length })),
      generations: made.map(({ manifest }) => ({
        generation: manifest.generation,
        purpose: purposeOf(manifest.generation),
        keyId: manifest.keyId,
        keyWords: hexToWords(manifest.keyId),
        bagWords: bagWords(manifest.spkiSha256),
        spkiSha256: manifest.spkiSha256,
        fingerprint: manifest.fingerprint,
        manifestSha256: manifestDigest(manifest),
        envelopeSha256: manifest.envelopeSha256,
        commitments: manifest.shares.map(({ commitment }) => commitment),
        publicKeyParts: publicKeyParts(manifest.keyId, spkiOfPem(manifest.publicKeyPem)),
      })),
      proofs: [
        { claim: `Every ${custody.threshold} of the ${n} shares of each generation give back its seal secret`, result: 'proved before printing' },
        { claim: 'Each envelope opens to the key that its header names', result: 'opened again after sealing' },
        { claim: 'Each printed page is read by a scanner as it was meant', result: `${facts.conduct.bagged.length} sheets rasterised and read back` },
        { claim: `Sheets of at least ${custody.threshold} custodians, and the envelope, were read again from paper`, result: readAgain(facts.conduct) },
        ...facts.signers.map((count) => ({ claim: `Each manifest is signed by ${count.needed} or more of the signers that the rules of GENERATION ${count.generation} name`, result: count.signed.length < count.needed ? `NOT YET: ${countInWords(count)}` : countInWords(count) })),
      ],
      machine: facts.machine,
      sheets: facts.conduct.bagged.map(({ generation, custodian, copy, bag }) => ({ generation, custodian: `${custodian} ${custody.custodians[custodian - 1]?.name ?? ''}`, copy, bag })),
      exceptions: facts.conduct.exceptions.map(({ exception, number, expected, happened, decision, decidedBy }) => ({ exception, step: number, expected, happened, decision, decidedBy })),
      signatures: facts.conduct.people.map(({ role, custodian, name, affiliation }) => ({
        role: custodian === null ? capital(role) : `Custodian ${custodian}`,
        name: affiliation === null ? name : `${name}, ${affiliation}`,
        openpgp: SIGNING_ROLES.some((one) => one === role) ? (facts.signed.find((one) => one.role === role)?.fingerprint ?? 'not signed with OpenPGP') : null,
      })),
    },
    { paper: custody.paper },
  )
}

function publicKeyParts(keyId: string, spki: Uint8Array): string[] {
  return toParts('GKP1', keyId, spki, sliceBytes(spki.length))
}

function purposeOf(generation: number): string {
  return generation === 1 ? 'takeover' : generation === 2 ? 'in use after the takeover' : 'successor'
}

/** How the re-scan ended, in words. */
function readAgain({ scanned }: Conduct): string {
  if (scanned.some(({ from }) => from === 'drawn pages')) return 'NO: the drawn pages were read back, and no paper'
  return `custodians ${[...new Set(scanned.map(({ custodian }) => custodian))].sort((one, other) => one - other).join(', ')}`
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1)
}
