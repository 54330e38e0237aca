/** What a user has besides API keys, counted by kind, as an auditor's login sees it. */
import { IdentityClient } from 'oci-identity'
import type { Json } from '../../canonical.js'
import type { Post } from '../post.js'
import { over, quiet } from '../sdk.js'
import { pages } from './survey.js'

/** OCI's words for "you may not", which are the same as those for "there is none". */
const HIDDEN = [401, 403, 404]

const GONE = ['DELETED', 'DELETING']

/** A credential as every list has it. */
interface Listed {
  lifecycleState?: string
}

/** Living credentials by kind; null for a kind that this login may not list. */
export async function credentials(post: Post, params: { endpoint: string; user: string }): Promise<Json> {
  const client = new IdentityClient(over(post), quiet())
  client.endpoint = params.endpoint
  const userId = params.user
  return {
    authTokens: await living(async () => (await client.listAuthTokens({ userId })).items),
    customerSecretKeys: await living(async () => (await client.listCustomerSecretKeys({ userId })).items),
    smtpCredentials: await living(async () => (await client.listSmtpCredentials({ userId })).items),
    dbCredentials: await living(() => pages((page) => client.listDbCredentials({ userId, ...page }))),
    oauth2ClientCredentials: await living(() => pages((page) => client.listOAuthClientCredentials({ userId, ...page }))),
    mfaTotpDevices: await living(() => pages((page) => client.listMfaTotpDevices({ userId, ...page }))),
  }
}

async function living(list: () => Promise<readonly Listed[]>): Promise<number | null> {
  try {
    return (await list()).filter(({ lifecycleState }) => !GONE.includes(lifecycleState ?? '')).length
  } catch (error) {
    if (HIDDEN.includes((error as { statusCode?: number }).statusCode ?? 0)) return null
    throw error
  }
}
