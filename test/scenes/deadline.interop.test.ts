/** A wait, because a deadline is one: the warrant ends while custodians look for their sheets, and while the machine sleeps. */
import { afterEach, expect, test } from 'vitest'
import { play } from '../stage/playing.js'
import { rehearsal, type Rehearsal, withoutShares } from '../stage/rehearsal.js'

let stage: Rehearsal | undefined
afterEach(async () => {
  await stage?.close()
  stage = undefined
})

const SPEED = 3
const aMinute = (): Promise<void> => new Promise((done) => setTimeout(done, 61_000 / SPEED))

test('the deadline passes while custodians look for their sheets: no action, but rotation', async () => {
  stage = await rehearsal({ speed: SPEED })
  const typed = await Promise.all([stage.shareText(2, 1), stage.shareText(2, 2)])
  const playing = play(stage, [...withoutShares(stage.saasAdmin(2, '--minutes', '1', '--json')), '--share-file', '-'])
  // The warrant's minute begins with the session, not with the process.
  await playing.until('Shares of GENERATION 2 are about to be read.')
  await aMinute()
  playing.type(typed.join('\n') + '\n')
  const { code, stdout } = await playing.ended
  expect([code, JSON.parse(stdout)]).toMatchObject([3, { error: { code: 'WARRANT_EXPIRED' }, grade: 'refused-only', successor: { generation: 3 } }])
  expect(stage.cloud.requests.filter(({ path }) => path.includes('configureSaasAdminUser'))).toEqual([])
  expect(stage.listedKeys).toBe(1)
})

test('everything is stopped, as by a closed lid, until the deadline has passed: it is noticed, and rotated', async () => {
  stage = await rehearsal({ speed: SPEED })
  stage.cloud.armFault({ match: { path: '*configureSaasAdminUser' }, action: { do: 'delay', when: 'before', milliseconds: 1000 } })
  const playing = play(stage, stage.saasAdmin(2, '--minutes', '1', '--json'))
  await playing.until('Asking OCI: enable SAAS_ADMIN')
  for (const process of ['strongroom', 'desk'] as const) playing.signal('SIGSTOP', process)
  await aMinute()
  for (const process of ['desk', 'strongroom'] as const) playing.signal('SIGCONT', process)
  const { code, stdout } = await playing.ended
  expect([code, JSON.parse(stdout)]).toMatchObject([3, { error: { code: 'WARRANT_EXPIRED' }, grade: 'refused-only', actionResult: 'done', successor: { generation: 3 } }])
  // OCI did it while nobody listened: that was read before the key was deleted.
  expect(stage.journal().filter(({ type }) => type === 'action-ended')).toMatchObject([{ result: 'interrupted' }, { result: 'done' }])
  expect(stage.listedKeys).toBe(1)
})
