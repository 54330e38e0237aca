/** The sheet of a custodian whose share is sealed to an OpenPGP key: its codes on page 1, the envelope on the pages after it. */

import { GlasskeyError } from '../errors.js'
import { documentKind, drawDocument, type Drawing } from './document.js'
import { CODES_ON_A_PAGE } from './envelope-slices.js'
import { day } from './moment.js'
import type { SheetContent } from './sheet.js'

/** What a sealed sheet says. All texts as they are to be printed. */
export interface SealedSheetContent extends Omit<SheetContent, 'shareText'> {
  /** `GKS1/…` or `GKSR1/…` texts, in order. */
  readonly sealedTexts: readonly string[]
  /** OpenPGP fingerprint of the key that opens it, in groups of four. */
  readonly fingerprint: string
  /** Whose key it says it is. */
  readonly openpgpOwner: string
}

const SEALED_SHEET = documentKind({
  template: 'sealed-sheet',
  fields: {
    rehearsal: 'flag', owner: 'text', contact: 'text', tenancy: 'text', user: 'text', homeRegion: 'text', keyId: 'text',
    keyWords: 'text', generation: 'text', custodianNumber: 'text', custodianName: 'text', copy: 'text', threshold: 'text',
    shares: 'text', fingerprint: 'text', openpgpOwner: 'text', codes: [{ caption: 'text', code: 'code' }],
    envelope: [{ part: 'text', parts: 'text', code: 'code' }], envelopeSha256: 'text', created: 'text', bag: 'text',
  },
  mustPrint: ['owner', 'contact', 'keyId', 'keyWords', 'generation', 'custodianNumber', 'custodianName', 'copy',
    'threshold', 'shares', 'fingerprint', 'codes.code', 'envelope.code', 'envelopeSha256', 'bag'],
  unprintable: 'refuse',
  say: { custodianName: 'name of the custodian', bag: 'bag number', openpgpOwner: 'name in the OpenPGP key' },
})

/**
 * The sealed sheet as PDF. A code that is alone on the page is printed twice: nobody can type it, so one of the two must
 * survive stains and folds.
 *
 * @throws {GlasskeyError} REHEARSAL_MISMATCH when the texts are of the other kind; TEMPLATE_INVALID; SCRIPT_UNSUPPORTED
 * @throws {RangeError} when a text cannot be a QR code of this page
 */
export async function drawSealedSheet(content: SealedSheetContent, drawing: Drawing): Promise<Uint8Array> {
  if (content.sealedTexts.some((text) => text.startsWith('GKSR1/') !== content.rehearsal)) {
    throw new GlasskeyError('REHEARSAL_MISMATCH', 'the share and the sheet disagree on whether this is a rehearsal',
      'nothing was printed; report this as a fault of glasskey')
  }
  const { custodian, envelopeParts, sealedTexts, ...same } = content
  const [only = ''] = sealedTexts
  const figures = sealedTexts.length === 1
    ? ['the sealed share', 'the same once more'].map((caption) => ({ caption, text: only }))
    : sealedTexts.map((text, index) => ({ caption: `sealed share, code ${index + 1} of ${sealedTexts.length}`, text }))
  return drawDocument(SEALED_SHEET, {
    ...same,
    created: day(content.created),
    custodianNumber: custodian.number,
    custodianName: custodian.name,
    codes: figures.map(({ caption, text }) => ({ caption, code: { text, correction: 'M' } })),
    envelope: envelopeParts.map((text, index) => ({
      part: index + 1, parts: envelopeParts.length, code: { text, correction: 'M' },
    })),
  }, drawing, { marked: content.rehearsal, created: content.created, pages: { most: 1 + Math.ceil(envelopeParts.length / CODES_ON_A_PAGE), otherwise: 'refuse' } })
}
