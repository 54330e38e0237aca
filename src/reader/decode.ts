/** From the bytes of a scan to the texts of its QR codes, page by page. */

import { fileKind } from './file-kind.js'
import { LIMITS } from './limits.js'
import { pdfPages } from './pdf-pages.js'
import { assertPictureFits } from './picture-size.js'
import { searchQr } from './qr-search.js'
import { overLimit, unreadable } from './refusals.js'

/** What one page holds: from 1; a picture is page 1. Texts without doubles, in no particular order; often none. */
export interface DecodedPage { readonly page: number, readonly texts: readonly string[] }

/** A page that says nothing at the first resolution is rendered again at the next. */
const DPI = [200, 300] as const

/**
 * Every page of a PNG, JPEG or PDF. The type is told from the content.
 *
 * @param file name for messages
 * @throws {GlasskeyError} SCAN_UNREADABLE, LIMIT_EXCEEDED: which file, which page, what next
 */
export async function* decode(bytes: Uint8Array, file: string): AsyncGenerator<DecodedPage> {
  if (bytes.length > LIMITS.fileBytes) {
    throw overLimit({ file, page: null }, `more than ${LIMITS.fileBytes / 1024 / 1024} MiB`, 'Scan fewer pages to a file.')
  }
  const kind = fileKind(bytes, file)
  if (kind === 'pdf') {
    for await (const { page, render } of pdfPages(bytes, file)) {
      let texts: string[] = []
      for (const dpi of DPI) {
        if (texts.length === 0) texts = await searchQr(await render(dpi))
      }
      yield { page, texts }
    }
    return
  }
  const place = { file, page: null }
  await assertPictureFits(kind, bytes, place)
  try {
    yield { page: 1, texts: await searchQr(bytes) }
  } catch (cause) {
    throw unreadable(place, 'the picture is damaged', 'Scan it again.', cause)
  }
}
