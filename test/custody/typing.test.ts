/** A share while it is typed: what is taken, what is said early, and what the checksum offers. */
import { describe, expect, test } from 'vitest'
import { repaired } from '../../src/custody/misread.js'
import { ALPHABET, parseShareText } from '../../src/custody/share-text.js'
import { knownFor, knownLike, knownOf, readingOf, UNKNOWN_SHEETS, type Reading } from '../../src/custody/typed-header.js'
import { back, erase, forward, GROUPS, isComplete, mend, NOTHING_TYPED, take, textOf, type Typing } from '../../src/custody/typing.js'
import { manifestOf, secretsOf } from '../vectors/frozen.js'

const [good = '', second = ''] = secretsOf(2).shareTexts
const [used = ''] = secretsOf(1).shareTexts
const real = 'GK1QYQPZG3NG32KVACZQVQSZZQ0ZCWJG2EJ89QYWNJ4T33K5UTC07RGM9YM525MPDA7CHXD8KHP6ZZGR5'
const known = knownFor({ manifest: manifestOf(2), others: [{ manifest: manifestOf(1), standing: 'that key is dead' }] })

function typed(text: string, from: Typing = NOTHING_TYPED): Typing {
  const taken = take(from, text)
  expect(taken.complaint).toBeNull()
  return taken.typing
}
const replaced = (text: string, at: number, by: string): string => text.slice(0, at) + by + text.slice(at + by.length)
const other = (character: string, step = 1): string => ALPHABET.charAt((ALPHABET.indexOf(character.toLowerCase()) + step) % 32).toUpperCase()
const wrongAt = (text: string, ...places: number[]): string => places.reduce((so, at) => replaced(so, at, other(so.charAt(at))), text)

describe('what is taken', () => {
  test.each([['real', real], ['practice', good]])('a %s share, in any case, with spaces, dashes and line ends', (_, text) => {
    const groups = (text.match(/.{1,4}/g) ?? []).join(' -\r\n\t')
    for (const way of [text, text.toLowerCase(), groups]) {
      const typing = typed(way)
      expect(isComplete(typing)).toBe(true)
      expect(typing.at).toBe(GROUPS)
      expect(textOf(typing)).toBe(text)
    }
  })

  test('a character that is never used is refused, with what it may be instead, and nothing after it is taken', () => {
    const stopped = take(NOTHING_TYPED, `${good.slice(0, 26)}O${good.slice(27)}`)
    expect(stopped.complaint).toBe('"O" in group 7 is never used on a sheet; is it 0 (zero) or Q?')
    expect(textOf(stopped.typing)).toBe(good.slice(0, 26))
    expect(textOf(typed(good.slice(26), stopped.typing))).toBe(good)
    expect(take(typed('GK1Q'), '!').complaint).toBe('"!" in group 2 is never used on a sheet')
    expect(take(typed('GK1Q'), '\u202e').complaint).toBe('"U+202E" in group 2 is never used on a sheet')
  })

  test.each(['X', 'GX', 'GK2', 'GK1O', 'GKL1Q', 'GKR2', '?'])('not the beginning of a share: %s', (text) => {
    expect(take(NOTHING_TYPED, text).complaint).toBe('The text of a share begins with GK1 or GKR1.')
  })

  test('the first group typed again, with a share behind it: nothing but a share can come of it, and its end follows', () => {
    const again = (text: string): Typing => ({ ...typed(text), at: 0 })
    for (const slip of ['GKQ1', 'GKSR']) expect(take(again(real), slip).complaint).toBe('The text of a share begins with GK1 or GKR1.')
    // A practice sheet's last group has two characters, a real one's has one.
    const shorter = typed('GK1Q', again(good))
    expect([shorter.at, isComplete(shorter), mend(shorter)]).toEqual([GROUPS, true, { found: 'too many' }])
    const longer = typed('GKR1', again(real))
    expect([longer.at, isComplete(longer)]).toEqual([GROUPS - 1, false])
  })

  test.each(['GKE1', 'GKP1', 'GKS1', 'GKSR1'])('a code of another kind, from a scanner that types: %s', (prefix) => {
    const code = `${prefix}/0123456789ABCDEF/1/2/3/${'A'.repeat(40)}/1/2/ABCDEFGH`
    expect(textOf(typed(code))).toBe(code)
    expect(take(typed(prefix.slice(0, 4)), 'q').complaint).toBe('The text of a share begins with GK1 or GKR1.')
  })

  test('one character too many is refused', () => {
    expect(take(typed(good), 'q').complaint).toBe('All 21 groups are there: press Enter.')
  })

  test('back one group: it is replaced when it is typed again, and the others stay', () => {
    const typing = typed(good.slice(0, 40))
    const corrected = typed('QQQQ', back(back(typing)))
    expect(textOf(corrected)).toBe(`${good.slice(0, 32)}QQQQ${good.slice(36, 40)}`)
    expect(corrected.at).toBe(10)
    expect(forward(forward(back(typing))).at).toBe(10)
  })

  test('one character back, also over the end of a group', () => {
    expect(textOf(erase(erase(typed(good.slice(0, 9)))))).toBe(good.slice(0, 7))
    expect(erase(NOTHING_TYPED)).toEqual(NOTHING_TYPED)
  })

  test('four characters may be unreadable, and a fifth may not', () => {
    const four = typed(`${good.slice(0, 20)}??${good.slice(22, 30)}??`)
    expect(take(four, '?').complaint).toBe('More than 4 characters that cannot be read cannot be told by the checksum. Use another copy, or another custodian\'s sheet.')
  })

  test('a code of page 2, as a scanner types it', () => {
    const code = 'GKE1/8DF3263702B125B8/1/2/ABCDEFGH'
    expect(textOf(typed(code))).toBe(code)
    expect(take(typed(code), '!').complaint).toBe('"!" is in none of our codes.')
    expect(take(typed('GKE1'), 'Q').complaint).toBe('The text of a share begins with GK1 or GKR1.')
    const longest = take(NOTHING_TYPED, 'GKE1/' + 'A'.repeat(5000))
    expect(longest.complaint).toBe('No code is as long as that.')
    expect(textOf(longest.typing)).toHaveLength(4300)
  })
})

describe('what is said before anything secret was typed', () => {
  const said = (text: string, sheets = known): Reading | null => readingOf(typed(text), sheets)

  test('group 1: practice or real', () => {
    expect(said('GKR')).toBeNull()
    expect(said('GKR1')).toEqual({ level: 'plain', text: 'A practice sheet.' })
    expect(said('GK1Q')).toMatchObject({ level: 'wrong sheet', text: 'STOP: this is a REAL sheet (GK), and this is a rehearsal. Put it back into its bag at once and note in the logbook that it was opened.' })
    expect(said(good.slice(0, 4), knownFor({ manifest: { ...manifestOf(2), rehearsal: false }, others: [] }))).toMatchObject({ level: 'wrong sheet', text: expect.stringContaining('STOP: this is a practice sheet (GKR): it opens nothing real.') as string })
  })

  test('group 3: a sheet of another generation', () => {
    expect(said(used.slice(0, 11))).toMatchObject({ level: 'plain' })
    expect(said(used.slice(0, 12))).toMatchObject({ level: 'wrong sheet', text: `STOP: this is a sheet of GENERATION 1: that key is dead. Bring a sheet of GENERATION 2, key id ${manifestOf(2).keyId}.` })
    expect(said(used.slice(0, 12))?.error).toMatchObject({ code: 'SHARE_OTHER_GENERATION' })
  })

  test('a slip in the groups that every sheet has in common is placed', () => {
    for (const at of [6, 9, 13, 18]) {
      const end = Math.max(12, Math.ceil((at + 1) / 4) * 4)
      const group = Math.floor(at / 4)
      expect(said(wrongAt(good, at).slice(0, end))).toEqual({ level: 'look again', text: `Group ${group + 1} looks wrong: sheets of GENERATION 2 have ${good.slice(group * 4, group * 4 + 4)} there. Compare it with the paper.` })
    }
  })

  test('a key that nobody knows', () => {
    expect(said(`GKR1${real.slice(3, 23)}`)).toMatchObject({ level: 'look again', text: 'These groups are of no key that is known here. Compare groups 1 to 5 with the paper (< goes back to them); if they are right, this is another key\'s sheet: put it away.' })
  })

  test('group 5: the key, also in words; group 6: whose', () => {
    expect(said(good.slice(0, 20))).toEqual({ level: 'plain', text: 'A practice sheet. Key 8df3263702b125b8: optic vertigo bookshelf consensus accrue photograph bombast provincial.' })
    expect(said(good.slice(0, 24))).toEqual({ level: 'good', text: 'Practice: the sheet of custodian 1 (Ada Lovelace), GENERATION 2; 2 of 3 needed. Key 8df3263702b125b8: optic vertigo bookshelf consensus accrue photograph bombast provincial.' })
    expect(said(real.slice(0, 24), UNKNOWN_SHEETS)).toMatchObject({ level: 'good', text: expect.stringMatching(/^share 1 of 3; 2 of 3 needed\. Key 0011223344556677: /) as string })
  })

  test('numbers that cannot be, and a version that is not known', () => {
    const header = (bytes: number[]): string => 'GK1' + Array.from({ length: 21 }, (_, at) => ALPHABET.charAt(parseInt(bytes.map((byte) => byte.toString(2).padStart(8, '0')).join('').padEnd(105, '0').slice(at * 5, at * 5 + 5), 2))).join('')
    const key = [1, 2, 3, 4, 5, 6, 7, 8]
    expect(said(header([1, ...key, 4, 3, 1]), UNKNOWN_SHEETS)?.text).toBe('Groups 5 and 6 say custodian 1, 4 of 3: that cannot be. Compare them with the paper.')
    expect(said(header([1, ...key, 2, 3, 4]), UNKNOWN_SHEETS)?.text).toBe('Groups 5 and 6 say custodian 4, 2 of 3: that cannot be. Compare them with the paper.')
    expect(said(header([2, ...key, 2, 3, 1]), UNKNOWN_SHEETS)?.text).toBe('Groups 1 and 2 say format version 2, and this glasskey reads 1. Compare them with the paper.')
  })

  test('nothing after a character that cannot be read is guessed', () => {
    expect(readingOf(typed(`${good.slice(0, 13)}?${good.slice(14)}`), UNKNOWN_SHEETS)).toEqual({ level: 'plain', text: 'A practice sheet.' })
  })

  test('any generation of a folder will do, and names its own custodian', () => {
    const any = knownOf([1, 2].map((generation) => ({ manifest: manifestOf(generation), standing: 'that key is dead' })))
    expect(said(used.slice(0, 24), any)).toMatchObject({ level: 'good', text: expect.stringContaining('GENERATION 1') as string })
    expect(said(good.slice(0, 24), any)).toMatchObject({ level: 'good', text: expect.stringContaining('GENERATION 2') as string })
  })

  test('without a folder the first sheet says what the next must be', () => {
    const like = knownLike(parseShareText(good))
    expect(said(second.slice(0, 24), like)).toMatchObject({ level: 'good' })
    expect(said(wrongAt(second, 9).slice(0, 12), like)).toMatchObject({ level: 'look again', text: `Group 3 looks wrong: the first sheet has ${good.slice(8, 12)} there. Compare it with the paper.` })
    expect(said('GK1Q', like)).toMatchObject({ level: 'wrong sheet' })
  })
})

describe('what the checksum offers', () => {
  test('nothing, for a text that is right', () => {
    for (const text of [good, real]) expect(mend(typed(text))).toEqual({ found: 'right' })
  })

  test('every two wrong characters are found, and their repair is the printed text', () => {
    for (let first = 4; first < good.length; first += 3) {
      for (let next = first + 1; next < good.length; next += 5) {
        const mended = mend(typed(wrongAt(good, first, next)))
        if (mended.found !== 'repair') throw new Error(mended.found)
        expect(textOf(mended.repair)).toBe(good)
        expect(mended.groups).toEqual([...new Set([Math.floor(first / 4), Math.floor(next / 4)])])
      }
    }
  })

  test('three wrong characters are beyond telling', () => {
    expect(mend(typed(wrongAt(good, 20, 40, 60)))).toEqual({ found: 'too many' })
  })

  test.each([[[30]], [[30, 31]], [[5, 40, 79]], [[5, 40, 60, 81]]])('characters that cannot be read, at %j', (places) => {
    const mended = mend(typed(places.reduce((text, at) => replaced(text, at, '?'), good)))
    expect(mended.found === 'repair' && textOf(mended.repair)).toBe(good)
  })

  test('one wrong character beside two that cannot be read', () => {
    const mended = mend(typed(wrongAt(replaced(replaced(good, 30, '?'), 50, '?'), 70)))
    expect(mended.found === 'repair' && textOf(mended.repair)).toBe(good)
    expect(mend(typed(wrongAt(replaced(replaced(replaced(good, 30, '?'), 50, '?'), 60, '?'), 70)))).toEqual({ found: 'too many' })
  })

  test('77 symbols are no share, and five that cannot be read are too many', () => {
    expect(() => repaired('gk', Array<number>(77).fill(0))).toThrow(new RangeError('repaired: a share has 78 symbols'))
    expect(repaired('gk', [...Array<null>(5).fill(null), ...Array<number>(73).fill(0)])).toBeUndefined()
  })
})
