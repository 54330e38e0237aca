/** Where sheets go: a file system in memory unless people name a folder, and then the record says so. */
import { existsSync, mkdtempSync, readdirSync, statfsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { GlasskeyError } from '../errors.js'
import { makeFolder, writable } from '../host/disk.js'

/** statfs types of file systems that end with the power (linux/magic.h). */
const MEMORY_TYPES = [0x01021994, 0x858458f6]
const SHARED_MEMORY = '/dev/shm'

/** A folder for sheets and what to write about it in the record. */
export interface SheetFolder {
  path: string
  fact: string
  inMemory: boolean
}

/** Before anybody is called together: what `sheetFolder` would refuse half an hour later. Throws OUTPUT_EXISTS, FILE_UNWRITABLE, USAGE. */
export function requireSheetFolder(named: string | undefined): void {
  if (named === undefined) {
    if (isInMemory(SHARED_MEMORY)) return
    throw new GlasskeyError('USAGE', 'this machine has no file system in memory for the sheets', 'Name a folder with --sheets; the record will say that it was on a disk.')
  }
  if (!existsSync(named)) return
  if (!statSync(named).isDirectory()) throw new GlasskeyError('USAGE', `${named} is not a folder`, 'Name an empty folder with --sheets.')
  if (writable(named, () => readdirSync(named)).length > 0) throw new GlasskeyError('OUTPUT_EXISTS', `${named} is not empty; sheets are never mixed with other files`, 'Name an empty folder with --sheets.')
}

/** The named folder, made if need be; or a new one in memory. Throws as `requireSheetFolder`. */
export function sheetFolder(named: string | undefined): SheetFolder {
  requireSheetFolder(named)
  if (named === undefined) {
    return { path: writable(SHARED_MEMORY, () => mkdtempSync(join(SHARED_MEMORY, 'glasskey-sheets-'))), fact: 'a file system in memory', inMemory: true }
  }
  makeFolder(named)
  const inMemory = isInMemory(named)
  return { path: named, fact: inMemory ? 'a named folder in memory' : 'a NAMED FOLDER ON A DISK: destroy it with the machine', inMemory }
}

function isInMemory(path: string): boolean {
  return existsSync(path) && MEMORY_TYPES.includes(statfsSync(path).type >>> 0)
}
