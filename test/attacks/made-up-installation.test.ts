/** A clerk of the takeover that only says it uploaded the custodians' key, and lists it as ACTIVE ever after: shares would be read for a key that OCI does not have. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Manifest } from '../../src/custody/manifest.js'
import { hostileBuild, type HostileBuild } from '../stage/hostile-build.js'
import { livingKeys } from '../stage/cloud-truth.js'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'
import { manifestPath } from './tamper.js'

let stage: Rehearsal
let build: HostileBuild
beforeAll(async () => {
  stage = await rehearsal({ after: 'sealed', speed: 30 })
  const { publicKeyPem, fingerprint } = JSON.parse(readFileSync(manifestPath(stage.custody, 1), 'utf8')) as Manifest
  const { users, regions, homeRegion } = stage.cloud.seed
  const mine = { fingerprint, keyValue: publicKeyPem, lifecycleState: 'ACTIVE' }
  const view = {
    name: 'administrator', lifecycleState: 'ACTIVE', inactiveStatus: null, capabilities: {}, keys: [], groups: ['Administrators'], otherAdministrators: [users.operator],
    regions: regions.map((regionName) => ({ regionName, isHomeRegion: regionName === homeRegion, status: 'READY' })),
    domain: { url: stage.cloud.endpoints[homeRegion] ?? '', displayName: 'Default', users: [{ id: 'c146e47cf23c5395124bcaa374a9119f', userName: 'administrator' }] },
  }
  build = hostileBuild(`
const mine = ${JSON.stringify(mine)}
const view = ${JSON.stringify(view)}
other = async ({ task, params }) => {
  const keys = params.endpoint + '/20160918/users/' + params.user + '/apiKeys'
  const refusedOr = (status) => (status < 300 ? { done: null } : { error: { message: 'no', status, code: 'LimitExceeded' } })
  if (task === 'survey') say({ done: view })
  else if (task === 'delete-key') say(refusedOr(await ask('DELETE', keys + '/' + encodeURIComponent(params.fingerprint))))
  else if (params.publicKeyPem !== mine.keyValue) say(refusedOr(await ask('POST', keys, JSON.stringify({ key: params.publicKeyPem }))))
  else {
    view.keys.push(mine)
    say({ done: { fingerprint: mine.fingerprint, lifecycleState: 'ACTIVE' } })
  }
}
`)
})
afterAll(async () => {
  build.end()
  await stage.close()
})

test('the desk looks for itself: no share is read, and nothing of the user was changed', async () => {
  const before = livingKeys(stage)
  const { code, stderr } = await stage.run(stage.takeover(), { cli: build.cli })
  expect(stderr).toContain('TENANCY_UNFIT: GENERATION 1 was uploaded and did not become ACTIVE\nRun glasskey takeover again later.')
  expect(stderr).not.toContain('is installed: ACTIVE')
  expect(stderr).not.toContain('about to be read')
  expect(code).toBe(3)
  expect(livingKeys(stage)).toEqual(before)
})
