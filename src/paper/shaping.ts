/**
 * Text as glyphs, by HarfBuzz: kerning, ligatures, marks above letters. fontkit does the same, but reads a font's kerning anew
 * for every word, which took a fifth of all that a session computes.
 */

import { Blob, Buffer, ClusterLevel, Face, Feature, Font, shape } from 'harfbuzzjs'

/** A glyph where it stands; lengths in units of the font. */
export interface PlacedGlyph {
  /** Its number in the font. */
  readonly id: number
  /** The characters that it was drawn for: several for a ligature. */
  readonly codePoints: readonly number[]
  readonly xAdvance: number
  readonly yAdvance: number
  readonly xOffset: number
  readonly yOffset: number
}

/** Sets text in one font. */
export class Shaper {
  readonly #font: Font

  /** @param file OpenType. */
  constructor(file: Uint8Array) {
    this.#font = new Font(new Face(new Blob(file)))
  }

  /** A text on one line. `features` are OpenType's, and on beside those that always are. */
  set(text: string, features: readonly string[] = []): PlacedGlyph[] {
    const buffer = new Buffer()
    // A mark keeps its own character, also where it stands above another one.
    buffer.setClusterLevel(ClusterLevel.MONOTONE_CHARACTERS)
    buffer.addText(text)
    buffer.guessSegmentProperties()
    shape(this.#font, buffer, features.map((feature) => new Feature(feature)))
    const glyphs = buffer.getGlyphInfosAndPositions()
    return glyphs.map(({ codepoint, cluster, xAdvance = 0, yAdvance = 0, xOffset = 0, yOffset = 0 }, at) => {
      const together = glyphs.filter((other) => other.cluster === cluster)
      const drawn = charactersOf(text.slice(cluster, glyphs.find((other) => other.cluster > cluster)?.cluster), together.length)
      const codePoints = drawn[at - glyphs.findIndex((other) => other.cluster === cluster)] ?? []
      return { id: codepoint, codePoints, xAdvance, yAdvance, xOffset, yOffset }
    })
  }
}

/** What each of so many glyphs was drawn for: of ị the letter and the dot, where the font draws them apart; otherwise the first has it all. */
function charactersOf(text: string, glyphs: number): number[][] {
  const apart = codePointsOf(text.normalize('NFD'))
  return glyphs > 1 && apart.length === glyphs ? apart.map((codePoint) => [codePoint]) : [codePointsOf(text)]
}

function codePointsOf(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0) ?? 0)
}
