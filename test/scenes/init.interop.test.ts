/** The questions of `init`, at a real terminal. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CLI } from '../stage/command-line.js'
import { onTerminal, type OnTerminal } from '../stage/on-terminal.js'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'glasskey-init-'))
})
afterEach(() => {
  rmSync(directory, { recursive: true })
})

/** `glasskey init`, with its standard output in a file. */
function init(...more: string[]): OnTerminal {
  return onTerminal({ directory }, ['sh', '-c', '"$0" "$@" > out', process.execPath, CLI, 'init', ...more])
}

test('Ctrl-C at a question is no fault of glasskey, and the question was not on standard output', async () => {
  const terminal = init('--json')
  await terminal.until('OCID of the tenancy')
  terminal.type('\u0003')
  expect(await terminal.ended).toBe(3)
  expect(readFileSync(join(directory, 'out'), 'utf8')).toBe(`${JSON.stringify({ error: { code: 'INTERRUPTED', message: 'stopped at the question: OCID of the tenancy', hint: 'Nothing was written.' } })}\n`)
  expect(existsSync(join(directory, 'custody.yaml'))).toBe(false)
})
