import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { isIdentityHost, isLoopback, isRealmHost, originOf, realmDomain, realmOf } from '../../src/wire/hosts.js'
import { refusal } from '../vectors/refusal.js'

test('hosts of a realm', () => {
  expect(originOf('identity', 'eu-frankfurt-1', 'oc1', {})).toBe('https://identity.eu-frankfurt-1.oci.oraclecloud.com')
  expect(originOf('database', 'eu-frankfurt-1', 'oc1', {})).toBe('https://database.eu-frankfurt-1.oraclecloud.com')
  expect(originOf('identity', 'us-langley-1', 'oc2', {})).toBe('https://identity.us-langley-1.oci.oraclegovcloud.com')
  expect(originOf('database', 'eu-madrid-2', 'oc19', {})).toBe('https://database.eu-madrid-2.oraclecloud.eu')
})

test('an endpoint takes the place of every service of its region, and of no other', () => {
  const endpoints = { 'eu-frankfurt-1': 'http://127.0.0.1:1' }
  expect(originOf('identity', 'eu-frankfurt-1', 'oc1', endpoints)).toBe('http://127.0.0.1:1')
  expect(originOf('database', 'eu-frankfurt-1', 'oc1', endpoints)).toBe('http://127.0.0.1:1')
  expect(originOf('identity', 'eu-amsterdam-1', 'oc1', endpoints)).toBe('https://identity.eu-amsterdam-1.oci.oraclecloud.com')
})

test('realms: known and unknown', () => {
  expect(['oc1', 'oc2', 'oc3', 'oc4', 'oc8', 'oc9', 'oc10', 'oc14', 'oc15', 'oc19', 'oc20'].map(realmDomain)).toEqual([
    'oraclecloud.com', 'oraclegovcloud.com', 'oraclegovcloud.com', 'oraclegovcloud.uk', 'oraclecloud8.com', 'oraclecloud9.com', 'oraclecloud10.com', 'oraclecloud14.com', 'oraclecloud15.com', 'oraclecloud.eu', 'oraclecloud20.com',
  ])
  // The SDK's own table, whole: a realm that it gains with an upgrade is missed here.
  const table = (createRequire(import.meta.url)('oci-common') as { Realm: { values(): { realmId: string; secondLevelDomain: string }[] } }).Realm.values()
  expect(table.length).toBeGreaterThan(19)
  for (const { realmId, secondLevelDomain } of table) expect([realmId, realmDomain(realmId)]).toEqual([realmId, secondLevelDomain])
  expect(refusal(() => realmDomain('oc99'))).toMatchObject({ code: 'CONFIG_INVALID', message: 'realm oc99 is not known to glasskey' })
  for (const realm of ['constructor', '__proto__', 'toString']) expect(refusal(() => realmDomain(realm)).code).toBe('CONFIG_INVALID')
  expect(realmOf('ocid1.tenancy.oc1..aaaa')).toBe('oc1')
  expect(realmOf('nonsense')).toBe('')
})

describe('for whom a rehearsal key signs', () => {
  test.each(['http://127.0.0.1', 'http://127.0.0.1:8080', 'https://127.0.0.1:8443', 'http://[::1]:8080', 'http://localhost:8080'])('%s', (origin) => {
    expect(isLoopback(origin)).toBe(true)
  })
  test.each(['http://127.0.0.2', 'http://0.0.0.0', 'http://localhost.evil.example', 'http://127.0.0.1.evil.example', 'https://identity.eu-frankfurt-1.oci.oraclecloud.com', 'ftp://127.0.0.1', 'http://127.0.0.1@evil.example', 'http://10.0.0.1', 'http://[::2]'])('not %s', (origin) => {
    expect(isLoopback(origin)).toBe(false)
  })
})

describe('for whom a real key signs', () => {
  test.each(['https://identity.eu-frankfurt-1.oci.oraclecloud.com', 'https://idcs-0a1b.identity.oraclecloud.com', 'https://idcs-0a1b.identity.oraclecloud.com:443'])('%s', (origin) => {
    expect(isRealmHost(origin, 'oc1')).toBe(true)
  })
  test.each([
    'http://identity.eu-frankfurt-1.oci.oraclecloud.com', 'https://oraclecloud.com', 'https://evil-oraclecloud.com', 'https://oraclecloud.com.evil.example', 'https://identity.oraclecloud.com:8443', 'https://identity.oraclecloud.com@evil.example',
    'https://identity.us-langley-1.oci.oraclegovcloud.com', 'https://127.0.0.1', 'https://identity.oraclecloud.com.', 'https://evil.example/.oraclecloud.com', 'https://evil.example\\.oraclecloud.com',
  ])('not %s', (origin) => {
    expect(isRealmHost(origin, 'oc1')).toBe(false)
  })
  test('nor for those of another realm', () => {
    expect(isRealmHost('https://identity.eu-frankfurt-1.oci.oraclecloud.com', 'oc19')).toBe(false)
    expect(isRealmHost('https://identity.eu-madrid-2.oci.oraclecloud.eu', 'oc19')).toBe(true)
  })
})

describe('for whom a lent login signs', () => {
  test.each(['https://identity.eu-frankfurt-1.oci.oraclecloud.com', 'https://audit.eu-frankfurt-1.oraclecloud.com', 'https://idcs-0a1b.identity.oraclecloud.com', 'https://idcs-0a1b.eu-frankfurt-1.identity.oraclecloud.com'])('%s', (origin) => {
    expect(isIdentityHost(origin, 'oc1')).toBe(true)
  })
  test.each([
    'https://database.eu-frankfurt-1.oraclecloud.com', 'https://objectstorage.eu-frankfurt-1.oraclecloud.com', 'https://identity.evil.example.oraclecloud.com', 'https://xidentity.eu-frankfurt-1.oci.oraclecloud.com', 'https://idcs-.identity.oraclecloud.com',
    'http://identity.eu-frankfurt-1.oci.oraclecloud.com', 'https://identity.eu-frankfurt-1.oci.oraclecloud.com.evil.example', 'https://identity.us-langley-1.oci.oraclegovcloud.com',
  ])('not %s', (origin) => {
    expect(isIdentityHost(origin, 'oc1')).toBe(false)
  })
})
