/** What is to be seen on a PDF: where its ink is, and what can be read. */

import { PDFiumLibrary } from '@hyzyla/pdfium'
import { pdfPages } from '../../src/reader/pdf-pages.js'

/** Millimetres from each edge to the nearest ink of a page, and whether its top holds a banner. */
export async function inkOf(pdf: Uint8Array): Promise<{ left: number, right: number, top: number, bottom: number }[]> {
  const pages = []
  const dpi = 50.8
  for await (const { render } of pdfPages(pdf, 'test')) {
    const { width, height, data } = await render(dpi)
    const edge = { left: width, right: width, top: height, bottom: height }
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        if ((data[(y * width + x) * 4] ?? 255) > 200) continue
        edge.left = Math.min(edge.left, x)
        edge.right = Math.min(edge.right, width - 1 - x)
        edge.top = Math.min(edge.top, y)
        edge.bottom = Math.min(edge.bottom, height - 1 - y)
      }
    }
    pages.push({ left: edge.left / 2, right: edge.right / 2, top: edge.top / 2, bottom: edge.bottom / 2 })
  }
  return pages
}

/** The text of each page, on one line. */
export async function textOf(pdf: Uint8Array): Promise<string[]> {
  const library = await PDFiumLibrary.init()
  const document = await library.loadDocument(pdf)
  try {
    return [...document.pages()].map((page) => page.getText().replace(/\s+/g, ' '))
  } finally {
    document.destroy()
    library.destroy()
  }
}
