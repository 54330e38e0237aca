/** Groups and memberships. */
import {
  type Answer,
  bodyFields,
  type Call,
  type Operation,
  pathValue,
  requireMatch,
  requireTenancyCompartment,
  textField,
  withEtag,
} from '../operation.js'
import { chosen, pageOf } from '../paging.js'
import { administer, inspect } from '../permission.js'
import { believedRefusal, missingParameter, notAuthorizedOrNotFound } from '../refusal.js'
import { type GroupRecord, type MembershipRecord, wireTime } from '../tenancy.js'

function groupBody(call: Call, group: GroupRecord): Record<string, unknown> {
  return {
    id: group.id,
    compartmentId: call.cloud.tenancy.tenancyId,
    name: group.name,
    description: group.description,
    timeCreated: wireTime(group.timeCreated),
    lifecycleState: 'ACTIVE',
    freeformTags: {},
    definedTags: {},
  }
}

function membershipBody(call: Call, membership: MembershipRecord): Record<string, unknown> {
  return {
    id: membership.id,
    compartmentId: call.cloud.tenancy.tenancyId,
    groupId: membership.groupId,
    userId: membership.userId,
    timeCreated: wireTime(membership.timeCreated),
    lifecycleState: 'ACTIVE',
  }
}

function listGroups(call: Call): Answer {
  requireTenancyCompartment(call)
  return pageOf(
    call,
    chosen(call, call.identity.groups, () => 'ACTIVE'),
    (group) => groupBody(call, group),
  )
}

function getGroup(call: Call): Answer {
  const id = pathValue(call, 'groupId')
  const group = call.identity.groups.find((candidate) => candidate.id === id)
  if (group === undefined) throw notAuthorizedOrNotFound('there is no such group')
  return withEtag(groupBody(call, group), group)
}

/** compartmentId and one of userId and groupId are mandatory; with both there is at most one item. */
function listMemberships(call: Call): Answer {
  requireTenancyCompartment(call)
  const userId = call.query.get('userId')
  const groupId = call.query.get('groupId')
  if (userId === null && groupId === null) throw missingParameter('userId or groupId')
  const found = call.identity.memberships.filter(
    (membership) =>
      (userId === null || membership.userId === userId) && (groupId === null || membership.groupId === groupId),
  )
  return pageOf(call, found, (membership) => membershipBody(call, membership))
}

function membershipOf(call: Call): MembershipRecord {
  const id = pathValue(call, 'userGroupMembershipId')
  const membership = call.identity.memberships.find((candidate) => candidate.id === id)
  if (membership === undefined) throw notAuthorizedOrNotFound('there is no such membership')
  return membership
}

function getMembership(call: Call): Answer {
  const membership = membershipOf(call)
  return withEtag(membershipBody(call, membership), membership)
}

function addUserToGroup(call: Call): Answer {
  const fields = bodyFields(call, ['userId', 'groupId'])
  const userId = textField(fields, 'userId')
  const groupId = textField(fields, 'groupId')
  const { users, groups, memberships } = call.identity
  if (!users.some((user) => user.id === userId)) throw notAuthorizedOrNotFound('there is no such user')
  if (!groups.some((group) => group.id === groupId)) throw notAuthorizedOrNotFound('there is no such group')
  if (memberships.some((other) => other.userId === userId && other.groupId === groupId)) {
    throw believedRefusal(call.cloud.beliefs.duplicateMembership, 'The user is already in the group.')
  }
  const id = call.cloud.mint('groupmembership')
  const membership = { id, userId, groupId, timeCreated: call.now, version: 1 }
  memberships.push(membership)
  return withEtag(membershipBody(call, membership), membership)
}

function removeUserFromGroup(call: Call): Answer {
  const membership = membershipOf(call)
  requireMatch(call, membership)
  call.identity.memberships.splice(call.identity.memberships.indexOf(membership), 1)
  return { status: 204 }
}

const MEMBERSHIPS = '/20160918/userGroupMemberships'

export const GROUP_OPERATIONS: readonly Operation[] = [
  {
    name: 'ListGroups',
    service: 'identity',
    method: 'GET',
    path: '/20160918/groups',
    effect: 'read',
    permits: inspect,
    run: listGroups,
  },
  {
    name: 'GetGroup',
    service: 'identity',
    method: 'GET',
    path: '/20160918/groups/{groupId}',
    effect: 'read',
    permits: inspect,
    run: getGroup,
  },
  {
    name: 'ListUserGroupMemberships',
    service: 'identity',
    method: 'GET',
    path: MEMBERSHIPS,
    effect: 'read',
    permits: inspect,
    run: listMemberships,
  },
  {
    name: 'GetUserGroupMembership',
    service: 'identity',
    method: 'GET',
    path: `${MEMBERSHIPS}/{userGroupMembershipId}`,
    effect: 'read',
    permits: inspect,
    run: getMembership,
  },
  {
    name: 'AddUserToGroup',
    service: 'identity',
    method: 'POST',
    path: MEMBERSHIPS,
    effect: 'write',
    retryable: true,
    permits: administer,
    run: addUserToGroup,
  },
  {
    name: 'RemoveUserFromGroup',
    service: 'identity',
    method: 'DELETE',
    path: `${MEMBERSHIPS}/{userGroupMembershipId}`,
    effect: 'write',
    permits: administer,
    run: removeUserFromGroup,
  },
]
