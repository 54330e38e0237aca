/** The changers of an identity domain: password, capabilities, status, MFA factors. */
import { createHash } from 'node:crypto'
import { type Answer, type Call, flagField, type Operation, pathValue } from '../operation.js'
import { administer } from '../permission.js'
import { CAPABILITIES, type UserRecord } from '../tenancy.js'
import {
  bodyAllowsSelfChange,
  invalidScim,
  requireSelfChange,
  resourceNotFound,
  scimBody,
  scimUser,
} from './refusals.js'
import { capabilityFields, IDCS } from './resources.js'

type Fields = Readonly<Record<string, unknown>>

/** The path's user and the body, with the self-change rule applied. */
function changed(call: Call, schema: string): { user: UserRecord; fields: Fields } {
  const user = scimUser(call, pathValue(call, 'id'))
  const fields = scimBody(call, `${IDCS}:${schema}`)
  requireSelfChange(call, user.id, bodyAllowsSelfChange(fields))
  return { user, fields }
}

function changerAnswer(user: UserRecord, schema: string, shown: Fields): Answer {
  user.version += 1
  return { status: 200, body: { schemas: [`${IDCS}:${schema}`], id: user.scimId, ocid: user.id, ...shown } }
}

/** The domain's password policy, as far as it is believed to go: length, and upper case, lower case and a digit. */
function checkPassword(call: Call, password: unknown): string {
  if (typeof password !== 'string') throw invalidScim('password is required.')
  const [shortest = 0, longest = 0] = call.cloud.beliefs.consolePasswordLength.split('-').map(Number)
  const mixed = [/[A-Z]/, /[a-z]/, /[0-9]/].every((pattern) => pattern.test(password))
  if (password.length < shortest || password.length > longest || !mixed) {
    throw invalidScim('The password does not meet the password policy of the identity domain.')
  }
  return password
}

/** Sets a known password (UserPasswordChanger); no mail when bypassNotification is true. */
function changePassword(call: Call): Answer {
  const { user, fields } = changed(call, 'UserPasswordChanger')
  const password = checkPassword(call, fields['password'])
  const bypassNotification = flagField(fields, 'bypassNotification') ?? false
  const sha256 = createHash('sha256').update(password).digest('hex')
  user.consolePassword = { timeCreated: call.now, sha256, setBy: 'changer' }
  return changerAnswer(user, 'UserPasswordChanger', { bypassNotification })
}

/** Makes the old password useless and sends mail (UserPasswordResetter). */
function resetPassword(call: Call): Answer {
  const { user, fields } = changed(call, 'UserPasswordResetter')
  const bypassNotification = flagField(fields, 'bypassNotification') ?? false
  user.consolePassword = { timeCreated: call.now, sha256: null, setBy: 'resetMail' }
  return changerAnswer(user, 'UserPasswordResetter', { bypassNotification })
}

/** Fields that are absent stay as they are; canUseConsole is taken and kept with the console password. */
function changeCapabilities(call: Call): Answer {
  const { user, fields } = changed(call, 'UserCapabilitiesChanger')
  const capabilities = { ...user.capabilities }
  for (const name of CAPABILITIES) capabilities[name] = flagField(fields, name) ?? capabilities[name]
  flagField(fields, 'canUseConsole')
  user.capabilities = capabilities
  return changerAnswer(user, 'UserCapabilitiesChanger', capabilityFields(user))
}

function changeStatus(call: Call): Answer {
  const { user, fields } = changed(call, 'UserStatusChanger')
  const active = flagField(fields, 'active')
  if (active === undefined) throw invalidScim('active is required.')
  user.blocked = !active
  return changerAnswer(user, 'UserStatusChanger', { active })
}

const FACTOR_TYPES = ['MFA', 'ACCOUNTRECOVERY', 'KMSI', 'ALL']

function removeFactors(call: Call): Answer {
  const schema = 'AuthenticationFactorsRemover'
  const fields = scimBody(call, `${IDCS}:${schema}`)
  const owner = fields['user'] as Fields | undefined
  const id = owner?.['value'] ?? owner?.['ocid']
  if (typeof id !== 'string') throw invalidScim('user.value is required.')
  const type = fields['type'] ?? 'ALL'
  if (typeof type !== 'string' || !FACTOR_TYPES.includes(type)) throw invalidScim('type is not a type of factors.')
  const user = call.identity.users.find((candidate) => candidate.scimId === id || candidate.id === id)
  if (user === undefined) throw resourceNotFound('The user')
  if (call.cloud.beliefs.scimFactorsRemoverSelfChange) requireSelfChange(call, user.id, bodyAllowsSelfChange(fields))
  if (type === 'MFA' || type === 'ALL') {
    user.mfaDevices = []
    user.bypassCodes = 0
  }
  user.version += 1
  const shown = { schemas: [`${IDCS}:${schema}`], user: { value: user.scimId, ocid: user.id }, type }
  return { status: call.cloud.beliefs.scimCreated, body: shown }
}

function putting(name: string, segment: string, run: (call: Call) => Answer): Operation {
  const path = `/admin/v1/${segment}/{id}`
  return { name, service: 'domains', method: 'PUT', path, effect: 'write', permits: administer, run }
}

export const CHANGER_OPERATIONS: readonly Operation[] = [
  putting('PutUserPasswordChanger', 'UserPasswordChanger', changePassword),
  putting('PutUserPasswordResetter', 'UserPasswordResetter', resetPassword),
  putting('PutUserCapabilitiesChanger', 'UserCapabilitiesChanger', changeCapabilities),
  putting('PutUserStatusChanger', 'UserStatusChanger', changeStatus),
  {
    name: 'CreateAuthenticationFactorsRemover',
    service: 'domains',
    method: 'POST',
    path: '/admin/v1/AuthenticationFactorsRemover',
    effect: 'write',
    permits: administer,
    run: removeFactors,
  },
]
