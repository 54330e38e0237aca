/** Bringing a later ceremony back over the air gap: verified against the folder, then appended to it. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { manifestDigest, parseManifest, type Manifest } from '../custody/manifest.js'
import { sealedRules } from '../custody/rules.js'
import { envelopeDigest } from '../custody/envelope.js'
import { checkSigners, fingerprintIn } from '../custody/signatures.js'
import { jsonIn } from '../canonical.js'
import { GlasskeyError } from '../errors.js'
import { wallClock } from '../host/clock.js'
import { readCustodyFolder, type CustodyFolder } from '../host/custody-folder.js'
import { checkPlaces, numbersIn, places } from '../host/sealed-folder.js'
import { requireSealed } from '../host/sealed-set.js'
import { FILE_LIMITS, makeFolder, readBytes, readText, writeNew } from '../host/disk.js'
import { LineFile } from '../host/line-file.js'
import { takeLock } from '../host/lock.js'
import { contradictionOf } from '../record/ceremony-entry.js'
import { EMPTY } from '../record/chain.js'
import { logbookEntry, readLogbook, type LogbookEntry, type NewLogbookEntry } from '../record/logbook.js'
import { paperPath, papersOf, recordPath, writeGeneration } from './folder-files.js'

/** What an import brought. */
export interface Imported {
  custody: string
  generations: number[]
  logbook: number
  /** Whether the outbox has another custody.yaml than the folder; which is right is for people to say. */
  custodyYamlDiffers: boolean
}

/** Verifies an outbox and appends it. Throws FOLDER_ALTERED, MANIFEST_INVALID, SET_NOT_SEALED, SUCCESSOR_UNTRUSTED; then nothing was changed. */
export async function importOutbox(custodyPath: string, outbox: string): Promise<Imported> {
  const release = takeLock(places.lock(custodyPath), 'ceremony import', wallClock())
  try {
    return await importLocked(custodyPath, outbox)
  } finally {
    release()
  }
}

async function importLocked(custodyPath: string, outbox: string): Promise<Imported> {
  const folder = readCustodyFolder(custodyPath)
  if (!existsSync(join(outbox, 'generations'))) throw altered('it holds no generations')
  checkPlaces(outbox)
  const numbers = numbersIn(join(outbox, 'generations'))
  const entry = readEntry(outbox)
  const [first = 0] = numbers
  const before = folder.generations.find(({ manifest }) => manifest.generation === first - 1)
  if (!before) throw altered(`it begins with generation ${first}, and the folder has ${folder.generations.length}`)
  const found = numbers.map((number) => readOutboxGeneration(outbox, number))
  checkChain(found.map(({ manifest }) => manifest), before.manifest)
  checkEntry(entry, found.map(({ manifest }) => manifest))
  for (const { manifest } of found) checkTranscript(outbox, manifest, entry, found.map((one) => one.manifest))
  await checkSignerKeys(outbox)
  for (const { manifest, text } of found) await checkSignatures(folder, outbox, manifest, text, before.rules.signers)
  refuseImported(folder, found.map(({ manifest }) => manifest))

  // All that the outbox has is read before anything is written: it may be on a stick that dies.
  const transcript = places.transcript(outbox, first)
  const papers = [
    [transcript, places.transcript(folder.path, first)],
    [`${transcript}.asc`, `${places.transcript(folder.path, first)}.asc`],
    [recordPath(outbox, first), recordPath(folder.path, first)],
    ...papersOf(outbox, first).map((name) => [paperPath(outbox, first, name), paperPath(folder.path, first, name)] as const),
    ...signerKeys(outbox).map((name) => [join(places.signers(outbox), name), join(places.signers(folder.path), name)] as const),
  ].flatMap(([from = '', to = '']) => (existsSync(from) && !existsSync(to) ? [{ to, bytes: readBytes(from, 'the record') }] : []))
  const signatures = new Map(numbers.map((number) => [number, join(places.generation(outbox, number), 'manifest.json.asc')] as const).map(([number, path]) => [number, existsSync(path) ? readBytes(path, 'the signatures') : null]))
  const custodyYamlDiffers = readText(places.custody(outbox), 'custody.yaml') !== readText(places.custody(folder.path), 'custody.yaml')

  // An import that was interrupted left whole generations behind and no entry: what is there already is not written again.
  for (const { manifest, rules, envelope } of found.filter(({ manifest: { generation } }) => !folder.generations.some((one) => one.manifest.generation === generation))) {
    writeGeneration(folder.path, { manifest, envelope }, rules, signatures.get(manifest.generation) ?? null)
  }
  makeFolder(places.records(folder.path))
  makeFolder(places.signers(folder.path))
  for (const { to, bytes } of papers) writeNew(to, bytes)
  const { line } = LineFile.open<LogbookEntry, NewLogbookEntry>(places.logbook(folder.path), readLogbook, wallClock).append(entry)
  return {
    custody: folder.path,
    generations: numbers,
    logbook: line.seq,
    custodyYamlDiffers,
  }
}

/** Throws OUTPUT_EXISTS when nothing is left to import, FOLDER_ALTERED when the folder has other generations of these numbers. */
function refuseImported(folder: CustodyFolder, found: readonly Manifest[]): void {
  for (const manifest of found) {
    const there = folder.generations.find((generation) => generation.manifest.generation === manifest.generation)
    if (there && (manifestDigest(there.manifest) !== manifestDigest(manifest) || there.manifest.envelopeSha256 !== manifest.envelopeSha256)) {
      throw altered(`the folder has another GENERATION ${manifest.generation} already`)
    }
  }
  const entered = folder.logbook.lines.find((entry) => entry.type === 'ceremony' && entry.generations.some(({ manifestSha256 }) => found.some((manifest) => manifestDigest(manifest) === manifestSha256)))
  if (entered) throw new GlasskeyError('OUTPUT_EXISTS', `this outbox was imported already: logbook entry ${entered.seq}`, 'Nothing is left to do.')
}

function readEntry(outbox: string): Extract<NewLogbookEntry, { type: 'ceremony' }> {
  const value: unknown = jsonIn(readText(places.entry(outbox), 'the outbox\'s logbook entry'))
  if (value === undefined) throw altered('entry.json is not JSON')
  const parsed = logbookEntry.safeParse({ ...(typeof value === 'object' ? value : {}), seq: 1, at: wallClock().toISOString(), prev: EMPTY.sha256 })
  if (!parsed.success || parsed.data.type !== 'ceremony') throw altered('entry.json is not a ceremony\'s entry')
  return value as Extract<NewLogbookEntry, { type: 'ceremony' }>
}

function readOutboxGeneration(outbox: string, number: number): { manifest: Manifest; text: string; rules: ReturnType<typeof sealedRules>; envelope: Uint8Array } {
  const place = places.generation(outbox, number)
  const text = readText(join(place, 'manifest.json'), 'the manifest')
  const manifest = parseManifest(text, join(place, 'manifest.json'))
  const envelope = readBytes(join(place, 'envelope.pgp'), 'the envelope', FILE_LIMITS.document)
  if (manifest.generation !== number) throw altered(`generations/${number} holds the manifest of generation ${manifest.generation}`)
  if (envelopeDigest(envelope) !== manifest.envelopeSha256) throw altered(`generations/${number}/envelope.pgp is not the one that its manifest names`)
  return { manifest, text, envelope, rules: sealedRules(readText(join(place, 'rules.json'), 'the rules'), manifest.rulesSha256) }
}

function checkChain(found: readonly Manifest[], last: Manifest): void {
  let before = last
  for (const manifest of found) {
    if (manifest.generation !== before.generation + 1) throw altered(`generation ${before.generation + 1} is expected next, and the outbox has ${manifest.generation}`)
    if (manifest.previousManifestSha256 !== manifestDigest(before)) throw altered(`generation ${manifest.generation} does not follow from generation ${before.generation} of this folder`)
    for (const field of ['tenancy', 'user', 'rehearsal'] as const) if (manifest[field] !== before[field]) throw altered(`generation ${manifest.generation} has another ${field}`)
    before = manifest
  }
}

function checkEntry(entry: Extract<NewLogbookEntry, { type: 'ceremony' }>, found: readonly Manifest[]): void {
  const said = entry.generations.map(({ generation, manifestSha256 }) => `${generation} ${manifestSha256}`)
  const is = found.map((manifest) => `${manifest.generation} ${manifestDigest(manifest)}`)
  if (said.join('\n') !== is.join('\n')) throw altered('entry.json names other manifests than the outbox holds')
}

/** The transcript that the manifest names came with it, and the entry names the same. Throws SET_NOT_SEALED, FOLDER_ALTERED. */
function checkTranscript(outbox: string, manifest: Manifest, entry: Extract<NewLogbookEntry, { type: 'ceremony' }>, all: readonly Manifest[]): void {
  const { sha256, conduct } = requireSealed(outbox, manifest)
  if (entry.transcriptSha256 !== sha256) throw altered('entry.json names another transcript')
  const field = contradictionOf(entry, all, conduct)
  if (field !== null) throw altered(`entry.json says otherwise than the transcript (${field})`)
  if (conduct.opened.previousManifestSha256 === null) throw altered('its transcript is that of a first ceremony')
}

async function checkSignatures(folder: CustodyFolder, outbox: string, manifest: Manifest, text: string, signers: { fingerprints: string[]; needed: number }): Promise<void> {
  const signature = join(places.generation(outbox, manifest.generation), 'manifest.json.asc')
  // Whose a key is says its fingerprint, which the generation before has sealed: so it may come from either.
  const publicKeys = [folder.path, outbox].flatMap((path) => signerKeys(path).map((name) => readText(join(places.signers(path), name), 'a signer\'s public key')))
  await checkSigners({ generation: manifest.generation, text, signature: existsSync(signature) ? readText(signature, 'the signatures') : null, publicKeys }, signers)
}

/** Each is the public key whose fingerprint it is named after: what is brought along as one stays in the folder for good. Throws FOLDER_ALTERED. */
async function checkSignerKeys(outbox: string): Promise<void> {
  for (const name of signerKeys(outbox)) {
    const fingerprint = await fingerprintIn(readText(join(places.signers(outbox), name), 'a signer\'s public key'))
    if (fingerprint === null || `${fingerprint}.asc` !== name) throw altered(`signers/${name} is not the public key of that fingerprint`)
  }
}

/** Names of the public keys of signers. */
function signerKeys(folder: string): string[] {
  return existsSync(places.signers(folder)) ? readdirSync(places.signers(folder)).filter((name) => name.endsWith('.asc')) : []
}

function altered(what: string): GlasskeyError {
  return new GlasskeyError('FOLDER_ALTERED', `the outbox cannot be imported: ${what}`, 'Nothing was changed. Compare both with the ceremony record.')
}
