/** OCI's home region does not answer, and the database is elsewhere: what a deferred rotation is for. */
import { afterEach, expect, test } from 'vitest'
import { livingKeys } from '../stage/cloud-truth.js'
import { doAsTold } from '../stage/laws.js'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'

let stage: Rehearsal | undefined
afterEach(async () => {
  await stage?.close()
  stage = undefined
})

const HOME = 'eu-frankfurt-1'
const AWAY = 'eu-amsterdam-1'

/** Arguments of a release of a database that is not in the home region. */
function elsewhere(opened: Rehearsal, ...more: string[]): string[] {
  return opened.saasAdmin(2, ...more).map((word) => word.replace(/^(ocid1\.autonomousdatabase\..*)eu-frankfurt-1/, `$1${AWAY}`))
}

test('a release whose rotation is deferred is done, with the census of the region that it is in; then home answers, and the key is rotated', async () => {
  const opened = (stage = await rehearsal({ speed: 8 }))
  const { databases, secrets } = opened.cloud.tenancy
  for (const database of databases) Object.assign(database, { region: AWAY, id: database.id.replace(HOME, AWAY) })
  for (const secret of secrets) Object.assign(secret, { region: AWAY })
  opened.cloud.armFault({ match: { region: HOME }, count: 1000, action: { do: 'refuse' } })
  const refused = await opened.run(elsewhere(opened))
  expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining('STOP  home region eu-frankfurt-1: does not answer')])
  const released = await opened.run(elsewhere(opened, '--defer-rotation'))
  expect(released.stderr).toContain('note  home region eu-frankfurt-1: does not answer')
  expect(released.stderr).toMatch(/^eu-frankfurt-1 does not answer \(.+\)\. What the user has is read in eu-amsterdam-1\.$/m)
  expect([released.code, released.stderr]).toEqual([6, expect.stringContaining('KEY_NOT_PROVED_DEAD: the key of GENERATION 2 IS ALIVE in OCI: its rotation was deferred\n')])
  expect(opened.journal().find(({ type }) => type === 'action-ended')).toMatchObject({ result: 'done' })
  expect(databases.flatMap(({ saasAdmin }) => saasAdmin)).toHaveLength(1)
  opened.cloud.clearFaults()
  await doAsTold(opened, released)
  expect(livingKeys(opened).map(({ generation }) => generation)).toEqual([3])
})
