/** What is left of processes that held a key: no core file, and no folder that a room was built on. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type * as isolating from '../../src/host/isolation.js'

/** The built isolation: it knows where the built clerk is. */
const { probeIsolation, startRoom, withoutCoreFile } = (await import(resolve(import.meta.dirname, '../../dist/host/isolation.js'))) as typeof isolating

const before = process.env['TMPDIR']
let directory = ''
afterEach(() => {
  if (before === undefined) delete process.env['TMPDIR']
  else process.env['TMPDIR'] = before
  if (directory !== '') rmSync(directory, { recursive: true, force: true })
})

test.runIf(existsSync('/usr/bin/prlimit'))('a process that holds a key itself leaves no core file: 1 byte, because the kernel hands a core of 0 to a piped handler', () => {
  withoutCoreFile()
  expect(readFileSync('/proc/self/limits', 'utf8')).toMatch(/^Max core file size +1 +1 +bytes/m)
})

test('a disk that lost it does not end the desk: the key may be live in another room', async () => {
  directory = mkdtempSync(join(tmpdir(), 'glasskey-rooms-'))
  process.env['TMPDIR'] = directory
  const isolation = probeIsolation()
  const clerk = startRoom('clerk', [], ['ignore', 'ignore', 'ignore', 'pipe'], isolation)
  expect(readdirSync(directory)).toHaveLength(isolation.namespaces ? 1 : 0)
  const ended = new Promise((resolve) => clerk.once('exit', resolve))
  rmSync(directory, { recursive: true })
  clerk.kill('SIGKILL')
  // What its exit threw would end this process.
  await ended
})
