/** The exception sheet: what went otherwise than was written down beforehand, and who decided what. */

import { documentKind, drawDocument, type Drawing } from '../document.js'
import { moment } from '../moment.js'

/** What an exception sheet says. What is null is left to be written in by hand. */
export interface ExceptionSheetContent {
  readonly rehearsal: boolean
  readonly owner: string
  /** When the sheet is drawn, ISO 8601 in UTC. */
  readonly drawn: string
  /** "Ceremony of 2026-03-14", "Release, logbook entry 17". */
  readonly occasion: string | null
  /** Number of the sheet on this occasion, from 1. */
  readonly number: number | null
  /** Whether there was an exception; null: the box is ticked by hand. */
  readonly used: boolean | null
  readonly step: string | null
  /** ISO 8601 in UTC. */
  readonly at: string | null
  readonly expected: string | null
  readonly happened: string | null
  readonly decision: string | null
  readonly decidedBy: string | null
  readonly witness: string | null
}

const EXCEPTION_SHEET = documentKind({
  template: 'exception-sheet',
  fields: {
    rehearsal: 'flag', owner: 'text', occasion: 'text', number: 'text', used: 'flag', unused: 'flag', step: 'text', at: 'text',
    expected: 'text', happened: 'text', decision: 'text', decidedBy: 'text', witness: 'text',
  },
  mustPrint: ['occasion', 'number', 'step', 'at', 'expected', 'happened', 'decision', 'decidedBy', 'witness'],
  unprintable: 'show',
})

/** @throws {GlasskeyError} TEMPLATE_INVALID. Texts that cannot be set are printed as `[U+...]`: an exception must be on record. */
export async function drawExceptionSheet(content: ExceptionSheetContent, drawing: Drawing): Promise<Uint8Array> {
  return drawDocument(EXCEPTION_SHEET, {
    ...content,
    used: content.used === true,
    unused: content.used === false,
    at: moment(content.at),
  }, drawing, { marked: content.rehearsal, created: content.drawn, pages: { most: 1, otherwise: 'flow on' } })
}
