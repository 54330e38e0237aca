/**
 * Faults: what networks and clouds do to a request at the worst moment. A fault says which requests it meets, how many
 * of them it lets pass first, how many it strikes, and what it does to them.
 */
import { z } from 'zod'
import { TENANCY_EVENT } from './tenancy-events.js'

const moment = z.enum(['before', 'after'])
const status = z.int().min(200).max(599)

/** What happens to a request. `before` and `after` are meant of the request's effect. */
export const FAULT_ACTION = z.discriminatedUnion('do', [
  /** The connection is reset as soon as it is made; meets connections, so only `region` of the match counts. */
  z.strictObject({ do: z.literal('refuse') }),
  /** TLS is offered with the certificate of another authority; meets connections too. */
  z.strictObject({ do: z.literal('wrong-certificate') }),
  /** The connection is reset without an answer. */
  z.strictObject({ do: z.literal('reset'), when: moment }),
  z.strictObject({ do: z.literal('delay'), when: moment.default('before'), milliseconds: z.int().min(0) }),
  /** An answer of somebody's own in place of OCI's: 429 and 5xx, or a lie. Of a gateway that gave up waiting, `after` the effect. */
  z.strictObject({
    do: z.literal('answer'),
    when: moment.default('before'),
    status,
    body: z.unknown().optional(),
    headers: z.record(z.string(), z.string()).default({}),
  }),
  /** The effect happens; the answer comes a byte at a time, with so long between two. */
  z.strictObject({ do: z.literal('drip'), milliseconds: z.int().min(1) }),
  /** A page of HTML in place of the answer, as a proxy sends; no effect. */
  z.strictObject({ do: z.literal('html'), status: status.default(502) }),
  /** The effect happens; the JSON of the answer stops half-way, in a message of honest length. */
  z.strictObject({ do: z.literal('truncate') }),
  /** The effect happens; the answer has its status and no body. */
  z.strictObject({ do: z.literal('empty') }),
  z.strictObject({ do: z.literal('redirect'), status: z.int().min(300).max(399).default(307), location: z.string() }),
  /** This request is judged and dated by a clock that is off by so much. */
  z.strictObject({ do: z.literal('skew'), seconds: z.number() }),
  /** The simulator's process ends, state saved. */
  z.strictObject({ do: z.literal('exit'), when: moment, code: z.int().min(0).max(255).default(70) }),
  /** Somebody else does something. */
  z.strictObject({ do: z.literal('event'), when: moment, event: TENANCY_EVENT }),
])

export const FAULT = z.strictObject({
  match: z
    .strictObject({
      method: z.string().optional(),
      /** Path without the query, percent-encoded; `*` stands for any text. */
      path: z.string().optional(),
      region: z.string().optional(),
    })
    .default({}),
  /** Matching requests that pass unharmed first. */
  after: z.int().min(0).default(0),
  /** Matching requests that are struck; then the fault is spent. */
  count: z.int().min(1).default(1),
  /** In place of `count`: from the first strike on, everything that matches is struck for so long by this cloud's clock. */
  seconds: z.number().positive().optional(),
  action: FAULT_ACTION,
})

export type Fault = z.output<typeof FAULT>
/** A fault as a test or a script writes it: everything but the action may be left out. */
export type FaultInput = z.input<typeof FAULT>
export type FaultAction = Fault['action']

interface Armed {
  readonly fault: Fault
  readonly path: RegExp | null
  passing: number
  left: number
  /** ms; null before the first strike, and for a fault that is counted. */
  until: number | null
}

function glob(pattern: string): RegExp {
  const escaped = pattern.split('*').map((text) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  return new RegExp(`^${escaped.join('.*')}$`)
}

/** Whether a fault meets connections, before any request is known. */
function isAtTheDoor(action: FaultAction): action is Extract<FaultAction, { do: 'refuse' | 'wrong-certificate' }> {
  return action.do === 'refuse' || action.do === 'wrong-certificate'
}

/** The faults that lie in wait. Of several that match a request, the first one armed strikes. */
export class Faults {
  readonly #now: () => number
  #armed: Armed[] = []
  #strikes = 0

  constructor(now: () => number) {
    this.#now = now
  }

  /** Throws a ZodError for what is not a fault. */
  arm(input: FaultInput): void {
    const fault = FAULT.parse(input)
    const path = fault.match.path === undefined ? null : glob(fault.match.path)
    this.#armed.push({ fault, path, passing: fault.after, left: fault.count, until: null })
  }

  clear(): void {
    this.#armed = []
  }

  /** Faults that have not struck as often as they will. */
  get waiting(): readonly Fault[] {
    return this.#armed.map(({ fault }) => fault)
  }

  /** How often any of them has struck. */
  get strikes(): number {
    return this.#strikes
  }

  /** What happens to this request, if anything. */
  strike(request: { method: string; path: string; region: string }): FaultAction | null {
    return this.#first(({ fault: { match, action }, path }) => {
      if (isAtTheDoor(action)) return false
      if (match.method !== undefined && match.method.toUpperCase() !== request.method) return false
      if (match.region !== undefined && match.region !== request.region) return false
      return path === null || path.test(request.path)
    })
  }

  /** What happens to a new connection to this region, if anything. */
  strikeConnection(region: string): 'refuse' | 'wrong-certificate' | null {
    const action = this.#first(({ fault: { match, action } }) => isAtTheDoor(action) && (match.region ?? region) === region)
    return action !== null && isAtTheDoor(action) ? action.do : null
  }

  #first(matches: (armed: Armed) => boolean): FaultAction | null {
    for (const armed of this.#armed) {
      if (!matches(armed)) continue
      if (armed.passing > 0) {
        armed.passing -= 1
        continue
      }
      if (this.#isOver(armed)) continue
      this.#strikes += 1
      return armed.fault.action
    }
    return null
  }

  /** Counts a strike. Answers true when there is none any more, because the time of the fault is over. */
  #isOver(armed: Armed): boolean {
    const { seconds } = armed.fault
    if (seconds !== undefined) armed.until ??= this.#now() + seconds * 1000
    else armed.left -= 1
    const over = armed.until !== null && this.#now() >= armed.until
    if (over || armed.left === 0) this.#armed = this.#armed.filter((other) => other !== armed)
    return over
  }
}
