/**
 * Bytes too long for one QR code, as numbered texts: `GKE1/<KEY ID>/<part>/<parts>/<slice>`.
 *
 * The slice is RFC 4648 base32 without padding of a multiple of 5 bytes (the last may be shorter): characters of QR's
 * alphanumeric mode, and `base32 -d` reads the slices joined together.
 */
import { base32nopad } from '@scure/base'
import { GlasskeyError } from '../errors.js'

/** GKE1: an envelope. GKP1: a public key (SPKI, DER). */
export type PartsPrefix = 'GKE1' | 'GKP1'

/** A code as people are told of it. */
export function nameOfPart({ prefix, part, parts }: Pick<Part, 'prefix' | 'part' | 'parts'>): string {
  return prefix === 'GKE1' ? `Page 2, part ${part} of ${parts} of the envelope.` : `Part ${part} of ${parts} of a public key: of the ceremony record, not of a sheet.`
}

const PATTERN = /^(GKE1|GKP1)\/([0-9A-F]{16})\/([1-9][0-9]?)\/([1-9][0-9]?)\/([A-Z2-7]+)$/
const MAXIMUM_PARTS = 99

/** One numbered text, taken apart. */
export interface Part {
  prefix: PartsPrefix
  keyId: string
  part: number
  parts: number
  slice: Uint8Array
}

/** The texts for `bytes`. `sliceBytes` is a multiple of 5; throws a RangeError otherwise or when over 99 parts come out. */
export function toParts(prefix: PartsPrefix, keyId: string, bytes: Uint8Array, sliceBytes: number): string[] {
  if (sliceBytes < 5 || sliceBytes % 5 !== 0) throw new RangeError('toParts: sliceBytes must be a multiple of 5')
  const parts = Math.ceil(bytes.length / sliceBytes)
  if (parts < 1 || parts > MAXIMUM_PARTS) throw new RangeError(`toParts: ${parts} parts; 1 to ${MAXIMUM_PARTS} are possible`)
  return Array.from({ length: parts }, (_, at) => {
    const slice = base32nopad.encode(bytes.subarray(at * sliceBytes, (at + 1) * sliceBytes))
    return `${prefix}/${keyId.toUpperCase()}/${at + 1}/${parts}/${slice}`
  })
}

/** One text taken apart, or undefined when it is not a part at all. Throws SCAN_UNREADABLE for a damaged one. */
export function parsePart(text: string): Part | undefined {
  const bare = text.trim().toUpperCase()
  if (!/^GK[EP]1\//.test(bare)) return undefined
  const match = PATTERN.exec(bare)
  if (!match) throw damaged('a page code is damaged')
  const [, prefix, keyId = '', part, parts, slice = ''] = match
  try {
    const found = { prefix: prefix as PartsPrefix, keyId: keyId.toLowerCase(), part: Number(part), parts: Number(parts) }
    if (found.part > found.parts) throw damaged(`part ${found.part} of ${found.parts} cannot be`)
    return { ...found, slice: base32nopad.decode(slice) }
  } catch (error) {
    if (error instanceof GlasskeyError) throw error
    throw damaged(`part ${String(part)} of ${String(parts)} is damaged`)
  }
}

/**
 * The bytes behind the parts of one key, in any order, doubles allowed.
 * Throws SCAN_UNREADABLE naming the missing parts, or two texts for one part that differ.
 */
export function joinParts(parts: readonly Part[], prefix: PartsPrefix, keyId: string): Uint8Array {
  const mine = parts.filter((part) => part.prefix === prefix && part.keyId === keyId)
  const total = mine[0]?.parts ?? 0
  const slices = new Map<number, Uint8Array>()
  for (const part of mine) {
    const earlier = slices.get(part.part)
    if (part.parts !== total || (earlier && Buffer.compare(earlier, part.slice) !== 0)) {
      throw damaged(`two sheets of key ${keyId} disagree about part ${part.part}`)
    }
    slices.set(part.part, part.slice)
  }
  const whole = prefix === 'GKE1' ? 'envelope' : 'public key'
  const missing = Array.from({ length: total }, (_, at) => at + 1).filter((part) => !slices.has(part))
  if (total === 0) throw damaged(`no ${whole} of key ${keyId} was read`)
  if (missing.length > 0) throw damaged(`of the ${whole} of key ${keyId}, part ${missing.join(', ')} of ${total} was not read`)
  return new Uint8Array(Buffer.concat(Array.from({ length: total }, (_, at) => slices.get(at + 1) ?? new Uint8Array())))
}

function damaged(message: string): GlasskeyError {
  return new GlasskeyError('SCAN_UNREADABLE', message, 'Scan page 2 of any sheet of this generation again.')
}
