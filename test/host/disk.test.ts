/** Files written whole or not at all, never over another; and one session at a time. */
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeFolder, readText, replaceFile, writeNew } from '../../src/host/disk.js'
import { takeLock } from '../../src/host/lock.js'

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

test('a lock names its owner and age; a dead owner loses it', () => {
  const path = join(directory, 'lock')
  const release = takeLock(path, 'break rotate', new Date('2026-11-20T04:00:00Z'))
  expect(() => takeLock(path, 'resume', new Date('2026-11-20T04:07:10Z'))).toThrow(`this custody folder is in use: break rotate by process ${process.pid} on ${hostname()}, for 7 min`)
  release()
  expect(existsSync(path)).toBe(false)
  // No process has this number: Linux counts to 4194304 at most.
  writeFileSync(path, JSON.stringify({ what: 'break rotate', pid: 4194305, host: hostname(), since: '2026-11-20T04:00:00Z' }))
  takeLock(path, 'resume', new Date())()
  writeFileSync(path, JSON.stringify({ what: 'break rotate', pid: 4194305, host: 'another-machine', since: '2026-11-20T04:00:00Z' }))
  expect(() => takeLock(path, 'resume', new Date())).toThrow('on another-machine')
})
