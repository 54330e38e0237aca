/** Things that other people do to the tenancy while somebody is working in it. For scripts and tests. */
import { z } from 'zod'
import type { Cloud } from './cloud.js'
import { API_KEY_LIMIT, installKey, livingKeys } from './identity/api-keys.js'
import type { UserRecord } from './tenancy.js'

const userId = z.string().min(1)

/** A scripted event. `blocked: false` lifts a block; the keys that fill slots are strangers'. */
export const TENANCY_EVENT = z.discriminatedUnion('event', [
  z.strictObject({ event: z.literal('block-user'), userId, blocked: z.boolean().default(true) }),
  z.strictObject({ event: z.literal('add-api-key'), userId, publicKeyPem: z.string().min(1) }),
  z.strictObject({ event: z.literal('fill-key-slots'), userId }),
  z.strictObject({ event: z.literal('upload-api-key'), userId, publicKeyPem: z.string().min(1) }),
  /** All of them, or the one of this fingerprint where it is there. */
  z.strictObject({ event: z.literal('delete-api-keys'), userId, fingerprint: z.string().optional() }),
  z.strictObject({ event: z.literal('stop-database'), databaseId: z.string().min(1) }),
])

export type TenancyEvent = z.output<typeof TENANCY_EVENT>
export type TenancyEventInput = z.input<typeof TENANCY_EVENT>

function userById(cloud: Cloud, id: string): UserRecord {
  const user = cloud.tenancy.identity.users.find((candidate) => candidate.id === id)
  if (user === undefined) throw new RangeError(`There is no user ${id}.`)
  return user
}

/**
 * Makes an event happen, as if by another administrator, and commits it.
 *
 * @param strangerPem gives the public key of a stranger
 * @throws RangeError when the event names nobody
 */
export function happen(cloud: Cloud, event: TenancyEvent, strangerPem: () => string): void {
  const now = cloud.now()
  switch (event.event) {
    case 'block-user': {
      const user = userById(cloud, event.userId)
      user.blocked = event.blocked
      user.version += 1
      break
    }
    case 'add-api-key':
      installKey(cloud, userById(cloud, event.userId), event.publicKeyPem, now)
      break
    case 'fill-key-slots': {
      const user = userById(cloud, event.userId)
      while (livingKeys(cloud.tenancy.identity.apiKeys, user.id).length < API_KEY_LIMIT) {
        installKey(cloud, user, strangerPem(), now)
      }
      break
    }
    case 'upload-api-key':
      installKey(cloud, userById(cloud, event.userId), event.publicKeyPem, now)
      break
    case 'delete-api-keys':
      for (const key of livingKeys(cloud.tenancy.identity.apiKeys, userById(cloud, event.userId).id)) {
        if (event.fingerprint !== undefined && key.fingerprint !== event.fingerprint) continue
        key.timeDeleted = now
        key.version += 1
      }
      break
    case 'stop-database': {
      const database = cloud.tenancy.databases.find((candidate) => candidate.id === event.databaseId)
      if (database === undefined) throw new RangeError(`There is no database ${event.databaseId}.`)
      database.lifecycleState = 'STOPPED'
      database.version += 1
      break
    }
  }
  cloud.commit()
}
