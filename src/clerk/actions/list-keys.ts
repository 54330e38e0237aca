/** A user and its API keys, as a reader's login sees them. */
import { IdentityClient } from 'oci-identity'
import type { Json } from '../../canonical.js'
import type { Post } from '../post.js'
import { over, quiet } from '../sdk.js'

/** GetUser and ListApiKeys. Keys that OCI lists as DELETED are left out. */
export async function listKeys(post: Post, params: { endpoint: string; user: string }): Promise<Json> {
  const client = new IdentityClient(over(post), quiet())
  client.endpoint = params.endpoint
  const { user } = await client.getUser({ userId: params.user })
  const { items } = await client.listApiKeys({ userId: params.user })
  return {
    lifecycleState: user.lifecycleState,
    inactiveStatus: user.inactiveStatus ?? null,
    capabilities: { ...user.capabilities } as { [name: string]: Json },
    keys: items
      .map((key) => ({ fingerprint: key.fingerprint ?? '', keyValue: key.keyValue ?? '', lifecycleState: key.lifecycleState ?? '' }))
      .filter((key) => !['DELETED', 'DELETING'].includes(key.lifecycleState)),
  }
}
