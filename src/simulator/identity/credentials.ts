/** The other credentials of a user: one table of kinds, and list, create and delete over it. */
import { createHash } from 'node:crypto'
import { type Cloud, etagOf } from '../cloud.js'
import { mintHex, mintSecret } from '../ocid.js'
import {
  type Answer,
  bodyFields,
  type Call,
  type Operation,
  pathValue,
  requireMatch,
  textField,
  userOf,
} from '../operation.js'
import { chosen, pageOf } from '../paging.js'
import { manageCredentials, readUser } from '../permission.js'
import { believedRefusal, invalidParameter, missingParameter, notAuthorizedOrNotFound } from '../refusal.js'
import { type Capability, CREDENTIAL_KINDS, type CredentialKind, type CredentialRecord, wireTime } from '../tenancy.js'

interface Kind {
  /** Singular, as in operation names: CreateAuthToken. */
  readonly noun: string
  /** Plural, as in operation names: ListAuthTokens. */
  readonly nouns: string
  /** Name of the id in the path. */
  readonly idName: string
  readonly capability: Capability
  readonly limit: number
  /** Fields of the create body; null where this simulator only lists and deletes. */
  readonly createFields: readonly string[] | null
  /** Field of the create answer that shows the secret, once; null where the caller chose it. */
  readonly secretField: string | null
  /** The list takes page and limit. */
  readonly paged: boolean
}

/** Limits: 2 auth tokens, 2 secret keys and 2 swift passwords are documented; the others are generous. */
const KINDS: Readonly<Record<CredentialKind, Kind>> = {
  authTokens: {
    noun: 'AuthToken',
    nouns: 'AuthTokens',
    idName: 'authTokenId',
    capability: 'canUseAuthTokens',
    limit: 2,
    createFields: ['description'],
    secretField: 'token',
    paged: false,
  },
  customerSecretKeys: {
    noun: 'CustomerSecretKey',
    nouns: 'CustomerSecretKeys',
    idName: 'customerSecretKeyId',
    capability: 'canUseCustomerSecretKeys',
    limit: 2,
    createFields: ['displayName'],
    secretField: 'key',
    paged: false,
  },
  smtpCredentials: {
    noun: 'SmtpCredential',
    nouns: 'SmtpCredentials',
    idName: 'smtpCredentialId',
    capability: 'canUseSmtpCredentials',
    limit: 2,
    createFields: ['description'],
    secretField: 'password',
    paged: false,
  },
  dbCredentials: {
    noun: 'DbCredential',
    nouns: 'DbCredentials',
    idName: 'dbCredentialId',
    capability: 'canUseDbCredentials',
    limit: 2,
    createFields: ['password', 'description'],
    secretField: null,
    paged: true,
  },
  oauth2ClientCredentials: {
    noun: 'OAuthClientCredential',
    nouns: 'OAuthClientCredentials',
    idName: 'oauth2ClientCredentialId',
    capability: 'canUseOAuth2ClientCredentials',
    limit: 10,
    createFields: ['name', 'description', 'scopes'],
    secretField: 'password',
    paged: true,
  },
  swiftPasswords: {
    noun: 'SwiftPassword',
    nouns: 'SwiftPasswords',
    idName: 'swiftPasswordId',
    capability: 'canUseAuthTokens',
    limit: 2,
    createFields: null,
    secretField: 'password',
    paged: false,
  },
}

/** A credential as its list shows it: never with its secret. */
function credentialBody(call: Call, credential: CredentialRecord): Record<string, unknown> {
  const expires = credential.timeExpires === null ? null : wireTime(credential.timeExpires)
  const common = {
    id: credential.id,
    userId: credential.userId,
    timeCreated: wireTime(credential.timeCreated),
    lifecycleState: 'ACTIVE',
  }
  const described = { ...common, description: credential.description }
  switch (credential.kind) {
    case 'customerSecretKeys':
      return { ...common, displayName: credential.description, timeExpires: expires, inactiveStatus: null }
    case 'smtpCredentials':
      return { ...described, username: credential.username, timeExpires: expires, inactiveStatus: null }
    case 'dbCredentials':
      return { ...described, timeExpires: expires }
    case 'oauth2ClientCredentials':
      return {
        ...described,
        compartmentId: call.cloud.tenancy.tenancyId,
        name: credential.description,
        scopes: [],
        expiresOn: expires,
      }
    case 'swiftPasswords':
      return { ...described, expiresOn: expires, inactiveStatus: null }
    case 'authTokens':
      return { ...described, timeExpires: expires, inactiveStatus: null }
  }
}

/** Gives a user a credential. For operations and for the seed; checks nothing. */
export function issueCredential(
  cloud: Pick<Cloud, 'random' | 'mint'>,
  about: { kind: CredentialKind; userId: string; userName: string; description: string; secret: string; now: number },
): CredentialRecord {
  return {
    kind: about.kind,
    // The id of a customer secret key is its access key.
    id: about.kind === 'customerSecretKeys' ? mintHex(cloud.random, 20) : cloud.mint('credential'),
    scimId: mintHex(cloud.random, 16),
    userId: about.userId,
    description: about.description,
    username: about.kind === 'smtpCredentials' ? `${about.userName}.${mintHex(cloud.random, 3)}` : null,
    secretSha256: createHash('sha256').update(about.secret).digest('hex'),
    timeCreated: about.now,
    timeExpires: null,
    version: 1,
  }
}

function operationsOf(kindName: CredentialKind): Operation[] {
  const kind = KINDS[kindName]
  const path = `/20160918/users/{userId}/${kindName}`

  function list(call: Call): Answer {
    const user = userOf(call)
    const own = call.identity.credentials.filter(({ kind: of, userId }) => of === kindName && userId === user.id)
    if (!kind.paged) return { status: 200, body: own.map((credential) => credentialBody(call, credential)) }
    const named = own.map((credential) => ({ ...credential, name: credential.description }))
    const kept = chosen(call, named, () => 'ACTIVE')
    return pageOf(call, kept, (credential) => credentialBody(call, credential))
  }

  function create(call: Call): Answer {
    const user = userOf(call)
    const fields = bodyFields(call, kind.createFields ?? [])
    const description = textField(fields, kindName === 'customerSecretKeys' ? 'displayName' : 'description')
    if (kindName === 'oauth2ClientCredentials') {
      textField(fields, 'name')
      if (fields['scopes'] === undefined) throw missingParameter('scopes')
      if (!Array.isArray(fields['scopes'])) throw invalidParameter('scopes must be a list.')
    }
    const secret = kind.secretField === null ? textField(fields, 'password') : mintSecret(call.cloud.random, 20)
    if (!user.capabilities[kind.capability]) {
      throw believedRefusal(call.cloud.beliefs.capabilityMissing, `The user lacks the capability ${kind.capability}.`)
    }
    const own = call.identity.credentials.filter(({ kind: of, userId }) => of === kindName && userId === user.id)
    if (own.length >= kind.limit) {
      throw believedRefusal(call.cloud.beliefs.credentialLimit, `A user may have ${kind.limit} ${kindName}.`)
    }
    const about = { kind: kindName, userId: user.id, userName: user.name, description, secret, now: call.now }
    const credential = issueCredential(call.cloud, about)
    call.identity.credentials.push(credential)
    const shown = kind.secretField === null ? {} : { [kind.secretField]: secret }
    const body = { ...credentialBody(call, credential), ...shown }
    return { status: 200, body, headers: { etag: etagOf(credential) } }
  }

  function remove(call: Call): Answer {
    const user = userOf(call)
    const id = pathValue(call, kind.idName)
    const at = call.identity.credentials.findIndex(
      (candidate) => candidate.kind === kindName && candidate.userId === user.id && candidate.id === id,
    )
    const credential = call.identity.credentials[at]
    if (credential === undefined) throw notAuthorizedOrNotFound('the user has no such credential')
    requireMatch(call, credential)
    call.identity.credentials.splice(at, 1)
    return { status: 204 }
  }

  const operations: Operation[] = [
    {
      name: `List${kind.nouns}`,
      service: 'identity',
      method: 'GET',
      path,
      effect: 'read',
      permits: readUser,
      run: list,
    },
    {
      name: `Delete${kind.noun}`,
      service: 'identity',
      method: 'DELETE',
      path: `${path}/{${kind.idName}}`,
      effect: 'write',
      permits: manageCredentials,
      run: remove,
    },
  ]
  if (kind.createFields !== null) {
    operations.push({
      name: `Create${kind.noun}`,
      service: 'identity',
      method: 'POST',
      path,
      effect: 'write',
      retryable: true,
      permits: manageCredentials,
      run: create,
    })
  }
  return operations
}

export const CREDENTIAL_OPERATIONS: readonly Operation[] = CREDENTIAL_KINDS.flatMap(operationsOf)
