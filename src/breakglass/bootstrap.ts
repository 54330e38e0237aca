/** The takeover's part of the bootstrap login: what an earlier attempt left is removed, OCI measured, a generation installed. */
import { canonicalJson } from '../canonical.js'
import { inUse, successorsOf } from '../custody/generation.js'
import { namesOfPem } from '../custody/key.js'
import { nameOf } from '../custody/share.js'
import { GlasskeyError } from '../errors.js'
import { pause, readClocks, wallClock } from '../host/clock.js'
import type { CustodyFolder } from '../host/custody-folder.js'
import { generationNumber, places, type Generation } from '../host/sealed-folder.js'
import { replaceFile } from '../host/disk.js'
import { LineFile } from '../host/line-file.js'
import type { Profile } from '../host/oci-profile.js'
import { tell } from '../host/tell.js'
import { say } from '../host/terminal.js'
import { readJournal, type JournalEntry, type JournalLine, type ListedKey } from '../record/journal.js'
import { INSTALL, REMOVE } from '../record/replay.js'
import { MAXIMUM_API_KEYS } from '../warrant/scope.js'
import { isTakenOver } from '../record/standing.js'
import type { Inputs } from './break-glass.js'
import { journalledCarry, type DeskJournal, type OneChange } from './journalled-carry.js'
import { identityAt, lentLogin, listingBy, type Cloud } from './login.js'
import { leftBehind, measure, measuredBefore, refuseToGoOn } from './measure.js'
import { asRead, lookAtRegions, lookAtSubscriptions, type Finding } from './preflight.js'
import { carryFor, deskCarrier, type ProfileClerk } from './profile-clerk.js'
import { inShape, recogniseAll, surveyView, type SurveyView } from './user-view.js'

const PATIENCE_MS = 5 * 60_000

/** What works with a lent login: the folder it is for, and a clerk. */
export interface Lent {
  folder: CustodyFolder
  inputs: Inputs
  clerk: ProfileClerk
}

/** What any login of these reads of the user. */
export async function surveyWith({ folder, inputs, clerk }: Lent, profile: Profile): Promise<SurveyView> {
  const [first] = folder.generations
  if (!first) throw new RangeError('surveyWith: no generation')
  const { tenancy, user, homeRegion } = first.manifest
  const login = lentLogin(profile, tenancy, inputs.cloud, true)
  const task = { task: 'survey', params: { endpoint: identityAt(homeRegion, tenancy, inputs.cloud), tenancy, user } }
  try {
    return inShape(await clerk.run(task, (request) => carryFor(request, login, deskCarrier(inputs.cloud.ca))), surveyView)
  } catch (error) {
    // More than one login is asked in a takeover.
    if (!(error instanceof GlasskeyError) || error.code !== 'OCI_REFUSED') throw error
    throw new GlasskeyError(error.code, `${profile.name} cannot read the user: ${error.message}`, error.hint, { cause: error })
  }
}

/** A key that an earlier attempt left in OCI, and the rule under which it is deleted. */
export interface Leftover {
  fingerprint: string
  rule: string
}

/**
 * Throw-away keys; and generations that were installed, and then exposed, retired or lost before their key was live: nobody is to use
 * those. Not the one in use, though nobody can open it any more: that goes in the end, and is asked for. Nor, whatever a journal says that nobody
 * signed, the key of a generation or the one that is `lent`.
 */
export function leftoversOf(folder: CustodyFolder, survey: Pick<SurveyView, 'keys'>, lent: string | null = null): Leftover[] {
  const current = isTakenOver(folder.logbook.lines) ? inUse(folder.standings, folder.events)?.generation : undefined
  const spent = folder.standings.filter(({ generation, state, margin }) => generation !== current && (state === 'exposed' || state === 'retired' || margin < 0)).map(({ generation }) => generation)
  const manifests = folder.generations.map(({ manifest }) => manifest)
  const listed = recogniseAll(survey, manifests).map(({ generation }) => generation)
  return [
    ...leftBehind(survey.keys, folder.sessions).filter((fingerprint) => fingerprint !== lent && !manifests.some((manifest) => manifest.fingerprint === fingerprint)).map((fingerprint) => ({ fingerprint, rule: 'measure: remove a throw-away key of an earlier attempt' })),
    // By the manifest's fingerprint: the list came through the clerk, and may have another beside the key.
    ...manifests.flatMap(({ generation, fingerprint }) => (listed.includes(generation) && spent.includes(generation) ? [{ fingerprint, rule: `${REMOVE}${generation} of an earlier attempt` }] : [])),
  ]
}

/** Whether there is a slot to measure in, or at least one for the key itself. `taken` are slots that stay so. */
function hasRoom(taken: number, folder: CustodyFolder, { keys }: Pick<SurveyView, 'keys'>, { manifest }: Generation, remover: Profile | null | 'any'): boolean {
  const listed = recogniseAll({ keys }, [manifest]).some((key) => key.generation !== null)
  return taken < MAXIMUM_API_KEYS || (listed && measuredBefore(folder.sessions, remover, manifest.regions) !== undefined)
}

/** Throws TENANCY_UNFIT when there is no slot to measure in, or none for the key itself. `taken` are slots that stay so. */
export function refuseFullSlots(taken: number, folder: CustodyFolder, survey: SurveyView, generation: Generation, remover: Profile | null): void {
  if (hasRoom(taken, folder, survey, generation, remover)) return
  throw new GlasskeyError('TENANCY_UNFIT', `all ${MAXIMUM_API_KEYS} API key slots of the user are taken`, 'Delete one that is not needed. Nothing was changed.')
}

/** What can be known before a takeover, any day: which generation it installs, whether it measures, and what a reader sees of the user. */
export async function lookAheadOfTakeover(folder: CustodyFolder, reader: Profile | null, cloud: Cloud): Promise<Finding[]> {
  const [first, second] = successorsOf(folder.standings, 0)
  if (!first || !second) return [{ what: 'generations', level: 'stop', said: `${first ? 'one waits' : 'none waits'}: a takeover installs one, and rotates to another; glasskey ceremony` }]
  const generation = generationNumber(folder, first.generation)
  const { manifest } = generation
  const regions = await lookAtRegions(manifest, cloud, measuredBefore(folder.sessions, 'any', manifest.regions) ? undefined : manifest.regions)
  if (!reader) return [...regions, { what: 'key list', level: 'warn', said: 'not looked at: no --reader' }]
  const user = await asRead(reader, folder, manifest, cloud, (keys, { keys: listed }) => {
    const leftovers = leftoversOf(folder, { keys: listed })
    const later = keys.filter((key) => key.generation !== null && key.generation > first.generation && !leftovers.some(({ fingerprint }) => fingerprint === key.fingerprint))
    const taken = keys.length - leftovers.length
    return [
      ...later.map((key): Finding => ({ what: `GENERATION ${String(key.generation)}`, level: 'stop', said: 'is in OCI, and this record knows of no takeover: another copy of this custody folder most likely has a newer one. Find it, and use that one' })),
      ...leftovers.map(({ fingerprint }): Finding => ({ what: `API key ${fingerprint}`, level: 'warn', said: 'an earlier attempt left it: the takeover deletes it first' })),
      hasRoom(taken, folder, { keys: listed }, generation, 'any')
        ? { what: 'key slots', level: 'good', said: `${Math.max(0, MAXIMUM_API_KEYS - taken)} free` }
        : { what: 'key slots', level: 'stop', said: `all ${MAXIMUM_API_KEYS} are taken: delete a key that is not needed` },
    ]
  })
  return [...regions, ...user, ...(await lookAtSubscriptions(reader, manifest, cloud))]
}

/** With two keys beside the one that is installed, an exit that comes early must take the slot of one of them, agreed or not. */
export function lookAtRoom(taken: number, survey: SurveyView, { manifest }: Generation): Finding[] {
  const others = taken - recogniseAll(survey, [manifest]).filter((key) => key.generation !== null).length
  if (others < MAXIMUM_API_KEYS - 1) return []
  return [{ what: 'key slots', level: 'warn', said: `${others} API keys are there already. The takeover asks before it deletes each; but if it stops before, its exit deletes the last of them, to make room for the successor. If one must stay: Ctrl-C, and no share is read` }]
}

/** The lowest generation after this one (0: of all) that was never exposed, and that its sheets can open: an earlier attempt may have used one up. Throws NO_SUCCESSOR. */
export function generationToInstall(folder: CustodyFolder, after: number): Generation {
  const [standing] = successorsOf(folder.standings, after)
  if (!standing) throw new GlasskeyError('NO_SUCCESSOR', 'no generation is left to install', 'Hold a ceremony first.')
  return generationNumber(folder, standing.generation)
}

/** What is installed by which login in which session, and what was found there. */
export interface Installation {
  bootstrap: Profile
  generation: Generation
  survey: SurveyView
  leftovers: readonly Leftover[]
  /** Custodians who confirmed the generation from their bags; none in a rehearsal where --yes stood for them. */
  confirmedBy: readonly number[]
  session: string
}

/**
 * Removes what an earlier attempt left, measures, and installs the generation: all with the bootstrap login, and journalled. `asked` aborts when
 * somebody wants it to end: nothing more is begun then. Throws INTERRUPTED for that, and what its parts throw.
 */
export async function installByBootstrap(job: Lent, { bootstrap, generation, survey, leftovers, confirmedBy, session }: Installation, asked: AbortSignal): Promise<void> {
  const { folder, inputs, clerk } = job
  const { tenancy, user, homeRegion, regions } = generation.manifest
  const journal: DeskJournal = LineFile.open<JournalLine, JournalEntry>(places.journal(folder.path, session), readJournal, wallClock)
  const login = lentLogin(bootstrap, tenancy, inputs.cloud, false)
  const carrier = deskCarrier(inputs.cloud.ca)
  const endpoint = identityAt(homeRegion, tenancy, inputs.cloud)
  const keysUrl = `${endpoint}/20160918/users/${user}/apiKeys`
  const asBootstrap = async (task: string, rule: string, change: OneChange, params: { [name: string]: string }): Promise<void> => {
    await clerk.run({ task, params: { endpoint, user, ...params } }, journalledCarry(journal, login, carrier, rule, change))
  }
  const remove = (fingerprint: string, rule: string): Promise<void> => asBootstrap('delete-key', rule, { method: 'DELETE', url: `${keysUrl}/${encodeURIComponent(fingerprint)}`, body: null }, { fingerprint })
  const uploaded = new Set<string>()
  const upload = (publicKeyPem: string, rule: string): Promise<void> => {
    uploaded.add(namesOfPem(publicKeyPem)?.spkiSha256 ?? '')
    return asBootstrap('upload-key', rule, { method: 'POST', url: keysUrl, body: { key: publicKeyPem } }, { publicKeyPem })
  }

  const { remover } = inputs
  const listed = (profile: Profile): ReturnType<typeof listingBy> => listingBy(profile, generation.manifest, folder.generations.map(({ manifest }) => manifest), inputs.cloud)
  const isListed = async (spkiSha256: string): Promise<boolean> => (await listed(bootstrap)).keys.some((key) => key.spkiSha256 === spkiSha256)

  for (const custodian of confirmedBy) journal.append({ type: 'consented', custodian, name: nameOf(generation.manifest, custodian), to: 'installation', how: 'code words typed' })
  for (const { fingerprint, rule } of leftovers) {
    refuseToGoOn(asked)
    await remove(fingerprint, rule)
  }
  refuseToGoOn(asked)
  const before = measuredBefore(folder.sessions, remover, regions)
  say(before ? 'How this tenancy treats keys was measured before.' : 'Measuring how this tenancy treats keys, with throw-away keys:')
  const origins = Object.fromEntries(regions.map((region) => [region, identityAt(region, tenancy, inputs.cloud)]))
  const measured = before ?? (await measure({ tenancy, user, homeRegion, origins, taken: survey.keys.length - leftovers.length, carrier, journal, upload, remove, isListed, remover: remover && { ...remover, read: () => listed(remover) }, asked }))
  replaceFile(places.measured(folder.path), canonicalJson({ format: 1, at: wallClock().toISOString(), ...measured }) + '\n')
  await install(generation, { survey, uploaded }, async () => (await listed(bootstrap)).keys, upload, asked)
  const { keyId, spkiSha256, fingerprint } = generation.manifest
  tell(journal.append({ type: 'installed', generation: generation.manifest.generation, keyId, spkiSha256, fingerprint }).line)
}

/** What was there when the takeover began, and digests of the keys that it uploaded since. */
interface Known {
  survey: SurveyView
  uploaded: ReadonlySet<string>
}

/** Uploads the generation's public key and waits until OCI's copy is ACTIVE and equal. `list` is the desk's own reading: the clerk was given the key to upload, and could make up a list that has it. */
async function install({ manifest }: Generation, { survey, uploaded }: Known, list: () => Promise<ListedKey[]>, upload: (pem: string, rule: string) => Promise<void>, asked: AbortSignal): Promise<void> {
  const mineIn = (keys: readonly ListedKey[]): ListedKey | undefined => keys.find((key) => key.spkiSha256 === manifest.spkiSha256)
  // Only after OCI's no: its list may be behind, and show a throw-away key that is gone.
  const refuseNewcomers = (keys: readonly ListedKey[]): void => {
    const newcomers = keys.filter(({ generation, spkiSha256, fingerprint }) => generation === null && !uploaded.has(spkiSha256 ?? '') && !survey.keys.some((key) => key.fingerprint === fingerprint)).map(({ fingerprint }) => fingerprint)
    if (keys.length < MAXIMUM_API_KEYS || newcomers.length === 0) return
    throw new GlasskeyError('TENANCY_UNFIT', `no API key slot is left for GENERATION ${manifest.generation}: since the takeover began somebody gave the user ${newcomers.join(' and ')}`, 'Find out who, and delete what does not belong there. Then: glasskey takeover')
  }
  if (!mineIn(await list())) {
    refuseToGoOn(asked)
    try {
      await upload(manifest.publicKeyPem, `${INSTALL}GENERATION ${manifest.generation}`)
    } catch (error) {
      if (error instanceof GlasskeyError && error.code === 'OCI_REFUSED') refuseNewcomers(await list())
      throw error
    }
  }
  const giveUpAt = readClocks().uptime + PATIENCE_MS
  say(`Waiting until OCI lists GENERATION ${manifest.generation} as ACTIVE: seconds as a rule, at most ${PATIENCE_MS / 60_000} minutes.`)
  while (readClocks().uptime < giveUpAt) {
    if (mineIn(await list())?.lifecycleState === 'ACTIVE') return
    await pause(1000, asked)
    refuseToGoOn(asked)
  }
  throw new GlasskeyError('TENANCY_UNFIT', `GENERATION ${manifest.generation} was uploaded and did not become ACTIVE`, 'Run glasskey takeover again later.')
}
