/** What a scan may cost. A hostile file on the stick must not stop a release, and an honest one never comes near. */

const MEBIBYTE = 1024 * 1024

export const LIMITS = {
  /** Bytes of one file. */
  fileBytes: 64 * MEBIBYTE,
  /** Pages of one PDF. */
  pages: 200,
  /** Pixels of a PNG or JPEG: a telephone's 50-megapixel photograph fits. */
  imagePixels: 64_000_000,
  /** Pixels that one page of a PDF is rendered to: A3 at 300 dpi fits. */
  renderedPixels: 24_000_000,
  /** Memory of one decoder. */
  wasmBytes: 768 * MEBIBYTE,
  /** Milliseconds after which a page is not looked at once more: what was read by then is passed on. */
  searchTime: 10_000,
  /** Milliseconds for one page. */
  pageTime: 30_000,
  /** Milliseconds for all files together. */
  totalTime: 300_000,
  /** Characters of one code: more than a QR code of any version holds in alphanumeric mode (4,296). */
  textLength: 4_300,
} as const
