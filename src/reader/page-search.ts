/** All codes of a page: it is looked at again, larger, smaller and in other ways, while something is known to be missing. */

import { LIMITS } from './limits.js'
import { searchQr, type Box, type PictureFile, type Raster, type Sighting, type Way } from './qr-search.js'

/**
 * A page that can be had at several sizes: `times` its first size, which is 1. Null when it cannot be had so.
 */
export type Page = (times: number) => Promise<PictureFile | Raster | null>

/** A look: at which size, and how. */
interface Look { readonly times: number, readonly way: Way }

/**
 * The first look reads what scanners and good cameras deliver. The order of the others is by what they add for their time,
 * measured on the pages that the looks before them did not read (docs/scanning.md). Looks at one size follow each other,
 * so that a page is only drawn again when it must be.
 */
const LOOKS: readonly Look[] = [
  { times: 1, way: {} },
  { times: 1, way: { binarizer: 'FixedThreshold' } },
  { times: 1, way: { binarizer: 'GlobalHistogram' } },
  { times: 1.5, way: { downscaleFactor: 2, downscaleThreshold: 400 } },
  { times: 1.25, way: { downscaleFactor: 2, downscaleThreshold: 400 } },
  { times: 2, way: { tryDenoise: true } },
  { times: 0.7, way: { tryDenoise: true } },
  { times: 0.6, way: { tryDenoise: true } },
  { times: 0.45, way: { tryDenoise: true } },
  { times: 0.37, way: { tryDenoise: true } },
  { times: 1, way: { downscaleFactor: 4, downscaleThreshold: 400 } },
]

/**
 * The texts of all codes of a page, without doubles, in no particular order.
 *
 * @param looks how many of the looks may be tried
 * @throws {Error} of `page` or of the decoder, when the first look fails
 */
export async function searchPage(page: Page, looks = LOOKS.length): Promise<string[]> {
  const started = performance.now()
  const sightings: Sighting[] = []
  let at = 0
  let picture: PictureFile | Raster | null = null
  for (const [index, { times, way }] of LOOKS.slice(0, looks).entries()) {
    try {
      if (at !== times) picture = await page(times)
      at = times
      if (picture === null) continue
      sightings.push(...await searchQr(picture, way))
    } catch (error) {
      // What was read is not lost because a decoder fails over one look more.
      if (index > 0) break
      throw error
    }
    // What was read is worth more than what one more look might add.
    if (isWhole(sightings) || performance.now() - started > LIMITS.searchTime) break
  }
  return textsOf(sightings)
}

/** Whether nothing is known to be missing: something was read, nothing was seen that could not be, and no part is absent. */
export function isWhole(sightings: readonly Sighting[]): boolean {
  const texts = textsOf(sightings)
  return texts.length > 0 && !hasGap(texts) && sightings.every(({ text, box }) => text !== null
    || sightings.some((other) => other.text !== null && holds(other.box, box)))
}

function textsOf(sightings: readonly Sighting[]): string[] {
  return [...new Set(sightings.flatMap(({ text }) => text === null ? [] : [text]))]
}

/** Whether the middle of `inner` is inside of `outer`. */
function holds(outer: Box, inner: Box): boolean {
  const [x, y] = [(inner.left + inner.right) / 2, (inner.top + inner.bottom) / 2]
  return x > outer.left && x < outer.right && y > outer.top && y < outer.bottom
}

/** Texts that are one of several say so at their end: `…/<part>/<parts>/<slice>`. */
const PART = /^(GK[A-Z]+1\/.{1,200})\/([1-9][0-9]?)\/([1-9][0-9]?)\/[A-Z2-7]+$/

/** Whether texts say that they have companions which are not there. */
function hasGap(texts: readonly string[]): boolean {
  const series = new Map<string, Set<string>>()
  for (const text of texts) {
    const [, name = '', part = '', parts = ''] = PART.exec(text) ?? []
    if (name === '') continue
    const key = `${name}/${parts}`
    series.set(key, (series.get(key) ?? new Set()).add(part))
  }
  return [...series].some(([key, parts]) => parts.size < Number(key.slice(key.lastIndexOf('/') + 1)))
}
