/** A folder that appears whole or not at all. */
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { makeFolder, moveTo, writable } from '../host/disk.js'

/**
 * Writes a folder beside its place and moves it there in one step. A custody.yaml that was there is kept aside until then. May be called
 * again when it throws FILE_UNWRITABLE, or what `requireFree` throws: hours have passed since the place was looked at first.
 */
export function writeWhole(target: string, requireFree: () => void, fill: (path: string) => void): void {
  const beside = join(dirname(target), `${besidePrefix(target)}${process.pid}`)
  const before = `${beside}${ASIDE}`
  writable(target, () => {
    try {
      makeFolder(beside)
      fill(beside)
      requireFree()
      if (existsSync(target)) {
        // What an earlier try has left there.
        rmSync(before, { recursive: true, force: true })
        renameSync(target, before)
      }
      moveTo(target, beside)
      rmSync(before, { recursive: true, force: true })
    } finally {
      rmSync(beside, { recursive: true, force: true })
    }
  })
}

/** A ceremony that died between its last two steps left custody.yaml aside: it is where it was, before another begins. */
export function putBack(target: string): void {
  const parent = dirname(resolve(target))
  if (existsSync(target) || !existsSync(parent)) return
  const aside = readdirSync(parent).find((name) => name.startsWith(besidePrefix(target)) && name.endsWith(ASIDE))
  if (aside !== undefined) {
    writable(target, () => {
      renameSync(join(parent, aside), target)
    })
  }
}

const ASIDE = '.before'

function besidePrefix(target: string): string {
  return `.${basename(target)}.new-`
}
