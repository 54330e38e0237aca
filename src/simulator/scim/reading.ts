/** Reading users and groups of the identity domain. */
import { type Answer, type Call, type Operation, pathValue } from '../operation.js'
import { anybody, inspect } from '../permission.js'
import { listScim, queryOfCall, type ScimQuery, show } from './listing.js'
import { invalidScim, resourceNotFound, scimBody, scimUser } from './refusals.js'
import { GROUP_TYPE, groupResource, membershipsBy, USER_TYPE, userResource } from './resources.js'

const SEARCH = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest'

/** Administrators and auditors see all users, everybody else sees the own one. */
function usersFor(call: Call, query: ScimQuery): Answer {
  const { administrator, auditor, userId } = call.caller
  const visible = call.identity.users.filter((user) => administrator || auditor || user.id === userId)
  const memberships = membershipsBy(call.identity, 'userId')
  const resources = visible.map((user) => userResource(call, user, memberships.get(user.id) ?? []))
  return listScim(call, resources, USER_TYPE, query)
}

function listUsers(call: Call): Answer {
  return usersFor(call, queryOfCall(call))
}

/** `POST /Users/.search`: the query in a body, for filters too long for an address. */
function searchUsers(call: Call): Answer {
  const fields = scimBody(call, SEARCH)
  const text = (name: string): string | null => {
    const value = fields[name] ?? null
    if (value === null || typeof value === 'string') return value
    if (typeof value === 'number') return String(value)
    throw invalidScim(`${name} must be text.`)
  }
  const list = (name: string): string[] => {
    const value = fields[name] ?? []
    if (!Array.isArray(value)) throw invalidScim(`${name} must be a list.`)
    return value.map(String)
  }
  return usersFor(call, {
    filter: text('filter'),
    sortBy: text('sortBy'),
    sortOrder: text('sortOrder'),
    startIndex: text('startIndex'),
    count: text('count'),
    attributes: fields['attributes'] === undefined ? null : list('attributes').join(','),
    attributeSets: list('attributeSets'),
  })
}

function getUser(call: Call): Answer {
  const user = scimUser(call, pathValue(call, 'id'))
  const memberships = membershipsBy(call.identity, 'userId').get(user.id) ?? []
  return { status: 200, body: show(userResource(call, user, memberships), USER_TYPE, queryOfCall(call)) }
}

function groupResources(call: Call): Readonly<Record<string, unknown>>[] {
  const memberships = membershipsBy(call.identity, 'groupId')
  const users = new Map(call.identity.users.map((user) => [user.id, user]))
  return call.identity.groups.map((group) => groupResource(call, group, memberships.get(group.id) ?? [], users))
}

function listGroups(call: Call): Answer {
  return listScim(call, groupResources(call), GROUP_TYPE, queryOfCall(call))
}

function getGroup(call: Call): Answer {
  const id = pathValue(call, 'id')
  const group = groupResources(call).find((candidate) => candidate['id'] === id || candidate['ocid'] === id)
  if (group === undefined) throw resourceNotFound('The group')
  return { status: 200, body: show(group, GROUP_TYPE, queryOfCall(call)) }
}

export const SCIM_READING_OPERATIONS: readonly Operation[] = [
  {
    name: 'ListUsers',
    service: 'domains',
    method: 'GET',
    path: '/admin/v1/Users',
    effect: 'read',
    permits: anybody,
    run: listUsers,
  },
  {
    name: 'SearchUsers',
    service: 'domains',
    method: 'POST',
    path: '/admin/v1/Users/.search',
    effect: 'read',
    permits: anybody,
    run: searchUsers,
  },
  {
    name: 'GetUser',
    service: 'domains',
    method: 'GET',
    path: '/admin/v1/Users/{id}',
    effect: 'read',
    permits: anybody,
    run: getUser,
  },
  {
    name: 'ListGroups',
    service: 'domains',
    method: 'GET',
    path: '/admin/v1/Groups',
    effect: 'read',
    permits: inspect,
    run: listGroups,
  },
  {
    name: 'GetGroup',
    service: 'domains',
    method: 'GET',
    path: '/admin/v1/Groups/{id}',
    effect: 'read',
    permits: inspect,
    run: getGroup,
  },
]
