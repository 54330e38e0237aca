/** An old warrant for a new session, another session's, or one edited after consent: what custodians read is what is done. */
import { spawn } from 'node:child_process'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readCustodyFolder } from '../../src/host/custody-folder.js'
import { warrantFile, type Warrant } from '../../src/warrant/warrant.js'
import { CLI } from '../stage/command-line.js'
import { openRotation } from '../stage/fake-desk.js'
import { rehearsal, type Rehearsal, withoutShares } from '../stage/rehearsal.js'
import { refusal } from '../vectors/refusal.js'
import { copyOf, expectRefused, sessionsIn } from './tamper.js'

let stage: Rehearsal
beforeAll(async () => {
  stage = await rehearsal()
})
afterAll(() => stage.close())

function editWarrant(path: string, change: (warrant: Warrant) => void): void {
  const warrant = JSON.parse(readFileSync(path, 'utf8')) as Warrant
  change(warrant)
  writeFileSync(path, warrantFile(warrant))
}

const NOT_ITS_OWN = /^warrant\.json of session \S+ is not the one that its journal began with$/

test.each<[attack: string, tamper: (old: string, current: string, custody: string) => void]>([
  ['an old warrant.json copied into a new session', (old, current) => cpSync(join(old, 'warrant.json'), join(current, 'warrant.json'))],
  ['... renumbered for it', (old, current) => {
    cpSync(join(old, 'warrant.json'), join(current, 'warrant.json'))
    editWarrant(join(current, 'warrant.json'), (warrant) => (warrant.session = basename(current)))
  }],
  ['an old one made to last', (_old, current) => editWarrant(join(current, 'warrant.json'), (warrant) => (warrant.deadline = '2099-01-01T00:00:00.000Z'))],
  ['another key\'s PEM beside true digests', (_old, current) => editWarrant(join(current, 'warrant.json'), (warrant) => { if (warrant.successor) warrant.successor.publicKeyPem = 'x' })],
])('%s', async (_, tamper) => {
  const custody = copyOf(stage)
  await openRotation(custody, stage.cloud.endpoints, stage.cloud.seed.users.operator)
  const [old = '', current = ''] = sessionsIn(custody)
  expect(readCustodyFolder(custody).sessions).toHaveLength(2)
  tamper(old, current, custody)
  const refused = refusal(() => readCustodyFolder(custody))
  expect(refused).toMatchObject({ code: 'FOLDER_ALTERED', message: expect.stringMatching(NOT_ITS_OWN) as string })
  const resumed = await stage.run(['resume', '--custody', custody, '--yes', ...stage.shares(2, 1, 2), ...stage.oci])
  expectRefused(resumed, 'FOLDER_ALTERED', 4)
  expect(stage.cloud.requests).toEqual([])
})

test('edited between consent and execution: the warrant that was read is followed, and the session is not called concluded', async () => {
  const typed = await Promise.all([stage.shareText(2, 1), stage.shareText(2, 2)])
  const desk = spawn(process.execPath, [CLI, ...withoutShares(stage.saasAdmin()), '--share-file', '-', '--json'], { cwd: stage.directory, stdio: ['pipe', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  let edited = ''
  let whole = ''
  desk.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  desk.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
    if (edited !== '' || !stderr.includes('are about to be read')) return
    edited = join(sessionsIn(stage.custody).at(-1) ?? '', 'warrant.json')
    whole = readFileSync(edited, 'utf8')
    editWarrant(edited, (warrant) => {
      if (warrant.action.name === 'saas-admin' && warrant.action.enable) Object.assign(warrant.action.enable, { access: 'admin', hours: 24 })
    })
    desk.stdin.end(typed.join('\n') + '\n')
  })
  const code = await new Promise<number>((resolve) => desk.once('close', (ended) => resolve(ended ?? -1)))
  expect(stderr).toContain('Done: SAAS_ADMIN is enabled read-only for 1 h')
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'OUTCOME_UNKNOWN', message: expect.stringMatching(/cannot be concluded: FOLDER_ALTERED: warrant\.json of session/) as string } })
  expect(code).toBe(6)
  // The key was rotated all the same; with the warrant as it was, a login that reads the list concludes it.
  expect(stage.listedKeys).toBe(1)
  writeFileSync(edited, whole)
  const resumed = await stage.run(['resume', '--custody', stage.custody, '--reader', 'AUDITOR', ...stage.oci, '--json'])
  expect(JSON.parse(resumed.stdout)).toMatchObject({ error: null, grade: 'listed-only', successor: { generation: 3 } })
  expect(resumed.code).toBe(0)
})
