/** What a ceremony leaves in public: the files of a generation, the record, the logbook's entry. */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { rulesFile, type Rules } from '../custody/rules.js'
import { manifestFile } from '../custody/manifest.js'
import { signersOf, withRenewed } from '../custody/signatures.js'
import { places } from '../host/sealed-folder.js'
import { makeFolder, moveTo, readText, replaceFile, writable, writeNew } from '../host/disk.js'
import type { MadeGeneration } from './generations.js'
import type { Signer } from './signers.js'
import type { Signed, SignedBefore, ToSign } from './signing.js'

/** Writes `generations/<n>/` into a custody folder or an outbox, whole or not at all. */
export function writeGeneration(folder: string, made: Pick<MadeGeneration, 'manifest' | 'envelope'>, rules: Rules, signature: Uint8Array | null = null): void {
  const place = places.generation(folder, made.manifest.generation)
  const beside = `${place}.new`
  writable(beside, () => {
    rmSync(beside, { recursive: true, force: true })
  })
  makeFolder(beside)
  writeNew(join(beside, 'manifest.json'), manifestFile(made.manifest))
  writeNew(join(beside, 'rules.json'), rulesFile(rules))
  writeNew(join(beside, 'public.pem'), made.manifest.publicKeyPem)
  writeNew(join(beside, 'envelope.pgp'), made.envelope)
  if (signature !== null) writeNew(join(beside, 'manifest.json.asc'), signature)
  moveTo(place, beside)
}

/** Where the printed record of a ceremony lies, by the number of its first generation. */
export function recordPath(folder: string, firstGeneration: number): string {
  return join(folder, 'records', `ceremony-from-generation-${firstGeneration}.pdf`)
}

/** Where a paper that people sign lies, beside the record. */
export function paperPath(folder: string, firstGeneration: number, name: string): string {
  return join(folder, 'records', `ceremony-from-generation-${firstGeneration}-${name}`)
}

/** Names of the papers of one ceremony in a folder or an outbox. */
export function papersOf(folder: string, firstGeneration: number): string[] {
  const prefix = `ceremony-from-generation-${firstGeneration}-`
  return readdirSync(places.records(folder)).filter((name) => name.startsWith(prefix) && name.endsWith('.pdf')).map((name) => name.slice(prefix.length))
}

/** What a key has signed of a ceremony's files already. Throws SUCCESSOR_UNTRUSTED for signatures that cannot be read. */
export async function signedBefore(folder: string, firstGeneration: number, { transcript, manifests }: ToSign, { fingerprint, publicKey }: Pick<Signer, 'fingerprint' | 'publicKey'>): Promise<SignedBefore> {
  const isSigned = async (text: string, path: string): Promise<boolean> => existsSync(path) && (await signersOf(text, readText(path, 'the signatures'), [publicKey], path)).includes(fingerprint)
  const before = { transcript: await isSigned(transcript, transcriptSignatures(folder, firstGeneration)), manifests: [] as number[] }
  for (const [generation, text] of manifests) if (await isSigned(text, places.signatures(folder, generation))) before.manifests.push(generation)
  return before
}

/** The signatures with the public key as it is to lie in a folder: beside one of an earlier time, by which other signatures verify. Throws SUCCESSOR_UNTRUSTED. */
export async function besideEarlier(folder: string, signed: Signed): Promise<Signed> {
  const key = keyPath(folder, signed.fingerprint)
  return existsSync(key) ? { ...signed, publicKey: await withRenewed(readText(key, 'a signer\'s public key'), signed.publicKey) } : signed
}

/** Adds signatures to those that are there, and the public keys by which they verify. */
export function writeSignatures(folder: string, firstGeneration: number, signatures: readonly Signed[]): void {
  for (const { fingerprint, publicKey, transcript, manifests } of signatures) {
    const key = keyPath(folder, fingerprint)
    makeFolder(places.signers(folder))
    if (!existsSync(key)) writeNew(key, publicKey)
    else if (readText(key, 'a signer\'s public key') !== publicKey) replaceFile(key, publicKey)
    if (transcript !== null) addBlock(transcriptSignatures(folder, firstGeneration), transcript)
    for (const [generation, block] of manifests) addBlock(places.signatures(folder, generation), block)
  }
}

function keyPath(folder: string, fingerprint: string): string {
  return join(places.signers(folder), `${fingerprint}.asc`)
}

function transcriptSignatures(folder: string, firstGeneration: number): string {
  return `${places.transcript(folder, firstGeneration)}.asc`
}


/** Signers work apart: each has a block of their own, and none is lost while another is added. */
function addBlock(path: string, block: string): void {
  replaceFile(path, (existsSync(path) ? readText(path, 'the signatures') : '') + block)
}
