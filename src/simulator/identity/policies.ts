/** Policies: kept word for word, listed per compartment, never evaluated. */
import {
  type Answer,
  bodyFields,
  type Call,
  type Operation,
  pathValue,
  queryValue,
  requireMatch,
  textField,
  withEtag,
} from '../operation.js'
import { chosen, pageOf } from '../paging.js'
import { administer, inspect } from '../permission.js'
import { believedRefusal, invalidParameter, notAuthorizedOrNotFound } from '../refusal.js'
import { type PolicyRecord, wireTime } from '../tenancy.js'

type Fields = Readonly<Record<string, unknown>>

/** Every statement begins with one of these, whatever the case. */
const STATEMENT = /^\s*(allow|deny|define|endorse|admit)\s+\S/i
const TAGS = ['freeformTags', 'definedTags']

function policyBody(policy: PolicyRecord): Record<string, unknown> {
  return {
    id: policy.id,
    compartmentId: policy.compartmentId,
    name: policy.name,
    statements: policy.statements,
    description: policy.description,
    timeCreated: wireTime(policy.timeCreated),
    lifecycleState: 'ACTIVE',
    versionDate: policy.versionDate,
    freeformTags: {},
    definedTags: {},
  }
}

function isCompartment(call: Call, id: string): boolean {
  return id === call.cloud.tenancy.tenancyId || call.identity.compartments.some((compartment) => compartment.id === id)
}

function statementsOf(fields: Fields): string[] {
  const value = fields['statements']
  if (!Array.isArray(value) || value.length === 0) throw invalidParameter('statements must be a list of text.')
  return value.map((statement: unknown) => {
    if (typeof statement !== 'string' || !STATEMENT.test(statement)) {
      throw invalidParameter('A statement must begin with allow, deny, define, endorse or admit.')
    }
    return statement
  })
}

function versionDateOf(fields: Fields): string | null {
  const value = fields['versionDate'] ?? null
  if (value === null) return null
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(value)) {
    throw invalidParameter('versionDate must be YYYY-MM-DD.')
  }
  return value
}

/** Only the policies of the given compartment, never those below it. */
function listPolicies(call: Call): Answer {
  const compartmentId = queryValue(call, 'compartmentId')
  if (!isCompartment(call, compartmentId)) throw notAuthorizedOrNotFound('there is no such compartment')
  const own = call.identity.policies.filter((policy) => policy.compartmentId === compartmentId)
  return pageOf(
    call,
    chosen(call, own, () => 'ACTIVE'),
    policyBody,
  )
}

function policyOf(call: Call): PolicyRecord {
  const id = pathValue(call, 'policyId')
  const policy = call.identity.policies.find((candidate) => candidate.id === id)
  if (policy === undefined) throw notAuthorizedOrNotFound('there is no such policy')
  return policy
}

function changeablePolicyOf(call: Call): PolicyRecord {
  const policy = policyOf(call)
  if (policy.builtIn) {
    throw believedRefusal(call.cloud.beliefs.tenantAdminPolicy, 'This policy cannot be changed or removed.')
  }
  requireMatch(call, policy)
  return policy
}

function getPolicy(call: Call): Answer {
  const policy = policyOf(call)
  return withEtag(policyBody(policy), policy)
}

function createPolicy(call: Call): Answer {
  const known = ['compartmentId', 'name', 'statements', 'description', 'versionDate', ...TAGS]
  const fields = bodyFields(call, known)
  const compartmentId = textField(fields, 'compartmentId')
  const name = textField(fields, 'name')
  if (!isCompartment(call, compartmentId)) throw notAuthorizedOrNotFound('there is no such compartment')
  if (call.identity.policies.some((other) => other.compartmentId === compartmentId && other.name === name)) {
    throw believedRefusal(call.cloud.beliefs.duplicatePolicy, `Policy '${name}' already exists in the compartment.`)
  }
  const policy: PolicyRecord = {
    id: call.cloud.mint('policy'),
    compartmentId,
    name,
    builtIn: false,
    description: textField(fields, 'description'),
    statements: statementsOf(fields),
    versionDate: versionDateOf(fields),
    timeCreated: call.now,
    version: 1,
  }
  call.identity.policies.push(policy)
  return withEtag(policyBody(policy), policy)
}

function updatePolicy(call: Call): Answer {
  const policy = changeablePolicyOf(call)
  const fields = bodyFields(call, ['description', 'statements', 'versionDate', ...TAGS])
  const description = fields['description'] === undefined ? policy.description : textField(fields, 'description')
  const statements = fields['statements'] === undefined ? policy.statements : statementsOf(fields)
  const versionDate = fields['versionDate'] === undefined ? policy.versionDate : versionDateOf(fields)
  Object.assign(policy, { description, statements, versionDate })
  policy.version += 1
  return withEtag(policyBody(policy), policy)
}

function deletePolicy(call: Call): Answer {
  const policy = changeablePolicyOf(call)
  call.identity.policies.splice(call.identity.policies.indexOf(policy), 1)
  return { status: 204 }
}

const POLICIES = '/20160918/policies'
const POLICY = `${POLICIES}/{policyId}`

export const POLICY_OPERATIONS: readonly Operation[] = [
  {
    name: 'ListPolicies',
    service: 'identity',
    method: 'GET',
    path: POLICIES,
    effect: 'read',
    permits: inspect,
    run: listPolicies,
  },
  {
    name: 'GetPolicy',
    service: 'identity',
    method: 'GET',
    path: POLICY,
    effect: 'read',
    permits: inspect,
    run: getPolicy,
  },
  {
    name: 'CreatePolicy',
    service: 'identity',
    method: 'POST',
    path: POLICIES,
    effect: 'write',
    retryable: true,
    permits: administer,
    run: createPolicy,
  },
  {
    name: 'UpdatePolicy',
    service: 'identity',
    method: 'PUT',
    path: POLICY,
    effect: 'write',
    permits: administer,
    run: updatePolicy,
  },
  {
    name: 'DeletePolicy',
    service: 'identity',
    method: 'DELETE',
    path: POLICY,
    effect: 'write',
    permits: administer,
    run: deletePolicy,
  },
]
