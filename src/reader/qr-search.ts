/** One look at a picture for QR codes, with ZXing-C++ as WebAssembly. */

import { prepareZXingModule, purgeZXingModule, readBarcodes, type ReaderOptions, type ReadResult } from 'zxing-wasm/reader'
import { boundedWasm } from './bounded-wasm.js'
import type { Size } from './picture-size.js'

/** A rendered page: RGBA, four bytes a pixel. */
export interface Raster extends Size { readonly data: Uint8ClampedArray }

/** A PNG or JPEG as it came, which the decoder opens by itself. */
export interface PictureFile extends Size { readonly file: Uint8Array }

/** Where something is on a page, in parts of its width and height, so that it can be found again at another size. */
export interface Box { readonly left: number, readonly top: number, readonly right: number, readonly bottom: number }

/** A code; `text` is null for one that was seen and could not be read. */
export interface Sighting { readonly text: string | null, readonly box: Box }

/** What a look may change about the decoder. */
export type Way = Pick<ReaderOptions, 'binarizer' | 'downscaleFactor' | 'downscaleThreshold' | 'tryDenoise'>

/** Our codes are dark on light: looking for the inverse as well takes twice as long where something cannot be read. */
const ALWAYS: ReaderOptions = {
  formats: ['QRCode'], tryHarder: true, tryRotate: true, tryInvert: false, tryDownscale: true, returnErrors: true,
  textMode: 'Plain', maxNumberOfSymbols: 64,
}

/** The same object each time, so that the decoder is made once. */
const OVERRIDES = { instantiateWasm: boundedWasm('zxing-wasm/reader/zxing_reader.wasm') }

/**
 * All codes that one look finds, in no particular order. The same code may be found twice.
 *
 * @throws {Error} from the decoder, when it cannot decode a PNG or JPEG at all
 */
export async function searchQr(picture: PictureFile | Raster, way: Way): Promise<Sighting[]> {
  prepareZXingModule({ overrides: OVERRIDES })
  try {
    const input = 'file' in picture ? picture.file : { ...picture, colorSpace: 'srgb' as const }
    const found = await readBarcodes(input, { ...ALWAYS, ...way })
    return found.map((code) => ({ text: code.isValid ? code.text : null, box: boxOf(code, picture) }))
  } catch (error) {
    // The decoder's memory cannot be trusted after it has failed.
    purgeZXingModule()
    throw error
  }
}

function boxOf({ position }: ReadResult, { width, height }: Size): Box {
  const corners = [position.topLeft, position.topRight, position.bottomLeft, position.bottomRight]
  const across = corners.map(({ x }) => x / width)
  const down = corners.map(({ y }) => y / height)
  return { left: Math.min(...across), top: Math.min(...down), right: Math.max(...across), bottom: Math.max(...down) }
}
