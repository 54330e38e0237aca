/** Tables: columns as wide as their words need, rows that are never cut unless they are higher than a page. */

import { INK, type Canvas, type Type } from './canvas.js'
import { breakLines, drawLine, extent, lineWidth, type Line } from './lines.js'
import type { Align, Block, Inline } from './markdown.js'
import { LABEL_COLUMN, MM } from './page-size.js'
import type { Piece } from './piece.js'
import type { TypeScale } from './scale.js'

type Table = Extract<Block, { kind: 'table' }>
type Cell = readonly Inline[]

const COLUMN_GAP = 11
const PADDING = 3.2
/** A row with an empty cell is a row to write in. */
const WRITING_HEIGHT = 8.5 * MM
const WRITING_WIDTH = 30 * MM
/** An identifier longer than this may be cut between any two characters. */
const LONGEST_WORD = 34 * MM

/** One piece for each row. A table without header is a list of facts: its first column holds their labels. */
export function tableRows(canvas: Canvas, table: Table, width: number, scale: TypeScale, gap: number, tallest: number): Piece[] {
  const typeOf = (column: number): Type => table.header === null && column === 0 ? scale.label : scale.body
  const widths = columnWidths(canvas, table, width, typeOf)
  const build = (cells: readonly Cell[], types: (column: number) => Type): Line[][] =>
    cells.map((cell, column) => breakLines(canvas, cell, types(column), widths[column] ?? 0))

  const headerType: Type = { ...scale.small, face: 'bold', ink: INK.grey }
  const header = table.header === null ? undefined
    : row(canvas, build(table.header, () => headerType), {
      widths, align: table.align, typeOf: () => headerType, rule: [0.9, INK.black], least: 0, gap, keep: true,
    })
  const pieces: Piece[] = header === undefined ? [] : [header]
  table.rows.forEach((cells, index) => {
    const writing = cells.some((cell) => cell.length === 0)
    const lines = build(cells, typeOf)
    for (const part of slices(lines, Math.floor((tallest - 2 * PADDING) / scale.body.leading))) {
      const piece = row(canvas, part, {
        widths, align: table.align, typeOf, rule: [0.4, writing ? INK.grey : INK.rule], least: !writing ? 0 : table.header === null ? WRITING_HEIGHT - 2 * PADDING : WRITING_HEIGHT,
        gap: pieces.length === 0 ? gap : 0, keep: table.rows.length > 1 && index === 0,
      })
      pieces.push(header === undefined ? piece : { ...piece, header })
    }
  })
  return pieces
}

/** A row cut into parts of at most so many lines. */
function slices(lines: readonly Line[][], most: number): Line[][][] {
  const highest = Math.max(1, ...lines.map((cell) => cell.length))
  const parts: Line[][][] = []
  for (let first = 0; first < highest; first += most) parts.push(lines.map((cell) => cell.slice(first, first + most)))
  return parts
}

interface RowStyle {
  readonly widths: readonly number[]
  readonly align: readonly Align[]
  readonly typeOf: (column: number) => Type
  readonly rule: readonly [width: number, ink: string]
  readonly least: number
  readonly gap: number
  readonly keep: boolean
}

function row(canvas: Canvas, cells: readonly (readonly Line[])[], style: RowStyle): Piece {
  const height = Math.max(style.least, ...cells.map((lines, column) => lines.length * style.typeOf(column).leading)) + 2 * PADDING
  const total = style.widths.reduce((sum, width) => sum + width + COLUMN_GAP, -COLUMN_GAP)
  return {
    height,
    gap: style.gap,
    keep: style.keep,
    draw: (x, y) => {
      let left = x
      cells.forEach((lines, column) => {
        const width = style.widths[column] ?? 0
        const type = style.typeOf(column)
        // In a row to write in, what is printed stands low: beside the handwriting.
        const top = style.least === 0 ? y + PADDING : y + height - PADDING - lines.length * type.leading
        lines.forEach((line, index) => {
          const free = width - lineWidth(line)
          const indent = style.align[column] === 'right' ? free : style.align[column] === 'center' ? free / 2 : 0
          drawLine(canvas, line, type, left + indent, top + index * type.leading)
        })
        left += width + COLUMN_GAP
      })
      canvas.rule(x, y + height, x + total, y + height, style.rule[0], style.rule[1])
    },
  }
}

/** Every column its longest word; what is left over goes where text would otherwise wrap. */
function columnWidths(canvas: Canvas, table: Table, width: number, typeOf: (column: number) => Type): number[] {
  const columns = table.align.length
  const free = width - (columns - 1) * COLUMN_GAP
  const extents = Array.from({ length: columns }, (_, column) => {
    const cells = [...(table.header === null ? [] : [table.header]), ...table.rows].map((cells) => cells[column] ?? [])
    const sizes = cells.map((cell) => extent(canvas, cell, typeOf(column)))
    const written = table.header !== null && table.rows.some((cells) => (cells[column] ?? []).length === 0) ? WRITING_WIDTH : 0
    return {
      natural: Math.max(written, ...sizes.map(({ natural }) => natural)),
      least: Math.min(LONGEST_WORD, Math.max(written, ...sizes.map(({ least }) => least))),
    }
  })
  if (table.header === null && columns === 2) {
    const label = Math.min(Math.max(LABEL_COLUMN - COLUMN_GAP, extents[0]?.natural ?? 0), free * 0.4)
    return [label, free - label]
  }
  const natural = extents.reduce((sum, one) => sum + one.natural, 0)
  if (natural <= free) return extents.map((one) => one.natural + (free - natural) * one.natural / Math.max(natural, 1))
  const least = extents.reduce((sum, one) => sum + one.least, 0)
  if (least >= free) return extents.map((one) => free * one.least / least)
  return extents.map((one) => one.least + (free - least) * (one.natural - one.least) / (natural - least))
}
