/** One session in the strongroom, from the warrant to the burn. The order of the steps is the point of it. */
import { Socket } from 'node:net'
import { join } from 'node:path'
import type { OpenedEnvelope } from '../custody/envelope.js'
import { asRemark } from '../custody/fields.js'
import { isPassed, isUsable } from '../custody/generation.js'
import { GlasskeyError } from '../errors.js'
import { pause, readClocks } from '../host/clock.js'
import { generationNumber, otherGenerations, places, readSealedFolder } from '../host/sealed-folder.js'
import { headStatement, opcRequestIdOfProbe, type Census, type ListedKey } from '../record/journal.js'
import { deletesNoneItself, isRefusedNow, replay, wasNeverAccepted } from '../record/replay.js'
import { checkWatch, startWatch, type Watch } from '../warrant/deadline.js'
import { checkRules } from '../warrant/issue.js'
import { probeOffsets } from '../warrant/probe-schedule.js'
import { identityOrigin, scopeOf, userPath } from '../warrant/scope.js'
import type { Warrant } from '../warrant/warrant.js'
import { performAction } from './action.js'
import { collectConsents, consentByFlag, showWarrant } from './consent.js'
import { Courier, NoAnswer } from './courier.js'
import type { DeskLine } from './desk-line.js'
import { rotate, type ExitResult } from './exit.js'
import { openJournal, type Journal } from './journal.js'
import { OciRefusal, ownUser, type OwnUser } from './own-user.js'
import { DESCRIPTORS, type DatedProbe, type Failure, type FromStrongroom } from './protocol.js'
import type { Room } from './room.js'
import { collectRemote, openRemote } from './remote.js'
import { lookBack, NotKnown } from './saas-admin.js'
import { collectShares, type OnDispute } from './shares.js'
import { askSuccessorWords, confirmByFlag, needsBagWords } from './successor-words.js'
import { checkEverything, contradictionIn, isSealedSuccessor, open } from './trust.js'
import { checkSuccessorSigners } from './successor-signers.js'
import { isYoung, patienceFor } from './young-key.js'

/** How long one exchange with OCI may take. */
const CALL_TIMEOUT_MS = 20_000

/** A key whose deletion is on record counts as gone when it was refused this often in a row: one stray 401 would spend a quorum for nothing. */
const REFUSALS = 3
const REFUSAL_WAIT_MS = 1000

/** So many rounds of the exit take the census before the deletion, or try to. */
const ROUNDS_FOR_THE_CENSUS = 4

/** Holds one session and says how it ended. Never throws: a failure is part of the answer. */
export async function hold(desk: DeskLine): Promise<FromStrongroom> {
  try {
    return await holdSession(await enter(desk))
  } catch (error) {
    return finished([], failureOf(error))
  }
}

async function enter(desk: DeskLine): Promise<Room> {
  const order = await desk.order
  const folder = readSealedFolder(order.folder)
  // The warrant as it was read with its journal, once: what custodians read is what is held against every request.
  const stored = folder.sessions.find(({ id }) => id === order.session)
  if (!stored) throw new GlasskeyError('WARRANT_INVALID', `there is no session ${order.session} in ${order.folder}`, 'Ask for a new warrant.')
  const { warrant, session } = stored
  if (order.task === 'perform' && (session.exposing || session.closed !== null)) {
    throw new GlasskeyError('WARRANT_INVALID', `the warrant of session ${warrant.session} was used before: one warrant, one session`, 'Ask for a new warrant.')
  }
  const generation = generationNumber(folder, warrant.key.generation)
  if (order.task === 'perform') checkRules(warrant, generation.rules)
  return { desk, order, folder, generation, warrant, journal: openJournal(join(places.session(order.folder, order.session), 'journal.jsonl'), desk) }
}

async function holdSession(room: Room): Promise<FromStrongroom> {
  const { journal } = room
  try {
    const watch = beginWatch(room)
    const opened = await openWithQuorum(room, watch)
    return await useKey(room, opened, watch)
  } finally {
    journal.close()
  }
}

/** An interrupted exit may be finished at any time; an action only within its warrant. */
function beginWatch({ order, warrant }: Room): Watch {
  if (order.task === 'perform') return beforeShares(() => startWatch(warrant, readClocks()))
  return { deadline: 0, start: readClocks(), offset: null }
}

async function openWithQuorum(room: Room, watch: Watch): Promise<OpenedEnvelope> {
  const { desk, order, folder, generation, warrant, journal } = room
  const { manifest } = generation
  showWarrant(warrant, manifest, order.exceptions)
  const remote = await openRemote(room)
  const consents = await collectConsents(warrant, manifest, order.yes, journal, desk.left, remote ? 0 : undefined)
  if (consents !== 'any' && needsBagWords(warrant, manifest)) await askSuccessorWords(warrant, manifest, consents, journal, desk.left)
  if (order.task === 'perform') stillRuns(watch)
  journal.write({ type: 'exposing', generation: manifest.generation })
  journal.keepGoing()
  const expectation = { manifest, others: otherGenerations(folder, manifest.generation) }
  const onDispute: OnDispute = (disputed, parts) => refuseIfContradicted(room, disputed, parts)
  const elsewhere = remote ? await collectRemote(remote, room, expectation, consents, onDispute, () => {
    if (order.task === 'perform') stillRuns(watch, 'No key was live.')
  }) : { accepted: [], disputed: [] }
  const camera = order.scans === 'camera'
  if (order.scans !== 0) desk.say({ kind: 'read-scans' })
  const reader = order.scans === 0 ? null : new Socket({ fd: DESCRIPTORS.reader, readable: true, writable: camera })
  const { quorum, parts } = await collectShares(
    expectation,
    consents,
    { reader, camera, shareFiles: order.shareFiles, keys: order.keys, remote: elsewhere, left: desk.left },
    journal,
    (custodian) => {
      consentByFlag(warrant, manifest, custodian, journal)
    },
    onDispute,
  )
  reader?.destroy()
  desk.say({ kind: 'quorum-complete' })
  return open(quorum, generation, parts)
}

/**
 * What the folder calls wrong opens the envelope: the shares are true, and the folder is not. The key was recombined for that, so its
 * session ends as every other whose key was live. Throws FOLDER_ALTERED; returns where nothing of the kind is proved.
 */
async function refuseIfContradicted({ generation, warrant, journal }: Room, disputed: Parameters<OnDispute>[0], parts: Parameters<OnDispute>[1]): Promise<void> {
  const since = readClocks().uptime
  const found = await contradictionIn(disputed, generation, parts)
  if (!found) return
  const { keyId, spkiSha256 } = generation.manifest
  for (const { share: { custodian }, consent } of found.shares) {
    consent()
    journal.write({ type: 'share-refused', code: found.error.code, reason: 'it opens the envelope with others: the sheet is true, and the manifest is not', generation: warrant.key.generation, custodian })
  }
  journal.write({ type: 'key-live', keyId, spkiSha256 })
  burn(journal, warrant, since, found.error.message)
  throw ofForgedFolder(found.error, warrant)
}

/**
 * The folder agrees with its own logbook, and the paper contradicts both: they were forged together, and no untouched copy takes in what was written after
 * that logbook. The key is rotated from there as if nothing had been, by its number: that copy may be older than the rotation to it.
 */
function ofForgedFolder(error: unknown, { session, key: { generation } }: Warrant): unknown {
  if (!(error instanceof GlasskeyError) || error.code !== 'FOLDER_ALTERED') return error
  return new GlasskeyError(error.code, error.message, `The paper is right. Keep this folder as it is: it, and session ${session} in it, show what was changed. Fetch an untouched copy and, whatever its status says, rotate this key from there: glasskey break rotate --custody COPY --generation ${generation} --reader PROFILE. Enter there what happened: glasskey logbook add exception --custody COPY.`, { cause: error })
}

/** Custodians may have looked for their words, or been called, for long: a warrant that is over is no reason to read a share. */
function stillRuns(watch: Watch, sofar?: string): void {
  beforeShares(() => checkWatch(watch, readClocks()), sofar)
}

/** No key is live yet: nobody may be told that one is, and that only its exit is signed now. */
function beforeShares(look: () => Watch, sofar = 'No share was read.'): Watch {
  try {
    return look()
  } catch (error) {
    if (!(error instanceof GlasskeyError)) throw error
    throw new GlasskeyError(error.code, error.message, `${sofar} ${error.code === 'CLOCKS_DISAGREE' ? 'Set the clock right, then begin again.' : 'Begin again, with a new warrant.'}`, { cause: error })
  }
}

/** From here on the key is live: whatever happens, the session leaves through the exit. */
async function useKey(room: Room, opened: OpenedEnvelope, watch: Watch): Promise<FromStrongroom> {
  const { desk, order, folder, generation, warrant, journal } = room
  const since = readClocks().uptime
  journal.writeLive({ keyId: opened.header.keyId, spkiSha256: generation.manifest.spkiSha256 })
  try {
    checkEverything(opened, generation, folder, warrant)
    if (warrant.successor && !isSealedSuccessor(opened, warrant)) {
      await checkSuccessorSigners(folder, warrant, opened.header)
      // Whether words were needed was judged by the folder; now the paper agrees with that folder.
      if (order.yes) confirmByFlag(generation.manifest, journal)
    }
  } catch (error) {
    // Nothing can be signed for a folder that the paper contradicts: not even an exit, which would follow that folder.
    burn(journal, warrant, since, error instanceof Error ? error.message : String(error))
    return finished([], failureOf(ofForgedFolder(error, warrant)))
  }
  const keyName = `${warrant.tenancy}/${warrant.user}/${generation.manifest.fingerprint}`
  const carrier = { connect: desk.connect, ca: warrant.rehearsal ? order.ca : null, timeoutMs: CALL_TIMEOUT_MS }
  const courier = new Courier(keyName, opened.privateKey, scopeOf(warrant), warrant.calls, watch, journal, carrier)
  const user = ownUser(courier, warrant, folder.generations.map(({ manifest }) => manifest))

  const failure = order.task === 'perform' ? await act(room, courier) : null
  return leave(room, courier, user, since, failure)
}

async function act(room: Room, courier: Courier): Promise<Failure | null> {
  const { desk, journal, warrant } = room
  const overtime = new AbortController()
  const acted = new AbortController()
  // A rotation does nothing that could come too late.
  if (warrant.action.name !== 'rotate') void watchTheTime(courier, overtime, acted.signal)
  const stop = AbortSignal.any([desk.left, overtime.signal])
  const stopped = new Promise<never>((_, reject) => {
    const interrupt = (): void => {
      reject(overtime.signal.aborted ? (overtime.signal.reason as GlasskeyError) : new GlasskeyError('INTERRUPTED', `the action was stopped: ${String(stop.reason)}`, 'The key is rotated all the same.'))
    }
    if (stop.aborted) interrupt()
    stop.addEventListener('abort', interrupt)
  })
  try {
    const clerk = new Socket({ fd: DESCRIPTORS.clerk, readable: true, writable: true })
    clerk.on('error', () => undefined)
    const detail = await Promise.race([performAction(room, courier, clerk, stop), stopped])
    journal.write({ type: 'action-ended', result: warrant.action.name === 'rotate' ? 'none' : 'done', detail })
    return null
  } catch (error) {
    const failure = failureOf(error)
    journal.write({ type: 'action-ended', result: stop.aborted || error instanceof NotKnown ? 'interrupted' : 'failed', detail: asRemark(failure.message) })
    return failure
  } finally {
    acted.abort()
  }
}

async function leave(room: Room, courier: Courier, user: OwnUser, since: number, failure: Failure | null): Promise<FromStrongroom> {
  const { desk, order, folder, journal, warrant } = room
  const { successor } = warrant
  const cutOff = gone(desk)
  journal.write({ type: 'exit-began', cause: causeOf(room, failure) })
  if (!successor) {
    await lookBack(room, courier, cutOff)
    journal.write({ type: 'rotation-deferred', reason: 'as each releasing custodian consented' })
    burn(journal, warrant, since, 'rotation deferred', courier)
    if (wasNeverAccepted(replay(journal.lines))) return finished([], neverAccepted(room))
    return finished([], { ...(failure ?? alive(warrant, 'its rotation was deferred')), hint: 'As soon as a successor waits and the home region answers: glasskey break rotate' })
  }
  let probes: DatedProbe[] = []
  let counted = false
  let patience = ROUNDS_FOR_THE_CENSUS
  const before = async (keys: readonly ListedKey[]): Promise<void> => {
    if (!counted) {
      patience -= 1
      await censusBeforeDeletion(room, user, keys, patience > 0)
      await lookBack(room, courier, cutOff)
    }
    counted = true
    // Dated from each attempt: probes signed minutes before the deletion would prove less than they seem to.
    probes = signProbes(courier, warrant, journal)
  }
  // A successor that was used itself since then is not installed again, nor is anything deleted in its name.
  const isOvertaken = !isUsable(folder.standings.find(({ generation }) => generation === successor.generation), replay(journal.lines).successor !== null)
  if (order.task === 'finish' && (isOvertaken || (await isGone(user, journal, cutOff)))) {
    probes = signProbes(courier, warrant, journal)
    burn(journal, warrant, since, isOvertaken ? 'its successor was used since, or given up: nothing is changed under this warrant; the key is probed' : 'the key was deleted before; it is probed again', courier)
    return finished(probes, failure)
  }
  const result = await rotate({ user, warrant, journal, isPassed: (generation) => isPassed(folder.standings, generation, successor.generation), onBeforeDelete: before, patienceForNew: patienceFor(room), deletesNoneItself: deletesNoneItself(folder.sessions.map((one) => one.session)), cutOff, now: () => readClocks().uptime })
  if (probes.length === 0) probes = signProbes(courier, warrant, journal)
  burn(journal, warrant, since, result.rotated ? (result.certain ? 'rotated' : 'whether the deletion was done was never heard; the key is refused since') : asRemark(result.why), courier)
  if (result.rotated) return finished(probes, failure)
  // The remover may delete the key in a moment: then there is something to probe.
  return { ...finished(result.selfDeletion ? probes : [], notRotated(room, result)), selfDeletionRefused: result.selfDeletion }
}

/**
 * Looks at the clocks every second until `acted`: a timer set for the deadline would sleep with the machine, and would not
 * see a clock that was put forward or back. What they say ends the action.
 */
async function watchTheTime(courier: Courier, overtime: AbortController, acted: AbortSignal): Promise<void> {
  while (!acted.aborted && !overtime.signal.aborted) {
    try {
      checkWatch(courier.watch, readClocks())
    } catch (error) {
      overtime.abort(error)
    }
    await pause(1000, acted)
  }
}

/** Whether a key whose deletion is on record is refused now, each time that it is tried; where it is not, it is alive after all and rotated again. */
async function isGone(user: OwnUser, journal: Journal, cutOff: AbortSignal): Promise<boolean> {
  if (replay(journal.lines).deletion !== 'done') return false
  for (let asked = 1; await isRefused(user); asked += 1) {
    if (asked === REFUSALS || cutOff.aborted) return true
    await pause(REFUSAL_WAIT_MS, cutOff)
  }
  return false
}

async function isRefused(user: OwnUser): Promise<boolean> {
  try {
    await user.readUser()
    return false
  } catch (error) {
    if (error instanceof OciRefusal && error.status === 401) return true
    if (error instanceof OciRefusal || error instanceof NoAnswer) return false
    throw error
  }
}

/** Only the desk's end cuts the exit off; a wish to leave does not. */
function gone(desk: DeskLine): AbortSignal {
  const controller = new AbortController()
  const check = (): void => {
    if (!process.connected) controller.abort('the desk is gone')
  }
  process.on('disconnect', check)
  desk.left.addEventListener('abort', check)
  check()
  return controller.signal
}

/** A side reading: where OCI does not answer it, round after round (`must` is over), the deletion does not wait for it. */
async function censusBeforeDeletion({ warrant, journal }: Room, user: OwnUser, keys: readonly ListedKey[], must: boolean): Promise<void> {
  let found: Census
  try {
    found = await user.census()
  } catch (error) {
    if (must || !(error instanceof NoAnswer || (error instanceof OciRefusal && error.status !== 401))) throw error
    return
  }
  const expected = [warrant.key.spkiSha256, warrant.successor?.spkiSha256]
  const unexpected = keys.filter((key) => !expected.includes(key.spkiSha256 ?? '')).map((key) => `key ${key.fingerprint}`)
  journal.write({ type: 'census', when: 'before-deletion', found, unexpected })
}

function signProbes(courier: Courier, warrant: Warrant, journal: Journal): DatedProbe[] {
  const start = courier.ociTimeMs()
  const { uptime } = readClocks()
  const offsets = probeOffsets(warrant.probes)
  const moment = (offset: number): string => new Date(start + offset).toISOString()
  // Written first: what they are known by in OCI's Audit log follows from this line.
  const { head } = journal.write({ type: 'probes-signed', count: offsets.length * warrant.regions.length, from: moment(0), to: moment(offsets.at(-1) ?? 0) })
  return warrant.regions.flatMap((region) =>
    offsets.map((offset): DatedProbe => {
      const url = identityOrigin(warrant, region) + userPath(warrant)
      const signed = courier.signAhead({ method: 'GET', url, body: null, contentType: null, headers: {} }, start + offset, opcRequestIdOfProbe(head.sha256, region, moment(offset)))
      return { region, at: uptime + offset, signedFor: start + offset, url, headers: signed.headers }
    }),
  )
}

/** The last thing a key signs is the head of its own journal; then its process ends. */
function burn(journal: Journal, warrant: Warrant, since: number, reason: string, courier?: Courier): void {
  if (courier) {
    const of = journal.head.sha256
    journal.write({ type: 'head-signed', of, signature: courier.signStatement(headStatement(of)) })
  }
  journal.write({ type: 'burned', keyId: warrant.key.keyId, reason: asRemark(reason), secondsLive: Math.round((readClocks().uptime - since) / 10) / 100 })
}

function causeOf({ desk, order }: Room, failure: Failure | null): string {
  if (desk.left.aborted) return asRemark(String(desk.left.reason))
  if (order.task === 'finish') return 'resume'
  return failure ? asRemark(failure.message) : 'completion'
}

function finished(probes: DatedProbe[], failure: Failure | null): Extract<FromStrongroom, { kind: 'finished' }> {
  return { kind: 'finished', probes, failure, selfDeletionRefused: false }
}

function alive(warrant: Warrant, why: string): Failure {
  return { code: 'KEY_NOT_PROVED_DEAD', message: `the key of GENERATION ${warrant.key.generation} IS ALIVE in OCI: ${why}`, hint: `glasskey resume --session ${warrant.session}` }
}

function neverAccepted(room: Room): Failure {
  const { warrant } = room
  const [why, first] = isYoung(room)
    ? ['It was installed minutes ago, and OCI may not know it yet; or it was rotated from another copy of this custody folder', 'Wait some minutes, and find']
    : ['Most likely it was rotated from another copy of this custody folder', 'Find']
  return {
    code: 'KEY_NOT_PROVED_DEAD',
    message: `OCI never accepted the key of GENERATION ${warrant.key.generation} in this session, and nothing was changed. ${why}; or its user is blocked`,
    hint: `${first} the newest copy of this folder. Then let somebody who can read the key list look: glasskey resume --session ${warrant.session} --reader PROFILE. If nobody can, and that copy is lost for good: begin again with --generation N, the one that the paper book names last`,
  }
}

function notRotated(room: Room, result: Extract<ExitResult, { rotated: false }>): Failure {
  const { warrant, journal } = room
  if (wasNeverAccepted(replay(journal.lines))) {
    if (replay(journal.lines).installedHere) {
      return {
        code: 'KEY_NOT_PROVED_DEAD',
        message: `OCI never accepted the key of GENERATION ${warrant.key.generation}, which was installed in this session; nothing else was changed, and the bootstrap login is still there. Either OCI takes longer than it was waited for, or the user is blocked`,
        hint: `Let somebody who can read the key list look: glasskey resume --session ${warrant.session} --reader PROFILE`,
      }
    }
    return neverAccepted(room)
  }
  if (!result.selfDeletion && isRefusedNow(replay(journal.lines))) {
    return {
      code: 'KEY_NOT_PROVED_DEAD',
      message: `OCI refuses the key of GENERATION ${warrant.key.generation} since it was recombined again. Either somebody deleted it meanwhile, or its user is blocked`,
      hint: `Let somebody who can read the key list look: glasskey resume --session ${warrant.session} --reader PROFILE`,
    }
  }
  if (!result.selfDeletion) return alive(warrant, result.why)
  return {
    code: 'KEY_NOT_PROVED_DEAD',
    message: `the key of GENERATION ${warrant.key.generation} IS ALIVE in OCI: it was refused to delete itself (${result.why})`,
    hint: `With the remover's login: glasskey resume --session ${warrant.session} --remover PROFILE. Or an administrator deletes API key ${warrant.key.fingerprint} of user ${warrant.user}; then: glasskey resume --session ${warrant.session} --reader PROFILE`,
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof GlasskeyError) return { code: error.code, message: error.message, hint: error.hint }
  if (error instanceof Error && error.name === 'NoAnswer') return { code: 'OCI_UNREACHABLE', message: `OCI did not answer: ${error.message}`, hint: 'The journal says which call; nothing is repeated blindly.' }
  return { code: 'INTERNAL', message: error instanceof Error ? error.message : String(error), hint: '' }
}
