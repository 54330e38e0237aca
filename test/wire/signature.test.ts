import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { signRequest, type Signer, type UnsignedRequest } from '../../src/wire/signature.js'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const signer: Signer = { keyId: 'ocid1.tenancy.oc1..t/ocid1.user.oc1..u/aa:bb', sign: (data) => new Uint8Array(sign('RSA-SHA256', data, privateKey)) }
const DATE = new Date('2026-11-22T02:30:07.999Z')
const ID = '0123456789ABCDEF0123456789ABCDEF'
const get = (url: string): UnsignedRequest => ({ method: 'GET', url, body: null, contentType: null, headers: {} })
const USERS = 'https://identity.eu-frankfurt-1.oci.oraclecloud.com/20160918/users'

/** Takes a signature apart and verifies it, as a server would; shares nothing with the signer. Returns the signing string. */
function verified(headers: Record<string, string>, method: string, target: string): string {
  const parameters = Object.fromEntries([...(headers['authorization'] ?? '').matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value])) as Record<string, string>
  expect(headers['authorization']).toMatch(/^Signature version="1",keyId="[^"]+",algorithm="rsa-sha256",headers="[^"]+",signature="[^"]+"$/)
  expect(parameters['keyId']).toBe(signer.keyId)
  const text = (parameters['headers'] ?? '').split(' ').map((name) => (name === '(request-target)' ? `${name}: ${method} ${target}` : `${name}: ${String(headers[name])}`)).join('\n')
  expect(verify('sha256', Buffer.from(text), publicKey, Buffer.from(parameters['signature'] ?? '', 'base64'))).toBe(true)
  return text
}

test('GET: the signing string, byte for byte', () => {
  const signed = signRequest(get(`${USERS}?compartmentId=ocid1.tenancy.oc1..t&limit=5`), signer, DATE, ID)
  expect(verified(signed.headers, 'get', '/20160918/users?compartmentId=ocid1.tenancy.oc1..t&limit=5')).toBe(
    'x-date: Sun, 22 Nov 2026 02:30:07 GMT\n(request-target): get /20160918/users?compartmentId=ocid1.tenancy.oc1..t&limit=5\nhost: identity.eu-frankfurt-1.oci.oraclecloud.com',
  )
  expect(signed.body).toBeNull()
  expect(Object.keys(signed.headers).sort()).toEqual(['accept', 'authorization', 'host', 'opc-request-id', 'x-date'])
  expect(signed.headers['opc-request-id']).toBe(ID)
})

describe.each(['POST', 'PUT', 'PATCH'] as const)('%s', (method) => {
  test('body, its length, type and digest are signed', () => {
    const body = new TextEncoder().encode('{"key":"é"}')
    const signed = signRequest({ method, url: `${USERS}/u/apiKeys`, body, contentType: 'application/json', headers: { 'opc-retry-token': 'r' } }, signer, DATE, ID)
    expect(verified(signed.headers, method.toLowerCase(), '/20160918/users/u/apiKeys')).toBe(
      `x-date: Sun, 22 Nov 2026 02:30:07 GMT\n(request-target): ${method.toLowerCase()} /20160918/users/u/apiKeys\nhost: identity.eu-frankfurt-1.oci.oraclecloud.com\n`
      + `content-length: 12\ncontent-type: application/json\nx-content-sha256: ${createHash('sha256').update(body).digest('base64')}`,
    )
    expect(signed.body).toEqual(body)
    expect(signed.headers['opc-retry-token']).toBe('r')
  })

  test('without a body: the digest of nothing', () => {
    const signed = signRequest({ method, url: USERS, body: null, contentType: null, headers: {} }, signer, DATE, ID)
    expect(signed.body).toEqual(new Uint8Array())
    expect(verified(signed.headers, method.toLowerCase(), '/20160918/users')).toContain('content-length: 0\ncontent-type: application/json\nx-content-sha256: 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=')
  })
})

test('DELETE: no body, even where one was given', () => {
  const signed = signRequest({ ...get(`${USERS}/u/apiKeys/aa%3Abb`), method: 'DELETE', body: new Uint8Array([1]) }, signer, DATE, ID)
  expect(verified(signed.headers, 'delete', '/20160918/users/u/apiKeys/aa%3Abb')).not.toContain('content-')
  expect(signed.body).toBeNull()
})

test('a port is part of the host; the path is signed as it is sent', () => {
  const signed = signRequest(get('http://127.0.0.1:18081/a%3Ab/%7Ec?x=%20&y=%2B'), signer, DATE, ID)
  expect(verified(signed.headers, 'get', '/a%3Ab/%7Ec?x=%20&y=%2B')).toContain('\nhost: 127.0.0.1:18081')
})

test('a header that is asked for cannot replace one that is signed', () => {
  const signed = signRequest({ ...get(USERS), headers: { host: 'evil.example', 'x-date': 'then', 'opc-request-id': 'mine', authorization: 'none' } }, signer, DATE, ID)
  expect(verified(signed.headers, 'get', '/20160918/users')).toContain('host: identity.eu-frankfurt-1.oci.oraclecloud.com')
  expect(signed.headers['opc-request-id']).toBe(ID)
})

test.each(['x-date', 'host', 'content-length', 'content-type', 'x-content-sha256'])('a change of %s breaks the signature', (name) => {
  const { headers } = signRequest({ method: 'POST', url: USERS, body: new Uint8Array([123, 125]), contentType: 'application/json', headers: {} }, signer, DATE, ID)
  expect(() => verified({ ...headers, [name]: `${headers[name] ?? ''}x` }, 'post', '/20160918/users')).toThrow('expected false to be true')
})
