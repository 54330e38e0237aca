/** A PDF that can be measured and drawn on: text on baselines, rules, boxes and QR codes at absolute points. */

import PDFDocument from 'pdfkit'
import { PAGE_SIZES, type Paper } from './page-size.js'
import { barsOf, type Matrix } from './qr.js'
import { fontFor, fontForDocument, type Face, type FontName } from './typeface.js'

/** Inks. Everything reads in black and white; grey only marks what is secondary. */
export const INK = { black: '#111111', grey: '#5a5a5a', rule: '#b4b4b4', tint: '#f5f5f3', code: '#000000', white: '#ffffff' } as const

/** A face at a size in an ink. `leading` is the distance of baselines. */
export interface Type {
  readonly face: Face
  readonly size: number
  readonly leading: number
  readonly ink: string
}

/** Where the baseline lies below the top of a line, so that capitals are centred in it (cap height 0.698 em). */
export function baselineIn(type: Type): number {
  return type.leading / 2 + type.size * 0.349
}

export class Canvas {
  readonly width: number
  readonly height: number
  readonly #pdf: PDFKit.PDFDocument
  readonly #chunks: Uint8Array[] = []
  readonly #finished: Promise<void>
  readonly #registered = new Set<FontName>()

  /** @param created becomes the PDF's creation date, and with the title its file identifier: same content, same bytes. */
  constructor(paper: Paper, title: string, created: Date) {
    const { width, height } = PAGE_SIZES[paper]
    this.width = width
    this.height = height
    this.#pdf = new PDFDocument({
      size: [width, height], margin: 0, autoFirstPage: false, bufferPages: true, lang: 'en',
      info: { Title: title, Producer: 'glasskey', Creator: 'glasskey', CreationDate: created },
    })
    this.#pdf.on('data', (chunk: Uint8Array) => this.#chunks.push(chunk))
    this.#finished = new Promise((resolve, reject) => {
      this.#pdf.once('end', resolve)
      this.#pdf.once('error', reject)
    })
  }

  newPage(): void {
    this.#pdf.addPage()
  }

  /** Draws on an earlier page again; 0 is the first. */
  backTo(page: number): void {
    this.#pdf.switchToPage(page)
  }

  /** Width of a text on one line. */
  measure(text: string, face: Face, size: number): number {
    return widthOf(text, face) * size
  }

  /** Sets a text from `x` on a baseline. Never breaks the line. */
  write(text: string, type: Type, x: number, baseline: number): void {
    this.#select(type.face, text)
    this.#pdf.fontSize(type.size).fillColor(type.ink)
      .text(text.normalize('NFC'), x, baseline, { lineBreak: false, baseline: 'alphabetic', ...features(type.face) })
  }

  rule(x1: number, y1: number, x2: number, y2: number, width: number, ink: string, dash = 0): void {
    this.#pdf.lineWidth(width).strokeColor(ink)
    if (dash > 0) this.#pdf.dash(dash, { space: dash })
    this.#pdf.moveTo(x1, y1).lineTo(x2, y2).stroke()
    if (dash > 0) this.#pdf.undash()
  }

  outline(x: number, y: number, width: number, height: number, line: number, ink: string): void {
    this.#pdf.lineWidth(line).strokeColor(ink).rect(x, y, width, height).stroke()
  }

  area(x: number, y: number, width: number, height: number, ink: string): void {
    this.#pdf.fillColor(ink).rect(x, y, width, height).fill()
  }

  /** Slanted strokes that fill a band: a mark that survives any copier. */
  hatch(x: number, y: number, width: number, height: number, ink: string): void {
    this.#pdf.save().rect(x, y, width, height).clip().lineWidth(1.2).strokeColor(ink)
    for (let left = x - height; left < x + width; left += 5) {
      this.#pdf.moveTo(left, y + height).lineTo(left + height, y)
    }
    this.#pdf.stroke().restore()
  }

  /** A code with its top left dark module at (x, y), as one filled path; the caller leaves the quiet zone white. */
  code(matrix: Matrix, x: number, y: number, module: number): void {
    for (const { row, column, length, rows } of barsOf(matrix)) {
      this.#pdf.rect(x + column * module, y + row * module, length * module, rows * module)
    }
    this.#pdf.fillColor(INK.code).fill()
  }

  /** The finished document. The canvas cannot be used afterwards. */
  async finish(): Promise<Uint8Array> {
    this.#pdf.end()
    await this.#finished
    return new Uint8Array(Buffer.concat(this.#chunks))
  }

  #select(face: Face, text: string): void {
    select(this.#pdf, this.#registered, face, text)
  }
}

/**
 * A document that is never finished: words are shaped for measuring once, however many documents are drawn.
 * What is measured stays in memory; of a share's text that is one character at a time (typing.ts).
 */
let ruler: PDFKit.PDFDocument | null = null
const onRuler = new Set<FontName>()
const widths = new Map<string, number>()

/** Width in em of a text on one line. A slashed zero is as wide as a plain one, so features play no part. */
function widthOf(text: string, face: Face): number {
  const key = `${face} ${text}`
  const known = widths.get(key)
  if (known !== undefined) return known
  ruler ??= new PDFDocument({ autoFirstPage: false })
  select(ruler, onRuler, face, text)
  const width = ruler.fontSize(1000).widthOfString(text.normalize('NFC')) / 1000
  widths.set(key, width)
  return width
}

function select(pdf: PDFKit.PDFDocument, registered: Set<FontName>, face: Face, text: string): void {
  const name = fontFor(face, text.normalize('NFC'))
  if (!registered.has(name)) {
    // pdfkit takes a parsed font as well as a file, which its types do not know.
    pdf.registerFont(name, fontForDocument(name) as unknown as PDFKit.Mixins.PDFFontSource)
    registered.add(name)
  }
  pdf.font(name)
}

/** Slashed zero in codes. */
function features(face: Face): { features?: PDFKit.Mixins.OpenTypeFeatures[] } {
  return face === 'code' ? { features: ['zero'] } : {}
}
