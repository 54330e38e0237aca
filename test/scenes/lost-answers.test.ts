/** A network that loses answers, and an administrator who blocks the user: what is not known is never called proved. */
import { afterEach, expect, test } from 'vitest'
import { rare } from '../stage/rare.js'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'

let stage: Rehearsal | undefined
afterEach(async () => {
  await stage?.close()
  stage = undefined
})

const DELETION = { method: 'DELETE', path: '*/apiKeys/*' } as const

function deletions(of: Rehearsal): number {
  return of.cloud.requests.filter(({ method, path }) => method === 'DELETE' && path.includes('/apiKeys/')).length
}

function deletionSent(cloud: Rehearsal['cloud']): boolean {
  return cloud.requests.some(({ method, path }) => method === 'DELETE' && path.includes('/apiKeys/'))
}

test('the answers to upload and deletion are lost after their effect: neither is repeated blindly, and somebody else\'s listing settles it', async () => {
  stage = await rehearsal({ speed: 8 })
  stage.cloud.armFault({ match: { method: 'POST', path: '*/apiKeys' }, action: { do: 'reset', when: 'after' } })
  stage.cloud.armFault({ match: DELETION, action: { do: 'reset', when: 'after' } })
  const { code, stdout } = await stage.run([...stage.rotate(), '--reader', 'AUDITOR', '--json'])
  expect(JSON.parse(stdout)).toMatchObject({ error: null, grade: 'proved', successor: { generation: 3 } })
  expect(code).toBe(0)
  expect(stage.cloud.requests.filter(({ method, path }) => method === 'POST' && path.endsWith('/apiKeys'))).toHaveLength(1)
  expect(deletions(stage)).toBe(1)
  expect(stage.listedKeys).toBe(1)
})

rare('a deleted key is accepted for a while, and the answer to a probe is lost: OCI\'s own log of it is explained', async () => {
  stage = await rehearsal({ speed: 8, revocationDelay: { 'eu-frankfurt-1': 0, 'eu-amsterdam-1': 20 } })
  stage.cloud.armFault({ match: { region: 'eu-amsterdam-1', method: 'GET', path: '*/users/*' }, after: 1, count: 2, action: { do: 'reset', when: 'after' } })
  expect((await stage.run([...stage.rotate(), '--reader', 'AUDITOR'])).code).toBe(0)
  expect(stage.journal().filter(({ type }) => type === 'probe-failed').length).toBeGreaterThan(0)
  const audit = await stage.run(['audit', '--custody', stage.custody, '--profile', 'AUDITOR', '--json', ...stage.oci])
  expect((JSON.parse(audit.stdout) as { failed: string[] }).failed.filter((control) => control !== 'D02')).toEqual([])
})

rare('... and without a listing it is not called proved: a blocked user would be refused as well', async () => {
  stage = await rehearsal({ speed: 8 })
  stage.cloud.armFault({ match: DELETION, action: { do: 'reset', when: 'after' } })
  const { code, stdout } = await stage.run([...stage.rotate(), '--json'])
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'KEY_NOT_PROVED_DEAD' }, grade: 'unproved' })
  expect(code).toBe(6)
  const resumed = await stage.run(['resume', '--custody', stage.custody, '--reader', 'AUDITOR', ...stage.oci, '--json'])
  expect(JSON.parse(resumed.stdout)).toMatchObject({ error: null, grade: 'listed-only' })
  expect(resumed.code).toBe(0)
})

test('the deletion is lost before its effect and the user is blocked: the key is alive, and the record says so', async () => {
  stage = await rehearsal({ speed: 8 })
  const { administrator } = stage.cloud.seed.users
  const { cloud } = stage
  cloud.armFault({ match: DELETION, action: { do: 'reset', when: 'before' } })
  // The natural reaction of somebody who watches: the user is blocked before the exit can ask again.
  const watch = setInterval(() => {
    if (deletionSent(cloud)) cloud.happen({ event: 'block-user', userId: administrator })
  }, 20)
  const { code, stdout } = await stage.run([...stage.rotate(), '--reader', 'AUDITOR', '--json'])
  clearInterval(watch)
  expect(JSON.parse(stdout)).toMatchObject({ grade: 'unproved' })
  expect(code).toBe(6)
  // Unblocked, and finished by a quorum.
  stage.cloud.happen({ event: 'block-user', userId: administrator, blocked: false })
  const resumed = await stage.run(['resume', '--custody', stage.custody, '--yes', ...stage.shares(2, 1, 3), '--reader', 'AUDITOR', ...stage.oci, '--json'])
  expect(JSON.parse(resumed.stdout)).toMatchObject({ error: null, grade: 'proved', successor: { generation: 3 } })
  expect(stage.listedKeys).toBe(1)
})

test('a service that is busy for a while is waited for: more than five refusals do not use the exit up, nor does a census that cannot be read', async () => {
  stage = await rehearsal({ speed: 8 })
  stage.cloud.armFault({ match: DELETION, count: 6, action: { do: 'answer', status: 503, body: '{"code":"ServiceUnavailable","message":"later"}' } })
  stage.cloud.armFault({ match: { path: '*/dbCredentials' }, count: 100, action: { do: 'answer', status: 403, body: '{"code":"NotAuthorized","message":"no"}' } })
  const { code } = await stage.run([...stage.rotate(), '--reader', 'AUDITOR'])
  expect(code).toBe(0)
  expect(deletions(stage)).toBe(7)
  expect(stage.journal().findLast((line) => line.type === 'census')).toMatchObject({ found: { credentials: { dbCredentials: -1 } } })
})
