/** Labels for bags: a generation of one copy in each. The 16 words are left to be copied from the signed record. */

import { hexToWords } from '../../custody/words.js'
import { documentKind, drawDocument, type Drawing } from '../document.js'
import { day } from '../moment.js'
import { baggedIn, copiesOf, type FormSource } from './source.js'

/** What labels say. What is null is left to be written in by hand. */
export interface BagLabelsContent {
  readonly rehearsal: boolean
  readonly owner: string
  readonly contact: string
  readonly drawn: string
  readonly shares: number
  readonly labels: readonly {
    readonly number: number, readonly name: string, readonly copy: number
    readonly generation: number, readonly keyId: string | null, readonly bag: string | null
  }[]
}

/** Labels that should fit a page. */
const LABELS = 3

const BAG_LABELS = documentKind({
  template: 'bag-labels',
  fields: {
    rehearsal: 'flag', owner: 'text', contact: 'text', drawn: 'text', shares: 'text',
    labels: [{ number: 'text', name: 'text', copy: 'text', generation: 'text', keyId: 'text', keyWords: 'text', bag: 'text' }],
  },
  mustPrint: ['contact', 'labels.number', 'labels.name', 'labels.copy', 'labels.generation', 'labels.keyId', 'labels.bag'],
  unprintable: 'show',
  say: { 'labels.name': 'name of a custodian', 'labels.bag': 'bag number' },
})

/** A label for each living generation of each copy, or for one generation; before the ceremony one for each to be made. */
export function bagLabels(source: FormSource, custodian: number | null, generation: number | null): BagLabelsContent {
  const { custody } = source
  const planned = Array.from({ length: custody.generations }, (_, at) => ({ generation: at + 1, keyId: null, bag: null }))
  return {
    rehearsal: source.rehearsal, owner: custody.owner.team, contact: custody.owner.contact, drawn: source.drawn, shares: custody.custodians.length,
    labels: copiesOf(source, custodian).flatMap((copy) =>
      (source.manifests.length === 0 ? planned : baggedIn(source, copy))
        .filter((bagged) => generation === null || bagged.generation === generation)
        .map((bagged) => ({ ...bagged, number: copy.custodian, name: copy.name, copy: copy.copy }))),
  }
}

/** @throws {GlasskeyError} TEMPLATE_INVALID, SCRIPT_UNSUPPORTED */
export async function drawBagLabels(content: BagLabelsContent, drawing: Drawing): Promise<Uint8Array> {
  return drawDocument(BAG_LABELS, {
    ...content,
    drawn: day(content.drawn),
    labels: content.labels.map((label) => ({ ...label, keyWords: label.keyId === null ? null : hexToWords(label.keyId) })),
  }, drawing, { marked: content.rehearsal, created: content.drawn, pages: { most: Math.ceil(content.labels.length / LABELS), otherwise: 'flow on' } })
}
