/**
 * The faces that pages are set in.
 *
 * IBM Plex Sans for everything; Noto Sans for a run of text with a letter that Plex lacks (rare Latin, polytonic Greek,
 * Cyrillic of smaller languages). Both are embedded, so a page looks the same on every printer. `code` is Plex with a
 * slashed zero: its l, I and 1 cannot be confused, and its digits are of one width.
 */

import { create, type Font, type GlyphRun } from 'fontkit'
import { readPackageFile } from './files.js'

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

/** What fontkit made of glyphs, by their number: under a private name, and with the letters that each was first drawn for. */
type Parsed = Font & { _glyphs: object }

const fonts = new Map<FontName, Parsed>()

/** A font as it was parsed: once in a process, for its kerning takes longer to read than a page to draw. */
function parsed(name: FontName): Parsed {
  const known = fonts.get(name)
  if (known !== undefined) return known
  // Single fonts, no collections.
  const font = create(readPackageFile(FILES[name])) as Parsed
  fonts.set(name, font)
  return font
}

type Features = Parameters<Font['layout']>[1]

const runs = new Map<string, GlyphRun>()

/**
 * A text as glyphs, kerned: once in a process, for it takes longer than anything else on a page. What was set stays in memory;
 * of a share's text that is one character at a time (typing.ts).
 */
function shaped(name: FontName, text: string, features: Features): GlyphRun {
  const key = `${name} ${JSON.stringify(features ?? null)} ${text}`
  const known = runs.get(key)
  if (known !== undefined) return known
  const font = parsed(name)
  // Another text may have had another letter in the same shape.
  font._glyphs = {}
  const run = font.layout(text, features)
  runs.set(key, run)
  return run
}

/**
 * A font for one document. What was parsed and set is shared; which letter a glyph was drawn for is the document's own, and
 * fontkit keeps it with the glyph: Latin O and Cyrillic О are one, and what is copied from a page must be what was written there.
 */
export function fontForDocument(name: FontName): Font {
  const font = Object.create(parsed(name), { _glyphs: { value: {} } }) as Font
  font.layout = (text, features) => {
    const run = shaped(name, text, features)
    const glyphs = run.glyphs.map(({ id, codePoints }) => font.getGlyph(id, codePoints))
    // pdfkit scales positions in their place.
    return Object.assign(Object.create(run) as GlyphRun, { glyphs, positions: run.positions.map((position) => ({ ...position })) })
  }
  return font
}

/** Whether a font has a glyph for every character of a text. */
function covers(name: FontName, text: string): boolean {
  return Array.from(text).every((character) => parsed(name).hasGlyphForCodePoint(character.codePointAt(0) ?? 0))
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
