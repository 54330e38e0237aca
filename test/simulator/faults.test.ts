import { describe, expect, it } from 'vitest'
import type { FaultInput } from '../../src/simulator/faults.js'
import type { Simulator } from '../../src/simulator/simulator.js'
import { AWAY, HOME, NOON, rehearse, signedCall, type WireAnswer } from './rehearsal.js'

function tokensPath(simulator: Simulator): string {
  return `/20160918/users/${simulator.seed.users.operator}/authTokens`
}

function create(simulator: Simulator): Promise<WireAnswer> {
  return signedCall(simulator, { method: 'POST', path: tokensPath(simulator), body: { description: 'x' } })
}

function count(simulator: Simulator): number {
  const { operator } = simulator.seed.users
  return simulator.tenancy.identity.credentials.filter(({ userId }) => userId === operator).length
}

/** Status of an answer, or the code of the network's error. */
async function ending(answer: Promise<WireAnswer>): Promise<number | string> {
  try {
    return (await answer).status
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown'
  }
}

const POST: FaultInput['match'] = { method: 'POST', path: '/20160918/users/*/authTokens' }

describe('a fault', () => {
  it('resets before the effect', async () => {
    const simulator = await rehearse({ faults: [{ match: POST, action: { do: 'reset', when: 'before' } }] })
    expect(await ending(create(simulator))).toBe('ECONNRESET')
    expect(count(simulator)).toBe(0)
    expect(simulator.requests.at(-1)).toMatchObject({ status: null, keyId: null, fault: 'reset' })
    expect(await ending(create(simulator))).toBe(200)
  })

  it('resets after the effect', async () => {
    const simulator = await rehearse({ faults: [{ match: POST, action: { do: 'reset', when: 'after' } }] })
    expect(await ending(create(simulator))).toBe('ECONNRESET')
    expect(count(simulator)).toBe(1)
    expect(simulator.requests.at(-1)).toMatchObject({ status: null, operation: 'CreateAuthToken', fault: 'reset' })
  })

  it('refuses connections to one region', async () => {
    const simulator = await rehearse({ faults: [{ match: { region: AWAY }, count: 2, action: { do: 'refuse' } }] })
    const path = `/20160918/users/${simulator.seed.users.administrator}`
    const seen: (number | string)[] = []
    for (const region of [HOME, AWAY, AWAY, AWAY]) seen.push(await ending(signedCall(simulator, { path, region })))
    expect(seen).toEqual([200, 'ECONNRESET', 'ECONNRESET', 200])
  })

  it('shows another authority\'s certificate on one connection', async () => {
    const simulator = await rehearse({ tls: true, faults: [{ match: { region: AWAY }, after: 1, action: { do: 'wrong-certificate' } }] })
    const path = `/20160918/users/${simulator.seed.users.administrator}`
    const seen: (number | string)[] = []
    for (const region of [AWAY, HOME, AWAY, AWAY]) seen.push(await ending(signedCall(simulator, { path, region })))
    expect(seen).toEqual([200, 200, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 200])
    expect(simulator.requests).toHaveLength(3)
  })

  it('... and changes nothing without TLS', async () => {
    const simulator = await rehearse({ faults: [{ action: { do: 'wrong-certificate' } }] })
    expect(await ending(create(simulator))).toBe(200)
  })

  it('lets the answer drip, after the effect', async () => {
    const simulator = await rehearse({ faults: [{ match: POST, action: { do: 'drip', milliseconds: 1 } }] })
    const start = performance.now()
    const { status, json, text } = await create(simulator)
    expect([status, typeof json]).toEqual([200, 'object'])
    expect(performance.now() - start).toBeGreaterThanOrEqual(text.length)
    expect(count(simulator)).toBe(1)
  })

  it('... for as long as anybody listens', async () => {
    const simulator = await rehearse({ faults: [{ match: POST, action: { do: 'drip', milliseconds: 60_000 } }] })
    const silence = new Promise<string>((done) => setTimeout(() => {
      done('still dripping')
    }, 100))
    expect(await Promise.race([ending(create(simulator)), silence])).toBe('still dripping')
    expect(count(simulator)).toBe(1)
  })

  it('delays', async () => {
    const simulator = await rehearse({ faults: [{ action: { do: 'delay', milliseconds: 60 } }] })
    const start = performance.now()
    expect(await ending(create(simulator))).toBe(200)
    expect(performance.now() - start).toBeGreaterThanOrEqual(59)
  })

  it('answers in place of OCI', async () => {
    const body = { code: 'TooManyRequests', message: 'Slow down.' }
    const simulator = await rehearse({
      faults: [{ match: POST, action: { do: 'answer', status: 429, body, headers: { 'retry-after': '1' } } }],
    })
    const answer = await create(simulator)
    expect([answer.status, answer.json, answer.headers['retry-after']]).toEqual([429, body, '1'])
    // As all of OCI's answers; what a proxy answers has none.
    expect(answer.headers['opc-request-id']).toBeDefined()
    expect(count(simulator)).toBe(0)
  })

  it('sends a page of HTML', async () => {
    const simulator = await rehearse({ faults: [{ action: { do: 'html' } }] })
    const answer = await create(simulator)
    expect([answer.status, answer.headers['content-type']]).toEqual([502, 'text/html'])
    expect(count(simulator)).toBe(0)
  })

  it('cuts the answer in half, or leaves it out, after the effect', async () => {
    const simulator = await rehearse({
      faults: [
        { match: POST, action: { do: 'truncate' } },
        { match: POST, action: { do: 'empty' } },
      ],
    })
    const half = await create(simulator)
    expect([half.status, half.json, half.text.startsWith('{')]).toEqual([200, undefined, true])
    const none = await create(simulator)
    expect([none.status, none.text]).toEqual([200, ''])
    expect(count(simulator)).toBe(2)
  })

  it('redirects', async () => {
    const location = 'https://elsewhere.example.org/'
    const simulator = await rehearse({ faults: [{ action: { do: 'redirect', location } }] })
    const answer = await create(simulator)
    expect([answer.status, answer.headers['location']]).toEqual([307, location])
  })

  it('judges one request by a wrong clock, and dates the answer by it', async () => {
    const simulator = await rehearse({ faults: [{ action: { do: 'skew', seconds: 301 } }] })
    const answer = await create(simulator)
    expect(answer.status).toBe(401)
    expect(Date.parse(answer.headers['date'] ?? '')).toBe(NOON + 301_000)
    expect(await ending(create(simulator))).toBe(200)
  })

  it('does what it does now, however wrong the clock of that request is', async () => {
    const simulator = await rehearse({ faults: [{ action: { do: 'skew', seconds: 240 } }] })
    const answer = await create(simulator)
    expect([answer.status, Date.parse(answer.headers['date'] ?? '')]).toEqual([200, NOON + 240_000])
    const { operator } = simulator.seed.users
    expect(simulator.tenancy.identity.credentials.find(({ userId }) => userId === operator)?.timeCreated).toBe(NOON)
  })

  it('ends the process before or after the effect', async () => {
    for (const [when, effects] of [
      ['before', 0],
      ['after', 1],
    ] as const) {
      const codes: number[] = []
      const simulator = await rehearse({
        faults: [{ match: POST, action: { do: 'exit', when, code: 9 } }],
        onExit: (code) => void codes.push(code),
      })
      expect(await ending(create(simulator))).toBe('ECONNRESET')
      expect([codes, count(simulator)]).toEqual([[9], effects])
    }
  })

  it('lets requests pass first, strikes so many, and is spent', async () => {
    const simulator = await rehearse()
    simulator.armFault({ match: { method: 'GET' }, after: 1, count: 2, action: { do: 'answer', status: 503 } })
    const path = tokensPath(simulator)
    const seen: (number | string)[] = []
    for (const region of [HOME, HOME, AWAY, HOME]) seen.push(await ending(signedCall(simulator, { path, region })))
    expect(seen).toEqual([200, 503, 503, 200])
    expect(simulator.waitingFaults).toEqual([])
  })

  it('strikes for a while', async () => {
    let now = NOON
    const simulator = await rehearse({ now: () => now })
    simulator.armFault({ match: { method: 'GET' }, after: 1, seconds: 60, action: { do: 'answer', status: 503 } })
    const path = tokensPath(simulator)
    const seen: (number | string)[] = []
    // The minute begins with the first strike.
    for (const second of [0, 100, 130, 159.9, 160, 161]) {
      now = NOON + second * 1000
      seen.push(await ending(signedCall(simulator, { path })))
    }
    expect(seen).toEqual([200, 503, 503, 503, 200, 200])
    expect(simulator.strikes).toBe(3)
    expect(simulator.waitingFaults).toEqual([])
  })

  it('meets only what it matches', async () => {
    const simulator = await rehearse()
    simulator.armFault({ match: { path: '/20160918/users/*/apiKeys/*' }, action: { do: 'answer', status: 503 } })
    simulator.armFault({ match: { region: AWAY }, action: { do: 'answer', status: 503 } })
    simulator.armFault({ match: { method: 'DELETE' }, action: { do: 'answer', status: 503 } })
    expect(await ending(create(simulator))).toBe(200)
    simulator.clearFaults()
    expect(simulator.waitingFaults).toEqual([])
  })

  it('is read strictly', async () => {
    const simulator = await rehearse()
    expect(() => simulator.armFault({ action: { do: 'reset' } } as unknown as FaultInput)).toThrow('when')
    expect(() => simulator.armFault({ math: {}, action: { do: 'empty' } } as unknown as FaultInput)).toThrow('math')
  })
})

describe('other people', () => {
  it('fill the key slots between the look and the upload', async () => {
    const simulator = await rehearse()
    const { administrator } = simulator.seed.users
    const path = `/20160918/users/${administrator}/apiKeys`
    const event = { event: 'fill-key-slots', userId: administrator } as const
    simulator.armFault({ match: { method: 'GET', path }, action: { do: 'event', when: 'after', event } })
    const keys = async (): Promise<number> => ((await signedCall(simulator, { path })).json as unknown[]).length
    expect(await keys()).toBe(2)
    expect(await keys()).toBe(3)
  })

  it('block the user in the middle of it', async () => {
    const simulator = await rehearse()
    const { operator } = simulator.seed.users
    const path = `/20160918/users/${operator}`
    const as = simulator.people.OPERATOR
    const event = { event: 'block-user', userId: operator } as const
    simulator.armFault({ match: { path }, after: 1, action: { do: 'event', when: 'before', event } })
    expect((await signedCall(simulator, { path, as })).status).toBe(200)
    expect((await signedCall(simulator, { path, as })).status).toBe(401)
  })

  it('delete all keys, stop a database, and must name somebody', async () => {
    const simulator = await rehearse()
    const { users, databases } = simulator.seed
    simulator.happen({ event: 'stop-database', databaseId: databases.available })
    expect(simulator.tenancy.databases[0]?.lifecycleState).toBe('STOPPED')
    simulator.happen({ event: 'delete-api-keys', userId: users.operator })
    const own = { path: `/20160918/users/${users.operator}`, as: simulator.people.OPERATOR }
    expect((await signedCall(simulator, own)).status).toBe(401)
    expect(() => simulator.happen({ event: 'block-user', userId: 'nobody' })).toThrow(RangeError)
  })
})
