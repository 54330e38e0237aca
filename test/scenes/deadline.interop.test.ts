/** A minute's wait, because a deadline is one: the warrant ends while custodians look for their sheets. */
import { spawn } from 'node:child_process'
import { expect, test } from 'vitest'
import { CLI } from '../stage/command-line.js'
import { rehearsal } from '../stage/rehearsal.js'

test('the deadline passes while custodians look for their sheets: no action, but rotation', async () => {
  const stage = await rehearsal()
  const typed = await Promise.all([stage.shareText(2, 1), stage.shareText(2, 2)])
  const args = stage.saasAdmin(2, '--minutes', '1', '--share-file', '-', '--json').filter((word, at, all) => word !== '--scan' && all[at - 1] !== '--scan')
  const desk = spawn(process.execPath, [CLI, ...args], { cwd: stage.directory, stdio: ['pipe', 'pipe', 'pipe'] })
  let stdout = ''
  desk.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  setTimeout(() => desk.stdin.end(typed.join('\n') + '\n'), 61_000)
  const code = await new Promise<number>((resolve) => desk.once('close', (ended) => resolve(ended ?? -1)))
  const json = JSON.parse(stdout) as unknown
  expect(json).toMatchObject({ error: { code: 'WARRANT_EXPIRED' }, grade: 'refused-only', successor: { generation: 3 } })
  expect(code).toBe(3)
  expect(stage.cloud.requests.filter(({ path }) => path.includes('configureSaasAdminUser'))).toEqual([])
  expect(stage.listedKeys).toBe(1)
  await stage.close()
})
