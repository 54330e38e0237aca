import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import type * as built from '../../src/camera/page-files.js'

/** The page is compiled, so what serves it is taken from there too. */
const files = (): Promise<typeof built> => import(pathToFileURL(resolve(import.meta.dirname, '../../dist/camera/page-files.js')).href) as Promise<typeof built>

test('the page is a handful of files, and ZXing byte for byte from its package', async () => {
  const { pageFiles } = await files()
  const served = pageFiles()
  expect([...served.keys()].sort()).toEqual(['/', '/camera.js', '/decoder.js', '/icon.svg', '/ours.js', '/outline.js', '/page.js', '/server.js', '/style.css', '/words.js', '/zxing/es/reader/index.js', '/zxing/es/share.js', '/zxing/reader/zxing_reader.wasm'])
  expect(Buffer.from(served.get('/zxing/reader/zxing_reader.wasm')?.bytes ?? [])).toEqual(readFileSync(resolve(import.meta.dirname, '../../node_modules/zxing-wasm/dist/reader/zxing_reader.wasm')))
  expect(served.get('/zxing/reader/zxing_reader.wasm')?.type).toBe('application/wasm')
})

test('a decoder that is not the reviewed one is not served', async () => {
  const { pageFiles, ZXING_SHA256 } = await files()
  expect(() => pageFiles({ ...ZXING_SHA256, 'es/share.js': '0'.repeat(64) })).toThrow(expect.objectContaining({ code: 'ENVIRONMENT_UNSAFE', message: 'es/share.js of zxing-wasm is not the one that was reviewed' }) as Error)
})

test('what our own files load is among what is served: no address of anybody else is in them', async () => {
  const served = (await files()).pageFiles()
  for (const [path, { bytes }] of served) {
    if (path.startsWith('/zxing/')) continue
    const text = Buffer.from(bytes).toString('utf8')
    expect(text.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:\/\//)
    for (const [, name = ''] of text.matchAll(/(?:from|Worker\(|src=|href=)\s*['"]\.?(\/[^'"]*)['"]/g)) expect(served.has(name), `${path} loads ${name}`).toBe(true)
  }
})
