/** What the auditor's own login sees of the user. Only reads are sent, and the desk marshals each itself. */
import { z } from 'zod'
import { identityAt, lentLogin, viewUser, type Cloud } from '../breakglass/login.js'
import { deskCarrier } from '../breakglass/profile-clerk.js'
import type { UserView } from '../breakglass/user-view.js'
import type { Manifest } from '../custody/manifest.js'
import type { Profile } from '../host/oci-profile.js'
import { CREDENTIALS } from '../warrant/scope.js'
import type { CloudLog } from './cloud-log.js'
import { ListRefused, listReader, type ReadList } from './lists.js'
import { readingOf, type Reading } from './reading.js'

/** What was read with the auditor's login. */
export interface CloudView {
  /** Name of the profile, and whose it is. */
  profile: string
  auditor: string
  user: UserView
  /** Names of the user's groups. */
  groups: Reading<string[]>
  /** Living credentials by kind; null for a kind that this login may not list. */
  credentials: Reading<Record<string, number | null>>
  /** Regions to which the tenancy is subscribed. */
  regions: Reading<string[]>
  /** OCI's own log, by session. */
  log: CloudLog
}

const memberships = z.array(z.object({ groupId: z.string() }))
const groups = z.array(z.object({ id: z.string(), name: z.string() }))
const subscriptions = z.array(z.object({ regionName: z.string() }))
const credentials = z.array(z.object({ lifecycleState: z.string().nullish() }))

/** OCI's words for "you may not", which are the same as those for "there is none". */
const HIDDEN = [401, 403, 404]
const GONE = ['DELETED', 'DELETING']

/** Reads the user. Throws OCI_CONFIG_INVALID, OCI_REFUSED or OCI_UNREACHABLE when not even the user can be read. */
export async function viewCloud(profile: Profile, manifest: Manifest, cloud: Cloud): Promise<Omit<CloudView, 'log'>> {
  const read = listReader(lentLogin(profile, manifest.tenancy, cloud, true), deskCarrier(cloud.ca))
  const api = `${identityAt(manifest.homeRegion, manifest.tenancy, cloud)}/20160918`
  return {
    profile: profile.name,
    auditor: profile.user,
    user: await viewUser(profile, manifest, cloud),
    groups: await readingOf(() => groupsOf(manifest, api, read)),
    credentials: await readingOf(() => credentialsOf(manifest, api, read)),
    regions: await readingOf(async () => (await read(`${api}/tenancies/${manifest.tenancy}/regionSubscriptions`, subscriptions)).map(({ regionName }) => regionName)),
  }
}

/** The same with OCI's log. */
export function withLog(view: Omit<CloudView, 'log'>, log: CloudLog): CloudView {
  return { ...view, log }
}

async function groupsOf({ tenancy, user }: Manifest, api: string, read: ReadList): Promise<string[]> {
  const names = new Map((await read(`${api}/groups?compartmentId=${tenancy}`, groups)).map(({ id, name }) => [id, name]))
  return (await read(`${api}/userGroupMemberships?compartmentId=${tenancy}&userId=${user}`, memberships)).map(({ groupId }) => names.get(groupId) ?? groupId)
}

async function credentialsOf({ user }: Manifest, api: string, read: ReadList): Promise<Record<string, number | null>> {
  const counts: Record<string, number | null> = {}
  for (const kind of Object.values(CREDENTIALS)) counts[kind] = await living(`${api}/users/${user}/${kind}`, read)
  return counts
}

async function living(url: string, read: ReadList): Promise<number | null> {
  try {
    return (await read(url, credentials)).filter(({ lifecycleState }) => !GONE.includes(lifecycleState ?? '')).length
  } catch (error) {
    if (error instanceof ListRefused && HIDDEN.includes(error.status)) return null
    throw error
  }
}
