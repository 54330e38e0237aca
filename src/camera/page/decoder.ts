/** The thread that looks for codes in pictures, so that the live picture never stands still. ZXing as WebAssembly. */
import { prepareZXingModule, readBarcodes, type ReaderOptions, type ReadResult } from '/zxing/es/reader/index.js'

/** A corner of a code, in pixels of the picture. */
export interface Corner {
  x: number
  y: number
}

/** A code that was found; `text` is null where it was seen and could not be read. */
export interface Found {
  text: string | null
  corners: Corner[]
}

/** One after another, a picture each: what is sharp is found by the first, the others are for blur, dim light and glare. */
const PASSES: readonly ReaderOptions[] = [
  { tryDownscale: true },
  { tryDownscale: true, downscaleFactor: 2, downscaleThreshold: 500 },
  { tryDownscale: true, binarizer: 'GlobalHistogram' },
  { tryDownscale: true, tryDenoise: true },
]
const ALWAYS: ReaderOptions = { formats: ['QRCode'], tryHarder: true, tryRotate: true, tryInvert: true, returnErrors: true, textMode: 'Plain', maxNumberOfSymbols: 16 }

prepareZXingModule({ overrides: { locateFile: () => '/zxing/reader/zxing_reader.wasm' } })
let picture = 0
let canvas = new OffscreenCanvas(1, 1)

self.addEventListener('message', ({ data }: MessageEvent<ImageBitmap>) => {
  void look(data).then((found) => {
    self.postMessage(found)
  })
})

async function look(frame: ImageBitmap): Promise<Found[]> {
  const { width, height } = frame
  if (canvas.width !== width || canvas.height !== height) canvas = new OffscreenCanvas(width, height)
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (!context) return []
  context.drawImage(frame, 0, 0)
  frame.close()
  const results = await readBarcodes(context.getImageData(0, 0, width, height), { ...ALWAYS, ...PASSES[picture % PASSES.length] })
  picture += 1
  return results.map(foundIn)
}

function foundIn({ isValid, text, position: { topLeft, topRight, bottomRight, bottomLeft } }: ReadResult): Found {
  return { text: isValid ? text : null, corners: [topLeft, topRight, bottomRight, bottomLeft] }
}
