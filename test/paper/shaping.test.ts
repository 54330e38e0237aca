/** Text as glyphs: as fontkit, another shaper, sets it, and with the characters that are found when a page is searched. */
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { create, type Font } from 'fontkit'
import { describe, expect, it } from 'vitest'
import { Shaper } from '../../src/paper/shaping.js'

const read = (file: string): Buffer => readFileSync(createRequire(import.meta.url).resolve(`@expo-google-fonts/${file}`))
const PLEX = read('ibm-plex-sans/400Regular/IBMPlexSans_400Regular.ttf')
const NOTO = read('noto-sans/400Regular/NotoSans_400Regular.ttf')
const plex = new Shaper(PLEX)
const noto = new Shaper(NOTO)
const width = (text: string): number => plex.set(text).reduce((sum, { xAdvance }) => sum + xAdvance, 0)
const characters = (shaper: Shaper, text: string): string[] => shaper.set(text).map(({ codePoints }) => String.fromCodePoint(...codePoints))

describe('a text', () => {
  it.each([['Plex', PLEX, plex], ['Noto', NOTO, noto]])('is set in %s as fontkit sets it: the words of every template, and names', (_, file, shaper) => {
    const words = new Set(readdirSync('templates').flatMap((name) => readFileSync(`templates/${name}`, 'utf8').split(/\s+/)))
    const names = ['Ada Lovelace', 'Łukasz Żółć', 'Βασίλης Παπαδόπουλος', 'Зоя Ѓорѓиева', 'Nguyễn Thị Ánh', 'Ọ̀ṣun', 'AVATAR Type To.']
    const font = create(file) as Font
    const has = (text: string): boolean => Array.from(text).every((character) => font.hasGlyphForCodePoint(character.codePointAt(0) ?? 0))
    for (const text of [...words, ...names.filter(has)]) {
      const { glyphs, positions } = font.layout(text)
      expect(shaper.set(text), text).toMatchObject(glyphs.map(({ id }, at) => ({ id, ...positions[at] })))
      expect(characters(shaper, text).join('').normalize('NFC')).toBe(text.normalize('NFC'))
    }
  })

  it('is kerned', () => {
    expect(width('AV')).toBeLessThan(width('A') + width('V'))
  })

  it('keeps its characters: those of a ligature together, a mark apart from its letter', () => {
    expect(characters(plex, 'first')).toEqual(['fi', 'r', 's', 't'])
    expect(characters(noto, 'Ọ̀ṣun')).toEqual(['Ọ', '\u0300', 's', '\u0323', 'u', 'n'])
    expect(characters(plex, 'Ο and О')).toEqual(Array.from('Ο and О'))
  })

  it('has a slashed zero where that is asked for, as wide as the other', () => {
    const [plain, slashed] = [plex.set('0'), plex.set('0', ['zero'])]
    expect(slashed[0]?.id).not.toBe(plain[0]?.id)
    expect(slashed[0]?.xAdvance).toBe(plain[0]?.xAdvance)
  })
})
