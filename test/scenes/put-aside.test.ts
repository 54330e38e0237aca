/** A session is put aside with a key live: by Ctrl-Z, by SIGSTOP, by a closed lid. And nobody reads what it says. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { CLI } from '../stage/command-line.js'
import { played } from '../stage/played.js'
import { play } from '../stage/playing.js'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'

let stage: Rehearsal | undefined
afterEach(async () => {
  await stage?.close()
  stage = undefined
})

const aWhile = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms))

test('Ctrl-Z does nothing and says so; a desk or a strongroom that was stopped goes on where it was', async () => {
  stage = await rehearsal({ speed: 4 })
  stage.cloud.armFault({ match: { path: '*configureSaasAdminUser' }, action: { do: 'delay', when: 'before', milliseconds: 1500 } })
  stage.cloud.armFault({ match: { path: '*/apiKeys', method: 'POST' }, action: { do: 'delay', when: 'before', milliseconds: 1000 } })
  // Without namespaces the terminal's signals reach the clerk too.
  const playing = play(stage, [...stage.saasAdmin(), '--no-namespaces', '--reader', 'AUDITOR', '--json'])
  await playing.until('Asking OCI: enable SAAS_ADMIN')
  playing.signal('SIGTSTP')
  await playing.until('Ctrl-Z does nothing here: a session cannot be put aside. Ctrl-C ends it in order.')
  playing.signal('SIGSTOP', 'desk')
  await aWhile(1000)
  playing.signal('SIGCONT', 'desk')
  await playing.until('Asking OCI: exit: upload successor')
  // Whoever may send it signals can stop it: the desk continues it.
  playing.signal('SIGSTOP', 'strongroom')
  const { code, stdout } = await playing.ended
  expect([code, JSON.parse(stdout)]).toMatchObject([0, { error: null, grade: 'proved', actionResult: 'done' }])
  expect(stage.listedKeys).toBe(1)
})

/** How a shell can leave a session without readers; the exit code goes to a file: 2 where what the command printed did not arrive. */
const UNREAD = [
  ['output that is closed', '"$@" >&- 2>&-; echo $? >code', 0],
  ['a reader that goes away, and a device that is full', '{ "$@" >/dev/full </dev/null; echo $? >code; } 2>&1 | head -n 1', 2],
] as const

test.each(UNREAD)('%s: the session is none the worse for it', async (_, script, code) => {
  stage = await rehearsal({ speed: 4 })
  const { directory } = stage
  const { node = [], env } = played(stage.time)
  const shell = spawn('sh', ['-c', script, 'sh', process.execPath, ...node, CLI, ...stage.rotate()], { cwd: directory, stdio: 'ignore', env: { ...process.env, ...env } })
  await new Promise((done) => shell.once('close', done))
  expect(readFileSync(join(directory, 'code'), 'utf8')).toBe(`${code}\n`)
  expect(stage.journal().at(-1)).toMatchObject({ type: 'closed', exitCode: 0 })
  expect(stage.listedKeys).toBe(1)
})
