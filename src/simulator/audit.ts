/** The Audit service: listEvents, one compartment and one region at a time. */
import { type Answer, type Call, type Operation, queryValue } from './operation.js'
import { nextPageHeader, pageOf, pageOffset } from './paging.js'
import { inspect } from './permission.js'
import { invalidParameter, notAuthorizedOrNotFound } from './refusal.js'

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/

/** A time of the query, ms. Throws 400 unless it is RFC 3339, to the whole minute where this cloud insists on it. */
function queryTime(call: Call, name: string): number {
  const text = queryValue(call, name)
  const time = TIME.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(time)) throw invalidParameter(`${name} must be a time of RFC 3339.`)
  if (call.cloud.beliefs.auditWholeMinutes && time % 60_000 !== 0) {
    throw invalidParameter(`${name} must be to the minute: seconds and milliseconds must be 0.`)
  }
  return time
}

/** Events of one compartment (not of those below it) in [startTime, endTime), oldest first. */
function listEvents(call: Call): Answer {
  const compartmentId = queryValue(call, 'compartmentId')
  const start = queryTime(call, 'startTime')
  const end = queryTime(call, 'endTime')
  if (start >= end) throw invalidParameter('startTime must be before endTime.')
  const { tenancyId } = call.cloud.tenancy
  if (compartmentId !== tenancyId && !call.identity.compartments.some(({ id }) => id === compartmentId)) {
    throw notAuthorizedOrNotFound('there is no such compartment')
  }
  const heard = call.now - call.cloud.beliefs.auditDelay * 1000
  const found = call.cloud.audit.events.filter(
    ({ region, compartmentId: of, at }) =>
      region === call.region.name && of === compartmentId && at >= start && at < end && at <= heard,
  )
  if (call.cloud.beliefs.auditEmptyPage && !call.query.has('page')) {
    return { status: 200, body: [], headers: nextPageHeader(call, pageOffset(call), Math.max(1, found.length)) }
  }
  return pageOf(call, found, ({ event }) => event)
}

export const AUDIT_OPERATIONS: readonly Operation[] = [
  {
    name: 'ListEvents',
    service: 'audit',
    method: 'GET',
    path: '/20190901/auditEvents',
    effect: 'read',
    permits: inspect,
    run: listEvents,
  },
]
