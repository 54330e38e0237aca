/** A text in groups of four characters, in cells of one width, for people who have to type it. */

import { baselineIn, INK, type Canvas } from './canvas.js'
import type { Piece } from './piece.js'
import type { TypeScale } from './scale.js'

const GROUP = 4
/** The same on every sheet, so that people can say "line 3" to each other. */
const MOST_GROUPS = 5
/** Width of a character's cell and of the white after a group, in em. */
const CELL = 0.78
const BETWEEN = 0.62

/** One piece for each line of groups; the number before a line is that of its first group. */
export function typingRows(canvas: Canvas, text: string, width: number, scale: TypeScale, gap: number): Piece[] {
  const type = scale.typing
  const groups = text.match(/.{1,4}/gu) ?? []
  const groupWidth = (GROUP * CELL + BETWEEN) * type.size
  const margin = canvas.measure('000', 'regular', scale.small.size)
  const perLine = Math.max(1, Math.min(MOST_GROUPS, Math.floor((width - margin + BETWEEN * type.size) / groupWidth)))
  const rows: Piece[] = []
  for (let first = 0; first < groups.length; first += perLine) {
    const line = groups.slice(first, first + perLine)
    rows.push({
      height: type.leading,
      gap: first === 0 ? gap : 0,
      keep: first + perLine < groups.length,
      draw: (x, y) => {
        const baseline = y + baselineIn(type)
        canvas.write(String(first + 1), { ...scale.small, ink: INK.grey }, x, baseline)
        line.forEach((group, index) => {
          Array.from(group).forEach((character, cell) => {
            const centre = x + margin + index * groupWidth + (cell + 0.5) * CELL * type.size
            canvas.write(character, type, centre - canvas.measure(character, type.face, type.size) / 2, baseline)
          })
        })
      },
    })
  }
  return rows
}
