/**
 * Verification of OCI request signatures, version 1: draft-cavage-http-signatures-08 with rsa-sha256 (PKCS#1 v1.5) and
 * OCI's list of headers that must be covered.
 *
 * Written from the specification and sharing nothing with the client side: a mistake in how glasskey signs must not be
 * repeated here by construction.
 */
import { createHash, type KeyObject, timingSafeEqual, verify } from 'node:crypto'
import type { Received, WireHeaders } from './received.js'

/** Largest difference between the signed date and this clock: 5 minutes (OCI, "Request signatures"). */
export const MAXIMUM_SKEW_MS = 5 * 60_000

/** A signature that does not hold. The message is for the simulator's log only. */
export class SignatureFault extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'SignatureFault'
  }
}

/** The fields of a `Signature` authorization. */
export interface SignatureFields {
  /** `TENANCY/USER/FINGERPRINT`. */
  readonly keyId: string
  /** Names of the covered headers, lower case, in the order that was signed. */
  readonly covered: readonly string[]
  readonly signature: Uint8Array
}

/** Headers that decide about a signature; each may come at most once. */
const SINGLE = ['authorization', 'date', 'x-date', 'host', 'content-length', 'content-type', 'x-content-sha256']
const FIELDS = ['version', 'keyId', 'algorithm', 'headers', 'signature']
const WITH_BODY = new Set(['POST', 'PUT', 'PATCH'])
const COVERED_BODY = ['content-length', 'content-type', 'x-content-sha256']

/** The one value of a header; throws SignatureFault when it is absent or repeated. */
function only(headers: WireHeaders, name: string): string {
  const values = headers.get(name)
  const [value] = values ?? []
  if (value === undefined) throw new SignatureFault(`no ${name} header`)
  if (values?.length !== 1) throw new SignatureFault(`more than one ${name} header`)
  return value
}

function decodeBase64(text: string, what: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64')
  if (text === '' || bytes.toString('base64') !== text) throw new SignatureFault(`the ${what} is not base64`)
  return bytes
}

/**
 * Reads an Authorization header; the fields may come in any order.
 *
 * @throws SignatureFault for another scheme, a missing, unknown or repeated field, another version or algorithm
 */
export function readAuthorization(value: string): SignatureFields {
  const scheme = /^Signature +(.*)$/i.exec(value)
  if (scheme === null) throw new SignatureFault('the authorization is not a Signature')
  const fields = new Map<string, string>()
  let rest = (scheme[1] ?? '').trim()
  while (rest !== '') {
    const field = /^([A-Za-z]+)="([^"]*)"\s*(?:,\s*|$)/.exec(rest)
    if (field === null) throw new SignatureFault('the authorization cannot be read')
    const [whole, name = '', content = ''] = field
    if (!FIELDS.includes(name)) throw new SignatureFault(`the authorization has an unknown field ${name}`)
    if (fields.has(name)) throw new SignatureFault(`the authorization has ${name} twice`)
    fields.set(name, content)
    rest = rest.slice(whole.length)
  }
  const field = (name: string): string => {
    const content = fields.get(name)
    if (content === undefined || content === '') throw new SignatureFault(`the authorization lacks ${name}`)
    return content
  }
  if (field('version') !== '1') throw new SignatureFault('the signature version is not 1')
  if (field('algorithm') !== 'rsa-sha256') throw new SignatureFault('the algorithm is not rsa-sha256')
  const covered = field('headers').toLowerCase().split(' ')
  if (covered.includes('')) throw new SignatureFault('the list of headers has an empty name')
  if (new Set(covered).size !== covered.length) throw new SignatureFault('the list of headers has a name twice')
  return { keyId: field('keyId'), covered, signature: decodeBase64(field('signature'), 'signature') }
}

function requireCovered(covered: readonly string[], name: string): void {
  if (!covered.includes(name)) throw new SignatureFault(`${name} is not signed`)
}

const HTTP_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/

/** The signed date must be an RFC 7231 IMF-fixdate within five minutes of `now` (ms); x-date goes before date. */
function checkDate(fields: SignatureFields, received: Received, now: number): void {
  const name = fields.covered.includes('x-date') ? 'x-date' : 'date'
  requireCovered(fields.covered, name)
  const text = only(received.headers, name)
  if (!HTTP_DATE.test(text)) throw new SignatureFault(`the ${name} header is not a date in HTTP's form`)
  const away = Math.abs(Date.parse(text) - now)
  if (!(away <= MAXIMUM_SKEW_MS)) throw new SignatureFault(`the ${name} header is ${Math.round(away / 1000)} s away`)
}

/** A host header that is not ours means a signature that was made for somebody else. */
function checkHost(fields: SignatureFields, received: Received): void {
  requireCovered(fields.covered, 'host')
  const host = only(received.headers, 'host').toLowerCase()
  if (!received.hosts.includes(host)) throw new SignatureFault(`the request was signed for the host ${host}`)
}

function checkBody(fields: SignatureFields, received: Received): void {
  if (!WITH_BODY.has(received.method)) return
  for (const name of COVERED_BODY) requireCovered(fields.covered, name)
  if (only(received.headers, 'content-length') !== String(received.body.byteLength)) {
    throw new SignatureFault('the content-length is not that of the body')
  }
  const claimed = decodeBase64(only(received.headers, 'x-content-sha256'), 'x-content-sha256')
  const digest = createHash('sha256').update(received.body).digest()
  if (claimed.byteLength !== digest.byteLength || !timingSafeEqual(claimed, digest)) {
    throw new SignatureFault('the x-content-sha256 is not that of the body')
  }
}

/** The text under the signature: one line per covered name, joined by LF, no final newline. */
function signedText(fields: SignatureFields, received: Received): string {
  return fields.covered
    .map((name) =>
      name === '(request-target)'
        ? `${name}: ${received.method.toLowerCase()} ${received.target}`
        : `${name}: ${only(received.headers, name)}`,
    )
    .join('\n')
}

/** A request whose headers are all there and cover what they must; its key is not looked at yet. */
export interface CoveredRequest {
  readonly fields: SignatureFields
  readonly signedText: string
}

/**
 * Checks everything about a signature that needs no key: headers, coverage, date, host, digest of the body.
 *
 * @param now this cloud's clock, ms
 * @throws SignatureFault naming the first thing that is wrong
 */
export function checkCoverage(received: Received, now: number): CoveredRequest {
  for (const name of SINGLE) {
    if ((received.headers.get(name)?.length ?? 0) > 1) throw new SignatureFault(`more than one ${name} header`)
  }
  const fields = readAuthorization(only(received.headers, 'authorization'))
  requireCovered(fields.covered, '(request-target)')
  checkHost(fields, received)
  checkDate(fields, received, now)
  checkBody(fields, received)
  return { fields, signedText: signedText(fields, received) }
}

/**
 * Checks the signature itself against a public key.
 *
 * @throws SignatureFault when it does not verify
 */
export function checkSignature(request: CoveredRequest, key: KeyObject): void {
  if (!verify('RSA-SHA256', Buffer.from(request.signedText, 'utf8'), key, request.fields.signature)) {
    throw new SignatureFault('the signature does not verify')
  }
}
