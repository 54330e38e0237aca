/** Everything about the user that a takeover must know, in one reading. */
import { IdentityClient } from 'oci-identity'
import { IdentityDomainsClient } from 'oci-identitydomains'
import type { Json } from '../../canonical.js'
import type { Post } from '../post.js'
import { over, quiet } from '../sdk.js'

/** Pages of a list are followed to the end, but not for ever. */
const MAXIMUM_PAGES = 100

/** Reads user, groups, other administrators, regions, default domain, keys. */
export async function survey(post: Post, params: { endpoint: string; tenancy: string; user: string }): Promise<Json> {
  const client = new IdentityClient(over(post), quiet())
  client.endpoint = params.endpoint
  const { user } = await client.getUser({ userId: params.user })
  const { items: keys } = await client.listApiKeys({ userId: params.user })
  const { items: subscriptions } = await client.listRegionSubscriptions({ tenancyId: params.tenancy })
  const memberships = await pages((page) => client.listUserGroupMemberships({ compartmentId: params.tenancy, userId: params.user, ...page }))
  const groups = await pages((page) => client.listGroups({ compartmentId: params.tenancy, ...page }))
  const administrators = groups.find((group) => group.name === 'Administrators')
  const members = administrators ? await pages((page) => client.listUserGroupMemberships({ compartmentId: params.tenancy, groupId: administrators.id, ...page })) : []
  return {
    name: user.name,
    lifecycleState: user.lifecycleState,
    inactiveStatus: user.inactiveStatus ?? null,
    capabilities: { ...user.capabilities } as { [name: string]: Json },
    regions: subscriptions.map(({ regionName, isHomeRegion, status }) => ({ regionName, isHomeRegion, status })),
    groups: memberships.map(({ groupId }) => groups.find((group) => group.id === groupId)?.name ?? groupId),
    otherAdministrators: members.flatMap(({ userId }) => (userId === params.user ? [] : [userId])),
    keys: keys
      .map((key) => ({ fingerprint: key.fingerprint ?? '', keyValue: key.keyValue ?? '', lifecycleState: key.lifecycleState ?? '' }))
      .filter((key) => !['DELETED', 'DELETING'].includes(key.lifecycleState)),
    domain: await defaultDomain(post, client, params),
  }
}

async function defaultDomain(post: Post, client: IdentityClient, { tenancy, user }: { tenancy: string; user: string }): Promise<Json> {
  const domains = await pages((page) => client.listDomains({ compartmentId: tenancy, ...page }))
  const found = domains.find((domain) => (domain.type as string) === 'DEFAULT')
  if (!found) return null
  const scim = new IdentityDomainsClient(over(post), quiet())
  const url = new URL(found.url).origin
  scim.endpoint = url
  // The SDK does not encode query strings: values are passed encoded.
  const { users } = await scim.listUsers({ filter: encodeURIComponent(`ocid eq "${user}"`), count: 2 })
  return { url, displayName: found.displayName, users: users.resources.map(({ id, userName }) => ({ id: id ?? '', userName })) }
}

/** Where a list goes on. */
interface Page {
  page?: string
}

/** Every item of a list, page after page. */
async function pages<Item>(list: (page: Page) => Promise<{ items: Item[]; opcNextPage: string }>): Promise<Item[]> {
  const all: Item[] = []
  let page: Page = {}
  for (let count = 0; count < MAXIMUM_PAGES; count += 1) {
    const { items, opcNextPage } = await list(page)
    all.push(...items)
    // Without a next page the SDK leaves the field out, whatever its types say.
    if ((opcNextPage as string | undefined) === undefined || opcNextPage === '') return all
    page = { page: encodeURIComponent(opcNextPage) }
  }
  throw new Error(`a list has more than ${MAXIMUM_PAGES} pages`)
}
