/** Where OCI's services live. Host templates as the official SDK has them (oci-identity, oci-database 2.139.1). */
import { GlasskeyError } from '../errors.js'

/** Services that glasskey calls. `domain` is an identity domain's own host. */
export type ServiceName = 'identity' | 'database' | 'domain'

/** Second-level domain of each realm (oci-common 2.139.1, lib/realm.js). */
const REALM_DOMAINS: ReadonlyMap<string, string> = new Map([
  ['oc1', 'oraclecloud.com'],
  ['oc2', 'oraclegovcloud.com'],
  ['oc3', 'oraclegovcloud.com'],
  ['oc4', 'oraclegovcloud.uk'],
  ['oc8', 'oraclecloud8.com'],
  ['oc9', 'oraclecloud9.com'],
  ['oc10', 'oraclecloud10.com'],
  ['oc14', 'oraclecloud14.com'],
  ['oc15', 'oraclecloud15.com'],
  ['oc19', 'oraclecloud.eu'],
  ['oc20', 'oraclecloud20.com'],
  ['oc21', 'oraclecloud21.com'],
  ['oc23', 'oraclecloud23.com'],
  ['oc24', 'oraclecloud24.com'],
  ['oc26', 'oraclecloud26.com'],
  ['oc29', 'oraclecloud29.com'],
  ['oc35', 'oraclecloud35.com'],
  ['oc42', 'oraclecloud42.com'],
  ['oc51', 'oraclecloud51.com'],
  ['oc52', 'oraclecloud52.com'],
])

/** Origins to use instead of OCI's own, by region: a simulator. */
export type Endpoints = Readonly<Record<string, string>>

/** Whether OCI's hosts in this realm are known here. */
export function isKnownRealm(realm: string): boolean {
  return REALM_DOMAINS.has(realm)
}

/** Domain name of a realm. Throws CONFIG_INVALID for a realm that is not listed. */
export function realmDomain(realm: string): string {
  const domain = REALM_DOMAINS.get(realm)
  if (domain === undefined) {
    throw new GlasskeyError('CONFIG_INVALID', `realm ${realm} is not known to glasskey`, `Known realms: ${[...REALM_DOMAINS.keys()].join(', ')}.`)
  }
  return domain
}

/** Realm of a tenancy or a user: third component of its OCID. */
export function realmOf(ocid: string): string {
  return ocid.split('.')[2] ?? ''
}

/** Origin of a regional service, such as `https://identity.eu-frankfurt-1.oci.oraclecloud.com`. */
export function originOf(service: Exclude<ServiceName, 'domain'>, region: string, realm: string, endpoints: Endpoints): string {
  const simulated = endpoints[region]
  if (simulated !== undefined) return simulated
  const domain = realmDomain(realm)
  return service === 'identity' ? `https://identity.${region}.oci.${domain}` : `https://database.${region}.${domain}`
}

/** Whether an origin is this machine: the only place for which a rehearsal key signs. */
export function isLoopback(origin: string): boolean {
  const { hostname, protocol } = new URL(origin)
  return (protocol === 'http:' || protocol === 'https:') && ['127.0.0.1', '[::1]', 'localhost'].includes(hostname)
}

/** Whether an origin is a host of this realm over TLS: the only place for which a real key signs. */
export function isRealmHost(origin: string, realm: string): boolean {
  const { hostname, protocol, port } = new URL(origin)
  return protocol === 'https:' && (port === '' || port === '443') && hostname.endsWith(`.${realmDomain(realm)}`)
}

/** Whether an origin is where a realm's identity or audit service answers, or one of its identity domains: all that a lent login is for. */
export function isIdentityHost(origin: string, realm: string): boolean {
  const { hostname } = new URL(origin)
  const host = hostname.slice(0, -realmDomain(realm).length - 1)
  return isRealmHost(origin, realm) && /^((identity|audit)\.[a-z0-9-]+(\.oci)?|idcs-[0-9a-z]+(\.[a-z0-9-]+)?\.identity)$/.test(host)
}
