/** While custodians fetched their bags, the place for temporary files went: no process beside the strongroom can be started, and the session ends in order. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { Ended } from '../stage/command-line.js'
import { rehearsal, type Rehearsal, withoutShares } from '../stage/rehearsal.js'

let stage: Rehearsal | undefined
afterEach(async () => {
  await stage?.close()
  stage = undefined
})

/** Plays a session whose place for temporary files goes as soon as the session is opened. */
async function withoutTemporary(words: (opened: Rehearsal) => string[]): Promise<Ended> {
  const opened = (stage = await rehearsal())
  const temporary = join(opened.directory, 'temporary')
  mkdirSync(temporary)
  const sessions = join(opened.custody, 'sessions')
  const before = readdirSync(sessions).length
  const watch = setInterval(() => {
    if (readdirSync(sessions).filter((name) => !name.startsWith('.')).length === before) return
    clearInterval(watch)
    rmSync(temporary, { recursive: true })
  }, 2)
  const ended = await opened.run(words(opened), { env: { TMPDIR: temporary } })
  clearInterval(watch)
  expect(ended.stderr).not.toMatch(/INTERNAL|\n {4}at /)
  return ended
}

test('no reader: that is said, and the session is closed and on record', async () => {
  const { code, stderr } = await withoutTemporary((opened) => [...withoutShares(opened.rotate()), ...opened.scans(2, 1, 2)])
  expect(stderr).toMatch(/^The sheets cannot be read by a machine: nothing can be written at \S+glasskey-room \(ENOENT: .+\)\.$/m)
  expect(code).toBe(5)
  expect(stage?.journal().at(-1)).toMatchObject({ type: 'closed', exitCode: 5 })
})

test('no clerk: no share is read, the session is closed and on record, and the next one begins', async () => {
  const { code, stderr, stdout } = await withoutTemporary((opened) => opened.saasAdmin())
  expect([code, stderr]).toEqual([2, expect.stringMatching(/^FILE_UNWRITABLE: nothing can be written at \S+glasskey-room \(ENOENT: .+\)\nTMPDIR names where/m)])
  expect(stdout).toContain('No key was live. No share was read.')
  expect(stage?.journal().at(-1)).toMatchObject({ type: 'closed', exitCode: 2 })
  expect(stage && (await stage.run(stage.rotate())).code).toBe(0)
})
