/** Lent logins for a custody: which hosts they may be used on, and reading with them. */
import { z } from 'zod'
import { jsonIn, type Json } from '../canonical.js'
import { asClause, region as regionField } from '../custody/fields.js'
import type { Manifest } from '../custody/manifest.js'
import { GlasskeyError } from '../errors.js'
import type { Profile } from '../host/oci-profile.js'
import { keyAsListed, PAGE } from '../record/recognise.js'
import { isCredible } from '../warrant/probe-schedule.js'
import { isIdentityHost, isLoopback, originOf, realmOf, type Endpoints } from '../wire/hosts.js'
import { whatHelps } from '../wire/what-helps.js'
import { carryFor, deskCarrier, type LentLogin } from './profile-clerk.js'
import { inShape, isBlocked, recogniseAll, type UserView } from './user-view.js'
import type { Listing } from './proof.js'

/** Where OCI is, for this command. */
export interface Cloud {
  endpoints: Endpoints
  /** PEM authority of a simulator's TLS; null for Node's bundled roots. */
  ca: string | null
}

/** The login of a profile, for OCI or for a simulator on this machine. Throws OCI_CONFIG_INVALID for another tenancy's. */
export function lentLogin(profile: Profile, tenancy: string, cloud: Cloud, readOnly: boolean): LentLogin {
  if (profile.tenancy !== tenancy) {
    throw new GlasskeyError('OCI_CONFIG_INVALID', `profile ${profile.name} is of another tenancy (${profile.tenancy})`, `The custody is of ${tenancy}.`)
  }
  const simulated = Object.keys(cloud.endpoints).length > 0
  return { signer: profile.signer, readOnly, allows: (origin) => (simulated ? isLoopback(origin) : isIdentityHost(origin, realmOf(tenancy))) }
}

/** Origin of the identity service in a region, for a tenancy. */
export function identityAt(region: string, tenancy: string, cloud: Cloud): string {
  return originOf('identity', region, realmOf(tenancy), cloud.endpoints)
}

/**
 * The user and its keys as a reader sees them. The desk reads and parses this itself: whether a key is dead must not hang
 * on what other people's code says of an answer. Throws OCI_REFUSED, OCI_UNREACHABLE.
 */
export async function viewUser(profile: Profile, manifest: Manifest, cloud: Cloud): Promise<UserView> {
  const read = readerAt(profile, manifest, cloud)
  const user = await read(`/users/${manifest.user}`)
  const keys = inShape(await read(`/users/${manifest.user}/apiKeys`), z.array(keyAsListed).max(PAGE))
  const living = keys.filter((key) => !['DELETED', 'DELETING'].includes(key.lifecycleState))
  const { lifecycleState, inactiveStatus, capabilities } = inShape(user, z.object({ lifecycleState: z.string(), inactiveStatus: z.number().nullish(), capabilities: z.record(z.string(), z.boolean().nullish()).nullish() }))
  return { lifecycleState, inactiveStatus: inactiveStatus ?? null, capabilities: capabilities ?? {}, keys: living }
}

/** Regions that the tenancy may use, in OCI's order. Throws OCI_REFUSED, OCI_UNREACHABLE. */
export async function subscribedRegions(profile: Profile, manifest: Manifest, cloud: Cloud): Promise<string[]> {
  const read = readerAt(profile, manifest, cloud)
  const subscriptions = inShape(await read(`/tenancies/${manifest.tenancy}/regionSubscriptions`), z.array(z.object({ regionName: regionField, status: z.string() })))
  return subscriptions.filter(({ status }) => status === 'READY').map(({ regionName }) => regionName)
}

/** Reads paths of the identity service in the home region. */
function readerAt(profile: Profile, manifest: Manifest, cloud: Cloud): (path: string) => Promise<Json> {
  const login = lentLogin(profile, manifest.tenancy, cloud, true)
  const carrier = deskCarrier(cloud.ca)
  const base = `${identityAt(manifest.homeRegion, manifest.tenancy, cloud)}/20160918`
  return async (path) => {
    const answer = await carryFor({ method: 'GET', url: base + path, body: null, contentType: null, headers: {} }, login, carrier)
    const text = new TextDecoder().decode(answer.body)
    if (answer.status !== 200) throw new GlasskeyError('OCI_REFUSED', `OCI answered ${answer.status} to ${profile.name}: ${asClause(wordsIn(text))}`, whatHelps(answer.status))
    try {
      return JSON.parse(text) as Json
    } catch (error) {
      throw new GlasskeyError('OCI_REFUSED', 'OCI answered with something that is not JSON', whatHelps(null), { cause: error })
    }
  }
}

/** Code and message of an error of OCI, which are JSON; other words as they are. */
function wordsIn(text: string): string {
  const error = z.object({ code: z.string(), message: z.string() }).safeParse(jsonIn(text))
  return error.success ? `${error.data.code}: ${error.data.message}` : text
}

/** Whether OCI knows this login's key no more (401). The desk asks itself, in the home region. Throws OCI_REFUSED for any answer but 200 and 401; CLOCKS_DISAGREE; OCI_UNREACHABLE. */
export async function isUnknownToOci(profile: Profile, manifest: Manifest, cloud: Cloud): Promise<boolean> {
  const url = `${identityAt(manifest.homeRegion, manifest.tenancy, cloud)}/20160918/users/${profile.user}`
  const { status, headers } = await carryFor({ method: 'GET', url, body: null, contentType: null, headers: {} }, lentLogin(profile, manifest.tenancy, cloud, true), deskCarrier(cloud.ca))
  if (status !== 200 && status !== 401) throw new GlasskeyError('OCI_REFUSED', `OCI answered ${status} to ${profile.name}`, whatHelps(status))
  // With a wrong clock, OCI refuses every signature.
  if (status === 401 && !isCredible(headers['date'] ?? '', Date.now())) throw new GlasskeyError('CLOCKS_DISAGREE', `OCI refused ${profile.name} at ${headers['date'] ?? 'an unknown time'}, by its clock, and this machine has another time`, 'Set the clock right, then ask again.')
  return status === 401
}

/** A listing for the proof. */
export async function listingBy(profile: Profile, manifest: Manifest, manifests: readonly Manifest[], cloud: Cloud): Promise<Listing> {
  const view = await viewUser(profile, manifest, cloud)
  return { profile: profile.name, keys: recogniseAll(view, manifests), blocked: isBlocked(view) }
}
