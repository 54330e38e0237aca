/** What a session does between the census and the exit. The strongroom reads; the clerk marshals; the warrant admits. */
import type { Duplex } from 'node:stream'
import { z } from 'zod'
import { jsonIn } from '../canonical.js'
import { runTask } from '../clerk/door.js'
import { successorsOf } from '../custody/generation.js'
import { GlasskeyError } from '../errors.js'
import { pause, readClocks } from '../host/clock.js'
import { say } from '../host/terminal.js'
import type { Census } from '../record/journal.js'
import { isListed } from '../record/recognise.js'
import { notLockedDown, replay, type Call } from '../record/replay.js'
import { CREDENTIALS, ONLY_API_KEYS, RANDOM_PASSWORD, domainUserTarget, identityOrigin, readingRegions } from '../warrant/scope.js'
import type { Warrant } from '../warrant/warrant.js'
import { actionSender, refuseIfStopped } from './action-sender.js'
import { agree } from './agreement.js'
import { clerkLied } from './clerk-lied.js'
import { NoAnswer, type Sender } from './courier.js'
import { OciRefusal, ownUser, type OwnUser } from './own-user.js'
import { isPassing } from '../wire/retry-after.js'
import type { Room } from './room.js'
import { switchSaasAdmin } from './saas-admin.js'
import { isYoung, untilAccepted } from './young-key.js'

/** How long what was closed may still be listed. */
const SETTLED_MS = 60_000
const SETTLED_WAIT_MS = 5000
/** Where OCI says that a key is not there, or not to be touched, its list is read again so often. */
const READINGS = 2
const READING_WAIT_MS = 2000

/** Kinds that are deleted one by one; MFA factors go all together and last. */
const DELETED_BY_ID = ['authTokens', 'customerSecretKeys', 'smtpCredentials', 'dbCredentials', 'oauth2ClientCredentials'] as const

/** Takes the census and does the warrant's action. Returns what was achieved, in a line. Throws why it stopped. */
export async function performAction(room: Room, sender: Sender, clerk: Duplex, stop: AbortSignal): Promise<string> {
  const { warrant, journal, folder } = room
  const courier = actionSender(sender, stop)
  const readIn = (region: string): OwnUser => ownUser(courier, warrant, folder.generations.map(({ manifest }) => manifest), region)
  const user = readIn(warrant.homeRegion)
  const isNew = isYoung(room)
  const found = await censusIn(readingRegions(warrant), async (region) => {
    if (isNew) await untilAccepted(readIn(region), { region, warrant, stop })
    return readIn(region).census()
  })
  refuseIfStopped(stop)
  const unexpected = warrant.action.name === 'takeover' ? [] : strangers(room, found)
  journal.write({ type: 'census', when: 'before-action', found, unexpected })
  if (found.blocked || found.lifecycleState !== 'ACTIVE') {
    throw new GlasskeyError('TENANCY_UNFIT', `the user is ${found.blocked ? 'blocked' : found.lifecycleState}`, 'Find out who blocked it. The key is rotated.')
  }
  if (unexpected.length > 0) {
    throw new GlasskeyError('TENANCY_UNFIT', `the user has what it should not have: ${unexpected.join('; ')}`, `The action was not done. ${warrant.successor ? 'The exit deletes keys that are not to be there' : 'Let an administrator delete keys that are not to be there'}; find out who put them there.`)
  }
  switch (warrant.action.name) {
    case 'rotate':
      return 'no action: rotation only'
    case 'saas-admin':
      // Accepted at home, it may be unknown elsewhere for minutes more.
      if (isNew) await untilAccepted(readIn(warrant.action.region), { region: warrant.action.region, warrant, stop })
      return switchSaasAdmin(room, warrant.action, courier, clerk, stop)
    case 'takeover':
      return takeOver(room, courier, user, clerk, found, stop)
  }
}

/** The census of the first of these regions that answers, and is not too busy to. Throws NoAnswer, OciRefusal. */
async function censusIn([region = '', ...others]: readonly string[], take: (region: string) => Promise<Census>): Promise<Census> {
  try {
    return await take(region)
  } catch (error) {
    const [next] = others
    if (next === undefined || !(error instanceof NoAnswer || (error instanceof OciRefusal && isPassing(error.answer)))) throw error
    say(`${region} does not answer (${error.message}). What the user has is read in ${next}.`, 'alarm')
    return censusIn(others, take)
  }
}

/** Keys that are neither the used one nor its successor. */
function otherKeys({ key, successor }: Warrant, found: Census): Census['keys'] {
  return found.keys.filter((listed) => !isListed([listed], key) && !(successor && isListed([listed], successor)))
}

/** One of this custody that is counted on, equal byte for byte, is no stranger's: nobody has it, and somebody has only uploaded its public key. */
function strangers({ warrant, folder }: Room, found: Census): string[] {
  const waits = (generation: number | null): boolean => successorsOf(folder.standings, warrant.key.generation).some((one) => one.generation === generation)
  return otherKeys(warrant, found)
    .filter(({ generation, spkiSha256 }) => spkiSha256 === null || !waits(generation))
    .map((key) => (key.generation === null ? `an API key that no manifest names (${key.fingerprint})` : `the key of GENERATION ${key.generation} (${key.fingerprint})`))
}

async function takeOver(room: Room, courier: Sender, user: OwnUser, clerk: Duplex, found: Census, stop: AbortSignal): Promise<string> {
  const { warrant, order, journal } = room
  const { action } = warrant
  if (action.name !== 'takeover') throw new RangeError('takeOver: another action')
  await checkDomainUser(courier, action, warrant.user)
  const consent = (what: string): Promise<void> => agree(what, order.yes, journal, stop)

  for (const key of otherKeys(warrant, found)) {
    await consent(`delete API key ${key.fingerprint}, with the new key`)
    await deleteIfThere(user, key.fingerprint, stop)
  }
  const credentials = []
  for (const kind of DELETED_BY_ID) for (const id of (found.credentials[kind] ?? 0) > 0 ? await user.listCredentials(kind) : []) credentials.push({ kind, id })
  for (const { kind, id } of credentials) await consent(`delete ${kind} ${id}`)
  await consent('set the console password to a random one that nobody sees')
  await consent('leave API keys as the only way in (user capabilities)')
  await consent('remove MFA factors, last')
  const carry = (request: Parameters<Sender['send']>[0]): ReturnType<Sender['send']> => courier.send(request, 'clerk')
  await runTask(
    clerk,
    {
      task: 'lock-down',
      params: {
        endpoint: identityOrigin(warrant),
        domainUrl: action.domainUrl,
        user: warrant.user,
        domainUserId: action.domainUserId,
        credentials,
        password: RANDOM_PASSWORD,
        capabilities: { ...ONLY_API_KEYS },
        steps: ['password', 'capabilities', 'mfa'],
      },
    },
    carry,
    stop,
  )
  checkLockedDown(replay(journal.lines).calls)
  return readBack(warrant, user, stop)
}

/** A password cannot be read back, nor every factor: of those the record says whether OCI was asked, in the order that was agreed to, and said yes. Throws OCI_REFUSED. */
function checkLockedDown(calls: readonly Call[]): void {
  const rule = notLockedDown(calls)
  if (rule !== undefined) throw clerkLied(`"${rule}" was done`, calls.some(({ intent }) => intent.rule === rule) ? 'did not say so, or not in its turn' : null)
}

/** Somebody may have deleted it while people were asked: then nothing is left to do. */
async function deleteIfThere(user: OwnUser, fingerprint: string, stop: AbortSignal): Promise<void> {
  try {
    await user.deleteKey(fingerprint)
  } catch (error) {
    // OCI's word for "gone" and for "you may not". Its list may be behind for a moment.
    if (!(error instanceof OciRefusal && error.status === 404)) throw error
    for (let reading = 0; (await user.listKeys()).some((key) => key.fingerprint === fingerprint); reading += 1) {
      if (reading === READINGS) throw error
      await pause(READING_WAIT_MS, stop)
      refuseIfStopped(stop)
    }
  }
}

/** The SCIM id came from a survey by the SDK: whose it is, the strongroom asks the domain itself. Throws TENANCY_UNFIT. */
async function checkDomainUser(courier: Sender, { domainUrl, domainUserId }: { domainUrl: string; domainUserId: string }, user: string): Promise<void> {
  const answer = await courier.send({ method: 'GET', url: domainUrl + domainUserTarget(domainUserId), body: null, contentType: null, headers: {} }, 'strongroom')
  const parsed = z.object({ ocid: z.string().max(255) }).safeParse(jsonIn(new TextDecoder().decode(answer.body)))
  if (!parsed.success || parsed.data.ocid !== user) {
    throw new GlasskeyError('TENANCY_UNFIT', `the identity domain says that ${domainUserId} is ${parsed.success ? parsed.data.ocid : `nobody (${answer.status})`}, not the user of this custody`, 'The takeover was not begun; the key is rotated.')
  }
}

/** What OCI says afterwards, read by the strongroom itself: written in one service and read in another, it may take a while. Throws TENANCY_UNFIT naming what is still open. */
async function readBack(warrant: Warrant, user: OwnUser, stop: AbortSignal): Promise<string> {
  const began = readClocks().uptime
  for (;;) {
    const { capabilities } = await user.readUser()
    const census = await user.census()
    const open = Object.entries(ONLY_API_KEYS).flatMap(([name, wanted]) => ((capabilities?.[name] ?? false) === wanted ? [] : [name]))
    const left = Object.keys(CREDENTIALS).filter((kind) => (census.credentials[kind] ?? 0) > 0)
    const others = otherKeys(warrant, census).map(({ fingerprint }) => `API key ${fingerprint}`)
    if (open.length + left.length + others.length === 0) return closed(census)
    if (readClocks().uptime - began > SETTLED_MS) {
      throw new GlasskeyError('TENANCY_UNFIT', `after the takeover these are still there: ${[...open, ...left, ...others].join(', ')}`, 'Run glasskey takeover again with the next generation, or ask Oracle.')
    }
    await pause(SETTLED_WAIT_MS, stop)
    refuseIfStopped(stop)
  }
}

function closed({ credentials }: Census): string {
  const unread = Object.keys(CREDENTIALS).filter((kind) => (credentials[kind] ?? 0) < 0)
  return `API keys are the only way in; no other credential is left${unread.length === 0 ? '' : `, but these kinds could not be read: ${unread.join(', ')}`}`
}
