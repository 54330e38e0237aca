/** Paper and its margins. All lengths inside `src/paper` are PDF points (1/72 inch) unless a name says millimetres. */

/** The two papers of the world's office printers. */
export type Paper = 'A4' | 'Letter'

/** Points in a millimetre. */
export const MM = 72 / 25.4

interface PageSize {
  readonly width: number
  readonly height: number
}

/** ISO 216 A4 is 210 x 297 mm; ANSI Letter is 8.5 x 11 inches. */
export const PAGE_SIZES: Readonly<Record<Paper, PageSize>> = {
  A4: { width: 210 * MM, height: 297 * MM },
  Letter: { width: 612, height: 792 },
}

/** White border. Many printers cannot reach the last 6 mm, and codes must stay 12 mm inside the edge. */
export const MARGINS = { left: 17.5 * MM, right: 17.5 * MM, top: 22 * MM, bottom: 23 * MM } as const

/** Labels of facts and headings beside the text stand in a column this wide, so that all text starts on one line. */
export const LABEL_COLUMN = 40 * MM
