/** The takeover, once: measured first, then every step shown and agreed to, then the generation that did it rotated away. */
import { existsSync } from 'node:fs'
import { canonicalJson } from '../canonical.js'
import { GlasskeyError } from '../errors.js'
import { inUse } from '../custody/generation.js'
import { wallClock, pause } from '../host/clock.js'
import { readCustodyFolder, type CustodyFolder } from '../host/custody-folder.js'
import { generationNumber, places, type Generation } from '../host/sealed-folder.js'
import { replaceFile } from '../host/disk.js'
import { probeIsolation, type Isolation } from '../host/isolation.js'
import { LineFile } from '../host/line-file.js'
import { takeLock } from '../host/lock.js'
import type { Profile } from '../host/oci-profile.js'
import { say } from '../host/terminal.js'
import { readJournal, type JournalEntry, type JournalLine } from '../record/journal.js'
import { isTakenOver } from '../record/standing.js'
import { TAKEOVER_USE_CASE } from '../warrant/issue.js'
import { MAXIMUM_API_KEYS, ONLY_API_KEYS } from '../warrant/scope.js'
import { holdAndConclude, refuseUnattended, roomsFor, sayFindings, type Inputs } from './break-glass.js'
import { conclude, type SessionResult } from './conclude.js'
import { journalledCarry, type DeskJournal, type OneChange } from './journalled-carry.js'
import { identityAt, lentLogin } from './login.js'
import { leftBehind, measure, measuredBefore } from './measure.js'
import { drawUpWarrant, openSession, refuseUnfinished } from './open-session.js'
import { lookAtRegions, refuseStops } from './preflight.js'
import { printWarrant } from './print-warrant.js'
import { carryFor, deskCarrier, profileClerk } from './profile-clerk.js'
import { inShape, isBlocked, recogniseAll, surveyView, type SurveyView } from './user-view.js'

/** Who asks for the takeover. */
export interface TakeoverRequest {
  operator: string
  authorisedBy: string
  reason: string
}

/** How a takeover ended: done now, or all as it should be already. */
export type TakeoverResult = { done: SessionResult; bootstrapKeyFile: string } | { already: string[] }

const PATIENCE_MS = 5 * 60_000

/** Takes the user over. Throws TENANCY_UNFIT, SELF_DELETION_REFUSED and whatever refuses the session before shares are read. */
export async function takeOver(folderPath: string, bootstrap: Profile, request: TakeoverRequest, inputs: Inputs): Promise<TakeoverResult> {
  const release = takeLock(places.lock(folderPath), 'takeover', wallClock())
  try {
    const { isolation, camera } = roomsFor(inputs)
    const folder = readCustodyFolder(folderPath)
    refuseUnfinished(folder)
    const [first] = folder.generations
    if (!first) throw new GlasskeyError('GENERATION_NOT_IN_USE', 'there is no generation yet', 'glasskey ceremony makes them.')
    const current = inUse(folder.standings, folder.events)
    if (current && isTakenOver(folder.logbook.lines)) return { already: await lookAgain(folder, bootstrap, inputs) }

    const findings = await lookAtRegions(first.manifest, inputs.cloud)
    sayFindings(findings)
    refuseStops(findings)
    // An earlier takeover that stopped after its rotation left a key in use and other ways in open: that key goes on, and a
    // reader's login must do for the survey, because the bootstrap key is gone.
    const surveyor = current ? inputs.reader : bootstrap
    if (!surveyor) throw new GlasskeyError('TENANCY_UNFIT', `an earlier takeover stopped half-way: GENERATION ${String(current?.generation)} is in use, and other ways in are still open`, 'Finish it with a login that may read: glasskey takeover … --reader PROFILE, and sheets of that generation.')
    const survey = await surveyWith(folder, surveyor, inputs)
    const generation = current ? generationNumber(folder, current.generation) : generationToInstall(folder)
    const leftovers = leftoversOf(folder, survey)
    const fit = checkFit(survey, first, bootstrap)
    if (!current) refuseFullSlots(survey.keys.length - leftovers.length, folder, survey, generation, inputs.remover)
    const warrant = drawUpWarrant(
      folder,
      generation,
      {
        action: { name: 'takeover', domainUrl: fit.domainUrl, domainUserId: fit.domainUserId },
        drill: false,
        operator: { name: request.operator, user: bootstrap.user },
        incident: 'TAKEOVER',
        useCase: TAKEOVER_USE_CASE,
        authorisedBy: request.authorisedBy,
        reason: request.reason,
        minutes: undefined,
        to: undefined,
        deferRotation: false,
        endpoints: inputs.cloud.endpoints,
      },
      isolation,
      wallClock(),
    )
    refuseUnattended(warrant, inputs)
    openSession(folder, generation, warrant)
    await printWarrant(folder, warrant, inputs.printer)
    if (!current) {
      try {
        await installByBootstrap({ folder, generation, bootstrap, survey, leftovers, session: warrant.session, inputs, isolation })
      } catch (error) {
        if (!(error instanceof GlasskeyError)) throw error
        // No share was read. What was measured and uploaded is in the journal, and the attempt in the logbook.
        const { code, message, hint } = error
        const finished = { kind: 'finished' as const, probes: [], failure: { code, message, hint }, selfDeletionRefused: false }
        return { done: await conclude({ folder: folderPath, warrant, finished, unwritten: [], reader: inputs.reader ?? inputs.remover, cloud: inputs.cloud, isolation }), bootstrapKeyFile: bootstrap.keyFile }
      }
    }
    return { done: await holdAndConclude(folderPath, warrant, 'perform', inputs, isolation, camera), bootstrapKeyFile: bootstrap.keyFile }
  } finally {
    release()
  }
}

/** A key that an earlier attempt left in OCI, and the rule under which it is deleted. */
interface Leftover {
  fingerprint: string
  rule: string
}

/** Throw-away keys; and generations that were installed, and then exposed or retired before their key was live: nobody is to use those. */
function leftoversOf(folder: CustodyFolder, survey: SurveyView): Leftover[] {
  const spent = folder.standings.filter(({ state }) => state === 'exposed' || state === 'retired').map(({ generation }) => generation)
  const listed = recogniseAll(survey, folder.generations.map(({ manifest }) => manifest))
  return [
    ...leftBehind(survey.keys, folder.sessions).map((fingerprint) => ({ fingerprint, rule: 'measure: remove a throw-away key of an earlier attempt' })),
    ...listed.flatMap(({ fingerprint, generation }) => (generation !== null && spent.includes(generation) ? [{ fingerprint, rule: `remove GENERATION ${generation} of an earlier attempt` }] : [])),
  ]
}

/** What is done with the bootstrap login. */
interface BootstrapPart {
  folder: CustodyFolder
  generation: Generation
  bootstrap: Profile
  survey: SurveyView
  leftovers: readonly Leftover[]
  session: string
  inputs: Inputs
  isolation: Isolation
}

/** Removes what an earlier attempt left, measures, and installs the generation: all with the bootstrap login, and journalled. */
async function installByBootstrap({ folder, generation, bootstrap, survey, leftovers, session, inputs, isolation }: BootstrapPart): Promise<void> {
  const { tenancy, user, homeRegion, regions } = generation.manifest
  const journal: DeskJournal = LineFile.open<JournalLine, JournalEntry>(places.journal(folder.path, session), readJournal, wallClock)
  const login = lentLogin(bootstrap, tenancy, inputs.cloud, false)
  const carrier = deskCarrier(inputs.cloud.ca)
  const endpoint = identityAt(homeRegion, tenancy, inputs.cloud)
  const keysUrl = `${endpoint}/20160918/users/${user}/apiKeys`
  const asBootstrap = async (task: string, rule: string, change: OneChange, params: { [name: string]: string }): Promise<void> => {
    const clerk = profileClerk(journalledCarry(journal, login, carrier, rule, change), isolation)
    try {
      await clerk.run({ task, params: { endpoint, user, ...params } })
    } finally {
      clerk.close()
    }
  }
  const remove = (fingerprint: string, rule: string): Promise<void> => asBootstrap('delete-key', rule, { method: 'DELETE', url: `${keysUrl}/${encodeURIComponent(fingerprint)}`, body: null }, { fingerprint })
  const upload = (publicKeyPem: string, rule: string): Promise<void> => asBootstrap('upload-key', rule, { method: 'POST', url: keysUrl, body: { key: publicKeyPem } }, { publicKeyPem })

  for (const { fingerprint, rule } of leftovers) await remove(fingerprint, rule)
  const before = measuredBefore(folder.sessions, inputs.remover)
  say(before ? 'How this tenancy treats keys was measured before.' : 'Measuring how this tenancy treats keys, with throw-away keys:')
  const origins = Object.fromEntries(regions.map((region) => [region, identityAt(region, tenancy, inputs.cloud)]))
  const measured = before ?? (await measure({ tenancy, user, homeRegion, origins, taken: survey.keys.length - leftovers.length, carrier, journal, upload, remove, remover: inputs.remover }))
  replaceFile(places.measured(folder.path), canonicalJson({ format: 1, at: wallClock().toISOString(), ...measured }) + '\n')
  await install(generation, folder, bootstrap, inputs, upload)
}

/** The lowest generation that was never exposed: an earlier attempt may have used one up. */
function generationToInstall(folder: CustodyFolder): Generation {
  const standing = folder.standings.find(({ state }) => state === 'waiting')
  if (!standing) throw new GlasskeyError('NO_SUCCESSOR', 'no generation is left to install', 'Hold a ceremony first.')
  return generationNumber(folder, standing.generation)
}

async function surveyWith(folder: CustodyFolder, profile: Profile, inputs: Inputs): Promise<SurveyView> {
  const [first] = folder.generations
  if (!first) throw new RangeError('surveyWith: no generation')
  const { tenancy, user, homeRegion } = first.manifest
  const login = lentLogin(profile, tenancy, inputs.cloud, true)
  const clerk = profileClerk((request) => carryFor(request, login, deskCarrier(inputs.cloud.ca)), probeIsolation(inputs.namespaces))
  try {
    return inShape(await clerk.run({ task: 'survey', params: { endpoint: identityAt(homeRegion, tenancy, inputs.cloud), tenancy, user, domain: true } }), surveyView)
  } finally {
    clerk.close()
  }
}

/** Whether this user may be taken over at all. Throws TENANCY_UNFIT saying what is missing. */
function checkFit(survey: SurveyView, { manifest }: Generation, bootstrap: Profile): { domainUrl: string; domainUserId: string } {
  const unfit = (what: string, next: string): GlasskeyError => new GlasskeyError('TENANCY_UNFIT', what, `${next} Nothing was changed.`)
  if (bootstrap.user !== manifest.user) throw unfit(`profile ${bootstrap.name} is of user ${bootstrap.user}, and the ceremony was for ${manifest.user}`, 'Use the API key of the user in custody.yaml.')
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

/** Throws TENANCY_UNFIT when there is no slot to measure in, or none for the key itself. `taken` are slots that stay so. */
function refuseFullSlots(taken: number, folder: CustodyFolder, survey: SurveyView, { manifest }: Generation, remover: Profile | null): void {
  const listed = recogniseAll(survey, [manifest]).some((key) => key.generation !== null)
  if (taken < MAXIMUM_API_KEYS || (listed && measuredBefore(folder.sessions, remover) !== undefined)) return
  throw new GlasskeyError('TENANCY_UNFIT', `all ${MAXIMUM_API_KEYS} API key slots of the user are taken`, 'Delete one that is not needed. Nothing was changed.')
}

/** Uploads the generation's public key and waits until OCI's copy is ACTIVE and equal. */
async function install(generation: Generation, folder: CustodyFolder, bootstrap: Profile, inputs: Inputs, upload: (pem: string, rule: string) => Promise<void>): Promise<void> {
  const { manifest } = generation
  const manifests = folder.generations.map((entry) => entry.manifest)
  const listed = async (): Promise<string | undefined> => {
    const survey = await surveyWith(folder, bootstrap, inputs)
    return recogniseAll(survey, manifests).find((key) => key.spkiSha256 === manifest.spkiSha256)?.lifecycleState
  }
  if ((await listed()) === undefined) await upload(manifest.publicKeyPem, `install GENERATION ${manifest.generation}`)
  const giveUpAt = Date.now() + PATIENCE_MS
  say(`Waiting until OCI lists GENERATION ${manifest.generation} as ACTIVE: seconds as a rule, at most ${PATIENCE_MS / 60_000} minutes.`)
  while (Date.now() < giveUpAt) {
    if ((await listed()) === 'ACTIVE') {
      say(`GENERATION ${manifest.generation} is installed: ACTIVE, read back equal.`, 'good')
      return
    }
    await pause(1000)
  }
  throw new GlasskeyError('TENANCY_UNFIT', `GENERATION ${manifest.generation} was uploaded and did not become ACTIVE`, 'Run glasskey takeover again later.')
}

/** A second run changes nothing: it looks whether all is as it should be, with whatever login still can. */
async function lookAgain(folder: CustodyFolder, bootstrap: Profile, inputs: Inputs): Promise<string[]> {
  const standing = inUse(folder.standings, folder.events)
  const said = [`the takeover happened; GENERATION ${String(standing?.generation)} is in use`]
  try {
    await surveyWith(folder, bootstrap, inputs)
    throw new GlasskeyError('TENANCY_UNFIT', `the bootstrap key ${bootstrap.fingerprint} is still accepted by OCI`, 'Somebody uploaded it again: find out who. glasskey break rotate deletes keys that no manifest names.')
  } catch (error) {
    if (!(error instanceof GlasskeyError) || error.code !== 'OCI_REFUSED' || !error.message.includes('401')) throw error
    said.push(`the bootstrap key ${bootstrap.fingerprint} is refused (401)`)
  }
  if (inputs.reader) {
    const survey = await surveyWith(folder, inputs.reader, inputs)
    const keys = recogniseAll(survey, folder.generations.map((entry) => entry.manifest))
    const right = keys.length === 1 && keys[0]?.generation === standing?.generation
    const open = Object.entries(ONLY_API_KEYS).filter(([name, wanted]) => (survey.capabilities[name] ?? false) !== wanted)
    if (!right || open.length > 0) {
      throw new GlasskeyError('TENANCY_UNFIT', `not all is as it should be: ${right ? '' : `${keys.length} API keys; `}${open.map(([name]) => name).join(', ')}`, 'glasskey audit says what differs.')
    }
    said.push(`${inputs.reader.name} reads: one API key, of GENERATION ${String(standing?.generation)}; API keys are the only way in`)
  }
  if (existsSync(bootstrap.keyFile)) said.push(`the bootstrap key file is still there: destroy ${bootstrap.keyFile}`)
  return said
}
