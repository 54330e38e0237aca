/** SAAS_ADMIN of a database: switched by the clerk, read back by the strongroom. */
import type { Duplex } from 'node:stream'
import { z } from 'zod'
import { runTask } from '../clerk/door.js'
import { asRemark } from '../custody/fields.js'
import { GlasskeyError } from '../errors.js'
import { isSaasChange, replay, unansweredChanges } from '../record/replay.js'
import { statusTarget } from '../warrant/scope.js'
import type { Action, Warrant } from '../warrant/warrant.js'
import { originOf } from '../wire/hosts.js'
import { NoAnswer, type Sender } from './courier.js'
import type { Room } from './room.js'

type SaasAction = Extract<Action, { name: 'saas-admin' }>

/** Does the action. Returns what was achieved, in a line. Throws why it stopped. */
export async function switchSaasAdmin({ warrant }: Room, action: SaasAction, courier: Sender, clerk: Duplex, stop: AbortSignal): Promise<string> {
  let unheard: NoAnswer | null = null
  try {
    await runTask(clerk, { task: 'saas-admin', params: { endpoint: endpointOf(warrant, action), database: action.database, enable: action.enable } }, (request) => courier.send(request, 'clerk'), stop)
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error
    // Whether it happened is found out by reading, below.
    unheard = error
  }
  // What the clerk says of the outcome is not evidence: the strongroom asks OCI itself.
  const status = await readBack(warrant, action, courier).catch((error: unknown) => {
    throw unheard ?? error
  })
  if (isAsWanted(status, action)) return achieved(status, action)
  if (unheard) throw unheard
  throw new GlasskeyError('OCI_REFUSED', `SAAS_ADMIN is not as the warrant wants it: OCI reads back ${JSON.stringify(status)}`, 'The key is rotated. Find out what the database says.')
}

/**
 * What became of an action that was sent and never answered: read before the key is deleted, and written down as the
 * action's end. While the answer may still come nothing is asked. An answer that says nothing changes nothing.
 */
export async function lookBack({ warrant, journal, order }: Room, courier: Sender): Promise<void> {
  const { action } = warrant
  const open = unansweredChanges(replay(journal.lines)).some(({ intent, outcome }) => isSaasChange(intent) && (outcome !== null || order.task === 'finish'))
  if (action.name !== 'saas-admin' || !open) return
  try {
    const status = await readBack(warrant, action, courier)
    if (isAsWanted(status, action)) journal.write({ type: 'action-ended', result: 'done', detail: achieved(status, action) })
    else journal.write({ type: 'action-ended', result: 'interrupted', detail: asRemark(`it was not done: OCI reads back ${JSON.stringify(status)}`) })
  } catch (error) {
    if (!(error instanceof NoAnswer) && !(error instanceof GlasskeyError)) throw error
  }
}

const endpointOf = (warrant: Warrant, action: SaasAction): string => originOf('database', action.region, warrant.realm, warrant.endpoints)

const saasStatus = z.object({ isEnabled: z.boolean(), accessType: z.string().max(100).nullish(), timeSaasAdminUserEnabled: z.string().max(100).optional() })
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
  return enable ? isEnabled && accessType === enable.access.toUpperCase().replace('-', '_') : !isEnabled
}

function achieved({ timeSaasAdminUserEnabled }: SaasStatus, { enable }: SaasAction): string {
  if (!enable) return 'SAAS_ADMIN is disabled, as OCI reads it back'
  const end = new Date(Date.parse(timeSaasAdminUserEnabled ?? '') + enable.hours * 3_600_000)
  const until = Number.isNaN(end.getTime()) ? '' : `, until ${end.toISOString()}`
  return `SAAS_ADMIN is enabled ${enable.access} for ${enable.hours} h${until}, as OCI reads it back`
}
