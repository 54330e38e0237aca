import { describe, expect, test } from 'vitest'
import { admit, admittedRequest, scopeOf, type Admission, type Asker } from '../../src/warrant/scope.js'
import type { Warrant } from '../../src/warrant/warrant.js'
import type { UnsignedRequest } from '../../src/wire/signature.js'
import { manifestOf } from '../vectors/frozen.js'
import { refusal } from '../vectors/refusal.js'
import { DISABLE, ENABLE, request, TAKEOVER, warrantFor } from './requests.js'

const IDENTITY = 'https://identity.eu-frankfurt-1.oci.oraclecloud.com'
const DATABASE = 'https://database.eu-frankfurt-1.oraclecloud.com'
const USER = '/20160918/users/ocid1.user.oc1..aaaaaaaabreakglassexample'
const ADB = '/20160918/autonomousDatabases/ocid1.autonomousdatabase.oc1.eu-frankfurt-1.antheljtexample'
const KEY = encodeURIComponent(manifestOf(2).fingerprint)
const CONFIGURE = { isEnabled: true, secretId: 'ocid1.vaultsecret.oc1.eu-frankfurt-1.amaaaaaaexample', secretVersionNumber: 3, accessType: 'READ_ONLY', duration: 2 }

const none = new Map<string, number>()
const rule = (warrant: Warrant, asked: UnsignedRequest, asker: Asker = 'strongroom'): string => admit(scopeOf(warrant), asked, asker, none).rule
const refused = (warrant: Warrant, asked: UnsignedRequest, asker: Asker = 'strongroom'): void => {
  expect(refusal(() => rule(warrant, asked, asker))).toMatchObject({ code: 'OUTSIDE_WARRANT', hint: 'Nothing was signed. The key will be rotated.' })
}

describe('the whole scope, in words', () => {
  const list = (warrant: Warrant): string[] => scopeOf(warrant).map(({ rule: name, by, method, origin, target, times }) => `${by} ${method} ${origin}${target} (${name}, ${times ?? 'any'})`)
  const exit = [
    `strongroom GET ${IDENTITY}${USER} (read own user, any)`,
    `strongroom GET ${IDENTITY}${USER}/apiKeys (read own keys, any)`,
    `strongroom GET ${IDENTITY}/20160918/userGroupMemberships?compartmentId=ocid1.tenancy.oc1..aaaaaaaatenancyexample&userId=ocid1.user.oc1..aaaaaaaabreakglassexample (read own groups, any)`,
    ...['authTokens', 'customerSecretKeys', 'smtpCredentials', 'dbCredentials', 'oauth2ClientCredentials', 'mfaTotpDevices'].map((kind) => `strongroom GET ${IDENTITY}${USER}/${kind} (read own ${kind}, any)`),
    `strongroom GET ${IDENTITY}${USER} (probe, any)`,
    `strongroom GET https://identity.eu-amsterdam-1.oci.oraclecloud.com${USER} (probe, any)`,
    `strongroom POST ${IDENTITY}${USER}/apiKeys (exit: upload successor, any)`,
    `strongroom DELETE ${IDENTITY}${USER}/apiKeys/${KEY} (exit: delete used key, any)`,
    `strongroom DELETE ${IDENTITY}${USER}/apiKeys/{fingerprint} (exit: delete a key that is not to be there, any)`,
  ]
  test('rotate: the exit and nothing else', () => {
    expect(list(warrantFor({ name: 'rotate' }))).toEqual(exit)
  })
  test('without a successor nothing is uploaded or deleted', () => {
    expect(list(warrantFor({ name: 'rotate' }, { successor: null }))).toEqual(exit.filter((line) => line.startsWith('strongroom GET ')))
  })
  test('what deletes strangers\' keys fits neither the used key nor its successor', () => {
    const warrant = warrantFor({ name: 'rotate' })
    const deletion = (fingerprint: string): UnsignedRequest => request('DELETE', `${IDENTITY}${USER}/apiKeys/${encodeURIComponent(fingerprint)}`)
    expect(rule(warrant, deletion('00:'.repeat(15) + '00'))).toBe('exit: delete a key that is not to be there')
    expect(rule(warrant, deletion(warrant.key.fingerprint))).toBe('exit: delete used key')
    refused(warrant, deletion(warrant.successor?.fingerprint ?? ''))
  })
  test('saas-admin', () => {
    expect(list(warrantFor(ENABLE)).slice(exit.length)).toEqual([
      `clerk GET ${DATABASE}${ADB} (read the database, 12)`,
      `strongroom POST ${DATABASE}${ADB}/actions/getSaasAdminUserStatus (read SAAS_ADMIN status back, 30)`,
      `clerk POST ${DATABASE}${ADB}/actions/configureSaasAdminUser (enable SAAS_ADMIN, 1)`,
    ])
    expect(list(warrantFor(DISABLE)).at(-1)).toBe(`clerk POST ${DATABASE}${ADB}/actions/configureSaasAdminUser (disable SAAS_ADMIN, 1)`)
  })
  test('takeover', () => {
    const domain = 'https://idcs-0a1b.identity.oraclecloud.com/admin/v1'
    expect(list(warrantFor(TAKEOVER)).slice(exit.length)).toEqual([
      `strongroom GET ${domain}/Users/0a1b2c3d?attributes=ocid (read the domain's user, 5)`,
      ...['authTokens', 'customerSecretKeys', 'smtpCredentials', 'dbCredentials', 'oauth2ClientCredentials'].map((kind) => `clerk DELETE ${IDENTITY}${USER}/${kind}/{id} (takeover: delete ${kind}, 10)`),
      `clerk PUT ${domain}/UserPasswordChanger/0a1b2c3d (takeover: set a password that nobody knows, 2)`,
      `clerk PUT ${domain}/UserCapabilitiesChanger/0a1b2c3d (takeover: API keys as the only way in, 2)`,
      `clerk POST ${domain}/AuthenticationFactorsRemover (takeover: remove MFA factors, 2)`,
    ])
  })
  test('a clerk can never ask for a deletion of keys, an upload, or anything of the exit set', () => {
    for (const warrant of [warrantFor({ name: 'rotate' }), warrantFor(ENABLE), warrantFor(TAKEOVER)]) {
      for (const { by, method, target, rule: name } of scopeOf(warrant)) {
        if (target.includes('/apiKeys') || name.startsWith('exit:')) expect(by).toBe('strongroom')
        if (by === 'clerk' && method === 'DELETE') expect(target).toMatch(/\/(authTokens|customerSecretKeys|smtpCredentials|dbCredentials|oauth2ClientCredentials)\/\{id\}$/)
      }
    }
  })
})

describe('admitted, exactly', () => {
  test.each<[string, Warrant, UnsignedRequest, Asker]>([
    ['read own user', warrantFor(ENABLE), request('GET', IDENTITY + USER), 'strongroom'],
    ['probe', warrantFor(ENABLE), request('GET', `https://identity.eu-amsterdam-1.oci.oraclecloud.com${USER}`), 'strongroom'],
    ['exit: upload successor', warrantFor(ENABLE), request('POST', `${IDENTITY}${USER}/apiKeys`, { key: manifestOf(3).publicKeyPem }), 'strongroom'],
    ['exit: delete used key', warrantFor(ENABLE), request('DELETE', `${IDENTITY}${USER}/apiKeys/${KEY}`), 'strongroom'],
    ['exit: delete a key that is not to be there', warrantFor(ENABLE), request('DELETE', `${IDENTITY}${USER}/apiKeys/${Array(16).fill('0a').join('%3A')}`), 'strongroom'],
    ['read the database', warrantFor(ENABLE), request('GET', DATABASE + ADB), 'clerk'],
    ['enable SAAS_ADMIN', warrantFor(ENABLE), request('POST', `${DATABASE}${ADB}/actions/configureSaasAdminUser`, CONFIGURE), 'clerk'],
    ['enable SAAS_ADMIN', warrantFor(ENABLE), request('POST', `${DATABASE}${ADB}/actions/configureSaasAdminUser`, Object.fromEntries(Object.entries(CONFIGURE).toReversed())), 'clerk'],
    ['disable SAAS_ADMIN', warrantFor(DISABLE), request('POST', `${DATABASE}${ADB}/actions/configureSaasAdminUser`, { isEnabled: false }), 'clerk'],
    ['takeover: delete authTokens', warrantFor(TAKEOVER), request('DELETE', `${IDENTITY}${USER}/authTokens/ocid1.credential.oc1..aaaa`), 'clerk'],
  ])('%s', (name, warrant, asked, asker) => {
    expect(rule(warrant, asked, asker)).toBe(name)
    // Who else asks is refused.
    refused(warrant, asked, asker === 'clerk' ? 'strongroom' : 'clerk')
  })
})

describe('tricks with the address', () => {
  const warrant = warrantFor(ENABLE)
  const good = IDENTITY + USER
  test.each([
    ['another method', 'HEAD', good],
    ['a percent-encoded letter', 'GET', good.replace('/users/', '/%75sers/')],
    ['a percent-encoded slash', 'GET', good.replace('/users/', '/users%2F')],
    ['a dot segment', 'GET', good.replace('/users/', '/./users/')],
    ['two dots', 'GET', good.replace('/users/', '/x/../users/')],
    ['encoded dots', 'GET', good.replace('/users/', '/x/%2e%2e/users/')],
    ['backslash for slash', 'GET', good.replace('/users/', '\\users\\')],
    ['a double slash', 'GET', good.replace('/users/', '//users/')],
    ['a slash at the end', 'GET', `${good}/`],
    ['a path parameter', 'GET', `${good};a=b`],
    ['a query', 'GET', `${good}?limit=1`],
    ['an empty query', 'GET', `${good}?`],
    ['a fragment', 'GET', `${good}#x`],
    ['upper case in the path', 'GET', good.replace('/users/', '/Users/')],
    ['upper case in the host', 'GET', good.replace('identity.', 'IDENTITY.')],
    ['upper case in the scheme', 'GET', good.replace('https', 'HTTPS')],
    ['plain http', 'GET', good.replace('https', 'http')],
    ['a port', 'GET', good.replace('.com/', '.com:443/')],
    ['a dot after the host', 'GET', good.replace('.com/', '.com./')],
    ['another region', 'GET', good.replace('eu-frankfurt-1', 'eu-paris-1')],
    ['a longer host', 'GET', good.replace('.com/', '.com.evil.example/')],
    ['the host as userinfo', 'GET', good.replace('.com/', '.com@evil.example/')],
    ['userinfo before the host', 'GET', good.replace('https://', 'https://x@')],
    ['userinfo and password', 'GET', good.replace('https://', 'https://x:y@')],
    ['another API version', 'GET', good.replace('20160918', '20160919')],
    ['another user', 'GET', good.replace('aaaaaaaabreakglass', 'aaaaaaaasomebodyelse')],
    ['a user with more letters', 'GET', `${good}x`],
    ['a full stop that was a wildcard', 'GET', good.replace('identity.eu', 'identityXeu')],
    ['a letter that looks the same', 'GET', good.replace('oraclecloud', 'orаclecloud')],
    ['a full-width letter', 'GET', good.replace('/users/', '/ｕsers/')],
    ['a soft hyphen', 'GET', good.replace('identity', 'iden\u00adtity')],
    ['a space at the end', 'GET', `${good} `],
    ['a space before', 'GET', ` ${good}`],
    ['a line break at the end', 'GET', `${good}\n`],
    ['a header behind a line break', 'GET', `${good}\r\nhost: evil.example`],
    ['NUL', 'GET', `${good}\0`],
    ['a key deletion with raw colons', 'DELETE', `${good}/apiKeys/${manifestOf(2).fingerprint}`],
    ['a key deletion in lower-case encoding', 'DELETE', `${good}/apiKeys/${KEY.replaceAll('%3A', '%3a')}`],
    ['a key deletion of 15 pairs', 'DELETE', `${good}/apiKeys/${Array(15).fill('0a').join('%3A')}`],
    ['a key deletion of 17 pairs', 'DELETE', `${good}/apiKeys/${Array(17).fill('0a').join('%3A')}`],
    ['a deletion of all keys', 'DELETE', `${good}/apiKeys/`],
    ['a deletion of the user', 'DELETE', good],
  ] as const)('%s', (_, method, url) => {
    expect(rule(warrant, request('GET', good))).toBe('read own user')
    refused(warrant, request(method, url))
  })

  test('identifiers in a pattern are one segment of plain letters', () => {
    const takeover = warrantFor(TAKEOVER)
    const at = (id: string): UnsignedRequest => request('DELETE', `${IDENTITY}${USER}/authTokens/${id}`)
    expect(rule(takeover, at('a'.repeat(255)), 'clerk')).toBe('takeover: delete authTokens')
    for (const id of ['', '.', '..', '../apiKeys', 'a/b', 'a%2Fb', 'a?b', 'a#b', 'a b', '-a', 'a'.repeat(256), 'ä', '%2e%2e', '{id}']) refused(takeover, at(id), 'clerk')
  })

  test('a long address is shortened in the message', () => {
    expect(refusal(() => rule(warrant, request('GET', `${IDENTITY}/${'x'.repeat(500)}`))).message).toBe(`GET ${IDENTITY}/${'x'.repeat(160 - IDENTITY.length - 1)}… is not in the warrant`)
  })
})

describe('tricks with the body', () => {
  const url = `${DATABASE}${ADB}/actions/configureSaasAdminUser`
  const good = JSON.stringify(CONFIGURE)
  test.each([
    ['none', undefined],
    ['empty', ''],
    ['not JSON', '{'],
    ['one hour more', { ...CONFIGURE, duration: 3 }],
    ['hours as text', { ...CONFIGURE, duration: '2' }],
    ['other access', { ...CONFIGURE, accessType: 'ADMIN' }],
    ['other access in lower case', { ...CONFIGURE, accessType: 'read_only' }],
    ['another secret', { ...CONFIGURE, secretId: `${CONFIGURE.secretId}x` }],
    ['a field more', { ...CONFIGURE, password: 'x' }],
    ['a field less', { ...CONFIGURE, duration: undefined }],
    ['in a list', [CONFIGURE]],
    ['a name twice, of which OCI might take the first', good.replace('"duration":2', '"duration":24,"duration":3')],
    ['__proto__', good.replace('{', '{"__proto__":{"duration":24},')],
    ['something behind it', `${good} {}`],
  ])('%s', (_, body) => {
    expect(rule(warrantFor(ENABLE), request('POST', url, CONFIGURE), 'clerk')).toBe('enable SAAS_ADMIN')
    refused(warrantFor(ENABLE), request('POST', url, body), 'clerk')
  })

  test.each([
    ['a name twice, of which the last is right', good.replace('"duration":2', '"duration":24,"duration":2')],
    ['spaces and order', ` ${JSON.stringify(Object.fromEntries(Object.entries(CONFIGURE).toReversed()), null, 2)}\n`],
    ['a byte order mark', `\ufeff${good}`],
    ['escapes', good.replace('READ_ONLY', '\\u0052EAD_ONLY')],
  ])('means the admitted one, and goes out as the warrant writes it: %s', (_, body) => {
    const asked = request('POST', url, body)
    const admission = admit(scopeOf(warrantFor(ENABLE)), asked, 'clerk', none)
    const sent = admittedRequest(admission, asked)
    expect(Buffer.from(sent.body ?? []).toString()).toBe('{"accessType":"READ_ONLY","duration":2,"isEnabled":true,"secretId":"ocid1.vaultsecret.oc1.eu-frankfurt-1.amaaaaaaexample","secretVersionNumber":3}')
  })

  test('a body where none belongs', () => {
    refused(warrantFor(ENABLE), request('GET', `${DATABASE}${ADB}`, '{}'), 'clerk')
    refused(warrantFor(ENABLE), request('POST', `${DATABASE}${ADB}/actions/getSaasAdminUserStatus`, '{}'), 'strongroom')
  })

  test('another successor is not uploaded', () => {
    refused(warrantFor(ENABLE), request('POST', `${IDENTITY}${USER}/apiKeys`, { key: manifestOf(1).publicKeyPem }))
    refused(warrantFor(ENABLE), request('POST', `${IDENTITY}${USER}/apiKeys`, { key: manifestOf(3).publicKeyPem.trimEnd() }))
  })
})

describe('what is sent is the admission\'s own', () => {
  test('headers and content type of the asker are dropped', () => {
    const asked: UnsignedRequest = { ...request('POST', `${DATABASE}${ADB}/actions/configureSaasAdminUser`, CONFIGURE), contentType: 'text/plain', headers: { 'opc-retry-token': 'x', host: 'evil.example', 'x-date': 'then' } }
    expect(admittedRequest(admit(scopeOf(warrantFor(ENABLE)), asked, 'clerk', none), asked)).toMatchObject({ headers: {}, contentType: 'application/json' })
  })
  test('no body stays none for GET and DELETE, and is empty for POST', () => {
    const of = (asked: UnsignedRequest, asker: Asker): UnsignedRequest => admittedRequest(admit(scopeOf(warrantFor(ENABLE)), asked, asker, none), asked)
    expect(of(request('GET', IDENTITY + USER), 'strongroom')).toEqual({ method: 'GET', url: IDENTITY + USER, body: null, contentType: null, headers: {} })
    expect(of(request('DELETE', `${IDENTITY}${USER}/apiKeys/${KEY}`), 'strongroom')).toMatchObject({ body: null, contentType: null })
    expect(of(request('POST', `${DATABASE}${ADB}/actions/getSaasAdminUserStatus`), 'strongroom')).toMatchObject({ body: new Uint8Array(), contentType: 'application/json' })
  })
})

describe('how often', () => {
  const scope: readonly Admission[] = scopeOf(warrantFor(ENABLE))
  const used = (name: string, count: number): ReadonlyMap<string, number> => new Map([[name, count]])
  test.each([
    ['enable SAAS_ADMIN', 1, request('POST', `${DATABASE}${ADB}/actions/configureSaasAdminUser`, CONFIGURE), 'clerk'],
    ['read the database', 12, request('GET', `${DATABASE}${ADB}`), 'clerk'],
  ] as const)('%s: %i', (name, times, asked, asker) => {
    expect(admit(scope, asked, asker, used(name, times - 1)).rule).toBe(name)
    for (const count of [times, times + 1]) expect(refusal(() => admit(scope, asked, asker, used(name, count)))).toMatchObject({ code: 'LIMIT_EXCEEDED' })
  })
  test.each([
    ['read own user', request('GET', IDENTITY + USER)],
    ['exit: upload successor', request('POST', `${IDENTITY}${USER}/apiKeys`, { key: manifestOf(3).publicKeyPem })],
    ['exit: delete used key', request('DELETE', `${IDENTITY}${USER}/apiKeys/${KEY}`)],
    ['exit: delete a key that is not to be there', request('DELETE', `${IDENTITY}${USER}/apiKeys/${Array(16).fill('0a').join('%3A')}`)],
  ])('no count ever stops the exit: %s', (name, asked) => {
    expect(admit(scope, asked, 'strongroom', used(name, 1_000_000)).rule).toBe(name)
  })
})

test('endpoints of a rehearsal take the place of OCI\'s hosts', () => {
  const endpoints = { 'eu-frankfurt-1': 'http://127.0.0.1:18081', 'eu-amsterdam-1': 'http://127.0.0.1:18082' }
  const warrant = warrantFor(ENABLE, { rehearsal: true, endpoints })
  expect(new Set(scopeOf(warrant).map(({ origin }) => origin))).toEqual(new Set(Object.values(endpoints)))
  refused(warrant, request('GET', IDENTITY + USER))
  expect(rule(warrant, request('GET', endpoints['eu-frankfurt-1'] + USER))).toBe('read own user')
})
