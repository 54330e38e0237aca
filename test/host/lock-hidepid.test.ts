/** A /proc that hides other people's processes (hidepid=1) refuses to be read with EPERM; whoever has such a number may be the owner. */
import type * as fs from 'node:fs'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { takeLock } from '../../src/host/lock.js'
import { refusal } from '../vectors/refusal.js'

vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>()
  const readFileSync = (...args: Parameters<typeof fs.readFileSync>): unknown => {
    if (args[0] === `/proc/${process.ppid}/stat`) throw Object.assign(new Error('EPERM: operation not permitted'), { code: 'EPERM' })
    return real.readFileSync(...args)
  }
  return { ...real, readFileSync }
})

test('a lock of a process that is hidden counts as held', () => {
  const directory = mkdtempSync(join(tmpdir(), 'glasskey-lock-'))
  const path = join(directory, 'lock')
  takeLock(path, 'break rotate', new Date())
  writeFileSync(path, readFileSync(path, 'utf8').replace(`"pid":${process.pid}`, `"pid":${process.ppid}`))
  expect(refusal(() => takeLock(path, 'resume', new Date()))).toMatchObject({ code: 'CUSTODY_LOCKED' })
  rmSync(directory, { recursive: true })
})
