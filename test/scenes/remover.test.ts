/** A tenancy in which no key may delete itself: the remover does it, at once or later, and only where nobody is locked out. */
import { afterEach, expect, test } from 'vitest'
import { livingKeys } from '../stage/cloud-truth.js'
import { assertAllWell } from '../stage/laws.js'
import { rare } from '../stage/rare.js'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'

let stage: Rehearsal | undefined
afterEach(async () => {
  await stage?.close()
  stage = undefined
})

const REFUSED = { beliefs: { selfDeletion: '403 NotAllowed' } } as const

test('takeover and break with a remover: done and proved, and the audit holds', async () => {
  stage = await rehearsal({ after: 'sealed', speed: 4, ...REFUSED })
  const taken = await stage.run([...stage.takeover(1), '--remover', 'REMOVER', '--json'])
  expect(taken.stderr).toContain('The remover REMOVER deleted the used key.')
  expect(JSON.parse(taken.stdout)).toMatchObject({ error: null, grade: 'proved', actionResult: 'done', successor: { generation: 2 } })

  expect((await stage.run(['check', '--custody', stage.custody, ...stage.oci])).stdout).toContain('note  deleting the used key: OCI lets no key delete itself here: without --remover PROFILE a released key stays alive until somebody else deletes it\n')
  const broken = await stage.run([...stage.rotate(2), '--remover', 'REMOVER', '--reader', 'AUDITOR', '--json'])
  expect(broken.stderr).toContain('ok    deleting the used key: OCI lets no key delete itself here; the remover REMOVER does it')
  expect(JSON.parse(broken.stdout)).toMatchObject({ error: null, grade: 'proved', successor: { generation: 3 } })
  expect(broken.code).toBe(0)
  await assertAllWell(stage)
})

test('without one the session ends with 6 and names it; resume --remover needs no quorum', async () => {
  stage = await rehearsal({ speed: 4, ...REFUSED })
  const broken = await stage.run(stage.rotate(2))
  const next = /With the remover's login: (glasskey resume --custody \S+ --session \S+ --remover PROFILE)\. Or an administrator deletes API key/.exec(broken.stderr)?.[1] ?? ''
  expect([broken.code, next]).toEqual([6, expect.stringContaining('--remover PROFILE')])
  expect(livingKeys(stage).map(({ generation }) => generation)).toEqual([2, 3])

  const resumed = await stage.run(['resume', '--custody', stage.custody, ...stage.oci, '--remover', 'REMOVER', '--json'])
  expect(resumed.stderr).toContain('The remover REMOVER deleted the used key.')
  expect(JSON.parse(resumed.stdout)).toMatchObject({ error: null, grade: 'listed-only' })
  expect(livingKeys(stage).map(({ generation }) => generation)).toEqual([3])
  await assertAllWell(stage)
})

test('a login that may not delete is said so, and the key counts as alive', async () => {
  stage = await rehearsal({ speed: 4, ...REFUSED })
  const broken = await stage.run([...stage.rotate(2), '--remover', 'AUDITOR'])
  expect(broken.stderr).toMatch(/The remover AUDITOR did not delete the used key: .*404/)
  expect(broken.stderr).toContain('IS ALIVE in OCI: it was refused to delete itself')
  expect(broken.code).toBe(6)
})

rare('the user is blocked while its key lives: nothing can be signed, and the remover deletes it all the same', async () => {
  stage = await rehearsal({ speed: 4, ...REFUSED })
  expect((await stage.run(stage.rotate(2))).code).toBe(6)
  const { cloud } = stage
  cloud.happen({ event: 'block-user', userId: cloud.seed.users.administrator })
  const refused = await stage.run(['resume', '--custody', stage.custody, ...stage.oci, '--reader', 'AUDITOR'])
  expect([refused.code, refused.stderr]).toEqual([6, expect.stringContaining('as long as it is, nothing can be signed')])
  const removed = await stage.run(['resume', '--custody', stage.custody, ...stage.oci, '--remover', 'REMOVER', ...stage.shares(2, 1, 2), '--yes'])
  expect([removed.code, removed.stderr]).toEqual([6, expect.stringContaining('The remover REMOVER deleted the used key.')])
  expect(removed.stderr).toContain('No sheet is read: as long as the user is blocked, nothing can be signed.\n')
  expect(removed.stderr).toContain('The user is blocked, so a refusal says nothing about the key: an administrator unblocks it first.')
  expect(livingKeys(stage).map(({ generation }) => generation)).toEqual([3])
  cloud.happen({ event: 'block-user', userId: cloud.seed.users.administrator, blocked: false })
  expect(removed.stdout).toMatch(/Now: glasskey resume --custody \S+ --session \S+ --reader PROFILE\n$/)
  expect((await stage.run(['resume', '--custody', stage.custody, ...stage.oci, '--reader', 'AUDITOR'])).code).toBe(0)
  await assertAllWell(stage)
})

test('the remover deletes nothing when the successor has vanished from the list', async () => {
  stage = await rehearsal({ speed: 4, ...REFUSED })
  expect((await stage.run(stage.rotate(2))).code).toBe(6)
  const { cloud } = stage
  const successor = livingKeys(stage).find(({ generation }) => generation === 3)
  const listed = cloud.tenancy.identity.apiKeys.find(({ fingerprint, timeDeleted }) => fingerprint === successor?.fingerprint && timeDeleted === null)
  if (listed) listed.timeDeleted = cloud.now()
  const resumed = await stage.run(['resume', '--custody', stage.custody, ...stage.oci, '--remover', 'REMOVER'])
  expect(resumed.stderr).toContain('The remover REMOVER does not delete the used key: its successor is not listed as ACTIVE and equal, and without one everybody would be locked out. A quorum uploads it again.')
  expect(resumed.stderr).toContain('Gather a quorum of GENERATION 2: ')
  expect(resumed.stderr).not.toContain('an administrator deletes API key')
  expect(resumed.code).toBe(6)
  expect(livingKeys(stage).map(({ generation }) => generation)).toEqual([2])
})
