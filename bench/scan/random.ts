/** Chance that is the same in every run. */

/** Numbers from a seed: each name and seed is a stream of its own, so that adding a class changes no other picture. */
export class Chance {
  #state: number

  constructor(...seed: readonly (string | number)[]) {
    // FNV-1a over the names; mulberry32 below turns it into numbers.
    let hash = 0x811c9dc5
    for (const letter of seed.join('/')) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193)
    this.#state = hash >>> 0
  }

  /** At least 0 and less than 1. */
  number(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ this.#state >>> 15, 1 | this.#state)
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32
  }

  between(least: number, most: number): number {
    return least + (most - least) * this.number()
  }

  /** Either sign. */
  around(least: number, most: number): number {
    return this.between(least, most) * (this.number() < 0.5 ? -1 : 1)
  }

  whole(least: number, most: number): number {
    return Math.floor(this.between(least, most + 1))
  }

  /** Normal, mean 0, deviation 1 (Box and Muller). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.number())) * Math.cos(2 * Math.PI * this.number())
  }

  one<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.whole(0, choices.length - 1)] ?? choices[0]
  }
}
