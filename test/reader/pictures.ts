/** Pictures made by hand: a PNG encoder of a few lines, and damaged or hostile files. */

import { crc32, deflateSync } from 'node:zlib'
import { pdfPages } from '../../src/reader/pdf-pages.js'
import type { Raster } from '../../src/reader/qr-search.js'

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const frame = Buffer.alloc(8)
  frame.writeUInt32BE(data.length, 0)
  frame.writeUInt32BE(crc32(body), 4)
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)])
}

/** A grey PNG. `data` replaces the compressed rows. */
export function png(width: number, height: number, rows: Uint8Array, data = deflateSync(rows)): Uint8Array {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 0, 0, 0, 0], 8)
  return new Uint8Array(Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', new Uint8Array())]))
}

/** A raster as PNG, turned by an angle in degrees and darkened to a factor, as by a camera in a dim room. */
export function pngOf(raster: Raster, degrees = 0, light = 1): Uint8Array {
  const angle = degrees * Math.PI / 180
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  const width = Math.ceil(raster.width * Math.abs(cos) + raster.height * Math.abs(sin))
  const height = Math.ceil(raster.width * Math.abs(sin) + raster.height * Math.abs(cos))
  const rows = new Uint8Array((width + 1) * height)
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const [dx, dy] = [x - width / 2, y - height / 2]
      const column = Math.round(dx * cos + dy * sin + raster.width / 2)
      const row = Math.round(dy * cos - dx * sin + raster.height / 2)
      const inside = column >= 0 && row >= 0 && column < raster.width && row < raster.height
      rows[y * (width + 1) + 1 + x] = (inside ? raster.data[(row * raster.width + column) * 4] ?? 255 : 200) * light
    }
  }
  return png(width, height, rows)
}

/** One page of a PDF as pixels. */
export async function rasterOf(pdf: Uint8Array, page: number, dpi: number): Promise<Raster> {
  for await (const candidate of pdfPages(pdf, 'test')) {
    if (candidate.page === page) return await candidate.render(dpi)
  }
  throw new RangeError(`no page ${page}`)
}

/** A PDF of empty pages of a size in points. */
export function emptyPdf(pages: number, width: number, height: number): Uint8Array {
  const kids = Array.from({ length: pages }, (_, index) => `${index + 3} 0 R`).join(' ')
  const objects = ['<< /Type /Catalog /Pages 2 0 R >>', `<< /Type /Pages /Count ${pages} /Kids [${kids}] >>`,
    ...Array.from({ length: pages }, () => `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${width} ${height}] >>`)]
  let text = '%PDF-1.4\n'
  const offsets = objects.map((object, index) => {
    const offset = text.length
    text += `${index + 1} 0 obj\n${object}\nendobj\n`
    return offset
  })
  const xref = text.length
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n`
  text += offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')
  text += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${xref}\n%%EOF\n`
  return new Uint8Array(Buffer.from(text, 'latin1'))
}
