/** While custodians fetched their bags, the place for temporary files went: no reader can be started, and the session ends in order. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { rehearsal, type Rehearsal, withoutShares } from '../stage/rehearsal.js'

let stage: Rehearsal | undefined
afterEach(async () => {
  await stage?.close()
  stage = undefined
})

test('what cannot be done is said, and the session is closed and on record', async () => {
  const opened = (stage = await rehearsal())
  const temporary = join(stage.directory, 'temporary')
  mkdirSync(temporary)
  const sessions = join(stage.custody, 'sessions')
  const before = readdirSync(sessions).length
  const watch = setInterval(() => {
    if (readdirSync(sessions).filter((name) => !name.startsWith('.')).length === before) return
    clearInterval(watch)
    rmSync(temporary, { recursive: true })
  }, 2)
  const words = [...withoutShares(opened.rotate()), ...opened.scans(2, 1, 2)]
  const { code, stderr } = await stage.run(words, { env: { TMPDIR: temporary } })
  clearInterval(watch)
  expect(stderr).toMatch(/^The sheets cannot be read by a machine: nothing can be written at \S+glasskey-room \(ENOENT: .+\)\.$/m)
  expect(stderr).not.toMatch(/INTERNAL|\n {4}at /)
  expect(code).toBe(5)
  expect(stage.journal().at(-1)).toMatchObject({ type: 'closed', exitCode: 5 })
})
