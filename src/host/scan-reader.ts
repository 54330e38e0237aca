/** Reading sheets outside a session (recover, share inspect): a reader process with the files, and nothing else. */
import { closeSync, constants, fstatSync, openSync } from 'node:fs'
import { basename } from 'node:path'
import type { Readable } from 'node:stream'
import { z } from 'zod'
import { jsonIn } from '../canonical.js'
import { GlasskeyError } from '../errors.js'
import { boundedLines } from './bounded-lines.js'
import { startRoom, type Isolation } from './isolation.js'

/** A line of the reader. */
export const readerLine = z.union([
  z.strictObject({ file: z.string(), page: z.number().int(), text: z.string().max(4400) }),
  z.strictObject({ file: z.string(), page: z.number().int(), none: z.literal(true) }),
  z.strictObject({ file: z.string(), ignored: z.number().int() }),
  z.strictObject({ file: z.string(), error: z.string(), message: z.string(), hint: z.string().optional() }),
  z.strictObject({ done: z.literal(true) }),
])
/** A line of the reader. */
export type ReaderLine = z.infer<typeof readerLine>

/** Lines of one reading: a hundred files of 200 pages with a code each come to 20,000. */
const MAXIMUM_LINES = 50_000

/** Lines of a reader until it is done. Throws SCAN_UNREADABLE when it stops before, says what is no line, or never comes to an end. */
export async function* readerLines(output: Readable): AsyncGenerator<ReaderLine> {
  let count = 0
  for await (const line of linesOf(output)) {
    count += 1
    if (count > MAXIMUM_LINES) throw new GlasskeyError('SCAN_UNREADABLE', `the scans hold more than ${MAXIMUM_LINES} codes and pages`, 'Scan only the sheets that are needed, or type the shares.')
    const parsed = readerLine.safeParse(jsonIn(line))
    if (!parsed.success) throw new GlasskeyError('SCAN_UNREADABLE', 'the reader sent something that is no message', 'Scan again, or type the shares.')
    if ('done' in parsed.data) return
    yield parsed.data
  }
  throw new GlasskeyError('SCAN_UNREADABLE', 'the reader stopped before the last scan', 'Scan again with fewer pages, or type the shares.')
}

/** The decoders in the reader were given hostile files: what it says is bounded too. */
async function* linesOf(output: Readable): AsyncGenerator<string> {
  try {
    yield* boundedLines(output)
  } catch (cause) {
    throw new GlasskeyError('SCAN_UNREADABLE', cause instanceof RangeError ? 'the reader sent something that is no message' : 'the reader went away', 'Scan again, or type the shares.', { cause })
  }
}

/** Reads scan files in a reader process of their own. Throws FILE_MISSING before anything is started. */
export async function* readScanFiles(paths: readonly string[], isolation: Isolation): AsyncGenerator<ReaderLine> {
  const descriptors = paths.map((path) => openScan(path))
  const child = startRoom('reader', paths.map((path) => basename(path)), ['ignore', 'ignore', 'ignore', 'pipe', ...descriptors], isolation)
  for (const descriptor of descriptors) closeSync(descriptor)
  try {
    yield* readerLines(child.stdio[3] as Readable)
  } finally {
    child.kill('SIGKILL')
  }
}

/** Whether scans can be opened later, without a look into them. Throws FILE_MISSING. */
export function requireScans(paths: readonly string[]): void {
  for (const path of paths) closeSync(openScan(path))
}

/** Opens a scan for the reader; nothing here looks into it. Throws FILE_MISSING. */
export function openScan(path: string): number {
  try {
    // A pipe without a writer would keep us waiting for ever; a folder or a device is no scan.
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    if (fstatSync(descriptor).isFile()) return descriptor
    closeSync(descriptor)
  } catch (error) {
    throw new GlasskeyError('FILE_MISSING', `the scan ${path} cannot be opened (${error instanceof Error ? error.message : String(error)})`, 'Check the path.', { cause: error })
  }
  throw new GlasskeyError('FILE_MISSING', `the scan ${path} is no file`, 'Name the scan itself: PDF, PNG or JPEG.')
}
