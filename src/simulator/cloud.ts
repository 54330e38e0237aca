/** The cloud behind the listeners: one tenancy, its regions, its clock, and what each region has heard so far. */
import { createHash } from 'node:crypto'
import type { AuditLog } from './audit-log.js'
import type { Beliefs } from './beliefs.js'
import { mintOcid, type Random } from './ocid.js'
import type { IdentityState, TenancyState } from './tenancy.js'

/** One region of the tenancy. Delays are in milliseconds. */
export interface Region {
  readonly name: string
  /** Three letters, for instance FRA. */
  readonly key: string
  readonly home: boolean
  /** Until a new API key is accepted here. */
  readonly activationDelay: number
  /** For how long a deleted API key is still accepted here. */
  readonly revocationDelay: number
}

interface Snapshot {
  readonly at: number
  readonly identity: IdentityState
}

export interface CloudParts {
  readonly tenancy: TenancyState
  readonly regions: readonly Region[]
  readonly beliefs: Beliefs
  readonly random: Random
  /** This cloud's clock, ms. */
  readonly now: () => number
  readonly audit: AuditLog
  /** Most items on one page of a list. */
  readonly pageSize: number
  /** Called after every change, before it is answered. */
  readonly save: () => void
  /** Where the identity domain is reached: the home region's endpoint. */
  readonly domainUrl: () => string
}

/** State and clock of the simulated cloud. Reads are cheap; a change is followed by `commit`. */
export class Cloud {
  readonly tenancy: TenancyState
  readonly regions: readonly Region[]
  readonly beliefs: Beliefs
  readonly random: Random
  readonly now: () => number
  readonly audit: AuditLog
  readonly pageSize: number
  readonly domainUrl: () => string
  readonly #save: () => void
  /** Earlier states of identity, oldest first; kept only as far back as the slowest region needs. */
  #history: Snapshot[] = []

  constructor(parts: CloudParts) {
    this.tenancy = parts.tenancy
    this.regions = parts.regions
    this.beliefs = parts.beliefs
    this.random = parts.random
    this.now = parts.now
    this.audit = parts.audit
    this.pageSize = parts.pageSize
    this.domainUrl = parts.domainUrl
    this.#save = parts.save
    this.#remember(0)
  }

  /** Identity as `region` knows it at `now`: at home the truth, elsewhere the truth of some time ago. */
  seen(region: Region, now: number): IdentityState {
    const delay = replicationDelay(region)
    if (delay === 0) return this.tenancy.identity
    let known = this.#history[0]
    for (const snapshot of this.#history) if (snapshot.at <= now - delay) known = snapshot
    return known?.identity ?? this.tenancy.identity
  }

  /** To be called after every change of the tenancy: other regions will hear of it, and the state file has it. */
  commit(): void {
    this.#remember(this.now())
    this.#save()
  }

  /** Mints an OCID from this cloud's randomness. */
  mint(type: string, region = ''): string {
    return mintOcid(this.random, type, region)
  }

  #remember(at: number): void {
    const slowest = Math.max(0, ...this.regions.map(replicationDelay))
    if (slowest === 0) return
    const settled = this.#history.findLastIndex((snapshot) => snapshot.at <= at - slowest)
    if (settled > 0) this.#history = this.#history.slice(settled)
    this.#history.push({ at, identity: structuredClone(this.tenancy.identity) })
  }
}

/** How late identity is known in a region, ms: nothing at home, elsewhere the longer of its two delays. */
function replicationDelay(region: Region): number {
  return region.home ? 0 : Math.max(region.activationDelay, region.revocationDelay)
}

/** The etag of a thing at a version. */
export function etagOf(thing: { readonly id: string; readonly version: number }): string {
  return createHash('sha256').update(`${thing.id}\n${thing.version}`).digest('hex').slice(0, 40)
}
