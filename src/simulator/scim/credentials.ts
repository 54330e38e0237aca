/** Credentials of the identity domain: API keys and the others, to list and to delete. */
import { type Answer, type Call, type Operation, pathValue } from '../operation.js'
import { anybody } from '../permission.js'
import { removeKey } from '../identity/api-keys.js'
import type { ApiKeyRecord, CredentialRecord } from '../tenancy.js'
import type { ScimResource } from './filter.js'
import { listScim, queryOfCall, show } from './listing.js'
import { requireSelfChange, resourceNotFound } from './refusals.js'
import { apiKeyResource, CREDENTIAL_TYPE, credentialResource, SCIM_CREDENTIALS } from './resources.js'

type Owned = ApiKeyRecord | CredentialRecord

/** One kind of credential behind one path segment. */
interface ScimKind<T extends Owned> {
  readonly segment: string
  readonly records: (call: Call) => readonly T[]
  readonly ocid: (record: T) => string
  readonly resource: (call: Call, record: T) => ScimResource
  readonly remove: (call: Call, record: T) => void
}

/** Administrators and auditors see all of them, everybody else sees the own. */
function visible<T extends Owned>(call: Call, kind: ScimKind<T>): T[] {
  const { administrator, auditor, userId } = call.caller
  return kind.records(call).filter((record) => administrator || auditor || record.userId === userId)
}

function found<T extends Owned>(call: Call, kind: ScimKind<T>): T {
  const id = pathValue(call, 'id')
  const byOcid = call.cloud.beliefs.scimDeleteByOcid
  const record = visible(call, kind).find(
    (candidate) => candidate.scimId === id || (byOcid && kind.ocid(candidate) === id),
  )
  if (record === undefined) throw resourceNotFound('The credential')
  return record
}

function operationsOf<T extends Owned>(kind: ScimKind<T>): Operation[] {
  const path = `/admin/v1/${kind.segment}`
  const noun = kind.segment.slice(0, -1)

  function list(call: Call): Answer {
    const resources = visible(call, kind).map((record) => kind.resource(call, record))
    return listScim(call, resources, CREDENTIAL_TYPE, queryOfCall(call))
  }

  function get(call: Call): Answer {
    return { status: 200, body: show(kind.resource(call, found(call, kind)), CREDENTIAL_TYPE, queryOfCall(call)) }
  }

  /** One's own needs `?allowSelfChange=true`; another's needs an administrator. */
  function remove(call: Call): Answer {
    const record = found(call, kind)
    if (!call.caller.administrator && record.userId !== call.caller.userId) throw resourceNotFound('The credential')
    requireSelfChange(call, record.userId, call.query.get('allowSelfChange') === 'true')
    kind.remove(call, record)
    return { status: call.cloud.beliefs.scimDeleted }
  }

  const common = { service: 'domains', permits: anybody } as const
  return [
    { ...common, name: `List${kind.segment}`, method: 'GET', path, effect: 'read', run: list },
    { ...common, name: `Get${noun}`, method: 'GET', path: `${path}/{id}`, effect: 'read', run: get },
    {
      ...common,
      name: `Delete${noun}`,
      method: 'DELETE',
      path: `${path}/{id}`,
      effect: 'write',
      run: remove,
    },
  ]
}

const API_KEYS: ScimKind<ApiKeyRecord> = {
  segment: 'ApiKeys',
  records: (call) => call.identity.apiKeys.filter((key) => key.timeDeleted === null),
  ocid: (key) => key.ocid,
  resource: apiKeyResource,
  remove: removeKey,
}

const OTHERS: readonly ScimKind<CredentialRecord>[] = SCIM_CREDENTIALS.map(({ segment, kind, schema }) => ({
  segment,
  records: (call) => call.identity.credentials.filter((credential) => credential.kind === kind),
  ocid: (credential) => credential.id,
  resource: (call, credential) => credentialResource(call, credential, schema),
  remove: ({ identity }, credential) => void identity.credentials.splice(identity.credentials.indexOf(credential), 1),
}))

export const SCIM_CREDENTIAL_OPERATIONS: readonly Operation[] = [
  ...operationsOf(API_KEYS),
  ...OTHERS.flatMap(operationsOf),
]
