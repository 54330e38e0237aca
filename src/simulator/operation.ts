/** What an operation is: a name, a method, a path, who may call it, what it does. */
import type { Caller } from './caller.js'
import { type Cloud, etagOf, type Region } from './cloud.js'
import { header, type WireHeaders } from './received.js'
import { believedRefusal, invalidParameter, missingParameter, notAuthorizedOrNotFound } from './refusal.js'
import type { IdentityState, UserRecord } from './tenancy.js'

/** Which of OCI's services an operation belongs to; decides about the error body and the audit event's type. */
export type Service = 'identity' | 'domains' | 'database' | 'workrequests' | 'audit'

/** What a handler sees of a request. */
export interface Call {
  readonly cloud: Cloud
  readonly region: Region
  readonly caller: Caller
  /** Values of the path's `{names}`, decoded. */
  readonly path: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly headers: WireHeaders
  /** The parsed JSON body, or undefined when there was none. */
  readonly body: unknown
  /** This cloud's clock, ms. */
  readonly now: number
  /** Identity as this region knows it; at home it is the state itself and may be changed. */
  readonly identity: IdentityState
}

export interface Answer {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface Operation {
  /** OCI's name, as in its audit events. */
  readonly name: string
  readonly service: Service
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path with `{names}`. */
  readonly path: string
  /** Writes of identity are refused away from home; every successful write is saved. */
  readonly effect: 'read' | 'write'
  /** Honours opc-retry-token. */
  readonly retryable?: boolean
  readonly permits: (call: Call) => boolean
  readonly run: (call: Call) => Answer
}

/** A decoded path value. Throws a TypeError when the operation's path has no such name: a mistake in this simulator. */
export function pathValue(call: Call, name: string): string {
  const value = call.path[name]
  if (value === undefined) throw new TypeError(`the operation's path has no {${name}}`)
  return value
}

/** A mandatory query value. Throws 400 MissingParameter. */
export function queryValue(call: Call, name: string): string {
  const value = call.query.get(name)
  if (value === null || value === '') throw missingParameter(name)
  return value
}

/** The user of the path's `{userId}`. Throws 404. */
export function userOf(call: Call): UserRecord {
  const id = pathValue(call, 'userId')
  const user = call.identity.users.find((candidate) => candidate.id === id)
  if (user === undefined) throw notAuthorizedOrNotFound('there is no such user')
  return user
}

/** A query's compartmentId, which must be the tenancy's. Throws 400 or 404. */
export function requireTenancyCompartment(call: Call): void {
  if (queryValue(call, 'compartmentId') !== call.cloud.tenancy.tenancyId) {
    throw notAuthorizedOrNotFound('the compartment is not the tenancy')
  }
}

/** Honours if-match. Throws 412 when it is there and does not name the thing's etag. */
export function requireMatch(call: Call, thing: { readonly id: string; readonly version: number }): void {
  const wanted = header(call.headers, 'if-match')
  if (wanted === undefined || wanted === '*' || wanted === etagOf(thing)) return
  throw believedRefusal(call.cloud.beliefs.etagMismatch, 'The etag given does not match the resource.')
}

/** An answer with the etag of what it shows. */
export function withEtag(body: unknown, thing: { readonly id: string; readonly version: number }): Answer {
  return { status: 200, body, headers: { etag: etagOf(thing) } }
}

/** The body as an object with no fields but the `known` ones. Throws 400. */
export function bodyFields(call: Call, known: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof call.body !== 'object' || call.body === null || Array.isArray(call.body)) {
    throw invalidParameter('The body must be a JSON object.')
  }
  const unknown = Object.keys(call.body).find((name) => !known.includes(name))
  if (unknown !== undefined && call.cloud.beliefs.unknownBodyField !== 'allowed') {
    throw believedRefusal(call.cloud.beliefs.unknownBodyField, `Unrecognized field '${unknown}'.`)
  }
  return call.body as Readonly<Record<string, unknown>>
}

/** A mandatory text field. Throws 400. */
export function textField(fields: Readonly<Record<string, unknown>>, name: string): string {
  const value = fields[name]
  if (value === undefined || value === null) throw missingParameter(name)
  if (typeof value !== 'string' || value === '') throw invalidParameter(`${name} must be text.`)
  return value
}

/** An optional flag; absent and null are undefined. Throws 400. */
export function flagField(fields: Readonly<Record<string, unknown>>, name: string): boolean | undefined {
  const value = fields[name] ?? undefined
  if (value !== undefined && typeof value !== 'boolean') throw invalidParameter(`${name} must be true or false.`)
  return value
}
