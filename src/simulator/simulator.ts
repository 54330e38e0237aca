/**
 * OCI on loopback: starts a simulated tenancy with a listener per region.
 *
 * It is for rehearsals and tests. It verifies signatures by itself, keeps state, and enforces the limits that are
 * documented; what is only believed of OCI is in `beliefs.ts`, and what it leaves out answers 404 NotFound.
 */
import { generateKeyPairSync, createPublicKey, type KeyObject, randomBytes } from 'node:crypto'
import { GlasskeyError } from '../errors.js'
import { AuditLog, type AuditEvent } from './audit-log.js'
import { type Beliefs, DEFAULT_BELIEFS } from './beliefs.js'
import { accepts } from './caller.js'
import { Cloud, type Region } from './cloud.js'
import { control } from './control.js'
import { stateDigest } from './digest.js'
import { type Fault, Faults, type FaultInput } from './faults.js'
import { listen, type Listener, type ListenerParts, type Observe, type RequestRecord } from './listener.js'
import { type Random, regionKey } from './ocid.js'
import { makeSeed, type Person, type Profile, type Seed, type Seeded } from './seed.js'
import { appendEvent, type Loaded, loadState, saveState } from './state-file.js'
import type { ApiKeyRecord, TenancyState } from './tenancy.js'
import { happen, type TenancyEventInput, TENANCY_EVENT } from './tenancy-events.js'
import { type Certified, issueServerCertificate, makeTestAuthority } from './test-authority.js'

export interface SimulatorOptions {
  /** Region names, the home region first. Default: eu-frankfurt-1, eu-amsterdam-1; a loaded state has its own. */
  readonly regions?: readonly string[]
  /** Port of the first region, the others follow. Default: any free ports, or those of the loaded state. */
  readonly port?: number
  readonly tls?: boolean
  /** Loaded when it exists, saved on every change. */
  readonly stateFile?: string
  /** Seconds by region until a new API key is accepted. */
  readonly activationDelay?: Readonly<Record<string, number>>
  /** Seconds by region for which a deleted API key is still accepted. */
  readonly revocationDelay?: Readonly<Record<string, number>>
  /** Seconds by which this cloud's clock is ahead of `now`. */
  readonly clockSkew?: number
  readonly beliefs?: Partial<Beliefs>
  /** Most items on a page. Default 1000, OCI's own. */
  readonly pageSize?: number
  /** Further users to seed. */
  readonly extraUsers?: number
  readonly faults?: readonly FaultInput[]
  /** ms since 1970; default Date.now. */
  readonly now?: () => number
  readonly random?: Random
  /** Gives RSA private keys for the seed and for strangers. Default: new ones of 2048 bits. */
  readonly generateKey?: () => KeyObject
  /** Ends the process when a fault says so. Default process.exit. */
  readonly onExit?: (code: number) => void
  /** Looks on at every request; for tests that do something at an exact moment. */
  readonly observe?: Observe
}

/** A running simulator. */
export interface Simulator {
  /** Endpoint by region, for instance `http://127.0.0.1:41001`. */
  readonly endpoints: Readonly<Record<string, string>>
  /** Where the identity domain answers: the home region's endpoint. */
  readonly domainUrl: string
  /** The test authority's certificate, or null without TLS. */
  readonly caPem: string | null
  readonly seed: Seed
  readonly people: Readonly<Record<Profile, Person>>
  readonly beliefs: Readonly<Beliefs>
  /** The live state; to be looked at. */
  readonly tenancy: TenancyState
  readonly events: readonly AuditEvent[]
  /** Every call so far, oldest first. */
  readonly requests: readonly RequestRecord[]
  readonly waitingFaults: readonly Fault[]
  /** How often a fault has struck, at requests and at connections. */
  readonly strikes: number
  /** How many delayed requests were given up by their senders before the answer. */
  readonly abandoned: number
  /** SHA-256 over the tenancy's security-relevant state, lower-case hex. */
  stateDigest(): string
  armFault(fault: FaultInput): void
  clearFaults(): void
  /** Makes somebody else do something. Throws a RangeError when the event names nobody. */
  happen(event: TenancyEventInput): void
  /** Regions that accept this key `at` a time (now), in ms of this cloud's clock. */
  acceptedIn(key: ApiKeyRecord, at?: number): string[]
  /** This cloud's clock, ms. */
  now(): number
  /** Moves this cloud's clock. */
  advance(seconds: number): void
  /** From now on nobody listens for this region: its port refuses every connection, until `reopen`. */
  shut(region: string): Promise<void>
  reopen(region: string): Promise<void>
  close(): Promise<void>
}

const DEFAULT_REGIONS = ['eu-frankfurt-1', 'eu-amsterdam-1']
const LARGEST_PAGE = 1000
const MOST_REQUESTS = 100_000

function newRsaKey(): KeyObject {
  return generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 65537 }).privateKey
}

/** Delays must name regions that there are: a typing error would otherwise pass for an instant region. */
function regionsOf(names: readonly string[], options: SimulatorOptions): Region[] {
  const { activationDelay = {}, revocationDelay = {} } = options
  const delays = { 'activation delay': activationDelay, 'revocation delay': revocationDelay }
  for (const [what, delay] of Object.entries(delays)) {
    const unknown = Object.keys(delay).find((name) => !names.includes(name))
    if (unknown !== undefined) {
      throw new GlasskeyError('USAGE', `The ${what} names ${unknown}, which is not one of ${names.join(', ')}.`)
    }
  }
  if (names.length === 0 || new Set(names).size !== names.length || names.some((name) => !/^[a-z0-9-]+$/.test(name))) {
    throw new GlasskeyError('USAGE', 'The regions must be a list of different region names, such as eu-frankfurt-1.')
  }
  return names.map((name, index) => ({
    name,
    key: regionKey(name),
    home: index === 0,
    activationDelay: (activationDelay[name] ?? 0) * 1000,
    revocationDelay: (revocationDelay[name] ?? 0) * 1000,
  }))
}

/** The regions of this run. Throws USAGE when a saved tenancy has others than were asked for. */
function regionNames(asked: readonly string[] | undefined, loaded: Loaded | null): readonly string[] {
  const saved = loaded?.saved.tenancy.regions
  if (saved !== undefined && asked !== undefined && asked.join() !== saved.join()) {
    const message = `The saved tenancy has the regions ${saved.join(', ')}.`
    throw new GlasskeyError('USAGE', message, 'Leave --regions out, or give a new --state file.')
  }
  return saved ?? asked ?? DEFAULT_REGIONS
}

/** Listens on the port that was asked for; on a remembered port that is taken meanwhile, on any other. */
async function openDoor(
  parts: ListenerParts,
  ports: { asked: number | undefined; remembered: number | undefined },
  tls: Certified | null,
): Promise<Listener> {
  try {
    return await listen(parts, ports.asked ?? ports.remembered ?? 0, tls)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    if (ports.asked !== undefined) {
      throw new GlasskeyError('USAGE', `Port ${ports.asked} is in use.`, 'Give another --port, or none.')
    }
    return listen(parts, 0, tls)
  }
}

/**
 * Starts a simulator.
 *
 * @throws GlasskeyError USAGE for regions, delays or ports that cannot be; CONFIG_INVALID for a bad state file
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const random: Random = options.random ?? randomBytes
  const realNow = options.now ?? Date.now
  const { stateFile } = options
  let ahead = (options.clockSkew ?? 0) * 1000
  const now = (): number => realNow() + ahead
  const generateKey = options.generateKey ?? newRsaKey
  const loaded = stateFile === undefined ? null : loadState(stateFile)
  const names = regionNames(options.regions, loaded)
  const regions = regionsOf(names, options)
  const seeded: Seeded =
    loaded?.saved ??
    makeSeed({ random, now: now(), generateKey, regions: names, extraUsers: options.extraUsers ?? 0 })
  const { tenancy, seed, people } = seeded
  const authority = loaded?.saved.authority ?? (options.tls === true ? makeTestAuthority(Date.now(), random) : null)
  const tls = options.tls === true && authority !== null ? issueServerCertificate(authority, Date.now(), random) : null

  const ports: Record<string, number> = {}
  const endpoints: Record<string, string> = {}
  const save = (): void => {
    if (stateFile !== undefined) saveState(stateFile, { tenancy, seed, people, ports, authority })
  }
  const beliefs: Beliefs = { ...DEFAULT_BELIEFS, ...options.beliefs }
  const domainUrl = (): string => endpoints[seed.homeRegion] ?? ''
  const audit = new AuditLog(loaded?.events ?? [], (event) => {
    if (stateFile !== undefined) appendEvent(stateFile, event)
  })
  const pageSize = options.pageSize ?? LARGEST_PAGE
  const cloud = new Cloud({ tenancy, regions, beliefs, random, now, audit, pageSize, save, domainUrl })
  const faults = new Faults(now)
  for (const fault of options.faults ?? []) faults.arm(fault)
  const requests: RequestRecord[] = []
  let arrived = 0
  let abandoned = 0
  const listeners: Listener[] = []
  const listenerOf = (region: string): Listener => {
    const its = listeners[names.indexOf(region)]
    if (its === undefined) throw new RangeError(`no region ${region}`)
    return its
  }

  const strangerPem = (): string =>
    createPublicKey(generateKey()).export({ format: 'pem', type: 'spki' }) as string

  const simulator: Simulator = {
    endpoints,
    get domainUrl() {
      return domainUrl()
    },
    caPem: tls === null ? null : (authority?.certificatePem ?? null),
    seed,
    people,
    beliefs,
    tenancy,
    get events() {
      return audit.events
    },
    requests,
    get waitingFaults() {
      return faults.waiting
    },
    get strikes() {
      return faults.strikes
    },
    get abandoned() {
      return abandoned
    },
    stateDigest: () => stateDigest(tenancy, now()),
    armFault: (fault) => faults.arm(fault),
    clearFaults: () => faults.clear(),
    happen: (event) => happen(cloud, TENANCY_EVENT.parse(event), strangerPem),
    acceptedIn: (key, at = now()) => regions.filter((region) => accepts(region, key, at)).map(({ name }) => name),
    now,
    advance: (seconds) => void (ahead += seconds * 1000),
    shut: (region) => listenerOf(region).close(),
    reopen: (region) => listenerOf(region).reopen(),
    close: async () => {
      await Promise.all(listeners.map((listener) => listener.close()))
      save()
    },
  }

  const exit = (code: number): void => {
    save()
    if (options.onExit === undefined) process.exit(code)
    options.onExit(code)
  }
  const record = (request: RequestRecord): void => {
    requests.push(request)
    if (requests.length > MOST_REQUESTS) requests.shift()
  }
  for (const [index, region] of regions.entries()) {
    const parts: ListenerParts = {
      cloud,
      region,
      faults,
      arrive: () => arrived++,
      record,
      onAbandoned: () => (abandoned += 1),
      happen: (event) => happen(cloud, event, strangerPem),
      exit,
      observe: options.observe ?? (() => undefined),
      control: (method, target, body) => control(simulator, method, target, body),
    }
    const asked = options.port === undefined || options.port === 0 ? undefined : options.port + index
    const door = await openDoor(parts, { asked, remembered: loaded?.saved.ports[region.name] }, tls).catch(
      async (error: unknown) => {
        await Promise.all(listeners.map((listener) => listener.close()))
        throw error
      },
    )
    listeners.push(door)
    ports[region.name] = door.port
    endpoints[region.name] = `${tls === null ? 'http' : 'https'}://127.0.0.1:${door.port}`
  }
  save()
  return simulator
}
