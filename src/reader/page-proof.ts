/** Reading back what has just been drawn, so that every printed page is proved before it is used. */

import { decode } from './decode.js'

/**
 * Texts of the codes on each page of a PDF, in the order of the pages; within a page in no particular order. One look must do:
 * the others are for what years and cameras do to a page, not for one that is fresh.
 */
export async function readPages(pdf: Uint8Array): Promise<string[][]> {
  const pages: string[][] = []
  for await (const { texts } of decode(pdf, 'the drawn page', 1)) pages.push([...texts])
  return pages
}
