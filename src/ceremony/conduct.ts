/** The ceremony: what is checked, made, proved, printed and written, in that order. One process, no network. */
import { existsSync, readdirSync, statSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join, normalize, resolve } from 'node:path'
import { parseCustodyYaml, type Custody } from '../custody/custody-yaml.js'
import { manifestDigest } from '../custody/manifest.js'
import { GlasskeyError } from '../errors.js'
import { lookForNetwork, requireAirGap } from '../host/air-gap.js'
import type { CustodianKeys } from '../host/custodian-key.js'
import { wallClock } from '../host/clock.js'
import { requireOwnCode } from '../host/environment.js'
import { readCustodyFolder, type CustodyFolder } from '../host/custody-folder.js'
import { places } from '../host/sealed-folder.js'
import { makeFolder, readText, syncFolder, writeNew } from '../host/disk.js'
import { LineFile } from '../host/line-file.js'
import { say } from '../host/terminal.js'
import { assertPrintable } from '../paper/printable.js'
import { canonicalJson } from '../canonical.js'
import { readLogbook, type LogbookEntry, type NewLogbookEntry } from '../record/logbook.js'
import { TOOL } from '../version.js'
import { recordPath, writeGeneration } from './folder-files.js'
import { makeGenerations, type MadeGeneration } from './generations.js'
import { sheetFolder, type SheetFolder } from './memory-folder.js'
import { drawRecord } from './record-page.js'
import { proveSealed, readSealingKeys, type ListedKey } from './sealing-keys.js'
import { sheetsOf, type Sheet } from './sheets.js'

/** What is asked of a ceremony. */
export interface CeremonyRequest {
  /** custody.yaml; the folder's own for a later ceremony when undefined. */
  config: string | undefined
  custody: string
  sheets: string | undefined
  /** Where a later ceremony puts what goes back over the air gap. */
  outbox: string | undefined
  rehearsal: boolean
  /** With what custodians prove that their sealed shares open. */
  keys: CustodianKeys
}

/** What a ceremony made; nothing secret. */
export interface CeremonyResult {
  custody: string
  outbox: string | null
  sheets: string
  sheetFiles: string[]
  record: string
  rehearsal: boolean
  generations: { generation: number; keyId: string; spkiSha256: string; fingerprint: string; manifestSha256: string }[]
}

/** Generations that should wait after every later ceremony. */
const WAITING = 2

/** Conducts a ceremony. Nothing that exists is overwritten, and nothing is released unless everything was proved. */
export async function conductCeremony(request: CeremonyRequest): Promise<CeremonyResult> {
  if (!request.rehearsal) requireOwnCode(process.env)
  const started = wallClock()
  putBack(request.custody)
  const earlier = existsSync(join(request.custody, 'generations')) ? readCustodyFolder(request.custody) : null
  const configPath = request.config ?? places.custody(request.custody)
  const configText = readText(configPath, 'custody.yaml')
  const custody = parseCustodyYaml(configText, configPath)
  checkNames(custody)
  const sealingKeys = await readSealingKeys(custody, configPath, started)
  const plan = planFor(request, custody, earlier)
  const gap = lookForNetwork()
  if (!request.rehearsal) requireAirGap(gap)
  const folder = sheetFolder(request.sheets)

  say(request.rehearsal ? 'REHEARSAL: everything made now is marked so for ever and opens nothing real.' : 'No network: this machine has no interface with a carrier and no default route.', 'strong')
  say(`Making ${plan.count} ${plan.count === 1 ? 'key' : 'keys'} of ${custody.keySize} bits …`)
  const made = await makeGenerations({
    custody,
    rehearsal: request.rehearsal,
    ...plan,
    sealingKeys,
    now: started,
    onMade: (generation) => {
      say(`GENERATION ${generation}: sealed, split ${custody.threshold} of ${custody.custodians.length}, every quorum proved.`)
    },
  })
  const unproved = await proveSealed(made, request.keys)
  const sheets = await printSheets(made, custody, sealingKeys, folder)
  const exceptions = [...(request.rehearsal ? ['rehearsal'] : []), ...(folder.inMemory ? [] : [`sheets were written to ${folder.fact}`]), ...unproved]
  const machine = [
    { fact: 'Network', found: gap.ways.length === 0 ? `none (${gap.looked})` : gap.ways.join('; ') },
    { fact: 'Sheets', found: folder.fact },
    { fact: 'Node', found: process.version },
  ]
  const record = await drawRecord(custody, made, { rehearsal: request.rehearsal, started, ended: wallClock(), machine, sheets, exceptions })
  const entry = ceremonyEntry(custody, made, request.rehearsal, machine, exceptions)
  const target = earlier === null ? request.custody : (request.outbox ?? '')
  writeWhole(target, (path) => {
    writeNew(places.custody(path), configText)
    for (const key of sealingKeys.values()) copyKey(path, key)
    for (const generation of made) writeGeneration(path, generation, custody.rules)
    makeFolder(join(path, 'records'))
    writeNew(recordPath(path, plan.first), record)
    if (earlier === null) LineFile.open<LogbookEntry, NewLogbookEntry>(places.logbook(path), readLogbook, wallClock).append(entry)
    else writeNew(join(path, 'entry.json'), canonicalJson(entry) + '\n')
  })
  return {
    custody: request.custody,
    outbox: earlier === null ? null : target,
    sheets: folder.path,
    sheetFiles: sheets.map(({ name }) => name),
    record: recordPath(target, plan.first),
    rehearsal: request.rehearsal,
    generations: made.map(({ manifest }) => ({
      generation: manifest.generation,
      keyId: manifest.keyId,
      spkiSha256: manifest.spkiSha256,
      fingerprint: manifest.fingerprint,
      manifestSha256: manifestDigest(manifest),
    })),
  }
}

interface Plan {
  first: number
  count: number
  previousManifestSha256: string | null
}

function planFor(request: CeremonyRequest, custody: Custody, earlier: CustodyFolder | null): Plan {
  if (earlier === null) {
    if (request.outbox !== undefined) throw new GlasskeyError('USAGE', 'the first ceremony writes the custody folder itself; it has no outbox', 'Leave --outbox away.')
    refuseOther(request.custody, custody)
    return { first: 1, count: custody.generations, previousManifestSha256: null }
  }
  if (request.outbox === undefined) {
    throw new GlasskeyError('USAGE', `${request.custody} has generations already: a later ceremony writes an outbox`, 'Name it with --outbox, and import it online with glasskey ceremony import.')
  }
  refuseOther(request.outbox, custody)
  const last = earlier.generations.at(-1)?.manifest
  if (!last) throw new GlasskeyError('FOLDER_ALTERED', 'the folder has no last generation')
  if (last.rehearsal !== request.rehearsal) {
    throw new GlasskeyError('REHEARSAL_MISMATCH', `this custody folder is ${last.rehearsal ? 'a rehearsal' : 'real'}, and stays so for ever`, last.rehearsal ? 'Use --rehearsal.' : 'Leave --rehearsal away.')
  }
  if (last.tenancy !== custody.tenancy || last.user !== custody.user) throw new GlasskeyError('CONFIG_INVALID', 'custody.yaml names another tenancy or user than the generations before', 'A new user needs a new custody folder.')
  const waiting = earlier.standings.filter(({ state }) => state === 'waiting').length
  if (waiting >= WAITING) throw new GlasskeyError('REFUSED', `${waiting} generations are waiting already; no ceremony is needed`, 'glasskey status says when one is.')
  return { first: last.generation + 1, count: WAITING - waiting, previousManifestSha256: manifestDigest(last) }
}

/** Throws OUTPUT_EXISTS when a folder that is to be made holds anything but custody.yaml and the keys that it names. */
function refuseOther(path: string, { custodians }: Custody): void {
  const ours = ['custody.yaml', ...custodians.flatMap(({ openpgpKey }) => (openpgpKey === null ? [] : [normalize(openpgpKey)]))]
  const names = existsSync(path) ? readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) => !ours.includes(name) && !(statSync(join(path, name)).isDirectory() && ours.some((file) => file.startsWith(`${name}/`)))) : []
  if (names.length > 0) throw new GlasskeyError('OUTPUT_EXISTS', `${path} is not empty (${names.slice(0, 3).join(', ')})`, 'Name a new folder.')
}

/** Refuses a name that cannot be printed before anything is made. Throws SCRIPT_UNSUPPORTED. */
function checkNames(custody: Custody): void {
  assertPrintable(custody.owner.team, 'owner.team')
  assertPrintable(custody.owner.contact, 'owner.contact')
  for (const { number, name, copies } of custody.custodians) {
    assertPrintable(name, `the name of custodian ${number}`)
    for (const { copy, bag } of copies) if (bag !== null) assertPrintable(bag, `the bag of custodian ${number}, copy ${copy}`)
  }
}

async function printSheets(made: readonly MadeGeneration[], custody: Custody, sealingKeys: ReadonlyMap<number, ListedKey>, folder: SheetFolder): Promise<Omit<Sheet, 'pdf'>[]> {
  const printed: Omit<Sheet, 'pdf'>[] = []
  const total = made.length * custody.custodians.reduce((sum, { copies }) => sum + copies.length, 0)
  const unfinished: { path: string; pdf: Uint8Array }[] = []
  for (const generation of made) {
    for await (const { pdf, ...sheet } of sheetsOf(generation, custody, sealingKeys)) {
      unfinished.push({ path: join(folder.path, sheet.name), pdf })
      printed.push(sheet)
      if (printed.length % 6 === 0 || printed.length === total) say(`Sheets drawn and read back: ${printed.length} of ${total}.`)
    }
  }
  // Only a whole set is released: nothing is written before every page was proved.
  for (const { path, pdf } of unfinished) writeNew(path, pdf, 0o600)
  return printed
}

/** A custodian's key beside the custody.yaml that names it. */
function copyKey(folder: string, { path, armored }: ListedKey): void {
  makeFolder(dirname(join(folder, path)))
  writeNew(join(folder, path), armored)
}

function ceremonyEntry(custody: Custody, made: readonly MadeGeneration[], rehearsal: boolean, machine: { fact: string; found: string }[], exceptions: string[]): Extract<NewLogbookEntry, { type: 'ceremony' }> {
  return {
    type: 'ceremony',
    format: 1,
    rehearsal,
    tenancy: custody.tenancy,
    user: custody.user,
    threshold: custody.threshold,
    custodians: custody.custodians.length,
    generations: made.map(({ manifest }) => ({ generation: manifest.generation, keyId: manifest.keyId, spkiSha256: manifest.spkiSha256, manifestSha256: manifestDigest(manifest) })),
    machine: machine.map(({ fact, found }) => `${fact}: ${found}`),
    exceptions,
    tool: TOOL,
  }
}

/** Writes a folder beside its place and moves it there in one step. A custody.yaml that was there is kept aside until then. */
function writeWhole(target: string, fill: (path: string) => void): void {
  const beside = join(dirname(target), `${besidePrefix(target)}${process.pid}`)
  try {
    makeFolder(beside)
    fill(beside)
    const before = `${beside}${ASIDE}`
    if (existsSync(target)) renameSync(target, before)
    renameSync(beside, target)
    syncFolder(dirname(target))
    rmSync(before, { recursive: true, force: true })
  } finally {
    rmSync(beside, { recursive: true, force: true })
  }
}

/** A ceremony that died between its last two steps left custody.yaml aside: it is where it was, before another begins. */
function putBack(target: string): void {
  const parent = dirname(resolve(target))
  if (existsSync(target) || !existsSync(parent)) return
  const aside = readdirSync(parent).find((name) => name.startsWith(besidePrefix(target)) && name.endsWith(ASIDE))
  if (aside !== undefined) renameSync(join(parent, aside), target)
}

const ASIDE = '.before'

function besidePrefix(target: string): string {
  return `.${basename(target)}.new-`
}
