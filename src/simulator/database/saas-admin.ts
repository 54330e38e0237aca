/**
 * SAAS_ADMIN on an Autonomous Database: enabled for 1 to 24 hours with a password or a Vault secret, ended by time or
 * by a call (operations ConfigureSaasAdminUser and SaasAdminUserStatus).
 */
import { etagOf } from '../cloud.js'
import { type Answer, bodyFields, type Call, flagField, type Operation, requireMatch, textField } from '../operation.js'
import { administer, inspect } from '../permission.js'
import { believedRefusal, invalidParameter } from '../refusal.js'
import { header } from '../received.js'
import { type DatabaseRecord, type SaasAccess, type SaasAdminSession, wireTime } from '../tenancy.js'
import { acceptWork } from '../work-requests.js'
import { DATABASE, databaseBody, databaseOf, lifecycleState } from './autonomous-databases.js'

type Fields = Readonly<Record<string, unknown>>

const HOUR_MS = 3_600_000
const ACCESS: readonly SaasAccess[] = ['READ_ONLY', 'READ_WRITE', 'ADMIN']
const FIELDS = [
  'password',
  'secretId',
  'secretVersionNumber',
  'duration',
  'isEnabled',
  'accessType',
  'timeSaasAdminUserEnabled',
]

/** When a session ends or ended: by a call or by time. */
export function sessionEnd(session: SaasAdminSession): number {
  return session.timeRevoked ?? session.timeEnabled + session.duration * HOUR_MS
}

/** The session for which SAAS_ADMIN is enabled at `now`, if any. */
export function runningSession(database: DatabaseRecord, now: number): SaasAdminSession | undefined {
  const last = database.saasAdmin.at(-1)
  return last !== undefined && last.timeEnabled <= now && now < sessionEnd(last) ? last : undefined
}

/** At least 9 characters out of letters, digits, `_`, `#` and `-`; two each of upper, lower, digits and specials. */
function checkPassword(password: string): void {
  const has = (pattern: RegExp): boolean => (password.match(pattern)?.length ?? 0) >= 2
  const good = password.length >= 9 && [/[A-Z]/g, /[a-z]/g, /[0-9]/g, /[_#-]/g].every(has)
  if (!good || !/^[A-Za-z0-9_#-]+$/.test(password)) {
    throw invalidParameter('The password does not meet the rule for the SaaS administrative user.')
  }
}

function checkSecret(call: Call, fields: Fields): string {
  const secretId = textField(fields, 'secretId')
  const secret = call.cloud.tenancy.secrets.find((candidate) => candidate.id === secretId)
  const version = fields['secretVersionNumber'] ?? undefined
  if (version !== undefined && typeof version !== 'number') {
    throw invalidParameter('secretVersionNumber must be a number.')
  }
  if (secret?.region !== call.region.name || (version !== undefined && !secret.versions.includes(version))) {
    throw believedRefusal(call.cloud.beliefs.saasAdminSecret, 'The secret or its version was not found.')
  }
  return secretId
}

/** Exactly one of password and secretId. Answers the secret's OCID, or null for a password. */
function checkCredential(call: Call, fields: Fields): string | null {
  const hasPassword = (fields['password'] ?? null) !== null
  const hasSecret = (fields['secretId'] ?? null) !== null
  if (hasPassword === hasSecret) throw invalidParameter('Exactly one of password and secretId is required.')
  if (hasSecret) return checkSecret(call, fields)
  if ((fields['secretVersionNumber'] ?? null) !== null) {
    throw invalidParameter('secretVersionNumber goes with secretId only.')
  }
  checkPassword(textField(fields, 'password'))
  return null
}

function readDuration(fields: Fields): number | undefined {
  const value = fields['duration'] ?? undefined
  if (value === undefined) return undefined
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 24) {
    throw invalidParameter('duration must be a whole number of hours from 1 to 24.')
  }
  return value
}

function readAccess(fields: Fields): SaasAccess | undefined {
  const value = fields['accessType'] ?? undefined
  if (value === undefined) return undefined
  const access = ACCESS.find((candidate) => candidate === value)
  if (access === undefined) throw invalidParameter(`accessType must be one of ${ACCESS.join(', ')}.`)
  return access
}

function checkDatabase(call: Call, database: DatabaseRecord): void {
  const { saasAdminAlwaysFree, saasAdminNotAvailable } = call.cloud.beliefs
  if (database.isFreeTier) {
    throw believedRefusal(saasAdminAlwaysFree, 'The operation is not supported for an Always Free database.')
  }
  const state = lifecycleState(database, call.now)
  if (state !== 'AVAILABLE') throw believedRefusal(saasAdminNotAvailable, `The database is ${state}, not AVAILABLE.`)
}

/** When the work request is done, and with it what was asked for. */
function timeDone(call: Call): number {
  return call.now + call.cloud.beliefs.saasAdminUpdating * 1000
}

/** Checks a request to enable and answers what to do; changes nothing. */
function planEnabling(call: Call, database: DatabaseRecord, fields: Fields): () => void {
  const secretId = checkCredential(call, fields)
  const duration = readDuration(fields)
  const accessType = readAccess(fields)
  const running = runningSession(database, call.now)
  if (running === undefined) {
    const session: SaasAdminSession = {
      timeEnabled: timeDone(call),
      accessType: accessType ?? 'READ_ONLY',
      duration: duration ?? 1,
      secretId,
      timeRevoked: null,
      revokedBy: null,
    }
    return () => void database.saasAdmin.push(session)
  }
  if (duration !== undefined && duration !== running.duration) {
    const message = 'The duration cannot be changed while the SaaS administrative user is enabled.'
    throw believedRefusal(call.cloud.beliefs.saasAdminChangedDuration, message)
  }
  return () => void (running.accessType = accessType ?? running.accessType)
}

function planDisabling(call: Call, database: DatabaseRecord): () => void {
  const running = runningSession(database, call.now)
  return () => {
    if (running === undefined) return
    running.timeRevoked = timeDone(call)
    running.revokedBy = call.caller.name
  }
}

function configure(call: Call): Answer {
  const database = databaseOf(call)
  const fields = bodyFields(call, FIELDS)
  const enable = flagField(fields, 'isEnabled') ?? true
  const { saasAdminIsEnabled, saasAdminStatus: status } = call.cloud.beliefs
  if (fields['isEnabled'] === undefined && saasAdminIsEnabled !== 'allowed') {
    throw believedRefusal(saasAdminIsEnabled, 'isEnabled is required.')
  }
  checkDatabase(call, database)
  requireMatch(call, database)
  const carryOut = enable ? planEnabling(call, database, fields) : planDisabling(call, database)
  if (header(call.headers, 'opc-dry-run')?.toLowerCase() === 'true') {
    return { status, body: databaseBody(database, call.now), headers: { etag: etagOf(database) } }
  }
  carryOut()
  database.version += 1
  database.updatingUntil = timeDone(call)
  const work = acceptWork(call, {
    operationType: 'Configure SaaS Admin User',
    compartmentId: database.compartmentId,
    resourceId: database.id,
    timeFinished: database.updatingUntil,
  })
  const headers = { etag: etagOf(database), 'opc-work-request-id': work.id }
  return { status, body: databaseBody(database, call.now), headers }
}

/** A POST with an empty body. There is no field for the end: it is the enabling time plus the duration. */
function getStatus(call: Call): Answer {
  const database = databaseOf(call)
  const running = runningSession(database, call.now)
  const body =
    running === undefined
      ? { isEnabled: false }
      : {
          isEnabled: true,
          accessType: running.accessType,
          timeSaasAdminUserEnabled: wireTime(running.timeEnabled),
        }
  return { status: 200, body, headers: { etag: etagOf(database) } }
}

export const SAAS_ADMIN_OPERATIONS: readonly Operation[] = [
  {
    name: 'ConfigureSaasAdminUser',
    service: 'database',
    method: 'POST',
    path: `${DATABASE}/actions/configureSaasAdminUser`,
    effect: 'write',
    permits: administer,
    run: configure,
  },
  {
    name: 'GetSaasAdminUserStatus',
    service: 'database',
    method: 'POST',
    path: `${DATABASE}/actions/getSaasAdminUserStatus`,
    effect: 'read',
    permits: inspect,
    run: getStatus,
  },
]
