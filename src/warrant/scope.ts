/**
 * The scope: what a warrant admits, request by request. Everything is exact; what is not listed here is not signed.
 *
 * The strongroom never sends what it was handed: it finds the admission that fits and sends that admission's own method,
 * URL and body. A trick in an encoding can therefore at most fail to match.
 */
import { canonicalJson, saysTheSame, type Json } from '../canonical.js'
import { GlasskeyError } from '../errors.js'
import { DELETE_OTHER_KEY, DELETE_USED_KEY, DISABLE_SAAS, ENABLE_SAAS, LOCK_DOWN, READ_SAAS_BACK, UPLOAD_SUCCESSOR } from '../record/replay.js'
import { originOf } from '../wire/hosts.js'
import type { Method, UnsignedRequest } from '../wire/signature.js'
import type { Warrant } from './warrant.js'

/** Who may ask: the strongroom for itself, or the clerk. The deletion of a key is never the clerk's to ask for. */
export type Asker = 'strongroom' | 'clerk'

/** One kind of request that is signed. */
export interface Admission {
  rule: string
  by: Asker
  method: Method
  origin: string
  /** Path and query, exact; or a pattern in which `{id}` stands for one identifier. */
  target: string
  /** Targets that fit the pattern and are not meant. */
  except?: readonly string[]
  /** Exact body; undefined for none. RANDOM_PASSWORD inside it is replaced by the strongroom when it sends. */
  body: Json | undefined
  /** How often; null for what the exit repeats for as long as its patience lasts. */
  times: number | null
}

/** Stands in a body for a password that the strongroom makes up and nobody sees. */
export const RANDOM_PASSWORD = '{random password}'

/** OCI identifiers and access keys: nothing that a URL could read as structure. */
const IDENTIFIER = '[A-Za-z0-9][A-Za-z0-9._-]{0,254}'

/** API version in the paths of the identity and database services. */
const API = '/20160918'

/** How many API keys OCI allows a user (documented). */
export const MAXIMUM_API_KEYS = 3

/** `UserCapabilities` after a takeover: API keys are the only way in. */
export const ONLY_API_KEYS = {
  canUseApiKeys: true,
  canUseAuthTokens: false,
  canUseConsolePassword: false,
  canUseCustomerSecretKeys: false,
  canUseDbCredentials: false,
  canUseOAuth2ClientCredentials: false,
  canUseSmtpCredentials: false,
} as const

/** Collections of credentials under a user, by the name under which a census counts them. */
export const CREDENTIALS = {
  authTokens: 'authTokens',
  customerSecretKeys: 'customerSecretKeys',
  smtpCredentials: 'smtpCredentials',
  dbCredentials: 'dbCredentials',
  oauth2ClientCredentials: 'oauth2ClientCredentials',
  mfaTotpDevices: 'mfaTotpDevices',
} as const

const SELF_CHANGE = 'urn:ietf:params:scim:schemas:oracle:idcs:extension:selfChange:User'

/** Every request that this warrant admits. */
export function scopeOf(warrant: Warrant): Admission[] {
  const { exit, action } = scopePartsOf(warrant)
  return [...exit, ...action]
}

/** The same in its two parts: what every session needs to get out again, and what this one is for. */
export function scopePartsOf(warrant: Warrant): { exit: Admission[]; action: Admission[] } {
  return { exit: exitSet(warrant), action: actionScope(warrant) }
}

/** Path of the warrant's user in the identity service. */
export function userPath(warrant: Warrant): string {
  return `${API}/users/${warrant.user}`
}

/** Path of one of the user's API keys; colons are percent-encoded as the SDK encodes them. */
export function keyPath(warrant: Warrant, fingerprint: string): string {
  return `${userPath(warrant)}/apiKeys/${encodeURIComponent(fingerprint)}`
}

/** Origin of the identity service in the home region, to which all IAM writes go. */
export function identityOrigin(warrant: Warrant, region = warrant.homeRegion): string {
  return originOf('identity', region, warrant.realm, warrant.endpoints)
}

/** Where the user's group memberships are listed. */
export function membershipsTarget(warrant: Warrant): string {
  return `${API}/userGroupMemberships?compartmentId=${warrant.tenancy}&userId=${warrant.user}`
}

function exitSet(warrant: Warrant): Admission[] {
  const user = userPath(warrant)
  const own = (rule: string, method: Method, target: string, times: number | null, body?: Json): Admission => ({ rule, by: 'strongroom', method, origin: identityOrigin(warrant), target, body, times })
  const readings = [
    own('read own user', 'GET', user, null),
    own('read own keys', 'GET', `${user}/apiKeys`, null),
    own('read own groups', 'GET', membershipsTarget(warrant), null),
    ...Object.values(CREDENTIALS).map((kind) => own(`read own ${kind}`, 'GET', `${user}/${kind}`, null)),
  ]
  return [
    ...readingRegions(warrant).flatMap((region) => readings.map((reading) => ({ ...reading, origin: identityOrigin(warrant, region) }))),
    ...warrant.regions.map((region) => ({ ...own('probe', 'GET', user, null), origin: identityOrigin(warrant, region) })),
    ...(warrant.successor
      ? [
          own(UPLOAD_SUCCESSOR, 'POST', `${user}/apiKeys`, null, { key: warrant.successor.publicKeyPem }),
          own(DELETE_USED_KEY, 'DELETE', keyPath(warrant, warrant.key.fingerprint), null),
          { ...own(DELETE_OTHER_KEY, 'DELETE', `${user}/apiKeys/{fingerprint}`, null), except: [warrant.key, warrant.successor].map(({ fingerprint }) => keyPath(warrant, fingerprint)) },
        ]
      : []),
  ]
}

/** Where the user is read: at home; where rotation is deferred, home may be what does not answer, and then it is read where the action is. */
export function readingRegions({ action, homeRegion, successor }: Warrant): string[] {
  return successor === null && action.name === 'saas-admin' && action.region !== homeRegion ? [homeRegion, action.region] : [homeRegion]
}

function actionScope(warrant: Warrant): Admission[] {
  const { action } = warrant
  switch (action.name) {
    case 'rotate':
      return []
    case 'saas-admin': {
      const origin = originOf('database', action.region, warrant.realm, warrant.endpoints)
      const target = `${API}/autonomousDatabases/${action.database}`
      const clerk = (rule: string, method: Method, path: string, times: number, body?: Json): Admission => ({ rule, by: 'clerk', method, origin, target: path, body, times })
      return [
        clerk('read the database', 'GET', target, warrant.calls),
        { ...clerk(READ_SAAS_BACK, 'POST', statusTarget(action.database), 30), by: 'strongroom' },
        clerk(action.enable ? ENABLE_SAAS : DISABLE_SAAS, 'POST', `${target}/actions/configureSaasAdminUser`, 1, saasBody(action)),
      ]
    }
    case 'takeover': {
      const [setPassword, onlyApiKeys, removeFactors] = LOCK_DOWN
      const origin = identityOrigin(warrant)
      const scim = (rule: string, method: Method, target: string, body?: Json): Admission => ({ rule, by: 'clerk', method, origin: action.domainUrl, target, body, times: 2 })
      const self = { [SELF_CHANGE]: { allowSelfChange: true } }
      const schema = (name: string): { schemas: string[] } => ({ schemas: [`urn:ietf:params:scim:schemas:oracle:idcs:${name}`, SELF_CHANGE] })
      return [
        { rule: 'read the domain\'s user', by: 'strongroom', method: 'GET', origin: action.domainUrl, target: domainUserTarget(action.domainUserId), body: undefined, times: 5 },
        ...Object.values(CREDENTIALS)
          .filter((kind) => kind !== 'mfaTotpDevices')
          .map((kind): Admission => ({ rule: `takeover: delete ${kind}`, by: 'clerk', method: 'DELETE', origin, target: `${userPath(warrant)}/${kind}/{id}`, body: undefined, times: 10 })),
        scim(setPassword, 'PUT', `/admin/v1/UserPasswordChanger/${action.domainUserId}`, {
          ...schema('UserPasswordChanger'),
          password: RANDOM_PASSWORD,
          bypassNotification: true,
          ...self,
        }),
        scim(onlyApiKeys, 'PUT', `/admin/v1/UserCapabilitiesChanger/${action.domainUserId}`, { ...schema('UserCapabilitiesChanger'), ...ONLY_API_KEYS, ...self }),
        scim(removeFactors, 'POST', '/admin/v1/AuthenticationFactorsRemover', {
          schemas: ['urn:ietf:params:scim:schemas:oracle:idcs:AuthenticationFactorsRemover'],
          user: { value: action.domainUserId },
          type: 'MFA',
        }),
      ]
    }
  }
}

/** Where an identity domain tells whose SCIM id this is. */
export function domainUserTarget(domainUserId: string): string {
  return `/admin/v1/Users/${domainUserId}?attributes=ocid`
}

/** Where the status of SAAS_ADMIN is asked for (GetSaasAdminUserStatus: a POST with an empty body). */
export function statusTarget(database: string): string {
  return `${API}/autonomousDatabases/${database}/actions/getSaasAdminUserStatus`
}

/** Body of ConfigureSaasAdminUser (oci-database 2.139.1, ConfigureSaasAdminUserDetails). */
function saasBody(action: Extract<Warrant['action'], { name: 'saas-admin' }>): Json {
  if (!action.enable) return { isEnabled: false }
  const { secretId, secretVersion, access, hours } = action.enable
  return {
    isEnabled: true,
    secretId,
    ...(secretVersion === null ? {} : { secretVersionNumber: secretVersion }),
    accessType: access.toUpperCase().replace('-', '_'),
    duration: hours,
  }
}

/** How often each admission was used, by its rule. */
export type Uses = ReadonlyMap<string, number>

/**
 * The admission under which `request` may be signed for `asker`. Throws OUTSIDE_WARRANT saying what does not fit, or
 * LIMIT_EXCEEDED when it fits but was used up.
 */
export function admit(scope: readonly Admission[], request: UnsignedRequest, asker: Asker, uses: Uses): Admission {
  const fitting = scope.filter((candidate) => candidate.by === asker && fits(candidate, request))
  const [admission] = fitting
  if (!admission) {
    throw new GlasskeyError('OUTSIDE_WARRANT', `${request.method} ${shortened(request.url)} is not in the warrant`, 'Nothing was signed. The key will be rotated.')
  }
  if (admission.times !== null && (uses.get(admission.rule) ?? 0) >= admission.times) {
    throw new GlasskeyError('LIMIT_EXCEEDED', `the warrant admits "${admission.rule}" ${admission.times} times, and they are used up`, 'Nothing was signed. The key will be rotated.')
  }
  return admission
}

/** The request that an admission stands for: its own origin and body, and of the asker's URL only an identifier. */
export function admittedRequest(admission: Admission, request: UnsignedRequest): UnsignedRequest {
  const target = request.url.slice(admission.origin.length)
  const bodied = ['POST', 'PUT', 'PATCH'].includes(admission.method)
  return {
    method: admission.method,
    url: admission.origin + target,
    body: admission.body === undefined ? (bodied ? new Uint8Array() : null) : new TextEncoder().encode(canonicalJson(admission.body)),
    contentType: bodied ? 'application/json' : null,
    headers: {},
  }
}

function fits(admission: Admission, request: UnsignedRequest): boolean {
  if (request.method !== admission.method) return false
  if (!targetPattern(admission.origin + admission.target).test(request.url)) return false
  if (admission.except?.some((target) => admission.origin + target === request.url) === true) return false
  const text = request.body === null ? '' : new TextDecoder().decode(request.body)
  if (admission.body === undefined) return text === ''
  return saysTheSame(text, admission.body)
}

function targetPattern(url: string): RegExp {
  const literal = url.replace(/[.*+?^$()|[\]\\/]/g, '\\$&')
  return new RegExp(`^${literal.replace('{id}', IDENTIFIER).replace('{fingerprint}', '([0-9a-f]{2}%3A){15}[0-9a-f]{2}')}$`)
}

function shortened(url: string): string {
  return url.length > 160 ? `${url.slice(0, 160)}…` : url
}
