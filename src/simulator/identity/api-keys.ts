/** API keys: upload, list, delete. At most three per user; RSA of 2048 bits or more, as an SPKI PEM. */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import {
  type Answer,
  bodyFields,
  type Call,
  type Operation,
  pathValue,
  requireMatch,
  textField,
  userOf,
  withEtag,
} from '../operation.js'
import { manageCredentials, readUser, removeApiKeys } from '../permission.js'
import { believedRefusal, invalidParameter, notAuthorizedOrNotFound } from '../refusal.js'
import { type ApiKeyRecord, type UserRecord, wireTime } from '../tenancy.js'
import { mintHex } from '../ocid.js'
import type { Cloud } from '../cloud.js'

/** API keys that a user may have. */
export const API_KEY_LIMIT = 3
const SMALLEST_MODULUS = 2048
const PUBLIC_PEM = /^-----BEGIN (PUBLIC KEY|RSA PUBLIC KEY)-----\r?\n[A-Za-z0-9+/=\r\n]+-----END \1-----\s*$/

/** MD5 over the DER SubjectPublicKeyInfo, lower-case hex with colons: what OCI calls the fingerprint. */
export function fingerprintOf(key: KeyObject): string {
  const digest = createHash('md5').update(key.export({ format: 'der', type: 'spki' })).digest('hex')
  return (digest.match(/../g) ?? []).join(':')
}

/** Where a key is in its life, as the home region shows it. */
function stateOf(call: Call, key: ApiKeyRecord): string {
  const home = call.cloud.regions.find((region) => region.home)
  if (key.timeDeleted !== null) return 'DELETED'
  return call.cloud.beliefs.activeBeforeAccepted || call.now >= key.timeCreated + (home?.activationDelay ?? 0) ? 'ACTIVE' : 'CREATING'
}

function apiKeyBody(call: Call, key: ApiKeyRecord): Record<string, unknown> {
  return {
    keyId: `${call.cloud.tenancy.tenancyId}/${key.userId}/${key.fingerprint}`,
    keyValue: key.pem,
    fingerprint: key.fingerprint,
    userId: key.userId,
    timeCreated: wireTime(key.timeCreated),
    lifecycleState: stateOf(call, key),
    inactiveStatus: null,
  }
}

/** The keys of a user that are not deleted. */
export function livingKeys(keys: readonly ApiKeyRecord[], userId: string): ApiKeyRecord[] {
  return keys.filter((key) => key.userId === userId && key.timeDeleted === null)
}

function parsePublicKey(call: Call, pem: string): KeyObject {
  const label = PUBLIC_PEM.exec(pem)?.[1]
  if (label === undefined) throw invalidParameter('The key is not a PEM of an RSA public key.')
  const { pkcs1PublicKey } = call.cloud.beliefs
  if (label === 'RSA PUBLIC KEY' && pkcs1PublicKey !== 'allowed') {
    throw believedRefusal(pkcs1PublicKey, 'The key is not a PEM of a SubjectPublicKeyInfo.')
  }
  try {
    return createPublicKey(pem)
  } catch (error) {
    if (error instanceof Error) throw invalidParameter('The key cannot be read.')
    throw error
  }
}

function checkPublicKey(call: Call, key: KeyObject): void {
  const { key4096 } = call.cloud.beliefs
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  if (key.asymmetricKeyType !== 'rsa') throw invalidParameter('The key is not an RSA key.')
  if (bits < SMALLEST_MODULUS) throw invalidParameter(`The key is shorter than ${SMALLEST_MODULUS} bits.`)
  if (bits >= 4096 && key4096 !== 'allowed') throw believedRefusal(key4096, 'The key is longer than is supported.')
}

/** Puts a key on a user. For operations and for scripted events; checks nothing. */
export function installKey(cloud: Cloud, user: UserRecord, pem: string, now: number): ApiKeyRecord {
  const key: ApiKeyRecord = {
    ocid: cloud.mint('credential'),
    scimId: mintHex(cloud.random, 16),
    userId: user.id,
    fingerprint: fingerprintOf(createPublicKey(pem)),
    pem,
    timeCreated: now,
    timeDeleted: null,
    version: 1,
  }
  cloud.tenancy.identity.apiKeys.push(key)
  return key
}

function etagSubject(key: ApiKeyRecord): { id: string; version: number } {
  return { id: key.ocid, version: key.version }
}

function uploadApiKey(call: Call): Answer {
  const user = userOf(call)
  const pem = textField(bodyFields(call, ['key']), 'key')
  const key = parsePublicKey(call, pem)
  checkPublicKey(call, key)
  if (!user.capabilities.canUseApiKeys) {
    throw believedRefusal(call.cloud.beliefs.capabilityMissing, 'The user may not have API keys.')
  }
  const living = livingKeys(call.identity.apiKeys, user.id)
  if (living.some((other) => other.fingerprint === fingerprintOf(key))) {
    throw believedRefusal(call.cloud.beliefs.duplicateApiKey, 'The user already has this API key.')
  }
  if (living.length >= API_KEY_LIMIT) {
    throw believedRefusal(call.cloud.beliefs.fourthApiKey, `A user may have ${API_KEY_LIMIT} API keys.`)
  }
  const record = installKey(call.cloud, user, pem, call.now)
  return withEtag(apiKeyBody(call, record), etagSubject(record))
}

function listApiKeys(call: Call): Answer {
  const user = userOf(call)
  const { deletedKeysListed, keyListDelay } = call.cloud.beliefs
  const asOf = call.now - keyListDelay * 1000
  const keys = call.identity.apiKeys
    .filter((key) => key.userId === user.id && key.timeCreated <= asOf)
    .map((key) => (key.timeDeleted !== null && key.timeDeleted > asOf ? { ...key, timeDeleted: null } : key))
    .filter((key) => key.timeDeleted === null || asOf < key.timeDeleted + deletedKeysListed * 1000)
  return { status: 200, body: keys.map((key) => apiKeyBody(call, key)) }
}

/** Deletes a key, unless it is the caller's own and this cloud believes that a key cannot delete itself. */
export function removeKey(call: Call, key: ApiKeyRecord): void {
  const own = key.userId === call.caller.userId && key.fingerprint === call.caller.fingerprint
  const { selfDeletion } = call.cloud.beliefs
  if (own && selfDeletion !== 'allowed') {
    throw believedRefusal(selfDeletion, 'An API key cannot be deleted by a request signed with it.')
  }
  key.timeDeleted = call.now
  key.version += 1
}

function deleteApiKey(call: Call): Answer {
  const user = userOf(call)
  const fingerprint = pathValue(call, 'fingerprint')
  const key = livingKeys(call.identity.apiKeys, user.id).find((candidate) => candidate.fingerprint === fingerprint)
  if (key === undefined) throw notAuthorizedOrNotFound('the user has no such key')
  requireMatch(call, etagSubject(key))
  removeKey(call, key)
  return { status: 204 }
}

const API_KEYS = '/20160918/users/{userId}/apiKeys'

export const API_KEY_OPERATIONS: readonly Operation[] = [
  {
    name: 'UploadApiKey',
    service: 'identity',
    method: 'POST',
    path: API_KEYS,
    effect: 'write',
    retryable: true,
    permits: manageCredentials,
    run: uploadApiKey,
  },
  {
    name: 'ListApiKeys',
    service: 'identity',
    method: 'GET',
    path: API_KEYS,
    effect: 'read',
    permits: readUser,
    run: listApiKeys,
  },
  {
    name: 'DeleteApiKey',
    service: 'identity',
    method: 'DELETE',
    path: `${API_KEYS}/{fingerprint}`,
    effect: 'write',
    permits: removeApiKeys,
    run: deleteApiKey,
  },
]
