/** The ceremony record: what was made, how it was proved, who saw it. Everything on it is public. */

import { documentKind, drawDocument, type Drawing } from './document.js'
import { moment } from './moment.js'

/** One generation as the record names it. */
export interface RecordedGeneration {
  readonly generation: number
  /** What it is for: "takeover", "in use", "successor". */
  readonly purpose: string
  readonly keyId: string
  readonly keyWords: string
  /** The 16 words to write on each bag of this generation. */
  readonly bagWords: string
  readonly spkiSha256: string
  readonly fingerprint: string
  readonly manifestSha256: string
  readonly envelopeSha256: string
  /** SHA-256 commitments, in the order of the custodians. */
  readonly commitments: readonly string[]
  /** `GKP1/…` texts, in order. */
  readonly publicKeyParts: readonly string[]
}

/** What a ceremony record says. Moments are ISO 8601 in UTC, digests lower-case hex. */
export interface CeremonyRecordContent {
  readonly rehearsal: boolean
  readonly owner: string
  /** Of the script that was followed. */
  readonly codeName: string
  readonly started: string
  readonly ended: string
  readonly tenancy: string
  readonly user: string
  readonly homeRegion: string
  readonly threshold: number
  readonly shares: number
  readonly tool: string
  readonly toolSha256: string | null
  readonly rulesSha256: string
  readonly transcriptSha256: string
  readonly transcriptWords: string
  /** Null at the first ceremony. */
  readonly previousManifestSha256: string | null
  readonly custodians: readonly { readonly number: number, readonly name: string, readonly copies: number }[]
  readonly generations: readonly RecordedGeneration[]
  readonly proofs: readonly { readonly claim: string, readonly result: string }[]
  readonly machine: readonly { readonly fact: string, readonly found: string }[]
  /** Where each sheet went; `bag` is null where it is written in by hand. */
  readonly sheets: readonly {
    readonly generation: number, readonly custodian: string, readonly copy: number, readonly bag: string | null
  }[]
  readonly exceptions: readonly {
    readonly exception: number, readonly step: string, readonly expected: string, readonly happened: string, readonly decision: string
    readonly decidedBy: string
  }[]
  /** `openpgp` is the fingerprint that signed the transcript, or that nobody did; null for those who sign with a pen only. */
  readonly signatures: readonly { readonly role: string, readonly name: string, readonly openpgp: string | null }[]
}

const CEREMONY_RECORD = documentKind({
  template: 'ceremony-record',
  fields: {
    rehearsal: 'flag', owner: 'text', codeName: 'text', started: 'text', ended: 'text', tenancy: 'text', user: 'text',
    homeRegion: 'text', threshold: 'text', shares: 'text', tool: 'text', toolSha256: 'text', rulesSha256: 'text',
    transcriptSha256: 'text', transcriptWords: 'text', previousManifestSha256: 'text', exceptionCount: 'text',
    custodians: [{ number: 'text', name: 'text', copies: 'text' }],
    generations: [{
      generation: 'text', purpose: 'text', keyId: 'text', keyWords: 'text', bagWords: 'text', spkiSha256: 'text', fingerprint: 'text',
      manifestSha256: 'text', envelopeSha256: 'text',
      commitments: [{ custodian: 'text', name: 'text', commitment: 'text' }],
      publicKey: [{ part: 'text', parts: 'text', code: 'code' }],
    }],
    proofs: [{ claim: 'text', result: 'text' }],
    machine: [{ fact: 'text', found: 'text' }],
    sheets: [{ generation: 'text', custodian: 'text', copy: 'text', bag: 'text' }],
    exceptions: [{ exception: 'text', step: 'text', expected: 'text', happened: 'text', decision: 'text', decidedBy: 'text' }],
    signatures: [{ role: 'text', name: 'text', openpgp: 'text' }],
  },
  mustPrint: ['tenancy', 'user', 'threshold', 'shares', 'custodians.number', 'custodians.name', 'rulesSha256',
    'generations.generation', 'generations.keyId', 'generations.keyWords', 'generations.bagWords', 'generations.spkiSha256',
    'generations.fingerprint', 'generations.manifestSha256', 'generations.envelopeSha256',
    'generations.commitments.commitment', 'generations.publicKey.code', 'proofs.result', 'machine.found',
    'exceptions.happened', 'exceptions.decision', 'signatures.name', 'signatures.openpgp', 'transcriptSha256', 'transcriptWords'],
  // By now the sheets are in their bags: what somebody typed must not keep the record from being drawn.
  unprintable: 'show',
})

/** @throws {GlasskeyError} TEMPLATE_INVALID, SCRIPT_UNSUPPORTED */
export async function drawCeremonyRecord(content: CeremonyRecordContent, drawing: Drawing): Promise<Uint8Array> {
  const { generations, ...same } = content
  return drawDocument(CEREMONY_RECORD, {
    ...same,
    started: moment(content.started),
    ended: moment(content.ended),
    exceptionCount: content.exceptions.length,
    generations: generations.map(({ commitments, publicKeyParts, ...names }) => ({
      ...names,
      commitments: content.custodians.map(({ number, name }, index) =>
        ({ custodian: number, name, commitment: commitments[index] ?? null })),
      publicKey: publicKeyParts.map((text, index) =>
        ({ part: index + 1, parts: publicKeyParts.length, code: { text, correction: 'M' } })),
    })),
  }, drawing, { marked: content.rehearsal, created: content.ended })
}
