/** Our journals against OCI's Audit log: the anchors of the one must be in the other, and nothing else of a used key. */
import { PROCESSING_MS, type CloudEvent, type SessionLog, type Span } from './cloud-log.js'
import { sha256Hex } from '../canonical.js'
import { firstPart, opcRequestIdOfProbe } from '../record/journal.js'
import type { Call } from '../record/replay.js'
import { probeOffsets } from '../warrant/probe-schedule.js'
import { userPath } from '../warrant/scope.js'
import { anchorOf } from './admission.js'
import type { Dossier } from './dossier.js'
import { logTimes, momentsOf } from './log-times.js'
import { NotChecked } from './reading.js'
import { soundSession, type SoundSession } from './sound.js'

/** How far OCI's time of an event may be from our intent before it counts as late. */
const LATE_MS = 5 * 60_000

/** For how long OCI keeps its Audit log (OCI documentation, "Viewing Audit Log Events"). */
export const KEPT_DAYS = 365
const DAY_MS = 86_400_000

/** One session's calls and events, matched. */
export interface Reconciled {
  matched: number
  late: number
  /** Calls that OCI answered and its log does not have: by line of the journal. */
  journalOnly: { seq: number; rule: string; host: string; method: string; at: string }[]
  /** Events by the used key, or by another key of its user, that no journal explains. */
  cloudOnly: CloudEvent[]
  /** How many others may be the used key's: OCI does not say who signed them. */
  unreadable: number
  /** Whether OCI's log may lack what happened: events may still come, or are kept no longer; null when it should be complete. */
  gap: 'growing' | 'expired' | null
}

/** A request as a journal has it. */
interface Meant extends Pick<Call['intent'], 'method' | 'path'> {
  /** Name of the session's key. */
  key: string
  /** Whether that key signed it, or the desk's login. */
  isByKey: boolean
}

/** What the journals explain. */
export interface Explained {
  /** By request id. */
  requests: ReadonlyMap<string, Meant>
  /** OCI's own part of each of those ids, in all logs that were read: an id explains one call, whichever session's log shows it. */
  calls: ReadonlyMap<string, string>
  /** When takeovers were under way: the login that was lent to them is one of the same user, and is journalled in part. */
  takeovers: readonly Span[]
  /** Whether every journal could be asked. */
  complete: boolean
}

/**
 * Requests of all sessions: one after the other may use the same generation, so that the log of one shows the calls
 * of the next. Every probe counts that was signed: one whose answer was lost is in OCI's log as well.
 */
export function explainedBy(dossier: Dossier): Explained {
  const requests = new Map<string, Meant>()
  const takeovers: Span[] = []
  let complete = true
  for (const filed of dossier.sessions) {
    try {
      const session = soundSession(dossier, filed)
      const key = keyNameOf(session)
      for (const { intent } of session.state.calls) requests.set(anchorOf(session, intent), { ...intent, key, isByKey: intent.by !== 'desk' })
      for (const id of probesSigned(session)) requests.set(id, { method: 'GET', path: userPath(session.warrant), key, isByKey: true })
      if (session.warrant.action.name === 'takeover') takeovers.push(...logTimes(dossier, session).read)
    } catch (error) {
      if (!(error instanceof NotChecked)) throw error
      complete = false
    }
  }
  const events = [...(dossier.cloud?.log.values() ?? [])].flatMap((log) => (log.read ? log.value.events : []))
  return { requests, calls: callsIn(events, requests), takeovers, complete }
}

/** OCI's part of each id, as the first event has it that is the call which was meant. */
function callsIn(events: readonly CloudEvent[], requests: ReadonlyMap<string, Meant>): Map<string, string> {
  const calls = new Map<string, string>()
  for (const event of [...events].sort((one, other) => one.at.localeCompare(other.at))) {
    const anchor = firstPart(event.requestId)
    const meant = requests.get(anchor)
    if (meant && fits(event, meant) && !calls.has(anchor)) calls.set(anchor, callOf(event))
  }
  return calls
}

/** `TENANCY/USER/FINGERPRINT` of the key that a session had live. */
export function keyNameOf({ warrant, manifest }: SoundSession): string {
  return `${warrant.tenancy}/${warrant.user}/${manifest.fingerprint}`
}

/** Request ids of all probes that a session's key signed. */
function probesSigned({ chain, warrant }: SoundSession): string[] {
  return chain.lines.flatMap((line, at) => {
    if (line.type !== 'probes-signed') return []
    const digest = sha256Hex(chain.texts[at] ?? '')
    const moments = probeOffsets(warrant.probes).map((offset) => new Date(Date.parse(line.from) + offset).toISOString())
    return warrant.regions.flatMap((region) => moments.map((moment) => opcRequestIdOfProbe(digest, region, moment)))
  })
}

/** Matches one session by `opc-request-id`, method and path. */
export function reconcile(session: SoundSession, { events }: SessionLog, explained: Explained, now: Date): Reconciled {
  const { warrant, state } = session
  const { ours, others } = byJournal(events, explained)
  const result: Reconciled = { matched: 0, late: 0, journalOnly: [], cloudOnly: [], unreadable: 0, gap: gapOf(momentsOf(session).reduce((last, moment) => Math.max(last, moment)), now) }
  for (const { intent, outcome } of state.calls) {
    const event = ours.get(anchorOf(session, intent))
    if (event) {
      result.matched += 1
      if (Math.abs(Date.parse(event.at) - Date.parse(intent.at)) > LATE_MS) result.late += 1
    } else if (outcome?.type === 'outcome' && outcome.status !== 401 && outcome.status !== 429 && !isGateways(outcome)) {
      result.journalOnly.push({ seq: intent.seq, rule: intent.rule, host: intent.host, method: intent.method, at: intent.at })
    }
  }
  const used = keyNameOf(session)
  // Once taken over, nobody else is to act as this user.
  const isUsers = ({ principal, at }: CloudEvent): boolean => principal === warrant.user && warrant.action.name !== 'takeover' && !isDuring(explained.takeovers, Date.parse(at))
  result.cloudOnly = others.filter((event) => event.credentials === used || (event.credentials !== '' && isUsers(event)))
  // What somebody else did is nothing of this user's key, and neither is what a console or a service did of which OCI does not say for whom; what has no request at all, nobody signed.
  result.unreadable = others.filter((event) => event.credentials === '' && event.requestId !== '' && (isUsers(event) || (['', 'natv'].includes(event.authType) && ['', warrant.user].includes(event.principal)))).length
  return result
}

/** Also shortly before and after: its first readings are in no journal, nor are its last. */
function isDuring(spans: readonly Span[], at: number): boolean {
  return spans.some(({ from, to }) => at >= from - PROCESSING_MS && at <= to + PROCESSING_MS)
}

/** Events that are the requests of journals, and all others. An id is public once it was sent: it explains one call, of this method, path and signer. */
function byJournal(events: readonly CloudEvent[], { requests, calls }: Explained): { ours: Map<string, CloudEvent>; others: CloudEvent[] } {
  const first = new Map([...callsIn(events, requests), ...calls])
  const ours = new Map<string, CloudEvent>()
  const others: CloudEvent[] = []
  for (const event of events) {
    const anchor = firstPart(event.requestId)
    const meant = requests.get(anchor)
    if (meant && fits(event, meant) && first.get(anchor) === callOf(event)) ours.set(anchor, ours.get(anchor) ?? event)
    else others.push(event)
  }
  return { ours, others }
}

/** What OCI does not say contradicts nothing. It writes paths without a query, and decoded. */
function fits(event: CloudEvent, { method, path, key, isByKey }: Meant): boolean {
  const isSigners = event.credentials === '' || (event.credentials === key) === isByKey
  return isSigners && (event.method === '' || event.method.toUpperCase() === method) && (event.path === '' || plain(event.path) === plain(path))
}

function plain(path: string): string {
  return (path.split('?')[0] ?? '').replaceAll(/%3A/gi, ':')
}

/** OCI's part behind ours tells one call from the next; one call may be several events. */
function callOf({ requestId }: CloudEvent): string {
  return requestId.split('/')[1] ?? ''
}

/** Changes that OCI answered, and that its log should have. Identity domains keep a log of their own; what went there may be missing here. */
export function missingChanges({ warrant }: SoundSession, { journalOnly }: Reconciled): Reconciled['journalOnly'] {
  const domain = warrant.action.name === 'takeover' ? new URL(warrant.action.domainUrl).host : null
  return journalOnly.filter(({ method, host }) => method !== 'GET' && host !== domain)
}

/** Whether a gateway answered that fails, is busy or sends elsewhere: it may know nothing of our id, and OCI's log nothing of the request. */
export function isGateways({ status, opcRequestId }: { status: number; opcRequestId: string }): boolean {
  return firstPart(opcRequestId) === '' && (status >= 500 || status === 429 || (status >= 300 && status < 400))
}

function gapOf(last: number, now: Date): Reconciled['gap'] {
  const age = now.getTime() - last
  if (age < PROCESSING_MS) return 'growing'
  return age > KEPT_DAYS * DAY_MS ? 'expired' : null
}
