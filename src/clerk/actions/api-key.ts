/** API keys of one user, changed with a lent login: the bootstrap key's part of the takeover. */
import { IdentityClient } from 'oci-identity'
import type { Json } from '../../canonical.js'
import type { Post } from '../post.js'
import { over, quiet } from '../sdk.js'

/** UploadApiKey. Result: fingerprint and lifecycleState. */
export async function uploadKey(post: Post, params: { endpoint: string; user: string; publicKeyPem: string }): Promise<Json> {
  const client = new IdentityClient(over(post), quiet())
  client.endpoint = params.endpoint
  const { apiKey } = await client.uploadApiKey({ userId: params.user, createApiKeyDetails: { key: params.publicKeyPem } })
  return { fingerprint: apiKey.fingerprint ?? '', lifecycleState: apiKey.lifecycleState ?? '' }
}

/** DeleteApiKey. */
export async function deleteKey(post: Post, params: { endpoint: string; user: string; fingerprint: string }): Promise<Json> {
  const client = new IdentityClient(over(post), quiet())
  client.endpoint = params.endpoint
  await client.deleteApiKey({ userId: params.user, fingerprint: params.fingerprint })
  return null
}
