/** Lent logins for a custody: which hosts they may be used on, and reading with them. */
import { type Json } from '../canonical.js'
import { type Manifest } from '../custody/manifest.js'
import { GlasskeyError } from '../errors.js'
import { type Isolation } from '../host/isolation.js'
import { type Profile } from '../host/oci-profile.js'
import { isLoopback, isRealmHost, originOf, realmOf, type Endpoints } from '../wire/hosts.js'
import { carryFor, deskCarrier, profileClerk, type LentLogin } from './profile-clerk.js'
import { inShape, isBlocked, recogniseAll, userView, type UserView } from './user-view.js'
import { type Listing } from './proof.js'

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
  return { signer: profile.signer, readOnly, allows: (origin) => (simulated ? isLoopback(origin) : isRealmHost(origin, realmOf(tenancy))) }
}

/** Origin of the identity service in a region, for a tenancy. */
export function identityAt(region: string, tenancy: string, cloud: Cloud): string {
  return originOf('identity', region, realmOf(tenancy), cloud.endpoints)
}

/** One task with a reader's login. */
export async function readAs(profile: Profile, tenancy: string, cloud: Cloud, isolation: Isolation, task: string, params: { [name: string]: Json }): Promise<Json> {
  const login = lentLogin(profile, tenancy, cloud, true)
  const carrier = deskCarrier(cloud.ca)
  const clerk = profileClerk((request) => carryFor(request, login, carrier), isolation)
  try {
    return await clerk.run({ task, params })
  } finally {
    clerk.close()
  }
}

/** The user and its keys as a reader sees them. */
export async function viewUser(profile: Profile, manifest: Manifest, cloud: Cloud, isolation: Isolation): Promise<UserView> {
  const endpoint = identityAt(manifest.homeRegion, manifest.tenancy, cloud)
  return inShape(await readAs(profile, manifest.tenancy, cloud, isolation, 'list-keys', { endpoint, user: manifest.user }), userView)
}

/** A listing for the proof. */
export async function listingBy(profile: Profile, manifest: Manifest, manifests: readonly Manifest[], cloud: Cloud, isolation: Isolation): Promise<Listing> {
  const view = await viewUser(profile, manifest, cloud, isolation)
  return { profile: profile.name, keys: recogniseAll(view, manifests), blocked: isBlocked(view) }
}
