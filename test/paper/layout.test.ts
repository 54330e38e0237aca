import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Canvas, INK } from '../../src/paper/canvas.js'
import { breakLines, lineWidth } from '../../src/paper/lines.js'
import { paginate } from '../../src/paper/pages.js'
import type { Item, Piece, Span } from '../../src/paper/piece.js'
import { typeScale } from '../../src/paper/scale.js'
import { TENANCY } from './examples.js'
import { textOf } from './printed.js'

const canvas = new Canvas('A4', 'test', new Date(0))
const { body } = typeScale(1)
const linesOf = (text: string, width: number, code = false): string[] =>
  breakLines(canvas, [{ kind: 'text', text, bold: false, italic: false, code }], body, width)
    .map((line) => line.map(({ parts }) => parts.map((part) => part.kind === 'text' ? part.text : '').join('')).join('|'))

describe('lines', () => {
  test('break at spaces, and between characters only where nothing else helps', () => {
    expect(linesOf('any three of five', 60)).toEqual(['any|three|of', 'five'])
    expect(linesOf('WWWWWWWWWW', 30)).toEqual(['WWW', 'WWW', 'WWW', 'W'])
  })

  test('an OCID breaks after its dots', () => {
    expect(linesOf(TENANCY, 365, true)).toEqual(['ocid1.|tenancy.|oc1..', TENANCY.replace(/^.*\.\./, '')])
  })

  test('are never wider than asked, and lose nothing', () => {
    fc.assert(fc.property(fc.stringMatching(/^[a-zA-Z0-9./ -]{0,120}$/), fc.integer({ min: 15, max: 400 }), fc.boolean(), (text, width, code) => {
      const lines = breakLines(canvas, [{ kind: 'text', text, bold: false, italic: false, code }], body, width)
      for (const line of lines) expect(lineWidth(line)).toBeLessThanOrEqual(width + 0.02)
      expect(linesOf(text, width, code).join('').replaceAll('|', '')).toBe(text.replaceAll(' ', ''))
    }), { numRuns: 200 })
  })
})

describe('pages', () => {
  const piece = (name: string, height: number, more: Partial<Piece> = {}): Piece & { name: string } =>
    ({ name, height, gap: 0, keep: false, draw: () => undefined, ...more })
  const names = (items: readonly Item[], folds: readonly Span[] = []): string[] =>
    paginate(items, 100, folds).map((page) => page.map(({ piece: placed, y }) => `${(placed as Piece & { name: string }).name}@${y}`).join(' '))

  test('a page is filled to its last point, and not one further', () => {
    expect(names([piece('a', 50), piece('b', 50)])).toEqual(['a@0 b@50'])
    expect(names([piece('a', 50), piece('b', 50.1)])).toEqual(['a@0', 'b@0'])
  })

  test('white space above is dropped at the top of a page', () => {
    expect(names([piece('a', 60, { gap: 9 }), piece('b', 40, { gap: 9 })])).toEqual(['a@0', 'b@0'])
  })

  test('a heading moves with what it heads', () => {
    expect(names([piece('text', 80), piece('heading', 10, { keep: true }), piece('more', 20)])).toEqual(['text@0', 'heading@0 more@10'])
  })

  test('the corners of a code are kept off the folds, with its heading, where a little white is enough', () => {
    const code = piece('code', 40, { gap: 2, corners: [{ from: 0, to: 4 }, { from: 36, to: 40 }] })
    const fold = (from: number, to: number): Span[] => [{ from, to }]
    const at = ([page = '']: string[]): number => Number(/code@([\d.]+)/.exec(page)?.[1])
    expect(names([piece('text', 20), code], fold(26, 58))).toEqual(['text@0 code@22'])
    const lower = names([piece('text', 20), piece('heading', 5, { keep: true }), code], fold(24, 34))
    expect(at(lower)).toBeGreaterThanOrEqual(34)
    expect(at(lower)).toBeLessThan(36)
    expect(Number(/heading@([\d.]+)/.exec(lower[0] ?? '')?.[1])).toBeCloseTo(at(lower) - 7)
    // By the lower corners, and at the top of a page, where there is no white otherwise.
    expect(at(names([code], fold(37, 38)))).toBeGreaterThan(2)
    expect(at(names([code], fold(-5, 0)))).toBe(0)
    expect(names([piece('text', 90), code], fold(4, 30))).toEqual(['text@0', 'code@0'])
    // Not when the page has no room for it, or so much white would be odd.
    expect(names([piece('text', 58), code], fold(60, 61))).toEqual(['text@0 code@60'])
    expect(at(names([code], fold(0, 99)))).toBe(0)
  })

  test('the header of a table is repeated', () => {
    const header = piece('header', 10, { keep: true })
    expect(names([header, piece('one', 60, { header }), piece('two', 60, { header })])).toEqual(['header@0 one@10', 'header@0 two@10'])
  })

  test('a slip is never cut, and the cutting line only stands between two', () => {
    const cut = piece('cut', 1, { between: true, keep: true })
    const slip = (name: string): Item[] => [piece(`${name}1`, 20), piece(`${name}2`, 20), 'cut', cut]
    expect(names([...slip('a'), ...slip('b'), ...slip('c')])).toEqual(['a1@0 a2@20 cut@40 b1@41 b2@61', 'c1@0 c2@20'])
  })

  test('a new page is begun once', () => {
    expect(names(['new page', piece('a', 10), 'new page', 'new page', piece('b', 10)])).toEqual(['a@0', 'b@0'])
  })
})

test('what is copied from a page is what was written there, whatever other documents drew: Latin O and Cyrillic О are one glyph', async () => {
  const written = async (text: string): Promise<string> => {
    const canvas = new Canvas('A4', 'test', new Date(0))
    canvas.newPage()
    canvas.write(text, { face: 'regular', size: 12, leading: 15, ink: INK.black }, 100, 100)
    return (await textOf(await canvas.finish())).join('').trim()
  }
  for (const text of ['Only', 'Опись', 'Only', 'НЕТ', 'HET']) expect(await written(text)).toBe(text)
})
