/** The takeover where things are not as they should be: measured and stopped, or finished in a second run. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { Simulator, SimulatorOptions } from '../../src/simulator/simulator.js'
import { glasskey, type Ended } from '../stage/command-line.js'
import { holdCeremony } from '../stage/prepare.js'

let directory = ''
let cloud: Simulator | undefined
afterEach(async () => {
  await cloud?.close()
  rmSync(directory, { recursive: true, force: true })
})

async function begin(options: SimulatorOptions = {}): Promise<Simulator> {
  directory = mkdtempSync(join(tmpdir(), 'glasskey-takeover-'))
  cloud = await holdCeremony(directory, options)
  return cloud
}

function takeover(of: Simulator, generation: number, ...more: string[]): Promise<Ended> {
  const oci = ['--oci-config', 'oci/config', ...Object.entries(of.endpoints).flatMap(([region, url]) => ['--endpoint', `${region}=${url}`])]
  const scans = [1, 2].flatMap((custodian) => ['--scan', `sheets/generation-${generation}-custodian-${custodian}-copy-1.pdf`])
  return glasskey(['takeover', '--custody', 'custody', '--profile', 'BOOTSTRAP', '--yes', ...scans, ...oci, ...more], { cwd: directory })
}

/** Fingerprints that the administrator has. */
function keysOf(of: Simulator): string[] {
  return of.tenancy.identity.apiKeys.filter((key) => key.userId === of.seed.users.administrator && key.timeDeleted === null).map((key) => key.fingerprint).sort()
}

test('where a key may not delete itself: exit 3, the remover explained, and the user as it was', async () => {
  const of = await begin({ beliefs: { selfDeletion: '404 NotAuthorizedOrNotFound' } })
  const [keys, digest] = [keysOf(of), of.stateDigest()]
  const { code, stderr } = await takeover(of, 1)
  expect(stderr).toMatch(/SELF_DELETION_REFUSED: OCI does not let a key delete itself \(it answered \d+\), so no released key could be revoked by the tool alone\nSet up a remover: /)
  expect(code).toBe(3)
  expect(keysOf(of)).toEqual(keys)
  expect(of.stateDigest()).toBe(digest)
})

test('a takeover that stopped half-way rotates, is not called done, and is finished by a second run', async () => {
  const of = await begin()
  of.armFault({ match: { path: '*UserPasswordChanger*' }, action: { do: 'answer', status: 503, body: '{"code":"ServiceUnavailable","message":"later"}' } })
  const first = await takeover(of, 1, '--reader', 'AUDITOR', '--json')
  expect(JSON.parse(first.stdout)).toMatchObject({ error: { code: 'OCI_REFUSED' }, grade: 'proved', actionResult: 'failed', successor: { generation: 2 } })
  expect(first.code).toBe(3)
  expect(keysOf(of)).toHaveLength(1)

  const blind = await takeover(of, 2)
  expect([blind.code, blind.stderr]).toEqual([3, expect.stringContaining('TENANCY_UNFIT: an earlier takeover stopped half-way: GENERATION 2 is in use, and other ways in are still open')])

  const second = await takeover(of, 2, '--reader', 'AUDITOR', '--json')
  expect(JSON.parse(second.stdout)).toMatchObject({ error: null, grade: 'proved', actionResult: 'done', actionDetail: 'API keys are the only way in; no other credential is left', successor: { generation: 3 } })
  expect((await takeover(of, 3, '--reader', 'AUDITOR')).stdout).toContain('All is as it should be:')
})

test('a bootstrap key of somebody else is refused before anything is measured', async () => {
  const of = await begin()
  const digest = of.stateDigest()
  const { code, stderr } = await takeover(of, 1, '--profile', 'OPERATOR')
  expect(code).not.toBe(0)
  expect(stderr).not.toContain('Measuring')
  expect(of.stateDigest()).toBe(digest)
})
