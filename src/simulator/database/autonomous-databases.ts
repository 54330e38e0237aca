/** Autonomous Databases: reading them, in the region where they are. */
import { type Answer, type Call, type Operation, pathValue, queryValue, withEtag } from '../operation.js'
import { pageOf } from '../paging.js'
import { inspect } from '../permission.js'
import { notAuthorizedOrNotFound } from '../refusal.js'
import { type DatabaseRecord, wireTime } from '../tenancy.js'

/** The state shown now: UPDATING while a work request runs. */
export function lifecycleState(database: DatabaseRecord, now: number): string {
  return now < database.updatingUntil ? 'UPDATING' : database.lifecycleState
}

/** A database as OCI's AutonomousDatabase model: the required fields and those that people look at. */
export function databaseBody(database: DatabaseRecord, now: number): Record<string, unknown> {
  return {
    id: database.id,
    compartmentId: database.compartmentId,
    lifecycleState: lifecycleState(database, now),
    dbName: database.dbName,
    displayName: database.displayName,
    dbWorkload: 'OLTP',
    dbVersion: '23ai',
    isFreeTier: database.isFreeTier,
    computeModel: 'ECPU',
    computeCount: 2,
    dataStorageSizeInTBs: 1,
    timeCreated: wireTime(database.timeCreated),
    freeformTags: {},
    definedTags: {},
  }
}

/** The database of the path, in the region of the call. Throws 404. */
export function databaseOf(call: Call): DatabaseRecord {
  const id = pathValue(call, 'autonomousDatabaseId')
  const found = call.cloud.tenancy.databases.find((database) => database.id === id)
  if (found?.region !== call.region.name) throw notAuthorizedOrNotFound('there is no such database in this region')
  return found
}

function getDatabase(call: Call): Answer {
  const database = databaseOf(call)
  return withEtag(databaseBody(database, call.now), database)
}

function listDatabases(call: Call): Answer {
  const compartmentId = queryValue(call, 'compartmentId')
  const state = call.query.get('lifecycleState')
  const stateNot = call.query.get('lifecycleStateNotEqualTo')
  const name = call.query.get('displayName')
  const free = call.query.get('isFreeTier')
  const found = call.cloud.tenancy.databases.filter((database) => {
    const now = lifecycleState(database, call.now)
    return (
      database.region === call.region.name &&
      database.compartmentId === compartmentId &&
      (state === null || state === now) &&
      (stateNot === null || stateNot !== now) &&
      (name === null || name === database.displayName) &&
      (free === null || free === String(database.isFreeTier))
    )
  })
  return pageOf(call, found, (database) => databaseBody(database, call.now))
}

/** Path of one database. */
export const DATABASE = '/20160918/autonomousDatabases/{autonomousDatabaseId}'

export const DATABASE_OPERATIONS: readonly Operation[] = [
  {
    name: 'ListAutonomousDatabases',
    service: 'database',
    method: 'GET',
    path: '/20160918/autonomousDatabases',
    effect: 'read',
    permits: inspect,
    run: listDatabases,
  },
  {
    name: 'GetAutonomousDatabase',
    service: 'database',
    method: 'GET',
    path: DATABASE,
    effect: 'read',
    permits: inspect,
    run: getDatabase,
  },
]
