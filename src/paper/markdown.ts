/** Markdown, as far as printed pages need it, and a few signs for forms that are filled in by hand. */

import { lexer, type Token, type Tokens } from 'marked'
import { MARK, type Value } from './fields.js'
import type { Code } from './qr.js'
import { refusal, type Filled } from './template.js'

/** Text in one voice, a blank of some millimetres, a box to tick, or the end of a line. */
export type Inline =
  | { readonly kind: 'text', readonly text: string, readonly bold: boolean, readonly italic: boolean, readonly code: boolean }
  | { readonly kind: 'blank', readonly millimetres: number }
  | { readonly kind: 'tick', readonly ticked: boolean }
  | { readonly kind: 'break' }

/** A QR code with what stands under it. `millimetres` is the wished side length, 0 for as large as fits. */
export interface Figure { readonly code: Code, readonly caption: readonly Inline[], readonly millimetres: number }

export type Align = 'left' | 'center' | 'right'

export type Block =
  | { readonly kind: 'heading', readonly depth: number, readonly inlines: readonly Inline[] }
  | { readonly kind: 'paragraph', readonly inlines: readonly Inline[] }
  | { readonly kind: 'list', readonly first: number | null, readonly items: readonly (readonly Block[])[] }
  | { readonly kind: 'table', readonly header: readonly (readonly Inline[])[] | null, readonly align: readonly Align[],
    readonly rows: readonly (readonly (readonly Inline[])[])[] }
  | { readonly kind: 'callout', readonly blocks: readonly Block[] }
  | { readonly kind: 'figures', readonly figures: readonly Figure[] }
  | { readonly kind: 'typing', readonly text: string }
  | { readonly kind: 'lines', readonly count: number }
  | { readonly kind: 'rule' }
  | { readonly kind: 'new page' }
  | { readonly kind: 'cut' }

/** `[____]` is a blank, 3 mm for each underscore; `[ ]` and `[x]` are boxes to tick. Marked before Markdown sees them. */
const BLANK = /\[(_{2,})\]/g
const TICK = /(?<!!)\[([ x])\](?!\()/g
const SIGN = /\uE010(\d+)\uE011|\uE012([ x])\uE011|\uE000(\d+)\uE001/gu
const MILLIMETRES_PER_UNDERSCORE = 3

/** Telephone numbers and times are not broken over two lines; longer values may be, wherever they have a space. */
const BETWEEN_DIGITS = /(?<=[\d+)]) (?=[\d(])/g
const LONGEST_NUMBER = 120

/** The blocks of a filled template, and which of its values they print. */
export interface Manuscript { readonly blocks: readonly Block[], readonly printed: ReadonlySet<number> }

/** @throws {GlasskeyError} TEMPLATE_INVALID for Markdown that is not typeset here (HTML, pictures other than codes). */
export function readMarkdown(filled: Filled): Manuscript {
  const source = filled.body
    .replace(BLANK, (_, blank: string) => `\uE010${blank.length * MILLIMETRES_PER_UNDERSCORE}\uE011`)
    .replace(TICK, (_, state: string) => `\uE012${state}\uE011`)
  const reading = new Reading(filled.name, filled.values)
  const blocks = reading.blocks(lexer(source, { gfm: true }))
  return { blocks, printed: reading.printed }
}

/** One line of the head: plain text with its values. */
export function readLine(filled: Filled, wording: string): string {
  return wording.replace(MARK, (_, index: string) => {
    const content = filled.values[Number(index)]?.content
    return typeof content === 'string' ? content : ''
  })
}

type Voice = Readonly<{ bold: boolean, italic: boolean, code: boolean }>
const PLAIN: Voice = { bold: false, italic: false, code: false }

class Reading {
  readonly printed = new Set<number>()
  readonly #refuse: ReturnType<typeof refusal>
  readonly #values: readonly Value[]

  constructor(name: string, values: readonly Value[]) {
    this.#refuse = refusal(name)
    this.#values = values
  }

  blocks(tokens: readonly Token[]): Block[] {
    return tokens.flatMap((token) => this.#block(token as Tokens.Generic & Token))
  }

  #block(token: Token): Block[] {
    switch (token.type) {
      case 'space':
      case 'def':
        return []
      case 'heading':
        return [{ kind: 'heading', depth: (token as Tokens.Heading).depth, inlines: this.#inlines(token.tokens ?? [], PLAIN) }]
      case 'paragraph':
      case 'text':
        return [this.#paragraph(token as Tokens.Paragraph)]
      case 'list': {
        const list = token as Tokens.List
        const items = list.items.map((item) => this.blocks(item.tokens))
        return [{ kind: 'list', first: list.ordered ? Number(list.start) : null, items }]
      }
      case 'table':
        return [this.#table(token as Tokens.Table)]
      case 'blockquote':
        return [{ kind: 'callout', blocks: this.blocks(token.tokens ?? []) }]
      case 'hr':
        return [{ kind: 'rule' }]
      case 'code':
        return [this.#typing(token as Tokens.Code)]
      case 'html':
        return this.#directive(token as Tokens.HTML)
      default:
        throw this.#refuse(`uses Markdown that is not typeset here: ${token.type}`, `near "${token.raw.slice(0, 40)}"`)
    }
  }

  /** A paragraph of nothing but pictures is a row of codes. */
  #paragraph(token: Tokens.Paragraph | Tokens.Text): Block {
    const tokens = token.tokens ?? []
    const pictures = tokens.filter((one): one is Tokens.Image => one.type === 'image')
    if (pictures.length === 0) return { kind: 'paragraph', inlines: this.#inlines(tokens, PLAIN) }
    if (tokens.some((one) => one.type !== 'image' && one.raw.trim() !== '')) {
      throw this.#refuse('has a code in the middle of a text', 'give ![caption]({{code}}) a paragraph of its own')
    }
    return { kind: 'figures', figures: pictures.map((picture) => this.#figure(picture)) }
  }

  #figure(picture: Tokens.Image): Figure {
    const index = Number(/^\uE000(\d+)\uE001$/u.exec(picture.href)?.[1] ?? -1)
    const content = this.#values[index]?.content
    if (content === undefined || typeof content === 'string') {
      throw this.#refuse('has a picture that is not a code', 'write ![caption]({{name of a code}} "40 mm")')
    }
    this.printed.add(index)
    const size = picture.title ?? ''
    const millimetres = size === '' ? 0 : Number(/^(\d+) mm$/.exec(size)?.[1] ?? NaN)
    if (Number.isNaN(millimetres)) throw this.#refuse(`has a code of size "${size}"`, 'write the side length as "40 mm"')
    return { code: content, caption: this.#text(picture.text, PLAIN), millimetres }
  }

  #table(token: Tokens.Table): Block {
    const cells = (row: readonly Tokens.TableCell[]): Inline[][] => row.map((cell) => this.#inlines(cell.tokens, PLAIN))
    const header = cells(token.header)
    return {
      kind: 'table',
      header: header.every((cell) => cell.length === 0) ? null : header,
      align: token.align.map((align) => align ?? 'left'),
      rows: token.rows.map(cells),
    }
  }

  /** ```` ```typing ```` prints a text in groups of four characters, for people who have to type it. */
  #typing(token: Tokens.Code): Block {
    if (token.lang !== 'typing') throw this.#refuse('has a code block that is not typeset here', 'only ```typing is')
    const text = this.#text(token.text.trim(), PLAIN).map((inline) => inline.kind === 'text' ? inline.text : '').join('')
    return { kind: 'typing', text }
  }

  /** `<!-- new page -->`, `<!-- cut here -->`, `<!-- 4 lines to write on -->`; any other comment is a note to whoever edits the template. */
  #directive(token: Tokens.HTML): Block[] {
    const comment = /^<!--([\s\S]*?)-->\s*$/.exec(token.raw)?.[1]?.trim()
    if (comment === undefined) throw this.#refuse('has HTML, which is not typeset', `near "${token.raw.trim().slice(0, 40)}"`)
    const lines = /^(\d{1,2}) lines? to write on$/.exec(comment)?.[1]
    if (lines !== undefined) return [{ kind: 'lines', count: Number(lines) }]
    return comment === 'new page' ? [{ kind: 'new page' }] : comment === 'cut here' ? [{ kind: 'cut' }] : []
  }

  #inlines(tokens: readonly Token[], voice: Voice): Inline[] {
    return tokens.flatMap((token): Inline[] => {
      switch (token.type) {
        case 'text':
          return token.tokens === undefined ? this.#text((token as Tokens.Text).text, voice) : this.#inlines(token.tokens, voice)
        case 'escape':
          return this.#text((token as Tokens.Escape).text, voice)
        case 'codespan':
          return this.#text((token as Tokens.Codespan).text, { ...voice, code: true })
        case 'strong':
          return this.#inlines(token.tokens ?? [], { ...voice, bold: true })
        case 'em':
          return this.#inlines(token.tokens ?? [], { ...voice, italic: true })
        case 'link':
          return this.#inlines(token.tokens ?? [], voice)
        case 'br':
          return [{ kind: 'break' }]
        case 'html':
          if (token.raw === '<br>') return [{ kind: 'break' }]
          throw this.#refuse('has HTML, which is not typeset', `near "${token.raw.slice(0, 40)}"`)
        default:
          throw this.#refuse(`uses Markdown that is not typeset here: ${token.type}`, `near "${token.raw.slice(0, 40)}"`)
      }
    })
  }

  /** Exchanges the marks for their values. A value is one run of its own, so it is drawn in one font. */
  #text(text: string, voice: Voice): Inline[] {
    const inlines: Inline[] = []
    let end = 0
    for (const sign of text.matchAll(SIGN)) {
      if (sign.index > end) inlines.push({ kind: 'text', text: spaced(text.slice(end, sign.index)), ...voice })
      end = sign.index + sign[0].length
      if (sign[1] !== undefined) inlines.push({ kind: 'blank', millimetres: Number(sign[1]) })
      else if (sign[2] !== undefined) inlines.push({ kind: 'tick', ticked: sign[2] === 'x' })
      else inlines.push({ kind: 'text', text: this.#value(Number(sign[3])), ...voice })
    }
    if (end < text.length) inlines.push({ kind: 'text', text: spaced(text.slice(end)), ...voice })
    return inlines
  }

  #value(index: number): string {
    const value = this.#values[index]
    if (value === undefined || typeof value.content !== 'string') {
      throw this.#refuse(`prints {{${value?.path ?? '?'}}} as text, which is a code`, 'write ![caption]({{name}})')
    }
    this.printed.add(index)
    return value.content.length > LONGEST_NUMBER ? value.content : value.content.replace(BETWEEN_DIGITS, '\u00a0')
  }
}

/** Line ends of the template are spaces in print. */
function spaced(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ')
}
