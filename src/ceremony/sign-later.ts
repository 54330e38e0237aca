/** `glasskey ceremony sign`: a signature that was missing when the ceremony ended. */
import { existsSync, readdirSync } from 'node:fs'
import { manifestFile } from '../custody/manifest.js'
import { GlasskeyError } from '../errors.js'
import { readLines } from '../host/disk.js'
import { places } from '../host/sealed-folder.js'
import { readGenerationFiles, requireSealed } from '../host/sealed-set.js'
import { readClosedTranscript } from '../record/transcript.js'
import { signedBefore, writeSignatures } from './folder-files.js'
import { signerOf } from './signers.js'
import { signAll, type SigningRole } from './signing.js'

/** What was signed. */
export interface SignedLater {
  custody: string
  transcript: string
  transcriptSha256: string
  /** What was added. */
  signatures: { role: SigningRole; name: string; fingerprint: string; manifests: number[] }[]
}

/**
 * Signs the transcript of a ceremony, and its manifests where the rules name the signer. What a key has signed before is
 * passed over: who was stopped half-way signs again, and what is missing is added. `ceremony` is the generation that it
 * made first; the last ceremony when undefined. `told` says for each signer what was added and what was there before.
 * Throws SET_NOT_SEALED, SIGNING_FAILED, SIGNATURE_INVALID, SUCCESSOR_UNTRUSTED.
 */
export async function signLater(folder: string, ceremony: number | undefined, signatures: readonly (readonly [SigningRole, string])[]): Promise<{ signed: SignedLater; told: string[] }> {
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
  const told: string[] = []
  for (const [role, how] of signatures) {
    const name = transcript.conduct.people.find((one) => one.role === role)?.name ?? role
    const signer = await signerOf(how)
    const { fingerprint } = signer
    const before = await signedBefore(folder, first, toSign, signer)
    const one = await signAll(toSign, role, name, signer, before)
    writeSignatures(folder, first, [one])
    const manifests = [...one.manifests.keys()]
    const added = called(one.transcript !== null, manifests)
    const there = called(before.transcript, before.manifests)
    if (added !== '') signed.signatures.push({ role, name, fingerprint, manifests })
    const who = `${name}, ${role}, ${fingerprint}`
    told.push([added === '' ? `Nothing is left to sign for ${who}.` : `Signed by ${who}: ${added}.`, ...(there === '' ? [] : [`Signed with this key before: ${there}.`])].join(' '))
  }
  return { signed, told }
}

function called(transcript: boolean, manifests: readonly number[]): string {
  return [...(transcript ? ['the transcript'] : []), ...(manifests.length > 0 ? [`the manifests of GENERATION ${manifests.join(', ')}`] : [])].join(' and ')
}

function lastCeremony(folder: string): number {
  const numbers = existsSync(places.records(folder)) ? readdirSync(places.records(folder)).flatMap((name) => /^ceremony-from-generation-(\d{1,4})\.jsonl$/.exec(name)?.[1] ?? []).map(Number) : []
  if (numbers.length === 0) throw new GlasskeyError('FILE_MISSING', `there is no transcript in ${places.records(folder)}`, 'Is it the right folder? For an outbox: --outbox DIR.')
  return Math.max(...numbers)
}
