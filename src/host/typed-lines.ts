/** Lines of share texts from a file, or from standard input as they come. */
import { createInterface } from 'node:readline'
import { GlasskeyError } from '../errors.js'
import { FILE_LIMITS, readGiven } from './disk.js'

/** In place of a path. */
export const STANDARD_INPUT = '-'

/** Lines that hold something, trimmed. `-` is standard input. Throws FILE_MISSING or FILE_UNREADABLE, also for more than 1 MiB. */
export async function* typedLines(file: string, signal?: AbortSignal): AsyncGenerator<string> {
  for await (const line of file === STANDARD_INPUT ? inputLines(signal) : (await readGiven(file, 'the share file', signal)).split('\n')) if (line.trim() !== '') yield line.trim()
}

async function* inputLines(signal?: AbortSignal): AsyncGenerator<string> {
  const lines = createInterface({ input: process.stdin, ...(signal ? { signal } : {}) })
  let bytes = 0
  const count = (chunk: Buffer): void => {
    bytes += chunk.length
    if (bytes > FILE_LIMITS.document) lines.close()
  }
  process.stdin.on('data', count)
  try {
    yield* lines
  } finally {
    process.stdin.off('data', count)
  }
  if (bytes > FILE_LIMITS.document) throw new GlasskeyError('FILE_UNREADABLE', 'standard input holds more than 1 MiB, which no shares do', 'Give the typed shares only, one a line.')
}
