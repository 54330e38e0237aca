/** Sheets as other people's decoders see them: drawn here, rasterised by poppler, read by ZXing and by ZBar. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { sliceBytes } from '../../src/paper/envelope-slices.js'
import { drawSheet } from '../../src/paper/sheet.js'
import { decode } from '../../src/reader/decode.js'
import { envelopeParts, sheetContent } from '../paper/examples.js'

const folder = mkdtempSync(join(tmpdir(), 'glasskey-interop-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Envelopes of 2048, 3072 and 4096-bit keys, and the longest that takes one page. */
const LENGTHS = [1500, 2120, 2720, 3240] as const

async function byZxing(path: string): Promise<string[]> {
  const texts: string[] = []
  for await (const page of decode(new Uint8Array(readFileSync(path)), path)) texts.push(...page.texts)
  return texts.sort()
}

function byZbar(path: string): string[] {
  const said = execFileSync('zbarimg', ['--quiet', '--raw', '--nodbus', '-Sdisable', '-Sqrcode.enable', path], { encoding: 'utf8' })
  return said.split('\n').filter((line) => line !== '').sort()
}

describe.each(['A4', 'Letter'] as const)('%s at 150 dpi', (paper) => {
  test.each(LENGTHS)('an envelope of %i bytes: every code is read by ZXing and by ZBar', async (length) => {
    const sheet = sheetContent({ envelopeParts: envelopeParts(length, sliceBytes(length)) })
    const pdf = join(folder, `${paper}-${length}.pdf`)
    writeFileSync(pdf, await drawSheet(sheet, { paper }))
    const page = join(folder, `${paper}-${length}`)
    execFileSync('pdftoppm', ['-r', '150', '-gray', '-png', pdf, page])
    for (const read of [byZxing, byZbar]) {
      expect(await read(`${page}-1.png`)).toEqual([sheet.shareText])
      expect(await read(`${page}-2.png`)).toEqual([...sheet.envelopeParts].sort())
    }
    // ZBar loses some of these; ZXing, which glasskey uses, must not.
    execFileSync('pdftoppm', ['-r', '150', '-gray', '-jpeg', '-jpegopt', 'quality=40', pdf, page])
    expect(await byZxing(`${page}-1.jpg`)).toEqual([sheet.shareText])
    expect(await byZxing(`${page}-2.jpg`)).toEqual([...sheet.envelopeParts].sort())
  })
})
