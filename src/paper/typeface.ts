/**
 * The faces that pages are set in.
 *
 * IBM Plex Sans for everything; Noto Sans for a run of text with a letter that Plex lacks (rare Latin, polytonic Greek,
 * Cyrillic of smaller languages). Both are embedded, so a page looks the same on every printer. `code` is Plex with a
 * slashed zero: its l, I and 1 cannot be confused, and its digits are of one width.
 */

import { create, type Font, type Glyph, type GlyphRun } from 'fontkit'
import { readPackageFile } from './files.js'
import { Shaper, type PlacedGlyph } from './shaping.js'

const STYLES = ['regular', 'italic', 'bold', 'boldItalic'] as const
type Style = (typeof STYLES)[number]
/** A voice on the page. */
export type Face = Style | 'code'

/** A font file that pdfkit has been given under this name. */
export type FontName = `plex-${Style}` | `noto-${Style}`

const PLEX = '@expo-google-fonts/ibm-plex-sans'
const NOTO = '@expo-google-fonts/noto-sans'

const FILES: Readonly<Record<FontName, string>> = {
  'plex-regular': `${PLEX}/400Regular/IBMPlexSans_400Regular.ttf`,
  'plex-italic': `${PLEX}/400Regular_Italic/IBMPlexSans_400Regular_Italic.ttf`,
  'plex-bold': `${PLEX}/600SemiBold/IBMPlexSans_600SemiBold.ttf`,
  'plex-boldItalic': `${PLEX}/600SemiBold_Italic/IBMPlexSans_600SemiBold_Italic.ttf`,
  'noto-regular': `${NOTO}/400Regular/NotoSans_400Regular.ttf`,
  'noto-italic': `${NOTO}/400Regular_Italic/NotoSans_400Regular_Italic.ttf`,
  'noto-bold': `${NOTO}/600SemiBold/NotoSans_600SemiBold.ttf`,
  'noto-boldItalic': `${NOTO}/600SemiBold_Italic/NotoSans_600SemiBold_Italic.ttf`,
}

/** A font as it was read, and what sets text in it. */
interface Read {
  readonly font: Font
  readonly shaper: Shaper
  /** What was set, by features and text. It stays in memory; of a share's text that is one character at a time (typing.ts). */
  readonly set: Map<string, readonly PlacedGlyph[]>
}

const fonts = new Map<FontName, Read>()

/** Each font is read once in a process. */
function read(name: FontName): Read {
  const known = fonts.get(name)
  if (known !== undefined) return known
  const file = readPackageFile(FILES[name])
  // Single fonts, no collections.
  const found: Read = { font: create(file) as Font, shaper: new Shaper(file), set: new Map() }
  fonts.set(name, found)
  return found
}

/** A text as glyphs, which is found out once in a process, not for measuring and for every document. */
function glyphsOf(name: FontName, text: string, features: readonly string[]): readonly PlacedGlyph[] {
  const { shaper, set } = read(name)
  const key = `${features.join(' ')}|${text}`
  const known = set.get(key)
  if (known !== undefined) return known
  const glyphs = shaper.set(text, features)
  set.set(key, glyphs)
  return glyphs
}

/** Glyphs as pdfkit wants them from a font. It scales the positions in their place, and asks for the width afterwards. */
class Run implements Pick<GlyphRun, 'glyphs' | 'positions' | 'advanceWidth'> {
  readonly glyphs: Glyph[]
  readonly positions: GlyphRun['positions']

  constructor(font: Font, placed: readonly PlacedGlyph[]) {
    this.glyphs = placed.map(({ id, codePoints }) => font.getGlyph(id, [...codePoints]))
    this.positions = placed.map(({ xAdvance, yAdvance, xOffset, yOffset }) => ({ xAdvance, yAdvance, xOffset, yOffset }))
  }

  get advanceWidth(): number {
    return this.positions.reduce((sum, { xAdvance }) => sum + xAdvance, 0)
  }
}

/**
 * A font for one document. What was read and set is shared; which letter a glyph was drawn for is the document's own, and
 * fontkit keeps it with the glyph: Latin O and Cyrillic О are one, and what is copied from a page must be what was written there.
 */
export function fontForDocument(name: FontName): Font {
  const font = Object.create(read(name).font, { _glyphs: { value: {} } }) as Font
  font.layout = (text, features = []) => new Run(font, glyphsOf(name, text, features as string[])) as unknown as GlyphRun
  return font
}

/** Whether a font has a glyph for every character of a text. */
function covers(name: FontName, text: string): boolean {
  return Array.from(text).every((character) => read(name).font.hasGlyphForCodePoint(character.codePointAt(0) ?? 0))
}

/** The font that can draw the whole of a text in this face; a text is never mixed from two fonts. */
export function fontFor(face: Face, text: string): FontName {
  const style = face === 'code' ? 'regular' : face
  return covers(`plex-${style}`, text) ? `plex-${style}` : `noto-${style}`
}

/**
 * Whether a character can be drawn in every face, so that a template may set it bold or italic, and beside any other
 * drawable character: Noto must have it even where Plex is used.
 */
export function drawable(character: string): boolean {
  return STYLES.every((style) => covers(`noto-${style}`, character))
}
