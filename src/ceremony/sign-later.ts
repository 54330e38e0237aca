/** `glasskey ceremony sign`: a signature that was missing when the ceremony ended. */
import { existsSync, readdirSync } from 'node:fs'
import { manifestFile } from '../custody/manifest.js'
import { GlasskeyError } from '../errors.js'
import { readLines } from '../host/disk.js'
import { places } from '../host/sealed-folder.js'
import { readGenerationFiles, requireSealed } from '../host/sealed-set.js'
import { readClosedTranscript } from '../record/transcript.js'
import { writeSignatures } from './folder-files.js'
import { signerOf } from './signers.js'
import { signAll, type SigningRole } from './signing.js'

/** What was signed. */
export interface SignedLater {
  custody: string
  transcript: string
  transcriptSha256: string
  signatures: { role: SigningRole; name: string; fingerprint: string; manifests: number[] }[]
}

/**
 * Signs the transcript of a ceremony, and its manifests where the rules name the signer. `ceremony` is the generation that
 * it made first; the last ceremony when undefined. Throws SET_NOT_SEALED, SIGNING_FAILED, SIGNATURE_INVALID.
 */
export async function signLater(folder: string, ceremony: number | undefined, signatures: readonly (readonly [SigningRole, string])[]): Promise<SignedLater> {
  const first = ceremony ?? lastCeremony(folder)
  const path = places.transcript(folder, first)
  const text = readLines(path, 'the transcript')
  const transcript = readClosedTranscript(text, path)
  const generations = transcript.conduct.opened.generations.map((generation) => readGenerationFiles(folder, generation))
  for (const { manifest } of generations) requireSealed(folder, manifest)
  const earlier = first > 1 && existsSync(places.generation(folder, first - 1)) ? readGenerationFiles(folder, first - 1).rules.signers.fingerprints : []
  const toSign = {
    transcript: text,
    manifests: new Map(generations.map(({ manifest }) => [manifest.generation, manifestFile(manifest)])),
    manifestSigners: [...new Set([...generations.flatMap(({ rules }) => rules.signers.fingerprints), ...earlier])],
  }
  const signed: SignedLater = { custody: folder, transcript: path, transcriptSha256: transcript.sha256, signatures: [] }
  for (const [role, how] of signatures) {
    const name = transcript.conduct.people.find((one) => one.role === role)?.name ?? role
    const one = await signAll(toSign, role, name, await signerOf(how))
    writeSignatures(folder, first, [one])
    signed.signatures.push({ role, name, fingerprint: one.fingerprint, manifests: [...one.manifests.keys()] })
  }
  return signed
}

function lastCeremony(folder: string): number {
  const numbers = existsSync(places.records(folder)) ? readdirSync(places.records(folder)).flatMap((name) => /^ceremony-from-generation-(\d{1,4})\.jsonl$/.exec(name)?.[1] ?? []).map(Number) : []
  if (numbers.length === 0) throw new GlasskeyError('FILE_MISSING', `there is no transcript in ${places.records(folder)}`, 'Is it the right folder? For an outbox: --outbox DIR.')
  return Math.max(...numbers)
}
