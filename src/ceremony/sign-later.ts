/** `glasskey ceremony sign`: a signature that was missing when the ceremony ended. */
import { existsSync } from 'node:fs'
import { manifestFile } from '../custody/manifest.js'
import { GlasskeyError } from '../errors.js'
import { signersOf, type SignedManifest } from '../custody/signatures.js'
import { readLines } from '../host/disk.js'
import { places } from '../host/sealed-folder.js'
import { signedManifestIn } from '../host/signed-manifest.js'
import { ceremoniesIn, readGenerationFiles, requireSealed } from '../host/sealed-set.js'
import { readClosedTranscript } from '../record/transcript.js'
import { countInWords, countSigners, demandsOf } from './enough-signers.js'
import { besideEarlier, signedBefore, writeSignatures } from './folder-files.js'
import { signerOf } from './signers.js'
import { signAll, whyNoSigner, type SigningRole } from './signing.js'

/** What is to be signed. */
export interface SigningLater {
  /** The custody folder, or an outbox. */
  folder: string
  /** The custody folder that an outbox will be imported into: its rules name signers too. */
  custody: string
  /** The generation that the ceremony made first; the last ceremony when undefined. */
  ceremony: number | undefined
}

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
 * passed over: who was stopped half-way signs again, and what is missing is added. `told` says for each signer what was added and what
 * was there before, and who of those whom the rules need has signed.
 * Throws SET_NOT_SEALED, SIGNING_FAILED, SIGNATURE_INVALID, SUCCESSOR_UNTRUSTED.
 */
export async function signLater({ folder, custody, ceremony }: SigningLater, signatures: readonly (readonly [SigningRole, string])[]): Promise<{ signed: SignedLater; told: string[] }> {
  const first = ceremony ?? lastCeremony(folder)
  const path = places.transcript(folder, first)
  const text = readLines(path, 'the transcript')
  const transcript = readClosedTranscript(text, path)
  const generations = transcript.conduct.opened.generations.map((generation) => readGenerationFiles(folder, generation))
  for (const { manifest } of generations) requireSealed(folder, manifest)
  const before = [folder, custody].find((place) => existsSync(places.generation(place, first - 1)))
  const earlier = before === undefined ? [] : [{ generation: first - 1, signers: readGenerationFiles(before, first - 1).rules.signers }]
  const demands = [...earlier, ...generations.map(({ manifest: { generation }, rules: { signers } }) => ({ generation, signers }))]
  const toSign = {
    transcript: text,
    manifests: new Map(generations.map(({ manifest }) => [manifest.generation, manifestFile(manifest)])),
    manifestSigners: [...new Set(demands.flatMap(({ signers }) => signers.fingerprints))],
  }
  const signed: SignedLater = { custody: folder, transcript: path, transcriptSha256: transcript.sha256, signatures: [] }
  const told: string[] = []
  for (const [role, how] of signatures) {
    const name = transcript.conduct.people.find((one) => one.role === role)?.name ?? role
    const signer = await signerOf(how)
    const { fingerprint } = signer
    const already = await signedBefore(folder, first, toSign, signer)
    const one = await signAll(toSign, role, name, signer, already)
    writeSignatures(folder, first, [await besideEarlier(folder, one)])
    const manifests = [...one.manifests.keys()]
    const added = called(one.transcript !== null, manifests)
    const there = called(already.transcript, already.manifests)
    if (added !== '') signed.signatures.push({ role, name, fingerprint, manifests })
    const who = `${name}, ${role}, ${fingerprint}`
    told.push([added === '' ? `Nothing is left to sign for ${who}.` : `Signed by ${who}: ${added}.`, ...(there === '' ? [] : [`Signed with this key before: ${there}.`])].join(' '))
    const stranger = await whyNoSigner(toSign.manifestSigners, signer)
    if (stranger !== null) told.push(stranger)
  }
  const onFile = await Promise.all(generations.map(({ manifest }) => signersOnFile(signedManifestIn(folder, manifest, [...new Set([folder, custody])]))))
  for (const count of countSigners(demandsOf(demands), onFile)) told.push(`The manifests are ${countInWords(count)}${count.signed.length < count.needed ? `. Missing: ${count.missing.join(', ')}` : ''}.`)
  return { signed, told }
}

async function signersOnFile({ generation, text, signature, publicKeys }: SignedManifest): Promise<string[]> {
  return signature === null ? [] : signersOf(text, signature, publicKeys, `manifest.json.asc of GENERATION ${generation}`)
}

function called(transcript: boolean, manifests: readonly number[]): string {
  return [...(transcript ? ['the transcript'] : []), ...(manifests.length > 0 ? [`the manifests of GENERATION ${manifests.join(', ')}`] : [])].join(' and ')
}

function lastCeremony(folder: string): number {
  const numbers = ceremoniesIn(folder)
  if (numbers.length === 0) throw new GlasskeyError('FILE_MISSING', `there is no transcript in ${places.records(folder)}`, 'Is it the right folder? For an outbox: --outbox DIR.')
  return Math.max(...numbers)
}
