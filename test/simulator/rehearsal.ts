/** What the simulator's tests share: a pool of keys, a clock in the hand, and a signer of their own. */
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'vitest'
import type { Person } from '../../src/simulator/seed.js'
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/simulator.js'

/** A whole minute, so that audit windows are easy to write. */
export const NOON = Date.parse('2026-11-20T12:00:00Z')
export const HOME = 'eu-frankfurt-1'
export const AWAY = 'eu-amsterdam-1'

const pool: KeyObject[] = []

/** The n-th RSA 2048 key of this test file; made once. */
export function keyNumber(index: number): KeyObject {
  while (pool.length <= index) pool.push(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey)
  const key = pool[index]
  if (key === undefined) throw new RangeError('no such key')
  return key
}

export function publicPem(key: KeyObject): string {
  return createPublicKey(key).export({ format: 'pem', type: 'spki' }) as string
}

export function fingerprint(key: KeyObject): string {
  const der = createPublicKey(key).export({ format: 'der', type: 'spki' })
  return (createHash('md5').update(der).digest('hex').match(/../g) ?? []).join(':')
}

const running: Simulator[] = []
const directories: string[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((simulator) => simulator.close()))
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true })
})

/** A new directory that is removed after the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'simulator-'))
  directories.push(directory)
  return directory
}

/** Starts a simulator at NOON, with a clock that stands still and the first keys of the pool; closed after the test. */
export async function rehearse(options: SimulatorOptions = {}): Promise<Simulator> {
  let next = 0
  const generateKey = (): KeyObject => keyNumber(next++)
  const simulator = await startSimulator({ now: () => NOON, generateKey, ...options })
  running.push(simulator)
  return simulator
}

/** Keys of the pool below this number belong to the seed. */
export const FIRST_FREE_KEY = 5

export interface SignedCall {
  readonly method?: string
  readonly path: string
  readonly region?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Who signs. Default: the BOOTSTRAP person. */
  readonly as?: Pick<Person, 'userId' | 'fingerprint' | 'privateKeyPem'>
  /** ms; default the simulator's clock. */
  readonly date?: number
  /** Last changes to what goes over the wire, after signing. */
  readonly alter?: (wire: Wire) => void
  /** Changes before signing. */
  readonly prepare?: (wire: Wire) => void
}

/** A request as it will be sent. `headers` is a list so that one may come twice. */
export interface Wire {
  method: string
  target: string
  headers: [string, string][]
  covered: string[]
  body: string
  fields: Record<string, string>
  /** Order of the authorization's fields. */
  order: string[]
}

export interface WireAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  /** Undefined when the body is not JSON. */
  readonly json: unknown
  /** What is at a place in the JSON, or undefined. */
  readonly at: (...steps: (string | number)[]) => unknown
}

function lastValue(wire: Wire, name: string): string {
  return wire.headers.findLast(([other]) => other.toLowerCase() === name.toLowerCase())?.[1] ?? ''
}

const COVERED_BODY = ['content-length', 'content-type', 'x-content-sha256']

function authorization(wire: Wire): string {
  return `Signature ${wire.order.map((name) => `${name}="${wire.fields[name] ?? ''}"`).join(',')}`
}

/** Signs as the specification says; written for the tests, from the specification. */
export async function signedCall(simulator: Simulator, call: SignedCall): Promise<WireAnswer> {
  const as = call.as ?? simulator.people.BOOTSTRAP
  const region = call.region ?? simulator.seed.homeRegion
  const endpoint = new URL(simulator.endpoints[region] ?? '')
  const method = call.method ?? 'GET'
  const body = call.body === undefined ? '' : typeof call.body === 'string' ? call.body : JSON.stringify(call.body)
  const withBody = ['POST', 'PUT', 'PATCH'].includes(method)
  const keyId = `${simulator.seed.tenancy}/${as.userId}/${as.fingerprint}`
  const wire: Wire = {
    method,
    target: call.path,
    headers: [
      ['host', endpoint.host],
      ['date', new Date(call.date ?? simulator.now()).toUTCString()],
      ...(withBody
        ? ([
            ['content-type', 'application/json'],
            ['content-length', String(Buffer.byteLength(body))],
            ['x-content-sha256', createHash('sha256').update(body).digest('base64')],
          ] as [string, string][])
        : []),
      ...Object.entries(call.headers ?? {}),
    ],
    covered: ['date', '(request-target)', 'host', ...(withBody ? COVERED_BODY : [])],
    body,
    fields: { version: '1', algorithm: 'rsa-sha256', keyId },
    order: ['algorithm', 'headers', 'keyId', 'signature', 'version'],
  }
  call.prepare?.(wire)
  const text = wire.covered
    .map((name) =>
      name === '(request-target)'
        ? `(request-target): ${wire.method.toLowerCase()} ${wire.target}`
        : `${name.toLowerCase()}: ${lastValue(wire, name)}`,
    )
    .join('\n')
  wire.fields['headers'] = wire.covered.join(' ')
  wire.fields['signature'] = sign('RSA-SHA256', Buffer.from(text), as.privateKeyPem).toString('base64')
  call.alter?.(wire)
  if (!wire.headers.some(([name]) => name === 'authorization')) wire.headers.push(['authorization', authorization(wire)])
  return send(simulator, region, wire)
}

/** Sends a request as it stands. */
export function send(
  simulator: Simulator,
  region: string,
  wire: Pick<Wire, 'method' | 'target' | 'headers' | 'body'>,
): Promise<WireAnswer> {
  const endpoint = new URL(simulator.endpoints[region] ?? '')
  const request = endpoint.protocol === 'https:' ? tlsRequest : plainRequest
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port: endpoint.port,
      method: wire.method,
      path: wire.target,
      headers: wire.headers.flat(),
      agent: false,
      ...(simulator.caPem === null ? {} : { ca: simulator.caPem }),
    }
    const out = request(options, (answer) => {
      const parts: Buffer[] = []
      answer.on('data', (part: Buffer) => parts.push(part))
      answer.on('error', reject)
      answer.on('end', () => {
        const text = Buffer.concat(parts).toString('utf8')
        const headers = Object.fromEntries(
          Object.entries(answer.headers).map(([name, value]) => [name, String(value)] as const),
        )
        const json = parsed(text)
        resolve({ status: answer.statusCode ?? 0, headers, text, json, at: (...steps) => placeIn(json, steps) })
      })
    })
    out.on('error', reject)
    out.end(wire.body)
  })
}

function placeIn(json: unknown, steps: readonly (string | number)[]): unknown {
  return steps.reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], json)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** An unsigned request to the simulator's own doors. */
export function controlCall(simulator: Simulator, method: string, path: string, body?: unknown): Promise<WireAnswer> {
  const text = body === undefined ? '' : JSON.stringify(body)
  const host = new URL(simulator.endpoints[simulator.seed.homeRegion] ?? '').host
  const headers: [string, string][] = [
    ['host', host],
    ['content-length', String(Buffer.byteLength(text))],
  ]
  return send(simulator, simulator.seed.homeRegion, { method, target: path, headers, body: text })
}

/** A person for a key of the pool on a user. */
export function personWith(userId: string, key: KeyObject): Person {
  return {
    userId,
    fingerprint: fingerprint(key),
    privateKeyPem: key.export({ format: 'pem', type: 'pkcs8' }) as string,
  }
}
