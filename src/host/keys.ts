/** What comes from a terminal in raw mode, as keys: a person's, a paste's, or those of a scanner that types. */
import type { StringDecoder } from 'node:string_decoder'

/** What changes a text. */
export type Editing = { characters: string } | { press: 'erase' | 'clear' | 'back' | 'forward' }
/** A key, or a run of characters. */
export type Key = Editing | { control: 'enter' | 'interrupt' | 'end' }

/** Keys with a meaning here; other control characters have none. */
const CONTROLS: Record<string, Key> = {
  '\r': { control: 'enter' },
  '\n': { control: 'enter' },
  '\u007f': { press: 'erase' },
  '\b': { press: 'erase' },
  '\u0015': { press: 'clear' },
  '\u0003': { control: 'interrupt' },
  '\u0004': { control: 'end' },
  '<': { press: 'back' },
  '>': { press: 'forward' },
  '\u001b[D': { press: 'back' },
  '\u001b[C': { press: 'forward' },
  '\u001b[A': { press: 'back' },
  '\u001b[B': { press: 'forward' },
}

/** What an arrow or a function key sends: an escape sequence (ECMA-48, and the SS3 ones of keypads). */
export const ESCAPE_SEQUENCE = '\\u001b(?:\\[[0-?]*[ -/]*[@-~]|O.)'
/** Such a sequence, a line end, a control character, or a run of all others. */
const TOKEN = new RegExp(`${ESCAPE_SEQUENCE}|\\r\\n|[\\p{Cc}<>]|[^\\p{Cc}<>]+`, 'gu')

/** Takes bytes apart. `rest` are the bytes after the key at hand, for whoever reads next. */
export function* keysIn(bytes: Buffer, decoder: StringDecoder): Generator<{ key: Key; rest: () => Buffer }> {
  const text = decoder.write(bytes)
  for (const match of text.matchAll(TOKEN)) {
    const [token] = match
    const rest = (): Buffer => Buffer.from(text.slice(match.index + token.length))
    // A tabulator ends what a scanner types as often as a line end does; between groups it is white space.
    if (token === '\t') yield { key: { characters: '\t' }, rest }
    else if (!/^[\p{Cc}<>]/u.test(token)) yield { key: { characters: token }, rest }
    else {
      const key = CONTROLS[token === '\r\n' ? '\r' : token.startsWith('\u001bO') ? `\u001b[${token.slice(2)}` : token]
      if (key) yield { key, rest }
    }
  }
}
