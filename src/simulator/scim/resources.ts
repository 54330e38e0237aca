/** Users, groups and credentials as an identity domain shows them. Wire keys are the full URNs. */
import type { Call } from '../operation.js'
import {
  type ApiKeyRecord,
  CAPABILITIES,
  type CredentialKind,
  type CredentialRecord,
  type GroupRecord,
  type IdentityState,
  type MembershipRecord,
  type UserRecord,
  wireTime,
} from '../tenancy.js'
import { livingKeys } from '../identity/api-keys.js'
import type { ScimResource } from './filter.js'
import type { ScimType } from './listing.js'

const CORE = 'urn:ietf:params:scim:schemas:core:2.0'
/** Prefix of Oracle's schemas. */
export const IDCS = 'urn:ietf:params:scim:schemas:oracle:idcs'
export const CAPABILITIES_URN = `${IDCS}:extension:capabilities:User`
const MFA_URN = `${IDCS}:extension:mfa:User`
const STATE_URN = `${IDCS}:extension:userState:User`
const CREDENTIALS_URN = `${IDCS}:extension:userCredentials:User`

/** Searchable and shown-on-request attributes, after the SCIM++ properties in the SDK's model files. */
export const USER_TYPE: ScimType = {
  searchable: [
    'id',
    'ocid',
    'userName',
    'displayName',
    'active',
    'name.familyName',
    'name.givenName',
    'emails.value',
    'groups.value',
    'groups.ocid',
    `${MFA_URN}:mfaStatus`,
  ],
  onRequest: [
    'groups',
    `${MFA_URN}:devices`,
    `${MFA_URN}:bypassCodes`,
    CREDENTIALS_URN,
  ],
}

export const GROUP_TYPE: ScimType = {
  searchable: ['id', 'ocid', 'displayName', 'members.value', 'members.ocid'],
  onRequest: ['members'],
}

export const CREDENTIAL_TYPE: ScimType = {
  searchable: ['id', 'ocid', 'fingerprint', 'user.value', 'user.ocid', 'user.display'],
  onRequest: [],
}

/** Path segments of credentials, the kind behind each, and the schema's last word. */
export const SCIM_CREDENTIALS: readonly { segment: string; kind: CredentialKind; schema: string }[] = [
  { segment: 'AuthTokens', kind: 'authTokens', schema: 'authToken' },
  { segment: 'CustomerSecretKeys', kind: 'customerSecretKeys', schema: 'customerSecretKey' },
  { segment: 'SmtpCredentials', kind: 'smtpCredentials', schema: 'smtpCredential' },
  { segment: 'UserDbCredentials', kind: 'dbCredentials', schema: 'userDbCredential' },
  { segment: 'OAuth2ClientCredentials', kind: 'oauth2ClientCredentials', schema: 'oauth2ClientCredential' },
]

interface Versioned {
  readonly scimId: string
  readonly timeCreated: number
  readonly version: number
}

function meta(call: Call, resourceType: string, thing: Versioned): object {
  return {
    resourceType,
    created: wireTime(thing.timeCreated),
    lastModified: wireTime(thing.timeCreated),
    location: `${call.cloud.domainUrl()}/admin/v1/${resourceType}s/${thing.scimId}`,
    version: String(thing.version),
  }
}

function placed(call: Call): Record<string, string> {
  const { tenancyId } = call.cloud.tenancy
  return { domainOcid: call.identity.domain.id, compartmentOcid: tenancyId, tenancyOcid: tenancyId }
}

/** Memberships by user or by group: a list of ten thousand users must not look through them ten thousand times. */
export function membershipsBy(identity: IdentityState, of: 'userId' | 'groupId'): Map<string, MembershipRecord[]> {
  const index = new Map<string, MembershipRecord[]>()
  for (const membership of identity.memberships) {
    const known = index.get(membership[of])
    if (known === undefined) index.set(membership[of], [membership])
    else known.push(membership)
  }
  return index
}

/** A user in full; what is shown of it is decided later. */
export function userResource(call: Call, user: UserRecord, memberships: readonly MembershipRecord[]): ScimResource {
  const { groups, apiKeys, credentials } = call.identity
  const [given = user.name, family = user.name] = user.description.split(' ')
  const listOf = (kind: CredentialKind): { value: string; ocid: string }[] =>
    credentials
      .filter((credential) => credential.userId === user.id && credential.kind === kind)
      .map((credential) => ({ value: credential.scimId, ocid: credential.id }))
  return {
    schemas: [`${CORE}:User`, STATE_URN, CAPABILITIES_URN, MFA_URN, CREDENTIALS_URN],
    id: user.scimId,
    ocid: user.id,
    meta: meta(call, 'User', user),
    ...placed(call),
    userName: user.name,
    displayName: user.description,
    name: { givenName: given, familyName: family, formatted: user.description },
    active: !user.blocked,
    emails: [{ value: user.email, type: 'work', primary: true, verified: true }],
    groups: memberships.flatMap(({ groupId, id }) => {
      const group = groups.find((candidate) => candidate.id === groupId)
      if (group === undefined) return []
      return [{ value: group.scimId, ocid: group.id, display: group.name, type: 'direct', membershipOcid: id }]
    }),
    [STATE_URN]: { locked: { on: false } },
    [CAPABILITIES_URN]: { ...user.capabilities },
    [MFA_URN]: {
      mfaStatus: user.mfaDevices.length > 0 ? 'ENROLLED' : 'UN_ENROLLED',
      ...(user.mfaDevices.length > 0 ? { preferredAuthenticationFactor: 'TOTP' } : {}),
      devices: user.mfaDevices.map((device) => ({ value: device.id, factorType: 'TOTP', status: 'ENROLLED' })),
      bypassCodes: Array.from({ length: user.bypassCodes }, (_, index) => ({ value: `${user.scimId}-${index + 1}` })),
    },
    [CREDENTIALS_URN]: {
      apiKeys: livingKeys(apiKeys, user.id).map((key) => ({ value: key.scimId, ocid: key.ocid, key: key.fingerprint })),
      authTokens: listOf('authTokens'),
      customerSecretKeys: listOf('customerSecretKeys'),
      smtpCredentials: listOf('smtpCredentials'),
      dbCredentials: listOf('dbCredentials'),
      oAuth2ClientCredentials: listOf('oauth2ClientCredentials'),
    },
  }
}

export function groupResource(
  call: Call,
  group: GroupRecord,
  memberships: readonly MembershipRecord[],
  users: ReadonlyMap<string, UserRecord>,
): ScimResource {
  return {
    schemas: [`${CORE}:Group`],
    id: group.scimId,
    ocid: group.id,
    meta: meta(call, 'Group', group),
    ...placed(call),
    displayName: group.name,
    members: memberships.flatMap(({ userId, id }) => {
      const user = users.get(userId)
      if (user === undefined) return []
      const { scimId: value, id: ocid, description: display, name } = user
      return [{ value, ocid, display, type: 'User', name, membershipOcid: id }]
    }),
  }
}

function ownerOf(call: Call, userId: string): Record<string, string> {
  const user = call.identity.users.find((candidate) => candidate.id === userId)
  const value = user?.scimId ?? ''
  const $ref = `${call.cloud.domainUrl()}/admin/v1/Users/${value}`
  return { value, ocid: userId, display: user?.description ?? '', name: user?.name ?? '', $ref }
}

export function apiKeyResource(call: Call, key: ApiKeyRecord): ScimResource {
  return {
    schemas: [`${IDCS}:apikey`],
    id: key.scimId,
    ocid: key.ocid,
    meta: meta(call, 'ApiKey', key),
    ...placed(call),
    fingerprint: key.fingerprint,
    key: key.pem,
    user: ownerOf(call, key.userId),
  }
}

export function credentialResource(call: Call, credential: CredentialRecord, schema: string): ScimResource {
  const extra =
    credential.kind === 'customerSecretKeys'
      ? { displayName: credential.description, accessKey: credential.id }
      : credential.kind === 'smtpCredentials'
        ? { description: credential.description, userName: credential.username }
        : { description: credential.description }
  return {
    schemas: [`${IDCS}:${schema}`],
    id: credential.scimId,
    ocid: credential.id,
    meta: meta(call, schema.replace(/^./, (letter) => letter.toUpperCase()), credential),
    ...placed(call),
    ...extra,
    status: 'ACTIVE',
    user: ownerOf(call, credential.userId),
  }
}

/** Capabilities as SCIM's changer answers them. */
export function capabilityFields(user: UserRecord): Record<string, boolean> {
  return Object.fromEntries(CAPABILITIES.map((name) => [name, user.capabilities[name]]))
}
