/** What a journal says happened, for those who come after: resume, status, audit, the printed entry. */
import type { Census, Grade, JournalLine } from './journal.js'

type LineOf<Type extends JournalLine['type']> = Extract<JournalLine, { type: Type }>

/** One request: its intent, and its outcome if one is known. */
export interface Call {
  intent: LineOf<'intent'>
  outcome: LineOf<'outcome'> | LineOf<'unknown'> | null
}

/** How a key's time in the strongroom ended. */
export interface KeyLife {
  /** Number of the line with which it began. */
  since: number
  /** Whether it signed a request, or its exit began: then it was to sign the head of its journal. A key that the folder contradicts is burned before, and signs nothing. */
  used: boolean
  signed: boolean
  burned: boolean
}

/** A session as its journal tells it. */
export interface Session {
  opened: LineOf<'session-opened'>
  consents: LineOf<'consented'>[]
  /** Custodian numbers whose share of `opened.generation` was seen, in order. */
  sharesSeen: number[]
  exposing: boolean
  /** When the key was live for the first time. */
  keyLiveAt: string | null
  /** What followed when it was live for the last time: a session that was resumed with a quorum has several. */
  lastLife: KeyLife | null
  calls: Call[]
  refusals: LineOf<'refused'>[]
  sharesRefused: LineOf<'share-refused'>[]
  censuses: { when: string; found: Census; unexpected: string[]; seq: number }[]
  action: LineOf<'action-ended'> | null
  exit: LineOf<'exit-began'> | null
  successor: LineOf<'successor-active'> | null
  deferred: LineOf<'rotation-deferred'> | null
  /** Whether the used key was deleted: a deletion sent without an answer is `unknown` until something else is learned. */
  deletion: 'not-sent' | 'unknown' | 'done'
  deletedAt: string | null
  /** The last line that says so; a listing before it is out of date. */
  deletedLast: Pick<JournalLine, 'seq' | 'at'> | null
  burned: LineOf<'burned'> | null
  /** How long keys were live in it, all its lives together (s), as far as their ends are on record; and whether all of these are. */
  secondsLive: number
  endsKnown: boolean
  headSignature: LineOf<'head-signed'> | null
  probes: LineOf<'probe'>[]
  listings: LineOf<'listed'>[]
  measured: LineOf<'measured'> | null
  /** Whether a takeover's bootstrap login read the used key back as ACTIVE, in this very session. */
  installedHere: boolean
  /** Whether custodians elsewhere were asked for their shares. */
  askedElsewhere: boolean
  grade: Grade | null
  gradeWhy: string
  closed: LineOf<'closed'> | null
  resumed: number
  /** Exceptions of machines on which it was resumed, beside those of its warrant. */
  addedIsolation: string[]
}

/** Whether OCI answered, and only ever that it does not know this key. What a lent login asked is not about it. */
export function wasNeverAccepted({ calls }: Pick<Session, 'calls'>): boolean {
  return onlyRefused(calls.filter(({ intent }) => intent.by !== 'desk'))
}

/** Whether OCI never had the key, as far as this session can tell: it refused it from the first request on, and nobody installed it here. */
export function wasNeverThere(session: Pick<Session, 'calls' | 'installedHere'>): boolean {
  return wasNeverAccepted(session) && !session.installedHere
}

/** Whether a takeover asked OCI to install the used key, and was not plainly refused. */
export function wasUploaded({ calls, installedHere }: Pick<Session, 'calls' | 'installedHere'>): boolean {
  return installedHere || calls.some((call) => call.intent.by === 'desk' && call.intent.rule.startsWith(INSTALL) && mayHaveHappened(call))
}

/** Whether the newest measurement of a takeover found that OCI lets no key delete itself. */
export function deletesNoneItself(sessions: readonly Pick<Session, 'measured'>[]): boolean {
  return sessions.findLast(({ measured }) => measured !== null)?.measured?.selfDeletion === 'refused'
}

/** Whether OCI refused it, and nothing else, since the key was live for the last time: it may have been accepted before, in a run that was interrupted. */
export function isRefusedNow({ calls, lastLife }: Pick<Session, 'calls' | 'lastLife'>): boolean {
  return lastLife !== null && onlyRefused(calls.filter(({ intent }) => intent.seq > lastLife.since))
}

/** 429 and 5xx say nothing. */
function onlyRefused(calls: readonly Call[]): boolean {
  const statuses = calls.flatMap(({ outcome }) => (outcome?.type === 'outcome' && outcome.status !== 429 && outcome.status < 500 ? [outcome.status] : []))
  return statuses.length > 0 && statuses.every((status) => status === 401)
}

/** Rule name under which the used key deletes itself; shared by warrant and replay. */
export const DELETE_USED_KEY = 'exit: delete used key'
/** Rule name under which the remover's login deletes it, where OCI lets no key delete itself. */
export const REMOVE_USED_KEY = 'remover: delete used key'
/** Rule names of a change to SAAS_ADMIN, and of the question what became of it. */
export const [ENABLE_SAAS, DISABLE_SAAS, READ_SAAS_BACK] = ['enable SAAS_ADMIN', 'disable SAAS_ADMIN', 'read SAAS_ADMIN status back'] as const
/** Rule names of what a takeover closes in the identity domain, in this order; nobody can read all of it back. */
export const LOCK_DOWN = ['takeover: set a password that nobody knows', 'takeover: API keys as the only way in', 'takeover: remove MFA factors'] as const
/** Rule name under which a key is deleted that is neither the used one nor its successor, and that nobody counts on. */
export const DELETE_OTHER_KEY = 'exit: delete a key that is not to be there'
/** How the rule names begin under which a takeover installs a generation, and deletes one that an earlier attempt had installed. */
export const [INSTALL, REMOVE] = ['install ', 'remove GENERATION '] as const
/** Rule name under which the successor is uploaded. */
export const UPLOAD_SUCCESSOR = 'exit: upload successor'
const DELETIONS = [DELETE_USED_KEY, REMOVE_USED_KEY]

/** The session that these lines tell. Throws a RangeError when the first line does not open one. */
export function replay(lines: readonly JournalLine[]): Session {
  const [opened] = lines
  if (opened?.type !== 'session-opened') throw new RangeError('replay: a journal begins with session-opened')
  const session: Session = {
    opened,
    consents: [],
    sharesSeen: [],
    exposing: false,
    keyLiveAt: null,
    lastLife: null,
    calls: [],
    refusals: [],
    sharesRefused: [],
    censuses: [],
    action: null,
    exit: null,
    successor: null,
    deferred: null,
    deletion: 'not-sent',
    deletedAt: null,
    deletedLast: null,
    burned: null,
    secondsLive: 0,
    endsKnown: true,
    headSignature: null,
    probes: [],
    listings: [],
    measured: null,
    installedHere: false,
    askedElsewhere: false,
    grade: null,
    gradeWhy: '',
    closed: null,
    resumed: 0,
    addedIsolation: [],
  }
  const calls = new Map<number, Call>()
  for (const line of lines) take(session, line, calls)
  if (session.lastLife?.burned === false) session.endsKnown = false
  return session
}

function take(session: Session, line: JournalLine, calls: Map<number, Call>): void {
  switch (line.type) {
    case 'consented':
      session.consents.push(line)
      break
    case 'exposing':
      session.exposing = true
      break
    case 'share-accepted':
      if (!session.sharesSeen.includes(line.custodian)) session.sharesSeen.push(line.custodian)
      break
    case 'share-refused':
      session.sharesRefused.push(line)
      break
    case 'key-live':
      session.keyLiveAt ??= line.at
      if (session.lastLife?.burned === false) session.endsKnown = false
      session.lastLife = { since: line.seq, used: false, signed: false, burned: false }
      break
    case 'intent': {
      const call = { intent: line, outcome: null }
      session.calls.push(call)
      calls.set(line.seq, call)
      if (session.lastLife && line.by !== 'desk') session.lastLife.used = true
      if (DELETIONS.includes(line.rule) && session.deletion === 'not-sent') session.deletion = 'unknown'
      break
    }
    case 'outcome':
    case 'unknown': {
      const call = calls.get(line.intent)
      if (call) call.outcome = line
      if (call && DELETIONS.includes(call.intent.rule) && line.type === 'outcome') answered(session, line)
      break
    }
    case 'refused':
      session.refusals.push(line)
      break
    case 'census':
      session.censuses.push(line)
      break
    case 'action-ended':
      session.action = line
      break
    case 'exit-began':
      session.exit ??= line
      if (session.lastLife) session.lastLife.used = true
      break
    case 'successor-active':
      session.successor = line
      break
    case 'rotation-deferred':
      session.deferred = line
      break
    case 'key-deleted':
      deletedBy(session, line)
      break
    case 'head-signed':
      session.headSignature = line
      if (session.lastLife) session.lastLife.signed = true
      break
    case 'burned':
      session.burned = line
      session.secondsLive = Math.round((session.secondsLive + line.secondsLive) * 100) / 100
      if (session.lastLife) session.lastLife.burned = true
      break
    case 'probe':
      session.probes.push(line)
      break
    case 'listed':
      session.listings.push(line)
      break
    case 'measured':
      session.measured = line
      break
    case 'graded':
      session.grade = line.grade
      session.gradeWhy = line.why
      break
    case 'closed':
      session.closed = line
      break
    case 'resumed':
      session.resumed += 1
      for (const sentence of line.isolation ?? []) if (!session.addedIsolation.includes(sentence)) session.addedIsolation.push(sentence)
      session.closed = null
      break
    case 'installed':
      session.installedHere = true
      break
    case 'remote-opened':
      session.askedElsewhere = true
      break
    case 'session-opened':
    case 'agreed':
    case 'probes-signed':
    case 'probe-failed':
      break
  }
}

/** Answers that say the key was not deleted. Not 404: a key that is gone is still accepted for a while, and then is not found. */
const NOT_DONE = [400, 403, 409, 412]

/**
 * OCI's answer to the deletion: 204 is done; a refusal that is not about the key itself says that it was not done, by this
 * request. One before it that was never answered may still be under way.
 */
function answered(session: Session, outcome: LineOf<'outcome'>): void {
  if (outcome.status === 204) deletedBy(session, outcome)
  else if (session.deletion === 'unknown' && NOT_DONE.includes(outcome.status) && !session.calls.some(mayHaveDeleted)) session.deletion = 'not-sent'
}

function deletedBy(session: Session, { at, seq }: JournalLine): void {
  session.deletion = 'done'
  session.deletedAt ??= at
  session.deletedLast = { seq, at }
}

function mayHaveDeleted({ intent, outcome }: Call): boolean {
  return DELETIONS.includes(intent.rule) && (outcome?.type !== 'outcome' || outcome.status < 300 || outcome.status === 404 || outcome.status >= 500)
}

/** Whether a request switches SAAS_ADMIN. */
export function isSaasChange({ rule }: Pick<Call['intent'], 'rule'>): boolean {
  return rule === ENABLE_SAAS || rule === DISABLE_SAAS
}

/** Whether a request changes something; SAAS_ADMIN's status is read with a POST. */
export function isChange({ method, rule }: { method: string; rule: string }): boolean {
  return method !== 'GET' && rule !== READ_SAAS_BACK
}

/** What the status of an answer says of a change: a gateway's 5xx, or a redirect, says nothing. */
export function saysOfChange(status: number): 'accepted' | 'refused' | 'nothing' {
  if (status < 300) return 'accepted'
  return status >= 400 && status < 500 ? 'refused' : 'nothing'
}

/** The same of a call, which may have had no answer. */
function saidOf({ outcome }: Pick<Call, 'outcome'>): ReturnType<typeof saysOfChange> {
  return outcome?.type === 'outcome' ? saysOfChange(outcome.status) : 'nothing'
}

/** The first of what a takeover closes to which OCI did not say yes, in its turn; undefined when it did to each. */
export function notLockedDown(calls: readonly Call[]): (typeof LOCK_DOWN)[number] | undefined {
  let since = 0
  for (const rule of LOCK_DOWN) {
    const done = calls.find((call) => call.intent.rule === rule && call.intent.seq > since && isAccepted(call))
    if (!done) return rule
    since = done.intent.seq
  }
  return undefined
}

/** Whether a change was accepted, so far as its answer says. */
export function isAccepted(call: Pick<Call, 'outcome'>): boolean {
  return saidOf(call) === 'accepted'
}

/** Whether a change of SAAS_ADMIN was not plainly refused. */
export function mayHaveHappened(call: Pick<Call, 'outcome'>): boolean {
  return saidOf(call) !== 'refused'
}

/** Whether no answer says what became of a change. The key list says it of keys, and a takeover is done again; nobody else says it of SAAS_ADMIN. */
export function isUnheard(call: Call): boolean {
  return call.outcome?.type !== 'outcome' || (isSaasChange(call.intent) && saidOf(call) === 'nothing')
}

/** Whether it was found out later in the session what became of a change of SAAS_ADMIN: OCI told its status, and by that the action's end says done or failed, and not interrupted. */
export function wasFoundOut({ intent }: Pick<Call, 'intent'>, { action, calls }: Pick<Session, 'action' | 'calls'>): boolean {
  if (action === null || !['done', 'failed'].includes(action.result)) return false
  return calls.some((later) => later.intent.seq > intent.seq && later.intent.seq < action.seq && later.intent.rule === READ_SAAS_BACK && later.outcome?.type === 'outcome' && later.outcome.status === 200)
}

/**
 * What became of the action, in a word and in a sentence: as its end says it. Where the strongroom died before it could, the action is
 * interrupted as soon as a change was asked for that OCI did not plainly refuse.
 */
export function actionOf({ action, calls, exit }: Session): { result: LineOf<'action-ended'>['result'] | 'not begun'; detail: string } {
  if (action) return action
  const isItsChange = (call: Call): boolean => call.intent.by !== 'desk' && isChange(call.intent) && (exit === null || call.intent.seq < exit.seq)
  return calls.some((call) => isItsChange(call) && mayHaveHappened(call)) ? { result: 'interrupted', detail: 'the process that held the key ended before it was known what came of it' } : { result: 'not begun', detail: '' }
}

/** Changes of SAAS_ADMIN that OCI accepted, and that were not in force when they were last read. */
export function acceptedOnly({ calls, action }: Session): Call[] {
  return calls.filter((call) => isSaasChange(call.intent) && isAccepted(call) && action?.result !== 'done')
}

/** Changes that were sent, and of which no answer and nothing later in the session tells what became. */
export function unansweredChanges({ calls, deletion, successor, action }: Session): Call[] {
  return calls.filter((call) => {
    const { intent } = call
    if (!isUnheard(call) || !isChange(intent)) return false
    if (DELETIONS.includes(intent.rule)) return deletion !== 'done'
    if (intent.rule === UPLOAD_SUCCESSOR) return successor === null
    return !isSaasChange(intent) || !wasFoundOut(call, { action, calls })
  })
}

/**
 * Whether nothing is left to do in this session: its key never became live, or is deleted and graded dead, or its
 * rotation was deferred by consent (then the generation stands red until a later session rotates it).
 */
export function isSettled(session: Session): boolean {
  if (session.closed === null) return false
  if (session.keyLiveAt === null || session.deferred !== null) return true
  return session.deletion === 'done' && session.grade !== null && session.grade !== 'unproved'
}
