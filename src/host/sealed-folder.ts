/**
 * The custody folder on disk, but for custody.yaml: what is where, read and verified as far as it can be without a quorum.
 * This is all of it that the strongroom reads.
 */
import { join } from 'node:path'
import { inUse, standings, whyNot, type GenerationEvent, type Standing } from '../custody/generation.js'
import { manifestDigest, parseManifest, type Manifest } from '../custody/manifest.js'
import { sealedRules, type Rules } from '../custody/rules.js'
import type { OtherGeneration } from '../custody/share.js'
import { GlasskeyError } from '../errors.js'
import { checkAgreement } from '../record/agreement.js'
import type { Chain } from '../record/chain.js'
import { generationEvents, sessionEvents } from '../record/events.js'
import { readJournal, type JournalLine } from '../record/journal.js'
import { readLogbook, type LogbookEntry } from '../record/logbook.js'
import { replay, type Session } from '../record/replay.js'
import { parseWarrant, warrantDigest, type Warrant } from '../warrant/warrant.js'
import { entryAt, FILE_LIMITS, namesIn, readBytes, readLines, readText } from './disk.js'
import { shellWord } from './terminal.js'

/** One generation as it lies in the folder. */
export interface Generation {
  manifest: Manifest
  rules: Rules
  envelope: Uint8Array
}

/** One session as it lies in the folder. */
export interface StoredSession {
  id: string
  warrant: Warrant
  chain: Chain<JournalLine>
  session: Session
}

/** Generations, logbook and sessions of a custody folder. */
export interface SealedFolder {
  path: string
  generations: Generation[]
  logbook: Chain<LogbookEntry>
  sessions: StoredSession[]
  events: GenerationEvent[]
  standings: Standing[]
}

/** Names inside a custody folder. */
export const places = {
  custody: (folder: string): string => join(folder, 'custody.yaml'),
  generations: (folder: string): string => join(folder, 'generations'),
  generation: (folder: string, generation: number): string => join(folder, 'generations', String(generation)),
  /** What signers signed of its manifest. */
  signatures: (folder: string, generation: number): string => join(folder, 'generations', String(generation), 'manifest.json.asc'),
  records: (folder: string): string => join(folder, 'records'),
  /** The transcript of the ceremony that made this generation first; its signatures lie beside it, with `.asc`. */
  transcript: (folder: string, firstGeneration: number): string => join(folder, 'records', `ceremony-from-generation-${firstGeneration}.jsonl`),
  signers: (folder: string): string => join(folder, 'signers'),
  logbook: (folder: string): string => join(folder, 'logbook.jsonl'),
  measured: (folder: string): string => join(folder, 'measured.json'),
  sessions: (folder: string): string => join(folder, 'sessions'),
  session: (folder: string, id: string): string => join(folder, 'sessions', id),
  /** A session on its way into the folder; by its dot it is none of the sessions. */
  opening: (folder: string): string => join(folder, 'sessions', '.opening'),
  warrant: (folder: string, id: string): string => join(folder, 'sessions', id, 'warrant.json'),
  journal: (folder: string, id: string): string => join(folder, 'sessions', id, 'journal.jsonl'),
  lock: (folder: string): string => join(folder, 'lock'),
  /** In an outbox alone: what its import will enter in the logbook. */
  entry: (outbox: string): string => join(outbox, 'entry.json'),
}

/**
 * Reads and verifies a custody folder: shapes, digests of rules and envelopes, chains, and that manifests, logbook, journals
 * and warrants agree. Throws the error of the first thing that does not hold.
 */
export function readSealedFolder(path: string): SealedFolder {
  checkPlaces(path)
  try {
    return readWhole(path)
  } catch (error) {
    throw besideAlive(error, path)
  }
}

function readWhole(path: string): SealedFolder {
  if (isOutbox(path)) throw new GlasskeyError('USAGE', `${path} is the outbox of a ceremony, not a custody folder`, `glasskey ceremony import --custody DIR --outbox ${shellWord(path)} brings it into the folder DIR; then name that one.`)
  const generations = numbersIn(places.generations(path)).map((number) => readGeneration(path, number))
  if (generations.length === 0) throw new GlasskeyError('FILE_MISSING', `there is no custody in ${path}: it holds no generations`, 'Is it the right folder? A ceremony makes one.')
  checkGenerations(generations)
  const logbookPath = places.logbook(path)
  const logbook = readLogbook(entryAt(logbookPath, 'the logbook') ? readLines(logbookPath, 'the logbook') : '', logbookPath)
  // In the order in which they opened, where a clock was set back between them.
  const sessions = sessionIds(path).map((id) => readSession(path, id)).sort((one, other) => one.warrant.logbook.seq - other.warrant.logbook.seq)
  checkAgreement(logbook, sessions.map(({ id, warrant, chain }) => ({ id, opensAfter: warrant.logbook, chain })))
  // Later generations may be there before their import is entered; the first came with the logbook.
  if (!logbook.lines.some((entry) => entry.type === 'ceremony' && entry.generations.some(({ generation }) => generation === 1))) throw altered(`${logbookPath} ${entryAt(logbookPath, 'the logbook') ? 'does not have the ceremony of GENERATION 1' : 'is missing'}`)
  const manifests = generations.map(({ manifest }) => manifest)
  checkEntered(manifests, logbook, logbookPath)
  const events = generationEvents(logbook.lines, sessions.map(({ session }) => sessionEvents(session, manifests)))
  const sets = manifests.map(({ generation, threshold, shares }) => ({ generation, threshold, shares }))
  return { path, generations, logbook, sessions, events, standings: standings(sets, events) }
}

/** Sessions that are named in an error. */
const MOST_NAMED = 3

/** Whoever fetches an untouched copy is told of sessions here that may have left a key alive: that copy may know nothing of them. */
function besideAlive(error: unknown, path: string): unknown {
  if (!(error instanceof GlasskeyError) || !['FOLDER_ALTERED', 'MANIFEST_INVALID'].includes(error.code)) return error
  const alive = aliveIn(path).slice(-MOST_NAMED)
  if (alive.length === 0) return error
  const said = alive.map(({ id, session }) => `The key of GENERATION ${session.opened.generation} MAY BE ALIVE: bring sessions/${id} of this folder along into that copy, and there: glasskey resume --custody COPY --session ${id}.`)
  return new GlasskeyError(error.code, error.message, [error.hint, ...said].join(' '), { cause: error })
}

/** Sessions whose key was live and is proved dead by none that can be read. Never throws. */
function aliveIn(path: string): StoredSession[] {
  const sessions = attempt(() => sessionIds(path), []).flatMap((id) => attempt(() => [readSession(path, id)], []))
  const dead = new Set(sessions.flatMap(({ session }) => ((session.grade ?? 'unproved') === 'unproved' ? [] : [session.opened.generation])))
  return sessions.filter(({ session }) => session.keyLiveAt !== null && !dead.has(session.opened.generation))
}

function attempt<Found>(look: () => Found, otherwise: Found): Found {
  try {
    return look()
  } catch (error) {
    if (error instanceof GlasskeyError) return otherwise
    throw error
  }
}

/** The generation in use. Throws GENERATION_NOT_IN_USE before the takeover. */
export function generationInUse(folder: SealedFolder): Generation {
  const standing = inUse(folder.standings, folder.events)
  if (!standing) throw new GlasskeyError('GENERATION_NOT_IN_USE', 'no generation is in use: the takeover has not happened', 'glasskey takeover installs the first one.')
  return generationNumber(folder, standing.generation)
}

/** The generation of this number. Throws GENERATION_NOT_IN_USE when the folder has none. */
export function generationNumber(folder: SealedFolder, number: number): Generation {
  const found = folder.generations.find(({ manifest }) => manifest.generation === number)
  if (!found) throw new GlasskeyError('GENERATION_NOT_IN_USE', `there is no generation ${number} in ${folder.path}`, 'glasskey status lists them.')
  return found
}

/** All generations but one, and what became of each: for telling people whose sheet they are holding. */
export function otherGenerations(folder: SealedFolder, number: number): OtherGeneration[] {
  return folder.generations.flatMap(({ manifest }) => {
    const standing = folder.standings.find(({ generation }) => generation === manifest.generation)
    return manifest.generation === number || !standing ? [] : [{ manifest, standing: whyNot(standing) }]
  })
}

/** Whether a later ceremony wrote this: with its entry beside it, and nothing that only a custody folder has. */
function isOutbox(path: string): boolean {
  const has = (place: string): boolean => entryAt(place, 'the custody folder') !== null
  return has(places.entry(path)) && ![places.logbook(path), places.sessions(path), places.generation(path, 1)].some(has)
}

/** What is ours at the top of a custody folder or an outbox. What else people and systems leave there (lost+found, sheets, a socket of git's) is never read. */
const OURS = new Set([places.custody(''), places.generations(''), places.records(''), places.signers(''), places.sessions(''), places.logbook(''), places.measured(''), places.lock(''), places.entry('')])

/** Also what lies beside the logbook while it is written. */
function isOurs(name: string): boolean {
  return OURS.has(name) || name.startsWith(`${places.logbook('')}.`)
}

/** What is ours in a custody folder or an outbox lies in it: no link leads out of it, and none of it is a device or a pipe. Throws FOLDER_ALTERED, FILE_UNREADABLE. */
export function checkPlaces(path: string): void {
  if (!entryAt(places.generations(path), 'the folder of the generations')) return
  for (const name of namesIn(path, 'the custody folder').filter(isOurs)) checkPlace(join(path, name))
}

function checkPlace(place: string): void {
  const found = entryAt(place, 'a place of the custody')
  // Given back since: the lock.
  if (!found || found.isFile()) return
  if (!found.isDirectory()) throw altered(`${place} is ${found.isSymbolicLink() ? 'a symbolic link' : 'neither a file nor a folder'}`)
  for (const name of namesIn(place, 'a folder of the custody')) checkPlace(join(place, name))
}

/** Numbers of the generations in `path`, ascending; what a desktop leaves beside them (.DS_Store) is none. Empty when it is not there. Throws FILE_UNREADABLE. */
export function numbersIn(path: string): number[] {
  return namesIn(path, 'the folder of the generations')
    .filter((name) => /^[1-9]\d{0,3}$/.test(name))
    .map(Number)
    .sort((one, other) => one - other)
}

function readGeneration(folder: string, number: number): Generation {
  const place = places.generation(folder, number)
  if (entryAt(place, 'a generation')?.isDirectory() !== true) throw altered(`${place} is not a folder`)
  const manifest = parseManifest(readText(join(place, 'manifest.json'), 'the manifest'), join(place, 'manifest.json'))
  if (manifest.generation !== number) throw altered(`${place} holds the manifest of generation ${manifest.generation}`)
  const rules = sealedRules(readText(join(place, 'rules.json'), 'the rules'), manifest.rulesSha256)
  return { manifest, rules, envelope: readBytes(join(place, 'envelope.pgp'), 'the envelope', FILE_LIMITS.document) }
}

function checkGenerations(generations: readonly Generation[]): void {
  const [first] = generations
  let previous: string | null = null
  for (const [at, { manifest }] of generations.entries()) {
    if (manifest.generation !== at + 1) throw altered(`generation ${at + 1} is missing`)
    if (manifest.previousManifestSha256 !== previous) throw altered(`generation ${manifest.generation} does not follow from the generation before it: one of their manifests is another`)
    for (const field of ['tenancy', 'user', 'rehearsal'] as const) {
      if (manifest[field] !== first?.manifest[field]) throw altered(`generation ${manifest.generation} has another ${field} than generation 1`)
    }
    previous = manifestDigest(manifest)
  }
}

/**
 * Each manifest is the one that its ceremony entered, and names the transcript that is entered: an edit is found before anybody opens a bag, and not when
 * its generation is the last one left. Throws FOLDER_ALTERED.
 */
function checkEntered(manifests: readonly Manifest[], { lines }: Chain<LogbookEntry>, logbookPath: string): void {
  for (const manifest of manifests) {
    const entered = enteredOtherwise(manifest, lines)
    if (entered) throw altered(`the ${entered.other} of generation ${manifest.generation} is not the one that entry ${entered.seq} of ${logbookPath} names`)
  }
}

/**
 * What the logbook says otherwise of a generation than its manifest, and in which entry; null where it agrees, and where it has none: an import that was interrupted
 * has not entered it yet. The first entry counts, as a later one is easily added.
 */
export function enteredOtherwise(manifest: Manifest, logbook: readonly LogbookEntry[]): { seq: number; other: 'manifest' | 'transcript' } | null {
  for (const entry of logbook) {
    const made = entry.type === 'ceremony' ? entry.generations.find(({ generation }) => generation === manifest.generation) : undefined
    if (entry.type !== 'ceremony' || !made) continue
    if (made.manifestSha256 !== manifestDigest(manifest)) return { seq: entry.seq, other: 'manifest' }
    // Ceremonies of format 1 had none.
    return entry.transcriptSha256 === undefined || entry.transcriptSha256 === manifest.transcriptSha256 ? null : { seq: entry.seq, other: 'transcript' }
  }
  return null
}

/** How a session is called. */
const SESSION = /^\d{8}T\d{6}Z-[0-9a-f]{8}$/

/** Whether a folder has a session of this name, or what is left of it: its warrant. */
export function hasSession(folder: string, id: string): boolean {
  return SESSION.test(id) && entryAt(places.warrant(folder, id), 'the warrant') !== null
}

function sessionIds(folder: string): string[] {
  const found = namesIn(places.sessions(folder), 'the folder of the sessions').filter((id) => entryAt(places.journal(folder, id), 'the journal'))
  return found.filter((id) => SESSION.test(id) || !isCopyOfSession(folder, id))
}

/**
 * Whether a folder under sessions/ is a copy that a desktop, or somebody, has made of another there, under a name that no session has. One that
 * holds more than that, or stands alone, is none. Throws FOLDER_ALTERED for it.
 */
export function isCopyOfSession(folder: string, name: string): boolean {
  if (SESSION.test(name)) return false
  const copy = readLines(places.journal(folder, name), 'the journal')
  const [opened] = readJournal(copy, places.journal(folder, name)).lines
  const id = opened?.type === 'session-opened' ? opened.session : ''
  const its = SESSION.test(id) && entryAt(places.journal(folder, id), 'the journal') ? readLines(places.journal(folder, id), 'the journal') : null
  if (its?.startsWith(copy)) return true
  const what = its === null ? 'that is its name' : 'more of it than the folder of that name'
  throw altered(`${places.session(folder, name)} ${id === '' ? 'is no session' : `holds the record of session ${id}, and ${what}`}`)
}

function readSession(folder: string, id: string): StoredSession {
  const warrant = parseWarrant(readText(places.warrant(folder, id), 'the warrant'))
  const chain = readJournal(readLines(places.journal(folder, id), 'the journal'), places.journal(folder, id))
  if (chain.lines.length === 0) throw altered(`the journal of session ${id} is empty`)
  const session = replay(chain.lines)
  if (session.opened.warrantSha256 !== warrantDigest(warrant)) throw altered(`warrant.json of session ${id} is not the one that its journal began with`)
  if (warrant.session !== id || session.opened.session !== id) throw altered(`${places.session(folder, id)} holds the record of session ${session.opened.session}`)
  return { id, warrant, chain, session }
}

function altered(what: string): GlasskeyError {
  return new GlasskeyError('FOLDER_ALTERED', what, 'Fetch an untouched copy of the custody folder and compare with the paper book.')
}
