/** When a page is looked at again, and that looking again helps. */

import sharp, { type Sharp } from 'sharp'
import { beforeAll, describe, expect, test } from 'vitest'
import { drawSheet } from '../../src/paper/sheet.js'
import { isWhole, searchPage } from '../../src/reader/page-search.js'
import { DPI_OF_PICTURES, picturePage } from '../../src/reader/picture-page.js'
import { fittingPicture } from '../../src/reader/picture-size.js'
import { pdfPages } from '../../src/reader/pdf-pages.js'
import type { Raster, Sighting } from '../../src/reader/qr-search.js'
import { sheetContent } from '../paper/examples.js'
import { rasterOf } from './pictures.js'

const part = (number: number, parts: number, name = 'GKE1/3F0A91C2D47E5B68'): string => `${name}/${number}/${parts}/ABCD`
const read = (text: string, left = 0): Sighting => ({ text, box: { left, top: 0, right: left + 0.2, bottom: 0.2 } })
const unread = (left = 0.5): Sighting => ({ text: null, box: { left, top: 0, right: left + 0.2, bottom: 0.2 } })

describe('a page is whole', () => {
  test.each<[string, Sighting[]]>([
    ['a share', [read('GK1QPZ')]],
    ['every part, in any order, some twice', [read(part(2, 2)), read(part(1, 2)), read(part(2, 2))]],
    ['parts of two keys', [read(part(1, 1)), read(part(1, 1, 'GKP1/0000000000000000'))]],
    ['a code that one look could not read and another could', [unread(0.01), read('GK1QPZ')]],
    ['somebody else’s code', [read('https://example.com/a/1/2/AB')]],
  ])('with %s', (_, sightings) => {
    expect(isWhole(sightings)).toBe(true)
  })

  test.each<[string, Sighting[]]>([
    ['nothing was read', []],
    ['a part is missing', [read(part(1, 3)), read(part(3, 3))]],
    ['a part of a sealed share is missing', [read(part(1, 2, 'GKS1/3F0A91C2D47E5B68/3/3/5/0123456789ABCDEF0123456789ABCDEF01234567'))]],
    ['only one of two keys is there in all its parts', [read(part(1, 1)), read(part(2, 2, 'GKP1/0000000000000000'))]],
    ['a code was seen elsewhere and not read', [read('GK1QPZ'), unread()]],
  ])('not when %s', (_, sightings) => {
    expect(isWhole(sightings)).toBe(false)
  })
})

describe('looking again', () => {
  const sheet = sheetContent()
  let pdf: Uint8Array
  let raster: Raster
  beforeAll(async () => {
    pdf = await drawSheet(sheet, { paper: 'A4' })
    raster = await rasterOf(pdf, 1, 100)
  })

  test('a page that is whole is looked at once', async () => {
    const asked: number[] = []
    expect(await searchPage((times) => {
      asked.push(times)
      return Promise.resolve(raster)
    })).toEqual([sheet.shareText])
    expect(asked).toEqual([1])
  })

  test('a page without a code is looked at in every way, drawn once for each size', async () => {
    const asked: number[] = []
    expect(await searchPage((times) => {
      asked.push(times)
      return Promise.resolve({ width: 8, height: 8, data: new Uint8ClampedArray(4 * 64) })
    })).toEqual([])
    expect(asked).toEqual([1, 1.5, 1.25, 2, 0.7, 0.6, 0.45, 0.37, 1])
  })

  test('what was read is kept when the page fails at another size, and a page that fails at once is refused', async () => {
    const [both, one] = [await rasterOf(pdf, 2, 150), 'the page cannot be drawn']
    const top = { ...both, data: both.data.map((value, at) => at < both.data.length / 2 ? value : 255) }
    const asked: number[] = []
    const texts = await searchPage((times) => {
      asked.push(times)
      return times === 1 ? Promise.resolve(top) : Promise.reject(new Error(one))
    })
    expect(texts.sort()).toEqual(sheet.envelopeParts.slice(0, 2).sort())
    expect(asked).toEqual([1, 1.5])
    await expect(searchPage(() => Promise.reject(new Error(one)))).rejects.toThrow(one)
  })

  test('what cannot be had at a size is passed over', async () => {
    expect(await searchPage((times) => Promise.resolve(times === 1 ? null : raster))).toEqual([sheet.shareText])
  })
})

describe('a picture as a page', () => {
  const levels = Uint8Array.from({ length: 40 * 30 }, (_, at) => at % 40 < 20 ? 30 : 220)
  const grey = (): Sharp => sharp(levels, { raw: { width: 40, height: 30, channels: 1 } })

  test.each<[string, 'png' | 'jpeg', () => Promise<Buffer>]>([
    ['a grey PNG', 'png', () => grey().toColourspace('b-w').png().toBuffer()],
    ['a PNG in colour', 'png', () => grey().toColourspace('srgb').png().toBuffer()],
    ['a PNG with a palette', 'png', () => grey().png({ palette: true, colours: 4 }).toBuffer()],
    ['a PNG of sixteen bits', 'png', () => grey().toColourspace('grey16').png().toBuffer()],
    ['a grey JPEG', 'jpeg', () => grey().toColourspace('b-w').jpeg().toBuffer()],
    ['a progressive JPEG in colour', 'jpeg', () => grey().toColourspace('srgb').jpeg({ progressive: true }).toBuffer()],
  ])('%s is drawn at twice its size as what it is', async (_, kind, make) => {
    const bytes = new Uint8Array(await make())
    const page = picturePage(kind, bytes, await fittingPicture(kind, bytes, { file: 'scan', page: null }))
    for await (const { render } of pdfPages(page ?? new Uint8Array(), 'scan')) {
      const { width, height, data } = await render(2 * DPI_OF_PICTURES)
      expect([width, height]).toEqual([80, 60])
      const at = (x: number, y: number): number => data[4 * (y * width + x)] ?? -1
      for (const y of [5, 55]) {
        expect(at(10, y)).toBeLessThan(60)
        expect(at(70, y)).toBeGreaterThan(190)
      }
    }
    expect(page).not.toBeNull()
  })

  test.each<[string, () => Promise<Buffer>]>([
    ['alpha', () => grey().toColourspace('srgb').ensureAlpha(0.5).png().toBuffer()],
    ['interlacing', () => grey().png({ progressive: true }).toBuffer()],
  ])('a PNG with %s has no page', async (_, make) => {
    const bytes = new Uint8Array(await make())
    expect(picturePage('png', bytes, await fittingPicture('png', bytes, { file: 'scan', page: null }))).toBeNull()
  })
})
