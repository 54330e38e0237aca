/** Requests of a lent login: the desk signs, because such a key is not the custodians'. A clerk works with those of bootstrap and remover; what readers and auditors read, the desk asks itself. */
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { runTask, type Carry, type ClerkTask } from '../clerk/door.js'
import type { Json } from '../canonical.js'
import { GlasskeyError } from '../errors.js'
import { startRoom, type Isolation } from '../host/isolation.js'
import { exchange, ExchangeError, type Answer, type Carrier } from '../wire/exchange.js'
import { isPassing, retryAfterMs } from '../wire/retry-after.js'
import { signRequest, type Signer, type UnsignedRequest } from '../wire/signature.js'

/** Connections straight from the desk. */
export function deskCarrier(ca: string | null, timeoutMs = 20_000): Carrier {
  return { ca, timeoutMs, connect: (host, port) => connect({ host, port }) }
}

/** Which requests a lent login may make. */
export interface LentLogin {
  signer: Signer
  /** Whether it is for this origin. */
  allows: (origin: string) => boolean
  /** Readers only read. */
  readOnly: boolean
}

/** A clerk with somebody else's login: one process for as many tasks as there are. */
export interface ProfileClerk {
  /** Runs a task; `carryOne` signs and sends, or refuses, each request of it. Throws as `runTask`. */
  run(task: ClerkTask, carryOne: Carry): Promise<Json>
  close(): void
}

/** A task of a lent login is a few reads, or one change. */
const TASK_PATIENCE_MS = 5 * 60_000

/** Reads are tried again this often, with growing pauses. A mutation never is. */
const ATTEMPTS = 4
/** However long a busy service asks us to wait before a read. */
const LONGEST_PAUSE_MS = 15_000

/** Starts a clerk; each of its tasks may take so long. */
export function profileClerk(isolation: Isolation, patienceMs = TASK_PATIENCE_MS): ProfileClerk {
  const child = startRoom('clerk', [], ['ignore', 'ignore', 'ignore', 'pipe'], isolation)
  const pipe = child.stdio[3] as Socket
  pipe.on('error', () => undefined)
  const close = (): void => {
    pipe.destroy()
    child.kill('SIGKILL')
  }
  const run: ProfileClerk['run'] = async (task, carryOne) => {
    try {
      return await runTask(pipe, task, carryOne, AbortSignal.timeout(patienceMs))
    } catch (error) {
      // One that came to no end of its own may still answer, and the next task would take that for its own.
      if (!(error instanceof GlasskeyError) || error.code === 'INTERNAL') close()
      throw error
    }
  }
  return { run, close }
}

/** Signs with a lent login and sends; reads again where a read failed in passing. Throws OUTSIDE_WARRANT for a request that the login is not for, OCI_UNREACHABLE. */
export async function carryFor(request: UnsignedRequest, login: LentLogin, carrier: Carrier): Promise<Answer> {
  const reading = request.method === 'GET'
  if (!URL.canParse(request.url)) throw new GlasskeyError('OUTSIDE_WARRANT', 'the clerk asked for something that is no URL', 'Nothing was sent.')
  if (!login.allows(new URL(request.url).origin) || (login.readOnly && !reading)) {
    throw new GlasskeyError('OUTSIDE_WARRANT', `the clerk asked for ${request.method} ${request.url}, which this login is not for`, 'Nothing was sent.')
  }
  for (let attempt = 1; ; attempt += 1) {
    const last = !reading || attempt >= ATTEMPTS
    let asked = 0
    try {
      const answer = await exchange(signRequest(request, login.signer, new Date(), newRequestId()), carrier)
      if (last || !isPassing(answer)) return answer
      asked = retryAfterMs(answer, Date.now(), LONGEST_PAUSE_MS)
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error
      if (last) throw new GlasskeyError('OCI_UNREACHABLE', `${new URL(request.url).host} did not answer: ${error.message}`, 'Check the network, then run the same command again.', { cause: error })
    }
    await new Promise((resolve) => setTimeout(resolve, Math.max(250 * 2 ** attempt, asked)))
  }
}

/** A random `opc-request-id`, 32 upper-case hex digits. */
export function newRequestId(): string {
  return randomBytes(16).toString('hex').toUpperCase()
}
