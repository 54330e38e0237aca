/** How the reader says no: which file, which page, what next. */

import { GlasskeyError } from '../errors.js'

/** Where in a scan something was wrong. `page` is null for the file as a whole. */
export interface Place { readonly file: string, readonly page: number | null }

function at({ file, page }: Place): string {
  return page === null ? file : `${file}, page ${page}`
}

/** A file that cannot be read. */
export function unreadable(place: Place, what: string, hint: string, cause?: unknown): GlasskeyError {
  return new GlasskeyError('SCAN_UNREADABLE', `${at(place)}: ${what}`, hint, { cause })
}

/** A file that would cost too much to read. */
export function overLimit(place: Place, what: string, hint: string): GlasskeyError {
  return new GlasskeyError('LIMIT_EXCEEDED', `${at(place)}: ${what}`, hint)
}
