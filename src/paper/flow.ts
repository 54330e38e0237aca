/** From blocks to pieces: headings, paragraphs, lists, boxes. */

import { baselineIn, INK, type Canvas, type Type } from './canvas.js'
import { figureRows, type FigureRows } from './figures.js'
import { breakLines, drawLine, drawTick, hasBlank } from './lines.js'
import type { Block, Inline } from './markdown.js'
import { LABEL_COLUMN, MM } from './page-size.js'
import { lowered, piecesOf, shift, stack, withOverlay, type Item, type Piece } from './piece.js'
import type { TypeScale } from './scale.js'
import { tableRows } from './table.js'
import { typingRows } from './typing.js'

/** What blocks are flowed for. */
export interface Measure {
  readonly canvas: Canvas
  readonly scale: TypeScale
  readonly width: number
  /** Height of a page's text area, in points. */
  readonly tallest: number
}

/** A level 3 heading stands in a column of its own, beside what it heads. */
const SIDE_GAP = 4 * MM
const SIDE_COLUMN = LABEL_COLUMN - SIDE_GAP
const MARKER = 5.2 * MM
const CALLOUT_PADDING = 4.2 * MM
/** White above and below a box, and below a table, in lines. */
const BOX_GAP = 0.9
/** White above and below the line along which slips are cut apart. */
const CUT_GAP = 6 * MM
const BESIDE_GAP = 8 * MM
/** Height of a line that people write on. */
const WRITING_LINE = 8.5 * MM

/** The pieces of some blocks, in order. */
export function flow(blocks: readonly Block[], measure: Measure): Item[] {
  const items: Item[] = []
  let index = 0
  for (let block = blocks[index]; block !== undefined; block = blocks[index]) {
    index += 1
    if (block.kind === 'heading' && block.depth >= 3 && measure.width > 120 * MM) {
      const end = blocks.findIndex((one, at) => at >= index && ['heading', 'rule', 'new page', 'cut'].includes(one.kind))
      const beside = blocks.slice(index, end === -1 ? blocks.length : end)
      index += beside.length
      items.push(...sideSection(block.inlines, beside, measure))
    } else {
      const framed = ['callout', 'table'].includes(blocks[index - 2]?.kind ?? '')
      items.push(...afterGap(flowBlock(block, measure), framed ? measure.scale.body.leading * BOX_GAP : 0))
    }
  }
  return items
}

/** The same items, with at least so much white above the first. */
function afterGap(items: readonly Item[], gap: number): Item[] {
  return items.map((item, index) => index === 0 && typeof item !== 'string' ? { ...item, gap: Math.max(item.gap, gap) } : item)
}

function flowBlock(block: Block, measure: Measure): Item[] {
  const { canvas, scale, width } = measure
  const gap = scale.body.leading * 0.5
  switch (block.kind) {
    case 'heading': {
      const type = block.depth === 1 ? scale.title : block.depth === 2 ? scale.heading : scale.side
      const above = block.depth === 1 ? 2 : block.depth === 2 ? 1.35 : 0.8
      return paragraph(canvas, block.inlines, type, width, scale.body.leading * above)
        .map((piece) => ({ ...piece, keep: true }))
    }
    case 'paragraph':
      return paragraph(canvas, block.inlines, scale.body, width, gap)
    case 'list':
      return block.items.flatMap((item, at) =>
        listItem(item, block.first === null ? null : block.first + at, measure, at === 0 ? gap : gap * 0.5))
    case 'table':
      return tableRows(canvas, block, width, scale, gap, measure.tallest * 0.8)
    case 'figures':
      return [...figureRows(canvas, block.figures, width, scale, gap).rows]
    case 'typing':
      return typingRows(canvas, block.text, width, scale, gap)
    case 'lines':
      return Array.from({ length: block.count }, (_, at): Piece => ({
        height: WRITING_LINE, gap: 0, keep: at + 1 < block.count,
        draw: (x, y) => canvas.rule(x, y + WRITING_LINE, x + width, y + WRITING_LINE, 0.4, INK.grey),
      }))
    case 'callout':
      return [callout(block.blocks, measure)]
    case 'rule':
      return [{ height: 0.5, gap: gap * 2, keep: false, draw: (x, y) => canvas.rule(x, y, x + width, y, 0.5, INK.rule) }]
    case 'new page':
      return ['new page']
    case 'cut':
      return ['cut', {
        height: 0.5, gap: CUT_GAP, keep: true, between: true,
        draw: (x, y) => canvas.rule(x, y, x + width, y, 0.6, INK.grey, 3),
      }]
  }
}

/** A piece for each line, higher where there is a blank; the first and the last line of a paragraph do not stand alone on a page. */
function paragraph(canvas: Canvas, inlines: readonly Inline[], type: Type, width: number, gap: number): Piece[] {
  const lines = breakLines(canvas, inlines, type, width)
  return lines.map((line, index) => {
    const height = hasBlank(line) ? Math.max(WRITING_LINE, type.leading) : type.leading
    return {
      height,
      gap: index === 0 ? gap : 0,
      keep: lines.length > 1 && (index === 0 || index === lines.length - 2),
      draw: (x, y) => drawLine(canvas, line, type, x, y + height - type.leading),
    }
  })
}

/** An item with its number, bullet or box in the margin. */
function listItem(blocks: readonly Block[], number: number | null, measure: Measure, gap: number): Item[] {
  const { canvas, scale } = measure
  const [first, ...rest] = blocks
  const tick = first?.kind === 'paragraph' && first.inlines[0]?.kind === 'tick' ? first.inlines[0] : null
  const content = tick !== null && first?.kind === 'paragraph'
    ? [{ ...first, inlines: withoutTick(first.inlines) }, ...rest] : blocks
  const items = shift(flow(content, { ...measure, width: measure.width - MARKER }), MARKER)
  // A first line that people write on is higher, and its words stand low.
  const drop = content[0]?.kind === 'paragraph' ? (piecesOf(items)[0]?.height ?? scale.body.leading) - scale.body.leading : 0
  const baseline = drop + baselineIn(scale.body)
  const marked = withOverlay(items, scale.body.leading, (x, y) => {
    if (tick !== null) drawTick(canvas, x, y + baseline, scale.body.size * 0.85, tick.ticked)
    else if (number !== null) canvas.write(`${number}.`, { ...scale.body, face: 'bold' }, x, y + baseline)
    else canvas.write('–', scale.body, x, y + baseline)
  })
  return marked.map((item, index) => index === 0 && typeof item !== 'string' ? { ...item, gap } : item)
}

function withoutTick(inlines: readonly Inline[]): Inline[] {
  const [, next, ...rest] = inlines
  if (next === undefined) return []
  return next.kind === 'text' ? [{ ...next, text: next.text.trimStart() }, ...rest] : [next, ...rest]
}

/** A heading in the left column and what it heads in the right one. */
function sideSection(heading: readonly Inline[], blocks: readonly Block[], measure: Measure): Item[] {
  const { canvas, scale } = measure
  const indent = LABEL_COLUMN
  const items = shift(flow(blocks, { ...measure, width: measure.width - indent }), indent)
  const side = stack(paragraph(canvas, heading, scale.side, SIDE_COLUMN, 0))
  const filled: Item[] = items.length > 0 ? items
    : [{ height: 0, gap: 0, keep: false, draw: () => undefined }]
  const missing = side.height - stack(piecesOf(filled)).height
  const padded: Item[] = missing > 0 && filled.length > 1
    ? [...filled.map(kept), { height: missing, gap: 0, keep: false, draw: () => undefined }] : filled
  const atLeast = filled.length > 1 ? 0 : side.height
  return withOverlay(padded, atLeast, (x, y) => side.draw(x, y))
    .map((item, index) => index === 0 && typeof item !== 'string' ? { ...item, gap: scale.body.leading * 0.85 } : item)
}

function kept(item: Item): Item {
  return typeof item === 'string' ? item : { ...item, keep: true }
}

/** A box. A single code that comes first stands on the left of the rest. */
function callout(blocks: readonly Block[], measure: Measure): Piece {
  const { canvas, width, scale } = measure
  const inner = width - 2 * CALLOUT_PADDING
  const [first, ...rest] = blocks
  const content = first?.kind === 'figures' && first.figures.length === 1 && rest.length > 0
    ? beside(figureRows(canvas, first.figures, inner, scale, 0), rest, { ...measure, width: inner })
    : stack(piecesOf(flow(blocks, { ...measure, width: inner })))
  const height = content.height + 2 * CALLOUT_PADDING
  return {
    height,
    gap: scale.body.leading * BOX_GAP,
    keep: false,
    corners: lowered(content.corners, CALLOUT_PADDING),
    draw: (x, y) => {
      canvas.outline(x, y, width, height, 0.8, INK.black)
      content.draw(x + CALLOUT_PADDING, y + CALLOUT_PADDING)
    },
  }
}

/** A code on the left, blocks on the right, both centred on the higher of the two. */
function beside(figure: FigureRows, blocks: readonly Block[], measure: Measure): Piece {
  const left = stack(figure.rows)
  const indent = figure.width + BESIDE_GAP
  const right = stack(piecesOf(flow(blocks, { ...measure, width: measure.width - indent })))
  const height = Math.max(left.height, right.height)
  return {
    height,
    gap: 0,
    keep: false,
    corners: [...lowered(left.corners, (height - left.height) / 2), ...lowered(right.corners, (height - right.height) / 2)],
    draw: (x, y) => {
      left.draw(x, y + (height - left.height) / 2)
      right.draw(x + indent, y + (height - right.height) / 2)
    },
  }
}
