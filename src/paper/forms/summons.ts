/** The summons: what whoever calls the custodians has in hand. The only page with telephone numbers of custodians. */

import { documentKind, drawDocument, type Drawing } from '../document.js'
import { moment } from '../moment.js'

/** One telephone call. */
export interface SummonsCall {
  /** Of the custodian, from 1; null for a deputy, who is called when the one before does not answer. */
  readonly order: number | null
  /** Name of the custodian whose share it is. */
  readonly name: string
  /** Who keeps this copy; the custodian's own name where nobody is named. */
  readonly holder: string
  readonly phone: string | null
  readonly bag: string | null
  readonly place: string | null
  readonly notes: readonly string[]
}

/** What the page says. What is null is left to be written in by hand. */
export interface SummonsContent {
  readonly rehearsal: boolean
  readonly drill: boolean
  readonly owner: string
  readonly contact: string
  /** ISO 8601 in UTC. */
  readonly drawn: string
  readonly generation: number
  readonly keyId: string
  readonly keyWords: string
  readonly threshold: number
  /** What has to be mended before anybody is called. */
  readonly remarks: readonly string[]
  readonly calls: readonly SummonsCall[]
  readonly action: string | null
  readonly targets: readonly { readonly what: string, readonly value: string }[]
  readonly incident: string | null
  readonly reason: string | null
  readonly operator: string | null
  readonly authorisedBy: string | null
  readonly useCase: string | null
  readonly minutes: number
  /** What becomes of the key: "generation 3 is installed". */
  readonly successor: string
  /** Generation whose bags are to be read from, unopened; null: none. */
  readonly successorBag: number | null
  readonly proofMinutes: number
}

const SUMMONS = documentKind({
  template: 'summons',
  fields: {
    rehearsal: 'flag', drill: 'flag', owner: 'text', contact: 'text', drawn: 'text', generation: 'text', keyId: 'text', keyWords: 'text', threshold: 'text',
    remarks: [{ text: 'text' }],
    calls: [{ order: 'text', deputy: 'flag', isCustodian: 'flag', name: 'text', holder: 'text', phone: 'text', bag: 'text', place: 'text', notes: [{ text: 'text' }] }],
    action: 'text', targets: [{ what: 'text', value: 'text' }], incident: 'text', reason: 'text', operator: 'text', authorisedBy: 'text', useCase: 'text',
    minutes: 'text', successor: 'text', successorBag: 'text', proofMinutes: 'text',
  },
  mustPrint: ['contact', 'generation', 'keyId', 'threshold', 'remarks.text', 'calls.order', 'calls.holder', 'calls.phone', 'calls.bag', 'calls.notes.text', 'action', 'targets.value',
    'incident', 'reason', 'operator', 'authorisedBy', 'useCase', 'successorBag'],
  unprintable: 'show',
})

/** @throws {GlasskeyError} TEMPLATE_INVALID. Texts that cannot be set are printed as `[U+...]`: people must be called. */
export async function drawSummons(content: SummonsContent, drawing: Drawing): Promise<Uint8Array> {
  return drawDocument(SUMMONS, {
    ...content,
    drawn: moment(content.drawn),
    remarks: content.remarks.map((text) => ({ text })),
    calls: content.calls.map(({ notes, ...call }) => ({ ...call, deputy: call.order === null, isCustodian: call.holder === call.name, notes: notes.map((text) => ({ text })) })),
  }, drawing, { marked: content.rehearsal, created: content.drawn, pages: { most: 1, otherwise: 'flow on' } })
}
