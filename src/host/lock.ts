/** One live session at a time: a lock file with its owner's name and age. */
import { hostname } from 'node:os'
import { existsSync } from 'node:fs'
import { GlasskeyError } from '../errors.js'
import { hasErrno, readText, removeFile, writeNew } from './disk.js'

/** Takes the lock; the returned function gives it back. Throws CUSTODY_LOCKED naming the owner. A dead owner's lock is taken over. */
export function takeLock(path: string, what: string, now: Date): () => void {
  if (existsSync(path)) {
    const owner = parseOwner(readText(path, 'the lock'))
    if (owner.host !== hostname() || isAlive(owner.pid)) {
      const minutes = Math.round((now.getTime() - Date.parse(owner.since)) / 60_000)
      throw new GlasskeyError(
        'CUSTODY_LOCKED',
        `this custody folder is in use: ${owner.what} by process ${owner.pid} on ${owner.host}, for ${minutes} min`,
        `Wait for it, or find out what it is doing. If that machine is gone for good, remove ${path} and run glasskey resume.`,
      )
    }
    removeFile(path)
  }
  writeNew(path, JSON.stringify({ what, pid: process.pid, host: hostname(), since: now.toISOString() }) + '\n')
  return () => {
    removeFile(path)
  }
}

function parseOwner(text: string): { what: string; pid: number; host: string; since: string } {
  try {
    const value = JSON.parse(text) as { what?: unknown; pid?: unknown; host?: unknown; since?: unknown }
    return { what: String(value.what), pid: Number(value.pid), host: String(value.host), since: String(value.since) }
  } catch (error) {
    if (error instanceof SyntaxError) return { what: 'something unknown', pid: 0, host: 'unknown', since: new Date(0).toISOString() }
    throw error
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return hasErrno(error, 'EPERM')
  }
}
