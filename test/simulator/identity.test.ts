import { describe, expect, it } from 'vitest'
import { readBeliefs } from '../../src/simulator/beliefs.js'
import type { Simulator } from '../../src/simulator/simulator.js'
import { rehearse, signedCall, type SignedCall, type WireAnswer } from './rehearsal.js'

function outcome(answer: WireAnswer): string {
  return [String(answer.status), answer.at('code')].filter(Boolean).join(' ')
}

async function call(simulator: Simulator, method: string, path: string, body?: unknown): Promise<WireAnswer> {
  return signedCall(simulator, { method, path: `/20160918${path}`, ...(body === undefined ? {} : { body }) })
}

describe('permissions', () => {
  it('let everybody at the own user and the own keys, and at nothing else', async () => {
    const simulator = await rehearse()
    const { users, tenancy, groups } = simulator.seed
    const as = simulator.people.OPERATOR
    const ask = async (path: string, rest: Partial<SignedCall> = {}): Promise<string> =>
      outcome(await signedCall(simulator, { path: `/20160918${path}`, as, ...rest }))
    expect(await ask(`/users/${users.operator}`)).toBe('200')
    expect(await ask(`/users/${users.operator}/apiKeys`)).toBe('200')
    const token = { method: 'POST', body: { description: 'mine' } }
    expect(await ask(`/users/${users.operator}/authTokens`, token)).toBe('200')
    const hidden = '404 NotAuthorizedOrNotFound'
    expect(await ask(`/users/${users.administrator}`)).toBe(hidden)
    expect(await ask(`/users/${users.administrator}/apiKeys`)).toBe(hidden)
    expect(await ask(`/users?compartmentId=${tenancy}`)).toBe(hidden)
    expect(await ask(`/groups/${groups.administrators}`)).toBe(hidden)
    expect(await ask(`/tenancies/${tenancy}`)).toBe(hidden)
    expect(await ask(`/users/${users.operator}/capabilities`, { method: 'PUT', body: {} })).toBe(hidden)
    const join = { userId: users.operator, groupId: groups.administrators }
    expect(await ask('/userGroupMemberships', { method: 'POST', body: join })).toBe(hidden)
  })

  it('let an auditor read everything and change nothing of others', async () => {
    const simulator = await rehearse()
    const { users, tenancy } = simulator.seed
    const as = simulator.people.AUDITOR
    const { fingerprint } = simulator.people.BOOTSTRAP
    const reads = [
      `/users?compartmentId=${tenancy}`,
      `/users/${users.administrator}/apiKeys`,
      `/users/${users.administrator}/smtpCredentials`,
      `/policies?compartmentId=${tenancy}`,
      `/tenancies/${tenancy}/regionSubscriptions`,
    ]
    for (const path of reads) expect((await signedCall(simulator, { path: `/20160918${path}`, as })).status).toBe(200)
    const path = `/20160918/users/${users.administrator}/apiKeys/${encodeURIComponent(fingerprint)}`
    expect(outcome(await signedCall(simulator, { method: 'DELETE', path, as }))).toBe('404 NotAuthorizedOrNotFound')
  })

  it('follow the groups at once', async () => {
    const simulator = await rehearse()
    const { users, groups, tenancy } = simulator.seed
    const as = simulator.people.OPERATOR
    const list = async (): Promise<number> =>
      (await signedCall(simulator, { path: `/20160918/users?compartmentId=${tenancy}`, as })).status
    const added = await call(simulator, 'POST', '/userGroupMemberships', {
      userId: users.operator,
      groupId: groups.administrators,
    })
    expect(added.status).toBe(200)
    expect(await list()).toBe(200)
    expect((await call(simulator, 'DELETE', `/userGroupMemberships/${added.at('id') as string}`)).status).toBe(204)
    expect(await list()).toBe(404)
  })

  it('answer 405 to a method that a path does not have', async () => {
    const simulator = await rehearse()
    const answer = await call(simulator, 'DELETE', `/tenancies/${simulator.seed.tenancy}`)
    expect(outcome(answer)).toBe('405 MethodNotAllowed')
  })
})

describe('users', () => {
  it('are shown as OCI shows them', async () => {
    const simulator = await rehearse()
    const { json, headers } = await call(simulator, 'GET', `/users/${simulator.seed.users.administrator}`)
    expect(headers['etag']).toBeDefined()
    expect(json).toMatchObject({
      name: 'cloud.administrator@example.org',
      description: 'Cloud Account Administrator',
      lifecycleState: 'ACTIVE',
      isMfaActivated: true,
      capabilities: { canUseApiKeys: true, canUseDbCredentials: true },
    })
    expect(json).not.toHaveProperty('inactiveStatus')
  })

  it('show why they are inactive, and can only be unblocked', async () => {
    const simulator = await rehearse()
    const { operator } = simulator.seed.users
    simulator.happen({ event: 'block-user', userId: operator })
    const { json } = await call(simulator, 'GET', `/users/${operator}`)
    expect(json).toMatchObject({ lifecycleState: 'INACTIVE', inactiveStatus: 4 })
    expect(outcome(await call(simulator, 'PUT', `/users/${operator}/state`, { blocked: true }))).toBe(
      '400 InvalidParameter',
    )
    const freed = await call(simulator, 'PUT', `/users/${operator}/state`, { blocked: false })
    expect(freed.at('lifecycleState')).toBe('ACTIVE')
  })

  it('keep the capabilities that an update leaves out, and honour if-match', async () => {
    const simulator = await rehearse()
    const path = `/20160918/users/${simulator.seed.users.administrator}`
    const { headers } = await signedCall(simulator, { path })
    const put = { method: 'PUT', path: `${path}/capabilities`, body: { canUseDBCredentials: false } }
    const wrong = await signedCall(simulator, { ...put, headers: { 'if-match': 'x' } })
    expect(outcome(wrong)).toBe('412 NoEtagMatch')
    const done = await signedCall(simulator, { ...put, headers: { 'if-match': headers['etag'] ?? '' } })
    expect(done.at('capabilities')).toMatchObject({ canUseDbCredentials: false, canUseApiKeys: true })
    const stale = await signedCall(simulator, { ...put, headers: { 'if-match': headers['etag'] ?? '' } })
    expect(outcome(stale)).toBe('412 NoEtagMatch')
  })

  it('refuse a capability spelt as the answer spells it', async () => {
    const simulator = await rehearse()
    const path = `/users/${simulator.seed.users.administrator}/capabilities`
    expect(outcome(await call(simulator, 'PUT', path, { canUseDbCredentials: false }))).toBe('400 CannotParseRequest')
  })

  it('keep their keys when the capability goes, unless it is believed otherwise', async () => {
    for (const [belief, status] of [
      ['false', 200],
      ['true', 401],
    ] as const) {
      const simulator = await rehearse({ beliefs: readBeliefs([`clearedCapabilityDisables=${belief}`]) })
      const path = `/users/${simulator.seed.users.administrator}`
      await call(simulator, 'PUT', `${path}/capabilities`, { canUseApiKeys: false })
      expect((await call(simulator, 'GET', path)).status).toBe(status)
    }
  })
})

describe('other credentials', () => {
  const kinds = [
    ['authTokens', { description: 'x' }, 'token'],
    ['customerSecretKeys', { displayName: 'x' }, 'key'],
    ['smtpCredentials', { description: 'x' }, 'password'],
    ['dbCredentials', { description: 'x', password: 'Secret12345' }, null],
    ['oauth2ClientCredentials', { name: 'x', description: 'x', scopes: [] }, 'password'],
  ] as const

  it.each(kinds)('%s are created, shown without their secret, and deleted', async (kind, body, secret) => {
    const simulator = await rehearse()
    const path = `/users/${simulator.seed.users.operator}/${kind}`
    const created = await call(simulator, 'POST', path, body)
    expect(created.status).toBe(200)
    if (secret !== null) expect(created.at(secret)).toMatch(/.{20}/)
    const listed = await call(simulator, 'GET', path)
    expect(listed.json).toHaveLength(1)
    expect(Object.keys(listed.at(0) as object)).not.toContain(secret)
    expect(listed.text).not.toContain('Secret12345')
    expect((await call(simulator, 'DELETE', `${path}/${created.at('id') as string}`)).status).toBe(204)
    expect((await call(simulator, 'GET', path)).json).toEqual([])
  })

  it('the seeded administrator has one of each', async () => {
    const simulator = await rehearse()
    const path = `/users/${simulator.seed.users.administrator}`
    for (const [kind] of kinds) expect((await call(simulator, 'GET', `${path}/${kind}`)).json).toHaveLength(1)
    expect((await call(simulator, 'GET', `${path}/swiftPasswords`)).json).toEqual([])
    expect((await call(simulator, 'GET', `${path}/mfaTotpDevices`)).json).toHaveLength(1)
    expect((await call(simulator, 'GET', `${path}/uiPassword`)).status).toBe(200)
  })

  it('are limited to two auth tokens', async () => {
    const simulator = await rehearse()
    const path = `/users/${simulator.seed.users.operator}/authTokens`
    const codes: string[] = []
    for (const description of ['1', '2', '3']) codes.push(outcome(await call(simulator, 'POST', path, { description })))
    expect(codes).toEqual(['200', '200', '400 LimitExceeded'])
  })

  it('a password reset sends mail, or answers a password without identity domains', async () => {
    const mailed = await rehearse()
    const answer = await call(mailed, 'POST', `/users/${mailed.seed.users.operator}/uiPassword`, {})
    expect(answer.status).toBe(200)
    expect(answer.json).not.toHaveProperty('password')
    const told = await rehearse({ beliefs: readBeliefs(['passwordResetByMail=false']) })
    const other = await call(told, 'POST', `/users/${told.seed.users.operator}/uiPassword`, {})
    expect(other.at('password')).toMatch(/.{20}/)
  })

  it('an MFA device is deleted, and the user is no longer shown with one', async () => {
    const simulator = await rehearse()
    const path = `/users/${simulator.seed.users.administrator}`
    const [device] = (await call(simulator, 'GET', `${path}/mfaTotpDevices`)).json as [{ id: string }]
    expect((await call(simulator, 'DELETE', `${path}/mfaTotpDevices/${device.id}`)).status).toBe(204)
    expect((await call(simulator, 'GET', path)).at('isMfaActivated')).toBe(false)
  })
})

describe('lists', () => {
  it('come in pages, with tokens that belong to their list', async () => {
    const simulator = await rehearse({ pageSize: 2 })
    const { tenancy } = simulator.seed
    const list = `/users?compartmentId=${tenancy}`
    const first = await call(simulator, 'GET', list)
    const token = first.headers['opc-next-page'] ?? ''
    expect(first.json).toHaveLength(2)
    expect(token).not.toBe('')
    const second = await call(simulator, 'GET', `${list}&page=${encodeURIComponent(token)}`)
    expect(second.json).toHaveLength(2)
    const third = await call(simulator, 'GET', `${list}&page=${encodeURIComponent(second.headers['opc-next-page'] ?? '')}`)
    expect(third.json).toHaveLength(1)
    expect(third.headers).not.toHaveProperty('opc-next-page')
    const ids = [first, second, third].flatMap(({ json }) => json as { id: string }[]).map(({ id }) => id)
    expect(new Set(ids)).toEqual(new Set(Object.values(simulator.seed.users)))
    const misused = await call(simulator, 'GET', `/groups?compartmentId=${tenancy}&name=x&page=${encodeURIComponent(token)}`)
    expect(outcome(misused)).toBe('400 InvalidParameter')
    expect(outcome(await call(simulator, 'GET', `${list}&page=abc`))).toBe('400 InvalidParameter')
    expect((await call(simulator, 'GET', `${list}&limit=1`)).json).toHaveLength(1)
    for (const limit of ['0', '1001', 'x']) {
      expect(outcome(await call(simulator, 'GET', `${list}&limit=${limit}`))).toBe('400 InvalidParameter')
    }
  })

  it('of memberships need the tenancy and a user or a group', async () => {
    const simulator = await rehearse()
    const { tenancy, users, groups } = simulator.seed
    const list = '/userGroupMemberships'
    expect(outcome(await call(simulator, 'GET', `${list}?userId=${users.operator}`))).toBe('400 MissingParameter')
    expect(outcome(await call(simulator, 'GET', `${list}?compartmentId=${tenancy}`))).toBe('400 MissingParameter')
    const of = async (query: string): Promise<number> =>
      ((await call(simulator, 'GET', `${list}?compartmentId=${tenancy}&${query}`)).json as unknown[]).length
    expect(await of(`groupId=${groups.administrators}`)).toBe(2)
    expect(await of(`userId=${users.administrator}`)).toBe(1)
    expect(await of(`userId=${users.operator}&groupId=${groups.administrators}`)).toBe(0)
  })

  it('of regions, compartments and domains say what there is', async () => {
    const simulator = await rehearse()
    const { tenancy, domain } = simulator.seed
    expect((await call(simulator, 'GET', `/tenancies/${tenancy}`)).at('homeRegionKey')).toBe('FRA')
    expect((await call(simulator, 'GET', `/tenancies/${tenancy}/regionSubscriptions`)).json).toEqual([
      { regionKey: 'FRA', regionName: 'eu-frankfurt-1', status: 'READY', isHomeRegion: true },
      { regionKey: 'AMS', regionName: 'eu-amsterdam-1', status: 'READY', isHomeRegion: false },
    ])
    const subtree = `/compartments?compartmentId=${tenancy}&compartmentIdInSubtree=true&accessLevel=ANY`
    expect((await call(simulator, 'GET', subtree)).json).toHaveLength(2)
    const [found] = (await call(simulator, 'GET', `/domains?compartmentId=${tenancy}&type=DEFAULT`)).json as [object]
    expect(found).toMatchObject({ id: domain, url: simulator.domainUrl, type: 'DEFAULT' })
    expect((await call(simulator, 'GET', `/domains/${domain}`)).at('url')).toBe(simulator.domainUrl)
  })
})

describe('policies', () => {
  it('are written, changed and removed, but not the built-in one', async () => {
    const simulator = await rehearse()
    const { tenancy } = simulator.seed
    const statements = ["Allow group Operators to manage all-resources in tenancy where request.utc-timestamp before '2026-11-20T13:00Z'"]
    const details = { compartmentId: tenancy, name: 'incident-7', description: 'For an hour', statements }
    const created = await call(simulator, 'POST', '/policies', details)
    expect(created.json).toMatchObject({ ...details, lifecycleState: 'ACTIVE' })
    expect(outcome(await call(simulator, 'POST', '/policies', details))).toBe('409 PolicyAlreadyExists')
    const path = `/policies/${created.at('id') as string}`
    expect(outcome(await call(simulator, 'PUT', path, { statements: ['please'] }))).toBe('400 InvalidParameter')
    expect((await call(simulator, 'PUT', path, { description: 'Over' })).at('description')).toBe('Over')
    expect((await call(simulator, 'DELETE', path)).status).toBe(204)
    const [builtIn] = (await call(simulator, 'GET', `/policies?compartmentId=${tenancy}`)).json as [{ id: string }]
    expect(outcome(await call(simulator, 'DELETE', `/policies/${builtIn.id}`))).toBe('403 NotAllowed')
  })
})
