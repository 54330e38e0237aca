/** The database is not in OCI's home region: that one may not answer, which is what a deferred rotation is for; or a new key is known there and not yet here. */
import { afterEach, expect, test } from 'vitest'
import { livingKeys } from '../stage/cloud-truth.js'
import { doAsTold } from '../stage/laws.js'
import { rare } from '../stage/rare.js'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'

let stage: Rehearsal | undefined
afterEach(async () => {
  await stage?.close()
  stage = undefined
})

const HOME = 'eu-frankfurt-1'
const AWAY = 'eu-amsterdam-1'

/** Arguments of a release of a database that is not in the home region. */
function elsewhere(opened: Rehearsal, generation: number, ...more: string[]): string[] {
  return opened.saasAdmin(generation, ...more).map((word) => word.replace(/^(ocid1\.autonomousdatabase\..*)eu-frankfurt-1/, `$1${AWAY}`))
}

function movedAway({ cloud: { tenancy: { databases, secrets } } }: Rehearsal): typeof databases {
  for (const database of databases) Object.assign(database, { region: AWAY, id: database.id.replace(HOME, AWAY) })
  for (const secret of secrets) Object.assign(secret, { region: AWAY })
  return databases
}

rare('a key of these minutes, accepted at home, is waited for where the database is: no generation is spent on being early', async () => {
  const opened = (stage = await rehearsal({ speed: 12, activationDelay: { [AWAY]: 170 } }))
  movedAway(opened)
  expect((await opened.run([...opened.rotate(2), '--reader', 'AUDITOR'])).code).toBe(0)
  // However long the proof took.
  for (const key of opened.cloud.tenancy.identity.apiKeys) if (key.timeDeleted === null) Object.assign(key, { timeCreated: opened.cloud.now() })
  const { code, stdout, stderr } = await opened.run([...elsewhere(opened, 3), '--reader', 'AUDITOR', '--json'])
  expect(stderr).toContain('eu-amsterdam-1 does not accept the new key yet. Waiting, at most 3 minutes.')
  expect(stderr).not.toContain('eu-frankfurt-1 does not accept')
  expect(JSON.parse(stdout)).toMatchObject({ error: null, actionResult: 'done', grade: 'proved' })
  expect(code).toBe(0)
})

rare('a key that is not accepted in time: how to avoid that the next one is as young', async () => {
  const opened = (stage = await rehearsal({ speed: 12, activationDelay: { [AWAY]: 3600 } }))
  movedAway(opened)
  expect((await opened.run([...opened.rotate(2), '--reader', 'AUDITOR'])).code).toBe(0)
  const { code, stderr } = await opened.run([...elsewhere(opened, 3), '--reader', 'AUDITOR'])
  expect([code, stderr]).toEqual([3, expect.stringMatching(/OCI_REFUSED: eu-amsterdam-1 does not accept the key of GENERATION 3 yet, which was installed minutes ago: .+\nWait some minutes before the next session: each takes a generation\./)])
})

test('a release whose rotation is deferred is done, with the census of the region that it is in; then home answers, and the key is rotated', async () => {
  const opened = (stage = await rehearsal({ speed: 8 }))
  const databases = movedAway(opened)
  opened.cloud.armFault({ match: { region: HOME }, count: 1000, action: { do: 'refuse' } })
  const refused = await opened.run(elsewhere(opened, 2))
  expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining('STOP  home region eu-frankfurt-1: does not answer')])
  const released = await opened.run(elsewhere(opened, 2, '--defer-rotation'))
  expect(released.stderr).toContain('note  home region eu-frankfurt-1: does not answer')
  expect(released.stderr).toMatch(/^eu-frankfurt-1 does not answer \(.+\)\. What the user has is read in eu-amsterdam-1\.$/m)
  expect([released.code, released.stderr]).toEqual([6, expect.stringContaining('KEY_NOT_PROVED_DEAD: the key of GENERATION 2 IS ALIVE in OCI: its rotation was deferred\n')])
  expect(opened.journal().find(({ type }) => type === 'action-ended')).toMatchObject({ result: 'done' })
  expect(databases.flatMap(({ saasAdmin }) => saasAdmin)).toHaveLength(1)
  opened.cloud.clearFaults()
  await doAsTold(opened, released)
  expect(livingKeys(opened).map(({ generation }) => generation)).toEqual([3])
})
