import { describe, expect, test } from 'vitest'
import { beginAlike, hexToWords, sameWords, toWords } from '../../src/custody/words.js'

test('the example of the PGP word list: a fingerprint', () => {
  expect(hexToWords('e58294f2e9a227486e8b061b31cc528fd7fa3f19')).toBe(
    'topmost Istanbul Pluto vagabond treadmill Pacific brackish dictator goldfish Medusa afflict bravado chatter revolver Dupont midsummer stopwatch whimsical cowbell bottomless',
  )
})

test('every byte has a word of its own at both positions', () => {
  const all = Array.from({ length: 256 }, (_, byte) => byte)
  const even = all.map((byte) => toWords(Uint8Array.of(byte)))
  const odd = all.map((byte) => toWords(Uint8Array.of(0, byte)).split(' ')[1])
  expect(new Set([...even, ...odd]).size).toBe(512)
})

test('a dropped, doubled or swapped word never reads the same', () => {
  const words = hexToWords('0011223344556677')
  const list = words.split(' ')
  for (let at = 0; at + 1 < list.length; at += 1) {
    expect(sameWords(list.filter((_, index) => index !== at).join(' '), words)).toBe(false)
    expect(sameWords([...list.slice(0, at), list[at + 1], list[at], ...list.slice(at + 2)].join(' '), words)).toBe(false)
    expect(sameWords([...list.slice(0, at), list[at], ...list.slice(at)].join(' '), words)).toBe(false)
  }
})

test('whole words that others begin with, and nothing else, begin alike', () => {
  const of = (spoken: string): boolean => beginAlike(spoken, 'topmost Istanbul Pluto')
  expect(['topmost', 'TOPMOST  istanbul,'].map(of)).toEqual([true, true])
  expect(['', ' . ', 'top', 'topmost ist', 'Istanbul', 'topmost Pluto', 'topmost Istanbul Pluto', 'topmost Istanbul Pluto vagabond'].map(of)).toEqual(Array(8).fill(false))
})

describe('spelling', () => {
  test.each(['topmost istanbul', 'TOPMOST ISTANBUL', ' Topmost,  Istanbul. ', 'topmost-Istanbul', 'tópmost Istanbül', 'topmost\tIstanbul\n'])('%j is the same', (spoken) => {
    expect(sameWords(spoken, 'topmost Istanbul')).toBe(true)
  })
  test.each(['', 'topmost', 'topmostIstanbul', 'Istanbul topmost', 'topmost Istanbul topmost', 'top most Istanbul'])('%j is not', (spoken) => {
    expect(sameWords(spoken, 'topmost Istanbul')).toBe(false)
  })
})

test.each(['', 'a', 'abc', 'AB', 'zz', 'ab cd'])('hex that is none: %j', (hex) => {
  expect(() => hexToWords(hex)).toThrow(new RangeError('hexToWords: hex must be whole bytes in lower case'))
})
