/** The ways into the Console: password and MFA devices. */
import { createHash } from 'node:crypto'
import { mintSecret } from '../ocid.js'
import { type Answer, type Call, type Operation, pathValue, requireMatch, userOf, withEtag } from '../operation.js'
import { pageOf } from '../paging.js'
import { manageCredentials, readUser } from '../permission.js'
import { believedRefusal, notAuthorizedOrNotFound } from '../refusal.js'
import { type MfaDevice, type UserRecord, wireTime } from '../tenancy.js'

/**
 * CreateOrResetUIPassword. Without identity domains it answers a one-time password; with them it sends mail with a
 * link, so the answer has no password and the old one no longer works.
 */
function createOrResetPassword(call: Call): Answer {
  const user = userOf(call)
  const { passwordResetByMail, capabilityMissing } = call.cloud.beliefs
  if (!user.capabilities.canUseConsolePassword) {
    throw believedRefusal(capabilityMissing, 'The user may not have a console password.')
  }
  const password = mintSecret(call.cloud.random, 20)
  user.consolePassword = passwordResetByMail
    ? { timeCreated: call.now, sha256: null, setBy: 'resetMail' }
    : { timeCreated: call.now, sha256: createHash('sha256').update(password).digest('hex'), setBy: 'reset' }
  user.version += 1
  const body = { ...(passwordResetByMail ? {} : { password }), ...passwordInformation(user), inactiveStatus: null }
  return withEtag(body, user)
}

function passwordInformation(user: UserRecord): Record<string, unknown> {
  if (user.consolePassword === null) throw notAuthorizedOrNotFound('the user has no console password')
  return { userId: user.id, timeCreated: wireTime(user.consolePassword.timeCreated), lifecycleState: 'ACTIVE' }
}

function getPasswordInformation(call: Call): Answer {
  const user = userOf(call)
  return withEtag(passwordInformation(user), user)
}

function deviceBody(user: UserRecord, device: MfaDevice): Record<string, unknown> {
  return {
    id: device.id,
    userId: user.id,
    timeCreated: wireTime(device.timeCreated),
    timeExpires: null,
    lifecycleState: 'ACTIVE',
    inactiveStatus: null,
    isActivated: device.isActivated,
  }
}

function deviceOf(call: Call, user: UserRecord): MfaDevice & { version: number } {
  const id = pathValue(call, 'mfaTotpDeviceId')
  const device = user.mfaDevices.find((candidate) => candidate.id === id)
  if (device === undefined) throw notAuthorizedOrNotFound('the user has no such device')
  return { ...device, version: 1 }
}

function listDevices(call: Call): Answer {
  const user = userOf(call)
  return pageOf(call, user.mfaDevices, (device) => deviceBody(user, device))
}

function getDevice(call: Call): Answer {
  const user = userOf(call)
  const device = deviceOf(call, user)
  return withEtag(deviceBody(user, device), device)
}

function deleteDevice(call: Call): Answer {
  const user = userOf(call)
  const device = deviceOf(call, user)
  requireMatch(call, device)
  user.mfaDevices = user.mfaDevices.filter((other) => other.id !== device.id)
  user.version += 1
  return { status: 204 }
}

const PASSWORD = '/20160918/users/{userId}/uiPassword'
const DEVICES = '/20160918/users/{userId}/mfaTotpDevices'

export const CONSOLE_OPERATIONS: readonly Operation[] = [
  {
    name: 'CreateOrResetUIPassword',
    service: 'identity',
    method: 'POST',
    path: PASSWORD,
    effect: 'write',
    retryable: true,
    permits: manageCredentials,
    run: createOrResetPassword,
  },
  {
    name: 'GetUserUIPasswordInformation',
    service: 'identity',
    method: 'GET',
    path: PASSWORD,
    effect: 'read',
    permits: readUser,
    run: getPasswordInformation,
  },
  {
    name: 'ListMfaTotpDevices',
    service: 'identity',
    method: 'GET',
    path: DEVICES,
    effect: 'read',
    permits: readUser,
    run: listDevices,
  },
  {
    name: 'GetMfaTotpDevice',
    service: 'identity',
    method: 'GET',
    path: `${DEVICES}/{mfaTotpDeviceId}`,
    effect: 'read',
    permits: readUser,
    run: getDevice,
  },
  {
    name: 'DeleteMfaTotpDevice',
    service: 'identity',
    method: 'DELETE',
    path: `${DEVICES}/{mfaTotpDeviceId}`,
    effect: 'write',
    permits: manageCredentials,
    run: deleteDevice,
  },
]
