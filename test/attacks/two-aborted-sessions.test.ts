/** Two sessions that came to nothing, with one share each: together a quorum was on this machine, and nobody may overlook it. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { rehearsal, type Rehearsal, withoutShares } from '../stage/rehearsal.js'
import type { Ended } from '../stage/command-line.js'
import { copyOf, expectRefused, sessionsIn } from './tamper.js'

let stage: Rehearsal
beforeAll(async () => {
  stage = await rehearsal()
})
afterAll(() => stage.close())

/** A session in which one custodian shows a sheet and the others stay away. */
async function aborted(custodian: number): Promise<Ended> {
  const file = join(stage.directory, 'typed.txt')
  writeFileSync(file, `${await stage.shareText(2, custodian)}\n`)
  const ended = await stage.run([...withoutShares(stage.rotate()), '--share-file', file])
  expectRefused(ended, 'QUORUM_NOT_REACHED', 5)
  return ended
}

interface Status {
  inUse: { state: string; seen: number[] }
  remarks: { level: string; text: string }[]
  next: string
}

const status = async (): Promise<Status> => JSON.parse((await stage.run(['status', '--custody', stage.custody, '--json'])).stdout) as Status

test('status and the next session tell that the generation is exposed, as soon as a quorum was seen and not before', async () => {
  const before = stage.cloud.stateDigest()
  expect((await aborted(1)).stderr).not.toContain('seen in')
  expect((await status()).inUse).toMatchObject({ state: 'in use', seen: [1] })

  const second = await aborted(2)
  expect(second.stderr).toContain('note  GENERATION 2: seen in an earlier session: the share of custodian 1 (Ada Lovelace)')
  const now = await status()
  expect(now.inUse).toMatchObject({ state: 'exposed', seen: [1, 2] })
  expect(now.remarks).toContainEqual({ level: 'alarm', stops: false, text: 'GENERATION 2 is exposed: a quorum of its shares was seen' })
  expect(now.next).toBe(`glasskey break rotate --custody ${stage.custody} …`)

  const third = await aborted(1)
  expect(third.stderr).toContain('note  GENERATION 2: EXPOSED: a quorum of its shares was seen in earlier sessions (custodian 1 (Ada Lovelace), custodian 2 (Βασίλης Παπαδόπουλος)). Rotate it, whatever else is done')
  expect(stage.cloud.stateDigest()).toBe(before)
})

test('the record of one of them cannot be taken away to hide it', async () => {
  const custody = copyOf(stage)
  rmSync(sessionsIn(custody).at(-2) ?? '', { recursive: true })
  const ended = await stage.run(['status', '--custody', custody])
  expectRefused(ended, 'CHAIN_BROKEN', 4)
  expect(ended.stderr).toMatch(/the session of entry 4 \(.*\) is missing/)
})
