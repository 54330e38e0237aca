/** SCIM lists and single resources: filter, order, pages, and which attributes are shown (RFC 7644 section 3.4.2). */
import type { Answer, Call } from '../operation.js'
import { nextPageHeader, pageOffset, readLimit } from '../paging.js'
import { OciRefusal } from '../refusal.js'
import { pathSteps, readFilter, type ScimResource, valuesAt } from './filter.js'

const LIST = 'urn:ietf:params:scim:api:messages:2.0:ListResponse'
const DEFAULT_COUNT = 50
const LARGEST_COUNT = 1000

/** What there is to know of a type of resource. */
export interface ScimType {
  /** Attribute paths that a filter may use. */
  readonly searchable: readonly string[]
  /** Attribute paths, at most two steps, that are shown only when asked for (`returned: request`). */
  readonly onRequest: readonly string[]
}

/** A list's query, from the address or from the body of `.search`. */
export interface ScimQuery {
  readonly filter: string | null
  readonly sortBy: string | null
  readonly sortOrder: string | null
  readonly startIndex: string | null
  readonly count: string | null
  readonly attributes: string | null
  readonly attributeSets: readonly string[]
}

/** The query of a GET. */
export function queryOfCall(call: Call): ScimQuery {
  const of = (name: string): string | null => call.query.get(name)
  return {
    filter: of('filter'),
    sortBy: of('sortBy'),
    sortOrder: of('sortOrder'),
    startIndex: of('startIndex'),
    count: of('count'),
    attributes: of('attributes'),
    attributeSets: call.query.getAll('attributeSets').flatMap((sets) => sets.split(',')),
  }
}

function invalidValue(message: string): OciRefusal {
  return new OciRefusal(400, 'error.common.common.invalidValue', message)
}

type Mutable = Record<string, unknown>

function isObject(value: unknown): value is Mutable {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A copy without the attributes that were not asked for. */
function withoutUnasked(resource: ScimResource, unasked: readonly string[]): Mutable {
  const shown: Mutable = { ...resource }
  for (const path of unasked) {
    const [head = '', sub] = pathSteps(path)
    const value = shown[head]
    if (sub === undefined) Reflect.deleteProperty(shown, head)
    else if (isObject(value)) {
      shown[head] = Object.fromEntries(Object.entries(value).filter(([name]) => name !== sub))
    }
  }
  return shown
}

/** Splits `a,b.c,members[startIndex=1&count=10]` and drops what is in brackets. */
function attributePaths(text: string): string[] {
  return text
    .replaceAll(/\[[^\]]*\]/g, '')
    .split(',')
    .map((path) => path.trim())
    .filter((path) => path !== '')
}

/** Shows the attributes that were asked for; `id`, `schemas` and `meta` are always there. */
export function show(resource: ScimResource, type: ScimType, query: ScimQuery): ScimResource {
  if (query.attributeSets.includes('all')) return resource
  const unasked = query.attributeSets.includes('request') ? [] : type.onRequest
  if (query.attributes === null) return withoutUnasked(resource, unasked)
  const shown: Mutable = {}
  for (const always of ['schemas', 'id', 'ocid', 'meta']) {
    if (resource[always] !== undefined) shown[always] = resource[always]
  }
  for (const path of attributePaths(query.attributes)) {
    const [head = '', sub] = pathSteps(path)
    const value = resource[head]
    if (value === undefined) continue
    const before = shown[head]
    if (sub === undefined || !isObject(value)) shown[head] = value
    else if (value[sub] !== undefined) shown[head] = { ...(isObject(before) ? before : {}), [sub]: value[sub] }
  }
  return shown
}

function wholeNumber(text: string | null, name: string): number | null {
  if (text === null) return null
  if (!/^\d+$/.test(text)) throw invalidValue(`${name} must be a whole number.`)
  return Number(text)
}

function sortKey(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null)
}

function sorted(resources: readonly ScimResource[], query: ScimQuery): ScimResource[] {
  const { sortBy } = query
  if (sortBy === null) return [...resources]
  const order = (query.sortOrder ?? 'ascending').toLowerCase()
  if (order !== 'ascending' && order !== 'descending') throw invalidValue('sortOrder must be ASCENDING or DESCENDING.')
  const steps = pathSteps(sortBy)
  const keyed = resources.map((resource) => ({ resource, key: sortKey(valuesAt(resource, steps)[0]) }))
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  const ascending = keyed.map(({ resource }) => resource)
  return order === 'ascending' ? ascending : ascending.reverse()
}

/**
 * Answers a list. Pages go by startIndex (from 1) and count (50 unless said, at most 1000), or by limit and page.
 *
 * @throws OciRefusal 400 for a filter, order or page that cannot be read
 */
export function listScim(call: Call, resources: readonly ScimResource[], type: ScimType, query: ScimQuery): Answer {
  const found = query.filter === null ? resources : resources.filter(readFilter(query.filter, type.searchable))
  const ordered = sorted(found, query)
  const byToken = call.query.has('limit') || call.query.has('page')
  const startIndex = byToken ? pageOffset(call) + 1 : Math.max(1, wholeNumber(query.startIndex, 'startIndex') ?? 1)
  const wanted = byToken ? (readLimit(call) ?? DEFAULT_COUNT) : (wholeNumber(query.count, 'count') ?? DEFAULT_COUNT)
  const count = Math.min(wanted, LARGEST_COUNT, call.cloud.pageSize)
  const page = ordered.slice(startIndex - 1, startIndex - 1 + count)
  const body = {
    schemas: [LIST],
    totalResults: ordered.length,
    Resources: page.map((resource) => show(resource, type, query)),
    startIndex,
    itemsPerPage: page.length,
  }
  const next = byToken ? nextPageHeader(call, startIndex - 1 + count, ordered.length) : {}
  return { status: 200, body, headers: next }
}
