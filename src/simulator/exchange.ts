/** One request and its answer: authenticate, find the operation, may the caller, do it, write it down. */
import type { Cloud, Region } from './cloud.js'
import { authenticate, type Caller } from './caller.js'
import { mintHex, type Random } from './ocid.js'
import type { Answer, Call, Operation } from './operation.js'
import { findOperation, isScimPath } from './operations.js'
import { header, pathOf, queryOf, type Received } from './received.js'
import { notAuthorizedOrNotFound, OciRefusal, refusalBody, scimRefusalBody } from './refusal.js'
import { answeredBefore, rememberAnswer } from './retry-token.js'

/** An answer ready for the wire, and what the simulator's own log wants to know. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly requestId: string
  readonly keyId: string | null
  readonly operation: string | null
  /** Why it was refused, in the simulator's words; null when it was not. */
  readonly why: string | null
}

/** Headers of OCI's identity service on every answer. */
const COMMON_HEADERS = {
  'cache-control': 'no-cache, no-store, must-revalidate',
  pragma: 'no-cache',
  'x-content-type-options': 'nosniff',
}

/** `<the client's id, or ours>/<32 hex>/<32 hex>`. */
export function requestIdOf(received: Received, random: Random): string {
  const theirs = header(received.headers, 'opc-request-id')?.split('/')[0] ?? ''
  const first = /^[\w.-]{1,64}$/.test(theirs) ? theirs : mintHex(random, 16).toUpperCase()
  return `${first}/${mintHex(random, 16).toUpperCase()}/${mintHex(random, 16).toUpperCase()}`
}

function parseBody(received: Received): unknown {
  if (received.body.byteLength === 0) return undefined
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(received.body))
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) {
      throw new OciRefusal(400, 'CannotParseRequest', 'The body is not JSON.')
    }
    throw error
  }
}

/** Identity is written in the home region only. */
function requireHome(cloud: Cloud, region: Region, operation: Operation): void {
  const writes = operation.effect === 'write' && operation.service === 'identity'
  if (region.home || !writes) return
  const home = cloud.regions.find((candidate) => candidate.home)?.key ?? ''
  const message = `Please go to your home region ${home} to execute CREATE, UPDATE and DELETE operations.`
  throw new OciRefusal(403, 'NotAllowed', message)
}

function perform(call: Call, operation: Operation): Answer {
  requireHome(call.cloud, call.region, operation)
  if (!operation.permits(call)) throw notAuthorizedOrNotFound(`${call.caller.name} may not ${operation.name}`)
  const before = answeredBefore(call, operation)
  if (before !== undefined) return before
  const answer = operation.run(call)
  if (operation.effect === 'write') {
    rememberAnswer(call, operation, answer)
    call.cloud.commit()
  }
  return answer
}

/**
 * Answers a request. Whatever it changes is saved before this returns. Nothing is waited for, so requests never
 * overlap.
 *
 * @param skew how far the clock of the server that answers is wrong, ms: it judges and dates by it; what it does happens now
 */
export function exchange(cloud: Cloud, region: Region, received: Received, skew = 0): Reply {
  const now = cloud.now()
  const clock = now + skew
  const requestId = requestIdOf(received, cloud.random)
  const scim = isScimPath(pathOf(received.target))
  let caller: Caller | null = null
  let operation: Operation | null = null
  let path: Readonly<Record<string, string>> = {}
  let answer: Answer
  let why: string | null = null
  try {
    caller = authenticate(cloud, region, received, { now, clock })
    const found = findOperation(received.method, pathOf(received.target), region.home)
    operation = found.operation
    path = found.path
    const call: Call = {
      cloud,
      region,
      caller,
      path,
      query: queryOf(received.target),
      headers: received.headers,
      body: parseBody(received),
      now,
      identity: cloud.seen(region, now),
    }
    answer = perform(call, operation)
  } catch (error) {
    if (!(error instanceof OciRefusal)) throw error
    why = error.why
    answer = { status: error.status, body: scim ? scimRefusalBody(error) : refusalBody(error) }
  }
  if (caller !== null && operation !== null) {
    const message = `${operation.name} ${why === null ? 'succeeded' : 'failed'}`
    const home = cloud.regions.find((candidate) => candidate.home) ?? region
    const kept = cloud.beliefs.auditIdentityAtHome && operation.service === 'identity' ? home : region
    const audited = { region: kept, caller, operation, path, received, requestId, status: answer.status, message, now }
    cloud.audit.record(cloud.tenancy, audited, cloud.random)
  }
  const contentType = scim ? 'application/scim+json' : 'application/json'
  const body = answer.body === undefined ? '' : JSON.stringify(answer.body)
  return {
    status: answer.status,
    headers: {
      ...COMMON_HEADERS,
      ...(body === '' ? {} : { 'content-type': contentType }),
      ...answer.headers,
      date: new Date(clock).toUTCString(),
      'opc-request-id': requestId,
    },
    body,
    requestId,
    keyId: caller?.keyId ?? null,
    operation: operation?.name ?? null,
    why,
  }
}
