/** The browser in the reader's room: real Chromium with its own sandbox, on a loopback that nobody else has. */
import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { start, type Started } from '../stage/at-camera.js'
import { browserBefore, browsersBefore } from '../stage/room-browser.js'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'

let stage: Rehearsal
let program: string

beforeAll(async () => {
  stage = await rehearsal()
  program = await browserBefore(stage.directory, [
    [{ pdf: stage.sheet(3, 1), turned: 8, blurred: 1 }, { pdf: stage.sheet(3, 3), turned: -12 }],
    [{ pdf: stage.sheet(3, 3), page: 2, zoom: 0.75, up: -350 }],
    [{ pdf: stage.sheet(3, 3), page: 2, zoom: 0.75, up: 350 }],
  ])
})

afterAll(() => stage.close())

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((again) => setTimeout(again, 50))
}

/** A session for GENERATION 2, to which nobody ever brings the right sheet. */
function waiting(): Started {
  return start(['break', 'rotate', '--custody', stage.custody, ...stage.operator, '--use-case', 'drill', '--yes', '--scan', 'camera', '--browser', program, ...stage.oci], stage.directory)
}

test('two sheets at once and the codes of page 2 give the key back; the browser has a loopback and no other network', async () => {
  const out = join(stage.directory, 'key.pem')
  const command = start(['recover', '--scan', 'camera', '--browser', program, '--yes', '--out', out], stage.directory)
  await until(() => browsersBefore(program).length > 0)
  const [browser] = browsersBefore(program)
  expect(browser?.interfaces).toEqual(['lo'])
  expect(browser?.words).not.toContain('--no-sandbox')
  expect(Object.keys(networkInterfaces())).not.toEqual([])
  const { code, stderr } = await command.ended
  expect(stderr).toContain(`Exception: the program that sees the sheets was named by the operator (${program}); it has no network.`)
  for (const custodian of [1, 3]) expect(stderr).toContain(`the camera: share ${custodian} of 3, key id`)
  expect(code).toBe(0)
  expect(readFileSync(out, 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----/)
  await until(() => browsersBefore(program).length === 0)
})

test('a session that is interrupted while sheets are shown ends, and its browser with it', async () => {
  const command = waiting()
  await command.until(/is of GENERATION 3: /)
  process.kill(command.pid, 'SIGINT')
  const { code, stderr } = await command.ended
  expect(stderr).toContain('INTERRUPTED: stopped before the key was opened: Ctrl-C')
  expect(code).toBe(3)
  await until(() => browsersBefore(program).length === 0)
})

test('when the desk is killed, strongroom, page and browser end', async () => {
  const command = waiting()
  await command.until(/is of GENERATION 3: /)
  process.kill(command.pid, 'SIGKILL')
  await until(() => browsersBefore(program).length === 0)
})
