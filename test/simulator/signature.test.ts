import { describe, expect, it } from 'vitest'
import { AWAY, FIRST_FREE_KEY, keyNumber, NOON, personWith, rehearse, signedCall, type SignedCall } from './rehearsal.js'
import type { Simulator } from '../../src/simulator/simulator.js'

const MINUTE = 60_000

function ownUser(simulator: Simulator): SignedCall {
  return { path: `/20160918/users/${simulator.seed.users.administrator}` }
}

function upload(simulator: Simulator): SignedCall {
  const path = `/20160918/users/${simulator.seed.users.administrator}/uiPassword`
  return { method: 'POST', path, body: {} }
}

/** Expects the one 401 that there is, and the given cause in the simulator's own log. */
async function expectRefused(simulator: Simulator, call: SignedCall, why: RegExp): Promise<void> {
  const digest = simulator.stateDigest()
  const answer = await signedCall(simulator, call)
  expect(answer.status).toBe(401)
  expect(answer.json).toEqual({
    code: 'NotAuthenticated',
    message: 'The required information to complete authentication was not provided or was incorrect.',
  })
  expect(simulator.requests.at(-1)?.why).toMatch(why)
  expect(simulator.stateDigest()).toBe(digest)
}

describe('a signature that holds', () => {
  it('is accepted in the order and the small letters of the Python SDK', async () => {
    const simulator = await rehearse()
    expect((await signedCall(simulator, ownUser(simulator))).status).toBe(200)
    expect((await signedCall(simulator, upload(simulator))).status).toBe(200)
  })

  it('is accepted in the order and with the capitals of the TypeScript SDK, with x-date and a date beside it', async () => {
    const simulator = await rehearse()
    const answer = await signedCall(simulator, {
      ...upload(simulator),
      prepare: (wire) => {
        wire.headers.push(['x-date', new Date(NOON).toUTCString()])
        wire.covered = ['x-date', '(request-target)', 'host', 'Content-Type', 'Content-Length', 'x-content-sha256']
        wire.order = ['version', 'keyId', 'algorithm', 'headers', 'signature']
      },
    })
    expect(answer.status).toBe(200)
  })

  it('covers the address as it was sent, percent-encoding and query included', async () => {
    const simulator = await rehearse()
    const { tenancy } = simulator.seed
    const path = `/20160918/users?compartmentId=${encodeURIComponent(tenancy)}&name=olga.operator%40example.org`
    const answer = await signedCall(simulator, { path })
    expect(answer.status).toBe(200)
    expect(answer.json).toHaveLength(1)
  })

  it('may cover more than it must', async () => {
    const simulator = await rehearse()
    const answer = await signedCall(simulator, {
      ...ownUser(simulator),
      headers: { 'opc-request-id': 'AB' },
      prepare: (wire) => wire.covered.push('opc-request-id'),
    })
    expect(answer.status).toBe(200)
  })

  it('holds at exactly five minutes on either side', async () => {
    const simulator = await rehearse()
    for (const away of [-5 * MINUTE, 5 * MINUTE]) {
      expect((await signedCall(simulator, { ...ownUser(simulator), date: NOON + away })).status).toBe(200)
    }
  })

  it('gets a three-part request id that starts with its own, and the date of this cloud', async () => {
    const simulator = await rehearse({ clockSkew: 30 })
    const answer = await signedCall(simulator, { ...ownUser(simulator), headers: { 'opc-request-id': 'ABC123' } })
    expect(answer.headers['opc-request-id']).toMatch(/^ABC123\/[0-9A-F]{32}\/[0-9A-F]{32}$/)
    expect(answer.headers['date']).toBe('Fri, 20 Nov 2026 12:00:30 GMT')
    const without = await signedCall(simulator, ownUser(simulator))
    expect(without.headers['opc-request-id']).toMatch(/^[0-9A-F]{32}\/[0-9A-F]{32}\/[0-9A-F]{32}$/)
  })
})

describe('a signature with one fault', () => {
  const field = (name: string, value: string): Pick<SignedCall, 'alter'> => ({
    alter: (wire) => {
      wire.fields[name] = value
    },
  })
  const without = (name: string): Pick<SignedCall, 'alter'> => ({
    alter: (wire) => {
      wire.order = wire.order.filter((other) => other !== name)
    },
  })
  const uncovered = (name: string): Pick<SignedCall, 'prepare'> => ({
    prepare: (wire) => {
      wire.covered = wire.covered.filter((other) => other !== name)
    },
  })
  const header = (name: string, value: string): Pick<SignedCall, 'alter'> => ({
    alter: (wire) => {
      wire.headers = wire.headers.map(([other, old]) => [other, other === name ? value : old])
    },
  })
  const twice = (name: string): Pick<SignedCall, 'alter'> => ({
    alter: (wire) => {
      wire.headers.push(...wire.headers.filter(([other]) => other === name))
    },
  })

  const faults: [string, Partial<SignedCall>, RegExp][] = [
    ['no authorization', { alter: (wire) => wire.headers.push(['authorization', '']) }, /not a Signature/],
    ['another scheme', { alter: (wire) => wire.headers.push(['authorization', 'Basic AAAA']) }, /not a Signature/],
    ['no version', without('version'), /lacks version/],
    ['version 2', field('version', '2'), /version is not 1/],
    ['no algorithm', without('algorithm'), /lacks algorithm/],
    ['rsa-sha1', field('algorithm', 'rsa-sha1'), /not rsa-sha256/],
    ['no headers', without('headers'), /lacks headers/],
    ['no key id', without('keyId'), /lacks keyId/],
    ['no signature', without('signature'), /lacks signature/],
    ['a field twice', { alter: (wire) => wire.order.push('version') }, /version twice/],
    [
      'an unknown field',
      {
        alter: (wire) => {
          wire.order.push('expires')
          wire.fields['expires'] = '1'
        },
      },
      /unknown field expires/,
    ],
    ['a signature that is not base64', field('signature', 'not base64!'), /not base64/],
    ['the signature of something else', field('signature', Buffer.alloc(256, 7).toString('base64')), /does not verify/],
    ['a short key id', field('keyId', 'tenancy/user'), /TENANCY\/USER\/FINGERPRINT/],
    ['the address not covered', uncovered('(request-target)'), /request-target\) is not signed/],
    ['the host not covered', uncovered('host'), /host is not signed/],
    ['the date not covered', uncovered('date'), /date is not signed/],
    ['the length not covered', uncovered('content-length'), /content-length is not signed/],
    ['the type not covered', uncovered('content-type'), /content-type is not signed/],
    ['the digest not covered', uncovered('x-content-sha256'), /x-content-sha256 is not signed/],
    ['a covered header that is not there', { prepare: (wire) => wire.covered.push('x-none') }, /no x-none header/],
    ['a header covered twice', { prepare: (wire) => wire.covered.push('host') }, /name twice/],
    ['the authorization twice', { alter: (wire) => wire.headers.push(['authorization', 'x'], ['authorization', 'y']) }, /more than one/],
    ['the date twice', twice('date'), /more than one date/],
    ['the type twice', twice('content-type'), /more than one content-type/],
    ['the digest twice', twice('x-content-sha256'), /more than one x-content-sha256/],
    ['the address altered', { alter: (wire) => (wire.target += '?x=1') }, /does not verify/],
    ['the method altered', { alter: (wire) => (wire.method = 'PUT') }, /does not verify/],
    ['the date altered', header('date', new Date(NOON + 1000).toUTCString()), /does not verify/],
    ['the type altered', header('content-type', 'text/plain'), /does not verify/],
    ['the body altered', { alter: (wire) => (wire.body = '[]') }, /not that of the body/],
    ['the digest altered', header('x-content-sha256', Buffer.alloc(32).toString('base64')), /not that of the body/],
    ['a date in ISO form', { prepare: (wire) => (wire.headers[1] = ['date', '2026-11-20T12:00:00Z']) }, /not a date/],
    ['a date too early', { date: NOON - 5 * MINUTE - 1000 }, /301 s away/],
    ['a date too late', { date: NOON + 5 * MINUTE + 1000 }, /301 s away/],
    ['the host of somebody else', { prepare: (wire) => (wire.headers[0] = ['host', 'identity.example.org']) }, /signed for the host/],
  ]

  it.each(faults)('%s: 401', async (_name, fault, why) => {
    const simulator = await rehearse()
    await expectRefused(simulator, { ...upload(simulator), ...fault }, why)
  })

  it('made for another region: 401', async () => {
    const simulator = await rehearse()
    const away = new URL(simulator.endpoints[AWAY] ?? '').host
    const prepare: SignedCall['prepare'] = (wire) => void (wire.headers[0] = ['host', away])
    await expectRefused(simulator, { ...ownUser(simulator), prepare }, /signed for the host/)
  })

  it('by a key that is nobody’s: 401', async () => {
    const simulator = await rehearse()
    const as = personWith(simulator.seed.users.administrator, keyNumber(FIRST_FREE_KEY))
    await expectRefused(simulator, { ...ownUser(simulator), as }, /unknown/)
  })

  it('by a key of somebody else under one’s own name: 401', async () => {
    const simulator = await rehearse()
    const as = { ...simulator.people.OPERATOR, userId: simulator.seed.users.administrator }
    await expectRefused(simulator, { ...ownUser(simulator), as }, /unknown/)
  })

  it('by a blocked user: 401', async () => {
    const simulator = await rehearse()
    simulator.happen({ event: 'block-user', userId: simulator.seed.users.administrator })
    await expectRefused(simulator, ownUser(simulator), /blocked/)
    simulator.happen({ event: 'block-user', userId: simulator.seed.users.administrator, blocked: false })
    expect((await signedCall(simulator, ownUser(simulator))).status).toBe(200)
  })

  it('does not read more than 1 MiB', async () => {
    const simulator = await rehearse()
    const path = `/20160918/users/${simulator.seed.users.administrator}/uiPassword`
    const of = async (length: number): Promise<number> =>
      (await signedCall(simulator, { method: 'POST', path, body: JSON.stringify('x'.repeat(length - 2)) })).status
    expect(await of(1024 * 1024)).toBe(200)
    expect(await of(1024 * 1024 + 1)).toBe(413)
  })

  it('answers 401 before it says whether an operation exists', async () => {
    const simulator = await rehearse()
    await expectRefused(simulator, { path: '/20160918/nothing', date: 0 }, /away/)
    const missing = await signedCall(simulator, { path: '/20160918/nothing' })
    expect([missing.status, missing.at('code')]).toEqual([404, 'NotFound'])
  })
})
