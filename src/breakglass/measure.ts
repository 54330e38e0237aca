/**
 * Measuring OCI before trusting it, with throw-away keys: how long activation takes, whether a key can delete itself,
 * how long a deleted key is still accepted, what a fourth key is answered. OCI documents none of this.
 */
import { generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { canonicalJson, sha256Hex } from '../canonical.js'
import { namesOf, namesOfPem, spkiOf } from '../custody/key.js'
import { GlasskeyError } from '../errors.js'
import { pause } from '../host/clock.js'
import { signerFor, type Profile } from '../host/oci-profile.js'
import type { StoredSession } from '../host/sealed-folder.js'
import { say } from '../host/terminal.js'
import type { JournalEntry } from '../record/journal.js'
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
  /** Who will delete used keys if they may not do it themselves. */
  remover: Profile | null
}

/** How the rules of all requests begin that measure. */
const MEASURE = 'measure: '
const PATIENCE_MS = 10 * 60_000
const REFUSALS = 3

/** What an earlier attempt measured to its end; undefined when none did, or where OCI refused self-deletion and nobody else is named to do it. */
export function measuredBefore(sessions: readonly StoredSession[], remover: Profile | null): Measured | undefined {
  const line = sessions.map(({ session }) => session.measured).findLast((measured) => measured !== null && Object.keys(measured.revocationMs).length > 0)
  if (!line || (line.selfDeletion === 'refused' && remover === null)) return undefined
  return { activationMs: line.activationMs, revocationMs: line.revocationMs, selfDeletion: line.selfDeletion, fourthKey: line.fourthKey }
}

/**
 * Fingerprints of throw-away keys that an earlier attempt did not live to remove: the journal has the digest of each upload. They
 * are those of the keys themselves: what stands beside a key in the list came through the clerk, and may name another.
 */
export function leftBehind(keys: readonly { keyValue: string }[], sessions: readonly StoredSession[]): string[] {
  const uploaded = new Set(sessions.flatMap(({ session }) => session.calls.flatMap(({ intent }) => (intent.rule.startsWith(MEASURE) ? [intent.bodySha256] : []))))
  return keys.flatMap(({ keyValue }) => {
    const names = namesOfPem(keyValue)
    return names && uploaded.has(sha256Hex(canonicalJson({ key: names.publicKeyPem }))) ? [names.fingerprint] : []
  })
}

/** Measures and cleans up after itself. Throws SELF_DELETION_REFUSED, after cleaning up; OUTCOME_UNKNOWN. */
export async function measure(job: Measuring): Promise<Measured> {
  const first = await throwAway(job)
  await job.upload(first.publicKeyPem, `${MEASURE}upload a throw-away key`)
  say('Waiting until every region takes the new key: seconds as a rule, at most ten minutes.')
  const activationMs = await forEachRegion(job, (origin) => waitFor(job, origin, first.signer, (status) => status === 200, 1))
  say(`A new key is accepted after ${inWords(activationMs)}.`)
  const fourthKey = await tryFourth(job)
  const answer = await sendJournalled(job.journal, { method: 'DELETE', url: `${home(job)}/apiKeys/${encodeURIComponent(first.fingerprint)}`, body: null, contentType: null, headers: {} }, first.signer, job.carrier, `${MEASURE}a key deletes itself`)
  const selfDeletion = answer.status === 204 ? 'accepted' : 'refused'
  if (selfDeletion === 'refused') await job.remove(first.fingerprint, `${MEASURE}remove the throw-away key`)
  if (selfDeletion === 'refused' && job.remover === null) {
    job.journal.append({ type: 'measured', activationMs, revocationMs: {}, selfDeletion, fourthKey })
    throw new GlasskeyError(
      'SELF_DELETION_REFUSED',
      `OCI does not let a key delete itself (it answered ${answer.status}), so no released key could be revoked by the tool alone`,
      'Set up a remover: a principal whose only permission is USER_APIKEY_REMOVE on this one user (docs/first-real-tenancy.md says how), and name its profile: glasskey takeover --remover PROFILE. The takeover was stopped; nothing of the user was changed.',
    )
  }
  say('Waiting until every region refuses the deleted key: at most ten minutes.')
  const revocationMs = await forEachRegion(job, (origin) => waitFor(job, origin, first.signer, (status) => status === 401, REFUSALS))
  say(`A deleted key is refused after ${inWords(revocationMs)}.`)
  const measured: Measured = { activationMs, revocationMs, selfDeletion, fourthKey }
  job.journal.append({ type: 'measured', ...measured })
  return measured
}

interface ThrowAway {
  fingerprint: string
  publicKeyPem: string
  signer: Signer
}

async function throwAway({ tenancy, user }: Measuring): Promise<ThrowAway> {
  const { privateKey }: { privateKey: KeyObject } = await generate('rsa', { modulusLength: 2048, publicExponent: 65537 })
  const { fingerprint, publicKeyPem } = namesOf(spkiOf(privateKey))
  return { fingerprint, publicKeyPem, signer: signerFor(tenancy, user, privateKey) }
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
  for (const fingerprint of added) await job.remove(fingerprint, `${MEASURE}remove the throw-away key`)
  return said.slice(0, 160)
}

async function forEachRegion(job: Measuring, wait: (origin: string) => Promise<number>): Promise<Record<string, number>> {
  const measured = await Promise.all(Object.entries(job.origins).map(async ([region, origin]) => [region, await wait(origin)] as const))
  return Object.fromEntries(measured)
}

/** Milliseconds until GET of the own user was answered as wanted, so many times in a row. Throws TENANCY_UNFIT after ten minutes. */
async function waitFor(job: Measuring, origin: string, signer: Signer, wanted: (status: number) => boolean, inARow: number): Promise<number> {
  const start = Date.now()
  const url = `${origin}/20160918/users/${job.user}`
  let row = 0
  let since = start
  while (Date.now() - start < PATIENCE_MS) {
    const asked = Date.now()
    try {
      const { status } = await exchange(signRequest({ method: 'GET', url, body: null, contentType: null, headers: {} }, signer, new Date(), newRequestId()), job.carrier)
      if (wanted(status)) {
        if (row === 0) since = asked
        row += 1
        if (row >= inARow) return since - start
      } else row = 0
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error
      row = 0
    }
    await pause(Math.min(5000, 250 + (Date.now() - start) / 20))
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
