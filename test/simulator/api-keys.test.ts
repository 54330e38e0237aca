import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { readBeliefs } from '../../src/simulator/beliefs.js'
import type { Person } from '../../src/simulator/seed.js'
import type { Simulator, SimulatorOptions } from '../../src/simulator/simulator.js'
import {
  AWAY,
  FIRST_FREE_KEY,
  fingerprint,
  HOME,
  keyNumber,
  personWith,
  publicPem,
  rehearse,
  signedCall,
  type WireAnswer,
} from './rehearsal.js'

const FIRST = FIRST_FREE_KEY
const SECOND = FIRST_FREE_KEY + 1

function keysPath(simulator: Simulator): string {
  return `/20160918/users/${simulator.seed.users.administrator}/apiKeys`
}

function upload(simulator: Simulator, key: KeyObject | string, headers: Record<string, string> = {}): Promise<WireAnswer> {
  const body = { key: typeof key === 'string' ? key : publicPem(key) }
  return signedCall(simulator, { method: 'POST', path: keysPath(simulator), body, headers })
}

function remove(
  simulator: Simulator,
  print: string,
  options: { as?: Person; headers?: Record<string, string>; region?: string } = {},
): Promise<WireAnswer> {
  const path = `${keysPath(simulator)}/${encodeURIComponent(print)}`
  return signedCall(simulator, { method: 'DELETE', path, ...options })
}

function probe(simulator: Simulator, as: Person, region = HOME): Promise<WireAnswer> {
  return signedCall(simulator, { path: `/20160918/users/${as.userId}`, as, region })
}

/** Status and code, or status alone. */
function outcome(answer: WireAnswer): string {
  return [String(answer.status), answer.at('code')].filter(Boolean).join(' ')
}

function believing(...switches: string[]): SimulatorOptions {
  return { beliefs: readBeliefs(switches) }
}

describe('uploading an API key', () => {
  it('answers the key as OCI shows it, with an etag', async () => {
    const simulator = await rehearse()
    const key = keyNumber(FIRST)
    const answer = await upload(simulator, key)
    const { tenancy, users } = simulator.seed
    expect(answer.status).toBe(200)
    expect(answer.headers['etag']).toMatch(/^[0-9a-f]{40}$/)
    expect(answer.json).toEqual({
      keyId: `${tenancy}/${users.administrator}/${fingerprint(key)}`,
      keyValue: publicPem(key),
      fingerprint: fingerprint(key),
      userId: users.administrator,
      timeCreated: '2026-11-20T12:00:00.000Z',
      lifecycleState: 'ACTIVE',
      inactiveStatus: null,
    })
  })

  it('takes a third key and refuses a fourth', async () => {
    const simulator = await rehearse()
    expect(outcome(await upload(simulator, keyNumber(FIRST)))).toBe('200')
    expect(outcome(await upload(simulator, keyNumber(SECOND)))).toBe('400 LimitExceeded')
  })

  it('refuses a fourth key as it is believed to', async () => {
    const simulator = await rehearse(believing('fourthApiKey=409 Conflict'))
    await upload(simulator, keyNumber(FIRST))
    expect(outcome(await upload(simulator, keyNumber(SECOND)))).toBe('409 Conflict')
  })

  it('refuses a key that the user has, and takes it again after it was deleted', async () => {
    const simulator = await rehearse()
    const key = keyNumber(FIRST)
    await upload(simulator, key)
    expect(outcome(await upload(simulator, key))).toBe('409 NotAuthorizedOrResourceAlreadyExists')
    expect(outcome(await remove(simulator, fingerprint(key)))).toBe('204')
    expect(outcome(await upload(simulator, key))).toBe('200')
  })

  it('refuses what is not an SPKI PEM of an RSA key', async () => {
    const simulator = await rehearse()
    const key = keyNumber(FIRST)
    const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey
    const bad = [
      'ssh-rsa AAAAB3NzaC1yc2E= somebody',
      key.export({ format: 'pem', type: 'pkcs8' }) as string,
      elliptic.export({ format: 'pem', type: 'spki' }) as string,
      publicPem(key).replace('MIIB', 'AAAA'),
    ]
    for (const pem of bad) expect(outcome(await upload(simulator, pem))).toBe('400 InvalidParameter')
    expect(outcome(await signedCall(simulator, { method: 'POST', path: keysPath(simulator), body: {} }))).toBe(
      '400 MissingParameter',
    )
  })

  it('refuses 1024 bits, and takes 2048', async () => {
    const simulator = await rehearse()
    const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
    expect(outcome(await upload(simulator, small))).toBe('400 InvalidParameter')
    expect(outcome(await upload(simulator, keyNumber(FIRST)))).toBe('200')
  })

  it('takes a PKCS#1 public key only where it is believed to', async () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const pem = publicKey.export({ format: 'pem', type: 'pkcs1' }) as string
    expect(outcome(await upload(await rehearse(), pem))).toBe('400 InvalidParameter')
    expect(outcome(await upload(await rehearse(believing('pkcs1PublicKey=allowed')), pem))).toBe('200')
  })

  it('needs the capability', async () => {
    const simulator = await rehearse()
    const path = `/20160918/users/${simulator.seed.users.administrator}/capabilities`
    await signedCall(simulator, { method: 'PUT', path, body: { canUseApiKeys: false } })
    expect(outcome(await upload(simulator, keyNumber(FIRST)))).toBe('400 InvalidParameter')
  })

  it('happens once for one retry token, for 24 hours', async () => {
    const simulator = await rehearse()
    const key = keyNumber(FIRST)
    const token = { 'opc-retry-token': 'once' }
    const first = await upload(simulator, key, token)
    const second = await upload(simulator, key, token)
    expect(second.status).toBe(200)
    expect(second.json).toEqual(first.json)
    expect(second.headers['etag']).toBe(first.headers['etag'])
    expect(second.headers['opc-request-id']).not.toBe(first.headers['opc-request-id'])
    simulator.advance(24 * 3600 - 1)
    expect(outcome(await upload(simulator, key, token))).toBe('200')
    simulator.advance(1)
    expect(outcome(await upload(simulator, key, token))).toBe('409 NotAuthorizedOrResourceAlreadyExists')
  })

  it('refuses a retry token that was spent on another key, or whose key is gone', async () => {
    const simulator = await rehearse()
    const token = { 'opc-retry-token': 'spent' }
    await upload(simulator, keyNumber(FIRST), token)
    expect(outcome(await upload(simulator, keyNumber(SECOND), token))).toBe('409 InvalidatedRetryToken')
    await remove(simulator, fingerprint(keyNumber(FIRST)))
    expect(outcome(await upload(simulator, keyNumber(FIRST), token))).toBe('409 InvalidatedRetryToken')
  })

  it('takes a retry token of 64 characters and refuses one of 65', async () => {
    const simulator = await rehearse()
    const key = keyNumber(FIRST)
    expect(outcome(await upload(simulator, key, { 'opc-retry-token': 'x'.repeat(65) }))).toBe('400 InvalidParameter')
    expect(outcome(await upload(simulator, key, { 'opc-retry-token': 'x'.repeat(64) }))).toBe('200')
  })
})

describe('deleting an API key', () => {
  it('works with the key itself, which is then refused', async () => {
    const simulator = await rehearse()
    const key = keyNumber(FIRST)
    await upload(simulator, key)
    const as = personWith(simulator.seed.users.administrator, key)
    expect((await probe(simulator, as)).status).toBe(200)
    expect(outcome(await remove(simulator, fingerprint(key), { as }))).toBe('204')
    expect((await probe(simulator, as)).status).toBe(401)
    const left = await signedCall(simulator, { path: keysPath(simulator) })
    expect(left.json).toHaveLength(2)
  })

  it('is refused to the key itself where that is believed', async () => {
    const simulator = await rehearse(believing('selfDeletion=409 Conflict'))
    const { fingerprint: own } = simulator.people.BOOTSTRAP
    expect(outcome(await remove(simulator, own))).toBe('409 Conflict')
    expect((await probe(simulator, simulator.people.BOOTSTRAP)).status).toBe(200)
  })

  it('answers 404 for a key that is not there, and for one that is gone', async () => {
    const simulator = await rehearse()
    const key = keyNumber(FIRST)
    expect(outcome(await remove(simulator, fingerprint(key)))).toBe('404 NotAuthorizedOrNotFound')
    await upload(simulator, key)
    await remove(simulator, fingerprint(key))
    expect(outcome(await remove(simulator, fingerprint(key)))).toBe('404 NotAuthorizedOrNotFound')
  })

  it('honours if-match', async () => {
    const simulator = await rehearse()
    const key = keyNumber(FIRST)
    const { headers } = await upload(simulator, key)
    const etag = headers['etag'] ?? ''
    expect(outcome(await remove(simulator, fingerprint(key), { headers: { 'if-match': 'other' } }))).toBe('412 NoEtagMatch')
    expect(outcome(await remove(simulator, fingerprint(key), { headers: { 'if-match': etag } }))).toBe('204')
  })

  it('may leave the key listed as DELETED for a while', async () => {
    const simulator = await rehearse(believing('deletedKeysListed=60'))
    const { BOOTSTRAP } = simulator.people
    const other = simulator.tenancy.identity.apiKeys[1]?.fingerprint ?? ''
    await remove(simulator, other)
    const states = async (): Promise<string[]> => {
      const { json } = await signedCall(simulator, { path: keysPath(simulator) })
      return (json as { lifecycleState: string }[]).map((key) => key.lifecycleState)
    }
    expect(await states()).toEqual(['ACTIVE', 'DELETED'])
    simulator.advance(60)
    expect(await states()).toEqual(['ACTIVE'])
    expect(BOOTSTRAP.fingerprint).not.toBe(other)
  })

  it('is refused away from home', async () => {
    const simulator = await rehearse()
    const { fingerprint: own } = simulator.people.BOOTSTRAP
    const answer = await remove(simulator, own, { region: AWAY })
    expect(outcome(answer)).toBe('403 NotAllowed')
    expect(answer.at('message')).toContain('home region FRA')
  })
})

describe('the delays of the regions', () => {
  const delays = {
    activationDelay: { [HOME]: 10, [AWAY]: 60 },
    revocationDelay: { [HOME]: 20, [AWAY]: 120 },
  }

  it('let a new key in at home first, and elsewhere later', async () => {
    const simulator = await rehearse(delays)
    const key = keyNumber(FIRST)
    const as = personWith(simulator.seed.users.administrator, key)
    expect((await upload(simulator, key)).at('lifecycleState')).toBe('CREATING')
    const seen: string[] = []
    for (const seconds of [0, 9, 1, 49, 1]) {
      simulator.advance(seconds)
      seen.push(`${(await probe(simulator, as)).status} ${(await probe(simulator, as, AWAY)).status}`)
    }
    expect(seen).toEqual(['401 401', '401 401', '200 401', '200 401', '200 200'])
    const { json } = await signedCall(simulator, { path: keysPath(simulator) })
    expect((json as { lifecycleState: string }[]).at(-1)?.lifecycleState).toBe('ACTIVE')
  })

  it('keep a deleted key alive at home for a while, and elsewhere for longer', async () => {
    const simulator = await rehearse(delays)
    const as = simulator.people.BOOTSTRAP
    await remove(simulator, as.fingerprint)
    const seen: string[] = []
    for (const seconds of [0, 19, 1, 99, 1]) {
      simulator.advance(seconds)
      seen.push(`${(await probe(simulator, as)).status} ${(await probe(simulator, as, AWAY)).status}`)
    }
    expect(seen).toEqual(['200 200', '200 200', '401 200', '401 200', '401 401'])
  })

  it('let other regions read identity late', async () => {
    const simulator = await rehearse(delays)
    simulator.advance(200)
    await upload(simulator, keyNumber(FIRST))
    const count = async (region: string): Promise<number> => {
      const { json } = await signedCall(simulator, { path: keysPath(simulator), region })
      return (json as unknown[]).length
    }
    expect([await count(HOME), await count(AWAY)]).toEqual([3, 2])
    simulator.advance(119)
    expect(await count(AWAY)).toBe(2)
    simulator.advance(1)
    expect(await count(AWAY)).toBe(3)
  })
})
