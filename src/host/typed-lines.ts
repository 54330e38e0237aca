/** Texts of shares from a file, or from standard input as they come: each in a line, or in rows as a sheet has them. */
import { createInterface } from 'node:readline'
import { isBegunInRows, isLaterRow } from '../custody/share-text.js'
import { GlasskeyError } from '../errors.js'
import { FILE_LIMITS, readGiven } from './disk.js'

/** In place of a path. */
export const STANDARD_INPUT = '-'

/** A text, and the line, from 1, that it begins in. */
export interface TypedText {
  text: string
  line: number
}

/**
 * Texts, trimmed; empty lines hold none. Rows of one share are put together, and given as soon as it is whole or no row of it can follow.
 * `-` is standard input. Throws FILE_MISSING or FILE_UNREADABLE, also for more than 1 MiB.
 */
export async function* typedTexts(file: string, signal?: AbortSignal): AsyncGenerator<TypedText> {
  let number = 0
  const rows: string[] = []
  let line = 1
  const begun = (): TypedText => ({ text: rows.splice(0).join(' '), line })
  for await (const typed of file === STANDARD_INPUT ? inputLines(signal) : (await readGiven(file, 'the share file', signal)).split('\n')) {
    number += 1
    const text = typed.trim()
    if (text === '') continue
    if (rows.length > 0 && !isLaterRow(text)) yield begun()
    if (rows.length === 0) line = number
    rows.push(text)
    if (!isBegunInRows(rows)) yield begun()
  }
  if (rows.length > 0) yield begun()
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
  if (bytes > FILE_LIMITS.document) throw new GlasskeyError('FILE_UNREADABLE', 'standard input holds more than 1 MiB, which no shares do', 'Give the typed shares only, one a line or in rows as printed.')
}
