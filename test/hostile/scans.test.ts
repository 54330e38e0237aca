/**
 * Hostile scans: PDFs and pictures that want memory or time without end, and codes that say anything. Each file is decoded
 * in a process of its own, with the reader's limits (but for a shorter time), and that process says how much memory it took.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { crc32, deflateSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { joinParts, parsePart } from '../../src/custody/paper-parts.js'
import { parseShareText } from '../../src/custody/share-text.js'
import { GlasskeyError } from '../../src/errors.js'
import { readerLines } from '../../src/host/scan-reader.js'
import { drawSheet } from '../../src/paper/sheet.js'
import { decode } from '../../src/reader/decode.js'
import { isOurs } from '../../src/reader/line.js'
import { sheetContent } from '../paper/examples.js'
import { pngOf, rasterOf } from '../reader/pictures.js'
import { secretsOf } from '../vectors/frozen.js'
import { refusal, refusalOf } from '../vectors/refusal.js'

const MEBIBYTE = 1024 * 1024
/**
 * Nothing ends a decoder that works in this process: what one byte more makes it draw for minutes is for `TimedDecoding`, which ends it
 * (reader/main.test.ts). So these files are the same in every run; GLASSKEY_SEED makes others.
 */
const seed = Number(process.env['GLASSKEY_SEED'] ?? 20261120)

/** Two decoders of at most 768 MiB, the file, and Node: what the machine must have, whatever lies on the stick. */
const MOST_MEBIBYTES = 1700
/** The reader gives a page 30 s; two of these would take them. */
const PAGE_TIME_MS = 2000
const folder = mkdtempSync(join(tmpdir(), 'glasskey-hostile-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

interface Said {
  pages: number
  texts: string[]
  code: string | null
  message: string | null
  mebibytes: number
}

let count = 0
async function read(bytes: Uint8Array): Promise<Said> {
  const path = join(folder, `scan-${(count += 1)}`)
  writeFileSync(path, bytes)
  const { stdout } = await promisify(execFile)(process.execPath, [resolve(import.meta.dirname, 'read-scan.js'), path, String(PAGE_TIME_MS)])
  return JSON.parse(stdout) as Said
}

/** A PDF of these objects, numbered from 1; the first is the catalogue. A stream is its dictionary and its bytes. */
function pdf(objects: readonly (string | { dictionary: string; bytes: Uint8Array })[], trailer = ''): Uint8Array {
  const pieces: Buffer[] = [Buffer.from('%PDF-1.7\n')]
  const offsets: number[] = []
  let length = pieces[0]?.length ?? 0
  const add = (piece: Buffer): void => {
    pieces.push(piece)
    length += piece.length
  }
  objects.forEach((object, at) => {
    offsets.push(length)
    if (typeof object === 'string') add(Buffer.from(`${at + 1} 0 obj\n${object}\nendobj\n`, 'latin1'))
    else add(Buffer.concat([Buffer.from(`${at + 1} 0 obj\n<< ${object.dictionary} /Length ${object.bytes.length} >>\nstream\n`, 'latin1'), object.bytes, Buffer.from('\nendstream\nendobj\n')]))
  })
  const start = length
  add(Buffer.from(`xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R ${trailer.replace('START', String(start))} >>\nstartxref\n${start}\n%%EOF\n`))
  return new Uint8Array(Buffer.concat(pieces))
}

const CATALOGUE = '<< /Type /Catalog /Pages 2 0 R >>'
const PAGES = '<< /Type /Pages /Count 1 /Kids [3 0 R] >>'
const PAGE = '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /XObject << /X 5 0 R >> >> >>'
const flate = (bytes: Uint8Array): Buffer => deflateSync(bytes)
const onePage = (contents: { dictionary: string; bytes: Uint8Array }, ...more: (string | { dictionary: string; bytes: Uint8Array })[]): Uint8Array => pdf([CATALOGUE, PAGES, PAGE, contents, ...more])
const draw = { dictionary: '', bytes: Buffer.from('/X Do /X Do') }
const image = (width: number, height: number, filter: string, bytes: Uint8Array): { dictionary: string; bytes: Uint8Array } =>
  ({ dictionary: `/Type /XObject /Subtype /Image /Width ${width} /Height ${height} /ColorSpace /DeviceGray /BitsPerComponent 8 ${filter}`, bytes })

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const frame = Buffer.alloc(8)
  frame.writeUInt32BE(data.length, 0)
  frame.writeUInt32BE(crc32(body), 4)
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)])
}

/** A grey PNG of 100 x 100 with these chunks after its header. */
function pngWith(...chunks: readonly Buffer[]): Uint8Array {
  const header = Buffer.from([0, 0, 0, 100, 0, 0, 0, 100, 8, 0, 0, 0, 0])
  return new Uint8Array(Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', header), ...chunks, chunk('IEND', new Uint8Array())]))
}

/** A piece of picture data for each byte. */
const bytewise = (bytes: readonly number[]): Buffer[] => bytes.map((byte) => chunk('IDAT', Uint8Array.of(byte)))

const zeros = (mebibytes: number): Buffer => Buffer.alloc(mebibytes * MEBIBYTE)

describe('files: a refusal by name, or pages that say nothing', () => {
  test.each<[string, () => Uint8Array]>([
    ['a PDF that says it has two billion pages', () => pdf([CATALOGUE, '<< /Type /Pages /Count 2147483647 /Kids [3 0 R] >>', PAGE])],
    ['pages that are their own parents', () => pdf([CATALOGUE, '<< /Type /Pages /Count 2 /Kids [2 0 R 2 0 R] /Parent 2 0 R >>'])],
    ['a list of pages nested ten thousand deep', () => pdf([CATALOGUE, ...Array.from({ length: 10_000 }, (_, at) => `<< /Type /Pages /Count 1 /Kids [${at + 3} 0 R] /Parent ${at + 1} 0 R >>`), PAGE])],
    ['brackets nested a million deep', () => onePage({ dictionary: '', bytes: Buffer.from('['.repeat(1_000_000)) }, `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`)],
    ['dictionaries nested a million deep', () => pdf([CATALOGUE, '<< /A '.repeat(1_000_000)])],
    ['a cross-reference table that follows itself', () => pdf([CATALOGUE, PAGES, PAGE], '/Prev START')],
    ['an object that is a reference to itself', () => pdf(['1 0 R', '2 0 R', '3 0 R'])],
    ['a form that draws itself twice', () => onePage(draw, { dictionary: '/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 5 0 R >> >>', bytes: Buffer.from('/X Do /X Do') })],
    ['forms that each draw the next one ten times', () => onePage(draw, ...Array.from({ length: 12 }, (_, at) => ({ dictionary: `/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X ${at + 6} 0 R >> >>`, bytes: Buffer.from('/X Do '.repeat(10)) })), '<< >>')],
    ['contents of a quarter of a gigabyte, compressed twice', () => onePage({ dictionary: '/Filter [/FlateDecode /FlateDecode]', bytes: flate(flate(zeros(256))) })],
    ['a picture of a hundred thousand pixels each way', () => onePage(draw, image(100_000, 100_000, '/Filter /FlateDecode', flate(zeros(256))))],
    ['a picture with a thousand filters', () => onePage(draw, image(10, 10, `/Filter [${'/FlateDecode '.repeat(1000)}]`, flate(zeros(1))))],
    ['JPEG 2000, JBIG2 and fax of nothing', () => onePage(draw, image(60_000, 60_000, '/Filter /JPXDecode', Buffer.from('rubbish')), image(60_000, 60_000, '/Filter /JBIG2Decode', Buffer.alloc(99)))],
    ['a fax page of four billion lines', () => onePage(draw, image(60_000, 60_000, '/Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns 60000 /Rows 60000 >>', Buffer.alloc(1000, 0xaa)))],
    ['a user unit of a million', () => pdf([CATALOGUE, PAGES, '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /UserUnit 1000000 >>'])],
    ['a page of no size, and of one that is no number', () => pdf([CATALOGUE, PAGES, '<< /Type /Page /Parent 2 0 R /MediaBox [9 9 9 9e99] /CropBox [-1e38 -1e38 1e38 1e38] >>'])],
    ['a PNG of two million pieces of a byte, which inflate to nothing', () => pngWith(...bytewise([0x78, 0x01]), ...Array<Buffer>(400).fill(Buffer.concat(Array<Buffer[]>(1000).fill(bytewise([0, 0, 0, 0xff, 0xff])).flat())))],
    ['a PNG of five million pieces of nothing', () => pngWith(...Array<Buffer>(100).fill(Buffer.concat(Array<Buffer>(50_000).fill(chunk('IDAT', new Uint8Array())))))],
    ['a PNG whose text is a bomb', () => pngWith(chunk('zTXt', Buffer.concat([Buffer.from('k\0\0'), flate(zeros(256))])), chunk('iCCP', Buffer.concat([Buffer.from('p\0\0'), flate(zeros(256))])), chunk('IDAT', flate(Buffer.alloc(10_100))))],
    ['a PNG whose piece is longer than the file', () => Buffer.concat([pngWith().subarray(0, 33), Buffer.from([0xff, 0xff, 0xff, 0xff]), Buffer.from('IDAT')])],
    ['a JPEG of a million empty segments', () => Buffer.concat([Buffer.from([0xff, 0xd8]), ...Array<Buffer>(1000).fill(Buffer.alloc(4000, Buffer.from([0xff, 0xe0, 0, 2]))), Buffer.from([0xff, 0xd9])])],
    ['a progressive JPEG of 50 megapixels and a thousand scans of nothing', () => Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xc2, 0, 11, 8, 0x1b, 0x58, 0x1b, 0x58, 1, 1, 0x11, 0]), ...Array<Buffer>(1000).fill(Buffer.from([0xff, 0xda, 0, 8, 1, 1, 0, 0, 0, 0])), Buffer.from([0xff, 0xd9])])],
  ])('%s', async (_, make) => {
    const { code, message, texts, mebibytes } = await read(make())
    // Either a refusal with its name, or pages that say nothing; never a share, a crash or the machine's memory.
    if (code !== null) {
      expect(['SCAN_UNREADABLE', 'LIMIT_EXCEEDED']).toContain(code)
      expect(message).toMatch(/^scan(, page \d+)?: /)
    }
    expect(texts).toEqual([])
    expect(mebibytes).toBeLessThan(MOST_MEBIBYTES)
  })
})

test('any bytes that begin like a picture or a PDF', async () => {
  const head = fc.constantFrom('%PDF-1.7\n', '\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x08\0\0\0\x08\x08\0\0\0\0', '\xff\xd8\xff\xe0\0\x04\0\0\xff\xc0\0\x11\x08\0\x08\0\x08\x03\x01\x11\0\x02\x11\0\x03\x11\0', '')
  await fc.assert(fc.asyncProperty(head, fc.uint8Array({ maxLength: 300 }), async (begin, rest) => {
    try {
      for await (const { texts } of decode(new Uint8Array(Buffer.concat([Buffer.from(begin, 'latin1'), rest])), 'scan')) expect(texts).toEqual([])
    } catch (error) {
      expect(error).toBeInstanceOf(GlasskeyError)
      expect((error as GlasskeyError).code).toMatch(/^(SCAN_UNREADABLE|LIMIT_EXCEEDED)$/)
    }
  }), { numRuns: 60, endOnFailure: true, seed })
})

describe('a genuine sheet that was changed says what was printed, or nothing that counts', () => {
  const sheet = sheetContent({ rehearsal: true, shareText: secretsOf(2).shareTexts[0] ?? '' })
  const printed = [sheet.shareText, ...sheet.envelopeParts]
  /** Of the whole; drawn doubles would nearly all be next to nothing. */
  const share = fc.nat(9999).map((parts) => parts / 10_000)
  let pdf: Uint8Array
  beforeAll(async () => {
    pdf = await drawSheet(sheet, { paper: 'A4' })
  })

  /** What was read of a file, looked at once. Throws when it is neither what was printed, nor refused. */
  const heldAgainstPaper = async (bytes: Uint8Array): Promise<string[]> => {
    const said: string[] = []
    try {
      for await (const { texts } of decode(bytes, 'scan', 1)) said.push(...texts)
    } catch (error) {
      expect(error).toMatchObject({ name: 'GlasskeyError', code: expect.stringMatching(/^(SCAN_UNREADABLE|LIMIT_EXCEEDED)$/) as unknown })
    }
    for (const text of said) {
      if (printed.includes(text) || !isOurs(text)) continue
      expect(refusal(() => (text.startsWith('GKE1/') ? parsePart(text) : parseShareText(text))).code).toMatch(/^(SCAN_UNREADABLE|SHARE_MISREAD|SHARE_VERSION)$/)
    }
    return said
  }

  test('the bytes of its PDF', async () => {
    let read = 0
    const change = fc.record({ at: share, byte: fc.nat(255) })
    await fc.assert(fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
      const bytes = Uint8Array.from(pdf)
      for (const { at, byte } of changes) bytes[Math.floor(at * bytes.length)] = byte
      read += (await heldAgainstPaper(bytes)).length
    }), { numRuns: 10, endOnFailure: true, seed })
    expect(read, 'texts that were read in spite of it').toBeGreaterThan(0)
  })

  test('spots on its picture, black and white', async () => {
    let read = 0
    const pages = await Promise.all([1, 2].map((page) => rasterOf(pdf, page, 110)))
    const spot = fc.record({ left: share, top: share, size: fc.integer({ min: 2, max: 60 }), light: fc.constantFrom(0, 255) })
    await fc.assert(fc.asyncProperty(fc.constantFrom(...pages), fc.array(spot, { minLength: 1, maxLength: 40 }), async ({ width, height, data }, spots) => {
      const smudged = Uint8ClampedArray.from(data)
      for (const { left, top, size, light } of spots) {
        for (let y = Math.floor(top * height); y < Math.min(height, top * height + size); y += 1) {
          const start = y * width + Math.floor(left * width)
          smudged.fill(light, start * 4, Math.min(start + size, (y + 1) * width) * 4)
        }
      }
      read += (await heldAgainstPaper(pngOf({ width, height, data: smudged }))).length
    }), { numRuns: 30, endOnFailure: true, seed })
    expect(read, 'texts that were read in spite of them').toBeGreaterThan(0)
  })
})

describe('codes', () => {
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.tuple(fc.constantFrom('GKE1/', 'GKP1/', 'gke1/', 'GK1', 'GKR1'), fc.string({ unit: fc.constantFrom('0', '1', '9', 'A', 'F', 'Z', '/', '=', '\n', ' ', '\0'), maxLength: 80 })).map((pieces) => pieces.join('')))

  test('any text is passed on only if it is made of our characters, and is a part or a refusal', () => {
    fc.assert(fc.property(text, (said) => {
      if (isOurs(said)) expect(said).toMatch(/^GK[0-9A-Z/]+$/i)
      try {
        parsePart(said)
      } catch (error) {
        expect(refusal(() => { throw error }).code).toBe('SCAN_UNREADABLE')
      }
    }), { numRuns: 3000 })
    for (const long of ['GKE1/' + '0'.repeat(2_000_000), 'GKE1/0123456789ABCDEF/1/1/' + 'A'.repeat(2_000_000) + '!']) expect(refusal(() => parsePart(long)).code).toBe('SCAN_UNREADABLE')
  })

  test('any parts are joined to what they say, or refused', () => {
    const slice = fc.uint8Array({ maxLength: 20 })
    const part = fc.record({ prefix: fc.constantFrom('GKE1' as const, 'GKP1' as const), keyId: fc.constantFrom('a', 'b'), part: fc.nat(4), parts: fc.nat(4), slice })
    fc.assert(fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      try {
        const joined = joinParts(parts, 'GKE1', 'a')
        const own = parts.filter(({ prefix, keyId }) => prefix === 'GKE1' && keyId === 'a')
        const slices = Array.from({ length: own[0]?.parts ?? 0 }, (_, at) => own.find(({ part: number }) => number === at + 1)?.slice)
        expect(slices.length).toBeGreaterThan(0)
        expect(Buffer.from(joined)).toEqual(Buffer.concat(slices.map((each) => each ?? Buffer.from('a part that nobody gave'))))
        for (const each of own) expect(each).toMatchObject({ parts: slices.length, ...(each.part >= 1 && each.part <= slices.length ? { slice: slices[each.part - 1] } : {}) })
      } catch (error) {
        expect(refusal(() => { throw error }).code).toBe('SCAN_UNREADABLE')
      }
    }), { numRuns: 1000 })
  })
})

describe('a reader that was taken over by what it read', () => {
  const outcome = (said: Iterable<string | Buffer>): Promise<GlasskeyError> => refusalOf(async () => {
    for await (const line of readerLines(Readable.from(said, { objectMode: true }))) expect(line).toBeDefined()
  })
  function* again(piece: string): Generator<Buffer> {
    for (;;) yield Buffer.from(piece)
  }

  test('a line without end', async () => {
    expect(await outcome(again('x'.repeat(10_000)))).toMatchObject({ code: 'SCAN_UNREADABLE', message: 'the reader sent something that is no message' })
  })

  test('lines without end', async () => {
    expect(await outcome(again('{"file":"a","page":1,"none":true}\n'))).toMatchObject({ code: 'SCAN_UNREADABLE', message: 'the scans hold more than 50000 codes and pages' })
  })

  test.each(['null\n', '[]\n', '{"file":"a","page":1,"text":"x","done":true}\n', '{"file":"a","page":1e99,"none":true}\n', `{"file":"a","page":1,"text":"${'x'.repeat(5000)}"}\n`, '['.repeat(60_000) + '\n', '\0\n'])('what is no message: %#', async (said) => {
    expect(await outcome([Buffer.from(said)])).toMatchObject({ code: 'SCAN_UNREADABLE', message: 'the reader sent something that is no message' })
  })

  test('an end before its time', async () => {
    expect(await outcome([Buffer.from('{"done":tr')])).toMatchObject({ code: 'SCAN_UNREADABLE', message: 'the reader stopped before the last scan' })
  })
})
