/** Machines that say little of themselves. A /proc that hides other people's processes (hidepid=1) refuses to be read with EPERM; whoever has such a number may be the owner. */
import type * as fs from 'node:fs'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { takeLock } from '../../src/host/lock.js'
import { refusal } from '../vectors/refusal.js'

vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>()
  const readFileSync = (...args: Parameters<typeof fs.readFileSync>): unknown => {
    if (args[0] === '/etc/machine-id') throw Object.assign(new Error('ENOENT: no such file or directory'), { code: 'ENOENT' })
    if (args[0] === `/proc/${process.ppid}/stat`) throw Object.assign(new Error('EPERM: operation not permitted'), { code: 'EPERM' })
    return real.readFileSync(...args)
  }
  return { ...real, readFileSync }
})

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'glasskey-lock-'))
})
afterEach(() => {
  rmSync(directory, { recursive: true })
})

test('a lock of a process that is hidden counts as held', () => {
  const path = join(directory, 'lock')
  takeLock(path, 'break rotate', new Date())
  writeFileSync(path, readFileSync(path, 'utf8').replace(`"pid":${process.pid}`, `"pid":${process.ppid}`))
  expect(refusal(() => takeLock(path, 'resume', new Date()))).toMatchObject({ code: 'CUSTODY_LOCKED' })
})

test.runIf(process.platform === 'linux')('a lock of another start, where no machine has an id: two of one name are not told apart', () => {
  const path = join(directory, 'lock')
  takeLock(path, 'break rotate', new Date('2016-11-20T04:00:00Z'))
  writeFileSync(path, readFileSync(path, 'utf8').replace(/"boot":"[^"]+"/, '"boot":"00000000-0000-4000-8000-000000000000"'))
  expect(refusal(() => takeLock(path, 'resume', new Date()))).toMatchObject({ code: 'CUSTODY_LOCKED' })
})
