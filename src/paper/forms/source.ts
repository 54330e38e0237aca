/** What forms are filled from: a custody folder, or a custody.yaml before there is one. */

import type { Custody } from '../../custody/custody-yaml.js'
import { inUse, type GenerationEvent, type Standing } from '../../custody/generation.js'
import type { Manifest } from '../../custody/manifest.js'
import { heldCopies, type HeldCopy } from '../../record/copies.js'
import type { LogbookEntry } from '../../record/logbook.js'
import type { Session } from '../../record/replay.js'
import type { Warrant } from '../../warrant/warrant.js'

/** A session that a form may be about. */
export interface FormSession { readonly id: string, readonly warrant: Warrant, readonly session: Session }

/** As much of a custody folder as forms need. */
export interface FormFolder {
  readonly custody: Custody
  readonly generations: readonly { readonly manifest: Manifest }[]
  readonly logbook: { readonly lines: readonly LogbookEntry[] }
  readonly sessions: readonly FormSession[]
  readonly events: readonly GenerationEvent[]
  readonly standings: readonly Standing[]
}

/** What is known on the day of printing. */
export interface FormSource extends Omit<FormFolder, 'generations' | 'logbook'> {
  readonly rehearsal: boolean
  readonly manifests: readonly Manifest[]
  readonly logbook: readonly LogbookEntry[]
  /** ISO 8601 in UTC. */
  readonly drawn: string
}

/** A generation that a bag may hold, with the bag's number where it is known. */
export interface Bagged { readonly generation: number, readonly keyId: string, readonly bag: string | null }

export function formSource({ generations, logbook, ...folder }: FormFolder, now: Date): FormSource {
  const manifests = generations.map(({ manifest }) => manifest)
  return { ...folder, manifests, logbook: logbook.lines, rehearsal: manifests[0]?.rehearsal === true, drawn: now.toISOString() }
}

/** Before a ceremony there is nothing but custody.yaml. */
export function formSourceBefore(custody: Custody, now: Date): FormSource {
  return formSource({ custody, generations: [], logbook: { lines: [] }, sessions: [], events: [], standings: [] }, now)
}

/** One copy of one share. */
export interface FormCopy extends HeldCopy { readonly name: string }

/** Every copy, or those of one custodian. */
export function copiesOf(source: FormSource, custodian: number | null, generation: number | null = null): FormCopy[] {
  const { custody, logbook, events } = source
  return heldCopies(custody.custodians, logbook, events, generation).flatMap((copy) => {
    const { name } = custody.custodians[copy.custodian - 1] ?? { name: '' }
    return custodian === null || custodian === copy.custodian ? [{ ...copy, name }] : []
  })
}

/** Generations whose sheets are still worth keeping: installed, waiting or in doubt. */
export function livingGenerations({ manifests, standings }: FormSource): Manifest[] {
  return manifests.filter(({ generation }) => {
    const state = standings.find((standing) => standing.generation === generation)?.state
    return state !== undefined && state !== 'burned' && state !== 'retired'
  })
}

/** What the bags of a copy hold. */
export function baggedIn(source: FormSource, { custodian, copy }: HeldCopy): Bagged[] {
  return livingGenerations(source).flatMap(({ generation, keyId, shares }) => {
    const held = copiesOf(source, custodian, generation).find((one) => one.copy === copy)
    const copies = shares.find((share) => share.custodian === custodian)?.copies ?? 0
    return held === undefined || copy > copies || held.gone.includes(generation) ? [] : [{ generation, keyId, bag: held.bag }]
  })
}

/** The generation that OCI has; null before the takeover. */
export function usedNow({ standings, events }: FormSource): number | null {
  return inUse(standings, events)?.generation ?? null
}
