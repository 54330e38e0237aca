/** Where this machine puts memory when it runs short of it: what lies in memory, sheets and keys not least, may be on a disk then. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Swap that is in use, by name; what is itself memory (zram) left out. `root` is `/` outside of tests. */
export function swapOnDisk(root = '/'): string[] {
  const swaps = join(root, 'proc/swaps')
  if (!existsSync(swaps)) return []
  return readFileSync(swaps, 'utf8')
    .split('\n')
    .slice(1)
    .flatMap((line) => line.split(/\s/)[0] || [])
    .filter((name) => !/^\/dev\/zram\d+$/.test(name))
}
