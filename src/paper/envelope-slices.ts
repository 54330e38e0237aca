/** How many bytes one code of a page carries. */

/** Two columns of two on A4 and Letter. */
export const CODES_ON_A_PAGE = 4

/**
 * The most bytes that a code may carry: 1,296 base32 characters and 26 of prefix make version 24 at level M (113 modules,
 * 1,326 characters): at 82 mm two stand side by side with modules of 0.72 mm, and so far apart that the folds of a sheet
 * miss their corners. An envelope of a 4096-bit key has about 3,100 bytes, so that it fits one page.
 */
const MOST_BYTES = 810

/** base32 turns 5 bytes into 8 characters; a slice that is not the last must be a whole number of these. */
const STEP = 5

/**
 * Bytes of a slice for an envelope or public key of so many bytes: as few codes as possible, all of about the same size.
 *
 * @throws {RangeError} when `length` is not a positive whole number
 */
export function sliceBytes(length: number): number {
  if (!Number.isInteger(length) || length < 1) throw new RangeError('sliceBytes: length must be a positive whole number')
  const codes = Math.ceil(length / MOST_BYTES)
  return Math.ceil(length / codes / STEP) * STEP
}
