import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { rulesSchema, type Rules } from '../../src/custody/rules.js'
import { checkRules } from '../../src/warrant/issue.js'
import { codeWords, parseWarrant, purpose, warrantDigest, warrantFile, warrantSchema, type Warrant } from '../../src/warrant/warrant.js'
import { rulesOf, SESSIONS, vectorText, warrantOf } from '../vectors/frozen.js'
import { refusal } from '../vectors/refusal.js'
import { DISABLE, ENABLE, TAKEOVER, warrantFor } from './requests.js'

describe('warrant.json', () => {
  const golden = warrantOf(SESSIONS[1])

  test('digest and code words, by hand', () => {
    const text = vectorText(`custody/sessions/${SESSIONS[1]}/warrant.json`)
    expect(warrantFile(golden)).toBe(text)
    expect(warrantDigest(golden)).toBe(createHash('sha256').update(text.slice(0, -1)).digest('hex'))
    expect(codeWords(golden).split(' ')).toHaveLength(4)
  })

  test('every field is under the digest', () => {
    for (const field of Object.keys(golden) as (keyof Warrant)[]) {
      const value = golden[field]
      const other = { ...golden, [field]: typeof value === 'boolean' ? !value : typeof value === 'number' ? value + 1 : 'other' }
      expect(warrantDigest(other), field).not.toBe(warrantDigest(golden))
    }
  })

  test('what to do', () => {
    expect(refusal(() => parseWarrant('{}\n'))).toMatchObject({ code: 'WARRANT_INVALID', hint: 'Ask for a new warrant.' })
  })

  test.each([
    'https://idcs-0a1b.identity.oraclecloud.com', 'https://host:443', 'http://127.0.0.1:8080', 'http://[::1]:8080', 'http://localhost:1',
  ])('an origin: %s', (domainUrl) => {
    expect(warrantSchema.safeParse({ ...golden, action: { ...TAKEOVER, domainUrl } }).success).toBe(true)
  })
  test.each([
    'https://host/', 'https://host/path', 'https://host?q', 'https://host#f', 'https://user@host', 'https://user:pass@host', 'ftp://host', 'https://ho st', 'https://', 'host', 'HTTPS://host', 'https://HOST',
    'https://host\\path', 'https://hоst', 'https://host:', 'https://host:123456', 'https://host\n', 'https://a／b',
  ])('no origin: %j', (domainUrl) => {
    expect(warrantSchema.safeParse({ ...golden, action: { ...TAKEOVER, domainUrl } }).success).toBe(false)
  })

  test.each([['..', false], ['.', false], ['-a', false], ['a..b', true], ['a/b', false], ['', false], ['a'.repeat(128), true], ['a'.repeat(129), false], ['a%2fb', false]])('a domain user id: %s, %s', (domainUserId, good) => {
    // With ".." the address that was compared would not be the one that a URL parser signs.
    expect(warrantSchema.safeParse({ ...golden, action: { ...TAKEOVER, domainUserId } }).success).toBe(good)
  })

  test('hours of SAAS_ADMIN: 1 to 24, whole', () => {
    const hours = (value: number): boolean => warrantSchema.safeParse({ ...golden, action: { ...ENABLE, enable: { secretId: 'ocid1.vaultsecret.oc1.eu-frankfurt-1.amaaaaaaexample', secretVersion: 3, access: 'read-only', hours: value } } }).success
    expect([0, 1, 24, 25, 1.5].map(hours)).toEqual([false, true, true, false, false])
  })

  test('what it is for, aloud', () => {
    expect([ENABLE, DISABLE, TAKEOVER, { name: 'rotate' } as const].map(purpose)).toEqual([
      'enable SAAS_ADMIN read-only for 2 h on ocid1.autonomousdatabase.oc1.eu-frankfurt-1.antheljtexample in eu-frankfurt-1, password from ocid1.vaultsecret.oc1.eu-frankfurt-1.amaaaaaaexample, version 3',
      'disable SAAS_ADMIN on ocid1.autonomousdatabase.oc1.eu-frankfurt-1.antheljtexample',
      'take the user over (domain https://idcs-0a1b.identity.oraclecloud.com, user 0a1b2c3d): API keys as the only way in, other credentials removed',
      'rotate the key; nothing else',
    ])
  })
})

describe('the sealed rules', () => {
  const rules: Rules = rulesSchema.parse({ ...rulesOf(2), regions: ['eu-frankfurt-1'] })
  const hint = 'These rules were sealed with the key. Others hold for keys of a later ceremony only: docs/operating.md.'
  const enabled = (change: object): Warrant => ({ ...warrantFor(ENABLE), action: { ...ENABLE, enable: { secretId: 'ocid1.vaultsecret.oc1.eu-frankfurt-1.amaaaaaaexample', secretVersion: null, access: 'read-only' as const, hours: 4, ...change } } as Warrant['action'] })
  const lasting = (ms: number): Warrant => warrantFor(ENABLE, { opens: '2026-11-22T02:30:00.000Z', deadline: new Date(Date.parse('2026-11-22T02:30:00.000Z') + ms).toISOString() })
  const refused = (warrant: Warrant, message: string, by = rules): void => {
    expect(refusal(() => checkRules(warrant, by))).toMatchObject({ code: 'RULES_REFUSED', message, hint })
  }
  const allowed = (warrant: Warrant, by = rules): void => {
    expect(checkRules(warrant, by)).toBe(warrant)
  }

  test('use cases', () => {
    allowed(warrantFor(ENABLE))
    refused(warrantFor(ENABLE, { useCase: 'curiosity' }), '"curiosity" is not a permitted use case (access-control-failure, restricted-data, drill)')
    refused(warrantFor(ENABLE, { useCase: 'takeover' }), '"takeover" is not a permitted use case (access-control-failure, restricted-data, drill)')
    refused(warrantFor(ENABLE, { useCase: 'drill' }), 'use case "drill" does not permit saas-admin (it permits rotate)')
    allowed(warrantFor({ name: 'rotate' }, { useCase: 'drill' }))
    allowed(warrantFor(TAKEOVER, { useCase: 'takeover' }))
  })

  test('minutes: more than 0, at most 60', () => {
    allowed(lasting(1))
    allowed(lasting(60 * 60_000))
    refused(lasting(0), 'a warrant runs for more than 0 and at most 60 minutes; this one for 0')
    refused(lasting(-60_000), 'a warrant runs for more than 0 and at most 60 minutes; this one for -1')
    refused(lasting(60 * 60_000 + 60_000), 'a warrant runs for more than 0 and at most 60 minutes; this one for 61')
    expect(refusal(() => checkRules(lasting(60 * 60_000 + 1), rules)).code).toBe('RULES_REFUSED')
    refused({ ...lasting(1), deadline: 'never' }, 'a warrant runs for more than 0 and at most 60 minutes; this one for NaN')
    refused({ ...warrantFor(TAKEOVER), deadline: '2026-11-22T04:30:00.000Z', opens: '2026-11-22T02:30:00.000Z' }, 'a warrant runs for more than 0 and at most 60 minutes; this one for 120')
  })

  test('calls: at most 12', () => {
    allowed(warrantFor(ENABLE, { calls: 12 }))
    refused(warrantFor(ENABLE, { calls: 13 }), 'at most 12 calls are allowed; this warrant asks for 13')
  })

  test('regions and databases', () => {
    refused(warrantFor({ ...ENABLE, region: 'eu-amsterdam-1' } as Warrant['action']), 'region eu-amsterdam-1 is not among the regions of the rules')
    const only = (database: string): Rules => ({ ...rules, saasAdmin: { ...rules.saasAdmin, databases: [database] } })
    allowed(warrantFor(ENABLE), only('ocid1.autonomousdatabase.oc1.eu-frankfurt-1.antheljtexample'))
    refused(warrantFor(ENABLE), 'database ocid1.autonomousdatabase.oc1.eu-frankfurt-1.antheljtexample is not among the databases of the rules', only('ocid1.autonomousdatabase.oc1.eu-frankfurt-1.other'))
  })

  test('hours and access of SAAS_ADMIN', () => {
    allowed(enabled({ hours: 4 }))
    refused(enabled({ hours: 5 }), 'SAAS_ADMIN may be enabled for at most 4 h; this warrant asks for 5 h')
    allowed(enabled({ access: 'read-write' }))
    refused(enabled({ access: 'admin' }), 'SAAS_ADMIN access admin is not allowed (read-only, read-write)')
    allowed(warrantFor(DISABLE))
  })

  test('the probe schedule is that of the rules; only a rehearsal has another', () => {
    const short = { intervalSeconds: 1, confirmAfterSeconds: 5, giveUpAfterMinutes: 1 }
    const message = 'the probe schedule of this warrant is not that of the rules'
    refused(warrantFor(ENABLE, { probes: short }), message)
    refused(warrantFor(ENABLE, { probes: { ...rules.probes, confirmAfterSeconds: 119 } }), message)
    allowed(warrantFor(ENABLE, { probes: short, rehearsal: true }))
    allowed(warrantFor(ENABLE, { rehearsal: true }))
    refused(warrantFor(ENABLE, { probes: { ...short, confirmAfterSeconds: 6 }, rehearsal: true }), message)
  })
})
