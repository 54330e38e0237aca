/**
 * Which sheets of a custody were seen among many scans, and which were not. The copies of a share bear the same codes, and
 * only print tells them apart: they are counted, and no more is claimed.
 */
import type { GenerationEvent } from '../custody/generation.js'
import type { Manifest } from '../custody/manifest.js'
import type { Judged } from './judge-sheets.js'

/** One custodian's sheets of one generation. */
export interface SheetCount {
  custodian: number
  name: string
  /** Scans of this share that were read, of how many copies that should exist. */
  seen: number
  copies: number
}

/** A generation's sheets. */
export interface GenerationCount {
  generation: number
  keyId: string
  sheets: SheetCount[]
  /** How often page 2 was read completely: the least that any of its codes was read. */
  envelopes: number
  /** How often page 1 was scanned. */
  pages: number
}

/** Counts what was judged right, for each of these generations. A copy that is reported gone is not missed. */
export function countSheets(read: readonly Judged[], manifests: readonly Manifest[], events: readonly GenerationEvent[]): GenerationCount[] {
  return manifests.map((manifest): GenerationCount => {
    const { generation, keyId } = manifest
    const parts = read.flatMap((found) => ('part' in found && found.part.keyId === keyId && found.part.prefix === 'GKE1' ? [found.part] : []))
    const of = parts[0]?.parts ?? 0
    const times = Array.from({ length: of }, (_, at) => parts.filter(({ part }) => part === at + 1).length)
    const sheets = manifest.shares.map(({ custodian, name, copies }): SheetCount => {
      const gone = new Set(events.flatMap((event) => (event.kind === 'copy-gone' && event.generation === generation && event.custodian === custodian ? [event.copy] : [])))
      const seen = read.filter((found) => 'share' in found && found.share.generation === generation && found.share.custodian === custodian).length
      return { custodian, name, seen, copies: copies - gone.size }
    })
    return { generation, keyId, sheets, envelopes: of === 0 ? 0 : Math.min(...times), pages: read.filter((found) => 'share' in found && found.from === 'scan' && found.share.generation === generation).length }
  })
}

/** `custodian 2 (Grace Hopper): 1 scan of 2 copies; 1 NOT SEEN`. */
export function saidOf({ custodian, name, seen, copies }: SheetCount): string {
  const whose = `custodian ${custodian} (${name})`
  const scans = `${seen} ${seen === 1 ? 'scan' : 'scans'} of ${copies} ${copies === 1 ? 'copy' : 'copies'}`
  if (seen < copies) return `${whose}: ${seen === 0 ? 'NOT SEEN' : `${scans}; ${copies - seen} NOT SEEN`}`
  return seen === copies ? `${whose}: ${scans}` : `${whose}: ${scans}; one was scanned more than once, or there are more copies than there should be`
}
