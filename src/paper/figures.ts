/** QR codes in rows, all of one document with modules that survive printing and scanning. */

import type { Canvas } from './canvas.js'
import { breakLines, drawLine, lineWidth } from './lines.js'
import type { Figure } from './markdown.js'
import { MM } from './page-size.js'
import type { Piece } from './piece.js'
import { matrixOf, QUIET_MODULES, SMALLEST_MODULE_MM } from './qr.js'
import type { TypeScale } from './scale.js'

/** Larger modules than this gain nothing and cost space. */
const LARGEST_MODULE_MM = 1.3

/** The squares in three corners of a code are so high (ISO/IEC 18004). */
const FINDER_MODULES = 7

/** Rows of codes, and the width of the widest. */
export interface FigureRows { readonly rows: readonly Piece[], readonly width: number }

/**
 * One piece for each row of codes. All codes of a paragraph have the same module size: as large as the width allows with
 * as many columns as the smallest module permits, or the size that the template wishes for.
 *
 * @throws {RangeError} when a code is too long for this width at the smallest module.
 */
export function figureRows(
  canvas: Canvas, figures: readonly Figure[], width: number, scale: TypeScale, gap: number,
): FigureRows {
  const drawn = figures.map((figure) => ({ ...figure, matrix: matrixOf(figure.code) }))
  const side = Math.max(...drawn.map(({ matrix }) => matrix.side))
  const smallest = SMALLEST_MODULE_MM * MM
  const columns = Math.min(drawn.length, columnsIn(width, side, smallest))
  if (columns < 1) {
    throw new RangeError(`code: ${side} modules of ${SMALLEST_MODULE_MM} mm do not fit ${Math.round(width / MM)} mm`)
  }
  const widest = width / (columns * side + (columns - 1) * gutter())
  const wished = Math.max(...drawn.map(({ millimetres }) => millimetres)) * MM / side
  const module = Math.max(smallest, Math.min(widest * scale.factor, wished === 0 ? LARGEST_MODULE_MM * MM : wished))
  const spread = columns < 2 ? 0 : (width - columns * side * module) / (columns - 1)
  const between = spread > side * module / 2 ? gutter() * module : spread
  const rows: Piece[] = []
  for (let first = 0; first < drawn.length; first += columns) {
    const above = first === 0 ? gap : QUIET_MODULES * module
    rows.push(row(canvas, drawn.slice(first, first + columns), { module, side, between }, scale, above))
  }
  return { rows, width: columns * side * module + (columns - 1) * between }
}

/** White between two codes of a row, in modules: a quiet zone and a half. */
function gutter(): number {
  return QUIET_MODULES * 1.5
}

function columnsIn(width: number, side: number, module: number): number {
  return Math.floor((width / module + gutter()) / (side + gutter()))
}

type Drawn = Figure & { readonly matrix: ReturnType<typeof matrixOf> }

/** Side in modules, size of a module and white between codes in points. */
interface Grid { readonly module: number, readonly side: number, readonly between: number }

function row(canvas: Canvas, figures: readonly Drawn[], { module, side, between }: Grid, scale: TypeScale, gap: number): Piece {
  const width = side * module
  const captions = figures.map(({ caption }) => breakLines(canvas, caption, scale.small, width))
  const captionLines = Math.max(...captions.map((lines) => lines.length))
  const quiet = QUIET_MODULES * module
  const captionHeight = captionLines * scale.small.leading
  return {
    height: width + (captionLines > 0 ? quiet + captionHeight : 0),
    gap: Math.max(gap, quiet),
    keep: false,
    corners: [{ from: 0, to: FINDER_MODULES * module }, { from: width - FINDER_MODULES * module, to: width }],
    draw: (x, y) => {
      figures.forEach(({ matrix }, index) => {
        const left = x + index * (width + between)
        canvas.code(matrix, left, y, module)
        captions[index]?.forEach((line, at) => {
          const indent = (matrix.side * module - lineWidth(line)) / 2
          drawLine(canvas, line, scale.small, left + indent, y + width + quiet + at * scale.small.leading)
        })
      })
    },
  }
}
