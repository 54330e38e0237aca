/** Every operation of this simulator, and how a request finds its own. */
import { AUDIT_OPERATIONS } from './audit.js'
import { DATABASE_OPERATIONS } from './database/autonomous-databases.js'
import { SAAS_ADMIN_OPERATIONS } from './database/saas-admin.js'
import { API_KEY_OPERATIONS } from './identity/api-keys.js'
import { CONSOLE_OPERATIONS } from './identity/console-access.js'
import { CREDENTIAL_OPERATIONS } from './identity/credentials.js'
import { GROUP_OPERATIONS } from './identity/groups.js'
import { POLICY_OPERATIONS } from './identity/policies.js'
import { TENANCY_OPERATIONS } from './identity/tenancies.js'
import { USER_OPERATIONS } from './identity/users.js'
import type { Operation } from './operation.js'
import { OciRefusal } from './refusal.js'
import { CHANGER_OPERATIONS } from './scim/changers.js'
import { SCIM_CREDENTIAL_OPERATIONS } from './scim/credentials.js'
import { SCIM_READING_OPERATIONS } from './scim/reading.js'
import { WORK_REQUEST_OPERATIONS } from './work-requests.js'

export const OPERATIONS: readonly Operation[] = [
  ...USER_OPERATIONS,
  ...API_KEY_OPERATIONS,
  ...CREDENTIAL_OPERATIONS,
  ...CONSOLE_OPERATIONS,
  ...GROUP_OPERATIONS,
  ...POLICY_OPERATIONS,
  ...TENANCY_OPERATIONS,
  ...DATABASE_OPERATIONS,
  ...SAAS_ADMIN_OPERATIONS,
  ...WORK_REQUEST_OPERATIONS,
  ...AUDIT_OPERATIONS,
  ...SCIM_READING_OPERATIONS,
  ...SCIM_CREDENTIAL_OPERATIONS,
  ...CHANGER_OPERATIONS,
]

interface Route {
  readonly operation: Operation
  readonly segments: readonly string[]
}

/** Routes by number of segments; literal segments before named ones, so that `.search` is not taken for an id. */
const ROUTES = new Map<number, Route[]>()
for (const operation of OPERATIONS) {
  const segments = operation.path.split('/')
  const routes = ROUTES.get(segments.length) ?? []
  routes.push({ operation, segments })
  routes.sort((a, b) => named(a) - named(b))
  ROUTES.set(segments.length, routes)
}

function named(route: Route): number {
  return route.segments.filter((segment) => segment.startsWith('{')).length
}

function match(route: Route, segments: readonly string[]): Record<string, string> | null {
  const values: Record<string, string> = {}
  for (const [index, wanted] of route.segments.entries()) {
    const given = segments[index] ?? ''
    if (wanted.startsWith('{')) {
      if (given === '') return null
      values[wanted.slice(1, -1)] = decodeSegment(given)
    } else if (wanted !== given) return null
  }
  return values
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch (error) {
    if (error instanceof URIError) throw new OciRefusal(400, 'InvalidParameter', 'The path is not percent-encoded.')
    throw error
  }
}

/** Is this path the identity domain's? It answers in SCIM's words. */
export function isScimPath(path: string): boolean {
  return path.startsWith('/admin/')
}

/**
 * Finds the operation of a request and the values in its path.
 *
 * @param path percent-encoded, without the query
 * @throws OciRefusal 404 NotFound for a path that no operation has, 405 for a method that its operations do not have
 */
export function findOperation(
  method: string,
  path: string,
  home: boolean,
): { operation: Operation; path: Record<string, string> } {
  const segments = path.split('/')
  let known = false
  // The identity domain lives in the home region.
  const routes = isScimPath(path) && !home ? [] : (ROUTES.get(segments.length) ?? [])
  for (const route of routes) {
    const values = match(route, segments)
    if (values === null) continue
    known = true
    if (route.operation.method === method) return { operation: route.operation, path: values }
  }
  if (known) throw new OciRefusal(405, 'MethodNotAllowed', `The method ${method} is not allowed here.`)
  throw new OciRefusal(404, 'NotFound', 'There is no such operation.')
}
