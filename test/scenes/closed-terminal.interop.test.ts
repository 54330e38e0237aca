/** The terminal is closed (a dropped connection) at each moment of a session: nobody reads any more, and it ends in order all the same. */
import { afterEach, expect, test } from 'vitest'
import { CLI } from '../stage/command-line.js'
import { onTerminal, processesWith } from '../stage/on-terminal.js'
import { played } from '../stage/played.js'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'

let stage: Rehearsal | undefined
afterEach(async () => {
  await stage?.close()
  stage = undefined
})

/** What is on the terminal when it goes away, and how the journal ends. */
const MOMENTS = [
  ['while custodians are asked', 'Number:', null, ['session-opened', 'closed']],
  ['during the action', 'Asking OCI: enable SAAS_ADMIN', 'the terminal was closed', ['graded', 'closed']],
  ['during the exit', 'Asking OCI: exit: upload successor', 'completion', ['graded', 'closed']],
  ['during the proof', 'Proving it dead in', 'completion', ['graded', 'closed']],
] as const

test.each(MOMENTS)('on a real terminal that goes away %s', async (_, words, cause, last) => {
  stage = await rehearsal({ speed: 4 })
  stage.cloud.armFault({ match: { path: '*configureSaasAdminUser' }, action: { do: 'delay', when: 'before', milliseconds: 1500 } })
  stage.cloud.armFault({ match: { path: '*/apiKeys', method: 'POST' }, action: { do: 'delay', when: 'before', milliseconds: 1000 } })
  const { node = [], env } = played(stage.time)
  const args = stage.saasAdmin().filter((word) => word !== '--yes' || cause !== null)
  const terminal = onTerminal(stage, [process.execPath, ...node, CLI, ...args], env)
  await terminal.until(words)
  terminal.close()
  const deadline = Date.now() + 60_000
  while (processesWith(stage.custody).length > 0 && Date.now() < deadline) await new Promise((again) => setTimeout(again, 100))
  expect((await stage.run(['logbook', 'verify', '--custody', stage.custody])).code).toBe(0)
  const types = stage.journal().map(({ type }) => type)
  expect(types.slice(-2)).toEqual(last)
  expect(types.includes('key-deleted')).toBe(cause !== null)
  if (cause !== null) expect(stage.journal().find(({ type }) => type === 'exit-began')).toMatchObject({ cause })
  expect(stage.listedKeys).toBe(1)
  expect((await stage.run(['status', '--custody', stage.custody])).stdout).toContain(`In use: GENERATION ${cause === null ? 2 : 3}`)
})
