/** What the auditor's own login sees of the user: the clerk marshals, the desk signs, and only reads are sent. */
import { z } from 'zod'
import { identityAt, lentLogin, type Cloud } from '../breakglass/login.js'
import { carryFor, deskCarrier, profileClerk } from '../breakglass/profile-clerk.js'
import { inShape, surveyView, userView, type UserView } from '../breakglass/user-view.js'
import type { Json } from '../canonical.js'
import type { Manifest } from '../custody/manifest.js'
import type { Isolation } from '../host/isolation.js'
import type { Profile } from '../host/oci-profile.js'
import type { CloudLog } from './cloud-log.js'
import { readingOf, type Reading } from './reading.js'

const credentialCounts = z.record(z.string(), z.number().int().nullable())

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
  /** OCI's own log, by session. */
  log: CloudLog
}

/** Reads the user. Throws OCI_CONFIG_INVALID, OCI_REFUSED or OCI_UNREACHABLE when not even the user can be read. */
export async function viewCloud(profile: Profile, manifest: Manifest, cloud: Cloud, isolation: Isolation): Promise<Omit<CloudView, 'log'>> {
  const login = lentLogin(profile, manifest.tenancy, cloud, true)
  const carrier = deskCarrier(cloud.ca)
  const clerk = profileClerk(isolation)
  const ask: Ask = async (task, params, shape) => inShape(await clerk.run({ task, params }, (request) => carryFor(request, login, carrier)), shape)
  const { tenancy, user } = manifest
  const endpoint = identityAt(manifest.homeRegion, tenancy, cloud)
  try {
    return {
      profile: profile.name,
      auditor: profile.user,
      user: await ask('list-keys', { endpoint, user }, userView),
      groups: await readingOf(async () => (await ask('survey', { endpoint, tenancy, user, domain: false }, surveyView)).groups),
      credentials: await readingOf(() => ask('credentials', { endpoint, user }, credentialCounts)),
    }
  } finally {
    clerk.close()
  }
}

/** The same with OCI's log. */
export function withLog(view: Omit<CloudView, 'log'>, log: CloudLog): CloudView {
  return { ...view, log }
}

/** Has a task done, and takes its result in a shape. */
type Ask = <Shape>(task: string, params: { [name: string]: Json }, shape: z.ZodType<Shape>) => Promise<Shape>
