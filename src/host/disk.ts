/** Files that survive a power cut: written whole or not at all, never over an existing one, folders synced too. */
import { closeSync, constants, existsSync, fstatSync, fsyncSync, linkSync, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, unlinkSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { GlasskeyError } from '../errors.js'

/** The largest file of a custody folder that is read. */
const MAXIMUM_BYTES = 64 * 1024 * 1024

/** Makes a folder and its parents; each new one is made durable in its parent. Throws FILE_UNWRITABLE. */
export function makeFolder(path: string): void {
  if (existsSync(path)) return
  makeFolder(dirname(path))
  writable(path, () => {
    mkdirSync(path, { mode: 0o700 })
    syncFolder(dirname(path))
  })
}

/** An empty folder of our own where the system keeps such things. Throws FILE_UNWRITABLE. */
export function makeTemporaryFolder(name: string): string {
  return writable(join(tmpdir(), name), () => mkdtempSync(join(tmpdir(), `${name}-`)))
}

/** Writes a file that does not exist yet. Throws OUTPUT_EXISTS otherwise, and the earlier file stays as it was; FILE_UNWRITABLE. */
export function writeNew(path: string, data: Uint8Array | string, mode = 0o644): void {
  const temporary = `${path}.new-${process.pid}`
  writeSynced(temporary, data, mode)
  try {
    linkSync(temporary, path)
  } catch (error) {
    if (hasErrno(error, 'EEXIST')) {
      throw new GlasskeyError('OUTPUT_EXISTS', `${path} exists already; nothing is ever overwritten`, 'Name another place, or move the file away.')
    }
    throw error
  } finally {
    unlinkSync(temporary)
  }
  syncFolder(dirname(path))
}

/** Replaces a file in one step: readers see the old or the new one. Throws FILE_UNWRITABLE. */
export function replaceFile(path: string, data: Uint8Array | string, mode = 0o644): void {
  const temporary = `${path}.new-${process.pid}`
  writeSynced(temporary, data, mode)
  renameSync(temporary, path)
  syncFolder(dirname(path))
}

/** UTF-8 text of a file. Throws FILE_MISSING or FILE_UNREADABLE; `what` is how messages call it. */
export function readText(path: string, what: string): string {
  return Buffer.from(readBytes(path, what)).toString('utf8')
}

/** Bytes of a file: never of a device or a pipe, which may have no end. Throws FILE_MISSING or FILE_UNREADABLE; `what` is how messages call it. */
export function readBytes(path: string, what: string): Uint8Array {
  try {
    // Not blocking: at a pipe without a writer this would wait for ever.
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
    try {
      const found = fstatSync(file)
      if (!found.isFile()) throw new GlasskeyError('FILE_UNREADABLE', `${what} (${path}) is not a file`, 'Put a plain file there.')
      if (found.size > MAXIMUM_BYTES) throw new GlasskeyError('FILE_UNREADABLE', `${what} (${path}) is larger than 64 MiB`)
      return new Uint8Array(readFileSync(file))
    } finally {
      closeSync(file)
    }
  } catch (error) {
    if (error instanceof GlasskeyError) throw error
    if (hasErrno(error, 'ENOENT') || hasErrno(error, 'ENOTDIR')) {
      throw new GlasskeyError('FILE_MISSING', `${what} is not there: ${path}`, 'Check the path.', { cause: error })
    }
    throw new GlasskeyError('FILE_UNREADABLE', `${what} cannot be read: ${path} (${error instanceof Error ? error.message : String(error)})`, 'Check the permissions.', { cause: error })
  }
}

/** Removes a file if it is there, durably. */
export function removeFile(path: string): void {
  rmSync(path, { force: true })
  syncFolder(dirname(path))
}

/** Makes names in a folder durable. */
export function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/** Whether an error is the system's error of this name. */
export function hasErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

/** What people can mend: a place that takes nothing, by name. */
const TAKES_NOTHING = ['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOTDIR', 'ENOSPC', 'EDQUOT']

function writable<Made>(path: string, make: () => Made): Made {
  try {
    return make()
  } catch (error) {
    if (!TAKES_NOTHING.some((code) => hasErrno(error, code))) throw error
    throw new GlasskeyError('FILE_UNWRITABLE', `nothing can be written at ${path} (${(error as Error).message})`, 'Check the folder, its permissions and the space left.', { cause: error })
  }
}

function writeSynced(path: string, data: Uint8Array | string, mode: number): void {
  const bytes = Buffer.from(data)
  const file = writable(path, () => openSync(path, 'wx', mode))
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
