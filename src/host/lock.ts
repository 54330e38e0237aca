/** One session at a time in a custody folder: a lock file that says whose it is and since when. */
import { hostname, uptime } from 'node:os'
import { lstatSync, readFileSync, readlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'
import { jsonIn, sha256Hex } from '../canonical.js'
import { line } from '../custody/fields.js'
import { GlasskeyError } from '../errors.js'
import { hasErrno, readBytes, removeFile, replaceFile, writeNew } from './disk.js'
import { shellWord } from './terminal.js'

/** Who holds a lock. What Linux alone can tell is null elsewhere. */
interface Owner {
  what: string
  since: string
  host: string
  /** Digest of the machine-id, which systemd asks to keep to oneself. A live system draws a new one at each start; copies of a virtual machine may share one. */
  machine: string | null
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
  claim(path, mine, now)
  return () => {
    giveBack(path, mine)
  }
}

/** Who may be at work on a folder now: `break rotate by process 6499 on vm, for 13 s`; and whether that is seen from here. Null: nobody who may live. */
export function atWork(path: string, now: Date): { who: string; isSeen: boolean } | null {
  const owner = ownerIn(lockIn(path) ?? '')
  const life = owner === null ? 'ended' : lifeOf(owner, now)
  return owner === null || life === 'ended' ? null : { who: described(owner, now), isSeen: life === 'seen' }
}

function described(owner: Owner, now: Date): string {
  return `${owner.what} by process ${owner.pid} on ${owner.host}, ${age(owner, now)}`
}

function lockedBy(owner: Owner | null, path: string, now: Date): GlasskeyError {
  const remove = `rm ${shellWord(path)}, then glasskey resume --custody ${shellWord(dirname(path))}`
  if (!owner) return new GlasskeyError('CUSTODY_LOCKED', `this custody folder has a lock that does not say whose it is: ${path} is empty or damaged, as a power cut leaves it`, `If no other glasskey is at work on this folder: ${remove}`)
  return new GlasskeyError(
    'CUSTODY_LOCKED',
    `this custody folder is in use: ${described(owner, now)}`,
    `Wait for it, or find out what it is doing. If that machine is gone for good, is this one and was started again since, or nothing of glasskey runs there any more: ${remove}`,
  )
}

/**
 * Makes `path` ours, as exactly one process can. A dead owner's file may be replaced only by who holds the right to do so:
 * a file of the same kind, named after the text of the dead one. So two that find the same dead lock do not both take it,
 * and one that comes late sees that what it found is no longer there.
 */
function claim(path: string, mine: string, now: Date): void {
  for (;;) {
    if (isNew(path, mine)) return
    const found = lockIn(path)
    if (found === null) {
      refuseLink(path)
      continue
    }
    const owner = ownerIn(found)
    // Some file systems show a new file before it has its text.
    if (!owner && changesSoon(path, found)) continue
    if (!owner || lifeOf(owner, now) !== 'ended') throw lockedBy(owner, path, now)
    const right = `${path}.after-${sha256Hex(found).slice(0, 16)}`
    claim(right, mine, now)
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

/** Whether the lock gets another text within a moment. */
function changesSoon(path: string, found: string): boolean {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, MOMENT_MS)
  return lockIn(path) !== found
}

const MOMENT_MS = 500

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

/** The text of a lock, however a crash has garbled it; null when there is none. */
function lockIn(path: string): string | null {
  try {
    return Buffer.from(readBytes(path, 'the lock')).toString('utf8')
  } catch (error) {
    if (error instanceof GlasskeyError && error.code === 'FILE_MISSING') return null
    throw error
  }
}

/** What the system says of itself; null where it says nothing, or not to everybody (hidepid). */
function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EPERM', 'EACCES'].some((code) => hasErrno(error, code))) return null
    throw error
  }
}

const ownerShape = z.object({
  what: line,
  since: line,
  host: line,
  pid: z.number().int().min(1),
  machine: line.nullish(),
  began: line.nullish(),
  boot: line.nullish(),
  pids: line.nullish(),
})

/** Null for a text that is no lock of ours. */
function ownerIn(text: string): Owner | null {
  const said = ownerShape.safeParse(jsonIn(text)).data
  return said ? { ...said, machine: said.machine ?? null, began: said.began ?? null, boot: said.boot ?? null, pids: said.pids ?? null } : null
}

function thisProcess(): Omit<Owner, 'what' | 'since'> {
  return { host: hostname(), machine: thisMachine(), pid: process.pid, began: statusOf(process.pid)?.began ?? null, boot: textOf('/proc/sys/kernel/random/boot_id')?.trim() ?? null, pids: numbering() }
}

function thisMachine(): string | null {
  const id = textOf('/etc/machine-id')?.trim() ?? ''
  return id === '' ? null : sha256Hex(`glasskey/lock/1\0${id}`).slice(0, 16)
}

/**
 * Whether the owner is still at work. What cannot be told from here counts as alive. A machine that was started again is known by
 * name and machine-id, and by having been started after the lock was taken: two copies of one machine that run side by side may share
 * both, and one that ran before the lock was taken is another than its owner's. Only a copy that was started during the session itself
 * passes for its owner; so a folder is not to be shared between copies of one machine.
 */
function lifeOf(owner: Owner, now: Date): 'seen' | 'not to be told' | 'ended' {
  const here = thisProcess()
  const boot = owner.boot === null || here.boot === null ? 'unknown' : owner.boot === here.boot ? 'this' : 'another'
  if (boot !== 'this' && (owner.host !== here.host || owner.machine !== here.machine)) return 'not to be told'
  if (boot === 'another') return owner.machine !== null && now.getTime() - uptime() * 1000 > Date.parse(owner.since) ? 'ended' : 'not to be told'
  if (owner.pids !== null && here.pids !== null && owner.pids !== here.pids) return 'not to be told'
  if (!exists(owner.pid)) return 'ended'
  const status = statusOf(owner.pid)
  return status === null || (!status.ended && (owner.began === null || owner.began === status.began)) ? 'seen' : 'ended'
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
