/** What a ceremony leaves in public: the files of a generation, the record, the logbook's entry. */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { rulesFile, type Rules } from '../custody/rules.js'
import { manifestFile } from '../custody/manifest.js'
import { places } from '../host/sealed-folder.js'
import { makeFolder, moveTo, readText, replaceFile, writeNew } from '../host/disk.js'
import type { MadeGeneration } from './generations.js'
import type { Signed } from './signing.js'

/** Writes `generations/<n>/` into a custody folder or an outbox, whole or not at all. */
export function writeGeneration(folder: string, made: Pick<MadeGeneration, 'manifest' | 'envelope'>, rules: Rules, signature: Uint8Array | null = null): void {
  const place = places.generation(folder, made.manifest.generation)
  const beside = `${place}.new`
  rmSync(beside, { recursive: true, force: true })
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

/** Adds signatures to those that are there, and the public keys by which they verify. */
export function writeSignatures(folder: string, firstGeneration: number, signatures: readonly Signed[]): void {
  for (const { fingerprint, publicKey, transcript, manifests } of signatures) {
    const key = join(places.signers(folder), `${fingerprint}.asc`)
    makeFolder(places.signers(folder))
    if (!existsSync(key)) writeNew(key, publicKey)
    addBlock(`${places.transcript(folder, firstGeneration)}.asc`, transcript)
    for (const [generation, block] of manifests) addBlock(join(places.generation(folder, generation), 'manifest.json.asc'), block)
  }
}

/** Signers work apart: each has a block of their own, and none is lost while another is added. */
function addBlock(path: string, block: string): void {
  replaceFile(path, (existsSync(path) ? readText(path, 'the signatures') : '') + block)
}
