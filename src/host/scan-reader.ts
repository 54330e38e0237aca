/** Reading sheets outside a session (recover, share inspect): a reader process with the files, and nothing else. */
import { closeSync, openSync } from 'node:fs'
import { basename } from 'node:path'
import { createInterface } from 'node:readline'
import { type Readable } from 'node:stream'
import { z } from 'zod'
import { GlasskeyError } from '../errors.js'
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

/** Lines of a reader until it is done. Throws SCAN_UNREADABLE when it stops before, or says what is no line. */
export async function* readerLines(output: Readable): AsyncGenerator<ReaderLine> {
  for await (const line of createInterface({ input: output })) {
    const parsed = readerLine.safeParse(parseJson(line))
    if (!parsed.success) throw new GlasskeyError('SCAN_UNREADABLE', 'the reader sent something that is no message', 'Scan again, or type the shares.')
    if ('done' in parsed.data) return
    yield parsed.data
  }
  throw new GlasskeyError('SCAN_UNREADABLE', 'the reader stopped before the last scan', 'Scan again with fewer pages, or type the shares.')
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

/** Opens a scan for the reader; nothing here looks into it. Throws FILE_MISSING. */
export function openScan(path: string): number {
  try {
    return openSync(path, 'r')
  } catch (error) {
    throw new GlasskeyError('FILE_MISSING', `the scan ${path} cannot be opened (${error instanceof Error ? error.message : String(error)})`, 'Check the path.', { cause: error })
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
