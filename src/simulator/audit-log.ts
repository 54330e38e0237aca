/** The audit log: one event for every authenticated call, in the shape of OCI Audit (`AuditEvent`, CloudEvents 0.1). */
import type { Caller } from './caller.js'
import type { Region } from './cloud.js'
import { mintHex, type Random } from './ocid.js'
import type { Operation, Service } from './operation.js'
import { header, pathOf, queryOf, type Received, type WireHeaders } from './received.js'
import { type TenancyState, wireTime } from './tenancy.js'

/** An event as it is kept: what listEvents answers, and where and when it happened. */
export interface AuditEvent {
  readonly region: string
  readonly compartmentId: string
  /** ms */
  readonly at: number
  /** The AuditEvent that goes over the wire. */
  readonly event: Readonly<Record<string, unknown>>
}

/** A call that has been answered. */
export interface AuditedCall {
  readonly region: Region
  readonly caller: Caller
  readonly operation: Operation
  readonly path: Readonly<Record<string, string>>
  readonly received: Received
  readonly requestId: string
  readonly status: number
  readonly message: string
  readonly now: number
}

/** Most events kept in memory; a simulator that runs for days forgets the oldest. */
const MOST_EVENTS = 50_000

const SOURCES: Readonly<Record<Service, string>> = {
  identity: 'identityControlPlane',
  domains: 'IdentityDomains',
  database: 'DatabaseService',
  workrequests: 'WorkRequestsApi',
  audit: 'Audit',
}

/** Request headers as Audit keeps them: every value, the signature starred. */
function keptHeaders(headers: WireHeaders): Record<string, string[]> {
  const star = (value: string): string => value.replace(/signature="[^"]*"/, 'signature="*****"')
  return Object.fromEntries(
    [...headers].map(([name, values]) =>
      name === 'authorization' ? ['Authorization', values.map(star)] : [name, [...values]],
    ),
  )
}

interface Subject {
  readonly id: string | null
  readonly name: string
  readonly compartmentId: string
  readonly compartmentName: string
}

/** What a call was about, by the ids in its path: a database in its compartment, a user or the tenancy in the root. */
function subjectOf(tenancy: TenancyState, path: Readonly<Record<string, string>>): Subject {
  const database = tenancy.databases.find(({ id }) => id === path['autonomousDatabaseId'])
  const compartment = tenancy.identity.compartments.find(({ id }) => id === database?.compartmentId)
  const user = tenancy.identity.users.find(({ id }) => id === path['userId'])
  return {
    id: Object.values(path).at(-1) ?? null,
    name: database?.displayName ?? user?.name ?? '',
    compartmentId: compartment?.id ?? tenancy.tenancyId,
    compartmentName: compartment?.name ?? tenancy.name,
  }
}

/** Builds the event of a call. `random` gives the event's id. */
function eventOf(tenancy: TenancyState, call: AuditedCall, random: Random): AuditEvent {
  const { caller, received, operation } = call
  const subject = subjectOf(tenancy, call.path)
  const query = queryOf(received.target)
  const parameters = Object.fromEntries([...query.keys()].map((name) => [name, query.getAll(name)]))
  const source = SOURCES[operation.service]
  const event = {
    eventType: `com.oraclecloud.${source}.${operation.name}`,
    cloudEventsVersion: '0.1',
    eventTypeVersion: '2.0',
    source,
    eventId: mintHex(random, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
    eventTime: wireTime(call.now),
    contentType: 'application/json',
    data: {
      eventGroupingId: call.requestId.split('/').slice(0, 2).join('/'),
      eventName: operation.name,
      compartmentId: subject.compartmentId,
      compartmentName: subject.compartmentName,
      resourceName: subject.name,
      resourceId: subject.id,
      availabilityDomain: null,
      freeformTags: {},
      definedTags: {},
      identity: {
        principalName: caller.name,
        principalId: caller.userId,
        authType: 'natv',
        callerName: null,
        callerId: null,
        tenantId: tenancy.tenancyId,
        ipAddress: '127.0.0.1',
        credentials: caller.keyId,
        userAgent: header(received.headers, 'user-agent') ?? null,
        consoleSessionId: null,
      },
      request: {
        id: call.requestId,
        path: decodeLenient(pathOf(received.target)),
        action: received.method,
        parameters,
        headers: keptHeaders(received.headers),
      },
      response: {
        status: String(call.status),
        responseTime: wireTime(call.now),
        headers: { 'opc-request-id': [call.requestId] },
        payload: {},
        message: call.message,
      },
      stateChange: { previous: null, current: null },
      additionalDetails: null,
    },
  }
  return { region: call.region.name, compartmentId: subject.compartmentId, at: call.now, event }
}

function decodeLenient(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch (error) {
    if (error instanceof URIError) return path
    throw error
  }
}

/** Events in the order in which they happened. */
export class AuditLog {
  readonly #events: AuditEvent[]
  readonly #keep: (event: AuditEvent) => void

  /** @param keep called with every new event, to write it down */
  constructor(events: readonly AuditEvent[], keep: (event: AuditEvent) => void) {
    this.#events = [...events]
    this.#keep = keep
  }

  get events(): readonly AuditEvent[] {
    return this.#events
  }

  record(tenancy: TenancyState, call: AuditedCall, random: Random): void {
    const event = eventOf(tenancy, call, random)
    this.#events.push(event)
    if (this.#events.length > MOST_EVENTS) this.#events.shift()
    this.#keep(event)
  }
}
