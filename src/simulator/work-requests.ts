/** Work requests: what long operations leave behind to be asked about. */
import { type Answer, type Call, type Operation, pathValue } from './operation.js'
import { inspect } from './permission.js'
import { notAuthorizedOrNotFound } from './refusal.js'
import { type WorkRequestRecord, wireTime } from './tenancy.js'

/** Notes a work request that is finished at `timeFinished` (ms). */
export function acceptWork(
  call: Call,
  about: Pick<WorkRequestRecord, 'operationType' | 'compartmentId' | 'resourceId' | 'timeFinished'>,
): WorkRequestRecord {
  const region = call.region.name
  const work = { id: call.cloud.mint('coreservicesworkrequest', region), region, timeAccepted: call.now, ...about }
  call.cloud.tenancy.workRequests.push(work)
  return work
}

function getWorkRequest(call: Call): Answer {
  const id = pathValue(call, 'workRequestId')
  const work = call.cloud.tenancy.workRequests.find((candidate) => candidate.id === id)
  if (work?.region !== call.region.name) throw notAuthorizedOrNotFound('there is no such work request here')
  const finished = call.now >= work.timeFinished
  const resource = {
    entityType: 'autonomousDatabase',
    actionType: finished ? 'UPDATED' : 'IN_PROGRESS',
    identifier: work.resourceId,
    entityUri: `/20160918/autonomousDatabases/${work.resourceId}`,
  }
  const body = {
    id: work.id,
    operationType: work.operationType,
    status: finished ? 'SUCCEEDED' : 'IN_PROGRESS',
    compartmentId: work.compartmentId,
    resources: [resource],
    percentComplete: finished ? 100 : 50,
    timeAccepted: wireTime(work.timeAccepted),
    timeStarted: wireTime(work.timeAccepted),
    ...(finished ? { timeFinished: wireTime(work.timeFinished) } : {}),
  }
  return { status: 200, body }
}

export const WORK_REQUEST_OPERATIONS: readonly Operation[] = [
  {
    name: 'GetWorkRequest',
    service: 'workrequests',
    method: 'GET',
    path: '/20160918/workRequests/{workRequestId}',
    effect: 'read',
    permits: inspect,
    run: getWorkRequest,
  },
]
