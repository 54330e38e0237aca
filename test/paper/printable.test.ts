import { describe, expect, test } from 'vitest'
import { assertPrintable, showUnprintable } from '../../src/paper/printable.js'

const refusal = (text: string): string => {
  try {
    assertPrintable(text, 'name of custodian 3')
  } catch (error) {
    expect(error).toMatchObject({ code: 'SCRIPT_UNSUPPORTED' })
    return (error as Error).message
  }
  throw new Error(`${text} was not refused`)
}

describe('letters that are printed', () => {
  test.each(['Ada Lovelace', 'Łukasz Żółkiewski', 'Nguyễn Thị Ánh', 'Ελένη Παπαδοπούλου', 'Ἀριστοτέλης', 'Наталья Соколова',
    'Ғалымжан Әбдіков', 'O’Neill *_[x](y)|`<b>', 'İbrahim', 'e\u0301', '100 % (a\u00a0b)', ''])('%s', (name) => {
    expect(() => assertPrintable(name, 'name')).not.toThrow()
    expect(showUnprintable(name)).toBe(name.normalize('NFC'))
  })
})

describe('what is refused, by name', () => {
  test.each([
    ['李小龍', 'name of custodian 3 cannot be printed: 李 (U+674E), Han script; 小 (U+5C0F), Han script; 龍 (U+9F8D), Han script'],
    ['محمد', 'name of custodian 3 cannot be printed: م (U+0645), Arabic script; ح (U+062D), Arabic script; د (U+062F), Arabic script'],
    ['आ', 'name of custodian 3 cannot be printed: आ (U+0906), Devanagari script'],
    ['ᚠ', 'name of custodian 3 cannot be printed: ᚠ (U+16A0), of a script other than Latin, Greek and Cyrillic'],
    ['a\u202eb', 'name of custodian 3 cannot be printed: U+202E, a control of text direction'],
    ['a\u200eb', 'name of custodian 3 cannot be printed: U+200E, a control of text direction'],
    ['a\nb', 'name of custodian 3 cannot be printed: U+000A, a control character'],
    ['a\u001b[2J', 'name of custodian 3 cannot be printed: U+001B, a control character'],
    ['a\u200bb', 'name of custodian 3 cannot be printed: U+200B, an invisible or unassigned character'],
    ['a\ue000b', 'name of custodian 3 cannot be printed: U+E000, an invisible or unassigned character'],
    ['a\ud800b', 'name of custodian 3 cannot be printed: U+D800, an invisible or unassigned character'],
    ['\u{1f511}', 'name of custodian 3 cannot be printed: \u{1f511} (U+1F511), not in the embedded fonts'],
  ])('%j', (name, message) => expect(refusal(name)).toBe(message))

  test('five characters are named, the others counted', () => {
    expect(refusal('一二三四五六七')).toMatch(/五 \(U\+4E94\), Han script; and 2 more$/)
  })
})

test('a record shows what cannot be printed as code points', () => {
  expect(showUnprintable('user\u202egpj.exe 李\u001b[2J')).toBe('user[U+202E]gpj.exe [U+674E][U+001B][2J')
})
