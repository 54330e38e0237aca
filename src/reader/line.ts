/** What the reader tells the process that started it: one JSON object a line. */

import type { ErrorCode } from '../errors.js'
import { LIMITS } from './limits.js'

/** `file` is the label that the reader was given for a file. */
export type ReaderLine =
  | { readonly file: string, readonly page: number, readonly text: string }
  /** A page without a code of ours. */
  | { readonly file: string, readonly page: number, readonly none: true }
  /** How many codes of other people's were on the pages of the file; only when there were any. */
  | { readonly file: string, readonly ignored: number }
  | { readonly file: string, readonly error: ErrorCode, readonly message: string, readonly hint: string }
  /** The last line: the reader has been through all files. */
  | { readonly done: true }

/** A share (bech32: hrp gk or gkr, separator 1), or a part of an envelope (GKE1), public key (GKP1) or sealed share (GKS1, GKSR1). */
const OURS = /^(?:(?:GK|GKR)1[0-9A-Z]+|GK(?:[EPS]|SR)1\/[0-9A-Z/]+)$/i

/** Whether a code's text is passed on. What it says is judged elsewhere. */
export function isOurs(text: string): boolean {
  return text.length <= LIMITS.textLength && OURS.test(text)
}
