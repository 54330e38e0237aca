/** A machine on which the SDK's process does not work, or that has no place for rooms: found out while the bags are closed. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hostileBuild, type HostileBuild } from '../stage/hostile-build.js'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'

const SAID = /clerk: does not work here, with Node \d+\.\d+\.\d+ \(the clerk failed: its process ended\): nothing but a rotation could be done\. Install glasskey again with npm ci, or use a Node that package\.json names/

let stage: Rehearsal
let build: HostileBuild
beforeAll(async () => {
  stage = await rehearsal()
  build = hostileBuild('process.exit(1)')
})
afterAll(async () => {
  build.end()
  await stage.close()
})

test('check says so', async () => {
  const { code, stdout } = await stage.run(['check', '--custody', stage.custody, ...stage.oci], { cli: build.cli })
  expect([code, stdout]).toEqual([3, expect.stringMatching(SAID)])
})

test('check where temporary files have no place: everything else is shown as well', async () => {
  const { code, stdout } = await stage.run(['check', '--custody', stage.custody, ...stage.oci], { env: { TMPDIR: '/nowhere' } })
  expect([code, stdout]).toEqual([3, expect.stringMatching(/^STOP {2}isolation: nothing can be written at \/nowhere\/glasskey-probe \(ENOENT: .+\)\. TMPDIR names where temporary files go: set it to a folder that is there, with space\.$/m)])
  expect(stdout).toContain('ok    successors: GENERATION 3, 4 wait\n')
})

test.each([['with a successor', []], ['and rotation deferred', ['--defer-rotation']]])('a release %s does not begin: no session, no share read, nothing spent', async (_, more) => {
  const before = stage.session
  const { code, stderr } = await stage.run(stage.saasAdmin(2, ...more), { cli: build.cli })
  expect([code, stderr]).toEqual([3, expect.stringMatching(new RegExp(`^REFUSED: ${SAID.source}\\nNo bag was opened\\. Mend it, then begin again\\.$`, 'm'))])
  expect(stage.session).toBe(before)
})

test('a rotation needs no clerk, and goes through', async () => {
  expect((await stage.run(stage.rotate(), { cli: build.cli })).code).toBe(0)
})
