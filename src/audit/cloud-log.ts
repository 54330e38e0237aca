/**
 * OCI's own Audit log of the sessions (Audit API 20190901, ListEvents), read with the auditor's login.
 *
 * One compartment and one region at a time, times to the whole minute. A used key may have been used anywhere: every
 * compartment that there is, is asked in every region of the warrant.
 */
import { z } from 'zod'
import { identityAt, lentLogin, type Cloud } from '../breakglass/login.js'
import { deskCarrier } from '../breakglass/profile-clerk.js'
import { canonicalJson, objectIn } from '../canonical.js'
import type { Manifest } from '../custody/manifest.js'
import { GlasskeyError } from '../errors.js'
import type { Profile } from '../host/oci-profile.js'
import type { Warrant } from '../warrant/warrant.js'
import { realmDomain } from '../wire/hosts.js'
import { ListRefused, listReader, type ReadList } from './lists.js'
import { readingOf, type Reading } from './reading.js'

/** An event, as far as reconciliation needs it. What OCI does not say is empty. */
export interface CloudEvent {
  at: string
  region: string
  name: string
  /** `opc-request-id` with OCI's own parts behind ours. */
  requestId: string
  /** Of the request: method and path, as OCI writes them. */
  method: string
  path: string
  /** `TENANCY/USER/FINGERPRINT` of the key that signed; empty where it is in none of the three places. */
  credentials: string
  /** OCID of whoever did it. */
  principal: string
  /** `natv` of what was signed with an API key. */
  authType: string
}

/** The log of one session. */
export interface SessionLog {
  events: CloudEvent[]
  /** What could not be read of it, to finish "OCI's log was not read …". */
  gaps: string[]
}

/** The log by session, or why it could not be read. */
export type CloudLog = ReadonlyMap<string, Reading<SessionLog>>

/** From and to, in ms since 1970. */
export interface Span {
  from: number
  to: number
}

/** A session whose events are wanted. */
export interface Wanted {
  warrant: Warrant
  /** Of its calls. */
  spans: readonly Span[]
  /** Whether something is missing that a later hour of the log may have. */
  isShort: (log: SessionLog) => boolean
}

const MINUTE_MS = 60_000
/** OCI selects by the time at which it processed an event, usually within this of the call. */
export const PROCESSING_MS = 30 * MINUTE_MS
/** For how long it is looked for where it took longer. */
const LATEST_MS = 24 * 60 * MINUTE_MS
/** Lists that one audit reads at most: hundreds of compartments in a dozen regions over years of sessions would take days. */
const MAXIMUM_LISTS = 20_000
/** Lists that are read at once. */
const AT_ONCE = 8

const auditEvents = z.array(
  z.object({
    eventTime: z.string(),
    data: z.object({
      eventName: z.string().nullish(),
      identity: z.object({ credentials: z.string().nullish(), principalId: z.string().nullish(), authType: z.string().nullish() }).nullish(),
      request: z.object({ id: z.string().nullish(), action: z.string().nullish(), path: z.string().nullish(), headers: z.record(z.string(), z.array(z.string()).nullish()).nullish() }).nullish(),
    }),
  }),
)
const compartments = z.array(z.object({ id: z.string(), lifecycleState: z.string().nullish() }))

/** Where a part of the log lies. */
interface Place {
  region: string
  compartment: string
}

/** Reads the log of each session. What cannot be read for one does not hide the others. */
export async function readCloudLog(profile: Profile, { tenancy, homeRegion }: Manifest, sessions: readonly Wanted[], cloud: Cloud, now: Date): Promise<CloudLog> {
  const list = listReader(lentLogin(profile, tenancy, cloud, true), deskCarrier(cloud.ca))
  let lists = 0
  const read: ReadList = (url, shape) => {
    lists += 1
    if (lists > MAXIMUM_LISTS) throw new GlasskeyError('LIMIT_EXCEEDED', `more than ${MAXIMUM_LISTS} lists would have to be read: that many compartments, regions and sessions there are`, 'Narrow the period with --from and --to.')
    return list(url, shape)
  }
  const log = new Map<string, Reading<SessionLog>>()
  if (sessions.length === 0) return log
  const tree = await readingOf(() => read(`${identityAt(homeRegion, tenancy, cloud)}/20160918/compartments?compartmentId=${tenancy}&compartmentIdInSubtree=true&accessLevel=ANY&limit=100`, compartments))
  for (const wanted of sessions) log.set(wanted.warrant.session, await readingOf(() => logOf(wanted, tree, cloud, now, read)))
  return log
}

async function logOf({ warrant, spans, isShort }: Wanted, tree: Reading<z.infer<typeof compartments>>, cloud: Cloud, now: Date, read: ReadList): Promise<SessionLog> {
  const below = tree.read ? tree.value.filter(({ lifecycleState }) => lifecycleState !== 'DELETED').map(({ id }) => id) : []
  const regions = new Set([...warrant.regions, ...(warrant.action.name === 'saas-admin' ? [warrant.action.region] : [])])
  const places = [...regions].flatMap((region) => [warrant.tenancy, ...below].map((compartment): Place => ({ region, compartment })))
  const gaps = new Set(tree.read ? [] : [`below the root compartment: ${tree.error.message}`])
  const found = new Map<string, CloudEvent>()
  const add = async (from: number, to: number): Promise<void> => {
    const window = `startTime=${minute(Math.floor(from / MINUTE_MS))}&endTime=${minute(Math.ceil(to / MINUTE_MS) + 1)}`
    for (let at = 0; at < places.length; at += AT_ONCE) {
      const answers = await Promise.all(places.slice(at, at + AT_ONCE).map((place) => eventsAt(place, window, warrant, cloud, read)))
      for (const { events, gap } of answers) {
        if (gap !== null) gaps.add(gap)
        // Two windows may have the same event, and so may two regions.
        for (const event of events) found.set(canonicalJson({ ...event, region: '' }), event)
      }
    }
  }
  const told = (): SessionLog => ({ events: [...found.values()].sort((one, other) => one.at.localeCompare(other.at)), gaps: [...gaps] })
  const usual = (to: number): number => Math.min(to + PROCESSING_MS, now.getTime())
  for (const { from, to } of spans) await add(from, Math.max(from, usual(to)))
  if (!isShort(told())) return told()
  for (const { to } of spans) {
    if (now.getTime() <= to + PROCESSING_MS) continue
    // What was found already stands, whatever becomes of this.
    const more = await readingOf(() => add(usual(to), Math.min(to + LATEST_MS, now.getTime())))
    if (!more.read) gaps.add(`for the day after ${new Date(to).toISOString().slice(0, 16)}Z: ${more.error.message}`)
  }
  return told()
}

/** A compartment that is gone meanwhile, or that this login may not look into, is a gap; the root must be readable. */
async function eventsAt({ region, compartment }: Place, window: string, warrant: Warrant, cloud: Cloud, read: ReadList): Promise<{ events: CloudEvent[]; gap: string | null }> {
  try {
    const events = await read(`${auditAt(region, warrant, cloud)}/20190901/auditEvents?compartmentId=${compartment}&${window}`, auditEvents)
    return { events: events.map((event) => shortened(event, region)), gap: null }
  } catch (error) {
    if (!(error instanceof ListRefused) || error.status !== 404 || compartment === warrant.tenancy) throw error
    return { events: [], gap: `in compartment ${compartment}, ${region}: OCI answered 404` }
  }
}

function shortened({ eventTime, data: { eventName, identity, request } }: z.infer<typeof auditEvents>[number], region: string): CloudEvent {
  return {
    at: eventTime,
    region,
    name: eventName ?? '',
    requestId: request?.id ?? '',
    method: request?.action ?? '',
    path: request?.path ?? '',
    credentials: signerOf(identity?.credentials ?? '', request?.headers ?? {}),
    principal: identity?.principalId ?? '',
    authType: identity?.authType ?? '',
  }
}

const authorizationClaim = z.object({ claims: z.array(z.object({ key: z.string(), value: z.string() })) })

/** Not every event names the credentials; the Authorization header, kept without its signature, does, or the claim that OCI made of it. */
function signerOf(credentials: string, headers: Readonly<Record<string, readonly string[] | null | undefined>>): string {
  const header = (wanted: string): string => Object.entries(headers).find(([name]) => name.toLowerCase() === wanted)?.[1]?.[0] ?? ''
  const principal = authorizationClaim.safeParse(objectIn(header('opc-principal')))
  const claimed = principal.success ? principal.data.claims.find(({ key }) => key.toLowerCase() === 'authorization')?.value : undefined
  return [credentials, keyIdIn(header('authorization')), keyIdIn(claimed ?? '')].find((text) => text !== '') ?? ''
}

function keyIdIn(authorization: string): string {
  return /keyId="([^"]*)"/.exec(authorization)?.[1] ?? ''
}

/** Origin of the Audit service (oci-audit: `https://audit.{region}.{secondLevelDomain}`). */
function auditAt(region: string, { realm }: Warrant, { endpoints }: Cloud): string {
  return endpoints[region] ?? `https://audit.${region}.${realmDomain(realm)}`
}

/** RFC 3339 of a whole minute since 1970. */
function minute(count: number): string {
  return new Date(count * MINUTE_MS).toISOString()
}
