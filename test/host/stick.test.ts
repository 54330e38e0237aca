/** FAT, as sticks have it, knows no hard links, and others sync no folders. (A whole drill was played on a real exFAT; what is mocked here is one refusal.) */
import type * as fs from 'node:fs'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { writeNew } from '../../src/host/disk.js'

const { refused } = vi.hoisted(() => ({ refused: { code: 'EPERM', sync: '' } }))
vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>()
  return {
    ...real,
    linkSync: () => {
      throw Object.assign(new Error(`${refused.code}: link`), { code: refused.code })
    },
    fsyncSync: (file: number) => {
      if (refused.sync !== '' && real.fstatSync(file).isDirectory()) throw Object.assign(new Error(`${refused.sync}: fsync`), { code: refused.sync })
      real.fsyncSync(file)
    },
  }
})

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'glasskey-stick-'))
})
afterEach(() => {
  rmSync(directory, { recursive: true })
  refused.sync = ''
})

test.each(['EPERM', 'ENOSYS', 'EOPNOTSUPP'])('where link(2) answers %s, a file is written whole, and never over another', (code) => {
  refused.code = code
  const path = join(directory, 'manifest.json')
  writeNew(path, 'first')
  expect(() => writeNew(path, 'second')).toThrow(`${path} exists already; nothing is ever overwritten`)
  expect(readFileSync(path, 'utf8')).toBe('first')
  expect(readdirSync(directory)).toEqual(['manifest.json'])
})

test('any other refusal is a failure, and leaves nothing behind', () => {
  refused.code = 'EIO'
  expect(() => writeNew(join(directory, 'manifest.json'), 'first')).toThrow('EIO: link')
  expect(readdirSync(directory)).toEqual([])
})

test('where fsync(2) of a folder is no such thing, files are written; where it fails, that is said', () => {
  refused.code = 'EPERM'
  for (const code of ['EINVAL', 'ENOTSUP', 'ENOSYS']) {
    refused.sync = code
    writeNew(join(directory, code), 'first')
  }
  refused.sync = 'EIO'
  expect(() => writeNew(join(directory, 'manifest.json'), 'first')).toThrow('EIO: fsync')
})
