/** Warrants and requests that the tests of scope share. Real, not a rehearsal, unless said otherwise. */
import type { Action, Warrant } from '../../src/warrant/warrant.js'
import type { Method, UnsignedRequest } from '../../src/wire/signature.js'
import { SESSIONS, warrantOf } from '../vectors/frozen.js'

const DATABASE = 'ocid1.autonomousdatabase.oc1.eu-frankfurt-1.antheljtexample'
const SECRET = 'ocid1.vaultsecret.oc1.eu-frankfurt-1.amaaaaaaexample'

export const ENABLE: Action = { name: 'saas-admin', database: DATABASE, region: 'eu-frankfurt-1', enable: { secretId: SECRET, secretVersion: 3, access: 'read-only', hours: 2 } }
export const DISABLE: Action = { ...ENABLE, enable: null }
export const TAKEOVER: Action = { name: 'takeover', domainUrl: 'https://idcs-0a1b.identity.oraclecloud.com', domainUserId: '0a1b2c3d' }

/** The golden warrant for this action, on the real cloud. */
export function warrantFor(action: Action, change: Partial<Warrant> = {}): Warrant {
  return { ...warrantOf(SESSIONS[1]), rehearsal: false, endpoints: {}, probes: { intervalSeconds: 10, confirmAfterSeconds: 120, giveUpAfterMinutes: 15 }, action, ...change }
}

/** An unsigned request. A body that is not text is written as JSON. */
export function request(method: Method, url: string, body?: unknown): UnsignedRequest {
  const text = body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body)
  return { method, url, body: text === null ? null : new TextEncoder().encode(text), contentType: text === null ? null : 'application/json', headers: {} }
}
