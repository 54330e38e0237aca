/** Sheets are folded. Where a fold runs through two corners of a code, no decoder finds the code: its other modules do not matter then. */

import { MARGINS, MM } from './page-size.js'
import { lowered, type Piece, type Span } from './piece.js'

/** A fold is so far beside its place, either way. */
const ASIDE = 5 * MM
/** A code is moved down by no more than this. */
const MOST_WHITE = 20 * MM
const STEP = MM / 2

/** Where a sheet of this height is folded that goes into an envelope or a bag, in halves or in thirds; from the top of the text. */
export function foldsOf(pageHeight: number): Span[] {
  return [1 / 3, 1 / 2, 2 / 3].map((part) => part * pageHeight - MARGINS.top).map((at) => ({ from: at - ASIDE, to: at + ASIDE }))
}

/** Where a group of pieces would go. `room` is what is left of the page below it; `dropped` the white above it that is left out when none is added. */
interface Going { readonly at: number, readonly room: number, readonly dropped: number }

/** The least white above a group with which no fold meets a corner of its codes; none when a little, or the page, is not enough. */
export function whiteOffFolds(group: readonly Piece[], { at, room, dropped }: Going, folds: readonly Span[]): number {
  const corners = cornersOf(group)
  const clear = (top: number): boolean => lowered(corners, top).every(({ from, to }) => folds.every((fold) => from >= fold.to || to <= fold.from))
  if (clear(at - dropped)) return 0
  for (let white = STEP; white <= Math.min(MOST_WHITE, room); white += STEP) if (clear(at + white)) return white
  return 0
}

function cornersOf(group: readonly Piece[]): Span[] {
  let at = 0
  return group.flatMap((piece) => {
    const corners = lowered(piece.corners, at + piece.gap)
    at += piece.gap + piece.height
    return corners
  })
}
