/** A user administrator fills the key slots of the break-glass user with keys of their own. */
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { textOf } from '../paper/printed.js'
import { livingKeys } from '../stage/cloud-truth.js'
import { assertAllWell } from '../stage/laws.js'
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
  expect(stderr).toMatch(/note  other keys: 2 that no manifest names \((?:[0-9a-f]{2}(?:, |[:)])){32}: the action would stop, and the exit deletes them\n/)
  expect(JSON.parse(stdout)).toMatchObject({
    error: { code: 'TENANCY_UNFIT', message: expect.stringMatching(/^the user has what it should not have: an API key that no manifest names \(.*\); an API key that no manifest names \(.*\)$/) as string },
    grade: 'proved',
    actionResult: 'failed',
  })
  expect(code).toBe(3)
  expect(stage.listedKeys).toBe(1)
  expect(stage.cloud.requests.some(({ path }) => path.includes('configureSaasAdminUser'))).toBe(false)
})

test('with public keys of this custody, which are no secret: the action stops once, the exit is not kept out, and the next session is clean', async () => {
  stage = await rehearsal({ speed: 4 })
  const { cloud, custody } = stage
  for (const generation of [1, 4]) {
    const { publicKeyPem } = JSON.parse(readFileSync(join(custody, 'generations', String(generation), 'manifest.json'), 'utf8')) as { publicKeyPem: string }
    cloud.happen({ event: 'upload-api-key', userId: cloud.seed.users.administrator, publicKeyPem })
  }
  const { code, stdout, stderr } = await stage.run([...stage.saasAdmin(), '--reader', 'AUDITOR', '--json'])
  expect(stderr).toContain('note  GENERATION 1: is in OCI and not in use: the action would stop, and the exit deletes it\n')
  expect(stderr).toContain('note  GENERATION 4: is in OCI already, though it still waits; it is in nobody\'s way\n')
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'TENANCY_UNFIT' }, grade: 'proved', actionResult: 'failed', successor: { generation: 3 } })
  expect(code).toBe(3)
  expect(livingKeys(stage).map(({ generation }) => generation).sort()).toEqual([3, 4])
  // The next in line is there already.
  const next = await stage.run([...stage.saasAdmin(3), '--reader', 'AUDITOR', '--json'])
  expect(next.stderr).toContain('note  GENERATION 4: is in OCI already, though it still waits; it is in nobody\'s way\n')
  expect(JSON.parse(next.stdout)).toMatchObject({ error: null, grade: 'proved', actionResult: 'done', successor: { generation: 4 } })
  expect(stage.listedKeys).toBe(1)
  await assertAllWell(stage)
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

test('once the used key is deleted, so that no exit can remove it: the command, its outcome and the page in the logbook name it', async () => {
  stage = await rehearsal({ speed: 4 })
  const { administrator } = stage.cloud.seed.users
  const publicKeyPem = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'pem', type: 'spki' }) as string
  stage.cloud.armFault({ match: { method: 'DELETE', path: '*/apiKeys/*' }, action: { do: 'event', when: 'after', event: { event: 'add-api-key', userId: administrator, publicKeyPem } } })
  const { code, stdout } = await stage.run([...stage.rotate(), '--reader', 'AUDITOR', '--json'])
  const [{ fingerprint } = { fingerprint: '' }] = livingKeys(stage).filter(({ generation }) => generation === null)
  const { entryFile, ...outcome } = JSON.parse(stdout) as { entryFile: string }
  expect([code, outcome]).toEqual([0, expect.objectContaining({ grade: 'proved', strangersKeys: [fingerprint] })])
  const pages = await textOf(new Uint8Array(readFileSync(entryFile)))
  expect(pages.join(' ').replace(/\s+/g, ' ')).toContain(`A STRANGER'S KEY: the user has API key ${fingerprint}, which no manifest names`)
})
