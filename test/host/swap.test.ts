/** /proc/swaps as Linux writes it (fs/proc, mm/swapfile.c). */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { swapOnDisk } from '../../src/host/swap.js'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'glasskey-swap-'))
})
afterEach(() => {
  rmSync(root, { recursive: true })
})

const HEAD = 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n'
test.each<[string, string | null, string[]]>([
  ['no such file', null, []],
  ['none', HEAD, []],
  ['a partition and a file', `${HEAD}/dev/sda3                               partition\t2097148\t\t0\t\t-2\n/swap\\040file                            file\t\t1048572\t\t12\t\t-3\n`, ['/dev/sda3', '/swap\\040file']],
  ['zram, which is memory', `${HEAD}/dev/zram0                              partition\t8388604\t\t0\t\t100\n`, []],
])('%s', (_, swaps, found) => {
  if (swaps !== null) {
    mkdirSync(join(root, 'proc'))
    writeFileSync(join(root, 'proc/swaps'), swaps)
  }
  expect(swapOnDisk(root)).toEqual(found)
})
