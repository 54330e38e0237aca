/** The takeover, once: measured first, then every step shown and agreed to, then the generation that did it rotated away. */
import { existsSync } from 'node:fs'
import { GlasskeyError } from '../errors.js'
import { inUse, successorsOf } from '../custody/generation.js'
import type { Manifest } from '../custody/manifest.js'
import { wallClock } from '../host/clock.js'
import { readCustodyFolder, type CustodyFolder } from '../host/custody-folder.js'
import { generationNumber, places, type Generation } from '../host/sealed-folder.js'
import type { Isolation } from '../host/isolation.js'
import { takeLock } from '../host/lock.js'
import { askYesNo } from '../host/terminal.js'
import type { Profile } from '../host/oci-profile.js'
import type { ListedKey } from '../record/journal.js'
import { isTakenOver, takeoverSoFar } from '../record/standing.js'
import { TAKEOVER_USE_CASE } from '../warrant/issue.js'
import { ONLY_API_KEYS } from '../warrant/scope.js'
import type { Warrant } from '../warrant/warrant.js'
import { Attention } from './attention.js'
import { generationToInstall, installByBootstrap, leftoversOf, lookAtRoom, refuseFullSlots, surveyWith, type Installation, type Lent } from './bootstrap.js'
import { holdAndConclude, checkInputs, roomsFor, sayFindings, type Inputs } from './break-glass.js'
import { conclude, type SessionResult } from './conclude.js'
import { askInstalledWords } from './installed-words.js'
import { KeptLines } from './kept-lines.js'
import { isUnknownToOci, listingBy, viewUser } from './login.js'
import { measuredBefore } from './measure.js'
import { drawUpWarrant, openSession, refuseUnfinished } from './open-session.js'
import { lookAtRegions, lookAtSigners, refuseStops } from './preflight.js'
import { printWarrant } from './print-warrant.js'
import { profileClerk } from './profile-clerk.js'
import { isBlocked, recogniseAll, type SurveyView } from './user-view.js'

/** Who asks for the takeover. */
export interface TakeoverRequest {
  operator: string
  authorisedBy: string
  reason: string
}

/** How a takeover ended: done now, or all as it should be already. */
export type TakeoverResult = { done: SessionResult } | { already: string[] }

/** Takes the user over. Without a bootstrap login it looks, or finishes what stopped half-way. Throws USAGE, TENANCY_UNFIT, SELF_DELETION_REFUSED and whatever refuses the session before shares are read. */
export async function takeOver(folderPath: string, bootstrap: Profile | null, request: TakeoverRequest, inputs: Inputs): Promise<TakeoverResult> {
  const release = takeLock(places.lock(folderPath), 'takeover', wallClock())
  try {
    const { isolation, camera } = roomsFor(inputs)
    const folder = readCustodyFolder(folderPath)
    const clerk = profileClerk(isolation)
    let attention: Attention | null = null
    try {
      const job = { folder, bootstrap, request, inputs, isolation, clerk }
      const prepared = await prepare(job)
      if ('already' in prepared) return prepared
      attention = new Attention()
      const { warrant, generation, installation } = inputs.yes ? prepared : await confirmed(prepared, attention.asked)
      openSession(folder, generation, warrant)
      await printWarrant(folder, warrant, inputs.printer)
      const stopped = installation && (await install(job, warrant, installation, attention.asked))
      clerk.close()
      return { done: stopped ?? (await holdAndConclude(folderPath, warrant, 'perform', inputs, isolation, camera, attention)) }
    } finally {
      clerk.close()
      attention?.over()
    }
  } finally {
    release()
  }
}

/** What there is before shares are read. */
interface Preparation extends Lent {
  bootstrap: Profile | null
  request: TakeoverRequest
  isolation: Isolation
}

/** A takeover that can begin. `installation`: what the bootstrap login does first; null where a generation is in use already. */
interface Prepared {
  warrant: Warrant
  /** The same once more, from now on: people may take long before it is opened. */
  drawUp: () => Warrant
  generation: Generation
  installation: Installation | null
}

/** Looks, and changes nothing. Returns what is to be done, or how all is as it should be already. */
async function prepare(job: Preparation): Promise<{ already: string[] } | Prepared> {
  const { folder, bootstrap, request, inputs, isolation } = job
  refuseUnfinished(folder, null)
  const [first] = folder.generations
  if (!first) throw new GlasskeyError('GENERATION_NOT_IN_USE', 'there is no generation yet', 'glasskey ceremony makes them.')
  const installed = inUse(folder.standings, folder.events)
  // A key that nobody can recombine any more is no way in: the next generation is installed as the first one was.
  const current = installed && installed.margin >= 0 ? installed : undefined
  if (current && isTakenOver(folder.logbook.lines)) return { already: await lookAgain(job, first) }

  if (!current && !bootstrap) throw new GlasskeyError('USAGE', 'a takeover begins with the bootstrap key, and no profile of it was named', 'glasskey takeover --profile BOOTSTRAP …')

  const planned = current ? generationNumber(folder, current.generation) : generationToInstall(folder, installed?.generation ?? 0)
  // Measuring waits for every region, with a throw-away key in OCI meanwhile.
  const measures = !current && measuredBefore(folder.sessions, inputs.remover, planned.manifest.regions) === undefined
  const findings = await lookAtRegions(planned.manifest, inputs.cloud, measures ? planned.manifest.regions : undefined)
  sayFindings(findings)
  refuseStops(findings)
  // An earlier takeover that stopped after its rotation left a key in use and other ways in open: that key goes on, and a
  // reader's login must do for the survey, because the bootstrap key is gone.
  const surveyor = current ? inputs.reader : bootstrap
  if (!surveyor) throw new GlasskeyError('TENANCY_UNFIT', `${takeoverSoFar(folder)}: GENERATION ${String(current?.generation)} is in use, and other ways in may still be open`, 'Finish it with a login that may read: glasskey takeover … --reader PROFILE, and sheets of that generation.')
  const survey = await surveyWith(job, surveyor)
  const leftovers = leftoversOf(folder, survey, bootstrap?.fingerprint)
  const staying = recogniseAll(survey, folder.generations.map(({ manifest }) => manifest)).filter(({ fingerprint }) => !leftovers.some((leftover) => leftover.fingerprint === fingerprint))
  const generation = current ? planned : behindNone(folder, staying, planned, installed !== undefined)
  if (current) refuseUnlisted(recogniseAll(survey, folder.generations.map(({ manifest }) => manifest)), planned)
  const fit = checkFit(survey, generation, bootstrap)
  const taken = survey.keys.length - (current ? 0 : leftovers.length)
  if (!current) refuseFullSlots(taken, folder, survey, generation, inputs.remover)
  sayFindings(lookAtRoom(taken, survey, generation))
  const action = { name: 'takeover' as const, domainUrl: fit.domainUrl, domainUserId: fit.domainUserId }
  const asked = { ...request, action, drill: false, operator: { name: request.operator, user: generation.manifest.user }, incident: 'TAKEOVER', useCase: TAKEOVER_USE_CASE, minutes: undefined, to: undefined, deferRotation: false, endpoints: inputs.cloud.endpoints }
  // Its time runs from when it is drawn up: once now, for what can be refused, and again when people have confirmed the key.
  const drawUp = (): Warrant => drawUpWarrant(folder, generation, asked, isolation, wallClock())
  const warrant = drawUp()
  checkInputs(warrant, inputs)
  const signers = await lookAtSigners(folder, generation.manifest, warrant.successor?.generation)
  sayFindings(signers)
  refuseStops(signers)
  return { warrant, drawUp, generation, installation: current || !bootstrap ? null : { bootstrap, generation, survey, leftovers, confirmedBy: [], session: warrant.session } }
}

/** The same, once people have agreed to what goes first, and a quorum has compared the key with paper. Throws CONSENT_REFUSED, INTERRUPTED. */
async function confirmed(prepared: Prepared, asked: AbortSignal): Promise<Prepared> {
  const { generation, installation } = prepared
  if (!installation) return prepared
  for (const { fingerprint } of installation.leftovers) await agreeToRemove(fingerprint, asked)
  const confirmedBy = await askInstalledWords(generation.manifest, asked)
  const warrant = prepared.drawUp()
  return { ...prepared, warrant, installation: { ...installation, confirmedBy, session: warrant.session } }
}

/** Journals say what an earlier attempt left, and a journal that nobody signed is believed by nobody. Throws CONSENT_REFUSED. */
async function agreeToRemove(fingerprint: string, asked: AbortSignal): Promise<void> {
  if (await askYesNo(`An earlier attempt left API key ${fingerprint} in OCI, as this folder says. Delete it first?`, '--yes in a rehearsal', asked)) return
  throw new GlasskeyError('CONSENT_REFUSED', `API key ${fingerprint} is not to be deleted`, 'Nothing was changed. If that key is somebody\'s, this folder was altered: fetch an untouched copy.')
}

/** The bootstrap login's part. Null once the generation is installed; otherwise how the session ended. */
async function install({ folder, inputs, isolation, clerk }: Preparation, warrant: Warrant, installation: Installation, asked: AbortSignal): Promise<SessionResult | null> {
  try {
    await installByBootstrap({ folder, inputs, clerk }, installation, asked)
    requireTimeLeft(warrant, wallClock())
    return null
  } catch (error) {
    if (!(error instanceof GlasskeyError)) throw error
    // No share was read. What was measured and uploaded is in the journal, and the attempt in the logbook.
    const { code, message, hint } = error
    const finished = { kind: 'finished' as const, probes: [], failure: { code, message, hint }, selfDeletionRefused: false }
    const kept = new KeptLines(places.journal(folder.path, warrant.session))
    return await conclude({ folder: folder.path, warrant, finished, kept, reader: inputs.reader ?? inputs.remover, cloud: inputs.cloud, isolation }, `no share was read, and the bootstrap key is still the way in (${message})`)
  }
}

/** Regions may have taken minutes to follow each change of keys: a takeover that stops half-way for lack of time has used a generation up. Throws WARRANT_EXPIRED. */
function requireTimeLeft({ opens, deadline }: Warrant, now: Date): void {
  const [whole, left] = [Date.parse(deadline) - Date.parse(opens), Math.max(0, Date.parse(deadline) - now.getTime())]
  if (left * 3 >= whole) return
  throw new GlasskeyError('WARRANT_EXPIRED', `measuring and installing took so long that ${Math.floor(left / 60_000)} of the warrant's ${Math.floor(whole / 60_000)} minutes are left, too few for sheets, consents and removals`, 'Run glasskey takeover again: it measures nothing, and finds its key installed.')
}

/**
 * The generation to install, where OCI has none after it: a copy of the folder that is behind would install one that another copy has used,
 * and called dead. `givenUp`: people entered the sheets of the one in use as lost, and go on after whatever OCI has. Throws TENANCY_UNFIT, NO_SUCCESSOR.
 */
function behindNone(folder: CustodyFolder, listed: readonly ListedKey[], planned: Generation, givenUp: boolean): Generation {
  const newest = Math.max(0, ...listed.map(({ generation }) => generation ?? 0))
  if (newest <= planned.manifest.generation) return planned
  if (givenUp) {
    if (successorsOf(folder.standings, newest).length > 0) return generationToInstall(folder, newest)
    throw new GlasskeyError('NO_SUCCESSOR', `OCI has the key of GENERATION ${newest}, and no generation after it is left to install`, `If no session uses it (somebody uploaded its public key): delete it in OCI's console, and begin again. Otherwise hold a ceremony first.`)
  }
  throw new GlasskeyError('TENANCY_UNFIT', `OCI has the key of GENERATION ${newest} already, and this record knows of no takeover: another copy of this custody folder most likely has a newer one`, `Find it, and use that one. If it is lost for good: glasskey break rotate --generation ${newest}, with sheets of that generation. If somebody uploaded it and no session did: delete it in OCI's console. Nothing was changed.`)
}

/** A half-way takeover goes on with a key that OCI has: of another, custodians would open their bags for nothing. Throws TENANCY_UNFIT. */
function refuseUnlisted(listed: readonly ListedKey[], { manifest }: Generation): void {
  if (listed.some(({ spkiSha256, lifecycleState }) => spkiSha256 === manifest.spkiSha256 && lifecycleState === 'ACTIVE')) return
  const others = listed.flatMap(({ generation }) => (generation === null || generation === manifest.generation ? [] : [generation]))
  throw new GlasskeyError('TENANCY_UNFIT', `OCI does not list GENERATION ${manifest.generation} as ACTIVE, which this record has in use${others.length === 0 ? '' : `; it lists GENERATION ${others.join(', ')}`}`, `${others.length === 0 ? 'A key that was uploaded a moment ago may not be listed yet: try again in some minutes.' : `Another copy of this custody folder most likely went on: find it, and use that one. If it is lost for good: glasskey break rotate --generation ${Math.max(...others)}, with sheets of that generation.`} Nothing was changed.`)
}

/** Whether this user may be taken over at all. Throws TENANCY_UNFIT saying what is missing. */
function checkFit(survey: SurveyView, { manifest }: Generation, bootstrap: Profile | null): { domainUrl: string; domainUserId: string } {
  const unfit = (what: string, next: string): GlasskeyError => new GlasskeyError('TENANCY_UNFIT', what, `${next} Nothing was changed.`)
  if (bootstrap && bootstrap.user !== manifest.user) throw unfit(`profile ${bootstrap.name} is of user ${bootstrap.user}, and the ceremony was for ${manifest.user}`, 'Use the API key of the user in custody.yaml.')
  if (isBlocked(survey)) throw unfit('the user is blocked or not ACTIVE', 'Unblock it first.')
  if (!survey.groups.includes('Administrators')) throw unfit(`the user is not in the group Administrators (it is in: ${survey.groups.join(', ') || 'none'})`, 'Add it first.')
  if (survey.otherAdministrators.length === 0) throw unfit('the user is the only administrator: nobody could help if this fails', 'Make a second administrator first.')
  const [domainUser] = survey.domain?.users ?? []
  if (!survey.domain || !domainUser) throw unfit('the user is not in the default identity domain', 'The user of a takeover must be in the default domain.')
  const ready = survey.regions.filter(({ status }) => status === 'READY').map(({ regionName }) => regionName)
  const unknown = ready.filter((region) => !manifest.regions.includes(region))
  if (unknown.length > 0) throw unfit(`the tenancy is subscribed to ${unknown.join(', ')}, which custody.yaml does not list`, 'A key must be proved dead in every subscribed region: list them all and hold the ceremony again.')
  return { domainUrl: survey.domain.url, domainUserId: domainUser.id }
}

/** A second run changes nothing: it looks whether all is as it should be, with whatever login still can. */
async function lookAgain(job: Preparation, { manifest }: Generation): Promise<string[]> {
  const { folder, bootstrap, inputs } = job
  const unfit = (what: string, next: string): GlasskeyError => new GlasskeyError('TENANCY_UNFIT', what, next)
  const current = String(inUse(folder.standings, folder.events)?.generation)
  const said = [`the takeover happened; GENERATION ${current} is in use`, ...(bootstrap ? await lookAtBootstrap(bootstrap, manifest, inputs) : [])]
  if (inputs.reader) {
    const view = await viewUser(inputs.reader, manifest, inputs.cloud)
    if (isBlocked(view)) throw unfit('the user is blocked or not ACTIVE: OCI refuses every key of it', 'Find out who blocked it.')
    const keys = recogniseAll(view, folder.generations.map((entry) => entry.manifest))
    const right = keys.length === 1 && String(keys[0]?.generation) === current
    const open = Object.entries(ONLY_API_KEYS).filter(([name, wanted]) => (view.capabilities[name] ?? false) !== wanted)
    if (!right || open.length > 0) throw unfit(`not all is as it should be: ${right ? '' : `${keys.length} API keys; `}${open.map(([name]) => name).join(', ')}`, 'glasskey audit says what differs.')
    said.push(`${inputs.reader.name} reads: one API key, of GENERATION ${current}; API keys are the only way in`)
  }
  if (!bootstrap && !inputs.reader) said.push('so far as this record knows: nothing was asked of OCI; --reader PROFILE looks')
  if (bootstrap && existsSync(bootstrap.keyFile)) said.push(`the bootstrap key file is still there: destroy ${bootstrap.keyFile}`)
  return said
}

/** The bootstrap key after the takeover that deleted it. Throws TENANCY_UNFIT where OCI accepts it; CLOCKS_DISAGREE. */
async function lookAtBootstrap(bootstrap: Profile, manifest: Manifest, { cloud, reader }: Inputs): Promise<string[]> {
  // Of another tenancy it is refused where it would be used.
  if (bootstrap.tenancy === manifest.tenancy && bootstrap.user !== manifest.user) throw new GlasskeyError('TENANCY_UNFIT', `profile ${bootstrap.name} is of user ${bootstrap.user}, and the takeover was of ${manifest.user}`, 'Name the profile of the bootstrap key. Nothing was changed.')
  if (await isUnknownToOci(bootstrap, manifest, cloud)) return [`the bootstrap key ${bootstrap.fingerprint} is refused (401)${reader ? '' : ', as every key of a blocked user is: --reader PROFILE looks'}`]
  const { keys } = await listingBy(bootstrap, manifest, [], cloud)
  if (keys.some(({ fingerprint }) => fingerprint === bootstrap.fingerprint)) throw new GlasskeyError('TENANCY_UNFIT', `the bootstrap key ${bootstrap.fingerprint} is still accepted by OCI`, 'Somebody uploaded it again: find out who. glasskey break rotate deletes keys that no manifest names.')
  throw new GlasskeyError('TENANCY_UNFIT', `OCI lists the bootstrap key ${bootstrap.fingerprint} no more, and still accepts it`, 'A deleted key is refused after minutes as a rule: run this again then. If it is accepted for longer, ask Oracle.')
}
