/** Codes of sheets among other words: a scanner that types reads what it is held over, and the answer to a question goes into a public record. */

/**
 * After its prefix a share has 19 characters that are no secret (share-text.ts), of its own alphabet and with the version first; one that has
 * them all is taken for a share, whole or not. Other codes are told by their prefix. Bag numbers and sentences are none of these.
 */
const CODE = /gkr?1q[y9x8][02-9ac-hj-np-z]{17}|gk(?:sr?|e|p)1\//i

/** Whether words have a share in them, sealed or not, or another code of a sheet; as it is scanned, or in groups as it is typed. */
export function holdsSheetCode(words: string): boolean {
  return CODE.test(words.replace(/[\s-]+/g, ''))
}

/** What people are told who gave one as an answer. */
export const SHEET_CODE_ANSWERED = 'That is the code of a sheet, and no answer: it was not written down. It stays on the screen: clear it away before anybody else looks, then answer again.'
