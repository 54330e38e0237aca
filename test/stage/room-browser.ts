/** A browser for the reader's room: Debian's Chromium without a window, before a film; and what the kernel says of it. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cameraShowing } from './at-camera.js'
import { film, type Picture } from './fake-camera.js'

/** A program that is Chromium before this film: for `--browser PROGRAM`. Its folder is all of this that the room sees. */
export async function browserBefore(directory: string, pictures: readonly Picture[]): Promise<string> {
  const folder = join(directory, 'browser')
  mkdirSync(folder)
  await film(join(folder, 'film.y4m'), pictures)
  const program = join(folder, 'chromium-before-a-film')
  writeFileSync(program, `#!/bin/sh\nexec /usr/lib/chromium/chromium --headless ${cameraShowing(join(folder, 'film.y4m')).join(' ')} "$@"\n`)
  chmodSync(program, 0o755)
  return program
}

/** A process of a browser that runs with the room's profile. */
export interface Seen {
  pid: number
  words: string[]
  /** Network interfaces of its namespace. */
  interfaces: string[]
}

/** Browsers in rooms whose command line names this film. */
export function browsersBefore(program: string): Seen[] {
  const film = program.replace(/[^/]+$/, 'film.y4m')
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((name) => {
    try {
      const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0')
      if (!words.some((word) => word.endsWith(film))) return []
      const lines = readFileSync(`/proc/${name}/net/dev`, 'utf8').split('\n').slice(2).filter((line) => line !== '')
      return [{ pid: Number(name), words, interfaces: lines.map((line) => line.split(':')[0]?.trim() ?? '') }]
    } catch {
      // It ended while we looked.
      return []
    }
  })
}
