/** Our journals against OCI's Audit log: the anchors of the one must be in the other, and nothing else of a used key. */
import { PROCESSING_MS, type CloudEvent } from './cloud-log.js'
import { sha256Hex } from '../canonical.js'
import { opcRequestIdOfProbe } from '../record/journal.js'
import { probeOffsets } from '../warrant/probe-schedule.js'
import { anchorOf } from './admission.js'
import type { Dossier } from './dossier.js'
import { NotChecked } from './reading.js'
import { soundSession, type SoundSession } from './sound.js'

/** How far OCI's time of an event may be from our intent before it counts as late. */
const LATE_MS = 5 * 60_000

/** For how long OCI keeps its Audit log (OCI documentation, "Viewing Audit Log Events"). */
const KEPT_DAYS = 365
const DAY_MS = 86_400_000

/** One session's calls and events, matched. */
export interface Reconciled {
  matched: number
  late: number
  /** Calls that OCI answered and its log does not have: by line of the journal. */
  journalOnly: { seq: number; rule: string; host: string; method: string; at: string }[]
  /** Events by the used key that no journal explains. */
  cloudOnly: CloudEvent[]
  /** Why OCI's log may lack what happened, to finish "OCI's log …"; null when it should be complete. */
  gap: string | null
}

/** Request ids that some journal explains, and whether every journal could be asked. */
export interface Explained {
  ids: ReadonlySet<string>
  complete: boolean
}

/**
 * Request ids of all sessions: one after the other may use the same generation, so that the log of one shows the calls
 * of the next. Every probe counts that was signed: one whose answer was lost is in OCI's log as well.
 */
export function explainedBy(dossier: Dossier): Explained {
  const ids = new Set<string>()
  let complete = true
  for (const filed of dossier.sessions) {
    try {
      const session = soundSession(dossier, filed)
      for (const { intent } of session.state.calls) ids.add(anchorOf(session, intent))
      for (const probe of session.state.probes) ids.add(firstPart(probe.opcRequestId))
      for (const id of probesSigned(session)) ids.add(id)
    } catch (error) {
      if (!(error instanceof NotChecked)) throw error
      complete = false
    }
  }
  return { ids, complete }
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

/** Matches one session by `opc-request-id`. */
export function reconcile(session: SoundSession, events: readonly CloudEvent[], explained: Explained, now: Date): Reconciled {
  const { chain, warrant, manifest, state } = session
  const byAnchor = new Map(events.map((event) => [firstPart(event.requestId), event]))
  const result: Reconciled = { matched: 0, late: 0, journalOnly: [], cloudOnly: [], gap: gapOf(chain.lines.at(-1)?.at ?? '', now) }
  for (const { intent, outcome } of state.calls) {
    const event = byAnchor.get(anchorOf(session, intent))
    if (event) {
      result.matched += 1
      if (Math.abs(Date.parse(event.at) - Date.parse(intent.at)) > LATE_MS) result.late += 1
    } else if (outcome?.type === 'outcome' && outcome.status !== 401) {
      result.journalOnly.push({ seq: intent.seq, rule: intent.rule, host: intent.host, method: intent.method, at: intent.at })
    }
  }
  const used = `${warrant.tenancy}/${warrant.user}/${manifest.fingerprint}`
  result.cloudOnly = events.filter((event) => event.credentials === used && !explained.ids.has(firstPart(event.requestId)))
  return result
}

function gapOf(last: string, now: Date): string | null {
  const age = now.getTime() - Date.parse(last)
  if (age < PROCESSING_MS) return 'may still be growing; run the audit again later'
  return age > KEPT_DAYS * DAY_MS ? `is kept for ${KEPT_DAYS} days only` : null
}

/** Our part of an `opc-request-id`; OCI puts its own behind it. */
function firstPart(requestId: string): string {
  return requestId.split('/')[0] ?? ''
}
