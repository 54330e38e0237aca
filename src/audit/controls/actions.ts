/** A: what was signed, for what, and when. */
import { firstPart } from '../../record/journal.js'
import { DELETE_OTHER_KEY, DELETE_USED_KEY, INSTALL, isChange, isSaasChange, isUnheard, REMOVE_USED_KEY, UPLOAD_SUCCESSOR, wasFoundOut, type Call } from '../../record/replay.js'
import { TOLERANCE_MS } from '../../warrant/deadline.js'
import { checkRules } from '../../warrant/issue.js'
import { admitAgain, anchorOf } from '../admission.js'
import { type Control, failed } from '../control.js'
import type { CloudEvent, Span } from '../cloud-log.js'
import type { Dossier } from '../dossier.js'
import { logTimes } from '../log-times.js'
import { given, NotChecked } from '../reading.js'
import { explainedBy, isGateways, KEPT_DAYS, keyNameOf, missingChanges, reconcile } from '../reconciliation.js'
import { counted, eachSession, logbookIfSound, type SoundSession } from '../sound.js'

/** Gaps of OCI's log that a finding names. */
const GAPS_TOLD = 3

/** The clock is read before the intent is written. */
const WRITING_MS = 1000

/** Throws AUDIT_FAILED naming the first line that contradicts. */
function anchored(dossier: Dossier): string {
  const answers = eachSession(dossier, (session) => {
    let count = 0
    for (const { intent, outcome } of session.state.calls) {
      if (outcome?.type !== 'outcome') continue
      // OCI's own yes or no without the header would be unheard of.
      if (isGateways(outcome)) continue
      if (firstPart(outcome.opcRequestId) !== anchorOf(session, intent)) throw failed(`session ${session.id}, line ${outcome.seq}: OCI answered to another opc-request-id than that of the intent in line ${intent.seq}`)
      count += 1
    }
    return count
  })
  return `${counted(sum(answers), 'answer')}, each to the intent that stands before it`
}

/** Throws AUDIT_FAILED naming each request. */
function outcomesKnown(dossier: Dossier): string {
  const later: Later = {
    takenOver: eachSession(dossier, ({ state: { opened, action } }) => (opened.action === 'takeover' && action?.result === 'done' ? action.at : '')),
    listedClean: eachSession(dossier, ({ chain }) => cleanCensuses(chain).map(({ at }) => at)).flat(),
  }
  const excepted = stepsOfExceptions(dossier)
  let explained = 0
  const calls = eachSession(dossier, (session) => {
    const unknown = session.state.calls.filter((call) => isUnheard(call) && !isResolved(session, call, later))
    const open = unknown.filter(({ intent }) => !excepted.has(placeOf(session, intent)))
    if (open.length > 0) throw failed(open.map(({ intent }) => `${placeOf(session, intent)}: no answer is known to "${intent.rule}"`).join('; '))
    explained += unknown.length
    return session.state.calls.length
  })
  return `${counted(sum(calls), 'request')}; none is open${explained > 0 ? `; ${explained} explained by exceptions in the logbook` : ''}`
}

/** What nobody could read back, people may have found out: the exception that they entered names the line. */
function stepsOfExceptions(dossier: Dossier): ReadonlySet<string> {
  return new Set(logbookIfSound(dossier)?.lines.flatMap((entry) => (entry.type === 'exception' ? [entry.step] : [])))
}

/** How a line of a journal is named, here and in an exception's step. */
function placeOf({ id }: SoundSession, { seq }: Pick<Call['intent'], 'seq'>): string {
  return `session ${id}, line ${seq}`
}

/** What sessions of this custody read in OCI, and when: a later one tells what became of a request that an earlier one never heard of again. */
interface Later {
  /** A takeover came through: nothing but the key in use is left. */
  takenOver: readonly string[]
  /** The user's keys were listed, and each was one that the record names. */
  listedClean: readonly string[]
}

/** Whether what is not known of one request was found out by something later in the same journal, or by a later session. */
function isResolved({ state, chain }: SoundSession, { intent }: Call, later: Later): boolean {
  if (!isChange(intent)) return true
  if (intent.rule === DELETE_USED_KEY || intent.rule === REMOVE_USED_KEY) return state.deletion === 'done'
  if (intent.rule === UPLOAD_SUCCESSOR) return state.successor !== null && state.successor.seq > intent.seq
  if (intent.rule.startsWith('takeover: ')) return later.takenOver.some((at) => at > intent.at)
  if (isSaasChange(intent)) return wasFoundOut({ intent }, state)
  const clean = cleanCensuses(chain).some(({ seq }) => seq > intent.seq) || later.listedClean.some((at) => at > intent.at)
  if (intent.rule === DELETE_OTHER_KEY || intent.rule.startsWith('remove GENERATION ')) return clean
  if (intent.rule.startsWith('measure: ')) return clean || state.measured !== null
  if (intent.rule.startsWith(INSTALL)) return clean || state.keyLiveAt !== null
  return state.calls.some((next) => next.intent.seq > intent.seq && next.intent.method === intent.method && next.intent.path === intent.path && next.outcome?.type === 'outcome' && next.outcome.status < 300)
}

/** When keys were listed before a deletion, and were the expected ones; what a takeover finds before its action is not judged. */
function cleanCensuses({ lines }: SoundSession['chain']): { seq: number, at: string }[] {
  return lines.flatMap((line) => (line.type === 'census' && line.when === 'before-deletion' && line.unexpected.length === 0 ? [{ seq: line.seq, at: line.at }] : []))
}

/** Throws AUDIT_FAILED. */
function admitted(dossier: Dossier): string {
  const counts = eachSession(dossier, admitAgain)
  return `${counted(sum(counts), 'request')} admitted again, each by the rule that it names`
}

/** Throws AUDIT_FAILED. */
function inTime(dossier: Dossier): string {
  const calls = eachSession(dossier, ({ id, warrant, state }) => {
    const own = state.calls.map(({ intent }) => intent).filter(({ by }) => by === 'clerk')
    for (const { seq, at, rule } of own) {
      const early = Date.parse(at) < Date.parse(warrant.opens) - TOLERANCE_MS
      const late = Date.parse(at) > Date.parse(warrant.deadline) + WRITING_MS
      if (early || late) throw failed(`session ${id}, line ${seq}: "${rule}" was signed at ${at}, ${early ? 'before the warrant opened' : 'after the deadline'} (${early ? warrant.opens : warrant.deadline})`)
    }
    if (own.length > warrant.calls) throw failed(`session ${id}: ${own.length} calls of the action, and the warrant admits ${warrant.calls}`)
    return own.length
  })
  return `${counted(sum(calls), 'call')} of actions, all between opening and deadline`
}

/** Throws RULES_REFUSED. */
function permitted(dossier: Dossier): string {
  const found = eachSession(dossier, ({ id, warrant, manifest }) => {
    const generation = dossier.generations.find(({ number }) => number === manifest.generation)
    if (!generation) throw new NotChecked(`GENERATION ${manifest.generation} is not in the folder; see F01`)
    const rules = given(generation.rules, 'F03', `the rules of GENERATION ${manifest.generation}`)
    try {
      return checkRules(warrant, rules)
    } catch (error) {
      throw failed(`session ${id}: ${error instanceof Error ? error.message : String(error)}`)
    }
  })
  return `${counted(found.length, 'warrant')}, each within the sealed rules`
}

/** Throws AUDIT_FAILED for a call of a used key that no journal has, or a change that OCI's log lacks. */
function inCloudLog(dossier: Dossier): string {
  const { cloud } = dossier
  if (!cloud) throw new NotChecked('no login was given (--profile)')
  const explained = explainedBy(dossier)
  const excepted = stepsOfExceptions(dossier)
  const sessions = eachSession(dossier, (session) => {
    const read = cloud.log.get(session.id)
    if (!read) throw new NotChecked(`OCI's log was not read for session ${session.id}`)
    if (!read.read) throw new NotChecked(`OCI's log of session ${session.id} could not be read: ${read.error.message}`)
    const found = reconcile(session, read.value, explained, dossier.now)
    const [strange] = found.cloudOnly
    if (strange && !explained.complete) throw new NotChecked(`session ${session.id}: OCI's log has ${strange.name} by ${whose(strange, session)} at ${strange.at}, which may belong to a session that could not be relied on`)
    if (strange) throw failed(`session ${session.id}: OCI's log has ${strange.name} by ${whose(strange, session)} at ${strange.at}, which no journal has (${counted(found.cloudOnly.length, 'event')})`)
    const [absent] = missingChanges(session, found).filter((change) => !excepted.has(placeOf(session, change)))
    const [gap] = read.value.gaps
    if (absent && found.gap === 'growing') throw new NotChecked(`session ${session.id}: OCI's log may still be growing; run the audit again later`)
    if (found.gap === 'expired' && (absent || session.state.keyLiveAt !== null)) throw new NotChecked(`session ${session.id}: OCI's log is kept for ${KEPT_DAYS} days only`)
    if (absent && gap === undefined) throw failed(`session ${session.id}, line ${absent.seq}: OCI answered "${absent.rule}", and its log does not have it`)
    if (gap !== undefined) throw new NotChecked(`session ${session.id}: OCI's log was not read ${read.value.gaps.slice(0, GAPS_TOLD).join('; ')}${read.value.gaps.length > GAPS_TOLD ? `; and ${read.value.gaps.length - GAPS_TOLD} more` : ''}`)
    if (found.unreadable > 0) throw new NotChecked(`session ${session.id}: OCI's log has ${counted(found.unreadable, 'event')} of which it does not say who signed; look at credentials, Authorization and opc-principal of those of this user and of nobody`)
    const [unread] = logTimes(dossier, session).unread.filter((span) => !excepted.has(stretchOf(session, span)))
    if (unread) throw new NotChecked(`${stretchOf(session, unread)}: a machine had held its key whole, and it may have been alive until ${minuteOf(unread.to)}. OCI's log of so long a time is not read: search it for credentials that end in ${session.manifest.fingerprint}, and enter what was found (glasskey logbook add exception; step: ${stretchOf(session, unread)})`)
    return found
  })
  const growing = sessions.some(({ gap }) => gap === 'growing') ? '; OCI\'s log of the last half hour may still be growing' : ''
  return `${sum(sessions.map(({ matched }) => matched))} matched, ${sum(sessions.map(({ journalOnly }) => journalOnly.length))} in our journals only, 0 in the cloud's log only${growing}`
}

/** Whose a call is that no journal has. */
function whose({ credentials }: CloudEvent, session: SoundSession): string {
  return credentials === keyNameOf(session) ? 'the used key' : `its user with other credentials (${credentials})`
}

/** How the time from a moment on is named, here and in an exception's step. */
function stretchOf({ id }: SoundSession, { from }: Span): string {
  return `session ${id}, from ${minuteOf(from)}`
}

function minuteOf(moment: number): string {
  return `${new Date(moment).toISOString().slice(0, 16)}Z`
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0)
}

/** Controls of actions. */
export const ACTION_CONTROLS: readonly Control[] = [
  {
    code: 'A01',
    claim: 'OCI answered the very requests that the journals meant.',
    method: 'Recompute each opc-request-id from its intent line, compare with the id that OCI gave back.',
    source: 'sessions/*/journal.jsonl',
    bearsOn: ['actionsExplained'],
    reperformed: true,
    examine: anchored,
  },
  {
    code: 'A02',
    claim: 'Of no request is the outcome unknown.',
    method: 'Match intents with outcomes; what was unknown must have been found out later, or be explained by an exception that names the line.',
    source: 'sessions/*/journal.jsonl, logbook.jsonl',
    bearsOn: ['actionsExplained'],
    reperformed: true,
    examine: outcomesKnown,
  },
  {
    code: 'A03',
    claim: 'Every request that was signed is one that its warrant admits.',
    method: 'Compile each warrant again and admit each request again: rule, method, host, path, body, how often.',
    source: 'sessions/*/warrant.json, sessions/*/journal.jsonl',
    bearsOn: ['actionsExplained'],
    reperformed: true,
    examine: admitted,
  },
  {
    code: 'A04',
    claim: 'Every action stayed within its warrant\'s time and number of calls.',
    method: 'Compare the times of the action\'s requests with opening and deadline; count them.',
    source: 'sessions/*/warrant.json, sessions/*/journal.jsonl',
    bearsOn: ['actionsExplained'],
    reperformed: true,
    examine: inTime,
  },
  {
    code: 'A05',
    claim: 'Every warrant is one that the sealed rules permit.',
    method: 'Judge each warrant again by the rules of its generation.',
    source: 'sessions/*/warrant.json, generations/*/rules.json',
    bearsOn: ['actionsExplained', 'scriptFollowed'],
    reperformed: true,
    examine: permitted,
  },
  {
    code: 'A06',
    claim: 'OCI\'s own log has the changes of each session, and nothing by a used key, or another of its user, that the journals lack.',
    method: 'Read the Audit log of every compartment in every region of the warrant, for the time of each session, with the auditor\'s login; match by opc-request-id, method, path and signer. A change that it lacks may be explained by an exception that names the line.',
    source: 'OCI Audit, sessions/*/journal.jsonl, logbook.jsonl',
    bearsOn: ['actionsExplained'],
    reperformed: true,
    examine: inCloudLog,
  },
]
