/**
 * Where a share was misread: the one character, or the one pair of swapped neighbours, whose repair makes the checksum
 * hold. Nothing is ever corrected: people compare the place with the paper.
 *
 * The checksum is linear (BIP 173), so its remainder is the sum of what each error contributes at its place.
 */

const GENERATORS = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3] as const
/** Final constant of bech32m (BIP 350). */
const CONSTANT = 0x2bc830a3
const SYMBOLS = 32

/**
 * Index into `symbols` (five bits each, checksum included) of the only repair, or undefined when there is none. `prefix`
 * is the human-readable part in lower case.
 */
export function placeOfError(prefix: string, symbols: readonly number[]): number | undefined {
  const letters = Array.from(prefix, (letter) => letter.charCodeAt(0))
  const expanded = [...letters.map((letter) => letter >> 5), 0, ...letters.map((letter) => letter & 31)]
  const remainder = [...expanded, ...symbols].reduce((checksum, value) => step(checksum) ^ value, 1) ^ CONSTANT
  const places = new Set<number>()
  // errors[d]: what a difference of d contributes at this place; from the last place backwards.
  let errors = Array.from({ length: SYMBOLS }, (_, difference) => difference)
  let after: readonly number[] | undefined
  for (let at = symbols.length - 1; at >= 0; at -= 1) {
    if (errors.indexOf(remainder) > 0) places.add(at)
    const swapped = (symbols[at] ?? 0) ^ (symbols[at + 1] ?? 0)
    if (after && swapped !== 0 && ((errors[swapped] ?? 0) ^ (after[swapped] ?? 0)) === remainder) places.add(at)
    after = errors
    errors = errors.map(step)
  }
  const [only] = places
  return places.size === 1 ? only : undefined
}

function step(checksum: number): number {
  return GENERATORS.reduce((sum, generator, bit) => ((checksum >>> (25 + bit)) & 1 ? sum ^ generator : sum), (checksum & 0x1ffffff) << 5)
}
