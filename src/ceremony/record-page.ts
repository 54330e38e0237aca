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
import type { MadeGeneration } from './generations.js'
import type { Sheet } from './sheets.js'

/** What the record says beside the generations themselves. */
export interface RecordFacts {
  rehearsal: boolean
  started: Date
  ended: Date
  machine: { fact: string; found: string }[]
  sheets: readonly Omit<Sheet, 'pdf'>[]
  exceptions: string[]
}

/** The record as PDF. Everything on it is public. */
export function drawRecord(custody: Custody, made: readonly MadeGeneration[], facts: RecordFacts): Promise<Uint8Array> {
  const n = custody.custodians.length
  return drawCeremonyRecord(
    {
      rehearsal: facts.rehearsal,
      owner: custody.owner.team,
      place: '',
      started: facts.started.toISOString(),
      ended: facts.ended.toISOString(),
      tenancy: custody.tenancy,
      user: custody.user,
      homeRegion: custody.homeRegion,
      threshold: custody.threshold,
      shares: n,
      tool: TOOL,
      toolSha256: null,
      rulesSha256: rulesDigest(custody.rules),
      transcriptSha256: null,
      previousRecordSha256: null,
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
        { claim: 'Each printed page is read by a scanner as it was meant', result: `${facts.sheets.length} sheets rasterised and read back` },
      ],
      machine: facts.machine,
      sheets: facts.sheets.map(({ generation, custodian, copy, bag }) => ({ generation, custodian: `${custodian.number} ${custodian.name}`, copy, bag })),
      exceptions: facts.exceptions.map((happened) => ({ step: '-', expected: '-', happened, decision: 'accepted', decidedBy: 'ceremony administrator' })),
      signatures: [
        { role: 'Ceremony administrator', name: '' },
        { role: 'Witness', name: '' },
        { role: 'Witness', name: '' },
      ],
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
