/** Finding every QR code in a picture, with ZXing-C++ as WebAssembly. */

import { prepareZXingModule, purgeZXingModule, readBarcodes, type ReaderOptions } from 'zxing-wasm/reader'
import { boundedWasm } from './bounded-wasm.js'

/** A rendered page: RGBA, four bytes a pixel. */
export interface Raster { readonly width: number, readonly height: number, readonly data: Uint8ClampedArray }

/** The first pass finds what scanners and good cameras deliver; the others are for dim, blurred and huge photographs. */
const PASSES: readonly ReaderOptions[] = [
  { tryDownscale: true },
  { tryDownscale: true, downscaleFactor: 2, downscaleThreshold: 800 },
  { tryDownscale: true, downscaleFactor: 4, downscaleThreshold: 400 },
  { tryDownscale: true, binarizer: 'GlobalHistogram' },
  { tryDownscale: true, tryDenoise: true },
]

const ALWAYS: ReaderOptions = {
  formats: ['QRCode'], tryHarder: true, tryRotate: true, tryInvert: true, returnErrors: true, textMode: 'Plain',
  maxNumberOfSymbols: 64,
}

/** The same object each time, so that the decoder is made once. */
const OVERRIDES = { instantiateWasm: boundedWasm('zxing-wasm/reader/zxing_reader.wasm') }

/**
 * The texts of all codes of a picture, without doubles, in no particular order. Further passes are made while no code
 * was read, or one was seen and could not be read.
 *
 * @throws {Error} from the decoder, when it cannot decode a PNG or JPEG at all
 */
export async function searchQr(picture: Uint8Array | Raster): Promise<string[]> {
  prepareZXingModule({ overrides: OVERRIDES })
  const texts = new Set<string>()
  try {
    for (const pass of PASSES) {
      const input = picture instanceof Uint8Array ? picture : { ...picture, colorSpace: 'srgb' as const }
      const found = await readBarcodes(input, { ...ALWAYS, ...pass })
      for (const code of found) if (code.isValid) texts.add(code.text)
      if (texts.size > 0 && found.every((code) => code.isValid)) break
    }
  } catch (error) {
    // The decoder's memory cannot be trusted after it has failed.
    purgeZXingModule()
    throw error
  }
  return [...texts]
}
