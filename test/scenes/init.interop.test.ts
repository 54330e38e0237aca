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

test('an answer that custody.yaml would refuse is asked again, and what was typed before is not lost', async () => {
  const terminal = init('--tenancy', 'ocid1.tenancy.oc1..aaaa', '--user', 'ocid1.user.oc1..aaaa', '--home-region', 'eu-frankfurt-1', '--regions', 'eu-frankfurt-1', '--team', 'Team', '--contact', 'Desk', '--paper', 'A4')
  /** Types at a question what is wrong, then, over it, what is right. */
  const mend = async (question: string, wrong: string, complaint: string, right: string): Promise<void> => {
    await terminal.until(question)
    terminal.type(`${wrong}\r`)
    await terminal.until(complaint)
    terminal.type(`\u0015${right}\r`)
  }
  await terminal.until('Name of custodian 1')
  terminal.type('Ada\r')
  await mend('Name of custodian 2', 'Ada', 'Ada is named already: one person must not hold two shares', '\u05d0')
  await terminal.until('Hebrew script')
  terminal.type('\u0015\r')
  await terminal.until('2 are needed at least')
  terminal.type('Grace\r')
  await terminal.until('Name of custodian 3')
  terminal.type('\r')
  await mend('make a quorum?', '1', 'Value must be between 2 and 2', '2')
  await mend('Copies of each share', '32', 'Value must be between 1 and 9', '1')
  expect(await terminal.ended).toBe(0)
  expect(readFileSync(join(directory, 'custody.yaml'), 'utf8')).toContain('threshold: 2')
})
