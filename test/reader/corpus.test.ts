/** A little of the corpus that `npm run bench:scan` measures: pages that come to the reader in a mild way are read, all of them. */

import { beforeAll, describe, expect, test } from 'vitest'
import { CLASSES, scanOf } from '../../bench/scan/classes.js'
import { printedPages, type Page } from '../../bench/scan/pages.js'
import { decode } from '../../src/reader/decode.js'
import { isWhole } from '../../src/reader/page-search.js'
import { fittingPicture } from '../../src/reader/picture-size.js'
import { searchQr } from '../../src/reader/qr-search.js'

const SEED = 1
let pages: Page[]

beforeAll(async () => {
  pages = (await printedPages()).filter(({ name }) => ['share', 'envelope, 4096-bit key', 'ceremony record'].includes(name))
})

async function read(bytes: Uint8Array): Promise<string[]> {
  const texts: string[] = []
  for await (const page of decode(bytes, 'scan')) texts.push(...page.texts)
  return texts.sort()
}

describe.each(CLASSES.filter(({ mild }) => mild))('$name', (kind) => {
  test('at 100 dpi every code of every page is read exactly', async () => {
    for (const page of pages) {
      const { bytes } = await scanOf(page, kind, 100, SEED)
      expect({ page: page.name, texts: await read(bytes) }).toEqual({ page: page.name, texts: page.texts })
    }
  })
})

test('the corpus is the same in every run, and not the same for another seed', async () => {
  const [page] = pages
  const [, scanner] = CLASSES
  if (page === undefined || scanner === undefined) throw new RangeError('the corpus is empty')
  const once = await scanOf(page, scanner, 100, SEED)
  expect(Buffer.compare(once.bytes, (await scanOf(page, scanner, 100, SEED)).bytes)).toBe(0)
  expect(Buffer.compare(once.bytes, (await scanOf(page, scanner, 100, SEED + 1)).bytes)).not.toBe(0)
})

test('a page that the first look does not read is read by the others', async () => {
  const kind = CLASSES.find(({ name }) => name === 'from the bag, telephone, bad light')
  const page = pages.find(({ name }) => name === 'share')
  if (kind === undefined || page === undefined) throw new RangeError('no such class or page')
  const { bytes } = await scanOf(page, kind, 200, 1)
  const { width, height } = await fittingPicture('jpeg', bytes, { file: 'scan', page: null })
  expect(isWhole(await searchQr({ file: bytes, width, height }, {}))).toBe(false)
  expect(await read(bytes)).toEqual(page.texts)
})
