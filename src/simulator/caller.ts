/** Who is calling: from the key id of a signature to a user and what this user may do. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import type { Cloud, Region } from './cloud.js'
import type { Received } from './received.js'
import { notAuthenticated } from './refusal.js'
import { checkCoverage, checkSignature, SignatureFault } from './signature.js'
import type { ApiKeyRecord, IdentityState } from './tenancy.js'

/** Groups with a meaning in this simulator's permission model. */
export const ADMINISTRATORS = 'Administrators'
export const AUDITORS = 'Auditors'
export const REMOVERS = 'GlasskeyRemovers'

/** An authenticated caller. */
export interface Caller {
  readonly userId: string
  readonly name: string
  /** `TENANCY/USER/FINGERPRINT`. */
  readonly keyId: string
  readonly fingerprint: string
  readonly administrator: boolean
  readonly auditor: boolean
  readonly remover: boolean
}

const parsedKeys = new Map<string, KeyObject>()

/** Parsing a PEM costs more than verifying with it. */
function parsedKey(pem: string): KeyObject {
  const known = parsedKeys.get(pem)
  if (known !== undefined) return known
  if (parsedKeys.size > 10_000) parsedKeys.clear()
  const key = createPublicKey(pem)
  parsedKeys.set(pem, key)
  return key
}

/** Does `region` accept this key at `now`? New keys are not known at once, deleted ones are not forgotten at once. */
export function accepts(region: Region, key: ApiKeyRecord, now: number): boolean {
  const known = now >= key.timeCreated + region.activationDelay
  const forgotten = key.timeDeleted !== null && now >= key.timeDeleted + region.revocationDelay
  return known && !forgotten
}

/** Is the user in the group of this name, as far as `identity` knows? */
export function isMember(identity: IdentityState, userId: string, groupName: string): boolean {
  const group = identity.groups.find((candidate) => candidate.name === groupName)
  return (
    group !== undefined &&
    identity.memberships.some((membership) => membership.userId === userId && membership.groupId === group.id)
  )
}

/**
 * Authenticates a request: its date by the server's `clock`, its key by what is so `now`; both in ms.
 *
 * @throws OciRefusal 401 NotAuthenticated, with the same body for every cause
 */
export function authenticate(cloud: Cloud, region: Region, received: Received, { now, clock }: { now: number; clock: number }): Caller {
  try {
    const covered = checkCoverage(received, clock)
    const { keyId } = covered.fields
    const [tenancy, userId, fingerprint, ...rest] = keyId.split('/')
    if (tenancy !== cloud.tenancy.tenancyId || userId === undefined || fingerprint === undefined || rest.length > 0) {
      throw new SignatureFault('the key id is not TENANCY/USER/FINGERPRINT of this tenancy')
    }
    const keys = cloud.tenancy.identity.apiKeys.filter(
      (key) => key.userId === userId && key.fingerprint === fingerprint,
    )
    if (keys.length === 0) throw new SignatureFault('the key is unknown')
    const key = keys.find((candidate) => accepts(region, candidate, now))
    if (key === undefined) throw new SignatureFault(`the key is not accepted in ${region.name} at this time`)
    checkSignature(covered, parsedKey(key.pem))
    const identity = cloud.seen(region, now)
    const user = identity.users.find((candidate) => candidate.id === userId)
    if (user === undefined) throw new SignatureFault('the user is unknown')
    if (user.blocked) throw new SignatureFault('the user is blocked')
    if (cloud.beliefs.clearedCapabilityDisables && !user.capabilities.canUseApiKeys) {
      throw new SignatureFault('the user may not use API keys')
    }
    return {
      userId,
      name: user.name,
      keyId,
      fingerprint,
      administrator: isMember(identity, userId, ADMINISTRATORS),
      auditor: isMember(identity, userId, AUDITORS),
      remover: isMember(identity, userId, REMOVERS),
    }
  } catch (error) {
    if (error instanceof SignatureFault) throw notAuthenticated(error.message)
    throw error
  }
}
