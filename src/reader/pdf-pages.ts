/** Pages of a PDF as pictures, with PDFium as WebAssembly: no scripts, no network, a fresh instance for each document. */

import { PDFiumLibrary, type PDFiumDocument } from '@hyzyla/pdfium'
import { boundedWasm, type Receive } from './bounded-wasm.js'
import { LIMITS } from './limits.js'
import type { Raster } from './qr-search.js'
import { overLimit, unreadable } from './refusals.js'

const POINTS_PER_INCH = 72
/** Pages that would be larger are rendered more coarsely, down to this: some scanners write a pixel as a point. */
const COARSEST_DPI = 36

/** One page; it may be rendered again at another resolution. */
export interface PdfPage {
  readonly page: number
  /** Dots per inch are a wish: a large page is rendered at fewer. */
  readonly render: (dpi: number) => Promise<Raster>
}

/**
 * The pages of a PDF, from 1.
 *
 * @throws {GlasskeyError} SCAN_UNREADABLE for a damaged or locked file; LIMIT_EXCEEDED for too many pages, and from
 * `render` for a page that is too large
 */
export async function* pdfPages(bytes: Uint8Array, file: string): AsyncGenerator<PdfPage> {
  const place = { file, page: null }
  const instantiate = boundedWasm('@hyzyla/pdfium/pdfium.wasm')
  // The package's types call the instance a module; emscripten takes the instance.
  const library = await PDFiumLibrary.init({
    instantiateWasm: (imports, receive) => instantiate(imports, receive as unknown as Receive),
  })
  let document: PDFiumDocument
  try {
    document = await library.loadDocument(bytes)
  } catch (cause) {
    const locked = cause instanceof Error && /password|security/i.test(cause.message)
    throw unreadable(place, locked ? 'the PDF is locked with a password' : 'the PDF is damaged or cut short',
      locked ? 'Save it without a password.' : 'Scan it again.', cause)
  }
  const pages = document.getPageCount()
  if (pages > LIMITS.pages) {
    throw overLimit(place, `${pages} pages, more than ${LIMITS.pages}`, 'Scan only the sheets that are needed.')
  }
  if (pages < 1) throw unreadable(place, 'the PDF has no pages', 'Scan it again.')
  try {
    for (let page = 1; page <= pages; page += 1) {
      yield { page, render: (dpi) => render(document, page, dpi, file) }
    }
  } finally {
    document.destroy()
    library.destroy()
  }
}

async function render(document: PDFiumDocument, page: number, dpi: number, file: string): Promise<Raster> {
  const place = { file, page }
  const loaded = document.getPage(page - 1)
  const { originalWidth, originalHeight } = loaded.getOriginalSize()
  const squareInches = originalWidth * originalHeight / POINTS_PER_INCH ** 2
  if (!(squareInches > 0)) throw unreadable(place, 'the page is damaged', 'Scan it again.')
  const affordable = Math.min(dpi, Math.floor(Math.sqrt(LIMITS.renderedPixels / squareInches)))
  if (affordable < COARSEST_DPI) {
    const inches = (points: number): number => Math.round(points / POINTS_PER_INCH)
    throw overLimit(place, `a page of ${inches(originalWidth)} x ${inches(originalHeight)} inches`, 'Scan it at the size of the paper.')
  }
  const pixels = (points: number): number => Math.max(1, Math.floor(points * affordable / POINTS_PER_INCH))
  try {
    const { width, height, data } = await loaded.render({
      scale: 1, width: pixels(originalWidth), height: pixels(originalHeight), render: 'bitmap',
    })
    return { width, height, data: new Uint8ClampedArray(data.buffer, data.byteOffset, data.byteLength) }
  } catch (cause) {
    throw unreadable(place, 'the page cannot be drawn', 'Scan it again, as PNG or JPEG.', cause)
  }
}
