/** A template and its values become a PDF. Pure apart from reading the template and the fonts. */

import { GlasskeyError } from '../errors.js'
import { Canvas } from './canvas.js'
import type { Fields, View } from './fields.js'
import { readTemplate, TEMPLATE_DIRECTORY } from './files.js'
import { flow } from './flow.js'
import { foldsOf } from './folds.js'
import { readLine, readMarkdown } from './markdown.js'
import { MARGINS, type Paper } from './page-size.js'
import { drawPages, paginate, textHeight } from './pages.js'
import { piecesOf } from './piece.js'
import { assertPrintable, showUnprintable } from './printable.js'
import { typeScale } from './scale.js'
import { fill, PAGE_MARK, PAGES_MARK, refusal, type Filled } from './template.js'

/** How a document is drawn, the same for all documents. */
export interface Drawing {
  readonly paper: Paper
  /** Directory of the wording; glasskey's own `templates/` when absent. */
  readonly templates?: string
}

/** What one kind of document is. */
export interface DocumentKind<F extends Fields> {
  /** Name of the template, without `.md`. */
  readonly template: string
  readonly fields: F
  /** Paths of fields whose values must all appear in print: a template that drops one is refused. */
  readonly mustPrint: readonly string[]
  /** refuse: a text that cannot be set stops the document. show: it is printed as [U+...], because a record must exist. */
  readonly unprintable: 'refuse' | 'show'
  /** Names a field for the people who filled it in, where its own name would not do. */
  readonly say?: Readonly<Record<string, string>>
}

/** Lets the compiler check a kind and keep the names of its fields. */
export function documentKind<const F extends Fields>(kind: DocumentKind<F>): DocumentKind<F> {
  return kind
}

/** The most pages that a document should take, and what to do when the smallest type does not make it fit. */
export interface Pages { readonly most: number, readonly otherwise: 'refuse' | 'flow on' }

/** Type sizes that are tried when a document must fit a number of pages. */
const FACTORS = [1, 0.96, 0.92, 0.88, 0.84] as const

/**
 * @param marked whether the document is of a rehearsal; the template must then have a banner
 * @param created becomes the date of the PDF
 * @param pages smaller type is tried until the document takes no more
 * @throws {GlasskeyError} TEMPLATE_INVALID, SCRIPT_UNSUPPORTED
 */
export async function drawDocument<F extends Fields>(
  kind: DocumentKind<F>, view: View<F>, drawing: Drawing,
  facts: { readonly marked: boolean, readonly created: string, readonly pages?: Pages },
): Promise<Uint8Array> {
  const source = readTemplate(drawing.templates ?? TEMPLATE_DIRECTORY, kind.template)
  const filled = settled(fill(kind.template, source, kind.fields, view), kind)
  const refuse = refusal(kind.template)
  const manuscript = readMarkdown(filled)
  filled.values.forEach(({ path }, index) => {
    if (kind.mustPrint.includes(path) && !manuscript.printed.has(index)) {
      throw refuse(`never prints {{${path}}}, which this document must show`, 'put the placeholder back')
    }
  })
  const banner = readLine(filled, filled.banner)
  if (facts.marked && banner === '') {
    throw refuse('does not mark a rehearsal', 'give its head the line "banner: {{#rehearsal}}REHEARSAL{{/rehearsal}}"')
  }

  const { most, otherwise } = facts.pages ?? { most: Infinity, otherwise: 'flow on' }
  const attempts = FACTORS.map((factor: number) => ({ factor, most, offFolds: true }))
  // White that keeps codes off the folds is a kindness to decoders; a sheet that is not printed at all is the end of a ceremony.
  if (otherwise === 'flow on') attempts.push({ factor: 1, most: Infinity, offFolds: true })
  else attempts.push(...FACTORS.map((factor) => ({ factor, most, offFolds: false })))
  for (const { factor, most, offFolds } of attempts) {
    const canvas = new Canvas(drawing.paper, readLine(filled, filled.title), new Date(facts.created))
    const tallest = textHeight(canvas.height)
    const width = canvas.width - MARGINS.left - MARGINS.right
    const items = flow(manuscript.blocks, { canvas, scale: typeScale(factor), width, tallest })
    const pages = paginate(items, tallest, offFolds ? foldsOf(canvas.height) : [])
    if (pages.length > most || piecesOf(items).some((piece) => piece.height > tallest)) continue
    const page = readLine(filled, filled.page)
    drawPages(canvas, pages, {
      banner,
      footer: readLine(filled, filled.footer),
      page: (number, of) => page.replaceAll(PAGE_MARK, String(number)).replaceAll(PAGES_MARK, String(of)),
    })
    return canvas.finish()
  }
  throw refuse(
    most === Infinity ? `has a box that is higher than a page of ${drawing.paper}` : `takes more than ${most} pages of ${drawing.paper}`,
    'shorten its wording')
}

/** Checks that every text can be set, or writes what cannot be set as code points. */
function settled<F extends Fields>(filled: Filled, kind: DocumentKind<F>): Filled {
  assertPrintableTemplate(filled)
  return {
    ...filled,
    values: filled.values.map((value) => {
      if (typeof value.content !== 'string') return value
      if (kind.unprintable === 'show') return { ...value, content: showUnprintable(value.content) }
      assertPrintable(value.content, kind.say?.[value.path] ?? value.path)
      return value
    }),
  }
}

/** The wording itself may only use letters that the fonts have. */
function assertPrintableTemplate(filled: Filled): void {
  const { title, footer, page, banner, body } = filled
  const wording = [title, footer, page, banner, body].join(' ').replace(/[\p{Co}\n]/gu, ' ')
  try {
    assertPrintable(wording, `template ${filled.name}.md`)
  } catch (cause) {
    if (!(cause instanceof GlasskeyError)) throw cause
    throw new GlasskeyError('TEMPLATE_INVALID', cause.message, 'use letters that the embedded fonts have', { cause })
  }
}
