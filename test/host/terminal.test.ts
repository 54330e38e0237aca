/** Commands that people copy from the screen, and what they are told where nobody can be asked. */
import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { shellWord, whereToAsk } from '../../src/host/terminal.js'

test.each([['/media/stick/custody', '/media/stick/custody'], ['/media/my stick/custody', "'/media/my stick/custody'"], ["it's", "'it'\\''s'"], ['$(reboot)', "'$(reboot)'"], ['', "''"]])('%s is one word to a shell', (word, quoted) => {
  expect(shellWord(word)).toBe(quoted)
  expect(execFileSync('sh', ['-c', `printf %s ${quoted}`], { encoding: 'utf8' })).toBe(word)
})

test.each([
  [true, false, 'Questions go to standard error: leave it on the terminal, with nothing that records it, or use --yes.'],
  [false, false, 'Run this on a terminal, or use --yes.'],
  [false, true, 'Run this on a terminal, or use --yes.'],
])('a terminal before standard input: %s, and behind standard error: %s', (input, error, says) => {
  const before = [process.stdin.isTTY, process.stderr.isTTY] as const
  Object.assign(process.stdin, { isTTY: input })
  Object.assign(process.stderr, { isTTY: error })
  const said = whereToAsk('use --yes')
  Object.assign(process.stdin, { isTTY: before[0] })
  Object.assign(process.stderr, { isTTY: before[1] })
  expect(said).toBe(says)
})
