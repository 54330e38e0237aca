/** IAM users: reading, unblocking, capabilities. */
import {
  type Answer,
  bodyFields,
  type Call,
  flagField,
  type Operation,
  requireMatch,
  requireTenancyCompartment,
  userOf,
  withEtag,
} from '../operation.js'
import { chosen, pageOf } from '../paging.js'
import { administer, inspect, readUser } from '../permission.js'
import { invalidParameter, missingParameter } from '../refusal.js'
import { CAPABILITIES, type UserRecord, wireTime } from '../tenancy.js'

/** `inactiveStatus` bit 2: blocked. */
const BLOCKED = 4

/** UpdateUserCapabilitiesDetails spells one capability otherwise than the User model that answers it. */
const UPDATE_NAMES = CAPABILITIES.map((name) => (name === 'canUseDbCredentials' ? 'canUseDBCredentials' : name))

function stateOf(user: UserRecord): string {
  return user.blocked ? 'INACTIVE' : 'ACTIVE'
}

/** A user as OCI's User model. `inactiveStatus` is there only when there is a reason. */
export function userBody(call: Call, user: UserRecord): Record<string, unknown> {
  return {
    id: user.id,
    compartmentId: call.cloud.tenancy.tenancyId,
    name: user.name,
    description: user.description,
    email: user.email,
    emailVerified: true,
    identityProviderId: null,
    externalIdentifier: null,
    timeCreated: wireTime(user.timeCreated),
    lifecycleState: stateOf(user),
    ...(user.blocked ? { inactiveStatus: BLOCKED } : {}),
    freeformTags: {},
    definedTags: {},
    capabilities: { ...user.capabilities },
    isMfaActivated: user.mfaDevices.some((device) => device.isActivated),
    lastSuccessfulLoginTime: null,
    previousSuccessfulLoginTime: null,
  }
}

function listUsers(call: Call): Answer {
  requireTenancyCompartment(call)
  return pageOf(call, chosen(call, call.identity.users, stateOf), (user) => userBody(call, user))
}

function getUser(call: Call): Answer {
  const user = userOf(call)
  return withEtag(userBody(call, user), user)
}

/** The operation can only unblock: "Only false is supported" (UpdateStateDetails). */
function updateUserState(call: Call): Answer {
  const user = userOf(call)
  const blocked = flagField(bodyFields(call, ['blocked']), 'blocked')
  if (blocked === undefined) throw missingParameter('blocked')
  if (blocked) throw invalidParameter('blocked can only be set to false.')
  requireMatch(call, user)
  user.blocked = false
  user.version += 1
  return withEtag(userBody(call, user), user)
}

function updateUserCapabilities(call: Call): Answer {
  const user = userOf(call)
  const fields = bodyFields(call, UPDATE_NAMES)
  requireMatch(call, user)
  const capabilities = { ...user.capabilities }
  for (const [index, capability] of CAPABILITIES.entries()) {
    capabilities[capability] = flagField(fields, UPDATE_NAMES[index] ?? capability) ?? capabilities[capability]
  }
  user.capabilities = capabilities
  user.version += 1
  return withEtag(userBody(call, user), user)
}

const USER = '/20160918/users/{userId}'

export const USER_OPERATIONS: readonly Operation[] = [
  {
    name: 'ListUsers',
    service: 'identity',
    method: 'GET',
    path: '/20160918/users',
    effect: 'read',
    permits: inspect,
    run: listUsers,
  },
  { name: 'GetUser', service: 'identity', method: 'GET', path: USER, effect: 'read', permits: readUser, run: getUser },
  {
    name: 'UpdateUserState',
    service: 'identity',
    method: 'PUT',
    path: `${USER}/state`,
    effect: 'write',
    permits: administer,
    run: updateUserState,
  },
  {
    name: 'UpdateUserCapabilities',
    service: 'identity',
    method: 'PUT',
    path: `${USER}/capabilities`,
    effect: 'write',
    permits: administer,
    run: updateUserCapabilities,
  },
]
