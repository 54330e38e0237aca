/** TLS ended inside the strongroom, through the desk's relay; and SAAS_ADMIN ended early. */
import { afterEach, expect, test } from 'vitest'
import { rehearsal, withoutAuthority, type Rehearsal } from '../stage/rehearsal.js'

let stage: Rehearsal | undefined
afterEach(async () => {
  await stage?.close()
  stage = undefined
})

test('over TLS with the test authority: a release, proved; without the authority nothing begins', async () => {
  stage = await rehearsal({ tls: true, speed: 4 })
  expect(Object.values(stage.cloud.endpoints).every((url) => url.startsWith('https://'))).toBe(true)

  const before = stage.cloud.stateDigest()
  const untrusted = await stage.run(withoutAuthority(stage.saasAdmin()))
  expect(untrusted.stderr).toMatch(/OCI_UNREACHABLE: home region eu-frankfurt-1: does not answer \(.*(certificate|signature|authority).*\)/i)
  expect(untrusted.code).toBe(3)
  expect(stage.cloud.stateDigest()).toBe(before)

  const trusted = await stage.run([...stage.saasAdmin(), '--reader', 'AUDITOR', '--json'])
  expect(JSON.parse(trusted.stdout)).toMatchObject({ error: null, grade: 'proved', actionResult: 'done' })
  expect(trusted.code).toBe(0)
})

test('--disable ends SAAS_ADMIN before its time, and is read back', async () => {
  stage = await rehearsal({ speed: 4 })
  const enabled = await stage.run([...stage.saasAdmin(2, '--access', 'read-write', '--hours', '3', '--secret-version', '2'), '--json'])
  expect((JSON.parse(enabled.stdout) as { actionDetail: string }).actionDetail).toMatch(/^SAAS_ADMIN is enabled read-write for 3 h, until .*Z, as OCI reads it back$/)
  const disabled = await stage.run([...stage.saasAdmin(3, '--disable'), '--json'])
  expect(JSON.parse(disabled.stdout)).toMatchObject({ error: null, actionDetail: 'SAAS_ADMIN is disabled, as OCI reads it back', successor: { generation: 4 } })
})
