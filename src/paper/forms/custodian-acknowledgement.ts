/** The custodian's acknowledgement: what somebody who keeps a copy will do, may do and declares. A page for each copy. */

import { documentKind, drawDocument, type Drawing } from '../document.js'
import { day } from '../moment.js'
import { baggedIn, copiesOf, type Bagged, type FormSource } from './source.js'

/** What the pages say. What is null is left to be written in by hand. */
export interface AcknowledgementContent {
  readonly rehearsal: boolean
  readonly owner: string
  readonly contact: string
  readonly drawn: string
  readonly threshold: number
  readonly shares: number
  readonly inspectEveryDays: number
  readonly copies: readonly {
    readonly number: number, readonly name: string, readonly copy: number, readonly holder: string | null
    /** Empty: nothing is known of bags yet. */
    readonly bags: readonly Bagged[]
  }[]
}

const ACKNOWLEDGEMENT = documentKind({
  template: 'custodian-acknowledgement',
  fields: {
    rehearsal: 'flag', owner: 'text', contact: 'text', drawn: 'text', threshold: 'text', shares: 'text', inspectEveryDays: 'text',
    copies: [{
      number: 'text', name: 'text', copy: 'text', isFirst: 'flag', holder: 'text',
      bags: [{ generation: 'text', keyId: 'text', bag: 'text' }],
    }],
  },
  mustPrint: ['owner', 'contact', 'threshold', 'shares', 'copies.number', 'copies.name', 'copies.copy', 'copies.holder', 'copies.bags.generation',
    'copies.bags.keyId', 'copies.bags.bag'],
  unprintable: 'show',
  say: { 'copies.name': 'name of a custodian', 'copies.holder': 'holder of a copy', 'copies.bags.bag': 'bag number' },
})

/** One page for every copy of the custodians asked for; null: of all. */
export function acknowledgements(source: FormSource, custodian: number | null): AcknowledgementContent {
  const { custody } = source
  return {
    rehearsal: source.rehearsal, owner: custody.owner.team, contact: custody.owner.contact, drawn: source.drawn,
    threshold: custody.threshold, shares: custody.custodians.length, inspectEveryDays: custody.inspectEveryDays,
    copies: copiesOf(source, custodian).map((copy) => ({ number: copy.custodian, name: copy.name, copy: copy.copy, holder: copy.holder, bags: baggedIn(source, copy) })),
  }
}

/** @throws {GlasskeyError} TEMPLATE_INVALID, SCRIPT_UNSUPPORTED */
export async function drawAcknowledgements(content: AcknowledgementContent, drawing: Drawing): Promise<Uint8Array> {
  return drawDocument(ACKNOWLEDGEMENT, {
    ...content,
    drawn: day(content.drawn),
    copies: content.copies.map((copy) => ({ ...copy, isFirst: copy.copy === 1 })),
  }, drawing, { marked: content.rehearsal, created: content.drawn, pages: { most: content.copies.length, otherwise: 'flow on' } })
}
