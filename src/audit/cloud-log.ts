/**
 * OCI's own Audit log of the sessions (Audit API 20190901, ListEvents), read with the auditor's login.
 *
 * One compartment and one region at a time, times to the whole minute. Identity is logged in the root compartment, a
 * database in its own, which the journal does not name: all are asked. No SDK package is worth one GET, so the desk
 * marshals it itself.
 */
import { z } from 'zod'
import { identityAt, lentLogin, type Cloud } from '../breakglass/login.js'
import { carryFor, deskCarrier, type LentLogin } from '../breakglass/profile-clerk.js'
import { inShape } from '../breakglass/user-view.js'
import { jsonIn } from '../canonical.js'
import { GlasskeyError } from '../errors.js'
import type { Profile } from '../host/oci-profile.js'
import type { Warrant } from '../warrant/warrant.js'
import { realmDomain } from '../wire/hosts.js'
import type { Carrier } from '../wire/exchange.js'
import { readingOf, type Reading } from './reading.js'

/** An event, as far as reconciliation needs it. */
export interface CloudEvent {
  at: string
  region: string
  name: string
  /** `opc-request-id` with OCI's own parts behind ours. */
  requestId: string
  /** `TENANCY/USER/FINGERPRINT` of the key that signed, where OCI says it. */
  credentials: string
}

/** Events by session, or why they could not be read. */
export type CloudLog = ReadonlyMap<string, Reading<CloudEvent[]>>

/** A session whose events are wanted: ms since 1970. */
export interface Wanted {
  warrant: Warrant
  from: number
  to: number
}

const MINUTE_MS = 60_000
/** OCI selects by the time at which it processed an event, usually within this of the call. */
export const PROCESSING_MS = 30 * MINUTE_MS
const MAXIMUM_PAGES = 200

const auditEvents = z.array(
  z.object({
    eventTime: z.string(),
    data: z.object({
      eventName: z.string().nullish(),
      identity: z.object({ credentials: z.string().nullish() }).nullish(),
      request: z.object({ id: z.string().nullish(), headers: z.record(z.string(), z.array(z.string()).nullish()).nullish() }).nullish(),
    }),
  }),
)
const compartments = z.array(z.object({ id: z.string() }))

/** Reads the log of each session. What cannot be read for one does not hide the others. */
export async function readCloudLog(profile: Profile, tenancy: string, sessions: readonly Wanted[], cloud: Cloud, now: Date): Promise<CloudLog> {
  const login = lentLogin(profile, tenancy, cloud, true)
  const carrier = deskCarrier(cloud.ca)
  const read = async <Item>(url: string, shape: z.ZodType<Item[]>): Promise<Item[]> => pages(url, shape, login, carrier)
  const log = new Map<string, Reading<CloudEvent[]>>()
  for (const wanted of sessions) log.set(wanted.warrant.session, await readingOf(() => eventsOf(wanted, cloud, now, read)))
  return log
}

type Read = <Item>(url: string, shape: z.ZodType<Item[]>) => Promise<Item[]>

async function eventsOf({ warrant, from, to }: Wanted, cloud: Cloud, now: Date, read: Read): Promise<CloudEvent[]> {
  const until = Math.min(to + PROCESSING_MS, now.getTime())
  const window = `startTime=${minute(Math.floor(from / MINUTE_MS))}&endTime=${minute(Math.ceil(until / MINUTE_MS) + 1)}`
  const places = [...warrant.regions.map((region) => ({ region, compartment: warrant.tenancy })), ...(await databasePlaces(warrant, cloud, read))]
  const events: CloudEvent[] = []
  for (const { region, compartment } of places) {
    const found = await read(`${auditAt(region, warrant, cloud)}/20190901/auditEvents?compartmentId=${compartment}&${window}`, auditEvents)
    events.push(...found.map((event) => shortened(event, region)))
  }
  return events
}

async function databasePlaces({ action, tenancy, homeRegion }: Warrant, cloud: Cloud, read: Read): Promise<{ region: string; compartment: string }[]> {
  if (action.name !== 'saas-admin') return []
  const below = await read(`${identityAt(homeRegion, tenancy, cloud)}/20160918/compartments?compartmentId=${tenancy}&compartmentIdInSubtree=true&accessLevel=ANY&limit=100`, compartments)
  return below.map(({ id }) => ({ region: action.region, compartment: id }))
}

function shortened({ eventTime, data }: z.infer<typeof auditEvents>[number], region: string): CloudEvent {
  const signed = Object.entries(data.request?.headers ?? {}).find(([name]) => name.toLowerCase() === 'authorization')?.[1]?.[0]
  return {
    at: eventTime,
    region,
    name: data.eventName ?? '',
    requestId: data.request?.id ?? '',
    // Not every event names the credentials; the Authorization header, kept without its signature, does.
    credentials: data.identity?.credentials ?? /keyId="([^"]*)"/.exec(signed ?? '')?.[1] ?? '',
  }
}

/** Origin of the Audit service (oci-audit: `https://audit.{region}.{secondLevelDomain}`). */
function auditAt(region: string, { realm }: Warrant, { endpoints }: Cloud): string {
  return endpoints[region] ?? `https://audit.${region}.${realmDomain(realm)}`
}

/** RFC 3339 of a whole minute since 1970. */
function minute(count: number): string {
  return new Date(count * MINUTE_MS).toISOString()
}

/** All pages of a list; an empty page may have a next one. Throws OCI_REFUSED, OCI_UNREACHABLE. */
async function pages<Item>(url: string, shape: z.ZodType<Item[]>, login: LentLogin, carrier: Carrier): Promise<Item[]> {
  const all: Item[] = []
  let next = ''
  for (let count = 0; count < MAXIMUM_PAGES; count += 1) {
    const answer = await carryFor({ method: 'GET', url: url + next, body: null, contentType: null, headers: {} }, login, carrier)
    const text = new TextDecoder().decode(answer.body)
    if (answer.status !== 200) throw new GlasskeyError('OCI_REFUSED', `OCI answered ${answer.status} to GET ${new URL(url).pathname}`)
    all.push(...inShape(jsonIn(text) ?? null, shape))
    const page = answer.headers['opc-next-page'] ?? ''
    if (page === '') return all
    next = `&page=${encodeURIComponent(page)}`
  }
  throw new GlasskeyError('OCI_REFUSED', `the list at ${new URL(url).pathname} has more than ${MAXIMUM_PAGES} pages`)
}
