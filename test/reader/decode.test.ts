import { deflateSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { drawSheet } from '../../src/paper/sheet.js'
import { decode, type DecodedPage } from '../../src/reader/decode.js'
import { LIMITS } from '../../src/reader/limits.js'
import { readPages } from '../../src/reader/page-proof.js'
import { noise, sheetContent } from '../paper/examples.js'
import { emptyPdf, png, pngOf, rasterOf } from './pictures.js'

const SHEET = sheetContent()
let pdf: Uint8Array

beforeAll(async () => {
  pdf = await drawSheet(SHEET, { paper: 'A4' })
})

async function all(bytes: Uint8Array, looks?: number): Promise<DecodedPage[]> {
  const pages: DecodedPage[] = []
  for await (const page of decode(bytes, 'scan', looks)) pages.push(page)
  return pages
}

describe('what people scan', () => {
  test('a drawn sheet says on each page exactly what was meant', async () => {
    const [first, second, ...none] = await readPages(pdf)
    expect(first).toEqual([SHEET.shareText])
    expect(second?.toSorted()).toEqual([...SHEET.envelopeParts].sort())
    expect(none).toEqual([])
  })

  test.each([[0, 1], [3, 1], [37, 1], [90, 0.6], [180, 0.35]])('page 2 as a picture, turned by %i degrees, in light of %f', async (degrees, light) => {
    const pages = await all(pngOf(await rasterOf(pdf, 2, 150), degrees, light))
    expect(pages).toHaveLength(1)
    expect([...pages[0]?.texts ?? []].sort()).toEqual([...SHEET.envelopeParts].sort())
  })

  test('a page without a code is reported as empty', async () => {
    expect(await all(emptyPdf(2, 595, 842))).toEqual([{ page: 1, texts: [] }, { page: 2, texts: [] }])
    expect(await all(png(64, 64, new Uint8Array(65 * 64)))).toEqual([{ page: 1, texts: [] }])
  })

  test('a scanner that writes a pixel as a point', async () => {
    expect(await all(emptyPdf(1, 6048, 8064))).toEqual([{ page: 1, texts: [] }])
  })
})

describe('what is refused', () => {
  const code = (name: string): unknown => expect.objectContaining({ code: name })

  test.each([
    ['an empty file', new Uint8Array(), 'scan: the file is empty'],
    ['random bytes', noise(5000, 'random'), 'scan: neither PDF, PNG nor JPEG'],
    ['a telephone\'s HEIC', Buffer.from('\0\0\0\x18ftypheic'), 'scan: a HEIC picture, which is not read here'],
    ['a PNG of a header only', png(10, 10, new Uint8Array()).subarray(0, 20), 'scan: its size cannot be read'],
    ['a PDF of a header only', Buffer.from('%PDF-1.7\n'), 'scan: the PDF is damaged or cut short'],
    ['a JPEG of a header only', Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0]), 'scan: its size cannot be read'],
    ['a PNG of no width', png(0, 10, new Uint8Array(10)), 'scan: its size cannot be read'],
  ])('%s', async (_, bytes, message) => {
    await expect(all(new Uint8Array(bytes))).rejects.toEqual(code('SCAN_UNREADABLE'))
    await expect(all(new Uint8Array(bytes))).rejects.toThrow(message)
  })

  test('a PNG cut short', async () => {
    const whole = pngOf(await rasterOf(pdf, 1, 100))
    await expect(all(whole.subarray(0, whole.length - 5000))).rejects.toThrow('scan: the picture is damaged')
  })

  test('a PDF cut short: damaged, or its pages say nothing', async () => {
    const outcome = await all(pdf.subarray(0, 20_000)).then((pages) => pages.flatMap((page) => page.texts), (error: unknown) => error)
    expect([[], expect.objectContaining({ code: 'SCAN_UNREADABLE' })]).toContainEqual(outcome)
  })

  test('a PNG of enormous size, by its header', async () => {
    await expect(all(png(60_000, 60_000, new Uint8Array(10)))).rejects.toThrow('scan: 60000 x 60000 pixels, more than 64 million')
    await expect(all(png(60_000, 60_000, new Uint8Array(10)))).rejects.toEqual(code('LIMIT_EXCEEDED'))
  })

  test('the bound on pixels: at it, and one row above it', async () => {
    const rows = (height: number): Uint8Array => new Uint8Array((8000 + 1) * height)
    // One look: ten more at so large a page take their ten seconds.
    expect(await all(png(8000, 8000, rows(8000)), 1)).toEqual([{ page: 1, texts: [] }])
    await expect(all(png(8000, 8001, rows(8001)))).rejects.toEqual(code('LIMIT_EXCEEDED'))
  })

  test('a JPEG of enormous size, by its frame header', async () => {
    const jpeg = new Uint8Array([0xff, 0xd8, 0xff, 0xc0, 0, 17, 8, 0xff, 0xff, 0xff, 0xff, 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0])
    await expect(all(jpeg)).rejects.toThrow('scan: 65535 x 65535 pixels, more than 64 million')
  })

  test('a PNG whose data is far longer than its rows', async () => {
    const bomb = png(100, 100, new Uint8Array(), deflateSync(new Uint8Array(200_000_000)))
    await expect(all(bomb)).rejects.toThrow('scan: holds more data than its size allows')
  })

  test('a PDF with a page of 14,400 inches', async () => {
    await expect(all(emptyPdf(1, 1_036_800, 1_036_800))).rejects.toThrow(/^scan, page 1: a page of \d+ x \d+ inches$/)
    await expect(all(emptyPdf(1, 1_036_800, 1_036_800))).rejects.toEqual(code('LIMIT_EXCEEDED'))
  })

  test('a PDF of 200 pages is read, of 201 and 10,000 refused', async () => {
    expect(await all(emptyPdf(200, 20, 20))).toHaveLength(200)
    await expect(all(emptyPdf(201, 20, 20))).rejects.toThrow('scan: 201 pages, more than 200')
    await expect(all(emptyPdf(10_000, 595, 842))).rejects.toThrow('scan: 10000 pages, more than 200')
  })

  test('a file of more than 64 MiB', async () => {
    await expect(all(new Uint8Array(LIMITS.fileBytes + 1))).rejects.toThrow('scan: more than 64 MiB')
  })

  test('after a refusal the next file is read as if nothing had been', async () => {
    await expect(all(noise(5000, 'random'))).rejects.toThrow('scan')
    expect((await readPages(pdf))[0]).toEqual([SHEET.shareText])
  })
})
