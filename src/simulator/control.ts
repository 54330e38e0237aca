/**
 * `/simulator/...`: how a script that has spawned a simulator looks inside it and makes trouble. Unsigned, loopback
 * only, no part of OCI: a client that calls these for anything but testing has mistaken the simulator for the cloud.
 *
 * | request | answer |
 * |---|---|
 * | GET /simulator/state | the tenancy, what was seeded, the beliefs, the faults that wait |
 * | GET /simulator/digest | `{digest}`, SHA-256 over what matters for security |
 * | GET /simulator/requests | `{requests}`, every call so far |
 * | POST /simulator/faults | arms one fault or a list of them, as `faults.ts` describes them |
 * | DELETE /simulator/faults | disarms all |
 * | POST /simulator/events | makes a tenancy event happen |
 * | POST /simulator/clock | `{advanceSeconds}` moves this cloud's clock |
 */
import { z } from 'zod'
import { FAULT } from './faults.js'
import type { Simulator } from './simulator.js'
import { TENANCY_EVENT } from './tenancy-events.js'

const ADVANCE = z.strictObject({ advanceSeconds: z.number() })

type Handler = (simulator: Simulator, body: unknown) => unknown

const HANDLERS: Readonly<Record<string, Handler>> = {
  'GET /simulator/state': (simulator) => ({
    tenancy: simulator.tenancy,
    seed: simulator.seed,
    endpoints: simulator.endpoints,
    beliefs: simulator.beliefs,
    faults: simulator.waitingFaults,
    now: simulator.now(),
  }),
  'GET /simulator/digest': (simulator) => ({ digest: simulator.stateDigest() }),
  'GET /simulator/requests': (simulator) => ({ requests: simulator.requests }),
  'POST /simulator/faults': (simulator, body) => {
    // Parsed before any is armed: a list with a mistake in it arms nothing.
    const faults = z.array(FAULT).parse(Array.isArray(body) ? body : [body])
    for (const fault of faults) simulator.armFault(fault)
    return { waiting: simulator.waitingFaults.length }
  },
  'DELETE /simulator/faults': (simulator) => {
    simulator.clearFaults()
    return { waiting: 0 }
  },
  'POST /simulator/events': (simulator, body) => {
    simulator.happen(TENANCY_EVENT.parse(body))
    return { digest: simulator.stateDigest() }
  },
  'POST /simulator/clock': (simulator, body) => {
    simulator.advance(ADVANCE.parse(body).advanceSeconds)
    return { now: simulator.now() }
  },
}

/** Answers a control request; a mistake in it is a 400 with its text, an unknown one a 404. */
export function control(
  simulator: Simulator,
  method: string,
  target: string,
  body: Uint8Array,
): { status: number; body: unknown } {
  const handler = HANDLERS[`${method} ${target}`]
  if (handler === undefined) return { status: 404, body: { message: `The simulator has no ${method} ${target}.` } }
  try {
    const text = Buffer.from(body).toString('utf8')
    return { status: 200, body: handler(simulator, text === '' ? undefined : JSON.parse(text)) }
  } catch (error) {
    if (error instanceof z.ZodError) return { status: 400, body: { message: z.prettifyError(error) } }
    if (error instanceof RangeError || error instanceof SyntaxError) {
      return { status: 400, body: { message: error.message } }
    }
    throw error
  }
}
