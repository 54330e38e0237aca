/** Searching the memory of other processes, as root may: the scanner that must find the key where it is, and nowhere else. */
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'

/** What to look for, by name. */
export type Needles = Readonly<Record<string, Buffer>>

const CHUNK = 4 * 1024 * 1024

/** Names of the needles that are in a process's writable memory. A process that is gone has none. */
export function searchMemory(pid: number, needles: Needles): string[] {
  const found = new Set<string>()
  let maps: string
  let memory: number
  try {
    maps = readFileSync(`/proc/${pid}/maps`, 'utf8')
    memory = openSync(`/proc/${pid}/mem`, 'r')
  } catch (error) {
    if (error instanceof Error) return []
    throw error
  }
  const longest = Math.max(...Object.values(needles).map((needle) => needle.length))
  for (const line of maps.split('\n')) {
    const match = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line)
    if (!match) continue
    const [start, end] = [Number.parseInt(match[1] ?? '', 16), Number.parseInt(match[2] ?? '', 16)]
    for (let at = start; at < end; at += CHUNK - longest) {
      const buffer = Buffer.alloc(Math.min(CHUNK, end - at))
      let read: number
      try {
        read = readSync(memory, buffer, 0, buffer.length, at)
      } catch (error) {
        // Reserved and unreadable: nothing was ever written there.
        if (error instanceof Error) break
        throw error
      }
      for (const [name, needle] of Object.entries(needles)) if (buffer.subarray(0, read).includes(needle)) found.add(name)
      if (at + CHUNK >= end) break
    }
  }
  closeSync(memory)
  return [...found].sort()
}

/** Process ids by room, among the descendants of `root`; the desk is `root` itself. */
export function roomsUnder(root: number): Partial<Record<'desk' | 'strongroom' | 'clerk' | 'reader', number>> {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const stat = quietly(`/proc/${name}/stat`)
    const parent = /^\d+ \(.*\) \S (\d+)/s.exec(stat)?.[1]
    if (parent !== undefined) parents.set(Number(name), Number(parent))
  }
  const below = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = parents.get(at)) if (at === root) return true
    return false
  }
  const rooms: ReturnType<typeof roomsUnder> = { desk: root }
  for (const pid of [...parents.keys()].filter(below)) {
    const words = quietly(`/proc/${pid}/cmdline`).split('\0')
    if (!/node$/.test(words[0] ?? '')) continue
    const room = /(strongroom|clerk|reader)\/main\.js$/.exec(words.find((word) => word.endsWith('/main.js')) ?? '')?.[1]
    if (room !== undefined) rooms[room as 'strongroom'] = pid
  }
  return rooms
}

function quietly(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error) return ''
    throw error
  }
}
