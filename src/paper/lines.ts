/** Breaking text into lines of a given width. */

import { baselineIn, INK, type Canvas, type Type } from './canvas.js'
import type { Inline } from './markdown.js'
import { MM } from './page-size.js'
import type { Face } from './typeface.js'

/** A piece of a word in one face, a blank or a box. */
type Part =
  | { readonly kind: 'text', readonly text: string, readonly face: Face, readonly size: number, readonly width: number }
  | { readonly kind: 'blank', readonly width: number }
  | { readonly kind: 'tick', readonly ticked: boolean, readonly width: number }

/** What stays together on a line: a word, or a stretch of an identifier up to a full stop, slash or colon. */
interface Word {
  readonly parts: Part[]
  /** White space before it, when it is not first on its line. */
  readonly space: number
  /** Ends a line before this word, whatever the width. */
  readonly newLine: boolean
}

/** Words on one baseline. */
export type Line = readonly Word[]

/** Codes are set a little smaller: their letters are mostly tall. */
const CODE_SCALE = 0.96
/** White before a box in the middle of a line, in em, so that it is seen to belong to what follows. */
const BEFORE_TICK = 1.3
const BREAK_IN_CODE = /(?<=[./:_,=-])(?=[^./:_,=*-])/u
const BREAK_IN_TEXT = /(?<=[/–—])(?=\S)/u

/** The same voice in bold, italic or as a code. */
function faceOf(inline: Inline & { kind: 'text' }, type: Type): Face {
  if (inline.code) return 'code'
  const bold = inline.bold || type.face === 'bold' || type.face === 'boldItalic'
  const italic = inline.italic || type.face === 'italic' || type.face === 'boldItalic'
  return bold ? (italic ? 'boldItalic' : 'bold') : italic ? 'italic' : 'regular'
}

/** Cuts inlines into words. */
function words(canvas: Canvas, inlines: readonly Inline[], type: Type): Word[] {
  const result: Word[] = []
  let current: Part[] | null = null
  let space = 0
  let newLine = false
  const add = (part: Part, glued: boolean): void => {
    if (current !== null && glued) {
      current.push(part)
      return
    }
    current = [part]
    result.push({ parts: current, space, newLine })
    space = 0
    newLine = false
  }
  let glued = false
  for (const inline of inlines) {
    if (inline.kind === 'break') {
      newLine = true
      glued = false
    } else if (inline.kind === 'blank') {
      add({ kind: 'blank', width: inline.millimetres * MM }, glued)
      glued = true
    } else if (inline.kind === 'tick') {
      if (space > 0) space = type.size * BEFORE_TICK
      add({ kind: 'tick', ticked: inline.ticked, width: type.size * 0.95 }, glued)
      glued = true
    } else {
      const face = faceOf(inline, type)
      const size = type.size * (inline.code ? CODE_SCALE : 1)
      for (const chunk of inline.text.split(/(\s+)/u)) {
        if (chunk === '') continue
        if (/^[^\S\u00a0\u202f]+$/u.test(chunk)) {
          space = canvas.measure(' ', face, size)
          glued = false
          continue
        }
        for (const text of chunk.split(inline.code ? BREAK_IN_CODE : BREAK_IN_TEXT)) {
          add({ kind: 'text', text, face, size, width: canvas.measure(text, face, size) }, glued)
          glued = false
        }
        glued = true
      }
    }
  }
  return result
}

function widthOf(word: Word): number {
  return word.parts.reduce((sum, part) => sum + part.width, 0)
}

/** Width of the text on one line, and of its longest word. */
export function extent(canvas: Canvas, inlines: readonly Inline[], type: Type): { natural: number, least: number } {
  let natural = 0
  let least = 0
  let line = 0
  for (const word of words(canvas, inlines, type)) {
    const width = widthOf(word)
    line = word.newLine ? width : line + word.space + width
    natural = Math.max(natural, line)
    least = Math.max(least, width)
  }
  return { natural, least }
}

/** Lines no wider than `width`: a word that is too long is cut between characters. */
export function breakLines(canvas: Canvas, inlines: readonly Inline[], type: Type, width: number): Line[] {
  const lines: Word[][] = []
  let line: Word[] = []
  let used = 0
  const place = (word: Word): void => {
    line.push(word)
    used += (line.length > 1 ? word.space : 0) + widthOf(word)
  }
  const turn = (): void => {
    if (line.length > 0) lines.push(line)
    line = []
    used = 0
  }
  const queue = words(canvas, inlines, type)
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    const space = line.length > 0 ? word.space : 0
    if (!word.newLine && used + space + widthOf(word) <= width + 0.01) {
      place(word)
    } else if (line.length > 0) {
      turn()
      queue.unshift({ ...word, newLine: false })
    } else if (widthOf(word) <= width + 0.01) {
      place(word)
    } else {
      const [head, tail] = cut(canvas, word, width)
      place(head)
      if (tail !== null) queue.unshift(tail)
    }
  }
  turn()
  return lines
}

/** As many characters of a long word as fit, at least one, and the rest. */
function cut(canvas: Canvas, word: Word, width: number): [Word, Word | null] {
  const head: Part[] = []
  const tail: Part[] = []
  let left = width
  for (const part of word.parts) {
    if (tail.length > 0 || (part.kind !== 'text' && part.width > left && head.length > 0)) {
      tail.push(part)
    } else if (part.kind !== 'text' || part.width <= left) {
      head.push(part)
      left -= part.width
    } else {
      const characters = Array.from(part.text)
      const widthOfFirst = (count: number): number =>
        canvas.measure(characters.slice(0, count).join(''), part.face, part.size)
      let count = head.length === 0 ? 1 : 0
      let tooMany = characters.length
      while (count + 1 < tooMany) {
        const middle = Math.floor((count + tooMany) / 2)
        if (widthOfFirst(middle) <= left) count = middle
        else tooMany = middle
      }
      if (count > 0) head.push({ ...part, text: characters.slice(0, count).join(''), width: widthOfFirst(count) })
      const rest = characters.slice(count).join('')
      if (rest !== '') tail.push({ ...part, text: rest, width: canvas.measure(rest, part.face, part.size) })
    }
  }
  return [{ ...word, parts: head }, tail.length === 0 ? null : { parts: tail, space: 0, newLine: false }]
}

/** Width of a line as broken. */
export function lineWidth(line: Line): number {
  return line.reduce((sum, word, index) => sum + (index > 0 ? word.space : 0) + widthOf(word), 0)
}

/** Whether people write on this line. */
export function hasBlank(line: Line): boolean {
  return line.some(({ parts }) => parts.some(({ kind }) => kind === 'blank'))
}

/** Draws a line whose top is at `y`. */
export function drawLine(canvas: Canvas, line: Line, type: Type, x: number, y: number): void {
  const baseline = y + baselineIn(type)
  let at = x
  line.forEach((word, index) => {
    if (index > 0) at += word.space
    for (const part of word.parts) {
      if (part.kind === 'text') canvas.write(part.text, { ...type, face: part.face, size: part.size }, at, baseline)
      else if (part.kind === 'blank') canvas.rule(at, baseline + 1.5, at + part.width, baseline + 1.5, 0.5, INK.black)
      else drawTick(canvas, at, baseline, type.size * 0.8, part.ticked)
      at += part.width
    }
  })
}

/** A box to tick, standing on the baseline. */
export function drawTick(canvas: Canvas, x: number, baseline: number, side: number, ticked: boolean): void {
  const top = baseline - side + side * 0.06
  canvas.outline(x, top, side, side, 0.7, INK.black)
  if (!ticked) return
  canvas.rule(x + side * 0.2, top + side * 0.2, x + side * 0.8, top + side * 0.8, 1, INK.black)
  canvas.rule(x + side * 0.2, top + side * 0.8, x + side * 0.8, top + side * 0.2, 1, INK.black)
}
