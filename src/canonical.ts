/** Canonical JSON (RFC 8785) and the digests built on it. */
import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'

/** What JSON can say. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json | undefined }

// The package declares an ES default export but ships CommonJS.
const serialize = createRequire(import.meta.url)('canonicalize') as (value: unknown) => string | undefined

/**
 * RFC 8785 text of `value`, without a final newline. Throws a RangeError that names the place for what JSON cannot say:
 * NaN, Infinity, a function, undefined in a list, half of a surrogate pair.
 */
export function canonicalJson(value: Json): string {
  refuseUnsayable(value, '$')
  const text = serialize(value)
  if (text === undefined) throw new RangeError('canonicalJson: $ has no JSON form')
  return text
}

/** Whether `text` is the canonical JSON of `value` and then `end`. False, too, for a value that has no such form. */
export function isCanonical(text: string, value: Json, end = ''): boolean {
  try {
    return canonicalJson(value) + end === text
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

/** What a text from outside says as JSON; undefined when it is none. */
export function jsonIn(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** The JSON object that a line is, or undefined: by chance, noise may be a number, but hardly an object. */
export function objectIn(line: string): Json | undefined {
  return line.startsWith('{') ? jsonIn(line) : undefined
}

/** Whether a text from outside is JSON that says the same as `expected`, whatever its order and spaces. */
export function saysTheSame(text: string, expected: Json): boolean {
  const said = jsonIn(text)
  return said !== undefined && isCanonical(canonicalJson(expected), said)
}

/** The same value with U+FFFD for every half of a surrogate pair: what others said must fit into a record, whatever it is. */
export function wellFormed(value: Json): Json {
  if (typeof value === 'string') return value.toWellFormed()
  if (Array.isArray(value)) return value.map(wellFormed)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name.toWellFormed(), inner === undefined ? undefined : wellFormed(inner)]))
}

function refuseUnsayable(value: unknown, place: string): void {
  const refuse = (what: string): never => {
    throw new RangeError(`canonicalJson: ${place} ${what}`)
  }
  if (typeof value === 'number' && !Number.isFinite(value)) refuse(`is ${value}, which JSON cannot say`)
  if (['undefined', 'function', 'symbol', 'bigint'].includes(typeof value)) refuse(`is of type ${typeof value}, which JSON cannot say`)
  if (typeof value === 'string' && !value.isWellFormed()) refuse('has half of a surrogate pair, which is no Unicode text')
  if (Array.isArray(value)) {
    // Not forEach, which would pass over the holes of a sparse list.
    for (const [at, inner] of value.entries()) refuseUnsayable(inner, `${place}[${at}]`)
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value)) {
      if (!name.isWellFormed()) refuse('has a name with half of a surrogate pair, which is no Unicode text')
      if (inner !== undefined) refuseUnsayable(inner, `${place}.${name}`)
    }
  }
}

/** SHA-256 of bytes or UTF-8 text, 64 lower-case hex digits. */
export function sha256Hex(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex')
}

/** SHA-256 over the canonical JSON of `value`, lower-case hex. */
export function canonicalDigest(value: Json): string {
  return sha256Hex(canonicalJson(value))
}
