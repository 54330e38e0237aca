/** However a session ends, its key is rotated and proved dead. */
import { spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { CLI } from '../stage/command-line.js'
import { play } from '../stage/playing.js'
import { rehearsal, type Rehearsal, withoutShares } from '../stage/rehearsal.js'

let stage: Rehearsal | undefined
afterEach(async () => {
  await stage?.close()
  stage = undefined
})

interface Interrupted {
  code: number
  json: { error: { code: string; message: string } | null; grade: string; actionResult: string; successor: { generation: number } | null; entryFile: string; slipsFile: string; evidenceFile: string }
  stderr: string
}

/** Runs a release in a process group of its own, and does something to it while the action hangs in OCI. */
async function interrupt(during: Rehearsal, disturb: (desk: number) => void): Promise<Interrupted> {
  during.cloud.armFault({ match: { path: '*configureSaasAdminUser' }, action: { do: 'delay', when: 'before', milliseconds: 4000 } })
  const desk = spawn(process.execPath, [CLI, ...during.saasAdmin(), '--reader', 'AUDITOR', '--json'], { cwd: during.directory, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  let stdout = ''
  let stderr = ''
  let disturbed = false
  desk.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  desk.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
    if (disturbed || !stderr.includes('Asking OCI: enable SAAS_ADMIN')) return
    disturbed = true
    disturb(desk.pid ?? 0)
  })
  const code = await new Promise<number>((resolve) => desk.once('close', (ended) => resolve(ended ?? -1)))
  return { code, stderr, json: JSON.parse(stdout) as Interrupted['json'] }
}

/** SIGTERM and SIGQUIT have their scenes in signals.test.ts. */
const SIGNALS = [
  ['SIGINT', 'Ctrl-C'],
  ['SIGHUP', 'the terminal was closed'],
] as const

test.each(SIGNALS)('%s to the whole group, as a terminal sends it', async (signal, cause) => {
  stage = await rehearsal()
  const { code, json, stderr } = await interrupt(stage, (desk) => process.kill(-desk, signal))
  expect(stderr).toContain(`${cause}: stopping in order. If the key is live it is rotated first: seconds, or up to 15 minutes if OCI does not answer.`)
  expect(json).toMatchObject({ error: { code: 'INTERRUPTED', message: `the action was stopped: ${cause}` }, grade: 'proved', actionResult: 'interrupted', successor: { generation: 3 } })
  expect(code).toBe(3)
  expect(stage.listedKeys).toBe(1)
  expect(stage.journal().find((line) => line.type === 'exit-began')).toMatchObject({ cause })
  for (const path of [json.entryFile, json.slipsFile, json.evidenceFile]) expect(existsSync(path), path).toBe(true)
})

test('an error in the action; its shares, all of one generation, are in the file that a hand-held scanner typed', async () => {
  stage = await rehearsal({ speed: 4 })
  const { databases } = stage.cloud.seed
  const file = join(stage.directory, 'typed.txt')
  const [first, second] = await Promise.all([stage.shareText(2, 1), stage.shareText(2, 3)])
  writeFileSync(file, `${first.match(/.{1,4}/g)?.join(' ').toLowerCase() ?? ''}\n\n${second}\n`)
  const args = withoutShares(stage.saasAdmin(2, '--json')).map((word) => (word === databases.available ? databases.alwaysFree : word))
  const { code, stdout } = await stage.run([...args, '--share-file', file])
  const json = JSON.parse(stdout) as Interrupted['json']
  expect(json).toMatchObject({ error: { code: 'OCI_REFUSED' }, grade: 'refused-only', actionResult: 'failed', successor: { generation: 3 } })
  expect(json.error?.message).toMatch(/^OCI answered 400 InvalidParameter: /)
  expect(stage.journal().filter(({ type }) => type === 'share-accepted')).toMatchObject([{ generation: 2 }, { generation: 2 }])
  expect(code).toBe(3)
  expect(stage.listedKeys).toBe(1)
})

test('the strongroom dies with the key live: exit 6, and resume finishes with a quorum', async () => {
  stage = await rehearsal()
  const { roomsUnder } = await import('../isolation/memory.js')
  const { code, json } = await interrupt(stage, (desk) => process.kill(roomsUnder(desk).strongroom ?? 0, 'SIGKILL'))
  expect(json.error).toMatchObject({ code: 'OUTCOME_UNKNOWN' })
  expect(code).toBe(6)
  expect((await stage.run(['status', '--custody', stage.custody])).stdout).toMatch(/^RED: session .* has not come to its end: the key of GENERATION 2 may be alive\n/)
  const refused = await stage.run(stage.saasAdmin())
  expect([refused.code, refused.stderr]).toEqual([3, expect.stringMatching(/^SESSION_UNFINISHED: session /)])
  const resumed = await stage.run(['resume', '--custody', stage.custody, '--yes', ...stage.scans(2, 2, 3), '--reader', 'AUDITOR', ...stage.oci, '--json'])
  expect(JSON.parse(resumed.stdout)).toMatchObject({ error: null, grade: 'proved', successor: { generation: 3 } })
  expect(resumed.code).toBe(0)
  expect(stage.listedKeys).toBe(1)
})

test.each([
  ['after its effect', 'after', 'done', /^SAAS_ADMIN is enabled read-only for 1 h, until .*Z, as OCI reads it back$/],
  ['before its effect', 'before', 'failed', /^it was not done: OCI reads back \{"isEnabled":false\}$/],
] as const)('the desk dies while the action waits for its answer, %s: the strongroom does not outlive it, resume reads what became of it, and the audit finds nothing open', async (_, when, result, detail) => {
  let [desk, strongroom] = [0, 0]
  const { roomsUnder } = await import('../isolation/memory.js')
  stage = await rehearsal({
    speed: 8,
    observe: (moment, { path }) => {
      if (!path.endsWith('configureSaasAdminUser') || moment !== (when === 'after' ? 'done' : 'received')) return undefined
      strongroom = roomsUnder(desk).strongroom ?? 0
      process.kill(desk, 'SIGKILL')
      return 'drop'
    },
  })
  await stage.run(stage.saasAdmin(), { onStart: (pid) => (desk = pid) })
  expect(strongroom).not.toBe(0)
  await vi.waitFor(() => expect(() => process.kill(strongroom, 0)).toThrow('ESRCH'), 10_000)
  expect(stage.journal().at(-1)).toMatchObject({ type: 'burned', reason: 'the desk is gone, and with it the network' })
  const resumed = await stage.run(['resume', '--custody', stage.custody, '--yes', ...stage.shares(2, 1, 2), ...(when === 'after' ? ['--reader', 'AUDITOR'] : []), ...stage.oci, '--json'])
  expect(JSON.parse(resumed.stdout)).toMatchObject({ error: null, grade: when === 'after' ? 'proved' : 'refused-only', actionResult: result, successor: { generation: 3 } })
  expect(stage.journal().filter(({ type }) => type === 'action-ended').at(-1)).toMatchObject({ result, detail: expect.stringMatching(detail) as string })
  expect(stage.listedKeys).toBe(1)
  const audit = await stage.run(['audit', '--custody', stage.custody, '--profile', 'AUDITOR', '--json', ...stage.oci])
  expect((JSON.parse(audit.stdout) as { failed: string[] }).failed.filter((control) => control.startsWith('A'))).toEqual([])
})

test('Ctrl-C while OCI thinks about the action: whether it happened is not known, said, and explained by who finds out', async () => {
  stage = await rehearsal({ speed: 8 })
  stage.cloud.armFault({ match: { path: '*configureSaasAdminUser' }, action: { do: 'delay', when: 'after', milliseconds: 15_000 } })
  const playing = play(stage, [...withoutShares(stage.saasAdmin()), ...stage.scans(2, 1, 2), '--reader', 'AUDITOR'])
  await playing.until('Asking OCI: enable SAAS_ADMIN')
  await new Promise((later) => setTimeout(later, 300))
  playing.signal('SIGINT')
  const { code, stdout } = await playing.ended
  expect(code).toBe(3)
  const [, step = ''] = /^NOT KNOWN: whether "enable SAAS_ADMIN" happened; OCI never answered\. Look at the database in OCI's console, then enter what you found: glasskey logbook add exception --set step="(session \S+, line \d+)" …$/m.exec(stdout) ?? []
  const failedActions = async (during: Rehearsal): Promise<string[]> => {
    const audit = await during.run(['audit', '--custody', during.custody, '--profile', 'AUDITOR', '--json', ...during.oci])
    return (JSON.parse(audit.stdout) as { failed: string[] }).failed.filter((control) => control.startsWith('A'))
  }
  expect(await failedActions(stage)).toEqual(['A02'])
  const found = { step, happened: 'the console shows it enabled', decision: 'it is disabled by hand', decidedBy: 'Lin Chen', witness: 'Emmy Noether' }
  const entered = await stage.run(['logbook', 'add', 'exception', '--custody', stage.custody, ...Object.entries(found).flatMap(([name, value]) => ['--set', `${name}=${value}`])])
  expect(entered.code, entered.stderr).toBe(0)
  expect(await failedActions(stage)).toEqual([])
})
