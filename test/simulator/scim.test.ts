import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { readBeliefs } from '../../src/simulator/beliefs.js'
import type { Simulator } from '../../src/simulator/simulator.js'
import { AWAY, rehearse, signedCall, type SignedCall, type WireAnswer } from './rehearsal.js'

const IDCS = 'urn:ietf:params:scim:schemas:oracle:idcs'
const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error'
const ORACLE_ERROR = 'urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error'
const SELF = { [`${IDCS}:extension:selfChange:User:allowSelfChange`]: true }
const GOOD = 'Aa1'.padEnd(20, 'x')

function scim(simulator: Simulator, method: string, path: string, rest: Partial<SignedCall> = {}): Promise<WireAnswer> {
  return signedCall(simulator, { method, path: `/admin/v1${path}`, ...rest })
}

function list(simulator: Simulator, path: string, query: Record<string, string>): Promise<WireAnswer> {
  const text = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
  return scim(simulator, 'GET', `${path}?${text.join('&')}`)
}

function idOf(simulator: Simulator, userId: string): string {
  return simulator.tenancy.identity.users.find((user) => user.id === userId)?.scimId ?? ''
}

describe('lists of the identity domain', () => {
  it('find a user by OCID or by name', async () => {
    const simulator = await rehearse()
    const { operator } = simulator.seed.users
    for (const filter of [`ocid eq "${operator}"`, 'userName eq "olga.operator@example.org"']) {
      const { status, json } = await list(simulator, '/Users', { filter })
      expect(status).toBe(200)
      expect(json).toMatchObject({
        schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
        totalResults: 1,
        startIndex: 1,
        itemsPerPage: 1,
        Resources: [{ ocid: operator, userName: 'olga.operator@example.org', active: true }],
      })
    }
  })

  it('find the members of a group, and show groups only when asked', async () => {
    const simulator = await rehearse()
    const groups = await list(simulator, '/Groups', { filter: 'displayName eq "Administrators"' })
    const group = groups.at('Resources', 0) as { id: string }
    expect(group).not.toHaveProperty('members')
    const filter = `groups.value eq "${group.id}"`
    const plain = await list(simulator, '/Users', { filter })
    expect(plain.at('totalResults')).toBe(2)
    expect(plain.at('Resources', 0)).not.toHaveProperty('groups')
    const asked = await list(simulator, '/Users', { filter, attributes: 'userName,groups' })
    expect(asked.at('Resources', 0, 'groups', 0)).toMatchObject({ value: group.id, display: 'Administrators' })
    expect(asked.at('Resources', 0)).not.toHaveProperty('displayName')
    const members = await scim(simulator, 'GET', `/Groups/${group.id}?attributes=members`)
    expect(members.at('members')).toHaveLength(2)
  })

  it('join comparisons', async () => {
    const simulator = await rehearse()
    const count = async (filter: string): Promise<number> =>
      (await list(simulator, '/Users', { filter })).at('totalResults') as number
    expect(await count('userName sw "olga" or userName sw "august"')).toBe(2)
    expect(await count('userName co "administrator" and not (userName sw "second")')).toBe(1)
    expect(await count('active eq true')).toBe(5)
    expect(await count('userName ne "olga.operator@example.org"')).toBe(4)
    expect(await count('groups.value pr')).toBe(5)
  })

  it.each(['userName eq', 'userName eq olga', 'shoeSize eq "9"', '(active eq true', 'active eq true)', 'active gt 1', ''])(
    'refuse the filter %s',
    async (filter) => {
      const simulator = await rehearse()
      const answer = await list(simulator, '/Users', { filter })
      expect(answer.status).toBe(400)
      expect(answer.json).toMatchObject({ schemas: [ERROR, ORACLE_ERROR], status: '400' })
      expect(answer.at(ORACLE_ERROR, 'messageId')).toBe('error.common.common.invalidFilter')
    },
  )

  it('come in pages by startIndex and count, or by limit and token', async () => {
    const simulator = await rehearse()
    const second = await list(simulator, '/Users', { startIndex: '4', count: '1', sortBy: 'userName' })
    expect(second.json).toMatchObject({ totalResults: 5, startIndex: 4, itemsPerPage: 1 })
    expect(second.at('Resources', 0, 'userName')).toBe('olga.operator@example.org')
    const first = await list(simulator, '/Users', { limit: '3' })
    const rest = await list(simulator, '/Users', { limit: '3', page: first.headers['opc-next-page'] ?? '' })
    expect([first.at('itemsPerPage'), rest.at('itemsPerPage')]).toEqual([3, 2])
    expect(rest.headers).not.toHaveProperty('opc-next-page')
  })

  it('of keys and credentials are searched by owner', async () => {
    const simulator = await rehearse()
    const { administrator } = simulator.seed.users
    const of = async (segment: string): Promise<number> =>
      (await list(simulator, `/${segment}`, { filter: `user.ocid eq "${administrator}"` })).at('totalResults') as number
    expect(await of('ApiKeys')).toBe(2)
    for (const segment of ['AuthTokens', 'CustomerSecretKeys', 'SmtpCredentials', 'UserDbCredentials', 'OAuth2ClientCredentials']) {
      expect(await of(segment)).toBe(1)
    }
  })

  it('can be asked for with a body', async () => {
    const simulator = await rehearse()
    const body = {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'],
      filter: 'userName sw "olga"',
      attributes: ['userName'],
    }
    const { json } = await scim(simulator, 'POST', '/Users/.search', { body })
    expect(json).toMatchObject({ totalResults: 1, Resources: [{ userName: 'olga.operator@example.org' }] })
  })

  it('show somebody without a role the own user only', async () => {
    const simulator = await rehearse()
    const as = simulator.people.OPERATOR
    expect((await scim(simulator, 'GET', '/Users', { as })).at('totalResults')).toBe(1)
    expect((await scim(simulator, 'GET', '/ApiKeys', { as })).at('totalResults')).toBe(1)
    const other = await scim(simulator, 'GET', `/Users/${idOf(simulator, simulator.seed.users.administrator)}`, { as })
    expect([other.status, other.at('status')]).toEqual([404, '404'])
  })
})

describe('a user of the identity domain', () => {
  it('shows capabilities and the state of MFA, and its devices when asked', async () => {
    const simulator = await rehearse()
    const path = `/Users/${idOf(simulator, simulator.seed.users.administrator)}`
    const plain = await scim(simulator, 'GET', path)
    expect(plain.at(`${IDCS}:extension:capabilities:User`, 'canUseApiKeys')).toBe(true)
    const mfa = `${IDCS}:extension:mfa:User`
    expect(plain.at(mfa, 'mfaStatus')).toBe('ENROLLED')
    expect(plain.at(mfa)).not.toHaveProperty('devices')
    const asked = await scim(simulator, 'GET', `${path}?attributes=${encodeURIComponent(`${mfa}:devices,userName`)}`)
    expect(asked.at(mfa, 'devices')).toHaveLength(1)
  })

  it('is there in the home region only', async () => {
    const simulator = await rehearse()
    const answer = await scim(simulator, 'GET', '/Users', { region: AWAY })
    expect([answer.status, answer.at('status')]).toEqual([404, '404'])
  })
})

describe('the self-change rule', () => {
  const put = (segment: string, fields: object): Partial<SignedCall> => ({
    body: { schemas: [`${IDCS}:${segment}`], ...fields },
  })

  it('binds whoever changes the own password, and nobody else', async () => {
    const simulator = await rehearse()
    const { administrator, operator } = simulator.seed.users
    const own = `/UserPasswordChanger/${idOf(simulator, administrator)}`
    const fields = { password: GOOD, bypassNotification: true }
    const refused = await scim(simulator, 'PUT', own, put('UserPasswordChanger', fields))
    expect([refused.status, refused.at('status')]).toEqual([403, '403'])
    const allowed = await scim(simulator, 'PUT', own, put('UserPasswordChanger', { ...fields, ...SELF }))
    expect(allowed.status).toBe(200)
    expect(allowed.text).not.toContain(GOOD)
    const user = simulator.tenancy.identity.users.find(({ id }) => id === administrator)
    expect(user?.consolePassword?.sha256).toBe(createHash('sha256').update(GOOD).digest('hex'))
    const other = `/UserPasswordChanger/${idOf(simulator, operator)}`
    expect((await scim(simulator, 'PUT', other, put('UserPasswordChanger', fields))).status).toBe(200)
  })

  it('takes the switch nested too, as the SDK writes it', async () => {
    const simulator = await rehearse()
    const own = `/UserCapabilitiesChanger/${idOf(simulator, simulator.seed.users.administrator)}`
    const nested = { [`${IDCS}:extension:selfChange:User`]: { allowSelfChange: true } }
    const fields = { canUseConsolePassword: false, canUseDbCredentials: false }
    expect((await scim(simulator, 'PUT', own, put('UserCapabilitiesChanger', fields))).status).toBe(403)
    const done = await scim(simulator, 'PUT', own, put('UserCapabilitiesChanger', { ...fields, ...nested }))
    expect(done.json).toMatchObject({ canUseConsolePassword: false, canUseDbCredentials: false, canUseApiKeys: true })
  })

  it('binds deletes by a query', async () => {
    const simulator = await rehearse()
    const { administrator } = simulator.seed.users
    const key = simulator.tenancy.identity.apiKeys.findLast((candidate) => candidate.userId === administrator)
    const path = `/ApiKeys/${key?.scimId ?? ''}`
    expect((await scim(simulator, 'DELETE', path)).status).toBe(403)
    expect((await scim(simulator, 'DELETE', `${path}?allowSelfChange=true`)).status).toBe(204)
    expect(key?.timeDeleted).toBe(simulator.now())
    expect((await scim(simulator, 'DELETE', `${path}?allowSelfChange=true`)).status).toBe(404)
  })

  it('can be believed away', async () => {
    const simulator = await rehearse({ beliefs: readBeliefs(['scimSelfChange=allowed']) })
    const own = `/UserPasswordChanger/${idOf(simulator, simulator.seed.users.administrator)}`
    expect((await scim(simulator, 'PUT', own, put('UserPasswordChanger', { password: GOOD }))).status).toBe(200)
  })
})

describe('changers', () => {
  it('refuse passwords that the policy does not take', async () => {
    const simulator = await rehearse()
    const path = `/UserPasswordChanger/${idOf(simulator, simulator.seed.users.operator)}`
    const of = async (password: string): Promise<number> =>
      (await scim(simulator, 'PUT', path, { body: { schemas: [`${IDCS}:UserPasswordChanger`], password } })).status
    expect(await of('Aa1'.padEnd(11, 'x'))).toBe(400)
    expect(await of('Aa1'.padEnd(12, 'x'))).toBe(200)
    expect(await of('Aa1'.padEnd(40, 'x'))).toBe(200)
    expect(await of('Aa1'.padEnd(41, 'x'))).toBe(400)
    expect(await of('x'.repeat(20))).toBe(400)
  })

  it('refuse a body that does not name the schema', async () => {
    const simulator = await rehearse()
    const path = `/UserPasswordChanger/${idOf(simulator, simulator.seed.users.operator)}`
    expect((await scim(simulator, 'PUT', path, { body: { password: GOOD } })).status).toBe(400)
  })

  it('remove the factors of MFA', async () => {
    const simulator = await rehearse()
    const { administrator } = simulator.seed.users
    const body = {
      schemas: [`${IDCS}:AuthenticationFactorsRemover`],
      user: { value: idOf(simulator, administrator) },
      type: 'MFA',
    }
    const done = await scim(simulator, 'POST', '/AuthenticationFactorsRemover', { body })
    expect(done.status).toBe(201)
    const user = await scim(simulator, 'GET', `/Users/${idOf(simulator, administrator)}`)
    expect(user.at(`${IDCS}:extension:mfa:User`, 'mfaStatus')).toBe('UN_ENROLLED')
  })

  it('switch a user off and on', async () => {
    const simulator = await rehearse()
    const path = `/UserStatusChanger/${idOf(simulator, simulator.seed.users.operator)}`
    const set = (active: boolean): Promise<WireAnswer> =>
      scim(simulator, 'PUT', path, { body: { schemas: [`${IDCS}:UserStatusChanger`], active } })
    expect((await set(false)).status).toBe(200)
    const own = { path: `/20160918/users/${simulator.seed.users.operator}`, as: simulator.people.OPERATOR }
    expect((await signedCall(simulator, own)).status).toBe(401)
    await set(true)
    expect((await signedCall(simulator, own)).status).toBe(200)
  })

  it('are for administrators', async () => {
    const simulator = await rehearse()
    const path = `/UserCapabilitiesChanger/${idOf(simulator, simulator.seed.users.operator)}`
    const body = { schemas: [`${IDCS}:UserCapabilitiesChanger`], canUseApiKeys: true, ...SELF }
    for (const as of [simulator.people.OPERATOR, simulator.people.AUDITOR]) {
      expect((await scim(simulator, 'PUT', path, { body, as })).status).toBe(404)
    }
  })
})
