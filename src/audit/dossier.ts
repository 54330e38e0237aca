/**
 * Everything that an audit looks at, read once. Unlike the reading of a custody folder before a session, nothing here
 * stops at the first thing that does not hold: each piece is read for itself, so that every control can speak.
 */
import { basename, dirname, join, relative } from 'node:path'
import { sha256Hex } from '../canonical.js'
import { parseCustodyYaml, type Custody } from '../custody/custody-yaml.js'
import { parseManifest, type Manifest } from '../custody/manifest.js'
import { sealedRules, type Rules } from '../custody/rules.js'
import { GlasskeyError } from '../errors.js'
import { isCopyOfSession, numbersIn, places } from '../host/sealed-folder.js'
import { requireSealed } from '../host/sealed-set.js'
import { entryAt, FILE_LIMITS, namesIn, readBytes, readLines, readText } from '../host/disk.js'
import type { Chain } from '../record/chain.js'
import { readJournal, type JournalLine } from '../record/journal.js'
import { readLogbook, type LogbookEntry } from '../record/logbook.js'
import { replay, type Session } from '../record/replay.js'
import type { Transcript } from '../record/transcript.js'
import { parseWarrant, type Warrant } from '../warrant/warrant.js'
import type { SignedCeremony } from './ceremony-signatures.js'
import type { CloudView } from './cloud-view.js'
import { reading, type Reading } from './reading.js'

/** One generation as it lies in the folder. */
export interface FiledGeneration {
  number: number
  manifest: Reading<Manifest>
  rules: Reading<Rules>
  /** SHA-256 of envelope.pgp. */
  envelopeSha256: Reading<string>
  /** Text of public.pem. */
  publicPem: Reading<string>
  /** The transcript of its ceremony. */
  transcript: Reading<Transcript>
}

/** A journal and what it tells. */
export interface FiledJournal {
  chain: Chain<JournalLine>
  state: Session
}

/** One session: as it lies in the folder, or as the logbook tells of it where the folder lacks it. */
export interface FiledSession {
  id: string
  /** Whether the folder lacks it. */
  lost: boolean
  /** Number of the logbook's last entry when it opened: by its warrant, or else by its own first entry. */
  opensAfter: number
  warrant: Reading<Warrant>
  journal: Reading<FiledJournal>
  /** Text of evidence.json. */
  evidence: Reading<string>
}

/** Which time an audit is about. ISO 8601, UTC. */
export interface Period {
  from: string
  to: string
}

/** What is laid before the controls. */
export interface Dossier {
  custody: Custody
  generations: FiledGeneration[]
  /** Signatures of each ceremony whose transcript can be read. */
  ceremonies: Reading<SignedCeremony>[]
  logbook: Reading<Chain<LogbookEntry>>
  sessions: FiledSession[]
  period: Period
  now: Date
  /** What the auditor's login sees; null when none was given. */
  cloud: CloudView | null
}

/** What lies in the folder. Throws only when custody.yaml or the generations are not there at all, or FILE_UNREADABLE for what is no folder. */
export function readDossier(folder: string, now: Date): Omit<Dossier, 'cloud' | 'period' | 'ceremonies'> {
  const custody = parseCustodyYaml(readText(places.custody(folder), 'custody.yaml'), places.custody(folder))
  const generations = numbersIn(places.generations(folder)).map((number) => readGeneration(folder, number))
  if (generations.length === 0) throw new GlasskeyError('FILE_MISSING', `there is no generation in ${folder}`, 'There is nothing to audit before the first ceremony.')
  const logbook = reading(() => wholeChain(places.logbook(folder), 'logbook.jsonl', readLogbook))
  return { custody, generations, logbook, sessions: readSessions(folder, logbook), now }
}

function readGeneration(folder: string, number: number): FiledGeneration {
  const place = places.generation(folder, number)
  const named = (name: string): string => relative(folder, join(place, name))
  const manifest = reading(() => {
    const found = parseManifest(readText(join(place, 'manifest.json'), named('manifest.json')), named('manifest.json'))
    if (found.generation !== number) throw new GlasskeyError('FOLDER_ALTERED', `${named('manifest.json')} is the manifest of GENERATION ${found.generation}`)
    return found
  })
  return {
    number,
    manifest,
    rules: reading(() => {
      if (!manifest.read) throw manifest.error
      return sealedRules(readText(join(place, 'rules.json'), named('rules.json')), manifest.value.rulesSha256)
    }),
    envelopeSha256: reading(() => sha256Hex(readBytes(join(place, 'envelope.pgp'), named('envelope.pgp')))),
    publicPem: reading(() => readText(join(place, 'public.pem'), named('public.pem'))),
    transcript: reading(() => {
      if (!manifest.read) throw manifest.error
      return requireSealed(folder, manifest.value)
    }),
  }
}

/** Every folder under sessions/, with or without a journal, and every session that the logbook tells of. */
function readSessions(folder: string, logbook: Reading<Chain<LogbookEntry>>): FiledSession[] {
  const filed = foldersIn(places.sessions(folder)).filter((name) => !isCopy(folder, name))
  const told = logbook.read ? logbook.value.lines.flatMap((entry) => (entry.type === 'session' ? [entry.session] : [])) : []
  const sessions = [...new Set([...filed, ...told])].sort().map((id): FiledSession => {
    const session = filed.includes(id) ? readSession(folder, id) : lostSession(id)
    return { ...session, opensAfter: session.warrant.read ? session.warrant.value.logbook.seq : enteredAs(logbook, id) - 1 }
  })
  // Where a clock was set back between them, their names tell another order.
  return sessions.sort((one, other) => one.opensAfter - other.opensAfter)
}

/** A copy of a session, of which the session itself tells all. Anything else under another name is examined. */
function isCopy(folder: string, name: string): boolean {
  const found = reading(() => isCopyOfSession(folder, name))
  return found.read && found.value
}

/** Number of the first entry of a session; past all others where it has none. */
function enteredAs(logbook: Reading<Chain<LogbookEntry>>, id: string): number {
  const entry = logbook.read ? logbook.value.lines.find((one) => one.type === 'session' && one.session === id) : undefined
  return entry?.seq ?? Number.MAX_SAFE_INTEGER
}

function readSession(folder: string, id: string): Omit<FiledSession, 'opensAfter'> {
  const named = (name: string): string => `sessions/${id}/${name}`
  return {
    id,
    lost: false,
    warrant: reading(() => parseWarrant(readText(places.warrant(folder, id), named('warrant.json')))),
    journal: reading(() => {
      const chain = wholeChain(places.journal(folder, id), named('journal.jsonl'), readJournal)
      if (chain.lines[0]?.type !== 'session-opened') throw new GlasskeyError('CHAIN_BROKEN', `${named('journal.jsonl')} does not begin with session-opened`)
      return { chain, state: replay(chain.lines) }
    }),
    evidence: reading(() => readText(join(places.session(folder, id), 'evidence.json'), named('evidence.json'), FILE_LIMITS.record)),
  }
}

function lostSession(id: string): Omit<FiledSession, 'opensAfter'> {
  const gone = { read: false, error: new GlasskeyError('FOLDER_ALTERED', `session ${id} is not in the custody folder`) } as const
  return { id, lost: true, warrant: gone, journal: gone, evidence: gone }
}

/**
 * A chain of lines without a torn end, whose torn pieces lie beside it as its lines say. Throws CHAIN_BROKEN,
 * FILE_MISSING.
 */
function wholeChain<Line extends { seq: number; torn?: string | undefined }>(path: string, name: string, read: (text: string, name: string) => Chain<Line>): Chain<Line> {
  const chain = read(readLines(path, name), name)
  const broken = (what: string): GlasskeyError => new GlasskeyError('CHAIN_BROKEN', `${name}${what}`)
  if (chain.lines.length === 0) throw broken(' is empty')
  if (chain.torn !== '') throw broken(' ends in a half-written line')
  for (const { seq, torn } of chain.lines) {
    if (torn === undefined) continue
    const aside = join(dirname(path), `${basename(path)}.torn-${torn.slice(0, 16)}`)
    if (!entryAt(aside, name)) throw broken(`, line ${seq}: the torn piece that it names was not kept`)
    if (sha256Hex(readBytes(aside, name)) !== torn) throw broken(`, line ${seq}: the torn piece beside it is another`)
  }
  return chain
}

function foldersIn(path: string): string[] {
  return namesIn(path, 'the folder of the sessions').filter((name) => entryAt(join(path, name), 'a session')?.isDirectory())
}
