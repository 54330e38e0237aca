/** Files that survive a power cut: written whole or not at all, never over an existing one, folders synced too. */
import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, unlinkSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { GlasskeyError } from '../errors.js'

/** The largest file of a custody folder that is read. */
const MAXIMUM_BYTES = 64 * 1024 * 1024

/** Makes a folder and its parents; each new one is made durable in its parent. */
export function makeFolder(path: string): void {
  if (existsSync(path)) return
  makeFolder(dirname(path))
  mkdirSync(path, { mode: 0o700 })
  syncFolder(dirname(path))
}

/** Writes a file that does not exist yet. Throws OUTPUT_EXISTS otherwise; the earlier file stays as it was. */
export function writeNew(path: string, data: Uint8Array | string, mode = 0o644): void {
  const temporary = beside(path)
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

/** Replaces a file in one step: readers see the old or the new one. */
export function replaceFile(path: string, data: Uint8Array | string, mode = 0o644): void {
  const temporary = beside(path)
  writeSynced(temporary, data, mode)
  renameSync(temporary, path)
  syncFolder(dirname(path))
}

/** UTF-8 text of a file. Throws FILE_MISSING or FILE_UNREADABLE; `what` is how messages call it. */
export function readText(path: string, what: string): string {
  return Buffer.from(readBytes(path, what)).toString('utf8')
}

/** Bytes of a file. Throws FILE_MISSING or FILE_UNREADABLE; `what` is how messages call it. */
export function readBytes(path: string, what: string): Uint8Array {
  try {
    if (statSync(path).size > MAXIMUM_BYTES) throw new GlasskeyError('FILE_UNREADABLE', `${what} (${path}) is larger than 64 MiB`)
    return new Uint8Array(readFileSync(path))
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

/** A name that no other process uses, nor one of the same number that died while it wrote. */
function beside(path: string): string {
  return `${path}.new-${process.pid}-${randomBytes(4).toString('hex')}`
}

function writeSynced(path: string, data: Uint8Array | string, mode: number): void {
  const bytes = Buffer.from(data)
  const file = openSync(path, 'wx', mode)
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
