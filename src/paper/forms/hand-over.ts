/** The hand-over of a sealed bag, signed by giver, receiver and witness. */

import type { LogbookEntry } from '../../record/logbook.js'
import { documentKind, drawDocument, type Drawing } from '../document.js'
import { moment } from '../moment.js'
import { baggedIn, copiesOf, type FormSource } from './source.js'

/** What the form says. What is null is left to be written in by hand. */
export interface HandOverContent {
  readonly rehearsal: boolean
  readonly owner: string
  readonly contact: string
  readonly drawn: string
  readonly shares: number
  readonly custodian: { readonly number: number, readonly name: string } | null
  readonly copy: number | null
  readonly generations: readonly number[]
  readonly bag: string | null
  readonly from: string | null
  readonly to: string | null
  readonly witness: string | null
  /** Number of the logbook entry, and its moment, ISO 8601 in UTC. */
  readonly entry: number | null
  readonly at: string | null
}

const HAND_OVER = documentKind({
  template: 'hand-over',
  fields: {
    rehearsal: 'flag', owner: 'text', contact: 'text', shares: 'text', number: 'text', name: 'text', copy: 'text', generations: 'text', bag: 'text',
    from: 'text', to: 'text', witness: 'text', entry: 'text', at: 'text',
  },
  mustPrint: ['contact', 'number', 'name', 'copy', 'generations', 'bag', 'from', 'to', 'witness', 'entry', 'at'],
  unprintable: 'show',
})

/** The form of an entry; without one, of a custodian who is about to hand over; without either, a blank one. */
export function handOver(source: FormSource, custodian: number | null, entry: Extract<LogbookEntry, { type: 'handover' }> | null): HandOverContent {
  const { custody } = source
  const [first] = custodian === null && entry === null ? [] : copiesOf(source, entry?.custodian ?? custodian)
  const held = entry === null ? first : copiesOf(source, entry.custodian).find(({ copy }) => copy === entry.copy)
  const bags = held === undefined ? [] : baggedIn(source, held)
  const numbers = new Set(bags.map(({ bag }) => bag))
  return {
    rehearsal: source.rehearsal, owner: custody.owner.team, contact: custody.owner.contact, drawn: source.drawn, shares: custody.custodians.length,
    custodian: held === undefined ? null : { number: held.custodian, name: held.name },
    copy: entry?.copy ?? held?.copy ?? null,
    generations: entry?.generations ?? bags.map(({ generation }) => generation),
    bag: entry?.bag ?? (numbers.size === 1 ? bags[0]?.bag ?? null : null),
    from: entry?.from ?? held?.holder ?? null,
    to: entry?.to ?? null,
    witness: entry?.witness ?? null,
    entry: entry?.seq ?? null,
    at: entry?.at ?? null,
  }
}

/** @throws {GlasskeyError} TEMPLATE_INVALID. Texts that cannot be set are printed as `[U+...]`: they stand in the logbook. */
export async function drawHandOver(content: HandOverContent, drawing: Drawing): Promise<Uint8Array> {
  const { custodian, generations, ...same } = content
  return drawDocument(HAND_OVER, {
    ...same,
    number: custodian?.number ?? null,
    name: custodian?.name ?? null,
    generations: generations.join(', '),
    at: moment(content.at),
  }, drawing, { marked: content.rehearsal, created: content.drawn, pages: { most: 1, otherwise: 'flow on' } })
}
