/** SAAS_ADMIN of a database: switched by the clerk, read back by the strongroom. */
import type { Duplex } from 'node:stream'
import { z } from 'zod'
import { runTask } from '../clerk/door.js'
import { asRemark, asWords } from '../custody/fields.js'
import { GlasskeyError } from '../errors.js'
import { pause, readClocks } from '../host/clock.js'
import { say } from '../host/terminal.js'
import { isAccepted, isSaasChange, mayHaveHappened, replay, saysOfChange, wasFoundOut } from '../record/replay.js'
import { statusTarget } from '../warrant/scope.js'
import type { Action, Warrant } from '../warrant/warrant.js'
import type { Answer } from '../wire/exchange.js'
import { originOf } from '../wire/hosts.js'
import type { UnsignedRequest } from '../wire/signature.js'
import { clerkLied } from './clerk-lied.js'
import { NoAnswer, type Courier, type Sender } from './courier.js'
import type { Room } from './room.js'

type SaasAction = Extract<Action, { name: 'saas-admin' }>

/** How long what was asked for may take to be in force: it is a work request, and the key is live meanwhile. */
const IN_FORCE_MS = 2 * 60_000
const FIRST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 15_000

/** The action stopped, and what became of what it asked for is not known. */
export class NotKnown extends GlasskeyError {}

/** Does the action. Returns what was achieved, in a line. Throws why it stopped; NotKnown where it may still come into force. */
export async function switchSaasAdmin({ warrant }: Room, action: SaasAction, courier: Sender, clerk: Duplex, stop: AbortSignal): Promise<string> {
  let change: Answer | NoAnswer | null = null
  const carry = async (request: UnsignedRequest): Promise<Answer> => {
    try {
      const answer = await courier.send(request, 'clerk')
      if (request.method === 'POST') change = answer
      return answer
    } catch (error) {
      if (request.method === 'POST' && error instanceof NoAnswer) change = error
      throw error
    }
  }
  const params = { endpoint: endpointOf(warrant, action), database: action.database, enable: action.enable }
  const trouble = await runTask(clerk, { task: 'saas-admin', params }, carry, stop).then(() => null, (error: unknown) => (error instanceof Error ? error : new Error(String(error))))
  // What the clerk says of the outcome is not evidence: the strongroom asks OCI itself, unless OCI refused it or was never asked.
  const outcome = outcomeOf(change)
  if (outcome === 'not done') throw trouble ?? notDone(change)
  const status = await inForce(warrant, action, courier, stop)
  if (status && isAsWanted(status, action)) return achieved(status, action)
  if (outcome === 'accepted') {
    throw new NotKnown('NOT_IN_FORCE', `${accepted(change)}, and it was not in force after ${IN_FORCE_MS / 60_000} minutes: ${status ? `OCI reads back ${JSON.stringify(status)}` : 'OCI does not say whether SAAS_ADMIN is enabled'}`, `The key is rotated. ${LOOK}`)
  }
  const why = trouble ?? notDone(change)
  if (status && saysSomething(status)) throw why
  throw why instanceof GlasskeyError ? new NotKnown(why.code, why.message, trouble ? LOOK : `${why.hint} ${LOOK}`, { cause: why }) : new NotKnown('OCI_UNREACHABLE', `OCI did not answer: ${why.message}`, LOOK, { cause: why })
}

const ACCEPTED = 'OCI accepted it'
const LOOK = 'It may still come into force: look at the database in OCI\'s console.'

/** What OCI's answer to the change says of it. */
function outcomeOf(change: Answer | NoAnswer | null): 'accepted' | 'not done' | 'unknown' {
  if (change === null) return 'not done'
  if (change instanceof NoAnswer) return change.sent ? 'unknown' : 'not done'
  const said = saysOfChange(change.status)
  return said === 'refused' ? 'not done' : said === 'nothing' ? 'unknown' : said
}

/** The clerk said that all went well, and it did not. */
function notDone(change: Answer | NoAnswer | null): Error {
  return change instanceof NoAnswer ? change : clerkLied('it was done', change && `answered ${change.status}`)
}

function accepted(change: Answer | NoAnswer | null): string {
  const work = change && 'headers' in change ? change.headers['opc-work-request-id'] : undefined
  return `${ACCEPTED}${work === undefined ? '' : ` as work request ${asWords(work)}`}`
}

/** Asks until it is as wanted, as long as it may take. Returns what OCI said last; null where it said nothing, or nothing more could be asked. */
async function inForce(warrant: Warrant, action: SaasAction, courier: Sender, stop: AbortSignal): Promise<SaasStatus | null> {
  const began = readClocks().uptime
  let said: SaasStatus | null = null
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    try {
      said = await readBack(warrant, action, courier)
      if (isAsWanted(said, action)) return said
    } catch (error) {
      if (error instanceof GlasskeyError && error.code !== 'OCI_REFUSED') return null
      if (!(error instanceof NoAnswer) && !(error instanceof GlasskeyError)) throw error
    }
    if (readClocks().uptime - began >= IN_FORCE_MS) return said
    if (wait === FIRST_WAIT_MS) say(`It is not in force yet. OCI is asked again, for at most ${IN_FORCE_MS / 60_000} minutes.`)
    await pause(wait, stop)
  }
}

/**
 * What became of an action of which OCI did not say that it is done, or refused: read before the key is deleted, and written down as the
 * action's end. While the answer may still come nothing is asked. That it was not done is believed of a reading that comes late enough: a
 * session that is resumed waits for that, one that people stop does not.
 */
export async function lookBack({ warrant, journal, order }: Room, courier: Pick<Courier, 'send' | 'ociTimeMs'>, stop: AbortSignal): Promise<void> {
  const { action } = warrant
  const session = replay(journal.lines)
  const change = session.calls.findLast(({ intent }) => isSaasChange(intent))
  if (action.name !== 'saas-admin' || !change || !mayHaveHappened(change) || wasFoundOut(change, session)) return
  if (change.outcome === null && order.task !== 'finish') return
  // By OCI's clock: the change may have been asked for on another machine, and this one's may be wrong. A key is live: whatever the clocks say, two minutes are enough.
  const late = (): boolean => courier.ociTimeMs() - Date.parse(change.intent.at) >= IN_FORCE_MS
  const began = readClocks().uptime
  let status: SaasStatus | null = null
  for (;;) {
    status = await readBack(warrant, action, courier).catch((error: unknown) => {
      if (error instanceof NoAnswer || error instanceof GlasskeyError) return null
      throw error
    })
    if ((status && isAsWanted(status, action)) || order.task !== 'finish' || late() || stop.aborted || readClocks().uptime - began >= IN_FORCE_MS) break
    if (status) say('It is not in force yet. OCI is asked again, until two minutes after it was asked for.')
    await pause(LONGEST_WAIT_MS, stop)
  }
  const read = status ? `OCI reads back ${JSON.stringify(status)}` : 'OCI does not say whether it is'
  if (status && isAsWanted(status, action)) {
    journal.write({ type: 'action-ended', result: 'done', detail: achieved(status, action) })
  } else if (isAccepted(change)) {
    if (session.action?.detail.startsWith(ACCEPTED) !== true) journal.write({ type: 'action-ended', result: 'interrupted', detail: asRemark(`${ACCEPTED}, and it was not in force when it was last read: ${read}`) })
  } else if (status && saysSomething(status) && late()) {
    journal.write({ type: 'action-ended', result: 'failed', detail: asRemark(`it was not done: ${read}`) })
  } else if (session.action === null) {
    journal.write({ type: 'action-ended', result: 'interrupted', detail: asRemark(`whether it was done is not known: ${read}`) })
  }
}

const endpointOf = (warrant: Warrant, action: SaasAction): string => originOf('database', action.region, warrant.realm, warrant.endpoints)

/** Oracle's model calls each field optional, and OCI writes null for what is not there. */
const saasStatus = z.object({ isEnabled: z.boolean().nullish(), accessType: z.string().max(100).nullish(), timeSaasAdminUserEnabled: z.string().max(100).nullish() })
type SaasStatus = z.infer<typeof saasStatus>

/** GetSaasAdminUserStatus. Throws NoAnswer, and OCI_REFUSED for an answer that says nothing. */
async function readBack(warrant: Warrant, action: SaasAction, courier: Sender): Promise<SaasStatus> {
  const answer = await courier.send({ method: 'POST', url: endpointOf(warrant, action) + statusTarget(action.database), body: new Uint8Array(), contentType: 'application/json', headers: {} }, 'strongroom')
  try {
    if (answer.status !== 200) throw new RangeError(`it answered ${answer.status}`)
    return saasStatus.parse(JSON.parse(new TextDecoder().decode(answer.body)))
  } catch (error) {
    throw new GlasskeyError('OCI_REFUSED', `OCI does not say whether SAAS_ADMIN is enabled${answer.status === 200 ? ': it answered in another shape than documented' : `: it answered ${answer.status}`}`, 'Read the status by hand.', { cause: error })
  }
}

function isAsWanted({ isEnabled, accessType }: SaasStatus, { enable }: SaasAction): boolean {
  return enable ? isEnabled === true && accessType === enable.access.toUpperCase().replace('-', '_') : isEnabled === false
}

function saysSomething({ isEnabled }: SaasStatus): boolean {
  return typeof isEnabled === 'boolean'
}

function achieved({ timeSaasAdminUserEnabled }: SaasStatus, { enable }: SaasAction): string {
  if (!enable) return 'SAAS_ADMIN is disabled, as OCI reads it back'
  const end = new Date(Date.parse(timeSaasAdminUserEnabled ?? '') + enable.hours * 3_600_000)
  const until = Number.isNaN(end.getTime()) ? '' : `, until ${end.toISOString()}`
  return `SAAS_ADMIN is enabled ${enable.access} for ${enable.hours} h${until}, as OCI reads it back`
}
