/**
 * Measuring OCI before trusting it, with throw-away keys: how long activation takes, whether a key can delete itself,
 * how long a deleted key is still accepted, what a fourth key is answered. OCI documents none of this.
 */
import { generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { canonicalJson, sha256Hex } from '../canonical.js'
import { namesOf, namesOfPem, spkiOf } from '../custody/key.js'
import { GlasskeyError } from '../errors.js'
import { pause, readClocks } from '../host/clock.js'
import { signerFor, type Profile } from '../host/oci-profile.js'
import type { StoredSession } from '../host/sealed-folder.js'
import { say } from '../host/terminal.js'
import type { JournalEntry } from '../record/journal.js'
import type { KeyAsListed } from '../record/recognise.js'
import { isCredible } from '../warrant/probe-schedule.js'
import { MAXIMUM_API_KEYS } from '../warrant/scope.js'
import { exchange, ExchangeError, type Carrier } from '../wire/exchange.js'
import { signRequest, type Signer } from '../wire/signature.js'
import { sendJournalled, type DeskJournal } from './journalled-carry.js'
import { newRequestId } from './profile-clerk.js'

const generate = promisify(generateKeyPair)

/** What was measured, as journal and custody folder keep it. */
export type Measured = Omit<Extract<JournalEntry, { type: 'measured' }>, 'type'>

/** What measuring needs. Origins by region; the home region's takes the writes. */
export interface Measuring {
  tenancy: string
  user: string
  homeRegion: string
  origins: Readonly<Record<string, string>>
  /** How many slots stay taken: one more is used for each throw-away key. */
  taken: number
  carrier: Carrier
  journal: DeskJournal
  /** Uploads and deletes with the bootstrap login. */
  upload: (publicKeyPem: string, rule: string) => Promise<void>
  remove: (fingerprint: string, rule: string) => Promise<void>
  /** Whether OCI lists a key, read with the bootstrap login. */
  isListed: (spkiSha256: string) => Promise<boolean>
  /** Who will delete used keys if they may not do it themselves, and reads the key list before. Null: nobody is named. */
  remover: (Pick<Profile, 'name' | 'user' | 'signer'> & { read: () => Promise<unknown> }) | null
  /** Aborts when somebody wants the takeover to end. */
  asked: AbortSignal
}

/** Between two steps, and while one waits. Throws INTERRUPTED. */
export function refuseToGoOn(asked: AbortSignal): void {
  if (asked.aborted) throw new GlasskeyError('INTERRUPTED', `stopped before any share was read: ${String(asked.reason)}`, 'glasskey takeover goes on where this stopped, and removes throw-away keys that are left.')
}

/** How the rules of all requests begin that measure. */
const MEASURE = 'measure: '
const REMOVE_THROW_AWAY = `${MEASURE}remove the throw-away key`
const PATIENCE_MS = 10 * 60_000
const REFUSALS = 3

/** What an earlier attempt measured to its end in all of these regions; undefined where none did, or where no key may delete itself and another remover is named than the one that was tried. `remover`: `any` where none is named yet. */
export function measuredBefore(sessions: readonly StoredSession[], remover: Profile | null | 'any', regions: readonly string[]): Measured | undefined {
  const line = sessions.map(({ session }) => session.measured).findLast((measured) => measured !== null && regions.every((region) => region in measured.revocationMs))
  if (!line) return undefined
  if (line.selfDeletion === 'refused' && remover !== 'any' && (remover === null || line.remover !== remover.user)) return undefined
  const { activationMs, revocationMs, selfDeletion, fourthKey } = line
  return { activationMs, revocationMs, selfDeletion, ...(line.remover === undefined ? {} : { remover: line.remover }), fourthKey }
}

/**
 * Fingerprints of throw-away keys that an earlier attempt did not live to remove: the journal has the digest of each upload. They
 * are those of the keys themselves: what stands beside a key in the list came through the clerk, and may name another.
 */
export function leftBehind(keys: readonly Pick<KeyAsListed, 'keyValue'>[], sessions: readonly StoredSession[]): string[] {
  const uploaded = new Set(sessions.flatMap(({ session }) => session.calls.flatMap(({ intent }) => (intent.rule.startsWith(MEASURE) ? [intent.bodySha256] : []))))
  return keys.flatMap(({ keyValue }) => {
    const names = namesOfPem(keyValue ?? '')
    return names && uploaded.has(sha256Hex(canonicalJson({ key: names.publicKeyPem }))) ? [names.fingerprint] : []
  })
}

/** Measures and cleans up after itself. Throws SELF_DELETION_REFUSED, after cleaning up; OUTCOME_UNKNOWN; INTERRUPTED, with a throw-away key left for the next takeover. */
export async function measure(job: Measuring): Promise<Measured> {
  const first = await throwAway(job)
  await job.upload(first.publicKeyPem, `${MEASURE}upload a throw-away key`)
  say('Waiting until every region takes the new key: seconds as a rule, at most ten minutes.')
  const activationMs = await forEachRegion(job, (origin) => waitFor(job, origin, first.signer, ({ status }) => status === 200, 1))
  say(`A new key is accepted after ${inWords(activationMs)}.`)
  refuseToGoOn(job.asked)
  const fourthKey = await tryFourth(job)
  refuseToGoOn(job.asked)
  const { result: selfDeletion, status } = await tryDeletion(job, first, first.signer, 'a key deletes itself')
  if (selfDeletion === 'refused') {
    if (job.remover === null) {
      await job.remove(first.fingerprint, REMOVE_THROW_AWAY)
      job.journal.append({ type: 'measured', activationMs, revocationMs: {}, selfDeletion, fourthKey })
      throw new GlasskeyError(
        'SELF_DELETION_REFUSED',
        `OCI does not let a key delete itself (it answered ${status}), so no released key could be revoked by the tool alone`,
        'Set up a remover: a user with the policy in docs/first-real-tenancy.md, for this one user and no more. Then name its profile: glasskey takeover --remover PROFILE. The takeover was stopped; nothing of the user was changed.',
      )
    }
    await tryRemover(job, job.remover, first)
  }
  say('Waiting until every region refuses the deleted key: at most ten minutes.')
  const revocationMs = await forEachRegion(job, (origin) => waitFor(job, origin, first.signer, ({ status, isCredible }) => status === 401 && isCredible, REFUSALS))
  say(`A deleted key is refused after ${inWords(revocationMs)}.`)
  const measured: Measured = { activationMs, revocationMs, selfDeletion, ...(selfDeletion === 'refused' && job.remover ? { remover: job.remover.user } : {}), fourthKey }
  job.journal.append({ type: 'measured', ...measured })
  return measured
}

/** The remover reads the key list and deletes the throw-away key, as it will with a used one. Where it cannot, the key is removed. Throws TENANCY_UNFIT, OCI_REFUSED, OCI_UNREACHABLE; OUTCOME_UNKNOWN. */
async function tryRemover(job: Measuring, { name, signer, read }: NonNullable<Measuring['remover']>, key: ThrowAway): Promise<void> {
  try {
    await read()
  } catch (error) {
    if (!(error instanceof GlasskeyError)) throw error
    await job.remove(key.fingerprint, REMOVE_THROW_AWAY)
    throw new GlasskeyError(error.code, `the remover ${name} could not read the key list: ${error.message}`, error.hint, { cause: error })
  }
  const { result, status } = await tryDeletion(job, key, signer, 'the remover deletes a key')
  if (result !== 'refused') return
  await job.remove(key.fingerprint, REMOVE_THROW_AWAY)
  throw new GlasskeyError('TENANCY_UNFIT', `OCI lets no key delete itself here, and the remover ${name} may not delete it either: OCI answered ${status}`, 'A released key would stay alive. Give it the policy in docs/first-real-tenancy.md, for this one user. Then begin again; nothing of the user was changed.')
}

/** Answers to a key's deletion that are about who may do it; any other is about that moment. 404 is OCI's word for "you may not", too. */
const NOT_ALLOWED = [400, 403, 404]
const ATTEMPTS = 3

/** Whether this signer may delete a key. What an answer does not say is read from the key list. Throws OUTCOME_UNKNOWN, with the key removed. */
async function tryDeletion(job: Measuring, { fingerprint, spkiSha256 }: ThrowAway, signer: Signer, what: string): Promise<{ result: Measured['selfDeletion']; status: number }> {
  let status = 0
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (attempt > 0) await pause(2000)
    ;({ status } = await sendJournalled(job.journal, { method: 'DELETE', url: `${home(job)}/apiKeys/${encodeURIComponent(fingerprint)}`, body: null, contentType: null, headers: {} }, signer, job.carrier, `${MEASURE}${what}`))
    if (status === 204 || !(await job.isListed(spkiSha256))) return { result: 'accepted', status }
    if (NOT_ALLOWED.includes(status)) return { result: 'refused', status }
  }
  await job.remove(fingerprint, REMOVE_THROW_AWAY)
  throw new GlasskeyError('OUTCOME_UNKNOWN', `whether ${what} could not be found out: OCI answered ${status}, ${ATTEMPTS} times`, 'Run glasskey takeover again later; nothing of the user was changed but throw-away keys.')
}

interface ThrowAway {
  fingerprint: string
  spkiSha256: string
  publicKeyPem: string
  signer: Signer
}

async function throwAway({ tenancy, user }: Measuring): Promise<ThrowAway> {
  const { privateKey }: { privateKey: KeyObject } = await generate('rsa', { modulusLength: 2048, publicExponent: 65537 })
  const { fingerprint, spkiSha256, publicKeyPem } = namesOf(spkiOf(privateKey))
  return { fingerprint, spkiSha256, publicKeyPem, signer: signerFor(tenancy, user, privateKey) }
}

/** Fills the slots and asks for one more; removes what it added. Returns OCI's words, or "accepted". */
async function tryFourth(job: Measuring): Promise<string> {
  const added: string[] = []
  let said = 'accepted'
  for (let count = job.taken + 1; count <= MAXIMUM_API_KEYS; count += 1) {
    const { fingerprint, publicKeyPem } = await throwAway(job)
    try {
      await job.upload(publicKeyPem, `${MEASURE}fill the key slots`)
      added.push(fingerprint)
    } catch (error) {
      if (!(error instanceof GlasskeyError) || error.code !== 'OCI_REFUSED') throw error
      said = error.message
    }
  }
  for (const fingerprint of added) await job.remove(fingerprint, REMOVE_THROW_AWAY)
  return said.slice(0, 160)
}

async function forEachRegion(job: Measuring, wait: (origin: string) => Promise<number>): Promise<Record<string, number>> {
  const measured = await Promise.all(Object.entries(job.origins).map(async ([region, origin]) => [region, await wait(origin)] as const))
  return Object.fromEntries(measured)
}

/** An answer, and whether it can be about the key: a clock that was set makes signatures that are refused as well. */
interface Answered {
  status: number
  isCredible: boolean
}

/** Milliseconds of uptime, which nobody sets, until GET of the own user was answered as wanted, so many times in a row. Throws TENANCY_UNFIT after ten minutes, and INTERRUPTED. */
async function waitFor(job: Measuring, origin: string, signer: Signer, wanted: (answer: Answered) => boolean, inARow: number): Promise<number> {
  const start = readClocks().uptime
  const url = `${origin}/20160918/users/${job.user}`
  let row = 0
  let since = start
  refuseToGoOn(job.asked)
  while (readClocks().uptime - start < PATIENCE_MS) {
    const { uptime: asked, wall } = readClocks()
    try {
      const { status, headers } = await exchange(signRequest({ method: 'GET', url, body: null, contentType: null, headers: {} }, signer, new Date(wall), newRequestId()), job.carrier)
      if (wanted({ status, isCredible: isCredible(headers['date'] ?? '', wall) })) {
        if (row === 0) since = asked
        row += 1
        if (row >= inARow) return since - start
      } else row = 0
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error
      row = 0
    }
    await pause(Math.min(5000, 250 + (readClocks().uptime - start) / 20), job.asked)
    refuseToGoOn(job.asked)
  }
  throw new GlasskeyError('TENANCY_UNFIT', `${new URL(origin).host} did not follow a change of keys within ten minutes`, 'Try again later; nothing of the user was changed but throw-away keys.')
}

function home({ origins, homeRegion, user }: Measuring): string {
  return `${origins[homeRegion] ?? ''}/20160918/users/${user}`
}

function inWords(byRegion: Record<string, number>): string {
  return Object.entries(byRegion)
    .map(([region, ms]) => `${(ms / 1000).toFixed(1)} s in ${region}`)
    .join(', ')
}
