/** What can be known without a secret before anybody opens a bag. `glasskey check` asks the same any day. */
import type { Manifest } from '../custody/manifest.js'
import { inUse, isPassed, successorsOf } from '../custody/generation.js'
import { calledBy } from '../custody/share.js'
import { checkSigners } from '../custody/signatures.js'
import { GlasskeyError } from '../errors.js'
import type { CustodyFolder } from '../host/custody-folder.js'
import type { Isolation } from '../host/isolation.js'
import type { Profile } from '../host/oci-profile.js'
import { generationNumber, type Generation } from '../host/sealed-folder.js'
import { ceremonyOf } from '../host/sealed-set.js'
import { signedManifestIn } from '../host/signed-manifest.js'
import { shellWord } from '../host/terminal.js'
import { TOLERANCE_MS } from '../warrant/deadline.js'
import { MAXIMUM_API_KEYS } from '../warrant/scope.js'
import { exchange, ExchangeError } from '../wire/exchange.js'
import { WITHOUT_SHEETS } from './open-session.js'
import { identityAt, subscribedRegions, viewUser, type Cloud } from './login.js'
import { IMPORTED_ELSEWHERE } from './proof.js'
import { deskCarrier, newRequestId, profileClerk, type ProfileClerk } from './profile-clerk.js'
import type { ListedKey } from '../record/journal.js'
import { deletesNoneItself } from '../record/replay.js'
import { isBlocked, recogniseAll, type UserView } from './user-view.js'

/** One thing that was looked at. */
export interface Finding {
  what: string
  /** `stop`: a session would not begin. `warn`: people should know. */
  level: 'good' | 'warn' | 'stop'
  said: string
  /** What to do about what stops, where it is not to be mended and begun again. */
  hint?: string
}

const TIMEOUT_MS = 8_000

/** A key that people name, and the record does not have in use. */
export function lookAtChoice({ standings, events }: CustodyFolder, { generation }: Manifest, reader: Profile | null): Finding[] {
  const current = inUse(standings, events)?.generation
  if (current === generation) return []
  const unseen = reader ? '' : '. Nobody looks whether OCI has it (--reader PROFILE would): if it has not, its sheets are read for nothing'
  return [{ what: `GENERATION ${generation}`, level: 'warn', said: `is used because you say so: this copy of the folder has ${current === undefined ? 'none' : `GENERATION ${current}`} in use${unseen}` }]
}

/** What earlier sessions left: a key that is not proved dead; and whose sheets were on an online machine: two sessions that came to nothing can make a quorum. */
export function lookAtEarlierSessions({ standings }: CustodyFolder, manifest: Manifest): Finding[] {
  const alive = standings
    .filter(({ generation, state }) => state === 'not proved dead' && generation !== manifest.generation)
    .map(({ generation }): Finding => ({ what: `GENERATION ${generation}`, level: 'warn', said: 'was used, and is not proved dead: it may be ALIVE. glasskey status says what ends it' }))
  const seen = standings.find(({ generation }) => generation === manifest.generation)?.seen ?? []
  if (seen.length === 0) return alive
  const whose = seen.map((custodian) => calledBy(manifest, custodian)).join(', ')
  const said = seen.length < manifest.threshold ? `seen in an earlier session: the share of ${whose}` : `EXPOSED: a quorum of its shares was seen in earlier sessions (${whose}). Rotate it, whatever else is done`
  return [...alive, { what: `GENERATION ${manifest.generation}`, level: 'warn', said }]
}

/**
 * A successor that the envelope of the key in use does not seal must be signed: looked at here, and not first when that key is live. Of one that it seals only the
 * key is beyond doubt: nothing but signatures holds the rest of its manifest before its own sheets do. Without one, there is nothing to look at.
 */
export async function lookAtSigners(folder: CustodyFolder, manifest: Manifest, next: number | undefined): Promise<Finding[]> {
  if (next === undefined) return []
  const successor = generationNumber(folder, next).manifest
  const { signers } = generationNumber(folder, manifest.generation).rules
  if (signers.needed === 0) return []
  const what = `signers of GENERATION ${next}`
  const isSealed = manifest.successor?.spkiSha256 === successor.spkiSha256
  try {
    const signed = signedManifestIn(folder.path, successor)
    // A rehearsal may be unsigned.
    if (isSealed && manifest.rehearsal && signed.signature === null) return []
    const found = await checkSigners(signed, signers)
    return [{ what, level: 'good', said: `${found.length} of ${signers.needed} needed` }]
  } catch (error) {
    if (!(error instanceof GlasskeyError)) throw error
    const bring = `Whoever of ${signers.fingerprints.join(', ')} is missing signs: glasskey ceremony sign --custody ${shellWord(folder.path)} --ceremony ${ceremonyOf(folder.path, next) ?? next} …; a file that cannot be read is fetched from an untouched copy`
    const said = isSealed
      ? `${error.message}: its key is the one that GENERATION ${manifest.generation} names; the rest of it is held by the logbook alone, so compare that with the paper book. ${bring}`
      : `${error.message}: a session would end with GENERATION ${manifest.generation} used and not rotated. ${bring}`
    return [{ what, level: isSealed ? 'warn' : 'stop', said }]
  }
}

const CLERK = 'clerk'
const CLERK_PATIENCE_MS = 60_000

/** Service packages of the SDK (`oci-…`). */
type SdkPackage = 'database' | 'identity' | 'identitydomains'

/**
 * A real clerk starts here and loads the SDK, or what a session needs of it: with another Node, or with half an installation, it may not, and in a session nobody would
 * talk to it before the key is live. The key would be used up for nothing.
 */
export async function lookAtClerk(isolation: Isolation, packages: readonly SdkPackage[] = ['database', 'identity', 'identitydomains']): Promise<Finding[]> {
  let clerk: ProfileClerk
  try {
    clerk = profileClerk(isolation, CLERK_PATIENCE_MS)
  } catch (error) {
    if (!(error instanceof GlasskeyError)) throw error
    return [{ what: CLERK, level: 'stop', said: `${error.message}. ${error.hint}` }]
  }
  try {
    await clerk.run({ task: 'warm', params: { packages: [...packages] } }, () => Promise.reject(new GlasskeyError('OUTSIDE_WARRANT', 'nothing is asked of OCI'))).finally(() => {
      clerk.close()
    })
    return [{ what: CLERK, level: 'good', said: 'starts here, and loads the SDK' }]
  } catch (error) {
    if (!(error instanceof GlasskeyError)) throw error
    return [{ what: CLERK, level: 'stop', said: `does not work here, with Node ${process.versions.node} (${error.message}): nothing but a rotation could be done. Install glasskey again with npm ci, or use a Node that package.json names` }]
  }
}

/** Every region answers, and its clock agrees with ours. `needed`: those without which nothing begins. */
export async function lookAtRegions(manifest: Manifest, cloud: Cloud, needed: readonly string[] = [manifest.homeRegion]): Promise<Finding[]> {
  return Promise.all(manifest.regions.map((region) => lookAtRegion(region, manifest, cloud, needed.includes(region))))
}

async function lookAtRegion(region: string, manifest: Manifest, cloud: Cloud, isNeeded: boolean): Promise<Finding> {
  const home = region === manifest.homeRegion
  const what = home ? `home region ${region}` : `region ${region}`
  const url = `${identityAt(region, manifest.tenancy, cloud)}/20160918/users/${manifest.user}`
  try {
    // Unsigned: OCI answers 401, and its Date header is what is wanted.
    const answer = await exchange({ method: 'GET', url, body: null, headers: { 'opc-request-id': newRequestId() } }, deskCarrier(cloud.ca, TIMEOUT_MS))
    const off = Date.parse(answer.headers['date'] ?? '') - Date.now()
    if (Number.isNaN(off)) return { what, level: 'warn', said: 'answers without a Date; the clocks cannot be compared' }
    if (Math.abs(off) > TOLERANCE_MS) return { what, level: 'stop', said: `OCI's clock and this machine's differ by ${Math.round(off / 1000)} s: set the clock right` }
    return { what, level: 'good', said: `answers; clocks agree within ${Math.ceil(Math.abs(off) / 1000)} s` }
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error
    return { what, level: isNeeded ? 'stop' : 'warn', said: `does not answer (${error.message})` }
  }
}

/**
 * Regions that the tenancy subscribed to after the ceremony: the warrant does not name them, so that no probe goes there, and a key may
 * be accepted there longer than anywhere else. A login that may not read the subscriptions keeps nothing up.
 */
export async function lookAtSubscriptions(profile: Profile, manifest: Manifest, cloud: Cloud): Promise<Finding[]> {
  const what = `subscribed regions as ${profile.name} reads them`
  try {
    const ready = await subscribedRegions(profile, manifest, cloud)
    const unnamed = ready.filter((region) => !manifest.regions.includes(region))
    if (unnamed.length === 0) return [{ what, level: 'good', said: 'those of the ceremony' }]
    return [{ what, level: 'warn', said: `${unnamed.join(', ')} ${unnamed.length === 1 ? 'is' : 'are'} not among those of the ceremony: no key is proved dead there. Name all in custody.yaml before the next ceremony` }]
  } catch (error) {
    if (!(error instanceof GlasskeyError)) throw error
    return [{ what, level: 'warn', said: `not known (${error.message}); it takes "inspect tenancies"` }]
  }
}

/** What the takeover measured is what the proof has to wait for. */
export function lookAtRevocation({ sessions }: CustodyFolder, { manifest, rules }: Pick<Generation, 'manifest' | 'rules'>): Finding[] {
  const measured = sessions.map(({ session }) => session.measured).findLast((line) => line !== null && Object.keys(line.revocationMs).length > 0)
  const slowest = Math.max(0, ...Object.values(measured?.revocationMs ?? {}))
  const { giveUpAfterMinutes } = rules.probes
  if (manifest.rehearsal || slowest < giveUpAfterMinutes * 60_000) return []
  return [{ what: 'proof', level: 'warn', said: `OCI took ${Math.ceil(slowest / 60_000)} minutes to refuse a deleted key, and the rules give up after ${giveUpAfterMinutes}: the key will most likely not be proved dead at once; glasskey resume proves it later` }]
}

/** Where a takeover found that no key may delete itself, a session without a remover ends with the key alive. */
export function lookAtSelfDeletion({ sessions }: CustodyFolder, remover: Profile | null): Finding[] {
  if (!deletesNoneItself(sessions.map(({ session }) => session))) return []
  const what = 'deleting the used key'
  if (remover) return [{ what, level: 'good', said: `OCI lets no key delete itself here; the remover ${remover.name} does it` }]
  return [{ what, level: 'warn', said: 'OCI lets no key delete itself here: without --remover PROFILE a released key stays alive until somebody else deletes it' }]
}

/** The key in use is listed, equal, alone enough to leave a slot. `successor`: the generation that a session would rotate to, if any. */
export async function lookAtKeys(profile: Profile, folder: CustodyFolder, manifest: Manifest, cloud: Cloud, successor: number | null): Promise<Finding[]> {
  return asRead(profile, folder, manifest, cloud, (keys) => {
    const mine = keys.find((key) => key.spkiSha256 === manifest.spkiSha256)
    const strangers = keys.filter((key) => key.generation === null)
    return [
      mine?.lifecycleState === 'ACTIVE'
        ? { what: `GENERATION ${manifest.generation}`, level: 'good', said: 'listed, ACTIVE, equal byte for byte' }
        : { what: `GENERATION ${manifest.generation}`, level: 'stop', ...(mine ? { said: `is ${mine.lifecycleState}` } : elsewhere(keys, inUse(folder.standings, folder.events)?.generation, usedIn(folder, manifest.generation))) },
      ...(strangers.length > 0 ? [{ what: 'other keys', ...actionStops(`${strangers.length} that no manifest names (${strangers.map(({ fingerprint }) => fingerprint).join(', ')})`, successor === null ? null : 'the exit deletes them') }] : []),
      ...keys.flatMap(({ generation }) => (generation === null || generation === manifest.generation ? [] : [lookAtLeftOver(folder, manifest, generation, successor)])),
      ...(strangers.length > 0 ? [] : [{ what: 'key slots', level: 'good', said: `${MAXIMUM_API_KEYS - keys.length} free` } as const]),
    ]
  })
}

/** The user as a login reads it, and what its keys say. A login that may not read holds nothing up. */
export async function asRead(profile: Profile, folder: CustodyFolder, manifest: Manifest, cloud: Cloud, look: (keys: readonly ListedKey[], view: UserView) => Finding[]): Promise<Finding[]> {
  const what = `user as ${profile.name} reads it`
  try {
    const view = await viewUser(profile, manifest, cloud)
    const blocked = isBlocked(view)
    return [{ what, level: blocked ? 'stop' : 'good', said: blocked ? 'blocked or not ACTIVE' : 'ACTIVE' }, ...look(recogniseAll(view, folder.generations.map((generation) => generation.manifest)), view)]
  } catch (error) {
    if (!(error instanceof GlasskeyError)) throw error
    return [{ what, level: 'warn', said: `${error.message}. With this login a used key is at best refused-only, never proved dead, and that stays so: name one that may list the user's keys` }]
  }
}

/** A key of ours beside the one in use: of a session that did not come to its end, or uploaded by somebody, for public keys are no secret. */
function lookAtLeftOver({ standings }: CustodyFolder, manifest: Manifest, generation: number, successor: number | null): Finding {
  const what = `GENERATION ${generation}`
  if (successorsOf(standings, manifest.generation).some((one) => one.generation === generation)) return { what, level: 'warn', said: 'is in OCI already, though it still waits; it is in nobody\'s way' }
  return { what, ...actionStops('is in OCI and not in use', successor === null ? null : isPassed(standings, generation, successor) ? 'the exit deletes it' : '') }
}

/** A key that is not to be there. `exit`: what the exit does about it; null: none comes after the action, and a key would be spent for nothing. */
function actionStops(what: string, exit: string | null): Omit<Finding, 'what'> {
  const said = `${what}: the action would stop`
  if (exit === null) return { level: 'stop', said, hint: 'Without a rotation nothing deletes it: an administrator does, in OCI\'s console. Then begin again.' }
  return { level: 'warn', said: `${said}${exit === '' ? '' : `, and ${exit}`}` }
}

/** The last session in which a key was live that is not proved dead: somebody may have deleted it since. */
function usedIn({ sessions, standings }: CustodyFolder, generation: number): string | undefined {
  if (standings.find((one) => one.generation === generation)?.state !== 'not proved dead') return undefined
  return sessions.findLast(({ session }) => session.opened.generation === generation && session.keyLiveAt !== null)?.id
}

/** A key of ours in its place was installed by a session that this folder knows nothing of, or by hand. `used`: the session that used it. */
function elsewhere(keys: readonly ListedKey[], recorded: number | undefined, used: string | undefined): Pick<Finding, 'said' | 'hint'> {
  const others = keys.flatMap(({ generation }) => generation ?? []).sort((one, other) => one - other)
  if (used !== undefined) {
    const there = others.length === 0 ? '' : `, and ${listed(others)}`
    return { said: `is not in the key list${there}: somebody deleted it after it was used, or another copy of this custody folder has a newer record`, hint: `Go on with the newest copy. If this is the one: glasskey resume --session ${used} --reader PROFILE enters what OCI lists, and says what comes next.` }
  }
  if (others.length === 0) return { said: 'is not in the key list', hint: keys.length === 0 ? 'NOBODY HAS A WAY IN: whoever deleted it uploads its public key again (publicKeyPem in its manifest.json, once its fingerprint there is compared with the ceremony record). Then begin again.' : IMPORTED_ELSEWHERE }
  if (recorded !== undefined && others.includes(recorded)) return { said: `is not in the key list, and GENERATION ${recorded} is, which this record has in use`, hint: 'Leave --generation away.' }
  return {
    said: `is not in the key list, and ${listed(others)}. Another copy of this custody folder most likely has a newer record: find it, and use that one`,
    hint: `If that copy is lost for good, this one goes on: this command with --generation ${others.at(-1) ?? ''}, and sheets of that generation. If too few of those are left: ${WITHOUT_SHEETS}`,
  }
}

function listed(generations: readonly number[]): string {
  return `${generations.map((number) => `GENERATION ${number}`).join(' and ')} ${generations.length === 1 ? 'is' : 'are'}`
}

/** Throws OCI_UNREACHABLE, CLOCKS_DISAGREE, SUCCESSOR_UNTRUSTED, REFUSED or TENANCY_UNFIT for the first finding that stops a session. */
export function refuseStops(findings: readonly Finding[]): readonly Finding[] {
  const stop = findings.find(({ level }) => level === 'stop')
  if (!stop) return findings
  const code = stop.what === CLERK ? 'REFUSED' : stop.what.startsWith('signers') ? 'SUCCESSOR_UNTRUSTED' : stop.said.includes('clock') ? 'CLOCKS_DISAGREE' : stop.what.includes('region') ? 'OCI_UNREACHABLE' : 'TENANCY_UNFIT'
  throw new GlasskeyError(code, `${stop.what}: ${stop.said}`, `No bag was opened. ${stop.hint ?? 'Mend it, then begin again.'}`)
}
