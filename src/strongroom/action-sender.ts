/** How the action sends: it ends when it is stopped, and what strikes a reading in passing does not cost it. */
import { pause, wallClock } from '../host/clock.js'
import { GlasskeyError } from '../errors.js'
import type { Answer } from '../wire/exchange.js'
import type { UnsignedRequest } from '../wire/signature.js'
import { isPassing, retryAfterMs } from '../wire/retry-after.js'
import { NoAnswer, type Sender } from './courier.js'

/** One reading is tried so often, and all readings of an action together so many times more. The key is live meanwhile. */
const ATTEMPTS = 4
const MORE_ATTEMPTS = 10
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 15_000

/**
 * What has stopped signs nothing more: the exit has begun beside it, and changes the very keys that it has read. A GET is sent again
 * where the service was busy or did not answer; a change never is, and it is not sent at all where no disk takes its intent.
 */
export function actionSender(courier: Sender, stop: AbortSignal): Sender {
  let more = MORE_ATTEMPTS
  const once = async (request: UnsignedRequest, asker: 'strongroom' | 'clerk'): Promise<Answer> => {
    refuseIfStopped(stop)
    return courier.send(request, asker, true)
  }
  return {
    send: async (request, asker) => {
      for (let attempt = 1; ; attempt += 1) {
        const last = request.method !== 'GET' || attempt >= ATTEMPTS || more <= 0
        let asked = 0
        try {
          const answer = await once(request, asker)
          if (last || !isPassing(answer)) return answer
          asked = retryAfterMs(answer, wallClock().getTime(), LONGEST_WAIT_MS)
        } catch (error) {
          if (last || !(error instanceof NoAnswer)) throw error
        }
        more -= 1
        await pause(Math.max(FIRST_WAIT_MS * 2 ** (attempt - 1), asked), stop)
      }
    },
  }
}

/** Throws INTERRUPTED. Nobody hears it: the session has left for its exit by then. */
export function refuseIfStopped(stop: AbortSignal): void {
  if (stop.aborted) throw new GlasskeyError('INTERRUPTED', 'the action was stopped')
}
