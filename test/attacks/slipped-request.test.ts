/**
 * Requests that look like one the warrant admits and mean another: in the address, the body, the headers. Each is refused
 * or goes out as the warrant writes it. Held against the pure check; `hostile-clerk` asks for some in a real session.
 */
import { expect, test } from 'vitest'
import { admit, admittedRequest, scopeOf, type Asker } from '../../src/warrant/scope.js'
import { signRequest, type UnsignedRequest } from '../../src/wire/signature.js'
import { refusal } from '../vectors/refusal.js'
import { ENABLE, request, TAKEOVER, warrantFor } from '../warrant/requests.js'

const HOST = 'https://database.eu-frankfurt-1.oraclecloud.com'
const ADB = '/20160918/autonomousDatabases/ocid1.autonomousdatabase.oc1.eu-frankfurt-1.antheljtexample'
const READ = HOST + ADB
const CONFIGURE = `${READ}/actions/configureSaasAdminUser`
const BODY = '{"accessType":"READ_ONLY","duration":2,"isEnabled":true,"secretId":"ocid1.vaultsecret.oc1.eu-frankfurt-1.amaaaaaaexample","secretVersionNumber":3}'
const none = new Map<string, number>()
const scope = scopeOf(warrantFor(ENABLE))
const admitted = (asked: UnsignedRequest, asker: Asker = 'clerk'): UnsignedRequest => admittedRequest(admit(scope, asked, asker, none), asked)

test.each<[trick: string, url: string]>([
  ['percent-encoding of a letter', READ.replace('/auto', '/%61uto')],
  ['percent-encoding of a slash', READ.replace('/autonomousDatabases/', '/autonomousDatabases%2F')],
  ['percent-encoding twice over', READ.replace('/auto', '/%2561uto')],
  ['percent-encoding with an overlong slash', READ.replace('/autonomousDatabases/', '/autonomousDatabases%c0%af')],
  ['a dot segment', READ.replace('/auto', '/./auto')],
  ['two dots out of the database', `${READ}/../../users`],
  ['encoded dots', `${READ}/%2e%2e/%2e%2e/users`],
  ['an extra query', `${READ}?compartmentId=x`],
  ['an empty query', `${READ}?`],
  ['upper case in the path', READ.replace('autonomousDatabases', 'AutonomousDatabases')],
  ['upper case in the host', READ.replace('database.eu', 'DATABASE.eu')],
  ['a double slash', READ.replace('/20160918/', '//20160918/')],
  ['a slash at the end', `${READ}/`],
  ['userinfo', READ.replace('https://', 'https://admin@')],
  ['the host as userinfo of another', READ.replace('.com/', '.com@evil.example/')],
  ['a letter of another script', READ.replace('oracle', 'оracle')],
  ['a letter that normalises to one of ours', READ.replace('auto', 'ａuto')],
  ['a fragment', `${READ}#/../x`],
  ['a dot after the host', READ.replace('.com/', '.com./')],
  ['a backslash', READ.replace('/20160918/', '\\20160918\\')],
  ['a port', READ.replace('.com/', '.com:8443/')],
  ['a tab in the scheme', READ.replace('https', 'ht\ttps')],
  ['an absolute-form target behind ours', `${READ} https://evil.example/`],
  ['an absolute-form target as path', `${HOST}/https://evil.example/`],
  ['no scheme', READ.replace('https:', '')],
  ['another scheme', READ.replace('https', 'ftp')],
  ['a header in the address', `${READ} HTTP/1.1\r\nx-http-method-override: DELETE\r\n\r\n`],
])('an address with %s', (_, url) => {
  expect(admitted(request('GET', READ)).url).toBe(READ)
  expect(refusal(() => admitted(request('GET', url)))).toMatchObject({ code: 'OUTSIDE_WARRANT', hint: 'Nothing was signed. The key will be rotated.' })
})

test.each<[trick: string, body: string]>([
  ['a key twice, the wanted one first', BODY.replace('"duration":2', '"duration":2,"duration":24')],
  ['a key more', BODY.replace('{', '{"isAdmin":true,')],
  ['a key whose name has a hidden letter', BODY.replace('"duration"', '"dura\u200btion":24,"duration"')],
  ['a number as text', BODY.replace('"duration":2', '"duration":"2"')],
  ['another object behind it, as chunks might carry', `${BODY}\r\n0\r\n\r\nDELETE /20160918/users/x HTTP/1.1\r\n`],
  ['chunks', `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`],
  ['UTF-16', Buffer.from(BODY, 'utf16le').toString('latin1')],
  ['a list', `[${BODY}]`],
  ['a function of old browsers', `)]}',\n${BODY}`],
])('a body with %s', (_, body) => {
  expect(admitted(request('POST', CONFIGURE, BODY)).url).toBe(CONFIGURE)
  expect(refusal(() => admitted(request('POST', CONFIGURE, body)))).toMatchObject({ code: 'OUTSIDE_WARRANT' })
})

test.each<[trick: string, body: string]>([
  ['a key twice, the wanted one last', BODY.replace('"duration":2', '"duration":24,"duration":2')],
  ['a byte order mark', `\ufeff${BODY}`],
  ['escaped letters', BODY.replace('READ_ONLY', '\\u0052EAD_ONLY')],
  ['another way to write a number', BODY.replace('"duration":2', '"duration":2.0e0')],
])('a body that means the admitted one goes out as the warrant writes it: %s', (_, body) => {
  expect(Buffer.from(admitted(request('POST', CONFIGURE, body)).body ?? []).toString()).toBe(BODY)
})

test('headers of the asker reach nobody: method overrides, another host, chunks, a length of its own', () => {
  const headers = { 'x-http-method-override': 'DELETE', 'x-http-method': 'DELETE', 'x-method-override': 'DELETE', host: 'evil.example', 'x-forwarded-host': 'evil.example', 'transfer-encoding': 'chunked', 'content-length': '0', 'x-date': 'then', authorization: 'x', expect: '100-continue', 'opc-obo-token': 'x', 'opc-retry-token': 'x' }
  const exact = admitted({ ...request('POST', CONFIGURE, BODY), contentType: 'text/plain; boundary=x', headers })
  const signed = signRequest(exact, { keyId: 't/u/f', sign: () => new Uint8Array([1]) }, new Date(0), 'A'.repeat(32))
  expect(Object.keys(signed.headers).sort()).toEqual(['accept', 'authorization', 'content-length', 'content-type', 'host', 'opc-request-id', 'x-content-sha256', 'x-date'])
  expect(signed.headers).toMatchObject({ host: new URL(HOST).host, 'content-length': String(BODY.length), 'content-type': 'application/json', 'x-date': 'Thu, 01 Jan 1970 00:00:00 GMT' })
  expect(signed.method).toBe('POST')
})

test('an identifier with a path in it is none: of the asker\'s address only that is used', () => {
  const takeover = scopeOf(warrantFor(TAKEOVER))
  const user = 'https://identity.eu-frankfurt-1.oci.oraclecloud.com/20160918/users/ocid1.user.oc1..aaaaaaaabreakglassexample'
  expect(admit(takeover, request('DELETE', `${user}/authTokens/ocid1.credential.oc1..a`), 'clerk', none).rule).toBe('takeover: delete authTokens')
  for (const id of ['..%2FapiKeys', '../apiKeys/x', 'a;b', 'a%00', 'a?x', 'a#x', '..', '', '\u202ea', 'a\n']) {
    expect(refusal(() => admit(takeover, request('DELETE', `${user}/authTokens/${id}`), 'clerk', none))).toMatchObject({ code: 'OUTSIDE_WARRANT' })
  }
})
