/** The sheet: one custodian's share on page 1, the envelope on the pages after it. */

import { GlasskeyError } from '../errors.js'
import { documentKind, drawDocument, type Drawing, type Pages } from './document.js'
import { CODES_ON_A_PAGE } from './envelope-slices.js'
import { day } from './moment.js'

/** What a sheet says. All texts as they are to be printed. */
export interface SheetContent {
  readonly rehearsal: boolean
  /** The organisation whose key it is. */
  readonly owner: string
  /** Whom a custodian calls: name and number. */
  readonly contact: string
  readonly tenancy: string
  readonly user: string
  readonly homeRegion: string
  readonly keyId: string
  readonly keyWords: string
  readonly generation: number
  readonly custodian: { readonly number: number, readonly name: string }
  readonly copy: number
  readonly threshold: number
  readonly shares: number
  /** Upper-case bech32m. Secret. */
  readonly shareText: string
  /** `GKE1/…` texts, in order. */
  readonly envelopeParts: readonly string[]
  readonly envelopeSha256: string
  /** ISO 8601. */
  readonly created: string
  readonly bag: string | null
}

const SHEET = documentKind({
  template: 'sheet',
  fields: {
    rehearsal: 'flag', owner: 'text', contact: 'text', tenancy: 'text', user: 'text', homeRegion: 'text', keyId: 'text',
    keyWords: 'text', generation: 'text', custodianNumber: 'text', custodianName: 'text', copy: 'text', threshold: 'text',
    shares: 'text', shareText: 'text', shareCode: 'code', envelope: [{ part: 'text', parts: 'text', code: 'code' }],
    envelopeSha256: 'text', created: 'text', bag: 'text',
  },
  mustPrint: ['owner', 'contact', 'keyId', 'keyWords', 'generation', 'custodianNumber', 'custodianName', 'copy',
    'threshold', 'shares', 'shareText', 'shareCode', 'envelope.code', 'envelopeSha256', 'bag'],
  unprintable: 'refuse',
  say: { custodianName: 'name of the custodian', bag: 'bag number' },
})

/**
 * One page for the share, and one for every four codes of the envelope. Shares must never run over to a page that
 * custodians think of as the public one.
 */
function pagesFor(parts: number): Pages {
  return { most: 1 + Math.ceil(parts / CODES_ON_A_PAGE), otherwise: 'refuse' }
}

/**
 * The sheet of one custodian as PDF: page 1 the share, page 2 the envelope.
 *
 * @throws {GlasskeyError} REHEARSAL_MISMATCH when the share text is of the other kind; TEMPLATE_INVALID; SCRIPT_UNSUPPORTED
 * @throws {RangeError} when a text cannot be a QR code of this page
 */
export async function drawSheet(content: SheetContent, drawing: Drawing): Promise<Uint8Array> {
  if (content.shareText.startsWith('GKR1') !== content.rehearsal) {
    throw new GlasskeyError('REHEARSAL_MISMATCH', 'the share and the sheet disagree on whether this is a rehearsal',
      'nothing was printed; report this as a fault of glasskey')
  }
  const { custodian, envelopeParts, ...same } = content
  return drawDocument(SHEET, {
    ...same,
    created: day(content.created),
    custodianNumber: custodian.number,
    custodianName: custodian.name,
    shareCode: { text: content.shareText, correction: 'H' },
    envelope: envelopeParts.map((text, index) => ({
      part: index + 1, parts: envelopeParts.length, code: { text, correction: 'M' },
    })),
  }, drawing, { marked: content.rehearsal, created: content.created, pages: pagesFor(envelopeParts.length) })
}
