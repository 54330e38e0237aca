/** The custody folder is other people's too while a key is live: what becomes of it then never keeps the proof from OCI. */
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { takeLock } from '../../src/host/lock.js'
import { places } from '../../src/host/sealed-folder.js'
import { play } from '../stage/playing.js'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'

let stage: Rehearsal | undefined
afterEach(async () => {
  await stage?.close()
  stage = undefined
})

test.each([
  ['opens custody.yaml in Emacs: the used key is proved dead', (yaml: string) => symlinkSync('ada@laptop.4711:1790000000', yaml.replace('custody.yaml', '.#custody.yaml')), 0],
  ['saves half of custody.yaml: the probes are sent all the same, and resume is named', (yaml: string) => writeFileSync(yaml, 'tenancy: ['), 6],
])('somebody who, mid-session, %s', async (_, meddle, exit) => {
  stage = await rehearsal()
  const yaml = join(stage.custody, 'custody.yaml')
  const whole = readFileSync(yaml)
  stage.cloud.armFault({ match: { path: '*/apiKeys', method: 'POST' }, action: { do: 'delay', when: 'before', milliseconds: 1000 } })
  const playing = play(stage, [...stage.rotate(), '--reader', 'AUDITOR'])
  await playing.until('Asking OCI: exit: upload successor')
  meddle(yaml)
  const { code, stderr } = await playing.ended
  expect([code, stderr]).toEqual([exit, expect.stringContaining(exit === 0 ? 'is dead: proved.' : `OUTCOME_UNKNOWN: session ${stage.session} cannot be concluded: CONFIG_INVALID: `)])
  const refusedIn = new Set(stage.journal().flatMap((line) => (line.type === 'probe' && line.status === 401 ? [line.region] : [])))
  expect(refusedIn.size).toBe(2)
  if (exit === 0) return
  expect(stderr).toContain(`Then: glasskey resume --custody ${stage.custody} --session ${stage.session}\n`)
  writeFileSync(yaml, whole)
  expect((await stage.run(['resume', '--custody', stage.custody, '--reader', 'AUDITOR', ...stage.oci])).code).toBe(0)
})

/** An audit that enters itself, while OCI takes its time. */
async function auditing(of: Rehearsal): Promise<ReturnType<typeof play>> {
  of.cloud.armFault({ match: { path: '*/auditEvents', method: 'GET' }, action: { do: 'delay', when: 'before', milliseconds: 3000 } })
  const playing = play(of, ['audit', '--custody', of.custody, '--profile', 'AUDITOR', '--record', ...of.oci])
  await playing.until('Reading what OCI has and logged, as AUDITOR: minutes, where there are many sessions, regions and compartments.')
  return playing
}

test('while an audit reads OCI\'s log, nobody need wait for it', async () => {
  stage = await rehearsal()
  const playing = await auditing(stage)
  const other = await stage.run(['logbook', 'add', 'retired', '--custody', stage.custody, '--set', 'generation=4', '--set', 'reason=a test'])
  expect([other.code, other.stderr]).toEqual([0, ''])
  const { code, stdout, stderr } = await playing.ended
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('CUSTODY_LOCKED')])
  expect(stdout).toContain('Entry 4 of the logbook. Write into the paper book: number 4, ')
})

test('and an audit that cannot be entered in the end is told all the same', async () => {
  stage = await rehearsal()
  const playing = await auditing(stage)
  const release = takeLock(places.lock(stage.custody), 'break', new Date())
  const { code, stdout } = await playing.ended
  release()
  expect(stdout).toMatch(/^ {2}A06 {2}holds /m)
  expect(stdout).toMatch(/^Not entered in the logbook: .* in use: break by process \d+/m)
  expect(code).toBe(3)
})
