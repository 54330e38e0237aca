/** Who signed the transcripts and the manifests of the ceremonies, by the public keys that lie in the folder. */
import { existsSync } from 'node:fs'
import { manifestFile } from '../custody/manifest.js'
import { asWords } from '../custody/fields.js'
import { namesOfKey, signersOf } from '../custody/signatures.js'
import { GlasskeyError } from '../errors.js'
import { readLines, readText } from '../host/disk.js'
import { places } from '../host/sealed-folder.js'
import { signerTexts } from '../host/signed-manifest.js'
import type { FiledGeneration } from './dossier.js'
import { readingOf, type Reading } from './reading.js'

/** Somebody who signed, as the owner of that key calls it: nobody else vouches for the name. */
export interface NamedSigner {
  /** 40 upper-case hex digits. */
  fingerprint: string
  userIds: string[]
}

/** One ceremony's signatures, verified. */
export interface SignedCeremony {
  /** Generation that it made first. */
  first: number
  rehearsal: boolean
  /** The administrator that the transcript names; null in a rehearsal without people. */
  administrator: string | null
  /** Those who signed the transcript. */
  transcript: NamedSigner[]
  /** Fingerprints of those who signed each manifest. */
  manifests: { generation: number; signers: string[] }[]
}

/** The ceremonies whose transcripts can be read, in order. */
export async function readCeremonySignatures(folder: string, generations: readonly FiledGeneration[]): Promise<Reading<SignedCeremony>[]> {
  const firsts = new Map<number, boolean>()
  for (const { transcript } of generations) if (transcript.read) firsts.set(transcript.value.conduct.opened.generations[0] ?? 0, transcript.value.conduct.opened.rehearsal)
  return Promise.all([...firsts].map(([first, rehearsal]) => readingOf(() => readCeremony(folder, generations, first, rehearsal))))
}

async function readCeremony(folder: string, generations: readonly FiledGeneration[], first: number, rehearsal: boolean): Promise<SignedCeremony> {
  const keys = signerTexts(folder)
  const path = places.transcript(folder, first)
  const mine = generations.flatMap(({ manifest, transcript }) => (manifest.read && transcript.read && transcript.value.conduct.opened.generations[0] === first ? [manifest.value] : []))
  const people = generations.flatMap(({ transcript }) => (transcript.read && transcript.value.conduct.opened.generations[0] === first ? transcript.value.conduct.people : []))
  return {
    first,
    rehearsal,
    administrator: people.find(({ role }) => role === 'administrator')?.name ?? null,
    transcript: await named(await every(readLines(path, 'the transcript'), `${path}.asc`, keys), keys),
    manifests: await Promise.all(
      mine.map(async (manifest) => ({ generation: manifest.generation, signers: await every(manifestFile(manifest), places.signatures(folder, manifest.generation), keys) })),
    ),
  }
}

/** Signers of a text, when every block of its .asc is a good one of somebody whose key is there. Throws SIGNATURE_INVALID. */
async function every(text: string, path: string, keys: readonly string[]): Promise<string[]> {
  if (!existsSync(path)) return []
  const armored = readText(path, 'the signatures')
  const signers = await signersOf(text, armored, keys, path)
  const blocks = armored.split('-----BEGIN PGP SIGNATURE-----').length - 1
  if (signers.length < blocks) throw new GlasskeyError('SIGNATURE_INVALID', `${path} has ${blocks} signatures, of which ${signers.length} verify with different keys in signers/`, 'gpg --verify says which, and of which key.')
  return signers
}

/** Signers with the names that their keys carry. */
function named(fingerprints: readonly string[], publicKeys: readonly string[]): Promise<NamedSigner[]> {
  return Promise.all(fingerprints.map(async (fingerprint) => ({ fingerprint, userIds: (await namesOfKey(fingerprint, publicKeys)).map(asWords) })))
}
