/** What custodians consented to holds for the rest of a session too. */
import { afterEach, expect, test } from 'vitest'
import { loseStrongroom } from '../stage/playing.js'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'

let stage: Rehearsal | undefined
afterEach(async () => {
  await stage?.close()
  stage = undefined
})

test('resume does not show sheets to a browser that the warrant says nothing of', async () => {
  stage = await rehearsal({ speed: 4 })
  expect((await loseStrongroom(stage)).code).toBe(6)
  const finish = ['resume', '--custody', stage.custody, '--yes', ...stage.oci]
  const { code, stderr, stdout } = await stage.run([...finish, '--scan', 'camera', '--browser', 'any', '--json'])
  expect(code).toBe(3)
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'ISOLATION_MISSING' } })
  expect(stderr).toMatch(/the warrant of session \S+ does not say that sheets are shown to a browser outside the reader's room.*; custodians did not consent to it/)
  expect((await stage.run([...finish, '--reader', 'AUDITOR', ...stage.shares(2, 2, 3)])).code).toBe(0)
})
