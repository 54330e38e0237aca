import { describe, expect, it } from 'vitest'
import { readBeliefs } from '../../src/simulator/beliefs.js'
import type { Simulator } from '../../src/simulator/simulator.js'
import { AWAY, HOME, rehearse, signedCall, type WireAnswer } from './rehearsal.js'

interface Event {
  eventType: string
  data: {
    eventName: string
    eventGroupingId: string
    identity: { credentials: string; authType: string }
    request: { id: string; headers: Record<string, string[]>; parameters: Record<string, string[]> }
    response: { status: string; message: string }
  }
}

function events(simulator: Simulator, query: Record<string, string> = {}, region = HOME): Promise<WireAnswer> {
  const all = {
    compartmentId: simulator.seed.tenancy,
    startTime: '2026-11-20T12:00:00Z',
    endTime: '2026-11-20T13:00:00Z',
    ...query,
  }
  const text = Object.entries(all).map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
  return signedCall(simulator, { path: `/20190901/auditEvents?${text.join('&')}`, region, as: simulator.people.AUDITOR })
}

describe('the audit log', () => {
  it('has every authenticated call, with its key and its request id, and without its signature', async () => {
    const simulator = await rehearse()
    const { tenancy, users } = simulator.seed
    const { BOOTSTRAP } = simulator.people
    const path = `/20160918/users/${users.administrator}/authTokens?x=1`
    const call = { method: 'POST', path, body: { description: 'x' }, headers: { 'opc-request-id': 'ABCDEF' } }
    await signedCall(simulator, call)
    const refused = await signedCall(simulator, { ...call, body: {} })
    expect(refused.status).toBe(400)
    const [first, second] = (await events(simulator)).json as [Event, Event]
    expect(first.eventType).toBe('com.oraclecloud.identityControlPlane.CreateAuthToken')
    expect(first.data.eventName).toBe('CreateAuthToken')
    expect(first.data.identity).toMatchObject({
      credentials: `${tenancy}/${BOOTSTRAP.userId}/${BOOTSTRAP.fingerprint}`,
      authType: 'natv',
    })
    expect(first.data.request.id).toMatch(/^ABCDEF\/[0-9A-F]{32}\/[0-9A-F]{32}$/)
    expect(first.data.eventGroupingId).toBe(first.data.request.id.split('/').slice(0, 2).join('/'))
    expect(first.data.request.parameters).toEqual({ x: ['1'] })
    expect(first.data.request.headers['Authorization']?.[0]).toContain('signature="*****"')
    expect(first.data.response).toMatchObject({ status: '200', message: 'CreateAuthToken succeeded' })
    expect(second.data.response).toMatchObject({ status: '400', message: 'CreateAuthToken failed' })
  })

  it('is one per region, and has nothing of callers who were not authenticated', async () => {
    const simulator = await rehearse()
    const path = `/20160918/users/${simulator.seed.users.administrator}`
    await signedCall(simulator, { path })
    await signedCall(simulator, { path, region: AWAY })
    await signedCall(simulator, { path, date: 0 })
    const names = ((await events(simulator)).json as Event[]).map(({ data }) => data.eventName)
    expect(names).toEqual(['GetUser'])
    expect(((await events(simulator, {}, AWAY)).json as Event[]).map(({ data }) => data.eventName)).toEqual(['GetUser'])
  })

  it('may keep all of identity at home', async () => {
    const simulator = await rehearse({ beliefs: readBeliefs(['auditIdentityAtHome=true']) })
    const path = `/20160918/users/${simulator.seed.users.administrator}`
    await signedCall(simulator, { path, region: AWAY })
    expect((await events(simulator, {}, AWAY)).json).toEqual([])
    expect(((await events(simulator)).json as Event[]).map(({ data }) => data.eventName)).toEqual(['GetUser'])
  })

  it('keeps what concerns a database in its compartment', async () => {
    const simulator = await rehearse()
    await signedCall(simulator, { path: `/20160918/autonomousDatabases/${simulator.seed.databases.available}` })
    const root = (await events(simulator)).json as Event[]
    expect(root).toEqual([])
    const own = (await events(simulator, { compartmentId: simulator.seed.compartments.production })).json as Event[]
    expect(own.map(({ eventType }) => eventType)).toEqual(['com.oraclecloud.DatabaseService.GetAutonomousDatabase'])
  })

  it('is asked for by whole minutes, unless it is believed otherwise', async () => {
    const strict = await rehearse()
    expect((await events(strict, { startTime: '2026-11-20T12:00:01Z' })).at('code')).toBe('InvalidParameter')
    expect((await events(strict, { startTime: 'yesterday' })).at('code')).toBe('InvalidParameter')
    expect((await events(strict, { endTime: '2026-11-20T12:00:00Z' })).at('code')).toBe('InvalidParameter')
    const lenient = await rehearse({ beliefs: readBeliefs(['auditWholeMinutes=false']) })
    expect((await events(lenient, { startTime: '2026-11-20T12:00:00.001Z' })).status).toBe(200)
  })

  it('comes in pages, and may start with an empty one', async () => {
    const simulator = await rehearse({ pageSize: 2, beliefs: readBeliefs(['auditEmptyPage=true']) })
    const path = `/20160918/users/${simulator.seed.users.administrator}`
    for (let count = 0; count < 3; count += 1) await signedCall(simulator, { path })
    const names: string[] = []
    let pages = 0
    let page: string | undefined
    do {
      const { json, headers } = await events(simulator, page === undefined ? {} : { page })
      names.push(...(json as Event[]).map(({ data }) => data.eventName))
      page = headers['opc-next-page']
      pages += 1
    } while (page !== undefined)
    expect(names.filter((name) => name === 'GetUser')).toHaveLength(3)
    expect(pages).toBeGreaterThan(2)
  })

  it('may be late', async () => {
    const simulator = await rehearse({ beliefs: readBeliefs(['auditDelay=60']) })
    await signedCall(simulator, { path: `/20160918/users/${simulator.seed.users.administrator}` })
    expect((await events(simulator)).json).toEqual([])
    simulator.advance(60)
    expect((await events(simulator)).json).toHaveLength(2)
  })
})
