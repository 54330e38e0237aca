/** The folder that a room was built on, when the room is gone. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type * as isolating from '../../src/host/isolation.js'

/** The built isolation: it knows where the built clerk is. */
const { probeIsolation, startRoom } = (await import(resolve(import.meta.dirname, '../../dist/host/isolation.js'))) as typeof isolating

const before = process.env['TMPDIR']
const directory = mkdtempSync(join(tmpdir(), 'glasskey-rooms-'))
afterEach(() => {
  if (before === undefined) delete process.env['TMPDIR']
  else process.env['TMPDIR'] = before
  rmSync(directory, { recursive: true, force: true })
})

test('a disk that lost it does not end the desk: the key may be live in another room', async () => {
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
