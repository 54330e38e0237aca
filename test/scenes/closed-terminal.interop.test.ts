/** The terminal is closed (a dropped connection) while the key is live: nobody reads any more, and it is rotated all the same. */
import { spawn } from 'node:child_process'
import { expect, test } from 'vitest'
import { CLI } from '../stage/command-line.js'
import { rehearsal } from '../stage/rehearsal.js'

test('on a real terminal that goes away', async () => {
  const stage = await rehearsal()
  try {
    stage.cloud.armFault({ match: { path: '*configureSaasAdminUser' }, action: { do: 'delay', when: 'before', milliseconds: 4000 } })
    const command = [process.execPath, CLI, ...stage.saasAdmin()].map((word) => `'${word}'`).join(' ')
    const terminal = spawn('script', ['--quiet', '--flush', '--return', '--command', command, '/dev/null'], { cwd: stage.directory, stdio: ['pipe', 'pipe', 'ignore'] })
    let shown = ''
    await new Promise<void>((resolve) => {
      terminal.stdout.on('data', (chunk: Buffer) => {
        shown += chunk.toString()
        if (shown.includes('Asking OCI: enable SAAS_ADMIN')) resolve()
      })
    })
    terminal.kill('SIGKILL')
    const deadline = Date.now() + 60_000
    while (stage.journal().at(-1)?.type !== 'closed' && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 200))
    const types = stage.journal().map(({ type }) => type)
    expect(types.slice(-2)).toEqual(['graded', 'closed'])
    expect(types).toContain('key-deleted')
    expect(stage.journal().find(({ type }) => type === 'exit-began')).toMatchObject({ cause: 'the terminal was closed' })
    expect(stage.listedKeys).toBe(1)
    // The entry follows the last line of the journal.
    await new Promise((resolve) => setTimeout(resolve, 2000))
    expect((await stage.run(['logbook', 'verify', '--custody', stage.custody])).code).toBe(0)
  } finally {
    await stage.close()
  }
})
