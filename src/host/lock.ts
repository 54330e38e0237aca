/** One live session at a time: a lock file with its owner's name and age. */
import { hostname } from 'node:os'
import { existsSync } from 'node:fs'
import { z } from 'zod'
import { line } from '../custody/fields.js'
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

const ownerShape = z.object({ what: line, pid: z.number().int().min(1), host: line, since: line.refine((text) => !Number.isNaN(Date.parse(text))) })

function parseOwner(text: string): z.infer<typeof ownerShape> {
  const unknown = { what: 'something unknown', pid: 0, host: 'unknown', since: new Date(0).toISOString() }
  try {
    return ownerShape.safeParse(JSON.parse(text)).data ?? unknown
  } catch (error) {
    if (error instanceof SyntaxError) return unknown
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
