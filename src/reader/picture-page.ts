/**
 * A PNG or JPEG as the only picture of a PDF, so that PDFium, which opens both kinds of compressed data as they are, can draw
 * it at any size within the limits. ZXing opens such files by itself, but only at their own size.
 */

import type { FileKind } from './file-kind.js'
import type { PictureFacts } from './picture-size.js'

/** What a picture's resolution is said to be, since nobody knows its paper: two pixels to a point, so that lengths stay exact. */
export const DPI_OF_PICTURES = 144

/** A PDF of one page, at DPI_OF_PICTURES; null for the kinds of picture that PDF has no words for. */
export function picturePage(kind: Exclude<FileKind, 'pdf'>, bytes: Uint8Array, facts: PictureFacts): Uint8Array | null {
  const image = kind === 'jpeg' ? jpegImage(bytes, facts) : pngImage(bytes, facts)
  if (image === null) return null
  const [width, height] = [facts.width, facts.height].map((pixels) => pixels * 72 / DPI_OF_PICTURES)
  return pdfOf([
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Count 1 /Kids [3 0 R] >>',
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${width} ${height}] /Contents 4 0 R /Resources << /XObject << /X 5 0 R >> >> >>`,
    { dictionary: '', bytes: Buffer.from(`${width} 0 0 ${height} 0 0 cm /X Do`) },
    { dictionary: `/Type /XObject /Subtype /Image /Width ${facts.width} /Height ${facts.height} ${image.dictionary}`, bytes: image.bytes },
  ])
}

interface Stream { readonly dictionary: string, readonly bytes: Uint8Array }

function jpegImage(bytes: Uint8Array, { channels }: PictureFacts): Stream | null {
  const space = channels === 1 ? '/DeviceGray' : channels === 3 ? '/DeviceRGB' : null
  return space === null ? null : { dictionary: `/ColorSpace ${space} /BitsPerComponent 8 /Filter /DCTDecode`, bytes }
}

/** PDF's Flate with predictor 15 is PNG's own coding of rows (ISO 32000-1, 7.4.4.4); it has no alpha and no interlacing. */
function pngImage(bytes: Uint8Array, { width, channels }: PictureFacts): Stream | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const [depth, colour, interlace] = [view.getUint8(24), view.getUint8(25), view.getUint8(28)]
  const space = colour === PALETTE ? paletteSpace(chunks(view, bytes, PLTE))
    : channels === 1 ? '/DeviceGray' : channels === 3 ? '/DeviceRGB' : null
  if (space === null || interlace !== 0) return null
  const rows = `/Predictor 15 /Colors ${channels} /BitsPerComponent ${depth} /Columns ${width}`
  return {
    dictionary: `/ColorSpace ${space} /BitsPerComponent ${depth} /Filter /FlateDecode /DecodeParms << ${rows} >>`,
    bytes: chunks(view, bytes, IDAT),
  }
}

const PALETTE = 3
const PLTE = 0x504c5445
const IDAT = 0x49444154

function paletteSpace(colours: Buffer): string | null {
  const last = Math.floor(colours.length / 3) - 1
  return last < 0 || last > 255 ? null : `[/Indexed /DeviceRGB ${last} <${colours.toString('hex')}>]`
}

/** The data of all chunks of a type, joined. */
function chunks(view: DataView, bytes: Uint8Array, type: number): Buffer {
  const found: Uint8Array[] = []
  for (let at = 8; at + 12 <= view.byteLength; at += 12 + view.getUint32(at)) {
    if (view.getUint32(at + 4) === type && view.getUint32(at) > 0) found.push(bytes.subarray(at + 8, at + 8 + view.getUint32(at)))
  }
  return Buffer.concat(found)
}

/** Objects numbered from 1, the first of them the catalogue. */
function pdfOf(objects: readonly (string | Stream)[]): Uint8Array {
  const pieces: Uint8Array[] = []
  let length = 0
  const add = (piece: string | Uint8Array): void => {
    const bytes = typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece
    pieces.push(bytes)
    length += bytes.length
  }
  add('%PDF-1.4\n')
  const offsets = objects.map((object, index) => {
    const offset = length
    add(`${index + 1} 0 obj\n`)
    if (typeof object === 'string') add(object)
    else {
      add(`<< ${object.dictionary} /Length ${object.bytes.length} >>\nstream\n`)
      add(object.bytes)
      add('\nendstream')
    }
    add('\nendobj\n')
    return offset
  })
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')
  const start = length
  add(`xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`)
  return new Uint8Array(Buffer.concat(pieces))
}
