/** QR codes as module matrices: alphanumeric mode, so that a code is as coarse as its text allows. */

import { create } from 'qrcode'

/** Error correction: L 7 %, M 15 %, Q 25 %, H 30 % of the code may be lost (ISO/IEC 18004). */
export type Correction = 'L' | 'M' | 'Q' | 'H'

/** A text to be printed as a QR code. */
export interface Code {
  readonly text: string
  readonly correction: Correction
}

/** Side length in modules without the quiet zone, and whether a module is dark. */
export interface Matrix {
  readonly side: number
  dark(row: number, column: number): boolean
}

/** White modules that a code needs on every side (ISO/IEC 18004, 6.3.8). */
export const QUIET_MODULES = 4

/** The smallest module that was measured to survive worn paper at 100 dpi, in millimetres (docs/scanning.md). */
export const SMALLEST_MODULE_MM = 0.72

const ALPHANUMERIC = /^[0-9A-Z $%*+\-./:]+$/

/** @throws {RangeError} when the text has a character outside QR's alphanumeric set, or is too long for any version. */
export function matrixOf(code: Code): Matrix {
  if (!ALPHANUMERIC.test(code.text)) throw new RangeError('code: only 0-9, A-Z, space and $%*+-./: can be printed')
  const { modules } = create([{ data: code.text, mode: 'alphanumeric' }], { errorCorrectionLevel: code.correction })
  return { side: modules.size, dark: (row, column) => modules.get(row, column) !== 0 }
}

/** One dark bar: modules `column` to `column + length - 1` of a row. */
export interface Bar {
  readonly row: number
  readonly column: number
  readonly length: number
  readonly rows: number
}

/** The dark modules as few rectangles: runs along rows, and equal runs of consecutive rows joined, so no hairlines show. */
export function barsOf(matrix: Matrix): Bar[] {
  const finished: Bar[] = []
  let open = new Map<string, Bar>()
  for (let row = 0; row <= matrix.side; row += 1) {
    const next = new Map<string, Bar>()
    for (let column = 0; row < matrix.side && column < matrix.side; column += 1) {
      if (!matrix.dark(row, column)) continue
      const start = column
      while (column + 1 < matrix.side && matrix.dark(row, column + 1)) column += 1
      const key = `${start}-${column}`
      const above = open.get(key)
      open.delete(key)
      next.set(key, above === undefined
        ? { row, column: start, length: column - start + 1, rows: 1 }
        : { ...above, rows: above.rows + 1 })
    }
    finished.push(...open.values())
    open = next
  }
  return finished
}
