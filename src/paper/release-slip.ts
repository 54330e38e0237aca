/** What each releasing custodian takes home from a session: two slips on a page, to be cut apart. */

import { documentKind, drawDocument, type Drawing } from './document.js'
import type { NamedGeneration } from './logbook-entry.js'
import { moment } from './moment.js'

/** What the slips of one session say. */
export interface ReleaseSlipContent {
  readonly rehearsal: boolean
  readonly owner: string
  readonly contact: string
  readonly at: string
  readonly logbookNumber: number
  readonly warrantSha256: string
  readonly codeWords: string
  readonly operator: string
  readonly incident: string
  readonly action: string
  readonly used: NamedGeneration
  /** Whether it was recombined, or only shares of it were read. */
  readonly keyWasLive: boolean
  /** Generation that is installed now; null when rotation was deferred. */
  readonly successor: NamedGeneration | null
  /** What is installed where there is no successor. */
  readonly successorNote: string
  readonly grade: string
  readonly gradeMeaning: string
  /** Whether the key is proved dead, so that the sheet is to be destroyed. */
  readonly dead: boolean
  /** Generation to bring to the next release: the successor, or the used one when rotation was deferred. */
  readonly bring: number
  readonly custodians: readonly { readonly number: number, readonly name: string }[]
}

const RELEASE_SLIP = documentKind({
  template: 'release-slip',
  fields: {
    rehearsal: 'flag', owner: 'text', contact: 'text', at: 'text', logbookNumber: 'text', warrantSha256: 'text',
    codeWords: 'text', operator: 'text', incident: 'text', action: 'text', usedGeneration: 'text', usedKeyId: 'text',
    usedKeyWords: 'text', keyWasLive: 'flag', successorGeneration: 'text', successorKeyId: 'text', successorKeyWords: 'text', successorNote: 'text',
    grade: 'text', gradeMeaning: 'text', dead: 'flag', bring: 'text', slips: [{ number: 'text', name: 'text' }],
  },
  mustPrint: ['slips.number', 'slips.name', 'usedGeneration', 'usedKeyId', 'grade', 'gradeMeaning', 'bring'],
  unprintable: 'show',
})

/** @throws {GlasskeyError} TEMPLATE_INVALID. Texts that cannot be set are printed as `[U+...]`. */
export async function drawReleaseSlips(content: ReleaseSlipContent, drawing: Drawing): Promise<Uint8Array> {
  const { used, successor, custodians, ...same } = content
  return drawDocument(RELEASE_SLIP, {
    ...same,
    at: moment(content.at),
    usedGeneration: used.generation,
    usedKeyId: used.keyId,
    usedKeyWords: used.keyWords,
    successorGeneration: successor?.generation ?? null,
    successorKeyId: successor?.keyId ?? null,
    successorKeyWords: successor?.keyWords ?? null,
    slips: custodians,
  }, drawing, {
    marked: content.rehearsal,
    created: content.at,
    pages: { most: Math.ceil(custodians.length / 2), otherwise: 'flow on' },
  })
}
