/** Other ways to lay an envelope on its page, to choose between by measurement: more or fewer codes, more or less correction. */

import sharp from 'sharp'
import { barsOf, matrixOf, QUIET_MODULES, type Correction } from '../../src/paper/qr.js'
import { envelopeParts } from '../../test/paper/examples.js'
import { fromSharp } from './picture.js'
import type { Page } from './pages.js'

/** The longest envelope that must fit, and the room for codes that Letter leaves, in millimetres. */
const LONGEST = 3240
const ROOM = { width: 175, height: 184 } as const
/** White between codes, with room for a caption between rows. */
const BETWEEN = { columns: 1.5 * QUIET_MODULES, rows: 3 * QUIET_MODULES } as const

/** Modules in millimetres below which a design is not worth measuring. */
const SMALLEST = 0.63
/** What version 40 holds in alphanumeric mode (ISO/IEC 18004, table 7). */
const MOST_CHARACTERS: Readonly<Record<Correction, number>> = { L: 4296, M: 3391, Q: 2420, H: 1852 }

/** Pages of all designs of which the modules are not hopelessly small. */
export function designedPages(): Page[] {
  const pages: Page[] = []
  for (const parts of [2, 3, 4, 6, 8, 9]) {
    for (const correction of ['L', 'M', 'Q', 'H'] as const) {
      const page = designed(parts, correction)
      if (page !== null) pages.push(page)
    }
  }
  return pages
}

function designed(parts: number, correction: Correction): Page | null {
  const texts = envelopeParts(LONGEST, Math.ceil(LONGEST / parts / 5) * 5)
  if ((texts[0]?.length ?? 0) > MOST_CHARACTERS[correction]) return null
  const matrices = texts.map((text) => matrixOf({ text, correction }))
  const side = Math.max(...matrices.map((matrix) => matrix.side))
  const [module, columns] = Array.from({ length: parts }, (_, at) => at + 1).map((columns) => {
    const rows = Math.ceil(parts / columns)
    return [Math.min(ROOM.width / (columns * side + (columns - 1) * BETWEEN.columns), ROOM.height / (rows * side + (rows - 1) * BETWEEN.rows)), columns] as const
  }).reduce((best, other) => other[0] > best[0] ? other : best)
  if (module < SMALLEST) return null
  const bars = matrices.flatMap((matrix, index) => {
    const left = 17.5 + index % columns * (side + BETWEEN.columns) * module
    const top = 42 + Math.floor(index / columns) * (side + BETWEEN.rows) * module
    return barsOf(matrix).map(({ row, column, length, rows }) => `<rect x="${left + column * module}" y="${top + row * module}" width="${length * module}" height="${rows * module}"/>`)
  })
  const svg = Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="210mm" height="297mm" viewBox="0 0 210 297"><rect width="210" height="297" fill="#fff"/>${bars.join('')}</svg>`)
  return {
    name: `${parts} codes ${correction}, version ${(side - 17) / 4}, modules of ${module.toFixed(2)} mm`,
    paper: 'A4', texts: texts.toSorted(),
    at: (dpi) => fromSharp(sharp(svg, { density: dpi }).resize(Math.round(210 / 25.4 * dpi), Math.round(297 / 25.4 * dpi), { fit: 'fill' })),
  }
}
