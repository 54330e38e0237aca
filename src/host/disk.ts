/** Files that survive a power cut: written whole or not at all, never over an existing one, folders synced too. */
import { isUtf8 } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { closeSync, constants, existsSync, fstatSync, fsyncSync, linkSync, lstatSync, mkdirSync, mkdtempSync, openSync, readdirSync, readSync, renameSync, rmSync, writeSync, type Stats } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { objectIn } from '../canonical.js'
import { GlasskeyError } from '../errors.js'
import { pause } from './clock.js'
import { shellWord } from './terminal.js'

const MEBIBYTE = 1024 * 1024

/** What is read of one file, in bytes. Whoever carries the stick must not be able to fill this machine's memory. */
export const FILE_LIMITS = {
  /** custody.yaml, manifest, rules, warrant, an envelope: none comes near. */
  document: MEBIBYTE,
  /** Journal, logbook, evidence: 240 probes in each of 50 regions are 4 MiB, and a session may be resumed. */
  record: 64 * MEBIBYTE,
} as const

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
  return writable(join(tmpdir(), name), () => mkdtempSync(join(tmpdir(), `${name}-`)), 'TMPDIR names where temporary files go: set it to a folder that is there, with space.')
}

function alreadyThere(path: string): GlasskeyError {
  return new GlasskeyError('OUTPUT_EXISTS', `${path} exists already; nothing is ever overwritten`, 'Name another place, or move the file away.')
}

/** For a file that `writeNew` is to write after much was asked or read: what can be refused is refused before, also a place that takes nothing. Throws OUTPUT_EXISTS, FILE_UNWRITABLE. */
export function requireNew(path: string): void {
  if (existsSync(path)) throw alreadyThere(path)
  discard(writeBeside(path, '', 0o600))
}

/** Writes a file that does not exist yet. Throws OUTPUT_EXISTS otherwise, and the earlier file stays as it was; FILE_UNWRITABLE. */
export function writeNew(path: string, data: Uint8Array | string, mode = 0o644): void {
  const temporary = writeBeside(path, data, mode)
  try {
    writable(path, () => {
      give(temporary, path)
      // Gone before the folder is synced: what was written may be a private key, and is not to have a second name.
      rmSync(temporary, { force: true })
      syncFolder(dirname(path))
    })
  } catch (error) {
    if (hasErrno(error, 'EEXIST')) throw alreadyThere(path)
    throw error
  } finally {
    discard(temporary)
  }
}

/** Gives a finished file a name that must be free. Throws the system's EEXIST. */
function give(finished: string, path: string): void {
  try {
    linkSync(finished, path)
  } catch (error) {
    if (!NO_LINKS.some((code) => hasErrno(error, code))) throw error
    // FAT, as sticks have it: the name is claimed first, by an empty file that nobody else can make as well.
    closeSync(openSync(path, 'wx'))
    renameSync(finished, path)
  }
}

/** What a file system without hard links says to link(2). */
const NO_LINKS = ['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK']

/** Replaces a file in one step: readers see the old or the new one. Throws FILE_UNWRITABLE. */
export function replaceFile(path: string, data: Uint8Array | string, mode = 0o644): void {
  moveTo(path, writeBeside(path, data, mode))
}

/** Gives a finished file or folder its name. Throws FILE_UNWRITABLE. */
export function moveTo(path: string, finished: string): void {
  writable(path, () => {
    renameSync(finished, path)
    syncFolder(dirname(path))
  })
}

/**
 * Text of a document of a custody folder, which is UTF-8 in every byte: otherwise a digest over its characters would not
 * be one over its bytes. Throws FILE_MISSING or FILE_UNREADABLE; `what` is how messages call it.
 */
export function readText(path: string, what: string, most: number = FILE_LIMITS.document): string {
  return strictText(readBytes(path, what, most), path, what)
}

/** Text of a file of lines; what stands after the last line end may have been cut in the middle of a character. Throws as `readText`. */
export function readLines(path: string, what: string): string {
  return linesIn(readBytes(path, what, FILE_LIMITS.record), path, what)
}

/**
 * As `readLines`, for bytes that were read already. Last lines that are no text or no JSON object belong to what was being written:
 * they are handed back as text that is no JSON either.
 */
export function linesIn(bytes: Uint8Array, path: string, what: string): string {
  const ended = bytes.lastIndexOf(LF) + 1
  let whole = ended
  while (whole > 0) {
    const start = whole < 2 ? 0 : bytes.lastIndexOf(LF, whole - 2) + 1
    const line = bytes.subarray(start, whole)
    if (isUtf8(line) && objectIn(Buffer.from(line).toString()) !== undefined) break
    whole = start
  }
  // Bytes that are no text must not become a line of JSON by the character that stands for them.
  const mark = whole < ended && !isUtf8(bytes.subarray(whole, ended)) ? '\uFFFD' : ''
  return strictText(bytes.subarray(0, whole), path, what) + mark + Buffer.from(bytes.subarray(whole)).toString('utf8')
}

/** Text of a file that somebody typed or another tool wrote, and that is named on the command line: it may be a pipe. Throws as `readText`. */
export function readTyped(path: string, what: string): string {
  return Buffer.from(bounded(path, what, FILE_LIMITS.document, 'anything')).toString('utf8')
}

/**
 * As `readTyped`, where a pipe must not hold everything else up: one that somebody still writes to is waited for until `signal` aborts, and
 * one that nobody opened for writing for ten seconds. Throws INTERRUPTED too.
 */
export async function readGiven(path: string, what: string, signal?: AbortSignal): Promise<string> {
  let file: number | undefined
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const isPipe = fstatSync(file).isFIFO()
    const chunks: Buffer[] = []
    const begun = performance.now()
    for (let length = 0, opened = !isPipe; ; ) {
      const chunk = Buffer.allocUnsafe(64 * 1024)
      const read = readNow(file, chunk)
      opened ||= read !== 0
      if (read === 0 && opened) return Buffer.concat(chunks, length).toString('utf8')
      if (read !== null && read > 0) {
        length += read
        if (length > FILE_LIMITS.document) tooLarge(path, what, FILE_LIMITS.document)
        chunks.push(chunk.subarray(0, read))
        continue
      }
      if (!opened && performance.now() - begun > WRITER_PATIENCE_MS) throw new GlasskeyError('FILE_UNREADABLE', `${what} is a pipe that gave nothing: ${path}`, 'Nobody writes to it, or what wrote to it ended without a word. Look at that, or name a file.')
      await pause(20, signal)
      if (signal?.aborted === true) throw new GlasskeyError('INTERRUPTED', `stopped: ${String(signal.reason)}`)
    }
  } catch (error) {
    throw notRead(error, path, what)
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

const WRITER_PATIENCE_MS = 10_000

/** How much came, 0 at the end; null when there is nothing yet. */
function readNow(file: number, into: Buffer): number | null {
  try {
    return readSync(file, into)
  } catch (error) {
    if (hasErrno(error, 'EAGAIN')) return null
    throw error
  }
}

/** For a path that is read later, when a mistake would cost more. Throws FILE_MISSING; `what` is how messages call it. */
export function requireThere(path: string, what: string): void {
  if (!existsSync(path)) throw new GlasskeyError('FILE_MISSING', `${what} is not there: ${path}`, 'Check the path.')
}

/** What has this name, not following a link; null where nothing has. A stick that fails has not lost its files: throws FILE_UNREADABLE. */
export function entryAt(path: string, what: string): Stats | null {
  try {
    return lstatSync(path)
  } catch (error) {
    if (hasErrno(error, 'ENOENT') || hasErrno(error, 'ENOTDIR')) return null
    throw unreadable(path, what, error)
  }
}

/**
 * Names of what lies in a folder, sorted; none where there is no such folder. What systems and editors hide beside our files (.DS_Store, ._KEY.asc,
 * .Trash-0) is not among them: no name of a record begins with a dot. Throws FILE_UNREADABLE; `what` is how messages call it.
 */
export function namesIn(path: string, what: string): string[] {
  try {
    return readdirSync(path).filter((name) => !name.startsWith('.')).sort()
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return []
    if (hasErrno(error, 'ENOTDIR')) throw new GlasskeyError('FILE_UNREADABLE', `${what} is not a folder: ${path}`, 'Fetch an untouched copy of it.', { cause: error })
    throw unreadable(path, what, error)
  }
}

/** Bytes of a file. Throws FILE_MISSING or FILE_UNREADABLE; `what` is how messages call it. */
export function readBytes(path: string, what: string, most: number = FILE_LIMITS.record): Uint8Array {
  return bounded(path, what, most, 'file')
}

const LF = 10

function strictText(bytes: Uint8Array, path: string, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    throw new GlasskeyError('FILE_UNREADABLE', `${what} is not UTF-8 text: ${path}`, 'Fetch an untouched copy of it.', { cause: error })
  }
}

function bounded(path: string, what: string, most: number, kind: 'file' | 'anything'): Uint8Array {
  let file: number | undefined
  try {
    // Without waiting: a pipe in the place of a file would never end, nor even open.
    file = openSync(path, kind === 'file' ? constants.O_RDONLY | constants.O_NONBLOCK : constants.O_RDONLY)
    if (kind === 'file' && !fstatSync(file).isFile()) throw new GlasskeyError('FILE_UNREADABLE', `${what} is not a file: ${path}`, 'Fetch an untouched copy of it.')
    return readUpTo(file, most) ?? tooLarge(path, what, most)
  } catch (error) {
    throw notRead(error, path, what)
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** How the system's error in reading a file is said; what was said already stays. */
function notRead(error: unknown, path: string, what: string): unknown {
  if (error instanceof GlasskeyError) return error
  if (hasErrno(error, 'ENOENT') || hasErrno(error, 'ENOTDIR')) return new GlasskeyError('FILE_MISSING', `${what} is not there: ${path}`, 'Check the path.', { cause: error })
  return unreadable(path, what, error)
}

/** What is there and cannot be read: whose it is, where that is why. */
function unreadable(path: string, what: string, error: unknown): GlasskeyError {
  const here = process.getuid?.()
  const others = hasErrno(error, 'EACCES') && here !== undefined ? [path, dirname(path)].map(ownedBy).find((place) => place !== null && place.owner !== here) : undefined
  const hint = others ? `${others.path} belongs to user number ${others.owner}, and this is ${here}: a command that ran under sudo leaves such things. Give it back: sudo chown -R ${here} ${shellWord(others.path)}` : 'Check the permissions.'
  return new GlasskeyError('FILE_UNREADABLE', `${what} cannot be read: ${path} (${error instanceof Error ? error.message : String(error)})`, hint, { cause: error })
}

/** Whose it is, by number; null where not even that can be seen. */
function ownedBy(path: string): { path: string; owner: number } | null {
  try {
    return { path, owner: lstatSync(path).uid }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return null
  }
}

function tooLarge(path: string, what: string, most: number): never {
  throw new GlasskeyError('FILE_UNREADABLE', `${what} is larger than ${most / MEBIBYTE} MiB: ${path}`, 'It is not what it is called: nothing of ours grows so large. Fetch an untouched copy of it.')
}

/** Everything, or null when it is more than `most`: counted while it is read, because a size is only what it was. */
function readUpTo(file: number, most: number): Uint8Array | null {
  const { size } = fstatSync(file)
  if (size > most) return null
  const chunks: Buffer[] = []
  for (let length = 0; ; ) {
    const chunk = Buffer.allocUnsafe(Math.max(64 * 1024, Math.min(size + 1, MEBIBYTE)))
    const read = readSync(file, chunk)
    if (read === 0) return new Uint8Array(Buffer.concat(chunks, length))
    length += read
    if (length > most) return null
    chunks.push(chunk.subarray(0, read))
  }
}

/** Removes a file if it is there, durably. Throws FILE_UNWRITABLE. */
export function removeFile(path: string): void {
  writable(path, () => {
    rmSync(path, { force: true })
    syncFolder(dirname(path))
  })
}

/** Makes names in a folder durable. Where the file system has no such thing (shares of a network, FUSE), there is nothing to wait for. */
export function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } catch (error) {
    if (!NO_FOLDER_SYNC.some((code) => hasErrno(error, code))) throw error
  } finally {
    closeSync(folder)
  }
}

/** What a file system that syncs no folders says to fsync(2). */
const NO_FOLDER_SYNC = ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']

/** Whether an error is the system's error of this name. */
export function hasErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

/** A name that no other process uses, nor one of the same number that died while it wrote. */
function beside(path: string): string {
  return `${path}.new-${process.pid}-${randomBytes(4).toString('hex')}`
}

/** What people can mend: a place that takes nothing, by name; also a medium that is gone, or in use as one. */
const TAKES_NOTHING = ['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOTDIR', 'ENOSPC', 'EDQUOT', 'EFBIG', 'EIO', 'EBUSY', 'ENODEV', 'ENXIO', 'ENOTCONN', 'ESTALE', 'ETIMEDOUT', 'ELOOP', 'EMFILE', 'ENFILE', 'ENAMETOOLONG', 'EINVAL', 'EILSEQ']

/** Writes at `path`; what the system then says of the place, people can mend. Throws FILE_UNWRITABLE. */
export function writable<Made>(path: string, make: () => Made, hint = 'Check the folder, its permissions and the space left.'): Made {
  try {
    return make()
  } catch (error) {
    if (!TAKES_NOTHING.some((code) => hasErrno(error, code))) throw error
    throw new GlasskeyError('FILE_UNWRITABLE', `nothing can be written at ${path} (${(error as Error).message})`, hint, { cause: error })
  }
}

function writeBeside(path: string, data: Uint8Array | string, mode: number): string {
  const bytes = Buffer.from(data)
  const temporary = beside(path)
  const file = writable(path, () => openSync(temporary, 'wx', mode))
  try {
    writable(path, () => {
      for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done)
      fsyncSync(file)
    })
    return temporary
  } catch (error) {
    discard(temporary)
    throw error
  } finally {
    closeSync(file)
  }
}

/** What is half written is of no use to anybody, and takes space where there is none. A disk may not even let go of it. */
function discard(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
  }
}
