/** Pipes where files are named: filled in time they are read, and no process hangs in one that nobody fills. */
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readGiven } from '../../src/host/disk.js'
import { refusalOf } from '../vectors/refusal.js'

let directory: string
let path: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'glasskey-given-'))
  path = join(directory, 'pipe')
})
afterEach(() => {
  rmSync(directory, { recursive: true })
})

test('a pipe whose writer comes late, writes in two parts and thinks between them', async () => {
  execFileSync('mkfifo', [path])
  const writer = spawn('sh', ['-c', 'sleep 0.1; exec > "$1"; sleep 0.1; printf one; sleep 0.1; printf two', 'sh', path], { stdio: 'ignore' })
  expect(await readGiven(path, 'the share file')).toBe('onetwo')
  writer.kill()
})

test('a pipe that nobody writes to: called off at once, and by itself after ten seconds', async () => {
  execFileSync('mkfifo', [path])
  const called = new AbortController()
  setTimeout(() => { called.abort('Ctrl-C') }, 50)
  expect(await refusalOf(() => readGiven(path, 'the passphrase', called.signal))).toMatchObject({ code: 'INTERRUPTED', message: 'stopped: Ctrl-C' })
  expect(await refusalOf(() => readGiven(path, 'the passphrase'))).toMatchObject({ code: 'FILE_UNREADABLE', message: `the passphrase is a pipe that gave nothing: ${path}`, hint: 'Nobody writes to it, or what wrote to it ended without a word. Look at that, or name a file.' })
})

test('a file is read as ever, and has a limit', async () => {
  expect(await refusalOf(() => readGiven(path, 'the share file'))).toMatchObject({ code: 'FILE_MISSING' })
  writeFileSync(path, '')
  expect(await readGiven(path, 'the share file')).toBe('')
  writeFileSync(path, 'x'.repeat(1024 * 1024))
  expect(await readGiven(path, 'the share file')).toHaveLength(1024 * 1024)
  writeFileSync(path, 'x'.repeat(1024 * 1024 + 1))
  expect(await refusalOf(() => readGiven(path, 'the share file'))).toMatchObject({ code: 'FILE_UNREADABLE', message: `the share file is larger than 1 MiB: ${path}` })
})
