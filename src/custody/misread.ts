/**
 * Where a share was misread: the characters whose repair makes the checksum hold. Nothing is ever corrected here: people
 * compare the place with the paper.
 *
 * The checksum is linear (BIP 173), so its remainder is the sum of what each error contributes at its place. Two codes
 * differ in 5 places at least, so of two wrong characters, or four that cannot be read, there is one repair or none.
 */

const GENERATORS = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3] as const
/** Final constant of bech32m (BIP 350). */
const CONSTANT = 0x2bc830a3
const SYMBOLS = 32
/** Symbols of a share after its separator: 72 of payload, 6 of checksum. */
export const SHARE_SYMBOLS = 78
/** Characters that cannot be read and can still be told by the checksum. */
export const MOST_UNREADABLE = 4

/** EFFECTS[n][d]: what a difference of d contributes, n symbols before the last one. */
const EFFECTS: readonly (readonly number[])[] = effects()
/** Single errors by what they contribute. */
const SINGLE = new Map(EFFECTS.flatMap((row, fromEnd) => row.flatMap((effect, difference) => (difference === 0 ? [] : [[effect, { at: SHARE_SYMBOLS - 1 - fromEnd, difference }] as const]))))

/**
 * The symbols (five bits each, checksum included) repaired in as few places as can be told apart: two wrong ones, or one
 * beside two that cannot be read (null), or four that cannot be read. Undefined when there is no such repair, or more than
 * one. `prefix` is the human-readable part in lower case. Throws a RangeError unless there are 78 symbols.
 */
export function repaired(prefix: string, symbols: readonly (number | null)[]): number[] | undefined {
  if (symbols.length !== SHARE_SYMBOLS) throw new RangeError('repaired: a share has 78 symbols')
  const unreadable = symbols.flatMap((symbol, at) => (symbol === null ? [at] : []))
  if (unreadable.length > MOST_UNREADABLE) return undefined
  const read = symbols.map((symbol) => symbol ?? 0)
  const wrong = Math.floor((MOST_UNREADABLE - unreadable.length) / 2)
  const found = repairs(remainderOf(prefix, read), unreadable, wrong).filter(({ errors }) => errors.every(({ at }) => symbols[at] !== null))
  const [only] = found
  if (!only || found.length > 1) return undefined
  only.values.forEach((value, place) => {
    read[unreadable[place] ?? 0] = value
  })
  for (const { at, difference } of only.errors) read[at] = (read[at] ?? 0) ^ difference
  return read
}

/**
 * Index into `symbols` of the only wrong character, or of the first of two neighbours that were swapped; undefined when
 * neither explains the checksum.
 */
export function placeOfError(prefix: string, symbols: readonly number[]): number | undefined {
  const right = repaired(prefix, symbols)
  if (!right) return undefined
  const [first = 0, second, ...more] = symbols.flatMap((symbol, at) => (symbol === right[at] ? [] : [at]))
  if (second === undefined) return first
  return more.length === 0 && second === first + 1 && symbols[first] === right[second] && symbols[second] === right[first] ? first : undefined
}

interface Repair {
  /** What stands in the places that cannot be read, in their order. */
  values: number[]
  errors: { at: number; difference: number }[]
}

/** Every repair that fills what cannot be read and changes at most `wrong` other symbols. */
function repairs(remainder: number, unreadable: readonly number[], wrong: number): Repair[] {
  const [at, ...others] = unreadable
  if (at === undefined) {
    const errors = errorsOf(remainder, wrong)
    return errors ? [{ values: [], errors }] : []
  }
  const effects = EFFECTS[SHARE_SYMBOLS - 1 - at] ?? []
  if (others.length === 0 && wrong === 0) {
    const value = effects.indexOf(remainder)
    return value < 0 ? [] : [{ values: [value], errors: [] }]
  }
  return effects.flatMap((effect, value) => repairs(remainder ^ effect, others, wrong).map((rest) => ({ ...rest, values: [value, ...rest.values] })))
}

/** At most `most` errors that leave this remainder. */
function errorsOf(remainder: number, most: number): { at: number; difference: number }[] | undefined {
  if (remainder === 0) return []
  const single = SINGLE.get(remainder)
  if (single && most >= 1) return [single]
  if (most < 2) return undefined
  for (const [effect, error] of SINGLE) {
    const other = SINGLE.get(remainder ^ effect)
    if (other && other.at !== error.at) return [error, other]
  }
  return undefined
}

function remainderOf(prefix: string, symbols: readonly number[]): number {
  const letters = Array.from(prefix, (letter) => letter.charCodeAt(0))
  const expanded = [...letters.map((letter) => letter >> 5), 0, ...letters.map((letter) => letter & 31)]
  return [...expanded, ...symbols].reduce((checksum, value) => step(checksum) ^ value, 1) ^ CONSTANT
}

function effects(): number[][] {
  const rows = [Array.from({ length: SYMBOLS }, (_, difference) => difference)]
  while (rows.length < SHARE_SYMBOLS) rows.push((rows.at(-1) ?? []).map(step))
  return rows
}

function step(checksum: number): number {
  return GENERATORS.reduce((sum, generator, bit) => ((checksum >>> (25 + bit)) & 1 ? sum ^ generator : sum), (checksum & 0x1ffffff) << 5)
}
