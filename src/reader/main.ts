/**
 * The reader's process: turns scans into texts. It is given everything already open and opens nothing but its own code.
 *
 *     argv      a label for each file, for messages
 *     fd 3      where lines of JSON go (line.ts)
 *     fd 4...   the files, in the order of their labels
 *
 * It needs no environment. Texts of codes go to fd 3 and nowhere else.
 */

import { closeSync, readSync, writeSync } from 'node:fs'
import { GlasskeyError } from '../errors.js'
import { isOurs, type ReaderLine } from './line.js'
import { LIMITS } from './limits.js'
import { overLimit, unreadable } from './refusals.js'
import { TimedDecoding } from './timed-decoding.js'

// Where it shares process ids with the terminal, Ctrl-Z would leave the strongroom waiting for it.
process.on('SIGTSTP', () => undefined)

const OUTPUT = 3
const FIRST_FILE = 4
const CHUNK = 1024 * 1024

/** Writes one line, whole. The other end may be slow. */
function tell(line: ReaderLine): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`)
  for (let written = 0; written < bytes.length;) {
    try {
      written += writeSync(OUTPUT, bytes, written)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
  }
}

/** The bytes of an open file, at most one more than the limit; works for pipes too. */
function readAll(descriptor: number, file: string): Uint8Array<ArrayBuffer> {
  const chunks: Buffer[] = []
  let length = 0
  for (;;) {
    const chunk = Buffer.alloc(CHUNK)
    let read: number
    try {
      read = readSync(descriptor, chunk)
    } catch (cause) {
      throw unreadable({ file, page: null }, 'the file cannot be read', 'Copy it to this machine again.', cause)
    }
    if (read === 0) break
    length += read
    if (length > LIMITS.fileBytes) {
      throw overLimit({ file, page: null }, `more than ${LIMITS.fileBytes / 1024 / 1024} MiB`, 'Scan fewer pages to a file.')
    }
    chunks.push(chunk.subarray(0, read))
  }
  closeSync(descriptor)
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

async function readFile(decoding: TimedDecoding, descriptor: number, file: string): Promise<void> {
  let ignored = 0
  try {
    for await (const { page, texts } of decoding.decode(readAll(descriptor, file), file)) {
      const ours = texts.filter(isOurs)
      ignored += texts.length - ours.length
      if (ours.length === 0) tell({ file, page, none: true })
      for (const text of ours) tell({ file, page, text })
    }
  } catch (error) {
    if (!(error instanceof GlasskeyError)) throw error
    tell({ file, error: error.code, message: error.message, hint: error.hint })
  }
  if (ignored > 0) tell({ file, ignored })
}

const decoding = new TimedDecoding()
try {
  for (const [index, file] of process.argv.slice(2).entries()) await readFile(decoding, FIRST_FILE + index, file)
  tell({ done: true })
} catch {
  // The other end has gone, or this is a fault of ours: either way nothing may be said about what was read.
  process.exitCode = 1
}
await decoding.close()
