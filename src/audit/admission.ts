/** Admitting the requests of a journal again, by the scope of its warrant: what the strongroom did, done over. */
import { createHash } from 'node:crypto'
import { canonicalJson, sha256Hex } from '../canonical.js'
import { opcRequestIdOf } from '../record/journal.js'
import { REMOVE_USED_KEY } from '../record/replay.js'
import { admit, admittedRequest, identityOrigin, RANDOM_PASSWORD, scopeOf, type Admission } from '../warrant/scope.js'
import { failed } from './control.js'
import { linesOf, releasesOf, type LineOf, type Release } from './releases.js'
import type { SoundSession } from './sound.js'

/** Rules under which the desk sends with the bootstrap login, before any share is read: takeovers only. */
const LENT = /^(measure: .+|remove GENERATION \d+ of an earlier attempt|install GENERATION \d+)$/

/** Admits every intent of a session again. Returns how many; throws AUDIT_FAILED or what the scope throws. */
export function admitAgain(session: SoundSession): number {
  const scope = scopeOf(session.warrant)
  let count = 0
  for (const release of releasesOf(session)) {
    const uses = new Map<string, number>()
    for (const intent of linesOf(release, 'intent')) {
      if (intent.by === 'desk') checkLent(session, intent)
      else admitOne(session, scope, release, intent, uses)
      count += 1
    }
  }
  return count
}

/** `opc-request-id` that the request of an intent must have carried. */
export function anchorOf({ chain }: SoundSession, intent: LineOf<'intent'>): string {
  return opcRequestIdOf(sha256Hex(chain.texts[intent.seq - 1] ?? ''))
}

function admitOne({ id }: SoundSession, scope: readonly Admission[], release: Release, intent: LineOf<'intent'>, uses: Map<string, number>): void {
  const where = `session ${id}, line ${intent.seq}`
  if (intent.by === 'desk') throw new RangeError('admitOne: a request of the desk')
  if (!release.some(({ type, seq }) => type === 'key-live' && seq < intent.seq)) throw failed(`${where}: signed before the key was live`)
  const candidates = scope.filter(({ rule, origin }) => rule === intent.rule && new URL(origin).host === intent.host)
  const [candidate] = candidates
  if (!candidate) throw failed(`${where}: the warrant has no rule "${intent.rule}" for ${intent.host}`)
  const body = candidate.body === undefined ? null : new TextEncoder().encode(canonicalJson(candidate.body))
  const request = { method: intent.method, url: candidate.origin + intent.path, body, contentType: null, headers: {} }
  let admission: Admission
  try {
    admission = admit([candidate], request, intent.by, uses)
  } catch (error) {
    throw failed(`${where}: ${error instanceof Error ? error.message : String(error)}`)
  }
  checkBody(where, admission, admittedRequest(admission, request).body, intent)
  uses.set(intent.rule, (uses.get(intent.rule) ?? 0) + 1)
}

/** The body's digest; a password that nobody knows leaves one that nobody can recompute. */
function checkBody(where: string, admission: Admission, body: Uint8Array | null, intent: LineOf<'intent'>): void {
  if (body !== null && intent.bodySha256 !== null && canonicalJson(admission.body ?? null).includes(RANDOM_PASSWORD)) return
  const digest = body === null ? null : createHash('sha256').update(body).digest('hex')
  if (digest !== intent.bodySha256) throw failed(`${where}: "${intent.rule}" was signed with another body than the warrant admits`)
}

function checkLent({ id, warrant, chain }: SoundSession, intent: LineOf<'intent'>): void {
  const where = `session ${id}, line ${intent.seq}`
  const own = `/20160918/users/${warrant.user}/apiKeys`
  const [live] = linesOf(chain.lines, 'key-live')
  if (intent.rule === REMOVE_USED_KEY) {
    if (!live || intent.seq < live.seq) throw failed(`${where}: the remover's login was used before the key was live`)
    const path = `${own}/${encodeURIComponent(warrant.key.fingerprint)}`
    if (intent.host !== new URL(identityOrigin(warrant)).host || intent.method !== 'DELETE' || intent.path !== path) throw failed(`${where}: "${intent.rule}" was for ${intent.method} ${intent.host}${intent.path}`)
    return
  }
  if (warrant.action.name !== 'takeover' || !LENT.test(intent.rule)) throw failed(`${where}: "${intent.rule}" is nothing that a lent login is for`)
  if (live && intent.seq > live.seq) throw failed(`${where}: the lent login was used after the key was live`)
  const fits = intent.host === new URL(identityOrigin(warrant)).host && ['POST', 'DELETE'].includes(intent.method) && (intent.path === own || intent.path.startsWith(`${own}/`))
  if (!fits) throw failed(`${where}: "${intent.rule}" was for ${intent.method} ${intent.host}${intent.path}`)
}
