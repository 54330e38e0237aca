/**
 * Lines chained by digest: one canonical JSON object a line, each naming the SHA-256 of the line before it.
 * Journal and logbook are both written so. Pure: text in, text out.
 */
import { z } from 'zod'
import { canonicalJson, isCanonical, jsonIn, objectIn, sha256Hex, wellFormed, type Json } from '../canonical.js'
import { explain } from '../custody/explain.js'
import { instant, sha256 } from '../custody/fields.js'
import { GlasskeyError } from '../errors.js'

/** `prev` of a first line. */
export const NO_LINE = '0'.repeat(64)

/** The longest line, in characters. A census of a user with a thousand of everything has half of it. */
const LONGEST_LINE = 1024 * 1024

/** Fields that every line has. `torn` is the digest of a half-written line that was kept aside before this one. */
export const chainFields = {
  seq: z.number().int().min(1),
  at: instant,
  prev: sha256,
  torn: sha256.optional(),
}

/** Where a chain ends. `seq` 0 and `NO_LINE` for an empty one. */
export interface Head {
  seq: number
  sha256: string
}

/** The head of an empty chain. */
export const EMPTY: Head = { seq: 0, sha256: NO_LINE }

/** A line to write and the head after it. `text` has no newline. */
export interface NextLine {
  text: string
  head: Head
}

/** The line that follows `head`. `at` is ISO 8601 UTC with milliseconds. */
export function chainLine(head: Head, at: string, fields: { type: string; [name: string]: Json | undefined }): NextLine {
  const text = canonicalJson(wellFormed({ ...fields, seq: head.seq + 1, at, prev: head.sha256 }))
  return { text, head: { seq: head.seq + 1, sha256: sha256Hex(text) } }
}

/** A verified chain. */
export interface Chain<Line> {
  lines: Line[]
  /** Texts of the lines, as digested. */
  texts: string[]
  head: Head
  /** What stands after the last line: a write that was interrupted. Empty when nothing does. */
  torn: string
}

/** Bytes of the whole lines, as they lie in the file: canonical JSON, so their texts can be counted; a torn end may be no text at all. */
export function wholeBytes({ texts }: Pick<Chain<unknown>, 'texts'>): number {
  return texts.reduce((size, line) => size + Buffer.byteLength(line) + 1, 0)
}

/**
 * Verifies a chain and the shape of every line. Throws CHAIN_BROKEN naming file and line. A torn end is not an error
 * here: it is handed back for the caller to keep aside. It is what has no newline, and before it lines that are no JSON,
 * unless a line of ours follows: a disk that lost its power in the middle of a write may have anything there.
 */
export function readChain<Line extends { seq: number; prev: string; torn?: string | undefined }>(
  text: string,
  schema: z.ZodType<Line>,
  name: string,
): Chain<Line> {
  const lines: Line[] = []
  const texts: string[] = []
  let head = EMPTY
  let start = 0
  // One line after the other: what follows a line that does not hold is never looked at.
  for (let end = text.indexOf('\n'); end >= 0; start = end + 1, end = text.indexOf('\n', start)) {
    const piece = text.slice(start, end)
    const broken = (what: string): GlasskeyError =>
      new GlasskeyError('CHAIN_BROKEN', `${name}, line ${lines.length + 1}: ${what}`, 'The record was altered or shortened. Keep it as it is and compare with the paper book.')
    if (piece.length > LONGEST_LINE) throw broken('is longer than any line of ours')
    const value = jsonIn(piece)
    if (value === undefined) {
      // What was being written is never longer than a line.
      if (text.length - start > LONGEST_LINE || text.slice(end + 1).split('\n').some((later) => objectIn(later) !== undefined)) throw broken('is not JSON')
      break
    }
    const parsed = schema.safeParse(value)
    if (!parsed.success) throw broken(explain(parsed.error))
    const line = parsed.data
    if (!isCanonical(piece, value)) throw broken('is not in canonical form (RFC 8785)')
    if (line.seq !== head.seq + 1) throw broken(`has number ${line.seq} where ${head.seq + 1} should be`)
    if (line.prev !== head.sha256) throw broken('does not follow from the line before it')
    head = { seq: line.seq, sha256: sha256Hex(piece) }
    lines.push(line)
    texts.push(piece)
  }
  return { lines, texts, head, torn: text.slice(start) }
}
