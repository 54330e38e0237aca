import { describe, expect, test } from 'vitest'
import { sliceBytes } from '../../src/paper/envelope-slices.js'
import { barsOf, matrixOf } from '../../src/paper/qr.js'
import { envelopeParts, shareText } from './examples.js'

describe('codes', () => {
  test('a share is version 6 at level H, real and rehearsal', () => {
    for (const rehearsal of [false, true]) {
      expect(matrixOf({ text: shareText('x', rehearsal), correction: 'H' }).side).toBe(41)
    }
  })

  test('the largest slice is version 24 at level M; one step more is not', () => {
    const side = (slice: number): number => matrixOf({ text: envelopeParts(4 * slice, slice)[0] ?? '', correction: 'M' }).side
    expect(side(810)).toBe(113)
    expect(side(815)).toBe(117)
  })

  test('bars cover exactly the dark modules, none twice', () => {
    const matrix = matrixOf({ text: envelopeParts(700, 700)[0] ?? '', correction: 'M' })
    const covered = new Uint8Array(matrix.side ** 2)
    for (const { row, column, length, rows } of barsOf(matrix)) {
      for (let y = row; y < row + rows; y += 1) for (let x = column; x < column + length; x += 1) covered.set([(covered[y * matrix.side + x] ?? 0) + 1], y * matrix.side + x)
    }
    const dark = Uint8Array.from({ length: matrix.side ** 2 }, (_, at) => Number(matrix.dark(Math.floor(at / matrix.side), at % matrix.side)))
    expect(covered).toEqual(dark)
  })

  test('lower case is refused: it would need a larger code', () => {
    expect(() => matrixOf({ text: 'gk1qpz', correction: 'H' })).toThrow(RangeError)
  })
})

describe('slices', () => {
  test.each([[1, 5], [5, 5], [550, 550], [810, 810], [811, 410], [1500, 750], [2720, 680], [2700, 675], [3100, 775], [3240, 810], [3241, 650]])(
    '%i bytes in slices of %i', (length, slice) => {
      expect(sliceBytes(length)).toBe(slice)
      expect(slice % 5).toBe(0)
    })

  test.each([0, -1, 1.5, NaN])('%d bytes are refused', (length) => {
    expect(() => sliceBytes(length)).toThrow('sliceBytes: length must be a positive whole number')
  })
})
