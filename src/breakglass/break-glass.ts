/** Break glass, in order: preflight, warrant, strongroom, proof, record. */
import { GlasskeyError } from '../errors.js'
import { wallClock } from '../host/clock.js'
import type { CustodianKeys } from '../host/custodian-key.js'
import { readCustodyFolder } from '../host/custody-folder.js'
import { readLines } from '../host/disk.js'
import { requireGiven } from '../host/given-files.js'
import { places } from '../host/sealed-folder.js'
import { prepareCamera, withCamera, type Camera } from '../host/camera.js'
import { probeIsolation, type Isolation } from '../host/isolation.js'
import { takeLock } from '../host/lock.js'
import type { Profile } from '../host/oci-profile.js'
import { isInteractive, say, whereToAsk } from '../host/terminal.js'
import { readJournal } from '../record/journal.js'
import type { RemoteOrder } from '../strongroom/protocol.js'
import { checkReader } from '../warrant/remote.js'
import { scopeOf } from '../warrant/scope.js'
import type { Warrant } from '../warrant/warrant.js'
import { Attention, whileProving, whileRemoving } from './attention.js'
import { cannotConclude, conclude, type SessionResult } from './conclude.js'
import { KeptLines } from './kept-lines.js'
import { holdAtDesk, type Finished } from './desk.js'
import { lentLogin, type Cloud } from './login.js'
import { beginningOf, drawUpWarrant, generationFor, openSession, refuseUnfinished, type Request } from './open-session.js'
import { lookAtChoice, lookAtClerk, lookAtEarlierSessions, lookAtKeys, lookAtRegions, lookAtRevocation, lookAtSelfDeletion, lookAtSigners, lookAtSubscriptions, refuseStops, type Finding } from './preflight.js'
import { printWarrant } from './print-warrant.js'
import { removeUsedKey } from './remover.js'

/** What people bring to a session. */
export interface Inputs {
  scans: readonly string[]
  /** Sheets are shown to a camera: `browser` is what `--browser` said. Null where they are not. */
  camera: { browser: string | undefined } | null
  shareFiles: readonly string[]
  /** What opens sealed shares. */
  keys: CustodianKeys
  /** Null: all custodians are at this machine. */
  remote: RemoteOrder | null
  /** Consent without asking; rehearsals only. */
  yes: boolean
  reader: Profile | null
  /** Deletes the used key where OCI lets no key delete itself. */
  remover: Profile | null
  cloud: Cloud
  /** CUPS printer for the warrant; undefined: none. */
  printer: string | undefined
  /** False: namespaces are switched off, as an exception on the warrant. */
  namespaces: boolean
}

/** Breaks the glass. Throws what refuses the session before a share is read; afterwards the result says how it went. */
export async function breakGlass(folderPath: string, request: Request, inputs: Inputs): Promise<SessionResult> {
  const release = takeLock(places.lock(folderPath), `break ${request.action.name}`, wallClock())
  try {
    const { isolation, camera } = roomsFor(inputs)
    const folder = readCustodyFolder(folderPath)
    const generation = generationFor(folder, request.generation)
    refuseUnfinished(folder, beginningOf(request.action, generation))
    const warrant = drawUpWarrant(folder, generation, request, isolation, wallClock())
    checkInputs(warrant, inputs)
    const { manifest } = generation
    // What only a clerk can do: shown beside the regions, while people wait for OCI anyway.
    const [regions, clerk] = await Promise.all([lookAtRegions(manifest, inputs.cloud, [neededRegion(warrant)]), clerkFor(warrant, inputs, isolation)])
    const findings = [
      ...lookAtChoice(folder, manifest, inputs.reader),
      ...lookAtEarlierSessions(folder, manifest),
      ...lookAtSelfDeletion(folder, inputs.remover),
      ...lookAtRevocation(folder, generation),
      ...(warrant.successor ? await lookAtSigners(folder, manifest, warrant.successor.generation) : []),
      ...regions,
      ...clerk,
      ...(inputs.reader ? await lookAtKeys(inputs.reader, folder, manifest, inputs.cloud, warrant.successor?.generation ?? null) : []),
      ...(inputs.reader ? await lookAtSubscriptions(inputs.reader, manifest, inputs.cloud) : []),
    ]
    sayFindings(findings)
    refuseStops(findings)
    const attention = new Attention()
    try {
      openSession(folder, generation, warrant)
      await printWarrant(folder, warrant, inputs.printer)
      return await holdAndConclude(folderPath, warrant, 'perform', inputs, isolation, camera, attention)
    } finally {
      attention.over()
    }
  } finally {
    release()
  }
}

/** The region without which nothing begins: home, for the rotation; where that is deferred, the one that the action is in. */
function neededRegion({ action, homeRegion, successor }: Warrant): string {
  return successor === null && action.name === 'saas-admin' ? action.region : homeRegion
}

/** A look at the clerk where one is needed: for the action, or for the remover's deletion. */
async function clerkFor(warrant: Warrant, { remover }: Inputs, isolation: Isolation): Promise<Finding[]> {
  const action = asksClerk(warrant)
  return action || remover ? lookAtClerk(isolation, [...(action ? (['database'] as const) : []), ...(remover ? (['identity'] as const) : [])]) : []
}

/** Whether there is something for the SDK to marshal. */
function asksClerk({ action }: Warrant): boolean {
  return action.name !== 'rotate'
}

/** What this machine can give, and how sheets are shown; exceptions of both are for the warrant. Throws ISOLATION_MISSING. */
export function roomsFor(inputs: Inputs): { isolation: Isolation; camera: Camera | null } {
  const isolation = probeIsolation(inputs.namespaces)
  const camera = inputs.camera && prepareCamera(inputs.camera.browser, isolation, process.env)
  return { isolation: withCamera(isolation, camera), camera }
}

/** Exceptions of this machine that the warrant does not have: only where another one began the session. */
export function unseenBy(warrant: Warrant, { exceptions }: Pick<Isolation, 'exceptions'>): string[] {
  return exceptions.filter((sentence) => !warrant.isolationExceptions.includes(sentence))
}

/** The strongroom's part and what follows it. `attention` is the session's. */
export async function holdAndConclude(folder: string, warrant: Warrant, task: 'perform' | 'finish', inputs: Inputs, isolation: Isolation, camera: Camera | null, attention: Attention): Promise<SessionResult> {
  const kept = new KeptLines(places.journal(folder, warrant.session))
  const held = await holdAtDesk({
    order: { folder, session: warrant.session, task, scans: camera ? 'camera' : inputs.scans.length, shareFiles: [...inputs.shareFiles], keys: inputs.keys, remote: inputs.remote, yes: inputs.yes, ca: inputs.cloud.ca, exceptions: unseenBy(warrant, isolation) },
    scans: inputs.scans,
    camera,
    clerk: task === 'perform' && asksClerk(warrant),
    origins: [...new Set(scopeOf(warrant).map(({ origin }) => origin))],
    isolation,
    attention,
    kept,
  }).catch((error: unknown) => notHeld(error, task))
  // A signal in its first moments ends the strongroom before it can say so.
  const finished = held === null && task === 'perform' && attention.cause !== null && !wasLive(folder, warrant, kept) ? stoppedBefore(attention.cause) : held
  try {
    if (inputs.remover && finished?.selfDeletionRefused === true && kept.length === 0) {
      attention.heed(whileRemoving)
      await removeUsedKey({ folder, warrant, remover: inputs.remover, cloud: inputs.cloud, isolation })
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    // Somebody changed the folder while the key was in use: whatever was done, nothing of it can be called proved.
    throw cannotConclude({ folder, warrant, kept }, error)
  }
  const stop = new AbortController()
  attention.heed(whileProving(stop))
  return await conclude({ folder, warrant, finished, kept, stop: stop.signal, reader: inputs.reader ?? inputs.remover, cloud: inputs.cloud, isolation }, wasLive(folder, warrant, kept) ? undefined : 'no key was live in it')
}

/** Whether a key was live, as far as lines can be read; where they cannot, it may have been. */
function wasLive(folder: string, { session }: Warrant, kept: KeptLines): boolean {
  try {
    const path = places.journal(folder, session)
    return kept.has('key-live') || readJournal(readLines(path, 'the journal'), path).lines.some(({ type }) => type === 'key-live')
  } catch (error) {
    if (!(error instanceof GlasskeyError)) throw error
    return true
  }
}

/** Nothing was recombined in it. */
function stoppedBefore(cause: string): Finished {
  return { kind: 'finished', probes: [], failure: { code: 'INTERRUPTED', message: `stopped before the key was opened: ${cause}`, hint: 'Begin again.' }, selfDeletionRefused: false }
}

/** A session whose processes could not be started, or whose scans could not be opened, comes to its end like any other: nothing was read in it. One that is only finished has a graver thing to say at its end, so the cause is said here. */
function notHeld(error: unknown, task: 'perform' | 'finish'): Awaited<ReturnType<typeof holdAtDesk>> {
  if (!(error instanceof Error)) throw error
  const { code, message, hint } = error instanceof GlasskeyError ? error : new GlasskeyError('INTERNAL', error.message, 'This is a fault of glasskey.')
  if (task === 'finish') say(`Nothing can be signed: ${message}. ${hint}`, 'alarm')
  return { kind: 'finished', probes: [], failure: { code, message, hint }, selfDeletionRefused: false }
}

/** Says before a session what would only be found out in it. Throws NO_TERMINAL, REHEARSAL_MISMATCH, CONSENT_REFUSED, USAGE, FILE_MISSING. */
export function checkInputs(warrant: Warrant, inputs: Inputs): void {
  requireGiven(inputs)
  checkRemover(warrant, inputs)
  const wordsReadBy = inputs.remote?.wordsReadBy ?? null
  if (wordsReadBy !== null) checkReader(wordsReadBy, warrant)
  if (inputs.yes && !warrant.rehearsal) throw new GlasskeyError('REHEARSAL_MISMATCH', '--yes is for rehearsals only', 'Each custodian consents at the terminal.')
  if (inputs.yes && !bringsSheets(inputs) && !isInteractive()) throw new GlasskeyError('USAGE', 'no sheets were given', whereToAsk('use --scan FILE... or --share-file FILE'))
  if (!inputs.yes && !isInteractive()) throw new GlasskeyError('NO_TERMINAL', 'custodians consent at a terminal, and there is none', whereToAsk('in a rehearsal use --yes'))
}

/** The remover is of this tenancy, and is somebody else: no other key of the user outlives a session. Throws OCI_CONFIG_INVALID, USAGE. */
function checkRemover({ tenancy, user }: Warrant, { remover, cloud }: Inputs): void {
  if (!remover) return
  lentLogin(remover, tenancy, cloud, false)
  if (remover.user === user) throw new GlasskeyError('USAGE', `the remover ${remover.name} is the user of this custody itself: none of its keys but the successor outlives the session`, 'Name the profile of another user, with the policy in docs/first-real-tenancy.md.')
}

/** Whether sheets or messages are given, or will be shown to a camera. */
export function bringsSheets({ scans, camera, shareFiles, remote }: Inputs): boolean {
  return camera !== null || scans.length + shareFiles.length + (remote?.messages.length ?? 0) > 0
}

/** Says what the preflight found. */
export function sayFindings(findings: readonly Finding[]): void {
  for (const { what, level, said } of findings) say(`${level === 'good' ? 'ok  ' : level === 'warn' ? 'note' : 'STOP'}  ${what}: ${said}`, level === 'stop' ? 'alarm' : 'plain')
}
