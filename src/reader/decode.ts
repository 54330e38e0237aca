/** From the bytes of a scan to the texts of its QR codes, page by page. */

import { fileKind, type FileKind } from './file-kind.js'
import { LIMITS } from './limits.js'
import { pdfPages } from './pdf-pages.js'
import { searchPage, type Page } from './page-search.js'
import { DPI_OF_PICTURES, picturePage } from './picture-page.js'
import { fittingPicture, type PictureFacts } from './picture-size.js'
import { overLimit, unreadable } from './refusals.js'

/** What one page holds: from 1; a picture is page 1. Texts without doubles, in no particular order; often none. */
export interface DecodedPage { readonly page: number, readonly texts: readonly string[] }

/** What a page of a PDF is first rendered at. */
const DPI = 200

/**
 * Every page of a PNG, JPEG or PDF. The type is told from the content.
 *
 * @param file name for messages
 * @param looks how often a page may be looked at; as often as it needs when absent
 * @throws {GlasskeyError} SCAN_UNREADABLE, LIMIT_EXCEEDED: which file, which page, what next
 */
export async function* decode(bytes: Uint8Array, file: string, looks?: number): AsyncGenerator<DecodedPage> {
  if (bytes.length > LIMITS.fileBytes) {
    throw overLimit({ file, page: null }, `more than ${LIMITS.fileBytes / 1024 / 1024} MiB`, 'Scan fewer pages to a file.')
  }
  const kind = fileKind(bytes, file)
  if (kind === 'pdf') {
    for await (const { page, render } of pdfPages(bytes, file)) {
      yield { page, texts: await searchPage((times) => render(Math.round(DPI * times)), looks) }
    }
    return
  }
  const place = { file, page: null }
  const facts = await fittingPicture(kind, bytes, place)
  try {
    yield { page: 1, texts: await searchPage(pictureAtSizes(kind, bytes, facts, file), looks) }
  } catch (cause) {
    throw unreadable(place, 'the picture is damaged', 'Scan it again.', cause)
  }
}

/**
 * At its own size the decoder opens the file by itself. At others PDFium draws it: not larger than a page may be, and only if
 * it is of a kind that PDF has words for.
 */
function pictureAtSizes(kind: Exclude<FileKind, 'pdf'>, bytes: Uint8Array, facts: PictureFacts, file: string): Page {
  return async (times) => {
    const { width, height } = facts
    if (times === 1) return { file: bytes, width, height }
    if (times > 1 && width * height * times ** 2 > LIMITS.renderedPixels) return null
    const pdf = picturePage(kind, bytes, facts)
    if (pdf === null) return null
    for await (const { render } of pdfPages(pdf, file)) return await render(Math.round(DPI_OF_PICTURES * times))
    return null
  }
}
