/** Somebody sets the wall clock during a session, as NTP does after a long sleep: no more time than the warrant gave, and never a key left alive. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'

let stage: Rehearsal | undefined
afterEach(async () => {
  await stage?.close()
  stage = undefined
})

const [MINUTES, HOURS, DAYS] = [60_000, 3_600_000, 86_400_000]

/** What a release comes to when the clock is set by so much after the first line of this type. */
const STEPS = [
  ['exposing', -2 * MINUTES, 'CLOCKS_DISAGREE', 'interrupted'],
  ['key-live', 3 * HOURS, 'CLOCKS_DISAGREE', 'interrupted'],
  ['exit-began', -2 * DAYS, null, 'done'],
  ['burned', -3 * HOURS, null, 'done'],
] as const

test('in the middle of an exit that cannot reach its region: it gives up after the same quarter of an hour', async () => {
  let down = false
  stage = await rehearsal({ speed: 60, observe: (moment, { method, region }) => {
    if (method === 'DELETE') down = true
    return down && moment === 'received' && region === 'eu-frankfurt-1' ? 'drop' : undefined
  } })
  const began = stage.cloud.now()
  const ended = await stage.run(stage.rotate(), {}, { step: { from: 'unknown', by: -2 * DAYS, mark: join(stage.directory, 'clock-was-set') } })
  expect(existsSync(join(stage.directory, 'clock-was-set'))).toBe(true)
  expect([ended.code, ended.stderr]).toEqual([6, expect.stringContaining('The exit waits: ')])
  const minutes = (stage.cloud.now() - began) / MINUTES
  expect([minutes > 15, minutes < 45]).toEqual([true, true])
})

test.each(STEPS)('after %s by %i ms', async (from, by, code, actionResult) => {
  stage = await rehearsal({ speed: 4 })
  const ended = await stage.run([...stage.saasAdmin(), '--reader', 'AUDITOR', '--json'], {}, { step: { from, by, mark: join(stage.directory, 'clock-was-set') } })
  // A login that reads the key list signs by that clock too, and OCI refuses what is dated otherwise.
  const grade = Math.abs(by) > 5 * MINUTES ? 'refused-only' : 'proved'
  const json = JSON.parse(ended.stdout) as Record<string, unknown>
  expect(json).toMatchObject({ error: code === null ? null : { code }, grade, actionResult, successor: { generation: 3 } })
  expect(ended.code).toBe(code === null ? 0 : 3)
  expect(stage.cloud.requests.filter(({ path }) => path.includes('configureSaasAdminUser'))).toHaveLength(code === null ? 1 : 0)
  expect(stage.listedKeys).toBe(1)
  expect((await stage.run(['logbook', 'verify', '--custody', stage.custody])).code).toBe(0)
})
