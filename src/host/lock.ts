/** One session at a time in a custody folder: a lock file that says whose it is and since when. */
import { hostname } from 'node:os'
import { lstatSync, readFileSync, readlinkSync } from 'node:fs'
import { z } from 'zod'
import { jsonIn, sha256Hex } from '../canonical.js'
import { line } from '../custody/fields.js'
import { GlasskeyError } from '../errors.js'
import { hasErrno, readText, removeFile, replaceFile, writeNew } from './disk.js'

/** Who holds a lock. What Linux alone can tell is null elsewhere. */
interface Owner {
  what: string
  since: string
  host: string
  pid: number
  /** When the process began, in ticks since the start of the machine: a later process of the same number began later. */
  began: string | null
  /** Which start of the machine that was. */
  boot: string | null
  /** Which numbering of processes `pid` belongs to: a container has its own. */
  pids: string | null
}

/** Takes the lock; the returned function gives it back. Throws CUSTODY_LOCKED naming the owner. A dead owner's lock is taken over. */
export function takeLock(path: string, what: string, now: Date): () => void {
  const mine = JSON.stringify({ what, since: now.toISOString(), ...thisProcess() }) + '\n'
  claim(path, mine, (owner) => {
    return new GlasskeyError(
      'CUSTODY_LOCKED',
      `this custody folder is in use: ${owner.what} by process ${owner.pid} on ${owner.host}, ${age(owner, now)}`,
      `Wait for it, or find out what it is doing. If that machine is gone for good, remove ${path} and run glasskey resume.`,
    )
  })
  return () => {
    giveBack(path, mine)
  }
}

/**
 * Makes `path` ours, as exactly one process can. A dead owner's file may be replaced only by who holds the right to do so:
 * a file of the same kind, named after the text of the dead one. So two that find the same dead lock do not both take it,
 * and one that comes late sees that what it found is no longer there.
 */
function claim(path: string, mine: string, locked: (owner: Owner) => GlasskeyError): void {
  for (;;) {
    if (isNew(path, mine)) return
    const found = lockIn(path)
    if (found === null) {
      refuseLink(path)
      continue
    }
    const owner = ownerIn(found)
    if (mayLive(owner)) throw locked(owner)
    const right = `${path}.after-${sha256Hex(found).slice(0, 16)}`
    claim(right, mine, locked)
    try {
      if (lockIn(path) === found) {
        replaceFile(path, mine)
        return
      }
    } finally {
      giveBack(right, mine)
    }
  }
}

function isNew(path: string, text: string): boolean {
  try {
    writeNew(path, text)
    return true
  } catch (error) {
    if (error instanceof GlasskeyError && error.code === 'OUTPUT_EXISTS') return false
    throw error
  }
}

/**
 * Nobody removes a lock that is not theirs: somebody may have removed ours by hand, and another taken it since. Where the
 * disk does not let go of it, it stays; it is a dead owner's then, and must not hide how the session ended.
 */
function giveBack(path: string, mine: string): void {
  try {
    if (lockIn(path) === mine) removeFile(path)
  } catch (error) {
    if (!(error instanceof Error)) throw error
  }
}

/** A link to nothing is there and cannot be read: nobody who waits for it to go would ever come to an end. Throws FOLDER_ALTERED. */
function refuseLink(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return
  throw new GlasskeyError('FOLDER_ALTERED', `${path} is a symbolic link`, 'Nothing of ours makes one there. Fetch an untouched copy of the custody folder.')
}

/** The text of a lock; null when there is none. */
function lockIn(path: string): string | null {
  try {
    return readText(path, 'the lock')
  } catch (error) {
    if (error instanceof GlasskeyError && error.code === 'FILE_MISSING') return null
    throw error
  }
}

/** What the kernel says of itself; null where it says nothing. */
function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (hasErrno(error, 'ENOENT') || hasErrno(error, 'ESRCH')) return null
    throw error
  }
}

const ownerShape = z.object({
  what: line,
  since: line,
  host: line,
  pid: z.number().int().min(1),
  began: line.nullish(),
  boot: line.nullish(),
  pids: line.nullish(),
})

const UNKNOWN: z.infer<typeof ownerShape> = { what: 'something unknown', since: '', host: 'an unknown machine', pid: 0 }

/** A text that is no lock of ours has an owner of whom nothing is known. */
function ownerIn(text: string): Owner {
  const said = ownerShape.safeParse(jsonIn(text)).data ?? UNKNOWN
  return { ...said, began: said.began ?? null, boot: said.boot ?? null, pids: said.pids ?? null }
}

function thisProcess(): Omit<Owner, 'what' | 'since'> {
  return { host: hostname(), pid: process.pid, began: statusOf(process.pid)?.began ?? null, boot: textOf('/proc/sys/kernel/random/boot_id')?.trim() ?? null, pids: numbering() }
}

/** Whether the owner may still be at work. What cannot be told from here counts as alive. */
function mayLive(owner: Owner): boolean {
  const here = thisProcess()
  const boot = owner.boot === null || here.boot === null ? 'unknown' : owner.boot === here.boot ? 'this' : 'another'
  if (boot !== 'this' && owner.host !== here.host) return true
  if (boot === 'another') return false
  if (owner.pids !== null && here.pids !== null && owner.pids !== here.pids) return true
  if (!Number.isSafeInteger(owner.pid) || owner.pid < 1) return true
  if (!exists(owner.pid)) return false
  const status = statusOf(owner.pid)
  return status === null || (!status.ended && (owner.began === null || owner.began === status.began))
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return hasErrno(error, 'EPERM')
  }
}

/** State and start of a process, fields 3 and 22 of its stat; its name, in brackets before them, may hold anything. Null where there is no /proc. */
function statusOf(pid: number): { ended: boolean; began: string | null } | null {
  const text = textOf(`/proc/${pid}/stat`)
  if (text === null) return null
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { ended: ['Z', 'X'].includes(fields[0] ?? ''), began: fields[19] ?? null }
}

function numbering(): string | null {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null
    throw error
  }
}

function age({ since }: Owner, now: Date): string {
  const seconds = Math.round((now.getTime() - Date.parse(since)) / 1000)
  if (Number.isNaN(seconds)) return 'nobody knows since when'
  if (seconds < 0) return `since ${since}, says its clock`
  if (seconds < 120) return `for ${seconds} s`
  if (seconds < 120 * 60) return `for ${Math.round(seconds / 60)} min`
  return `for ${Math.round(seconds / 3600)} h, since ${since}`
}
