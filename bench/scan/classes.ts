/** The ways in which sheets come to the reader, from a clean scan to the worst that should still be hoped for. */

import { PAGE_SIZES, MM, type Paper } from '../../src/paper/page-size.js'
import { photographed, scanned, type Lying } from './capture.js'
import type { Page } from './pages.js'
import { inSharp, toned, type Picture } from './picture.js'
import { Chance } from './random.js'
import { foldedTwice, printed, withFolds, withScuffs, withStains, type Folds } from './wear.js'

/** A picture file, as a scanner or telephone hands it over. */
export interface Scan { readonly bytes: Uint8Array, readonly extension: 'png' | 'jpg' }

/** One way in which a page comes to the reader. */
export interface Class {
  readonly name: string
  /** Mild ones must be read without exception: a test holds the reader to them. */
  readonly mild: boolean
  readonly make: (page: Page, dpi: number, chance: Chance) => Promise<Scan>
}

export const RESOLUTIONS = [100, 150, 200, 300] as const

const NO_FOLDS: Folds = { across: [], down: [] }

/** A printed page at working resolution: twice what is wanted of it, 300 dpi at most. */
async function print(page: Page, dpi: number, chance: Chance): Promise<Lying> {
  const working = Math.max(200, Math.min(300, 2 * dpi))
  const scale = working / 25.4
  const picture = await printed(await page.at(working), chance.between(0, 0.03), scale)
  return { picture, scale, paper: page.paper, unevenness: 0, folds: NO_FOLDS }
}

/** A sheet that was folded twice and lay in a bag for years. */
async function fromBag(page: Page, dpi: number, chance: Chance): Promise<Lying> {
  const sheet = await print(page, dpi, chance)
  const folds = foldedTwice(...size(page.paper), chance)
  const creased = await withFolds(sheet.picture, folds, sheet.scale, chance)
  const picture = await withScuffs(creased, sheet.scale, chance)
  return { ...sheet, folds, picture: toned(picture, chance.between(35, 70), chance.between(215, 235)) }
}

function size(paper: Paper): [number, number] {
  return [PAGE_SIZES[paper].width / MM, PAGE_SIZES[paper].height / MM]
}

async function png(picture: Picture): Promise<Scan> {
  return { bytes: new Uint8Array(await inSharp(picture).png({ compressionLevel: 3 }).toBuffer()), extension: 'png' }
}

async function jpeg(picture: Picture, quality: number): Promise<Scan> {
  return { bytes: new Uint8Array(await inSharp(picture).jpeg({ quality }).toBuffer()), extension: 'jpg' }
}

export const CLASSES: readonly Class[] = [
  {
    name: 'drawn', mild: true,
    make: async (page, dpi) => png(await page.at(dpi)),
  },
  {
    name: 'office scanner', mild: true,
    make: async (page, dpi, chance) => {
      const sheet = await print(page, dpi, chance)
      const clean = { ...sheet, picture: toned(sheet.picture, chance.between(15, 35), chance.between(238, 250)) }
      return jpeg(await scanned(clean, dpi, { skew: chance.around(0, 1.5), blur: chance.between(0.45, 0.65), noise: chance.between(1.5, 3) }, chance), chance.whole(70, 85))
    },
  },
  {
    name: 'scanner set to black and white', mild: false,
    make: async (page, dpi, chance) => {
      const sheet = await print(page, dpi, chance)
      const picture = await scanned({ ...sheet, picture: toned(sheet.picture, 30, 240) }, dpi, { skew: chance.around(0, 1.5), blur: 0.55, noise: 8 }, chance)
      const threshold = chance.between(110, 150)
      return png({ ...picture, grey: picture.grey.map((value) => value < threshold ? 0 : 255) })
    },
  },
  {
    name: 'faint print on grey paper', mild: false,
    make: async (page, dpi, chance) => {
      const sheet = await print(page, dpi, chance)
      const faint = { ...sheet, picture: toned(sheet.picture, chance.between(100, 130), chance.between(185, 205)) }
      return jpeg(await scanned(faint, dpi, { skew: chance.around(0, 3), blur: chance.between(0.5, 0.8), noise: chance.between(3, 5) }, chance), chance.whole(55, 75))
    },
  },
  {
    name: 'stained', mild: false,
    make: async (page, dpi, chance) => {
      const sheet = await print(page, dpi, chance)
      const stained = { ...sheet, picture: toned(await withStains(sheet.picture, sheet.scale, chance), chance.between(20, 50), chance.between(225, 245)) }
      return jpeg(await scanned(stained, dpi, { skew: chance.around(0, 2), blur: chance.between(0.5, 0.7), noise: chance.between(2, 4) }, chance), chance.whole(60, 80))
    },
  },
  {
    name: 'folded twice, four years in a bag, scanned', mild: false,
    make: async (page, dpi, chance) => {
      const sheet = { ...await fromBag(page, dpi, chance), unevenness: chance.between(0.1, 0.3) }
      return jpeg(await scanned(sheet, dpi, { skew: chance.around(0, 2.5), blur: chance.between(0.5, 0.8), noise: chance.between(2, 4) }, chance), chance.whole(60, 80))
    },
  },
  {
    name: 'telephone, held with care', mild: true,
    make: async (page, dpi, chance) => {
      const sheet = await print(page, dpi, chance)
      const lying = { ...sheet, unevenness: chance.between(0, 0.5), picture: toned(sheet.picture, chance.between(25, 50), chance.between(210, 240)) }
      return jpeg(await photographed(lying, dpi, {
        tilt: chance.between(2, 9), turn: chance.around(0, 5), blur: chance.between(0.5, 0.7), smear: 0,
        noise: chance.between(2, 4), falloff: chance.between(0.75, 0.95), shade: 1,
      }, chance), chance.whole(80, 92))
    },
  },
  {
    name: 'telephone, in haste', mild: false,
    make: async (page, dpi, chance) => {
      const sheet = await print(page, dpi, chance)
      const lying = { ...sheet, unevenness: chance.between(0.3, 1.5), picture: toned(sheet.picture, chance.between(25, 50), chance.between(200, 235)) }
      return jpeg(await photographed(lying, dpi, {
        tilt: chance.between(10, 25), turn: chance.one([0, 90, 180, 270]) + chance.around(0, 20), blur: chance.between(0.6, 0.9),
        smear: chance.between(0, 0.3), noise: chance.between(4, 7), falloff: chance.between(0.6, 0.85), shade: chance.between(0.5, 0.7),
      }, chance), chance.whole(55, 75))
    },
  },
  {
    name: 'from the bag, telephone, bad light', mild: false,
    make: async (page, dpi, chance) => {
      const sheet = { ...await fromBag(page, dpi, chance), unevenness: chance.between(0.5, 1.5) }
      return jpeg(await photographed(sheet, dpi, {
        tilt: chance.between(6, 18), turn: chance.around(0, 15), blur: chance.between(0.6, 0.9),
        smear: chance.between(0, 0.25), noise: chance.between(6, 10), falloff: chance.between(0.5, 0.75), shade: chance.between(0.55, 0.75),
      }, chance), chance.whole(45, 65))
    },
  },
]

/** The picture of a page: the same for the same names and seed, always. */
export async function scanOf(page: Page, kind: Class, dpi: number, seed: number): Promise<Scan> {
  return kind.make(page, dpi, new Chance(page.name, kind.name, dpi, seed))
}
