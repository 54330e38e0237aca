/** After the burn: proof, grade, evidence, logbook, paper. No key exists in this machine any more. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { asRemark, withoutStop } from '../custody/fields.js'
import { canBeOpened, toUpload } from '../custody/generation.js'
import type { Manifest } from '../custody/manifest.js'
import { EXIT, EXIT_CODES, type ErrorCode } from '../errors.js'
import { readCustodyFolder } from '../host/custody-folder.js'
import { generationNumber, places } from '../host/sealed-folder.js'
import { replaceFile, writeNew } from '../host/disk.js'
import { pause, wallClock } from '../host/clock.js'
import type { Isolation } from '../host/isolation.js'
import { LineFile } from '../host/line-file.js'
import type { Profile } from '../host/oci-profile.js'
import { say, shellWord } from '../host/terminal.js'
import { GlasskeyError } from '../errors.js'
import { evidenceFile, evidenceOf } from '../record/evidence.js'
import { readJournal, type Grade, type JournalEntry, type JournalLine } from '../record/journal.js'
import { readLogbook, type LogbookEntry, type NewLogbookEntry } from '../record/logbook.js'
import { isListed, lastListing } from '../record/recognise.js'
import { actionOf, DELETE_USED_KEY, isRefusedNow, mayHaveHappened, REMOVE_USED_KEY, replay, wasNeverAccepted, wasNeverThere, type Session } from '../record/replay.js'
import { acceptingStill, isDeferred, nextBy, wayOn, type WayOn } from '../record/way-on.js'
import type { Failure } from '../strongroom/protocol.js'
import { warrantDigest, type Warrant } from '../warrant/warrant.js'
import type { Finished } from './desk.js'
import { listingBy, type Cloud } from './login.js'
import type { KeptLines } from './kept-lines.js'
import { deskCarrier } from './profile-clerk.js'
import { gradeOf, probeAll, type Listing } from './proof.js'
import { tell } from '../host/tell.js'

/** What concluding needs to know. */
export interface Conclusion {
  folder: string
  warrant: Warrant
  finished: Finished | null
  /** Lines of the journal that its disk has not taken. */
  kept: KeptLines
  reader: Profile | null
  cloud: Cloud
  isolation: Isolation
  /** Aborts when people do not wait for the probes. */
  stop?: AbortSignal
  /** Left out where the warrant can be followed. */
  stale?: Staleness
  /** Whether another session proved the key dead, and nothing that was looked at now speaks against it. */
  provedElsewhere?: boolean
}

/** Why nothing may be signed under a warrant any more, what that makes of the grade, and what goes on. */
export interface Staleness {
  failure: GlasskeyError
  why: string
  wayOn: WayOn
}

/** How a session ended. */
export interface SessionResult {
  session: string
  warrant: Warrant
  state: Session
  grade: Grade | null
  failure: Failure | null
  /** Whether a key was live in this session, and neither it nor another session proved that key dead. */
  alive: boolean
  wayOn: WayOn
  logbook: number
}

/** Proves, grades, closes and records a session. What OCI says never throws: it is part of the record. Throws OUTCOME_UNKNOWN when the folder does not take it, and says that `untilThen`. */
export async function conclude(job: Conclusion, untilThen?: string): Promise<SessionResult> {
  let failure: Failure | null = null
  try {
    failure = await closeSession(job)
    if (job.kept.length > 0) throw new GlasskeyError('FILE_UNWRITABLE', `nothing can be written at ${places.journal(job.folder, job.warrant.session)} (${job.kept.why})`)
    return enterSession(job, failure)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    throw cannotConclude(job, error, untilThen, failure)
  }
}

/** Proves, grades and closes. Answers why the session did not do what it was for. */
async function closeSession(job: Conclusion): Promise<Failure | null> {
  const { warrant, kept } = job
  const path = places.journal(job.folder, warrant.session)
  const missing = kept.missing()
  const journal = LineFile.open<JournalLine, JournalEntry>(path, readJournal, wallClock)
  // Probes are for their moment: they are sent while a disk that can be read takes no line yet.
  journal.keepGoing(
    (text, why, before) => {
      kept.add(text, why, before)
    },
    () => {
      kept.drop()
    },
  )
  if (kept.length > 0) journal.takeBack(missing)
  const write = (entry: JournalEntry): void => {
    tell(journal.append(entry).line)
  }
  let before = replay(journal.lines)
  // A strongroom that died could not say so any more. Nothing can be signed under such a warrant.
  if (before.keyLiveAt !== null && !warrant.successor && before.deferred === null) {
    write({ type: 'rotation-deferred', reason: 'as the warrant says; the session ended before its exit' })
    before = replay(journal.lines)
  }
  if (before.keyLiveAt !== null) await gradeSession(job, before, () => replay(journal.lines), write)
  const state = replay(journal.lines)
  const alive = isAlive(job, state)
  const failure = failureOf(job, state, alive, state.keyLiveAt === null || isOpenable(job))
  write({ type: 'closed', exitCode: exitCodeOf(failure, alive) })
  journal.close()
  return failure
}

/** What is said of a session whose end is not on record, and what must be taken for true until it is. `own`: what it came to by itself; whoever brings its lines back later only enters it. */
export function cannotConclude(job: Pick<Conclusion, 'folder' | 'warrant' | 'kept'>, error: Error, untilThen?: string, own: Failure | null = null): GlasskeyError {
  const { warrant: { session, key }, kept } = job
  const [what, hint] = error instanceof GlasskeyError ? [`${error.code}: ${withoutStop(error.message)}`, error.hint] : [error.message, '']
  const lines = kept.length === 0 ? '' : `. The lines of its journal that are missing, ${kept.length}, ${kept.file === null ? 'stand above and nowhere else' : `are kept in ${kept.file}`}`
  const mend = kept.file === null ? 'Mend that' : 'Mend that before this machine is switched off'
  return new GlasskeyError('OUTCOME_UNKNOWN', `session ${session} cannot be concluded: ${what}${own ? `. By itself it ended with ${own.code}: ${withoutStop(own.message)}` : ''}${lines}`, `${hint === '' ? '' : `${hint} `}${mend}; ${untilThen ?? `the key of GENERATION ${key.generation} counts as alive until then`}. Then: ${resumeWith(job)}`, { cause: error })
}

/** The command that goes on with a session, and brings the lines that its journal lacks. */
export function resumeWith({ folder, warrant: { session }, kept }: Pick<Conclusion, 'folder' | 'warrant' | 'kept'>): string {
  const resume = `glasskey resume --custody ${shellWord(folder)} --session ${session}`
  if (kept.length === 0) return resume
  return kept.file === null ? `type those lines into a FILE, one to a line, and ${resume} --kept-lines FILE` : `${resume} --kept-lines ${shellWord(kept.file)}`
}

async function gradeSession(job: Conclusion, state: Session, soFar: () => Session, write: (entry: JournalEntry) => void): Promise<void> {
  const { keyId, fingerprint, generation } = job.warrant.key
  if (state.deletion === 'not-sent') {
    write({ type: 'graded', keyId, grade: 'unproved', why: whyNotDeleted(job, state) })
    return
  }
  // A key that was refused to delete itself, and that nobody else may have deleted, is alive: it needs no probing.
  const isLeft = job.finished?.selfDeletionRefused === true && state.deletion !== 'done' && !state.calls.some((call) => call.intent.rule === REMOVE_USED_KEY && call.intent.seq > (state.lastLife?.since ?? 0) && mayHaveHappened(call))
  const probes = isLeft ? [] : (job.finished?.probes ?? [])
  // Before the folder is read again: probes are for their moment, and nobody could sign others if it cannot be read.
  const refusedIn = await probeAll(probes, job.warrant, deskCarrier(job.cloud.ca), write, job.stop)
  const folder = readCustodyFolder(job.folder)
  const { manifest } = generationNumber(folder, generation)
  const listing = await listingAfter(state, () => tryListing(job, folder.generations.map((one) => one.manifest)), manifest, job.stop)
  if (listing) write({ type: 'listed', ...listing })
  const probed = soFar()
  const { grade, why } = gradeOf(job.warrant, { refusedIn, acceptedIn: acceptingStill(job.warrant, probed.probes, listing && (probed.listings.at(-1) ?? null)), neverThere: wasNeverThere(state) }, listing, manifest, state.deletion === 'done', lastListing(state, manifest), toUpload(folder.standings, manifest.generation, job.warrant.successor?.generation ?? null))
  if (state.deletion === 'unknown' && grade !== 'unproved') write({ type: 'key-deleted', keyId, fingerprint })
  write({ type: 'graded', keyId, grade, why: grade === 'unproved' && job.stale ? job.stale.why : why })
}

/** What a login reads. A deletion that OCI answered a moment ago may not have come to its list yet: then it is read again, for at most a minute. */
async function listingAfter({ deletedLast }: Session, read: () => Promise<Listing | null>, used: Manifest, stop: AbortSignal | undefined): Promise<Listing | null> {
  const isFresh = deletedLast !== null && wallClock().getTime() - Date.parse(deletedLast.at) < LIST_LAG_MS
  for (let waited = 0; ; waited += LIST_WAIT_MS) {
    const listing = await read()
    if (!isFresh || waited >= LIST_LAG_MS || stop?.aborted === true || listing === null || !isListed(listing.keys, used)) return listing
    await pause(LIST_WAIT_MS, stop)
  }
}

/** How far OCI's list may be behind a deletion that it answered. */
const LIST_LAG_MS = 60_000
const LIST_WAIT_MS = 5000

function whyNotDeleted({ stale, provedElsewhere }: Conclusion, state: Session): string {
  if (stale) return stale.why
  if (provedElsewhere === true) return 'Not in this session, in which it was not deleted; another session proved it dead.'
  if (wasNeverAccepted(state)) return 'OCI never accepted it in this session: it may have been rotated before, or its user be blocked.'
  if (state.deferred) return 'Its rotation was deferred: it is alive.'
  return isRefusedNow(state) ? 'It was not deleted in this session, and OCI refuses it: somebody may have deleted it, or its user be blocked.' : 'No deletion of it is on record: it counts as alive.'
}

/** What a login reads; null when there is none or it cannot. */
export async function tryListing(job: Pick<Conclusion, 'folder' | 'warrant' | 'reader' | 'cloud'>, manifests: readonly Parameters<typeof listingBy>[1][]): Promise<Listing | null> {
  const used = manifests.find((manifest) => manifest.generation === job.warrant.key.generation)
  if (!job.reader || !used) return null
  try {
    return await listingBy(job.reader, used, manifests, job.cloud)
  } catch (error) {
    say(`${job.reader.name} cannot read the key list: ${asRemark(error instanceof Error ? error.message : String(error))}`, 'alarm')
    return null
  }
}

function failureOf({ finished, warrant, stale }: Conclusion, state: Session, alive: boolean, openable: boolean): Failure | null {
  if (stale) return stale.failure
  // Another session proved it dead.
  if (isUnproved(state) && !alive) return null
  const goesOn = nextBy(wayOn(state, warrant, openable), warrant.session, state)
  const failure = (code: ErrorCode, message: string, hint: string): Failure => ({ code, message, hint })
  if (finished?.selfDeletionRefused === true && state.deletion !== 'done') return finished.failure
  if (isDeferred(state, warrant) && state.deletion !== 'done') {
    return finished?.failure ?? failure('KEY_NOT_PROVED_DEAD', `the key of GENERATION ${warrant.key.generation} IS ALIVE in OCI: its rotation was deferred`, 'As soon as a successor waits and the home region answers: glasskey break rotate')
  }
  if (state.keyLiveAt !== null && state.deletion === 'unknown') {
    const asked = state.calls.findLast(({ intent }) => intent.rule === DELETE_USED_KEY || intent.rule === REMOVE_USED_KEY)?.outcome
    const became = asked?.type === 'outcome' ? `sent, and OCI answered ${asked.status}; what became of it is not known` : 'sent and never answered'
    return failure('KEY_NOT_PROVED_DEAD', `the deletion of the key of GENERATION ${warrant.key.generation} was ${became}: ${state.gradeWhy}`, goesOn)
  }
  if (state.keyLiveAt !== null && state.deletion !== 'done') {
    return finished?.failure ?? failure('OUTCOME_UNKNOWN', `the strongroom died with the key of GENERATION ${warrant.key.generation} live; whether it was rotated is not known`, goesOn)
  }
  if (state.grade === 'unproved') return failure('KEY_NOT_PROVED_DEAD', `the key of GENERATION ${warrant.key.generation} is deleted but not proved dead: ${state.gradeWhy}`, openable ? goesOn : `Too few sheets are left to sign new probes. Somebody who can read the key list looks: ${goesOn}`)
  // Read again before the deletion, it was in force after all. That people stopped it, or its time was over, stays true.
  if (NOT_SEEN.includes(finished?.failure?.code ?? '') && state.action?.result === 'done' && state.exit !== null && state.action.seq > state.exit.seq) return null
  if (finished && !finished.selfDeletionRefused) return finished.failure
  if (state.keyLiveAt === null) return failure('INTERNAL', 'the strongroom ended without a word; no key was live', 'Begin again.')
  // It died between the deletion and its last word, or the remover did the deletion: what the action came to is in the journal.
  const action = actionOf(state)
  return ['failed', 'interrupted'].includes(action.result) ? failure('INTERRUPTED', `the action ${action.result === 'failed' ? 'was not done' : 'did not come to its end'}: ${action.detail}`, 'The key was rotated all the same.') : null
}

/** Failures that say no more than that the action was not seen to be done. */
const NOT_SEEN: readonly string[] = ['NOT_IN_FORCE', 'OCI_UNREACHABLE', 'OCI_REFUSED']

/** A session whose key may be alive ends with 6, whatever else went wrong in it. */
function exitCodeOf(failure: Failure | null, alive: boolean): number {
  if (alive) return EXIT.unproved
  return failure ? EXIT_CODES[failure.code] : 0
}

/** Whether a quorum can still sign with the key of the session. */
function isOpenable({ folder, warrant }: Conclusion): boolean {
  return canBeOpened(readCustodyFolder(folder).standings, warrant.key.generation)
}

/** Whether a key was live in this session, and this session did not prove it dead. */
function isUnproved(state: Session): boolean {
  return state.keyLiveAt !== null && (state.grade === null || state.grade === 'unproved')
}

/** Whether a key was live in this session, and no session proved it dead, or OCI lists it all the same. */
function isAlive({ warrant, provedElsewhere }: Conclusion, state: Session): boolean {
  return isUnproved(state) && (provedElsewhere !== true || isListed(state.listings.at(-1)?.keys ?? [], warrant.key))
}

/** Evidence and logbook entry of a session that has come to its end; printing is the caller's. */
export function enterSession(job: Conclusion, failure: Failure | null): SessionResult {
  const { warrant } = job
  const folder = readCustodyFolder(job.folder)
  const stored = folder.sessions.find(({ id }) => id === warrant.session)
  if (!stored) throw new GlasskeyError('FOLDER_ALTERED', `session ${warrant.session} has vanished from the custody folder`, 'Find the newest copy of this folder, and go on there.')
  const { chain, session } = stored
  const alive = isAlive(job, session)
  const { manifest } = generationNumber(folder, warrant.key.generation)
  const evidencePath = join(places.session(job.folder, warrant.session), 'evidence.json')
  const evidence = evidenceFile(evidenceOf(chain, session, manifest))
  if (existsSync(evidencePath)) replaceFile(evidencePath, evidence)
  else writeNew(evidencePath, evidence)
  const { line } = LineFile.open<LogbookEntry, NewLogbookEntry>(places.logbook(job.folder), readLogbook, wallClock).append({
    type: 'session',
    session: warrant.session,
    action: warrant.action.name,
    rehearsal: warrant.rehearsal,
    drill: warrant.drill,
    operator: warrant.operator.name,
    incident: warrant.incident,
    generation: warrant.key.generation,
    keyId: warrant.key.keyId,
    warrantSha256: warrantDigest(warrant),
    journalSha256: chain.head.sha256,
    shares: session.sharesSeen,
    actionResult: actionOf(session).result,
    successor: session.successor ? { generation: session.successor.generation, keyId: session.successor.keyId } : null,
    grade: session.grade,
    secondsLive: session.secondsLive,
    // What the session's own last line says, be it that another run wrote it and died.
    exitCode: session.closed?.exitCode ?? exitCodeOf(failure, alive),
  })
  return { session: warrant.session, warrant, state: session, grade: session.grade, failure, alive, wayOn: job.stale?.wayOn ?? wayOn(session, warrant, canBeOpened(folder.standings, warrant.key.generation)), logbook: line.seq }
}
