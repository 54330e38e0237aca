/** A digest of what matters for security in a tenancy: equal digests, equal ways in. */
import { createHash } from 'node:crypto'
import { runningSession } from './database/saas-admin.js'
import type { TenancyState } from './tenancy.js'

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** JSON with sorted names; enough for plain data of our own making. */
function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}

/**
 * Users, living keys, credentials, capabilities, groups, memberships, policies and SAAS_ADMIN as they are at `now`
 * (ms). Leaves out what reading or time alone changes: deleted keys, versions, retry tokens, work requests, events.
 */
export function securityState(tenancy: TenancyState, now: number): Record<string, unknown> {
  const { users, apiKeys, credentials, groups, memberships, policies } = tenancy.identity
  return {
    tenancyId: tenancy.tenancyId,
    users: users.map(({ id, name, email, blocked, capabilities, consolePassword, mfaDevices, bypassCodes }) => ({
      id,
      name,
      email,
      blocked,
      capabilities,
      consolePassword: consolePassword?.sha256 ?? consolePassword?.setBy ?? null,
      mfaDevices: mfaDevices.map((device) => device.id),
      bypassCodes,
    })),
    apiKeys: apiKeys
      .filter((key) => key.timeDeleted === null)
      .map(({ userId, fingerprint, pem }) => `${userId} ${fingerprint} ${sha256(pem)}`)
      .sort(),
    credentials: credentials.map(({ kind, id, userId, secretSha256 }) => ({ kind, id, userId, secretSha256 })),
    groups: groups.map(({ id, name }) => ({ id, name })),
    memberships: memberships.map(({ userId, groupId }) => `${groupId} ${userId}`).sort(),
    policies: policies.map(({ id, compartmentId, name, statements }) => ({ id, compartmentId, name, statements })),
    saasAdmin: tenancy.databases.map((database) => {
      const session = runningSession(database, now)
      const { timeEnabled, accessType, duration, secretId } = session ?? {}
      return { id: database.id, isEnabled: session !== undefined, timeEnabled, accessType, duration, secretId }
    }),
  }
}

/** SHA-256 over the canonical JSON of `securityState`, lower-case hex. */
export function stateDigest(tenancy: TenancyState, now: number): string {
  return sha256(sortedJson(securityState(tenancy, now)))
}
