import { spawn } from 'node:child_process'
import { mkdtempSync, openSync, closeSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { drawSheet } from '../../src/paper/sheet.js'
import { isOurs } from '../../src/reader/line.js'
import type * as timedDecoding from '../../src/reader/timed-decoding.js'
import { sheetContent } from '../paper/examples.js'

const MAIN = fileURLToPath(new URL('../../dist/reader/main.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'glasskey-reader-'))
const sheet = sheetContent()

/** Runs the reader over files, with nothing in its environment. */
async function read(paths: readonly string[]): Promise<{ lines: unknown[], noise: string, exit: number | null }> {
  const files = paths.map((path) => openSync(path, 'r'))
  const child = spawn(process.execPath, [MAIN, ...paths.map((path) => path.replace(/^.*\//, ''))],
    { env: {}, stdio: ['ignore', 'pipe', 'pipe', 'pipe', ...files] })
  files.forEach((file) => closeSync(file))
  let said = ''
  let noise = ''
  child.stdio[3]?.on('data', (piece: Buffer) => { said += piece.toString() })
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (piece: Buffer) => { noise += piece.toString() })
  const exit = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { lines: said.split('\n').filter((line) => line !== '').map((line): unknown => JSON.parse(line)), noise, exit }
}

function put(name: string, bytes: Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

beforeAll(async () => {
  put('sheet.pdf', await drawSheet(sheet, { paper: 'A4' }))
})

afterAll(() => rmSync(folder, { recursive: true }))

describe('the reader process', () => {
  test('says what a sheet says, once, and that it is done', async () => {
    const { lines, noise, exit } = await read([join(folder, 'sheet.pdf')])
    expect(lines).toHaveLength(1 + sheet.envelopeParts.length + 1)
    expect(lines).toContainEqual({ file: 'sheet.pdf', page: 1, text: sheet.shareText })
    for (const text of sheet.envelopeParts) expect(lines).toContainEqual({ file: 'sheet.pdf', page: 2, text })
    expect(lines.at(-1)).toEqual({ done: true })
    expect(noise).toBe('')
    expect(exit).toBe(0)
  })

  test('a file that cannot be read does not stop the next', async () => {
    const { lines } = await read([put('rubbish', Buffer.from('rubbish')), put('empty.png', new Uint8Array()), join(folder, 'sheet.pdf')])
    expect(lines.slice(0, 2)).toEqual([
      { file: 'rubbish', error: 'SCAN_UNREADABLE', message: 'rubbish: neither PDF, PNG nor JPEG', hint: 'Scan or photograph to PDF, PNG or JPEG.' },
      { file: 'empty.png', error: 'SCAN_UNREADABLE', message: 'empty.png: the file is empty', hint: 'Scan it again.' },
    ])
    expect(lines).toContainEqual({ file: 'sheet.pdf', page: 1, text: sheet.shareText })
    expect(lines.at(-1)).toEqual({ done: true })
  })

  test('without files it is done', async () => {
    expect((await read([])).lines).toEqual([{ done: true }])
  })
})

describe('time', () => {
  /** The thread runs compiled code, so its keeper is taken from there too. */
  const keeper = async (): Promise<typeof timedDecoding> =>
    import(new URL('timed-decoding.js', pathToFileURL(MAIN)).href) as Promise<typeof timedDecoding>
  const pagesOf = async (allowance: { page: number, total: number }): Promise<number> => {
    const { TimedDecoding } = await keeper()
    const decoding = new TimedDecoding(allowance)
    let pages = 0
    try {
      for await (const { page } of decoding.decode(new Uint8Array(readFileSync(join(folder, 'sheet.pdf'))), 'sheet.pdf')) pages = page
    } finally {
      await decoding.close()
    }
    return pages
  }

  test('a page that takes too long ends the thread, not the reader', async () => {
    await expect(pagesOf({ page: 1, total: 60_000 })).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', message: 'sheet.pdf, page 1: takes too long to read' })
  })

  test('all pages share the total', async () => {
    await expect(pagesOf({ page: 60_000, total: 1 })).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' })
    expect(await pagesOf({ page: 60_000, total: 60_000 })).toBe(2)
  })
})

describe('which texts are passed on', () => {
  test.each(['GK1QPZRY9X8', 'gkr1qpzry', sheet.shareText, sheet.envelopeParts[0] ?? '', 'GKP1/3F0A91C2D47E5B68/1/1/MFRGG', 'GK1' + 'Q'.repeat(4297)])(
    'ours, %#', (text) => expect(isOurs(text)).toBe(true))
  test.each(['', 'https://example.com', 'GK2QPZ', 'XGK1QPZ', 'GK1QPZ\nGK1QPZ', 'GK1', 'GKE1/', 'GKE1/\u001b[2J', 'WIFI:S:x;;', 'GK1' + 'Q'.repeat(4298)])(
    'not ours, %#', (text) => expect(isOurs(text)).toBe(false))
})
