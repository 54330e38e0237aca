/** Size of a PNG or JPEG from its headers, and whether its data keeps to that size, before a decoder sees it. */

import { once } from 'node:events'
import { createInflate } from 'node:zlib'
import type { FileKind } from './file-kind.js'
import { LIMITS } from './limits.js'
import { overLimit, unreadable, type Place } from './refusals.js'

/** In pixels. */
export interface Size { readonly width: number, readonly height: number }

/** What the headers say; `channels` is 1 for grey or a palette, 3 for colour. */
export interface PictureFacts extends Size { readonly channels: number }

const AGAIN = 'The file is damaged or cut short. Scan it again.'

/**
 * What the headers of a picture say, unless it would take too much memory.
 *
 * @throws {GlasskeyError} LIMIT_EXCEEDED, or SCAN_UNREADABLE when the headers are damaged
 */
export async function fittingPicture(kind: Exclude<FileKind, 'pdf'>, bytes: Uint8Array, place: Place): Promise<PictureFacts> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const size = kind === 'png' ? pngSize(view) : jpegSize(view)
  if (size === null || size.width === 0 || size.height === 0) throw unreadable(place, 'its size cannot be read', AGAIN)
  if (size.width * size.height > LIMITS.imagePixels) {
    throw overLimit(place, `${size.width} x ${size.height} pixels, more than ${LIMITS.imagePixels / 1e6} million`,
      'Scan at 150 to 300 dpi.')
  }
  if (kind === 'png') await assertPngData(view, bytes, size, place)
  return size
}

const IHDR = 0x49484452
const IDAT = 0x49444154
/** Samples of a pixel by colour type (PNG, 11.2.1). */
const CHANNELS = [1, 0, 3, 1, 2, 0, 4] as const

/** PNG, third edition, 11.2.1: width and height are the first fields of the first chunk. */
function pngSize(view: DataView): PictureFacts | null {
  if (view.byteLength < 29 || view.getUint32(12) !== IHDR) return null
  return { width: view.getUint32(16), height: view.getUint32(20), channels: CHANNELS[view.getUint8(25)] ?? 0 }
}

/** Inflates the picture's data and counts: more than the rows need, with a byte each for the filter, is a bomb. */
async function assertPngData(view: DataView, bytes: Uint8Array, { width, height, channels }: PictureFacts, place: Place): Promise<void> {
  const row = 1 + Math.ceil(width * channels * view.getUint8(24) / 8)
  // An interlaced picture is sent as seven smaller ones (PNG, 8.1), each with its own filter bytes and padding.
  const most = row * height + 7 * (2 * height + width + 64)
  const inflate = createInflate()
  let inflated = 0
  try {
    const counted = (async () => {
      for await (const piece of inflate as AsyncIterable<Uint8Array>) {
        inflated += piece.length
        if (inflated > most) {
          throw overLimit(place, 'holds more data than its size allows', 'Do not use this file. Scan the sheet again.')
        }
      }
    })()
    for (let at = 8; at + 12 <= view.byteLength; at += 12 + view.getUint32(at)) {
      if (view.getUint32(at + 4) !== IDAT || view.getUint32(at) === 0) continue
      // Millions of small pieces must not all wait in memory.
      if (!inflate.write(bytes.subarray(at + 8, at + 8 + view.getUint32(at)))) await Promise.race([once(inflate, 'drain'), counted])
    }
    inflate.end()
    await counted
  } catch (cause) {
    inflate.destroy()
    if (cause instanceof Error && cause.name === 'GlasskeyError') throw cause
    throw unreadable(place, 'the picture is damaged', AGAIN, cause)
  }
}

/** ITU-T T.81, B.2.2: the frame header SOF0 to SOF15, without DHT (C4), JPG (C8) and DAC (CC). */
function jpegSize(view: DataView): PictureFacts | null {
  let at = 2
  while (at + 9 < view.byteLength) {
    if (view.getUint8(at) !== 0xff) return null
    const marker = view.getUint8(at + 1)
    if (marker === 0xff || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) {
      at += marker === 0xff ? 1 : 2
      continue
    }
    if (marker === 0xda || marker === 0xd9) return null
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return { height: view.getUint16(at + 5), width: view.getUint16(at + 7), channels: view.getUint8(at + 9) }
    }
    at += 2 + view.getUint16(at + 2)
  }
  return null
}
