/** The shortest transcript that seals a set, for sets that a test makes without a ceremony. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { sha256Hex } from '../../src/canonical.js'
import type { MadeGeneration } from '../../src/ceremony/generations.js'
import { manifestDigest } from '../../src/custody/manifest.js'
import { places } from '../../src/host/sealed-folder.js'
import { chainLine, EMPTY } from '../../src/record/chain.js'
import type { TranscriptEntry } from '../../src/record/transcript.js'

/** Writes it into a custody folder, and gives back the generations with manifests that name it. */
export function sealByTranscript<Made extends Pick<MadeGeneration, 'manifest'>>(folder: string, made: readonly Made[]): Made[] {
  const [first] = made
  if (!first) throw new Error('nothing was made')
  const { rehearsal, tenancy, user, threshold, shares, rulesSha256, previousManifestSha256, generation } = first.manifest
  const custodians = shares.map(({ custodian }) => custodian)
  const entries: TranscriptEntry[] = [
    { type: 'ceremony-opened', format: 1, rehearsal, conduct: 'dialogue', codeName: 'test', scriptVersion: 1, scriptSha256: '0'.repeat(64), plan: [{ number: '1.1', step: 'room.clock' }], tenancy, user, threshold, custodians: custodians.length, generations: made.map(({ manifest }) => manifest.generation), rulesSha256, previousManifestSha256, tool: 'glasskey test', toolSha256: '0'.repeat(64), node: process.version },
    ...made.map(({ manifest }): TranscriptEntry => ({ type: 'made', generation: manifest.generation, keyId: manifest.keyId, spkiSha256: manifest.spkiSha256, fingerprint: manifest.fingerprint, manifestSha256: manifestDigest(manifest), envelopeSha256: manifest.envelopeSha256 })),
    ...custodians.flatMap((custodian): TranscriptEntry[] => [{ type: 'released', custodian, sheets: made.length, to: 'nobody' }, ...made.map(({ manifest }): TranscriptEntry => ({ type: 'scanned', custodian, generation: manifest.generation, from: 'paper', envelope: true }))]),
    { type: 'step', number: '1.1', step: 'room.clock', did: 'confirmed', value: null, began: '2026-01-31T04:00:00.000Z', seconds: 1 },
    { type: 'ceremony-closed', steps: 1, exceptions: 0, bags: 0 },
  ]
  let [head, text] = [EMPTY, '']
  for (const entry of entries) {
    const next = chainLine(head, '2026-01-31T04:00:00.000Z', entry)
    head = next.head
    text += `${next.text}\n`
  }
  mkdirSync(places.records(folder), { recursive: true })
  writeFileSync(places.transcript(folder, generation), text)
  return made.map((one) => ({ ...one, manifest: { ...one.manifest, transcriptSha256: sha256Hex(text) } }))
}
