/** What OCI accepts and does later, what it lists before it is so, and what it does not answer in passing: an action that is done is called done, and no other. */
import { afterEach, describe, expect, test } from 'vitest'
import { play } from '../stage/playing.js'
import { isShort, rare } from '../stage/rare.js'
import { rehearsal, type Rehearsal, withoutShares } from '../stage/rehearsal.js'

let stage: Rehearsal
afterEach(() => stage.close())

const action = (): unknown => stage.journal().filter(({ type }) => type === 'action-ended').at(-1)
const asked = (part: string): number => stage.cloud.requests.filter(({ path }) => path.includes(part)).length
const failedActions = async (): Promise<string[]> => {
  const audit = await stage.run(['audit', '--custody', stage.custody, '--profile', 'AUDITOR', '--json', ...stage.oci])
  return (JSON.parse(audit.stdout) as { failed: string[] }).failed.filter((control) => control.startsWith('A'))
}

describe('SAAS_ADMIN is a work request', () => {
  rare('in force after a minute: asked for until it is, and done', async () => {
    stage = await rehearsal({ speed: 30, beliefs: { saasAdminUpdating: 60 } })
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

  const delays: [string, number, object][] = [
    ['in force after ten', 600, { error: { code: 'OCI_UNREACHABLE' }, actionResult: 'failed' }],
    ['in force after a minute', 60, { error: null, actionResult: 'done' }],
  ]
  test.each(isShort ? delays.slice(0, 1) : delays)('the answer is lost, and it is %s: asked for as long as that may take', async (_, saasAdminUpdating, outcome) => {
    stage = await rehearsal({ speed: 20, beliefs: { saasAdminUpdating } })
    stage.cloud.armFault({ match: { path: '*configureSaasAdminUser' }, action: { do: 'reset', when: 'after' } })
    const { stdout } = await stage.run([...stage.saasAdmin(), '--reader', 'AUDITOR', '--json'])
    expect(JSON.parse(stdout)).toMatchObject(outcome)
  })

  test('Ctrl-C while it is waited for: what OCI accepted is said, entered, and shown on the page', async () => {
    stage = await rehearsal({ speed: 12, beliefs: { saasAdminUpdating: 600 } })
    const playing = play(stage, [...withoutShares(stage.saasAdmin()), ...stage.shares(2, 1, 2), '--reader', 'AUDITOR'])
    await playing.until('It is not in force yet. OCI is asked again, for at most 2 minutes.')
    playing.signal('SIGINT')
    const { code, stdout } = await playing.ended
    expect([code, stdout]).toEqual([3, expect.stringContaining('NOT YET: OCI accepted "enable SAAS_ADMIN", and it was not in force when it was last read.')])
    expect(action()).toMatchObject({ result: 'interrupted', detail: 'OCI accepted it, and it was not in force when it was last read: OCI reads back {"isEnabled":false}' })
  })

  rare('the strongroom dies while it is waited for: resume says what OCI accepted, not that nothing was begun', async () => {
    const { roomsUnder } = await import('../isolation/memory.js')
    let [desk, read] = [0, 0]
    stage = await rehearsal({
      speed: 30,
      beliefs: { saasAdminUpdating: 600 },
      observe: (moment, { path }) => {
        if (moment === 'answered' && path.endsWith('getSaasAdminUserStatus') && (read += 1) === 2) process.kill(roomsUnder(desk).strongroom ?? 0, 'SIGKILL')
        return undefined
      },
    })
    expect((await stage.run(stage.saasAdmin(), { onStart: (pid) => (desk = pid) })).code).toBe(6)
    const resumed = await stage.run(['resume', '--custody', stage.custody, '--yes', ...stage.shares(2, 1, 2), '--reader', 'AUDITOR', ...stage.oci])
    expect(resumed.stdout).toContain('NOT YET: OCI accepted "enable SAAS_ADMIN"')
    expect(action()).toMatchObject({ result: 'interrupted', detail: expect.stringMatching(/^OCI accepted it, and it was not in force/) as string })
  })

  test('a gateway answers 504 and nothing reads it back: not known, said, and open in the audit', async () => {
    stage = await rehearsal({ speed: 30 })
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
  expect(stderr).toContain('eu-frankfurt-1 does not accept the new key yet. Waiting, at most 3 minutes.')
  expect(JSON.parse(stdout)).toMatchObject({ error: null, grade: 'proved', actionResult: 'done' })
  expect(code).toBe(0)
})

rare('a takeover whose new key is never accepted: what is said of it is true, and the bootstrap login is left', async () => {
  let refused = false
  stage = await rehearsal({
    after: 'sealed',
    speed: 60,
    observe: (moment, { method, path }) => {
      if (moment === 'answered' && method === 'POST' && path.endsWith('/apiKeys')) refused = true
      return undefined
    },
  })
  const of = stage.cloud
  // Measured before, so that the one upload is that of the key.
  const match = { method: 'GET', path: `*/users/${of.seed.users.administrator}` }
  const playing = play(stage, withoutShares(stage.takeover()).concat(stage.shares(1, 1, 2)))
  await playing.until('is installed: ACTIVE, read back equal.')
  expect(refused).toBe(true)
  of.armFault({ match, count: 1_000_000, action: { do: 'answer', status: 401, body: { code: 'NotAuthenticated', message: 'no' } } })
  of.armFault({ match: { method: 'GET', path: `*/users/${of.seed.users.administrator}/apiKeys` }, count: 1_000_000, action: { do: 'answer', status: 401, body: { code: 'NotAuthenticated', message: 'no' } } })
  const { code, stderr } = await playing.ended
  expect([code, stderr]).toEqual([6, expect.stringContaining('OCI never accepted the key of GENERATION 1, which was installed in this session; nothing else was changed, and the bootstrap login is still there.')])
})

rare('what a takeover closed and OCI still lists for a while is read again, not called open', async () => {
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
