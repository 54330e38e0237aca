/** Chained lines on a disk that tears, fills up and comes back. */
import fs, { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync, appendFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sha256Hex } from '../../src/canonical.js'
import { readLines } from '../../src/host/disk.js'
import { LineFile } from '../../src/host/line-file.js'
import { readLogbook, type LogbookEntry, type NewLogbookEntry } from '../../src/record/logbook.js'

let directory: string
let path: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'glasskey-lines-'))
  path = join(directory, 'logbook.jsonl')
})
afterEach(() => {
  rmSync(directory, { recursive: true })
})

const NOW = new Date('2026-11-20T04:00:00.000Z')
const open = (): LineFile<LogbookEntry, NewLogbookEntry> => LineFile.open<LogbookEntry, NewLogbookEntry>(path, readLogbook, () => NOW)
const retired = (generation: number): NewLogbookEntry => ({ type: 'retired', generation, reason: 'test' })

test('lines are canonical, numbered and chained', () => {
  const file = open()
  const first = file.append(retired(1))
  file.append(retired(2))
  expect(readFileSync(path, 'utf8')).toBe(
    `{"at":"2026-11-20T04:00:00.000Z","generation":1,"prev":"${'0'.repeat(64)}","reason":"test","seq":1,"type":"retired"}\n` +
      `{"at":"2026-11-20T04:00:00.000Z","generation":2,"prev":"${first.head.sha256}","reason":"test","seq":2,"type":"retired"}\n`,
  )
  expect(open().head).toEqual(file.head)
})

test('a torn last line is kept aside, and its digest goes into the next', () => {
  open().append(retired(1))
  const torn = '{"at":"2026-11-20T04:00:01.0'
  appendFileSync(path, torn)
  const { line } = open().append(retired(2))
  expect(line).toMatchObject({ seq: 2, torn: sha256Hex(torn) })
  const aside = readdirSync(directory).find((name) => name.includes('.torn-')) ?? ''
  expect(readFileSync(join(directory, aside), 'utf8')).toBe(torn)
  expect(open().head.seq).toBe(2)
})

test('what another process has added is not written over: neither by one that goes on, nor by one that stops', () => {
  const orphan = open()
  orphan.append(retired(1))
  const heir = open()
  heir.append(retired(2))
  const text = readFileSync(path, 'utf8')
  expect(() => orphan.append(retired(3))).toThrow(`${path} was changed meanwhile: it has ${text.length} bytes, and ${text.indexOf('\n') + 1} were expected`)
  const unwritten: string[] = []
  orphan.keepGoing((line) => unwritten.push(line), () => undefined)
  orphan.append(retired(3))
  expect(unwritten).toHaveLength(1)
  expect(readFileSync(path, 'utf8')).toBe(text)
  heir.append(retired(4))
  expect(open().head.seq).toBe(3)
})

test.each(['EDQUOT', 'EIO'])('a disk that takes half a line and then fails (%s): the half is cut off, so that the line can be added by hand', (code) => {
  const file = open()
  file.append(retired(1))
  const whole = readFileSync(path, 'utf8')
  const unwritten: string[] = []
  file.keepGoing((text) => unwritten.push(text), () => undefined)
  const { writeSync } = fs
  let calls = 0
  const failing = (fd: number, bytes: Buffer, offset: number, _length: number, position: number): number => {
    calls += 1
    if (calls % 2 === 0) throw Object.assign(new Error(`${code}: rehearsed`), { code })
    return writeSync(fd, bytes, offset, 20, position)
  }
  fs.writeSync = failing as typeof writeSync
  syncBuiltinESMExports()
  try {
    file.append(retired(2))
  } finally {
    fs.writeSync = writeSync
    syncBuiltinESMExports()
  }
  expect(unwritten).toHaveLength(1)
  expect(readFileSync(path, 'utf8')).toBe(whole)
  appendFileSync(path, unwritten.map((text) => text + '\n').join(''))
  expect(open().lines).toMatchObject([retired(1), retired(2)])
})

test('a torn end is moved aside once, however often the file is opened', () => {
  open().append(retired(1))
  appendFileSync(path, '{"half')
  open()
  open()
  expect(readdirSync(directory).filter((name) => name.includes('.torn-'))).toHaveLength(1)
})

test.each([
  ['no text', [0xff, 0xfe]],
  ['no text, and a line that is text by chance', [0xff, 10, 0x61, 10]],
  ['no text, and an empty line', [0xff, 10, 10]],
  ['no text, and a number', [0xff, 10, 0x37, 10]],
  ['text, then no text', [0x61, 10, 0xff, 10]],
  ['zeros, with a line end', [0, 0, 0, 10]],
])('what a disk that lost its power may have at the end, %s, is kept aside', (_, noise) => {
  open().append(retired(1))
  appendFileSync(path, Buffer.from(noise))
  expect(open().append(retired(2)).line).toMatchObject({ seq: 2, torn: sha256Hex(Buffer.from(noise)) })
})

test('... and so is any noise', () => {
  open().append(retired(1))
  const whole = readFileSync(path)
  let state = 20261120
  const byte = (): number => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24)
  for (let round = 0; round < 3000; round += 1) {
    // Line ends more often than by chance: they are what is hard.
    const noise = Buffer.from([0x80, ...Array.from({ length: byte() % 40 }, () => (byte() < 60 ? 10 : byte()))])
    writeFileSync(path, Buffer.concat([whole, noise]))
    expect(readLogbook(readLines(path, 'the logbook'), path).head.seq, noise.toString('hex')).toBe(1)
  }
})

test('a line with bytes that are no text is never the line that stands for them', () => {
  open().append(retired(1))
  const line = readFileSync(path)
  line[line.indexOf('test')] = 0xff
  writeFileSync(path, line)
  expect(readLogbook(readLines(path, 'the logbook'), path).lines).toEqual([])
})

test('before exposure a disk that is gone stops everything; the chain does not move', () => {
  const file = open()
  file.append(retired(1))
  renameSync(path, `${path}.gone`)
  expect(() => file.append(retired(2))).toThrow(
    expect.objectContaining({ code: 'FILE_UNWRITABLE', message: `nothing can be written at ${path} (ENOENT: no such file or directory, open '${path}')`, hint: 'Check the folder, its permissions and the space left.' }),
  )
  expect(file.head.seq).toBe(1)
  renameSync(`${path}.gone`, path)
  file.append(retired(2))
  expect(open().lines.map(({ seq }) => seq)).toEqual([1, 2])
})

test('the last line before that may have the space that was set aside; where the disk does not take it even so, it throws, and the chain does not move', () => {
  const file = open()
  file.reserve()
  file.append(retired(1))
  const { writeSync } = fs
  const full = (...given: Parameters<typeof writeSync>): number => {
    if (existsSync(`${path}.reserve`)) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
    return writeSync(...given)
  }
  fs.writeSync = full as typeof writeSync
  syncBuiltinESMExports()
  try {
    expect(() => file.append(retired(2))).toThrow('ENOSPC')
    expect(existsSync(`${path}.reserve`)).toBe(true)
    file.appendDurably(retired(2))
  } finally {
    fs.writeSync = writeSync
    syncBuiltinESMExports()
  }
  expect(existsSync(`${path}.reserve`)).toBe(false)
  renameSync(path, `${path}.gone`)
  expect(() => file.appendDurably(retired(3))).toThrow(expect.objectContaining({ code: 'FILE_UNWRITABLE' }))
  renameSync(`${path}.gone`, path)
  expect(file.unwritten).toEqual([])
  expect(open().lines).toMatchObject([retired(1), retired(2)])
})

test('after exposure the lines wait in memory, are handed over, and reach the disk when it is back', () => {
  const file = open()
  file.reserve()
  expect(statSync(`${path}.reserve`).size).toBe(512 * 1024)
  file.append(retired(1))
  const handed: string[] = []
  let written = 0
  file.keepGoing((text) => handed.push(text), () => (written += 1))
  renameSync(path, `${path}.gone`)
  file.append(retired(2))
  file.append(retired(3))
  expect(handed.map((text) => (JSON.parse(text) as { seq: number }).seq)).toEqual([2, 3])
  expect(file.unwritten).toHaveLength(2)
  // Space that was set aside is given up in the attempt.
  expect(existsSync(`${path}.reserve`)).toBe(false)
  expect(written).toBe(0)
  renameSync(`${path}.gone`, path)
  file.append(retired(4))
  file.append(retired(5))
  expect(file.unwritten).toEqual([])
  expect(written, 'word that all of them are durable').toBe(1)
  expect(open().lines.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5])
})

test('what the disk took of a line and did not cut away is written over; what somebody else has added behind it is not', () => {
  const file = open()
  file.append(retired(1))
  const handed: string[] = []
  file.keepGoing((text, why) => handed.push(`${why}: ${text}`), () => undefined)
  const { writeSync, ftruncateSync } = fs
  Object.assign(fs, {
    writeSync: (descriptor: number, bytes: Uint8Array, offset: number, _: number, position: number) => {
      writeSync(descriptor, bytes, offset, 20, position)
      throw Object.assign(new Error('EIO: i/o error, write'), { code: 'EIO' })
    },
    ftruncateSync: () => {
      throw new Error('EIO: i/o error, ftruncate')
    },
  })
  syncBuiltinESMExports()
  try {
    file.append(retired(2))
  } finally {
    Object.assign(fs, { writeSync, ftruncateSync })
    syncBuiltinESMExports()
  }
  expect(handed).toEqual([expect.stringMatching(/^EIO: i\/o error, ftruncate: \{.*"generation":2/)])
  const half = readFileSync(path)
  appendFileSync(path, 'somebody else')
  file.append(retired(3))
  expect(readFileSync(path, 'utf8')).toBe(half.toString() + 'somebody else')
  expect(handed[1]).toContain('was changed meanwhile')
  writeFileSync(path, half)
  file.append(retired(4))
  expect(open().lines.map(({ seq }) => seq)).toEqual([1, 2, 3, 4])
})

test('what has to be durable and was not is no line; where the disk does not cut it away again it may be one, and waits with those that follow', () => {
  const file = open()
  file.append(retired(1))
  const handed: string[] = []
  file.keepGoing((text) => handed.push(text), () => undefined)
  const { fsyncSync, ftruncateSync } = fs
  const failing = (): never => {
    throw Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' })
  }
  const seqs = (texts: readonly string[]): number[] => texts.map((text) => (JSON.parse(text) as { seq: number }).seq)
  try {
    // Linux tells of pages that it lost once: the next fsync goes well.
    let told = false
    const once = (descriptor: number): void => {
      told = !told
      if (told) failing()
      fsyncSync(descriptor)
    }
    Object.assign(fs, { fsyncSync: once })
    syncBuiltinESMExports()
    expect(() => file.appendDurably(retired(2))).toThrow('EIO: i/o error, fsync')
    expect([file.unwritten, handed, readFileSync(path, 'utf8').split('\n').length]).toEqual([[], [], 2])
    Object.assign(fs, { fsyncSync: failing })
    syncBuiltinESMExports()
    expect(() => file.appendDurably(retired(2))).toThrow('EIO: i/o error, fsync')
    expect(readFileSync(path, 'utf8').split('\n'), 'a cut that is not durable').toHaveLength(2)
    expect([seqs(file.unwritten), seqs(handed)]).toEqual([[2], [2]])
    Object.assign(fs, { ftruncateSync: failing })
    syncBuiltinESMExports()
    expect(() => file.appendDurably(retired(3))).toThrow('EIO: i/o error, fsync')
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(3)
    expect([seqs(file.unwritten), seqs(handed)]).toEqual([[2, 3], [2, 3]])
    file.append(retired(4))
    expect(() => file.appendDurably(retired(5)), 'not a byte of it was written').toThrow('EIO')
    expect([seqs(file.unwritten), seqs(handed)]).toEqual([[2, 3, 4], [2, 3, 4]])
  } finally {
    Object.assign(fs, { fsyncSync, ftruncateSync })
    syncBuiltinESMExports()
  }
  file.appendDurably(retired(6))
  expect(open().lines).toMatchObject([retired(1), retired(2), retired(3), retired(4), retired(6)])
})

test('lines that somebody else kept go before those that come: at once, or with them, and are not handed over again', () => {
  const texts = [retired(1), retired(2), retired(3)].map((entry) => {
    open().append(entry)
    return readFileSync(path, 'utf8').trimEnd().split('\n').at(-1) ?? ''
  })
  writeFileSync(path, `${texts[0] ?? ''}\n`)
  const file = open()
  renameSync(path, `${path}.gone`)
  expect(() => { file.takeBack(texts.slice(1, 2)) }).toThrow('ENOENT')
  expect([file.unwritten, file.head.seq]).toEqual([[], 1])
  const handed: string[] = []
  let written = 0
  file.keepGoing((text) => handed.push(text), () => (written += 1))
  file.takeBack(texts.slice(1))
  expect(() => { file.refuseWaiting() }).toThrow(expect.objectContaining({ code: 'FILE_UNWRITABLE' }))
  const { line } = file.append(retired(4))
  expect([line.seq, handed.length, written, file.unwritten.length]).toEqual([4, 1, 0, 3])
  renameSync(`${path}.gone`, path)
  file.append(retired(5))
  file.refuseWaiting()
  expect(written).toBe(1)
  expect(open().lines).toMatchObject([1, 2, 3, 4, 5].map(retired))
})

test('... and of lines that the file has by now, word is given when a disk takes the next', () => {
  open().append(retired(1))
  const file = open()
  let written = 0
  file.keepGoing(() => undefined, () => (written += 1))
  file.takeBack([])
  expect(written).toBe(0)
  file.append(retired(2))
  expect(written).toBe(1)
})

test('a disk that complains only when the file is closed has the line: nothing is written twice', () => {
  const { closeSync } = fs
  fs.closeSync = (descriptor) => {
    closeSync(descriptor)
    throw Object.assign(new Error('EIO: i/o error, close'), { code: 'EIO' })
  }
  try {
    const file = open()
    syncBuiltinESMExports()
    file.append(retired(1))
    file.append(retired(2))
  } finally {
    fs.closeSync = closeSync
    syncBuiltinESMExports()
  }
  expect(open().lines).toMatchObject([retired(1), retired(2)])
})

test('an altered file is not written to', () => {
  open().append(retired(1))
  writeFileSync(path, readFileSync(path, 'utf8').replace('"generation":1', '"generation":2'))
  chmodSync(path, 0o644)
  const bytes = readFileSync(path)
  open().append(retired(2))
  // A first line alone cannot contradict itself; its successor fixes it for good.
  writeFileSync(path, readFileSync(path, 'utf8').replace('"generation":2', '"generation":3'))
  expect(() => open()).toThrow(`${path}, line 2: does not follow from the line before it`)
  expect(bytes.length).toBeGreaterThan(0)
})
