/** Forms to draw in tests: blank, filled in, and with the longest names and the most people. */

import { drawClosingDeclaration } from '../../../src/paper/forms/closing-declaration.js'
import type { Drawing } from '../../../src/paper/document.js'
import { drawExceptionSheet, type ExceptionSheetContent } from '../../../src/paper/forms/exception-sheet.js'
import type { ClosingDeclarationContent } from '../../../src/paper/forms/closing-declaration.js'
import { NAMES } from '../examples.js'

export const LONG_NAME = 'Αλεξάνδρα-Μαρία Παπακωνσταντίνου του Δημητρίου, Θεσσαλονίκη'
export const LONG_OWNER = 'Gesellschaft für grenzüberschreitende Energieversorgung mbH, Отдел информационной безопасности'

const BLANK = { rehearsal: false, owner: 'Meridian Grid Services', drawn: '2026-03-14T09:26:53.000Z' }

export function exceptionContent(changes: Partial<ExceptionSheetContent> = {}): ExceptionSheetContent {
  return {
    ...BLANK, occasion: null, number: null, used: null, step: null, at: null, expected: null, happened: null, decision: null, decidedBy: null, witness: null,
    ...changes,
  }
}

export function declarationContent(people: number, changes: Partial<ClosingDeclarationContent> = {}): ClosingDeclarationContent {
  return {
    ...BLANK, occasion: 'Ceremony of 2026-03-14, generations 1 to 4', place: null, started: '2026-03-14T08:00:00.000Z', ended: null, exceptions: null,
    transcriptSha256: null, transcriptWords: null,
    people: [...['Ceremony administrator', 'Internal witness', 'External witness'].map((role) => ({ role, name: '' })),
      ...NAMES.slice(0, people).map((name, at) => ({ role: `Custodian ${at + 1}`, name }))].map((one) => ({ ...one, agrees: null, why: null, at: null })),
    ...changes,
  }
}

/** Every form, in the states that people meet. */
export const FORMS: readonly [name: string, draw: (drawing: Drawing, rehearsal: boolean) => Promise<Uint8Array>, pages: number][] = [
  ['exception sheet, blank', async (drawing, rehearsal) => drawExceptionSheet(exceptionContent({ rehearsal }), drawing), 1],
  ['exception sheet, filled in', async (drawing, rehearsal) => drawExceptionSheet(exceptionContent({
    rehearsal, owner: LONG_OWNER, occasion: 'Ceremony of 2026-03-14, generations 1 to 4', number: 2, used: true, step: '4.7, re-scan of custodian 3',
    at: '2026-03-14T10:12:00.000Z', expected: 'Page 2 of copy 1 for custodian 3 decodes to the envelope that was sealed.',
    happened: 'Paper jam; the page came out creased, and the camera read three codes of four.'.repeat(3),
    decision: 'Both pages shredded before the witness and printed again.', decidedBy: LONG_NAME, witness: 'Emmy Noether',
  }), drawing), 1],
  ['closing declaration of 2', async (drawing, rehearsal) => drawClosingDeclaration(declarationContent(2, { rehearsal }), drawing), 1],
  ['closing declaration of 16', async (drawing, rehearsal) => drawClosingDeclaration(declarationContent(16, {
    rehearsal, owner: LONG_OWNER, place: 'Room 2.14, Basel', ended: '2026-03-14T09:26:53.000Z', exceptions: 2,
    transcriptSha256: 'a5'.repeat(32), transcriptWords: 'cranky Apollo Pluto retrieval sterling indulge escape gravity sawdust sensation bison document trombone Medusa beaming concurrent',
    people: declarationContent(16).people.map((one, at) => ({ ...one, name: at === 0 ? LONG_NAME : one.name, agrees: at !== 5, why: at === 5 ? 'I was out of the room during step 4.7.' : null, at: '2026-03-14T09:25:00.000Z' })),
  }), drawing), 2],
]
