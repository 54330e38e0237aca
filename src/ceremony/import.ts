/** Bringing a later ceremony back over the air gap: verified against the folder, then appended to it. */
import { existsSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { manifestDigest, manifestFile, parseManifest, type Manifest } from '../custody/manifest.js'
import { sealedRules, type Rules } from '../custody/rules.js'
import { envelopeDigest } from '../custody/envelope.js'
import { checkSigners, fingerprintIn, newSignatures, withRenewed } from '../custody/signatures.js'
import { jsonIn } from '../canonical.js'
import { GlasskeyError } from '../errors.js'
import { wallClock } from '../host/clock.js'
import { readCustodyFolder, type CustodyFolder } from '../host/custody-folder.js'
import { checkPlaces, enteredOtherwise, numbersIn, places } from '../host/sealed-folder.js'
import { signedManifestIn, signerKeys, signerTexts } from '../host/signed-manifest.js'
import { requireSealed } from '../host/sealed-set.js'
import { FILE_LIMITS, makeFolder, readBytes, readLines, readText, replaceFile, writeNew } from '../host/disk.js'
import { LineFile } from '../host/line-file.js'
import { takeLock } from '../host/lock.js'
import { contradictionOf } from '../record/ceremony-entry.js'
import { EMPTY } from '../record/chain.js'
import { logbookEntry, readLogbook, type LogbookEntry, type NewLogbookEntry } from '../record/logbook.js'
import { readTranscript } from '../record/transcript.js'
import { paperPath, papersOf, recordPath, writeGeneration } from './folder-files.js'

/** What an import brought. */
export interface Imported {
  custody: string
  generations: number[]
  /** The entry of its ceremony. */
  logbook: number
  /** Whether an earlier import made that entry, and this one added what had been missing. */
  before: boolean
  /** What lies beside the generations and was brought or added to, by its name in a folder. */
  brought: string[]
  /** What a ceremony leaves, and this outbox does not have. */
  missing: string[]
  /** Whether the outbox has another custody.yaml than the folder; which is right is for people to say. */
  custodyYamlDiffers: boolean
}

/** Verifies an outbox and appends it; what an earlier import of it could not find is added. Throws OUTPUT_EXISTS when nothing is new, FOLDER_ALTERED, MANIFEST_INVALID, SET_NOT_SEALED, SUCCESSOR_UNTRUSTED; then nothing was changed. */
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
  if (!existsSync(places.entry(outbox))) throw noOutbox(outbox)
  if (!existsSync(places.generations(outbox))) throw altered('it holds no generations')
  checkPlaces(outbox)
  const numbers = numbersIn(places.generations(outbox))
  const entry = readEntry(outbox)
  const [first = 0] = numbers
  const before = folder.generations.find(({ manifest }) => manifest.generation === first - 1)
  if (!before) throw altered(`it begins with generation ${first}, and the folder has ${folder.generations.length}`)
  const found = numbers.map((number) => readOutboxGeneration(outbox, number))
  checkChain(found.map(({ manifest }) => manifest), before.manifest)
  checkEntry(entry, found.map(({ manifest }) => manifest))
  for (const { manifest } of found) checkTranscript(outbox, manifest, entry, found.map((one) => one.manifest))
  await checkSignerKeys(outbox)
  for (const { manifest } of found) await checkSigners(signedManifestIn(outbox, manifest, [folder.path, outbox]), before.rules.signers)
  refuseOthers(folder, found.map(({ manifest }) => manifest))
  refuseEntered(folder, found.map(({ manifest }) => manifest))

  // All that the outbox has is read before anything is written: it may be on a stick that dies.
  const signatures = new Map(found.map(({ manifest: { generation } }) => [generation, signaturesIn(outbox, generation)]))
  const custodyYamlDiffers = readText(places.custody(outbox), 'custody.yaml') !== readText(places.custody(folder.path), 'custody.yaml')
  const beside = await besideGenerations(folder, outbox, found.map(({ manifest }) => manifest))
  const missing = missingIn(outbox, found)
  const entered = enteredAs(folder, found.map(({ manifest }) => manifest))
  // An import that was interrupted left whole generations behind and no entry; a folder that was copied by halves, an entry and not all generations.
  const absent = found.filter(({ manifest: { generation } }) => !folder.generations.some((one) => one.manifest.generation === generation))
  if (entered !== null && beside.length + absent.length === 0) throw new GlasskeyError('OUTPUT_EXISTS', `this outbox was imported already: logbook entry ${entered}`, missing.length === 0 ? 'Nothing is left to do.' : `Nothing is new. Not in the outbox: ${missing.join(', ')}`)

  for (const { manifest, rules, envelope } of absent) {
    writeGeneration(folder.path, { manifest, envelope }, rules, signatures.get(manifest.generation) ?? null)
  }
  for (const { name, bytes } of beside) {
    const to = join(folder.path, name)
    makeFolder(dirname(to))
    if (existsSync(to)) replaceFile(to, bytes)
    else writeNew(to, bytes)
  }
  const logbook = entered ?? LineFile.open<LogbookEntry, NewLogbookEntry>(places.logbook(folder.path), readLogbook, wallClock).append(entry).line.seq
  return { custody: folder.path, generations: numbers, logbook, before: entered !== null, brought: [...(entered === null ? [] : absent.map(({ manifest }) => relative(custodyPath, places.generation(custodyPath, manifest.generation)))), ...beside.map(({ name }) => name)], missing, custodyYamlDiffers }
}

/** What lies beside generations, by its name in a folder: records and papers that are not there yet, signers' certificates, and signatures that the folder's do not have. */
async function besideGenerations(folder: CustodyFolder, outbox: string, manifests: readonly Manifest[]): Promise<{ name: string; bytes: Uint8Array | string }[]> {
  const first = manifests[0]?.generation ?? 0
  const nameOf = (path: string): string => relative(outbox, path)
  const files = [places.transcript(outbox, first), recordPath(outbox, first), ...papersOf(outbox, first).map((name) => paperPath(outbox, first, name))].map(nameOf)
  const keys = signerKeys(outbox).map((name) => nameOf(join(places.signers(outbox), name)))
  const brought: { name: string; bytes: Uint8Array | string }[] = files.flatMap((name) => {
    if (!existsSync(join(outbox, name))) return []
    const bytes = readBytes(join(outbox, name), 'the record')
    return isThere(join(folder.path, name), bytes) ? [] : [{ name, bytes }]
  })
  for (const name of keys) {
    const [armored, there] = [readText(join(outbox, name), 'a signer\'s public key'), join(folder.path, name)]
    const before = existsSync(there) ? readText(there, 'a signer\'s public key') : null
    brought.push(...(before === null ? [{ name, bytes: armored }] : changed(name, before, await withRenewed(before, armored))))
  }
  const signed = [
    [nameOf(`${places.transcript(outbox, first)}.asc`), readLines(places.transcript(outbox, first), 'the transcript')],
    ...manifests.filter(({ generation }) => folder.generations.some((one) => one.manifest.generation === generation)).map((manifest) => [nameOf(places.signatures(outbox, manifest.generation)), manifestFile(manifest)]),
  ]
  const publicKeys = [folder.path, outbox].flatMap(signerTexts)
  for (const [name = '', text = ''] of signed) {
    if (!existsSync(join(outbox, name))) continue
    const there = existsSync(join(folder.path, name)) ? readText(join(folder.path, name), 'the signatures') : ''
    const armored = readText(join(outbox, name), 'the signatures')
    brought.push(...changed(name, there, there === '' ? armored : there + (await newSignatures(text, there, armored, publicKeys))))
  }
  return brought
}

/** Whether a folder has a file already. One that is empty, or the beginning of what is brought, is what a copy that was broken off has left. */
function isThere(path: string, bytes: Uint8Array): boolean {
  if (!existsSync(path)) return false
  const there = readBytes(path, 'the record')
  return there.length >= bytes.length || !Buffer.from(bytes.subarray(0, there.length)).equals(there)
}

function changed(name: string, there: string, bytes: string): { name: string; bytes: string }[] {
  return bytes === there ? [] : [{ name, bytes }]
}

/** What a ceremony leaves and an outbox does not have: copied by halves, or given by nobody. */
function missingIn(outbox: string, found: readonly { manifest: Manifest; rules: Rules }[]): string[] {
  const first = found[0]?.manifest.generation ?? 0
  const { opened, exceptions } = readTranscript(readLines(places.transcript(outbox, first), 'the transcript')).conduct
  const papers = opened.conduct === 'dialogue' ? [...exceptions.map(({ exception }) => `exception-${exception}.pdf`), 'declaration.pdf'].map((name) => paperPath(outbox, first, name)) : []
  const signed = `${places.transcript(outbox, first)}.asc`
  const manifests = found.filter(({ rules }) => rules.signers.needed > 0).map(({ manifest }) => places.signatures(outbox, manifest.generation))
  // Where nobody conducted, nobody signs.
  const files = [...(opened.conduct === 'dialogue' ? [signed] : []), recordPath(outbox, first), ...papers, ...manifests].filter((path) => !existsSync(path)).map((path) => relative(outbox, path))
  return existsSync(signed) && signerKeys(outbox).length === 0 ? [...files, 'signers/'] : files
}

function signaturesIn(outbox: string, generation: number): Uint8Array | null {
  const path = places.signatures(outbox, generation)
  return existsSync(path) ? readBytes(path, 'the signatures') : null
}

/** Throws FOLDER_ALTERED when the folder has other generations of these numbers. */
function refuseOthers(folder: CustodyFolder, found: readonly Manifest[]): void {
  for (const manifest of found) {
    const there = folder.generations.find((generation) => generation.manifest.generation === manifest.generation)
    if (there && manifestFile(there.manifest) !== manifestFile(manifest)) throw altered(`the folder has another GENERATION ${manifest.generation} already`)
  }
}

/** Throws FOLDER_ALTERED when the logbook knows others of these numbers: no folder with both could be read again. */
function refuseEntered({ logbook }: CustodyFolder, found: readonly Manifest[]): void {
  for (const manifest of found) {
    const entered = enteredOtherwise(manifest, logbook.lines)
    if (entered) throw new GlasskeyError('FOLDER_ALTERED', `entry ${entered.seq} of the logbook names another ${entered.other} of GENERATION ${manifest.generation} than this outbox has`, 'Nothing was changed. That one was lost from the folder, or the entry was made up: compare with the paper book, and fetch an untouched copy of the folder.')
  }
}

/** Number of the logbook's entry of this ceremony; null when it has none. */
function enteredAs({ logbook }: CustodyFolder, found: readonly Manifest[]): number | null {
  return logbook.lines.find((entry) => entry.type === 'ceremony' && entry.generations.some(({ manifestSha256 }) => found.some((manifest) => manifestDigest(manifest) === manifestSha256)))?.seq ?? null
}

function readEntry(outbox: string): Extract<NewLogbookEntry, { type: 'ceremony' }> {
  const value: unknown = jsonIn(readText(places.entry(outbox), 'the outbox\'s logbook entry'))
  if (value === undefined) throw altered('entry.json is not JSON')
  const parsed = logbookEntry.safeParse({ ...(typeof value === 'object' ? value : {}), seq: 1, at: wallClock().toISOString(), prev: EMPTY.sha256 })
  if (!parsed.success || parsed.data.type !== 'ceremony') throw altered('entry.json is not a ceremony\'s entry')
  return value as Extract<NewLogbookEntry, { type: 'ceremony' }>
}

function readOutboxGeneration(outbox: string, number: number): { manifest: Manifest; rules: Rules; envelope: Uint8Array } {
  const place = places.generation(outbox, number)
  const text = readText(join(place, 'manifest.json'), 'the manifest')
  const manifest = parseManifest(text, join(place, 'manifest.json'))
  const envelope = readBytes(join(place, 'envelope.pgp'), 'the envelope', FILE_LIMITS.document)
  if (manifest.generation !== number) throw altered(`generations/${number} holds the manifest of generation ${manifest.generation}`)
  if (envelopeDigest(envelope) !== manifest.envelopeSha256) throw altered(`generations/${number}/envelope.pgp is not the one that its manifest names`)
  return { manifest, envelope, rules: sealedRules(readText(join(place, 'rules.json'), 'the rules'), manifest.rulesSha256) }
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

/** Each is the public key whose fingerprint it is named after: what is brought along as one stays in the folder for good. Throws FOLDER_ALTERED. */
async function checkSignerKeys(outbox: string): Promise<void> {
  for (const name of signerKeys(outbox)) {
    const fingerprint = await fingerprintIn(readText(join(places.signers(outbox), name), 'a signer\'s public key'))
    if (fingerprint === null || `${fingerprint}.asc` !== name) throw altered(`signers/${name} is not the public key of that fingerprint`)
  }
}

function noOutbox(path: string): GlasskeyError {
  const what = existsSync(places.logbook(path)) ? 'is a custody folder, not the outbox of a ceremony' : existsSync(path) ? `is not the outbox of a ceremony: it has no ${basename(places.entry(path))}` : 'is not there'
  return new GlasskeyError('USAGE', `${path} ${what}`, '--outbox DIR names what the ceremony wrote; --custody DIR names the folder that it is brought into. Nothing was changed.')
}

function altered(what: string): GlasskeyError {
  return new GlasskeyError('FOLDER_ALTERED', `the outbox cannot be imported: ${what}`, 'Nothing was changed. Compare both with the ceremony record.')
}
