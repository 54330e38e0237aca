/** A user administrator fills the key slots of the break-glass user with keys of their own. */
import { afterEach, expect, test } from 'vitest'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'

let stage: Rehearsal | undefined
afterEach(async () => {
  await stage?.close()
  stage = undefined
})

test('before the session: the action stops, the exit makes room, and the strangers are gone', async () => {
  stage = await rehearsal({ speed: 4 })
  stage.cloud.happen({ event: 'fill-key-slots', userId: stage.cloud.seed.users.administrator })
  expect(stage.listedKeys).toBe(3)
  const { code, stdout, stderr } = await stage.run([...stage.saasAdmin(), '--reader', 'AUDITOR', '--json'])
  expect(stderr).toContain('note  other keys: 2 that no manifest names: the action would stop, and the exit deletes them')
  expect(JSON.parse(stdout)).toMatchObject({
    error: { code: 'TENANCY_UNFIT', message: expect.stringMatching(/^the user has what it should not have: an API key that no manifest names \(.*\); an API key that no manifest names \(.*\)$/) as string },
    grade: 'proved',
    actionResult: 'failed',
  })
  expect(code).toBe(3)
  expect(stage.listedKeys).toBe(1)
  expect(stage.cloud.requests.some(({ path }) => path.includes('configureSaasAdminUser'))).toBe(false)
})

test('in the middle of the session: the action was done, the exit still rotates', async () => {
  stage = await rehearsal({ speed: 4 })
  const { administrator } = stage.cloud.seed.users
  stage.cloud.armFault({ match: { path: '*configureSaasAdminUser' }, action: { do: 'event', when: 'before', event: { event: 'fill-key-slots', userId: administrator } } })
  const { code, stdout } = await stage.run([...stage.saasAdmin(), '--reader', 'AUDITOR', '--json'])
  expect(JSON.parse(stdout)).toMatchObject({ error: null, grade: 'proved', actionResult: 'done', successor: { generation: 3 } })
  expect(code).toBe(0)
  expect(stage.listedKeys).toBe(1)
})
