/** Bytes of a terminal as keys. */
import { StringDecoder } from 'node:string_decoder'
import { expect, test } from 'vitest'
import { keysIn, type Key } from '../../src/host/keys.js'

const keys = (text: string): Key[] => Array.from(keysIn(Buffer.from(text), new StringDecoder('utf8')), ({ key }) => key)

test.each<[string, string, Key[]]>([
  ['a run of characters', 'GK1Q 2345', [{ characters: 'GK1Q 2345' }]],
  ['Enter, however it is sent', 'a\rb\nc\r\n', [{ characters: 'a' }, { control: 'enter' }, { characters: 'b' }, { control: 'enter' }, { characters: 'c' }, { control: 'enter' }]],
  ['< and > and the arrows', '<>\u001b[D\u001b[C\u001bOD', [{ press: 'back' }, { press: 'forward' }, { press: 'back' }, { press: 'forward' }, { press: 'back' }]],
  ['Backspace, Ctrl-U, Ctrl-C, Ctrl-D', '\u007f\b\u0015\u0003\u0004', [{ press: 'erase' }, { press: 'erase' }, { press: 'clear' }, { control: 'interrupt' }, { control: 'end' }]],
  ['marks of a bracketed paste, function keys and Ctrl-Z mean nothing', '\u001b[200~ab\u001b[201~\u001b[15~\u001bOP\u001a\u001b', [{ characters: 'ab' }]],
  ['a tabulator', 'a\t', [{ characters: 'a' }, { characters: '\t' }]],
])('%s', (_, text, expected) => {
  expect(keys(text)).toEqual(expected)
})

test('what comes after a key is kept for whoever reads next', () => {
  const [, enter] = Array.from(keysIn(Buffer.from('one\rtwo\r'), new StringDecoder('utf8')))
  expect(enter?.rest().toString()).toBe('two\r')
})

test('a character in two pieces is one character', () => {
  const decoder = new StringDecoder('utf8')
  const bytes = Buffer.from('é')
  expect([...keysIn(bytes.subarray(0, 1), decoder), ...keysIn(bytes.subarray(1), decoder)].map(({ key }) => key)).toEqual([{ characters: 'é' }])
})
