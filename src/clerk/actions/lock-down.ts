/** The takeover's removals: credentials, password, capabilities, and MFA factors last. */
import { IdentityClient } from 'oci-identity'
import { IdentityDomainsClient } from 'oci-identitydomains'
import type { Json } from '../../canonical.js'
import type { Post } from '../post.js'
import { over, quiet } from '../sdk.js'

const SELF_CHANGE = 'urn:ietf:params:scim:schemas:oracle:idcs:extension:selfChange:User'
const SCHEMA = 'urn:ietf:params:scim:schemas:oracle:idcs'

/** What to remove; the strongroom admits nothing else. */
export interface LockDownParams {
  endpoint: string
  domainUrl: string
  user: string
  domainUserId: string
  /** Credentials by kind, as the census found them. */
  credentials: { kind: string; id: string }[]
  /** Stands for the password that the strongroom makes up; the clerk never sees it. */
  password: string
  /** Capabilities to leave, as the warrant admits them. */
  capabilities: Record<string, boolean>
  steps: ('password' | 'capabilities' | 'mfa')[]
}

/** Does every step once. Result: the steps that were done, in order. */
export async function lockDown(post: Post, params: LockDownParams): Promise<Json> {
  const identity = new IdentityClient(over(post), quiet())
  identity.endpoint = params.endpoint
  const domain = new IdentityDomainsClient(over(post), quiet())
  domain.endpoint = params.domainUrl
  const done: string[] = []
  for (const { kind, id } of params.credentials) {
    await deleteCredential(identity, params.user, kind, id)
    done.push(`${kind} ${id}`)
  }
  const self = { urnIetfParamsScimSchemasOracleIdcsExtensionSelfChangeUser: { allowSelfChange: true } }
  if (params.steps.includes('password')) {
    await domain.putUserPasswordChanger({
      userPasswordChangerId: params.domainUserId,
      userPasswordChanger: { schemas: [`${SCHEMA}:UserPasswordChanger`, SELF_CHANGE], password: params.password, bypassNotification: true, ...self },
    })
    done.push('password')
  }
  if (params.steps.includes('capabilities')) {
    await domain.putUserCapabilitiesChanger({
      userCapabilitiesChangerId: params.domainUserId,
      userCapabilitiesChanger: {
        schemas: [`${SCHEMA}:UserCapabilitiesChanger`, SELF_CHANGE],
        ...params.capabilities,
        ...self,
      },
    })
    done.push('capabilities')
  }
  if (params.steps.includes('mfa')) {
    await domain.createAuthenticationFactorsRemover({
      authenticationFactorsRemover: { schemas: [`${SCHEMA}:AuthenticationFactorsRemover`], user: { value: params.domainUserId }, type: 'MFA' as never },
    })
    done.push('mfa')
  }
  return done
}

async function deleteCredential(client: IdentityClient, userId: string, kind: string, id: string): Promise<void> {
  switch (kind) {
    case 'authTokens':
      await client.deleteAuthToken({ userId, authTokenId: id })
      break
    case 'customerSecretKeys':
      await client.deleteCustomerSecretKey({ userId, customerSecretKeyId: id })
      break
    case 'smtpCredentials':
      await client.deleteSmtpCredential({ userId, smtpCredentialId: id })
      break
    case 'dbCredentials':
      await client.deleteDbCredential({ userId, dbCredentialId: id })
      break
    case 'oauth2ClientCredentials':
      await client.deleteOAuthClientCredential({ userId, oauth2ClientCredentialId: id })
      break
    default:
      throw new Error(`no such kind of credential: ${kind}`)
  }
}
