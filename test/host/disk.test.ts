/** Files written whole or not at all, never over another. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeFolder, readText, replaceFile, writeNew } from '../../src/host/disk.js'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'glasskey-disk-'))
})
afterEach(() => {
  rmSync(directory, { recursive: true })
})

test('an existing file is never overwritten, and nothing is left beside it', () => {
  const path = join(directory, 'entry.pdf')
  writeNew(path, 'first', 0o600)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(() => writeNew(path, 'second')).toThrow(`${path} exists already; nothing is ever overwritten`)
  expect(readFileSync(path, 'utf8')).toBe('first')
  expect(readdirSync(directory)).toEqual(['entry.pdf'])
  replaceFile(path, 'third')
  expect(readFileSync(path, 'utf8')).toBe('third')
  expect(readdirSync(directory)).toEqual(['entry.pdf'])
})

test('folders are made with their parents, for their owner only', () => {
  makeFolder(join(directory, 'a', 'b'))
  expect(statSync(join(directory, 'a', 'b')).mode & 0o777).toBe(0o700)
})

test('a missing file is named by what it is', () => {
  expect(() => readText(join(directory, 'nothing'), 'the warrant')).toThrow(`the warrant is not there: ${join(directory, 'nothing')}`)
})

test('what a process of the same number left when it died does not stand in the way', () => {
  const path = join(directory, 'entry.pdf')
  writeFileSync(`${path}.new-${process.pid}`, 'half')
  writeNew(path, 'whole')
  expect(readFileSync(path, 'utf8')).toBe('whole')
})
