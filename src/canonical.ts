/** Canonical JSON (RFC 8785) and the digests built on it. */
import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'

/** What JSON can say. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json | undefined }

// The package declares an ES default export but ships CommonJS.
const serialize = createRequire(import.meta.url)('canonicalize') as (value: unknown) => string | undefined

/** RFC 8785 text of `value`, without a final newline. Throws a TypeError for what JSON cannot say (NaN, functions). */
export function canonicalJson(value: Json): string {
  const text = serialize(value)
  if (text === undefined) throw new TypeError('canonicalJson: the value has no JSON form')
  return text
}

/** SHA-256 of bytes or UTF-8 text, 64 lower-case hex digits. */
export function sha256Hex(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex')
}

/** SHA-256 over the canonical JSON of `value`, lower-case hex. */
export function canonicalDigest(value: Json): string {
  return sha256Hex(canonicalJson(value))
}
