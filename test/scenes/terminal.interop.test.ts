/** What people do at a real terminal while the key is live: Ctrl-Z, Ctrl-S, Ctrl-D, and the shell that started it dies. */
import { afterEach, expect, test } from 'vitest'
import { CLI } from '../stage/command-line.js'
import { onTerminal, processesWith, type OnTerminal } from '../stage/on-terminal.js'
import { played } from '../stage/played.js'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'

let stage: Rehearsal | undefined
let terminals: OnTerminal[] = []
afterEach(async () => {
  for (const terminal of terminals) terminal.close()
  terminals = []
  await stage?.close()
  stage = undefined
})

/** A release that hangs in OCI, started from a shell on a terminal. */
async function release(more: readonly string[] = [], before = ''): Promise<{ during: Rehearsal; terminal: OnTerminal }> {
  const during = await rehearsal({ speed: 4 })
  stage = during
  const { node = [], env } = played(during.time)
  during.cloud.armFault({ match: { path: '*configureSaasAdminUser' }, action: { do: 'delay', when: 'before', milliseconds: 2000 } })
  const words = [process.execPath, ...node, CLI, ...during.saasAdmin(), ...more]
  const terminal = onTerminal(during, ['bash', '--norc', '-ic', `${before}"$@"; echo ended with $?; sleep 60`, 'bash', ...words], env)
  terminals.push(terminal)
  return { during, terminal }
}

const written = (during: Rehearsal, type: string): boolean => during.journal().some((line) => line.type === type)

async function until(found: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000
  while (!found() && Date.now() < deadline) await new Promise((again) => setTimeout(again, 50))
}

test('Ctrl-Z: it cannot be put aside; Ctrl-S: a terminal that shows nothing does not keep a key alive', async () => {
  const { during, terminal } = await release()
  await terminal.until('Asking OCI: enable SAAS_ADMIN')
  terminal.type('\u001a')
  await terminal.until('Ctrl-Z does nothing here: a session cannot be put aside. Ctrl-C ends it in order.')
  terminal.type('\u0013')
  await until(() => written(during, 'closed'))
  expect(during.journal().at(-1)).toMatchObject({ type: 'closed', exitCode: 0 })
  expect(terminal.shown()).not.toContain('Burned')
  expect(during.listedKeys).toBe(1)
  terminal.type('\u0011')
  await terminal.until('ended with 0')
  // What the strongroom could not say stands in the journal: it does not wait for a terminal.
  expect(terminal.shown()).toContain('is dead: refused-only')
})

test('the process that started it is killed, and the terminal stays: it goes on and ends in order', async () => {
  const { during, terminal } = await release([], 'sh -c \'"$@"; true\' sh ')
  await terminal.until('Asking OCI: enable SAAS_ADMIN')
  const [shell = 0] = processesWith(during.custody, 'sh')
  process.kill(shell, 'SIGKILL')
  await until(() => written(during, 'closed'))
  expect(during.journal().at(-1)).toMatchObject({ type: 'closed', exitCode: 0 })
  expect(during.listedKeys).toBe(1)
  await terminal.until('ended with 137')
  await terminal.until('Logbook entry 3')
})

test.each([
  ['Ctrl-D', '\u0004', 'INTERRUPTED: stopped at the question: Which custodian releases? (0 of 2 so far) Number:\nNothing was decided.'],
  ['Ctrl-C', '\u0003', 'INTERRUPTED: stopped: Ctrl-C'],
])('%s at a question: no share was read', async (_, key, words) => {
  const during = (stage = await rehearsal())
  const terminal = onTerminal(during, [process.execPath, CLI, ...during.rotate().filter((word) => word !== '--yes')])
  await terminal.until('Number:')
  terminal.type(key)
  expect(await terminal.ended).toBe(3)
  expect(terminal.shown()).toContain(words)
  expect(terminal.shown()).toContain('No key was live. No share was read. Close the bags again before a witness.')
  expect(during.journal().map(({ type }) => type)).toEqual(['session-opened', 'closed'])
})
