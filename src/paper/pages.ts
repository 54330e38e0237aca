/** From pieces to pages: where each page ends, and what stands on every page. */

import { baselineIn, INK, type Canvas, type Type } from './canvas.js'
import { whiteOffFolds } from './folds.js'
import { MARGINS, MM } from './page-size.js'
import type { Item, Piece, Span } from './piece.js'

/** A piece at its place on a page. */
interface Placed { readonly piece: Piece, readonly y: number }

/** What stands on every page. `page` is made for each page. */
export interface Furniture {
  readonly banner: string
  readonly footer: string
  readonly page: (page: number, pages: number) => string
}

/** Area of text on a page of this height, in points. */
export function textHeight(pageHeight: number): number {
  return pageHeight - MARGINS.top - MARGINS.bottom
}

/**
 * Distributes pieces over pages. Pieces that keep with the next move together; a slip between cuts stays whole. Where a fold would run
 * through the corners of a code, there is more white above, if a little is enough.
 */
export function paginate(items: readonly Item[], tallest: number, folds: readonly Span[] = []): Placed[][] {
  const pages: Placed[][] = [[]]
  let y = 0
  const turn = (): void => {
    pages.push([])
    y = 0
  }
  for (const group of groups(items)) {
    if (group === 'new page') {
      if (y > 0) turn()
      continue
    }
    const height = group.reduce((sum, piece) => sum + piece.gap + piece.height, 0)
    if (y > 0 && y + height > tallest) turn()
    y += whiteOffFolds(group, { at: y, room: tallest - y - height, dropped: y === 0 ? group[0]?.gap ?? 0 : 0 }, folds)
    for (const piece of group) {
      if (y === 0 && piece.between) continue
      if (y > 0 && y + piece.gap + piece.height > tallest) turn()
      const page = pages.at(-1)
      if (page === undefined) continue
      if (y === 0 && pages.length > 1 && piece.header !== undefined) {
        page.push({ piece: piece.header, y })
        y += piece.header.height
      } else if (y > 0) {
        y += piece.gap
      }
      page.push({ piece, y })
      y += piece.height
    }
  }
  return pages.filter((page) => page.length > 0)
}

/** Runs of pieces that belong together. */
function groups(items: readonly Item[]): ('new page' | Piece[])[] {
  const slips = items.includes('cut')
  const result: ('new page' | Piece[])[] = []
  let open: Piece[] = []
  const close = (): void => {
    if (open.some((piece) => piece.between === undefined)) result.push(open)
    open = []
  }
  for (const item of items) {
    if (item === 'new page' || item === 'cut') {
      close()
      if (item === 'new page') result.push(item)
      continue
    }
    open.push(item)
    if (!slips && !item.keep) close()
  }
  close()
  return result
}

/** Draws everything. */
export function drawPages(canvas: Canvas, pages: readonly Placed[][], furniture: Furniture): void {
  pages.forEach((placed, index) => {
    canvas.newPage()
    drawFurniture(canvas, furniture, index + 1, pages.length)
    for (const { piece, y } of placed) piece.draw(MARGINS.left, MARGINS.top + y)
  })
}

const FOOTER: Type = { face: 'regular', size: 7.6, leading: 10, ink: INK.grey }
const BANNER: Type = { face: 'bold', size: 10, leading: 17, ink: INK.black }
const BANNER_TOP = 9 * MM

function drawFurniture(canvas: Canvas, furniture: Furniture, page: number, pages: number): void {
  const right = canvas.width - MARGINS.right
  const line = canvas.height - MARGINS.bottom + 5 * MM
  canvas.rule(MARGINS.left, line, right, line, 0.5, INK.rule)
  const baseline = line + 3.5 + baselineIn(FOOTER)
  const number = furniture.page(page, pages)
  const numberWidth = canvas.measure(number, FOOTER.face, FOOTER.size)
  canvas.write(number, FOOTER, right - numberWidth, baseline)
  canvas.write(shorten(canvas, furniture.footer, right - MARGINS.left - numberWidth - 12), FOOTER, MARGINS.left, baseline)
  if (furniture.banner === '') return
  drawBanner(canvas, furniture.banner, BANNER_TOP)
  drawBanner(canvas, furniture.banner, line + 17)
}

/** The identity of the document on one line. */
function shorten(canvas: Canvas, text: string, width: number): string {
  if (canvas.measure(text, FOOTER.face, FOOTER.size) <= width) return text
  const characters = Array.from(text)
  while (characters.length > 0 && canvas.measure(`${characters.join('')}…`, FOOTER.face, FOOTER.size) > width) characters.pop()
  return `${characters.join('')}…`
}

/** A hatched band with words on white: unmistakable in black and white, and on a bad copy. */
function drawBanner(canvas: Canvas, words: string, top: number): void {
  const width = canvas.width - MARGINS.left - MARGINS.right
  const size = Math.min(BANNER.size, BANNER.size * (width - 30) / canvas.measure(words, BANNER.face, BANNER.size))
  const wordsWidth = canvas.measure(words, BANNER.face, size)
  const left = (canvas.width - wordsWidth) / 2
  canvas.hatch(MARGINS.left, top, width, BANNER.leading, INK.black)
  canvas.area(left - 9, top - 0.5, wordsWidth + 18, BANNER.leading + 1, INK.white)
  canvas.outline(MARGINS.left, top, width, BANNER.leading, 1, INK.black)
  canvas.write(words, { ...BANNER, size }, left, top + baselineIn(BANNER))
}
