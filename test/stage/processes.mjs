/** The processes of a session, by what the kernel says of them. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

const ROOMS = ['strongroom', 'clerk', 'reader']
// A preload replaces these later on, and must not meet itself here.
const [list, read, target] = [readdirSync, readFileSync, readlinkSync]

/** Desk, strongroom, reader and clerks that live under the desk of this process id. */
export function processesOf(desk) {
  const all = list('/proc').filter((name) => /^\d+$/.test(name)).flatMap((name) => {
    try {
      const stat = read(`/proc/${name}/stat`, 'utf8')
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return state === 'Z' ? [] : [{ pid: Number(name), parent: Number(parent), words: read(`/proc/${name}/cmdline`, 'utf8').split('\0') }]
    } catch {
      // It ended while we looked.
      return []
    }
  })
  const byPid = new Map(all.map((one) => [one.pid, one]))
  const belongs = (one) => one !== undefined && (one.pid === desk || belongs(byPid.get(one.parent)))
  return all.flatMap((one) => {
    if (!belongs(one)) return []
    if (one.pid === desk) return [{ pid: desk, is: 'desk' }]
    const is = one.words[0] === process.execPath ? ROOMS.find((room) => one.words.some((word) => word.endsWith(`/${room}/main.js`))) : undefined
    return is === undefined ? [] : [{ pid: one.pid, is }]
  })
}

/** Kills, and waits until they are dead: nothing may happen in between. Returns how many there were. */
export function killOf(desk, victim) {
  const victims = processesOf(desk).filter(({ is }) => is === victim)
  for (const { pid } of victims) process.kill(pid, 'SIGKILL')
  while (processesOf(desk).some(({ is }) => is === victim)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2)
  return victims.length
}

/** The folder in which a process works; undefined where the kernel does not say. */
export function folderOf(pid) {
  try {
    return target(`/proc/${pid}/cwd`)
  } catch {
    return undefined
  }
}

/**
 * Kills what still works in a folder, and with it the rooms that it opened. What outlives its test would take from the next
 * ones, and talk to the cloud that comes to have its port.
 */
export function endAllIn(folder) {
  const names = process.platform === 'linux' ? list('/proc') : []
  for (const name of names) {
    if (!/^\d+$/.test(name) || folderOf(name) !== folder) continue
    try {
      process.kill(Number(name), 'SIGKILL')
    } catch (error) {
      // It ended while we looked.
      if (error.code !== 'ESRCH') throw error
    }
  }
}
