/**
 * What is true in the cloud, whatever the tool says of it: which keys live and which of them signed, what was released,
 * what was asked for twice. Nothing here asks the tool's own code what it believes.
 */
import { createHash, createPublicKey } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inject } from 'vitest'
import type { RequestRecord } from '../../src/simulator/listener.js'
import type { ApiKeyRecord } from '../../src/simulator/tenancy.js'
import type { Rehearsal } from './rehearsal.js'

/** An API key of the user that OCI has, and whose generation it is; null for one that no manifest names. */
export interface LivingKey {
  fingerprint: string
  generation: number | null
}

/** API keys of the user that OCI has. */
export function livingKeys(stage: Rehearsal): LivingKey[] {
  return keysOf(stage).filter(({ timeDeleted }) => timeDeleted === null).map(({ fingerprint }) => ({ fingerprint, generation: generationOf(stage, fingerprint) }))
}

/** Throws when no key that somebody holds is accepted by the home region: everybody would be locked out. */
export function assertNobodyLockedOut(stage: Rehearsal, lent: boolean): void {
  const { cloud } = stage
  const held = keysOf(stage).filter(({ fingerprint }) => generationOf(stage, fingerprint) !== null || (lent && fingerprint === cloud.people.BOOTSTRAP.fingerprint))
  if (!held.some((key) => key.timeDeleted === null && cloud.acceptedIn(key).includes(cloud.seed.homeRegion))) throw new Error('LOCKED OUT: OCI accepts no key that anybody holds')
}

/** Generations whose key signed something, and lives. */
export function usedAndAlive(stage: Rehearsal): number[] {
  const signers = new Set(stage.cloud.requests.flatMap(({ keyId }) => keyId?.split('/')[2] ?? []))
  return livingKeys(stage).flatMap(({ fingerprint, generation }) => (generation !== null && signers.has(fingerprint) ? [generation] : []))
}

/** Throws unless the sheets of a generation open the key that OCI has: its envelope is the one that the ceremony sealed. */
export function assertSheetsOpenIt(stage: Rehearsal, generation: number): void {
  const folder = join(stage.custody, 'generations', String(generation))
  const { fingerprint, spkiSha256, envelopeSha256 } = manifestIn(folder)
  const key = keysOf(stage).find((one) => one.timeDeleted === null && one.fingerprint === fingerprint)
  const spki = key && createPublicKey(key.pem).export({ format: 'der', type: 'spki' })
  if (spki === undefined || sha256(spki) !== spkiSha256) throw new Error(`OCI has 0 keys of GENERATION ${generation}, byte for byte`)
  if (sha256(readFileSync(join(folder, 'envelope.pgp'))) !== envelopeSha256) throw new Error('the sheets of the key in use are gone: its envelope is another')
  const original = join(inject('sealed'), 'custody', 'generations', String(generation))
  if (existsSync(original) && manifestIn(original).fingerprint === fingerprint && sha256(readFileSync(join(original, 'envelope.pgp'))) !== envelopeSha256) throw new Error('the sheets of the key in use are gone: its envelope is not the one that the ceremony sealed')
}

/** A key that a record calls dead from this time (ms) on. */
export interface Grave {
  session: string
  fingerprint: string
  at: number
}

/** Throws when a key that is called dead was alive, or was still accepted anywhere at the time from which on it is called so. */
export function assertDead(stage: Rehearsal, { session, fingerprint, at }: Grave): void {
  const key = keysOf(stage).findLast((one) => one.fingerprint === fingerprint)
  if (key === undefined) return
  if (key.timeDeleted === null) throw new Error(`SILENT: session ${session} calls ${fingerprint} dead, and OCI has it`)
  const accepted = stage.skewed ? [] : stage.cloud.acceptedIn(key, at)
  if (accepted.length > 0) throw new Error(`SILENT: session ${session} called ${fingerprint} dead while ${accepted.join(', ')} accepted it`)
}

/** Throws unless the database's SaaS administrative user is what the record says of it. */
export function assertReleased({ cloud }: Rehearsal, said: boolean): void {
  const database = cloud.tenancy.databases.find(({ id }) => id === cloud.seed.databases.available)
  const enabled = database?.saasAdmin.some(({ timeRevoked }) => timeRevoked === null) === true
  if (enabled !== said) throw new Error(`SILENT: SAAS_ADMIN is ${enabled ? '' : 'not '}enabled, and the record says the opposite`)
}

/** Throws unless API keys are the only way in as the user. */
export function assertTakenOver({ cloud }: Rehearsal): void {
  const user = cloud.seed.users.administrator
  const { users, credentials } = cloud.tenancy.identity
  const { capabilities, mfaDevices, bypassCodes, consolePassword } = users.find(({ id }) => id === user) ?? {}
  const able = Object.entries(capabilities ?? {}).flatMap(([name, has]) => (has ? [name] : []))
  const left = credentials.filter(({ userId }) => userId === user).map(({ kind }) => kind)
  const open = [...able.filter((name) => name !== 'canUseApiKeys'), ...left, ...(mfaDevices ?? []).map(() => 'an MFA factor'), ...((bypassCodes ?? 0) > 0 ? ['bypass codes'] : []), ...(consolePassword?.setBy === 'changer' ? [] : ['a password that somebody knows'])]
  if (open.length > 0 || !able.includes('canUseApiKeys')) throw new Error(`the takeover is called done, and the user has: ${open.join(', ')}`)
}

/**
 * Throws when a change was asked for again though nobody had heard what became of it, and nothing was read between that
 * shows it. `deaths`: numbers of the first requests after a process died, which forgot what it had heard.
 */
export function assertNothingBlind(requests: readonly RequestRecord[], deaths: readonly number[] = []): void {
  const inOrder = [...requests].sort((one, other) => one.arrival - other.arrival)
  const last = new Map<string, number>()
  inOrder.forEach((request, at) => {
    if (!isChange(request)) return
    const name = `${request.method} ${request.path} ${request.region}`
    const earlier = last.get(name)
    last.set(name, at)
    const before = earlier === undefined ? undefined : inOrder[earlier]
    if (earlier === undefined || before === undefined || !(isUnheard(before) || isForgotten(before, request, deaths))) return
    if (!inOrder.slice(earlier + 1, at).some((between) => shows(between, request))) throw new Error(`REPEATED BLINDLY: ${name}`)
  })
}

/** Whether a request changes something. The status of SAAS_ADMIN is read with a POST. */
export function isChange({ method, path }: Pick<RequestRecord, 'method' | 'path'>): boolean {
  return method !== 'GET' && !path.endsWith('/actions/getSaasAdminUserStatus')
}

/** Faults after which nobody knows whether a change happened. */
const LOSING = ['reset', 'delay', 'drip', 'truncate', 'empty', 'html', 'redirect']

function isUnheard({ status, fault }: RequestRecord): boolean {
  return status === null || status >= 500 || (fault !== null && LOSING.includes(fault))
}

function isForgotten(before: RequestRecord, again: RequestRecord, deaths: readonly number[]): boolean {
  return deaths.some((death) => before.arrival < death && again.arrival >= death) && (before.status === null || before.status < 300)
}

/** Whether a request read what a change is about: the list of keys, the state of SAAS_ADMIN, or the user. */
function shows(read: RequestRecord, { path }: RequestRecord): boolean {
  if (read.status !== 200) return false
  if (path.includes('/autonomousDatabases/')) return read.path.endsWith('/actions/getSaasAdminUserStatus') || read.path.includes('/workRequests/')
  if (read.method !== 'GET') return false
  return path.includes('/apiKeys') ? /\/apiKeys(\?|$)/.test(read.path) : /\/users\/|\/Users\b/.test(read.path)
}

function keysOf({ cloud }: Rehearsal): ApiKeyRecord[] {
  return cloud.tenancy.identity.apiKeys.filter(({ userId }) => userId === cloud.seed.users.administrator)
}

function generationOf({ custody }: Rehearsal, fingerprint: string): number | null {
  const folder = join(custody, 'generations')
  const name = readdirSync(folder).filter((one) => /^\d+$/.test(one)).find((one) => existsSync(join(folder, one, 'manifest.json')) && manifestIn(join(folder, one)).fingerprint === fingerprint)
  return name === undefined ? null : Number(name)
}

function manifestIn(folder: string): { fingerprint: string; spkiSha256: string; envelopeSha256: string } {
  return JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as ReturnType<typeof manifestIn>
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
