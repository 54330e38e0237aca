/**
 * What may be set in type: Latin, Greek and Cyrillic, read from left to right, with a glyph for every letter.
 *
 * Anything else would come out as boxes, or in an order other than that of the data, on paper that people sign.
 */

import { GlasskeyError } from '../errors.js'
import { drawable } from './typeface.js'

/** Scripts that people are likely to try, so that the refusal can name what it saw. */
const OTHER_SCRIPTS = [
  'Arabic', 'Armenian', 'Bengali', 'Cherokee', 'Coptic', 'Devanagari', 'Ethiopic', 'Georgian', 'Gujarati', 'Gurmukhi',
  'Han', 'Hangul', 'Hebrew', 'Hiragana', 'Kannada', 'Katakana', 'Khmer', 'Lao', 'Malayalam', 'Mongolian', 'Myanmar',
  'Sinhala', 'Syriac', 'Tamil', 'Telugu', 'Thaana', 'Thai', 'Tibetan',
].map((name) => ({ name, pattern: new RegExp(`\\p{Script=${name}}`, 'u') }))

const BIDI_CONTROL = /\p{Bidi_Control}/u
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u
const INVISIBLE = /[\p{Cf}\p{Co}\p{Cn}\p{Cs}]/u
const OUR_SCRIPTS = /[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Common}\p{Script=Inherited}]/u

/** Why a character cannot be set, or null when it can. */
function objection(character: string): string | null {
  if (BIDI_CONTROL.test(character)) return 'a control of text direction'
  if (CONTROL.test(character)) return 'a control character'
  if (INVISIBLE.test(character)) return 'an invisible or unassigned character'
  if (!OUR_SCRIPTS.test(character)) {
    const script = OTHER_SCRIPTS.find(({ pattern }) => pattern.test(character))?.name
    return script === undefined ? 'of a script other than Latin, Greek and Cyrillic' : `${script} script`
  }
  return drawable(character) ? null : 'not in the embedded fonts'
}

/** `U+0041`, and the character itself where it can be shown on a terminal without harm. */
function nameOf(character: string): string {
  const code = `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
  return CONTROL.test(character) || INVISIBLE.test(character) ? code : `${character} (${code})`
}

/**
 * Refuses a text that cannot be printed as it is.
 *
 * @param what the field, as the person who wrote it knows it: "name of custodian 3"
 * @throws {GlasskeyError} SCRIPT_UNSUPPORTED naming the field, each character (the first five) and its script.
 */
export function assertPrintable(text: string, what: string): void {
  const objections = new Map<string, string>()
  for (const character of text.normalize('NFC')) {
    const reason = objection(character)
    if (reason !== null) objections.set(character, reason)
  }
  if (objections.size === 0) return
  const shown = [...objections].slice(0, 5).map(([character, reason]) => `${nameOf(character)}, ${reason}`)
  const more = objections.size > shown.length ? `; and ${objections.size - shown.length} more` : ''
  throw new GlasskeyError('SCRIPT_UNSUPPORTED', `${what} cannot be printed: ${shown.join('; ')}${more}`,
    'write it in Latin, Greek or Cyrillic letters, as in the passport\'s machine-readable line')
}

/**
 * The same text with every character that cannot be set written as `[U+202E]`. For records made after the fact: a page
 * that must be printed whatever an attacker or a server put into a field.
 */
export function showUnprintable(text: string): string {
  return Array.from(text.normalize('NFC'), (character) =>
    objection(character) === null ? character : `[${nameOf(character).replace(/^.* \((.*)\)$/u, '$1')}]`).join('')
}
