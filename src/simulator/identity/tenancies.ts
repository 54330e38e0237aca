/** The tenancy itself: regions, compartments, identity domains, and the lists that are empty here. */
import {
  type Answer,
  type Call,
  type Operation,
  pathValue,
  queryValue,
  requireTenancyCompartment,
  withEtag,
} from '../operation.js'
import { chosen, pageOf } from '../paging.js'
import { inspect } from '../permission.js'
import { invalidParameter, notAuthorizedOrNotFound } from '../refusal.js'
import { type CompartmentRecord, wireTime } from '../tenancy.js'

function requireOwnTenancy(call: Call): void {
  if (pathValue(call, 'tenancyId') !== call.cloud.tenancy.tenancyId) {
    throw notAuthorizedOrNotFound('another tenancy')
  }
}

function homeRegionOf(call: Call): { name: string; key: string } {
  return call.cloud.regions.find((region) => region.home) ?? call.region
}

function getTenancy(call: Call): Answer {
  requireOwnTenancy(call)
  const { tenancyId: id, name, description } = call.cloud.tenancy
  const body = {
    id,
    name,
    description,
    homeRegionKey: homeRegionOf(call).key,
    upiIdcsCompatibilityLayerEndpoint: null,
    freeformTags: {},
    definedTags: {},
  }
  return { status: 200, body }
}

function listRegionSubscriptions(call: Call): Answer {
  requireOwnTenancy(call)
  const body = call.cloud.regions.map((region) => ({
    regionKey: region.key,
    regionName: region.name,
    status: 'READY',
    isHomeRegion: region.home,
  }))
  return { status: 200, body }
}

function compartmentBody(compartment: CompartmentRecord): Record<string, unknown> {
  return {
    id: compartment.id,
    compartmentId: compartment.compartmentId,
    name: compartment.name,
    description: compartment.description,
    timeCreated: wireTime(compartment.timeCreated),
    lifecycleState: 'ACTIVE',
    isAccessible: true,
    freeformTags: {},
    definedTags: {},
  }
}

/** Children of a compartment; the whole tree below the root, without the root, with compartmentIdInSubtree=true. */
function listCompartments(call: Call): Answer {
  const parent = queryValue(call, 'compartmentId')
  const { tenancyId } = call.cloud.tenancy
  const { compartments } = call.identity
  if (parent !== tenancyId && !compartments.some((compartment) => compartment.id === parent)) {
    throw notAuthorizedOrNotFound('there is no such compartment')
  }
  const whole = call.query.get('compartmentIdInSubtree') === 'true'
  if (whole && parent !== tenancyId) {
    throw invalidParameter('compartmentIdInSubtree can only be true for the root compartment.')
  }
  const found = whole ? compartments : compartments.filter((compartment) => compartment.compartmentId === parent)
  return pageOf(
    call,
    chosen(call, found, () => 'ACTIVE'),
    compartmentBody,
  )
}

function getCompartment(call: Call): Answer {
  const id = pathValue(call, 'compartmentId')
  const { tenancyId, name, description } = call.cloud.tenancy
  const root = { id: tenancyId, compartmentId: tenancyId, name, description, timeCreated: 0 }
  const compartment = id === tenancyId ? root : call.identity.compartments.find((candidate) => candidate.id === id)
  if (compartment === undefined) throw notAuthorizedOrNotFound('there is no such compartment')
  return withEtag(compartmentBody(compartment), { id, version: 1 })
}

function domainBody(call: Call): Record<string, unknown> {
  const { domain } = call.identity
  const url = call.cloud.domainUrl()
  return {
    id: domain.id,
    compartmentId: call.cloud.tenancy.tenancyId,
    displayName: domain.displayName,
    description: 'Default domain',
    url,
    homeRegionUrl: url,
    homeRegion: homeRegionOf(call).name,
    replicaRegions: [],
    type: 'DEFAULT',
    licenseType: 'free',
    isHiddenOnLogin: false,
    timeCreated: wireTime(domain.timeCreated),
    lifecycleState: 'ACTIVE',
    freeformTags: {},
    definedTags: {},
  }
}

/** Domains of one compartment; the default domain lives in the root. */
function listDomains(call: Call): Answer {
  const root = queryValue(call, 'compartmentId') === call.cloud.tenancy.tenancyId
  const body = domainBody(call)
  const filters = ['displayName', 'type', 'url', 'homeRegionUrl', 'name', 'lifecycleState', 'licenseType']
  const wanted = filters.every((name) => {
    const value = call.query.get(name)
    return value === null || value === body[name === 'name' ? 'displayName' : name]
  })
  return pageOf(call, root && wanted ? [body] : [], (domain) => domain)
}

function getDomain(call: Call): Answer {
  const id = pathValue(call, 'domainId')
  if (id !== call.identity.domain.id) throw notAuthorizedOrNotFound('there is no such domain')
  return withEtag(domainBody(call), { id, version: 1 })
}

/** This tenancy has none of these, but an auditor asks for them. */
function listNothing(call: Call): Answer {
  requireTenancyCompartment(call)
  return pageOf(call, [], (item) => item)
}

function listIdentityProviders(call: Call): Answer {
  if (queryValue(call, 'protocol') !== 'SAML2') throw invalidParameter('protocol must be SAML2.')
  return listNothing(call)
}

function reading(name: string, path: string, run: (call: Call) => Answer): Operation {
  return { name, service: 'identity', method: 'GET', path: `/20160918${path}`, effect: 'read', permits: inspect, run }
}

export const TENANCY_OPERATIONS: readonly Operation[] = [
  reading('GetTenancy', '/tenancies/{tenancyId}', getTenancy),
  reading('ListRegionSubscriptions', '/tenancies/{tenancyId}/regionSubscriptions', listRegionSubscriptions),
  reading('ListCompartments', '/compartments', listCompartments),
  reading('GetCompartment', '/compartments/{compartmentId}', getCompartment),
  reading('ListDomains', '/domains', listDomains),
  reading('GetDomain', '/domains/{domainId}', getDomain),
  reading('ListDynamicGroups', '/dynamicGroups', listNothing),
  reading('ListNetworkSources', '/networkSources', listNothing),
  reading('ListIdentityProviders', '/identityProviders', listIdentityProviders),
]
