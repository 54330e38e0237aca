import { X509Certificate } from 'node:crypto'
import { connect } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { bitString, boolean, integer, objectIdentifier, octetString, sequence, tagged, time } from '../../src/simulator/der.js'
import { issueServerCertificate, makeTestAuthority } from '../../src/simulator/test-authority.js'
import { rehearse, signedCall } from './rehearsal.js'

const random = (length: number): Uint8Array => new Uint8Array(length).fill(0xff)
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

describe('DER', () => {
  it('writes lengths in the short form up to 127 and in the long form after', () => {
    expect(hex(octetString(new Uint8Array(127)).subarray(0, 2))).toBe('047f')
    expect(hex(octetString(new Uint8Array(128)).subarray(0, 3))).toBe('048180')
    expect(hex(octetString(new Uint8Array(256)).subarray(0, 4))).toBe('04820100')
  })

  it('writes integers as short as they can be and never negative', () => {
    expect(hex(integer(Uint8Array.of(0)))).toBe('020100')
    expect(hex(integer(Uint8Array.of(0, 0, 0x7f)))).toBe('02017f')
    expect(hex(integer(Uint8Array.of(0x80)))).toBe('02020080')
  })

  it('writes object identifiers, also with large arcs', () => {
    expect(hex(objectIdentifier('1.2.840.10045.4.3.2'))).toBe('06082a8648ce3d040302')
    expect(hex(objectIdentifier('2.5.29.17'))).toBe('0603551d11')
  })

  it('writes the rest', () => {
    expect(hex(boolean(true))).toBe('0101ff')
    expect(hex(bitString(Uint8Array.of(0x04), 2))).toBe('03020204')
    expect(hex(sequence(boolean(false), tagged(0x05)))).toBe('30050101000500')
    expect(Buffer.from(time(Date.parse('2049-12-31T23:59:59Z'))).toString('latin1')).toBe('\x17\r491231235959Z')
    expect(Buffer.from(time(Date.parse('2050-01-01T00:00:00Z'))).toString('latin1')).toBe('\x18\x0f20500101000000Z')
  })
})

describe('the test authority', () => {
  const now = Date.now()
  const authority = makeTestAuthority(now, random)
  const server = issueServerCertificate(authority, now, random)
  const root = new X509Certificate(authority.certificatePem)
  const leaf = new X509Certificate(server.certificatePem)

  it('signs itself and the server', () => {
    expect(root.ca).toBe(true)
    expect(root.verify(root.publicKey)).toBe(true)
    expect(leaf.ca).toBe(false)
    expect(leaf.verify(root.publicKey)).toBe(true)
    expect(leaf.verify(leaf.publicKey)).toBe(false)
    expect(leaf.checkIssued(root)).toBe(true)
    expect(leaf.subject).toBe('CN=localhost')
  })

  it('vouches for loopback only', () => {
    expect(leaf.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1')
    expect(leaf.checkHost('localhost')).toBe('localhost')
    expect(leaf.checkIP('127.0.0.1')).toBe('127.0.0.1')
    expect(leaf.checkHost('identity.eu-frankfurt-1.oci.oraclecloud.com')).toBeUndefined()
  })

  it('is good from yesterday for ten years', () => {
    expect(Date.parse(root.validFrom)).toBeLessThan(now)
    expect(Date.parse(leaf.validTo)).toBeGreaterThan(now + 3640 * 86_400_000)
  })
})

describe('TLS', () => {
  it('is spoken to whoever trusts the authority', async () => {
    const simulator = await rehearse({ tls: true })
    expect(simulator.endpoints['eu-frankfurt-1']).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/)
    const answer = await signedCall(simulator, { path: `/20160918/users/${simulator.seed.users.administrator}` })
    expect(answer.status).toBe(200)
  })

  it('authorizes by name and by address, and nobody without the authority', async () => {
    const simulator = await rehearse({ tls: true })
    const port = Number(new URL(simulator.domainUrl).port)
    const shake = (host: string, ca?: string): Promise<string> =>
      new Promise((resolve) => {
        const socket = connect({ host, port, ...(ca === undefined ? {} : { ca }) }, () => {
          resolve(socket.authorized ? 'authorized' : String(socket.authorizationError))
          socket.destroy()
        })
        socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
      })
    const { caPem } = simulator
    expect(await shake('127.0.0.1', caPem ?? '')).toBe('authorized')
    expect(await shake('localhost', caPem ?? '')).toBe('authorized')
    expect(await shake('127.0.0.1')).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE')
  })

  it('resets and refuses connections as HTTP does', async () => {
    const simulator = await rehearse({ tls: true })
    const call = { path: `/20160918/users/${simulator.seed.users.administrator}` }
    simulator.armFault({ action: { do: 'reset', when: 'after' } })
    await expect(signedCall(simulator, call)).rejects.toThrow(/socket hang up|ECONNRESET/)
    simulator.armFault({ action: { do: 'refuse' } })
    await expect(signedCall(simulator, call)).rejects.toThrow(/ECONNRESET|disconnected/)
    expect((await signedCall(simulator, call)).status).toBe(200)
  })
})
