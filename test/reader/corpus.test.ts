/** A little of the corpus that `npm run bench:scan` measures: pages that come to the reader in a mild way are read, all of them. */

import { beforeAll, describe, expect, test } from 'vitest'
import { CLASSES, scanOf } from '../../bench/scan/classes.js'
import { printedPages, type Page } from '../../bench/scan/pages.js'
import { decode } from '../../src/reader/decode.js'

const SEED = 1
let pages: Page[]

beforeAll(async () => {
  pages = await printedPages()
})

async function read(bytes: Uint8Array): Promise<string[]> {
  const texts: string[] = []
  for await (const page of decode(bytes, 'scan')) texts.push(...page.texts)
  return texts.sort()
}

describe.each(CLASSES.filter(({ mild }) => mild))('$name', (kind) => {
  test.each([100, 200])('at %i dpi every code of every page is read exactly', async (dpi) => {
    for (const page of pages) {
      const { bytes } = await scanOf(page, kind, dpi, SEED)
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

test('a page that one look reads only in part is read whole', async () => {
  const kind = CLASSES.find(({ name }) => name === 'stained')
  const page = pages.find(({ name }) => name === 'envelope, 4096-bit key, Letter')
  if (kind === undefined || page === undefined) throw new RangeError('no such class or page')
  for (const seed of [2, 6, 7]) expect(await read((await scanOf(page, kind, 100, seed)).bytes)).toEqual(page.texts)
})
