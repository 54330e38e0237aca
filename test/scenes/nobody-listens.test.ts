/** OCI's port is really shut, as by a firewall: connections are refused by the machine, not by anybody who listens. */
import { afterEach, expect, test } from 'vitest'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'

const SPEED = 12

let stage: Rehearsal | undefined
let minute: Promise<void> | undefined
afterEach(async () => {
  await minute
  await stage?.close()
  stage = undefined
})

test('the home region is shut when the successor is asked for, and opens a minute later: the exit waits, says why and until when, and rotates', async () => {
  const aMinute = async ({ cloud }: Rehearsal): Promise<void> => {
    await cloud.shut(cloud.seed.homeRegion)
    await new Promise((over) => setTimeout(over, 60_000 / SPEED))
    await cloud.reopen(cloud.seed.homeRegion)
  }
  stage = await rehearsal({
    speed: SPEED,
    observe: (moment, { method }) => {
      if (moment !== 'received' || method !== 'POST' || minute || !stage) return undefined
      minute = aMinute(stage)
      return 'drop'
    },
  })
  const { code, stderr } = await stage.run([...stage.rotate(), '--reader', 'AUDITOR'])
  expect(stderr).toMatch(/The exit waits: .*ECONNREFUSED.* until [\d:]+Z/)
  expect(stderr).toMatch(/is dead: proved\. /)
  expect(code).toBe(0)
  expect(stage.listedKeys).toBe(1)
  // What was lost on the way in was asked for again, once it was known not to have happened.
  expect(stage.cloud.requests.filter(({ method, status }) => method === 'POST' && status !== null)).toHaveLength(1)
})
