/**
 * Text as glyphs, by HarfBuzz: kerning, ligatures, marks above letters. fontkit does the same, but reads a font's kerning anew
 * for every word, which took a fifth of all that a session computes.
 */

import * as harfbuzz from 'harfbuzzjs'

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
  readonly #font: harfbuzz.Font

  /** @param file OpenType. */
  constructor(file: Uint8Array) {
    this.#font = new harfbuzz.Font(new harfbuzz.Face(new harfbuzz.Blob(file)))
  }

  /** A text on one line. `features` are OpenType's, and on beside those that always are. */
  set(text: string, features: readonly string[] = []): PlacedGlyph[] {
    const buffer = new harfbuzz.Buffer()
    // A mark keeps its own character, also where it stands above another one.
    buffer.setClusterLevel(harfbuzz.ClusterLevel.MONOTONE_CHARACTERS)
    buffer.addText(text)
    buffer.guessSegmentProperties()
    harfbuzz.shape(this.#font, buffer, features.map((feature) => new harfbuzz.Feature(feature)))
    const glyphs = buffer.getGlyphInfosAndPositions()
    const clusters = [...new Set(glyphs.map(({ cluster }) => cluster))]
    return clusters.flatMap((cluster, at) => {
      const together = glyphs.filter((glyph) => glyph.cluster === cluster)
      const drawn = charactersOf(text.slice(cluster, clusters[at + 1]), together.length)
      return together.map(({ codepoint, xAdvance = 0, yAdvance = 0, xOffset = 0, yOffset = 0 }, part) => ({ id: codepoint, codePoints: drawn[part] ?? [], xAdvance, yAdvance, xOffset, yOffset }))
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
