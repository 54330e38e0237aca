/** The pages that people scan, drawn as glasskey draws them, with contents of the sizes that real ones have. */

import { resolve } from 'node:path'
import { drawCeremonyRecord } from '../../src/paper/ceremony-record.js'
import { sliceBytes } from '../../src/paper/envelope-slices.js'
import type { Paper } from '../../src/paper/page-size.js'
import { drawSheet } from '../../src/paper/sheet.js'
import { readPages } from '../../src/reader/page-proof.js'
import { pdfPages } from '../../src/reader/pdf-pages.js'
import { ceremonyContent, envelopeParts, sheetContent } from '../../test/paper/examples.js'
import type { Picture } from './picture.js'

/** A printed page. */
export interface Page {
  readonly name: string
  readonly paper: Paper
  /** What its codes say, sorted. */
  readonly texts: readonly string[]
  /** The page alone, at so many dots per inch. */
  readonly at: (dpi: number) => Promise<Picture>
}

/** Bytes of envelopes as `glasskey ceremony` makes them: measured with two signers, five custodians, and rounded up. */
export const ENVELOPES = { 2048: 1840, 4096: 3100 } as const

/** The project's own wording. Measurements are compiled elsewhere, and run in the project's folder. */
const TEMPLATES = resolve('templates')

/** All pages, always the same. */
export async function printedPages(): Promise<Page[]> {
  return [
    await sheetPage('share', 'A4', 4096, 1),
    await sheetPage('envelope, 2048-bit key', 'A4', 2048, 2),
    await sheetPage('envelope, 4096-bit key', 'A4', 4096, 2),
    await sheetPage('envelope, 4096-bit key, Letter', 'Letter', 4096, 2),
    await recordPage(),
  ]
}

/** One page of a sheet. */
export async function sheetPage(name: string, paper: Paper, bits: 2048 | 4096, number: 1 | 2): Promise<Page> {
  const length = ENVELOPES[bits]
  const content = sheetContent({ envelopeParts: envelopeParts(length, sliceBytes(length)), bag: 'B-0142' })
  const pdf = await drawSheet(content, { paper, templates: TEMPLATES })
  return page(name, paper, pdf, number, number === 1 ? [content.shareText] : content.envelopeParts)
}

/** The page of a ceremony record that has the most public keys. */
async function recordPage(): Promise<Page> {
  const pdf = await drawCeremonyRecord(ceremonyContent(5, 4), { paper: 'A4', templates: TEMPLATES })
  const pages = await readPages(pdf)
  const most = Math.max(...pages.map((texts) => texts.length))
  const number = pages.findIndex((texts) => texts.length === most) + 1
  return page('ceremony record', 'A4', pdf, number, pages[number - 1] ?? [])
}

/** A page of a PDF with what it should say. */
export function page(name: string, paper: Paper, pdf: Uint8Array, number: number, texts: readonly string[]): Page {
  const rendered = new Map<number, Promise<Picture>>()
  return {
    name, paper, texts: texts.toSorted(),
    at: (dpi) => {
      const known = rendered.get(dpi) ?? render(pdf, number, dpi)
      rendered.set(dpi, known)
      return known
    },
  }
}

async function render(pdf: Uint8Array, number: number, dpi: number): Promise<Picture> {
  for await (const { page, render } of pdfPages(pdf, 'page')) {
    if (page !== number) continue
    const { width, height, data } = await render(dpi)
    return { width, height, grey: Uint8Array.from({ length: width * height }, (_, at) => data[4 * at] ?? 0) }
  }
  throw new RangeError(`no page ${number}`)
}
