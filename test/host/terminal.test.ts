/** Commands that people copy from the screen. */
import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { shellWord } from '../../src/host/terminal.js'

test.each([['/media/stick/custody', '/media/stick/custody'], ['/media/my stick/custody', "'/media/my stick/custody'"], ["it's", "'it'\\''s'"], ['$(reboot)', "'$(reboot)'"], ['', "''"]])('%s is one word to a shell', (word, quoted) => {
  expect(shellWord(word)).toBe(quoted)
  expect(execFileSync('sh', ['-c', `printf %s ${quoted}`], { encoding: 'utf8' })).toBe(word)
})
