/** The custody folder is other people's too while a key is live: what becomes of it then never keeps the proof from OCI. */
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
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
