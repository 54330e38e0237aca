/** What OCI accepts and does later, what it lists before it is so, and what it does not answer in passing: an action that is done is called done, and no other. */
import { afterEach, describe, expect, test } from 'vitest'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'

let stage: Rehearsal
afterEach(() => stage.close())

const action = (): unknown => stage.journal().filter(({ type }) => type === 'action-ended').at(-1)
const asked = (part: string): number => stage.cloud.requests.filter(({ path }) => path.includes(part)).length
const failedActions = async (): Promise<string[]> => {
  const audit = await stage.run(['audit', '--custody', stage.custody, '--profile', 'AUDITOR', '--json', ...stage.oci])
  return (JSON.parse(audit.stdout) as { failed: string[] }).failed.filter((control) => control.startsWith('A'))
}

describe('SAAS_ADMIN is a work request', () => {
  test('in force after a minute: asked for until it is, and done', async () => {
    stage = await rehearsal({ speed: 12, beliefs: { saasAdminUpdating: 60 } })
    const { code, stdout } = await stage.run([...stage.saasAdmin(), '--reader', 'AUDITOR', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ error: null, grade: 'proved', actionResult: 'done', actionDetail: expect.stringMatching(/^SAAS_ADMIN is enabled read-only for 1 h, until .*Z, as OCI reads it back$/) as string })
    expect(code).toBe(0)
    expect(asked('configureSaasAdminUser')).toBe(1)
    expect(asked('getSaasAdminUserStatus')).toBeGreaterThan(3)
    const ended = await stage.run([...stage.saasAdmin(3, '--disable', '--json')])
    expect(JSON.parse(ended.stdout)).toMatchObject({ error: null, actionDetail: 'SAAS_ADMIN is disabled, as OCI reads it back' })
    expect(await failedActions()).toEqual([])
  })

  test('not in force when the key has to go: not called failed, and the work request is named', async () => {
    stage = await rehearsal({ speed: 30, beliefs: { saasAdminUpdating: 600 } })
    const { code, stdout, stderr } = await stage.run([...stage.saasAdmin(), '--reader', 'AUDITOR', '--json'])
    const said = /^OCI accepted it as work request ocid1\.\S+, and it was not in force after 2 minutes: OCI reads back \{"isEnabled":false\}$/
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'NOT_IN_FORCE', message: expect.stringMatching(said) as string }, grade: 'proved', actionResult: 'interrupted' })
    expect([code, stderr]).toEqual([3, expect.stringContaining("The key is rotated. It may still come into force: look at the database in OCI's console.")])
    expect(action()).toMatchObject({ result: 'interrupted', detail: expect.stringMatching(said) as string })
    expect(await failedActions()).toEqual([])
  })

  test.each([
    ['an empty body', { do: 'empty' }],
    ['half a body', { do: 'truncate' }],
  ] as const)('its answer has %s: what OCI reads back counts', async (_, fault) => {
    stage = await rehearsal({ speed: 12 })
    stage.cloud.armFault({ match: { path: '*configureSaasAdminUser' }, action: fault })
    const { code, stdout } = await stage.run([...stage.saasAdmin(), '--reader', 'AUDITOR', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ error: null, actionResult: 'done' })
    expect(code).toBe(0)
  })

  test('a gateway answers 504 and nothing reads it back: not known, said, and open in the audit', async () => {
    stage = await rehearsal({ speed: 12 })
    stage.cloud.armFault({ match: { path: '*configureSaasAdminUser' }, action: { do: 'answer', status: 504, body: {} } })
    stage.cloud.armFault({ match: { path: '*getSaasAdminUserStatus' }, count: 1000, action: { do: 'answer', status: 503, body: {} } })
    const { code, stdout } = await stage.run([...stage.saasAdmin(), '--reader', 'AUDITOR'])
    expect(code).toBe(3)
    expect(stdout).toMatch(/^NOT KNOWN: whether "enable SAAS_ADMIN" happened; OCI answered 504\. Look at the database in OCI's console/m)
    expect(await failedActions()).toEqual(['A02'])
  })
})

test('readings that OCI does not answer in passing are asked again, and the action is done', async () => {
  stage = await rehearsal({ speed: 12 })
  const busy = { do: 'answer', status: 503, body: { code: 'ServiceUnavailable', message: 'busy' } } as const
  const user = stage.cloud.seed.users.administrator
  // The strongroom's first readings: those of the preflight came before.
  stage.cloud.armFault({ match: { path: `*/users/${user}/authTokens` }, action: { do: 'reset', when: 'before' } })
  stage.cloud.armFault({ match: { method: 'GET', path: '*/userGroupMemberships' }, action: { do: 'answer', status: 429, headers: { 'retry-after': '1' }, body: {} } })
  stage.cloud.armFault({ match: { method: 'GET', path: '*/autonomousDatabases/*' }, count: 2, action: busy })
  const { code, stdout } = await stage.run([...stage.saasAdmin(), '--reader', 'AUDITOR', '--json'])
  expect(JSON.parse(stdout)).toMatchObject({ error: null, actionResult: 'done' })
  expect(code).toBe(0)
  const census = stage.journal().find((line) => line.type === 'census' && line.when === 'before-action')
  expect(census).toMatchObject({ found: { credentials: { authTokens: 0 } } })
  expect(census).not.toMatchObject({ found: { groups: ['could not be read'] } })
})

test('a takeover waits for a new key that is listed as ACTIVE before it is accepted', async () => {
  const delay = { 'eu-frankfurt-1': 40, 'eu-amsterdam-1': 40 }
  stage = await rehearsal({ after: 'sealed', speed: 12, activationDelay: delay, beliefs: { activeBeforeAccepted: true } })
  const { code, stdout, stderr } = await stage.run([...stage.takeover(), '--json'])
  expect(stderr).toContain('OCI lists the new key and does not accept it yet. Waiting, at most 3 minutes.')
  expect(JSON.parse(stdout)).toMatchObject({ error: null, grade: 'proved', actionResult: 'done' })
  expect(code).toBe(0)
})

test('what a takeover closed and OCI still lists for a while is read again, not called open', async () => {
  let struck = 0
  stage = await rehearsal({
    after: 'sealed',
    speed: 12,
    observe: (moment, { path }) => {
      if (moment !== 'done' || !path.endsWith('/AuthenticationFactorsRemover')) return undefined
      const { administrator } = stage.cloud.seed.users
      const stale = { id: administrator, lifecycleState: 'ACTIVE', capabilities: { canUseApiKeys: true, canUseConsolePassword: true } }
      stage.cloud.armFault({ match: { method: 'GET', path: `*/users/${administrator}` }, count: 1, action: { do: 'answer', status: 200, body: stale } })
      struck += 1
      return undefined
    },
  })
  const { code, stdout } = await stage.run([...stage.takeover(), '--json'])
  expect(struck).toBe(1)
  expect(stage.cloud.strikes).toBe(1)
  expect(JSON.parse(stdout)).toMatchObject({ error: null, actionResult: 'done', actionDetail: expect.stringMatching(/^API keys are the only way in/) as string })
  expect(code).toBe(0)
})

test('the census before the deletion is a side reading: where OCI answers it with an error, round after round, the key is deleted without it', async () => {
  let armed = 0
  stage = await rehearsal({
    speed: 12,
    observe: (moment, { path }) => {
      if (moment !== 'done' || !path.endsWith('configureSaasAdminUser')) return undefined
      armed += 1
      stage.cloud.armFault({ match: { method: 'GET', path: `*/users/${stage.cloud.seed.users.administrator}` }, count: 4, action: { do: 'answer', status: 500, body: {} } })
      return undefined
    },
  })
  const { code, stdout } = await stage.run([...stage.saasAdmin(), '--reader', 'AUDITOR', '--json'])
  expect(armed).toBe(1)
  expect(JSON.parse(stdout)).toMatchObject({ error: null, grade: 'proved', actionResult: 'done' })
  expect(code).toBe(0)
  expect(stage.journal().filter((line) => line.type === 'census').map((line) => line.when)).toEqual(['before-action'])
  expect(stage.cloud.strikes).toBe(4)
})
