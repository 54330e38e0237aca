/** Finishing what was interrupted: from the journal, and from what OCI says is true. A quorum only where a signature is needed. */
import { GlasskeyError } from '../errors.js'
import { canBeOpened } from '../custody/generation.js'
import type { Camera } from '../host/camera.js'
import { wallClock } from '../host/clock.js'
import { readCustodyFolder, type CustodyFolder } from '../host/custody-folder.js'
import { generationNumber, hasSession, places, type StoredSession } from '../host/sealed-folder.js'
import { LineFile } from '../host/line-file.js'
import { takeLock } from '../host/lock.js'
import type { Profile } from '../host/oci-profile.js'
import { nextIn } from '../host/printed-command.js'
import { isInteractive, say } from '../host/terminal.js'
import { readJournal, type JournalEntry, type JournalLine, type ListedKey } from '../record/journal.js'
import { isListed } from '../record/recognise.js'
import { isRefusedNow, isSettled, wasNeverThere, type Session } from '../record/replay.js'
import { isEntered, leftAlive } from '../record/open-sessions.js'
import { nextAfterUse } from '../record/standing.js'
import { acceptingRegions, commandOf, nextBy, wayOn } from '../record/way-on.js'
import { TOOL } from '../version.js'
import type { Warrant } from '../warrant/warrant.js'
import { Attention, whileProving, whileRemoving } from './attention.js'
import { bringsSheets, holdAndConclude, checkInputs, roomsFor, unseenBy, type Inputs } from './break-glass.js'
import { cannotConclude, conclude, enterSession, tryListing, type SessionResult } from './conclude.js'
import type { DeskJournal } from './journalled-carry.js'
import { checkEndpoints, unfinishedSessions } from './open-session.js'
import { KeptLines, putBackFrom } from './kept-lines.js'
import { heirOf, type Listing } from './proof.js'
import { awaitsRemover, removeUsedKey } from './remover.js'
import { staleness } from './staleness.js'

/** Finishes one session, or says that nothing is open. `keptLines` is a file of journal lines that its disk had not taken. Throws USAGE for a session that is not there. */
export async function resume(folderPath: string, id: string | undefined, keptLines: string | null, inputs: Inputs): Promise<SessionResult | null> {
  const release = takeLock(places.lock(folderPath), 'resume', wallClock())
  try {
    // First of all: without them the folder may not verify.
    if (keptLines !== null && id !== undefined && hasSession(folderPath, id)) putBackFrom(keptLines, places.journal(folderPath, id))
    let folder = readCustodyFolder(folderPath)
    const wanted = id ?? unfinishedSessions(folder)[0]?.id
    if (wanted === undefined) {
      if (keptLines !== null) throw new GlasskeyError('USAGE', 'no session is open', 'Name the one whose lines these are: --session ID.')
      return null
    }
    const journalPath = places.journal(folderPath, wanted)
    if (keptLines !== null && id === undefined) {
      putBackFrom(keptLines, journalPath)
      folder = readCustodyFolder(folderPath)
    }
    const stored = sessionOf(folder, wanted)
    const reader = inputs.reader ?? inputs.remover
    const { isolation, camera } = roomsFor(inputs)
    const job = { folder: folderPath, warrant: stored.warrant, reader, cloud: inputs.cloud, isolation, kept: new KeptLines(journalPath), finished: { kind: 'finished' as const, probes: [], failure: null, selfDeletionRefused: false } }
    // Where rotation was deferred, and no session rotated since: somebody who was named may look whether the key went all the same.
    const deferred = stored.session.deferred !== null && (stored.session.grade ?? 'unproved') === 'unproved' && stored.session.closed !== null && id !== undefined && reader !== null
    // All was done but the logbook's entry: a crash between the two.
    if (isSettled(stored.session) && !(deferred && isEntered(stored, folder.logbook.lines))) {
      if (isEntered(stored, folder.logbook.lines)) return null
      say(`${stored.session.keyLiveAt === null ? whatHappened(stored, null, false) : 'The session had come to its end.'} Its entry in the logbook was missing.`, 'strong')
      return enterSession(job, null)
    }
    checkEndpoints(generationNumber(folder, stored.warrant.key.generation).manifest, inputs.cloud.endpoints)
    const manifests = folder.generations.map(({ manifest }) => manifest)
    const { warrant, session } = stored
    const used = generationNumber(folder, warrant.key.generation).manifest
    const listing = session.keyLiveAt === null ? null : await tryListing(job, manifests)
    const gone = listing !== null && !listing.blocked && !isListed(listing.keys, used)
    const present = listing !== null && isListed(listing.keys, used)
    const blocked = listing?.blocked === true
    const hasHeir = listing && heirOf(warrant, listing, used, wasNeverThere(session)) !== null
    if (deferred && !gone) {
      if (blocked) throw userBlocked(folder, stored, present, false)
      if (listing && present && wayOn(session, warrant, true) === 'reader') return await recordLook(job, journalPath, listedAfterAll(session), listing)
      if (listing) say(`The key of GENERATION ${used.generation} is not known to be gone: its rotation was deferred, and it is to be rotated (glasskey break rotate).`, 'alarm')
      return null
    }
    const { successor } = warrant
    const accepted = acceptingRegions(warrant, session.probes).length > 0
    const burned = isBurned(folder, stored) && !present && !accepted
    const isReady = listing?.keys.some(({ spkiSha256, lifecycleState }) => spkiSha256 === successor?.spkiSha256 && lifecycleState === 'ACTIVE') ?? false
    const removable = inputs.remover !== null && isReady && awaitsRemover(session) && !canBeOpened(folder.standings, used.generation)
    const stale = burned || removable ? null : staleness(folder, stored, { gone, present, seen: present || accepted, hasHeir, isReady })
    const isOnRecord = session.closed !== null && isEntered(stored, folder.logbook.lines)
    // What a login sees for the first time goes on record: a rotation may begin where the key was seen alive.
    if (isOnRecord && stale && (listing === null || leftAlive(stored))) throw stale.failure
    if (isOnRecord && burned && listing === null) return null
    // A listing outweighs the journal, but not a region that took the key when it was last tried; and where nobody can
    // list, a quorum signs fresh probes with the dead key.
    const given = bringsSheets(inputs) || inputs.remote !== null
    const isUnsettled = !stale && session.keyLiveAt !== null && successor !== null && !burned && (accepted || (!gone && (session.deletion !== 'done' || present || given || (isOnRecord && listing === null))))
    const openable = canBeOpened(folder.standings, used.generation)
    // Nothing can be signed for a user that is blocked; somebody else's login can delete its key.
    const needsSignature = isUnsettled && openable && !blocked
    const { remover } = isUnsettled && isReady && awaitsRemover(session) ? inputs : { remover: null }
    if ((isUnsettled || (stale && stale.wayOn !== 'remover')) && blocked && !(remover && present)) throw userBlocked(folder, stored, present, isReady)
    const added = needsSignature ? unseenBy(warrant, isolation) : []
    const found = whatHappened(stored, listing === null ? null : !present, burned)
    say(found, 'strong')
    if (needsSignature && inputs.remover && listing && !isReady && awaitsRemover(session)) say(`The remover ${inputs.remover.name} does not delete the used key: its successor is not listed as ACTIVE and equal, and without one everybody would be locked out. A quorum uploads it again.`, 'alarm')
    if (given && isUnsettled && !needsSignature) say(`No sheet is read: ${openable ? 'as long as the user is blocked, nothing can be signed' : `too few are left to sign with the key of GENERATION ${used.generation}`}.`, 'alarm')
    // Without anything that could show it, another entry would say what the last one says.
    if (isUnsettled && !needsSignature && isOnRecord && listing === null && !given) {
      throw new GlasskeyError('KEY_NOT_PROVED_DEAD', `the key of GENERATION ${used.generation} is not proved dead, and too few of its sheets are left to sign with it`, `Somebody who can read the key list looks: glasskey resume --session ${warrant.session} --reader PROFILE`)
    }
    // Refused before anything is written: a session that is on record as ended may be superseded by a fresh rotation.
    if (needsSignature && (given || !remover)) {
      const isDeleted = session.deletion === 'done' && !present && !accepted
      // Where nobody could look, or delete it, a login may do what a quorum would be gathered for.
      const way = isDeleted ? 'reader' : wayOn(session, warrant, openable)
      const login = ((): string => {
        if (way === 'quorum') return ''
        const command = commandOf(way, warrant.session, session)
        if (listing === null || (way === 'remover' && inputs.remover === null)) return `; or with a login that ${way === 'remover' ? 'may delete it' : 'reads the key list'}: ${command}`
        return way === 'remover' && !isReady ? `; or, once its successor is listed as ACTIVE and equal: ${command}` : ''
      })()
      // On record, so that nobody is sent to look once more; of a key that OCI refused, a look changes nothing.
      if (!given && !isInteractive() && isOnRecord && listing && present && way === 'reader' && !isRefusedNow(session)) return await recordLook(job, journalPath, found, listing)
      if (!given && login !== '' && isInteractive()) say(`A quorum of GENERATION ${warrant.key.generation} is asked for${login}`, 'strong')
      if (!given && !isInteractive()) {
        throw new GlasskeyError('KEY_NOT_PROVED_DEAD', `the key of GENERATION ${warrant.key.generation} ${isDeleted ? 'is deleted and not proved dead, and a proof needs a signature' : 'may be ALIVE, and deleting it needs a signature'}`, `Gather a quorum of GENERATION ${warrant.key.generation}: ${commandOf('quorum', warrant.session, session)}${login}`)
      }
      checkInputs(warrant, inputs)
      refuseUnseen(warrant, inputs, camera, added)
    }
    const untilThen = session.keyLiveAt === null ? 'no key was live in it' : burned ? 'another session proved its key dead' : undefined
    const attention = new Attention()
    try {
      const stop = new AbortController()
      if (remover) attention.heed(whileRemoving)
      else if (!needsSignature) attention.heed(whileProving(stop))
      let removed: boolean
      try {
        const journal = LineFile.open<JournalLine, JournalEntry>(journalPath, readJournal, wallClock)
        journal.append({ type: 'resumed', tool: TOOL, found, ...(added.length === 0 ? {} : { isolation: added }) })
        removed = remover !== null && (await removeUsedKey({ ...job, remover }))
        if (!remover && gone && !stale && !needsSignature) putOnRecord(journal, stored, listing.keys)
      } catch (error) {
        if (!(error instanceof GlasskeyError)) throw error
        throw cannotConclude(job, error, untilThen)
      }
      const isLeft = remover !== null && !removed
      if (needsSignature && !removed && (given || !isLeft)) return await holdAndConclude(folderPath, warrant, 'finish', inputs, isolation, camera, attention)
      attention.heed(whileProving(stop))
      const ending = { ...job, stop: stop.signal }
      if (stale) return await conclude({ ...ending, stale }, untilThen)
      if (removed) return await conclude(ending, untilThen)
      if (isLeft) return await conclude({ ...ending, finished: { ...job.finished, failure: notRemoved(warrant, remover), selfDeletionRefused: true } })
      return await conclude({ ...ending, provedElsewhere: burned }, untilThen)
    } finally {
      attention.over()
    }
  } finally {
    release()
  }
}

/** A key that a login finds in the list, where the record has somebody look: that goes on record, and says what comes next. */
async function recordLook(job: Parameters<typeof conclude>[0], path: string, found: string, listing: Listing): Promise<SessionResult> {
  const journal = LineFile.open<JournalLine, JournalEntry>(path, readJournal, wallClock)
  journal.append({ type: 'resumed', tool: TOOL, found })
  journal.append({ type: 'listed', ...listing })
  journal.close()
  return conclude(job)
}

/** What had happened to a key whose rotation was deferred, and which OCI did not accept, or which was gone. */
function listedAfterAll({ opened: { generation }, deletion }: Session): string {
  return `${deletion === 'done' ? `The key of GENERATION ${generation} was deleted.` : `OCI did not accept the key of GENERATION ${generation}.`} The key list has it, and its user is not blocked.`
}

function sessionOf({ sessions }: CustodyFolder, id: string): StoredSession {
  const stored = sessions.find((candidate) => candidate.id === id)
  if (!stored) throw new GlasskeyError('USAGE', `there is no session ${id}`, 'glasskey logbook list names them.')
  return stored
}

function isBurned({ standings }: CustodyFolder, { warrant }: StoredSession): boolean {
  return standings.find(({ generation }) => generation === warrant.key.generation)?.state === 'burned'
}

/** What a login saw, where nobody had said it: the used key is gone, and what took its place. */
function putOnRecord(journal: DeskJournal, { session, warrant: { key, successor } }: StoredSession, listed: readonly ListedKey[]): void {
  // Installed by a session that this folder knows nothing of, and read back equal: the record says what is true.
  if (successor && session.successor === null && listed.some(({ spkiSha256, lifecycleState }) => spkiSha256 === successor.spkiSha256 && lifecycleState === 'ACTIVE')) {
    journal.append({ type: 'successor-active', generation: successor.generation, keyId: successor.keyId, spkiSha256: successor.spkiSha256, fingerprint: successor.fingerprint })
  }
  if (session.deletion !== 'done') journal.append({ type: 'key-deleted', keyId: key.keyId, fingerprint: key.fingerprint })
}

/** The way on is the one that `status` names, for nothing that was seen here is on record; but no login deletes what has no successor (`isReady`). */
function userBlocked(folder: CustodyFolder, { id, session, warrant }: StoredSession, present: boolean, isReady: boolean): GlasskeyError {
  const { key, user } = warrant
  const awaited = wayOn(session, warrant, true) === 'remover'
  const unblocks = awaited && isReady ? 'A login that may delete it needs nobody to unblock anything' : `An administrator unblocks user ${user}. Then`
  const next = awaited ? nextBy(isReady ? 'remover' : 'quorum', id, session) : nextAfterUse(key.generation, { ...folder, logbook: folder.logbook.lines })
  return new GlasskeyError('KEY_NOT_PROVED_DEAD', `the key of GENERATION ${key.generation} is ${present ? 'still' : 'not'} in the key list, and its user is blocked in OCI: as long as it is, nothing can be signed, and a refusal says nothing`, `${unblocks}: ${nextIn(next, folder.path)}`)
}

function notRemoved({ session, key, user }: Warrant, remover: Profile): GlasskeyError {
  return new GlasskeyError('KEY_NOT_PROVED_DEAD', `the key of GENERATION ${key.generation} may be ALIVE in OCI: ${remover.name} did not delete it, or OCI never said so`, `With a login that may: glasskey resume --session ${session} --remover PROFILE. Or an administrator deletes API key ${key.fingerprint} of user ${user}; then: glasskey resume --session ${session} --reader PROFILE`)
}

/**
 * Custodians at this machine are shown what the warrant does not say of it, and consent to that too; those elsewhere read the
 * warrant alone. Nor is a camera needed to finish. Throws ISOLATION_MISSING.
 */
function refuseUnseen(warrant: Warrant, { remote }: Inputs, camera: Camera | null, added: readonly string[]): void {
  const unseen = added.find((sentence) => camera?.exceptions.includes(sentence) ?? false) ?? (remote ? added[0] : undefined)
  if (unseen === undefined) return
  throw new GlasskeyError('ISOLATION_MISSING', `the warrant of session ${warrant.session} does not say that ${unseen}; custodians did not consent to it`, remote ? 'Let all of them come to this machine, or finish on another.' : 'Scan to files (--scan FILE...), or type the shares.')
}

/** What had happened, in plain words. `gone` is what a listing said of the used key; null when none could be read. `burned`: another session proved it dead. */
export function whatHappened({ session, warrant }: StoredSession, gone: boolean | null, burned: boolean): string {
  const key = `the key of GENERATION ${warrant.key.generation}`
  const { length: shares } = session.sharesSeen
  if (session.keyLiveAt === null) return `The session ended before ${key} was live; ${shares} ${shares === 1 ? 'share was' : 'shares were'} seen.`
  const listed = `${gone === null ? '' : gone ? ' The key list no longer has it.' : ' The key list still has it.'}${burned ? ' Another session proved it dead.' : ''}`
  switch (session.deletion) {
    case 'not-sent':
      return `The session ended with ${key} live, and no deletion of it is on record.${listed}`
    case 'unknown':
      return `The deletion of ${key} was sent and no answer is recorded.${listed}`
    case 'done':
      return `${key.charAt(0).toUpperCase()}${key.slice(1)} was deleted${burned ? '' : ' and not yet proved dead'}.${listed}`
  }
}
