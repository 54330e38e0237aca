import { describe, expect, it } from 'vitest'
import { readBeliefs } from '../../src/simulator/beliefs.js'
import type { Simulator } from '../../src/simulator/simulator.js'
import { AWAY, NOON, rehearse, signedCall, type SignedCall, type WireAnswer } from './rehearsal.js'

const HOUR = 3600
const PASSWORD = 'ABcd12_#x'

function outcome(answer: WireAnswer): string {
  return [String(answer.status), answer.at('code')].filter(Boolean).join(' ')
}

function database(simulator: Simulator, which: 'available' | 'alwaysFree' | 'stopped' = 'available'): string {
  return `/20160918/autonomousDatabases/${simulator.seed.databases[which]}`
}

function configure(
  simulator: Simulator,
  body: object,
  rest: Partial<SignedCall> & { which?: 'available' | 'alwaysFree' | 'stopped' } = {},
): Promise<WireAnswer> {
  const { which, ...call } = rest
  const path = `${database(simulator, which)}/actions/configureSaasAdminUser`
  return signedCall(simulator, { method: 'POST', path, body, ...call })
}

async function status(simulator: Simulator): Promise<unknown> {
  const path = `${database(simulator)}/actions/getSaasAdminUserStatus`
  const answer = await signedCall(simulator, { method: 'POST', path })
  expect(answer.status).toBe(200)
  return answer.json
}

describe('enabling SAAS_ADMIN', () => {
  it('answers the database and a work request, and shows in the status', async () => {
    const simulator = await rehearse()
    expect(await status(simulator)).toEqual({ isEnabled: false })
    const answer = await configure(simulator, { isEnabled: true, password: PASSWORD })
    expect(answer.status).toBe(200)
    expect(answer.json).toMatchObject({ id: simulator.seed.databases.available, lifecycleState: 'AVAILABLE', dbName: 'ORDERS' })
    expect(await status(simulator)).toEqual({
      isEnabled: true,
      accessType: 'READ_ONLY',
      timeSaasAdminUserEnabled: new Date(NOON).toISOString(),
    })
    const work = await signedCall(simulator, {
      path: `/20160918/workRequests/${answer.headers['opc-work-request-id'] ?? ''}`,
    })
    expect(work.json).toMatchObject({ status: 'SUCCEEDED', percentComplete: 100 })
    expect(JSON.stringify(simulator.tenancy)).not.toContain(PASSWORD)
  })

  it('ends by time: after one hour unless said otherwise', async () => {
    const simulator = await rehearse()
    const before = simulator.stateDigest()
    await configure(simulator, { isEnabled: true, password: PASSWORD })
    expect(simulator.stateDigest()).not.toBe(before)
    simulator.advance(HOUR - 1)
    expect(await status(simulator)).toMatchObject({ isEnabled: true })
    simulator.advance(1)
    expect(await status(simulator)).toEqual({ isEnabled: false })
    expect(simulator.stateDigest()).toBe(before)
  })

  it('ends by a call, and the database remembers by whom', async () => {
    const simulator = await rehearse()
    await configure(simulator, { isEnabled: true, password: PASSWORD, duration: 24, accessType: 'ADMIN' })
    simulator.advance(60)
    expect(outcome(await configure(simulator, { isEnabled: false }))).toBe('200')
    expect(await status(simulator)).toEqual({ isEnabled: false })
    expect(simulator.tenancy.databases[0]?.saasAdmin).toMatchObject([
      { accessType: 'ADMIN', duration: 24, timeRevoked: NOON + 60_000, revokedBy: 'cloud.administrator@example.org' },
    ])
  })

  it('takes a secret of the vault, with or without a version', async () => {
    const simulator = await rehearse()
    const secretId = simulator.seed.secrets.saasAdmin
    const missing = '400 RelatedResourceNotAuthorizedOrNotFound'
    expect(outcome(await configure(simulator, { isEnabled: true, secretId: `${secretId}x` }))).toBe(missing)
    expect(outcome(await configure(simulator, { isEnabled: true, secretId, secretVersionNumber: 4 }))).toBe(missing)
    expect(outcome(await configure(simulator, { isEnabled: true, secretId, secretVersionNumber: 3 }))).toBe('200')
    expect(outcome(await configure(simulator, { isEnabled: true, secretId }))).toBe('200')
  })

  const wrong: [string, object][] = [
    ['neither password nor secret', { isEnabled: true }],
    ['both', { isEnabled: true, password: PASSWORD, secretId: 'x' }],
    ['a version without a secret', { isEnabled: true, password: PASSWORD, secretVersionNumber: 1 }],
    ['0 hours', { isEnabled: true, password: PASSWORD, duration: 0 }],
    ['25 hours', { isEnabled: true, password: PASSWORD, duration: 25 }],
    ['half an hour', { isEnabled: true, password: PASSWORD, duration: 0.5 }],
    ['another access', { isEnabled: true, password: PASSWORD, accessType: 'OWNER' }],
    ['8 characters', { isEnabled: true, password: 'ABcd12_#' }],
    ['one upper case', { isEnabled: true, password: 'Abcd12_#x' }],
    ['one lower case', { isEnabled: true, password: 'ABCDd12_#' }],
    ['one digit', { isEnabled: true, password: 'ABcdx1_#x' }],
    ['one special', { isEnabled: true, password: 'ABcd12_xx' }],
    ['another special', { isEnabled: true, password: 'ABcd12_#!' }],
  ]
  it.each(wrong)('refuses %s', async (_name, body) => {
    const simulator = await rehearse()
    const digest = simulator.stateDigest()
    expect(outcome(await configure(simulator, body))).toBe('400 InvalidParameter')
    expect(simulator.stateDigest()).toBe(digest)
  })

  it('wants to be told whether to enable, unless it is believed to guess', async () => {
    const strict = await rehearse()
    expect(outcome(await configure(strict, { password: PASSWORD }))).toBe('400 MissingParameter')
    const lenient = await rehearse({ beliefs: readBeliefs(['saasAdminIsEnabled=allowed']) })
    expect(outcome(await configure(lenient, { password: PASSWORD }))).toBe('200')
    expect(await status(lenient)).toMatchObject({ isEnabled: true })
  })

  it('takes 1 hour and 24 hours', async () => {
    for (const duration of [1, 24]) {
      const simulator = await rehearse()
      expect(outcome(await configure(simulator, { isEnabled: true, password: PASSWORD, duration }))).toBe('200')
    }
  })

  it('refuses another duration while it is enabled, and changes the access', async () => {
    const simulator = await rehearse()
    const body = { isEnabled: true, password: PASSWORD, duration: 2 }
    await configure(simulator, body)
    expect(outcome(await configure(simulator, { ...body, duration: 3 }))).toBe('409 IncorrectState')
    expect(outcome(await configure(simulator, { ...body, accessType: 'READ_WRITE' }))).toBe('200')
    expect(await status(simulator)).toMatchObject({ accessType: 'READ_WRITE' })
  })

  it('refuses an Always Free database and a stopped one', async () => {
    const simulator = await rehearse()
    const body = { isEnabled: true, password: PASSWORD }
    expect(outcome(await configure(simulator, body, { which: 'alwaysFree' }))).toBe('400 InvalidParameter')
    expect(outcome(await configure(simulator, body, { which: 'stopped' }))).toBe('409 IncorrectState')
  })

  it('is for administrators, and where the database is', async () => {
    const simulator = await rehearse()
    const body = { isEnabled: true, password: PASSWORD }
    const hidden = '404 NotAuthorizedOrNotFound'
    expect(outcome(await configure(simulator, body, { as: simulator.people.AUDITOR }))).toBe(hidden)
    expect(outcome(await configure(simulator, body, { as: simulator.people.OPERATOR }))).toBe(hidden)
    expect(outcome(await configure(simulator, body, { region: AWAY }))).toBe(hidden)
  })

  it('honours if-match and a dry run', async () => {
    const simulator = await rehearse()
    const body = { isEnabled: true, password: PASSWORD }
    expect(outcome(await configure(simulator, body, { headers: { 'if-match': 'x' } }))).toBe('412 NoEtagMatch')
    expect(outcome(await configure(simulator, body, { headers: { 'opc-dry-run': 'true' } }))).toBe('200')
    expect(await status(simulator)).toEqual({ isEnabled: false })
    const { headers } = await signedCall(simulator, { path: database(simulator) })
    expect(outcome(await configure(simulator, body, { headers: { 'if-match': headers['etag'] ?? '' } }))).toBe('200')
  })

  it('may keep the database UPDATING for a while', async () => {
    const simulator = await rehearse({ beliefs: readBeliefs(['saasAdminUpdating=30']) })
    const answer = await configure(simulator, { isEnabled: true, password: PASSWORD })
    expect(answer.at('lifecycleState')).toBe('UPDATING')
    const work = { path: `/20160918/workRequests/${answer.headers['opc-work-request-id'] ?? ''}` }
    expect((await signedCall(simulator, work)).at('status')).toBe('IN_PROGRESS')
    expect(outcome(await configure(simulator, { isEnabled: false }))).toBe('409 IncorrectState')
    simulator.advance(30)
    expect((await signedCall(simulator, work)).at('status')).toBe('SUCCEEDED')
    expect(outcome(await configure(simulator, { isEnabled: false }))).toBe('200')
  })
})

describe('lists of databases', () => {
  it('are of one compartment, and can be narrowed', async () => {
    const simulator = await rehearse()
    const { production } = simulator.seed.compartments
    const count = async (query: string): Promise<number> => {
      const path = `/20160918/autonomousDatabases?compartmentId=${production}${query}`
      return ((await signedCall(simulator, { path })).json as unknown[]).length
    }
    expect(await count('')).toBe(3)
    expect(await count('&lifecycleState=STOPPED')).toBe(1)
    expect(await count('&isFreeTier=true')).toBe(1)
    expect(await count('&lifecycleStateNotEqualTo=STOPPED&isFreeTier=false')).toBe(1)
  })
})
