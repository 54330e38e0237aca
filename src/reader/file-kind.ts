/** What a file is, by its first bytes. Its name says nothing. */

import { unreadable } from './refusals.js'

export type FileKind = 'pdf' | 'png' | 'jpeg'

/** PDF allows rubbish before its header, within the first 1,024 bytes (ISO 32000-1, annex H.3). */
const PDF_HEADER_WITHIN = 1024

const OTHERS: readonly { readonly name: string, readonly at: number, readonly magic: string }[] = [
  { name: 'a HEIC picture', at: 4, magic: 'ftyp' },
  { name: 'a TIFF picture', at: 0, magic: 'II*\0' },
  { name: 'a TIFF picture', at: 0, magic: 'MM\0*' },
  { name: 'a WebP picture', at: 8, magic: 'WEBP' },
  { name: 'a GIF picture', at: 0, magic: 'GIF8' },
  { name: 'a BMP picture', at: 0, magic: 'BM' },
  { name: 'a ZIP archive', at: 0, magic: 'PK\x03\x04' },
]

/** @throws {GlasskeyError} SCAN_UNREADABLE for anything but PDF, PNG and JPEG, naming what it seems to be. */
export function fileKind(bytes: Uint8Array, file: string): FileKind {
  const place = { file, page: null }
  if (bytes.length === 0) throw unreadable(place, 'the file is empty', 'Scan it again.')
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, PDF_HEADER_WITHIN)).toString('latin1')
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'png'
  if (head.startsWith('\xff\xd8\xff')) return 'jpeg'
  if (head.includes('%PDF-')) return 'pdf'
  const other = OTHERS.find(({ at, magic }) => head.startsWith(magic, at))
  throw unreadable(place, other === undefined ? 'neither PDF, PNG nor JPEG' : `${other.name}, which is not read here`,
    'Scan or photograph to PDF, PNG or JPEG.')
}
