/** Rooms on strange machines: flags that not every Node knows, and programs that cannot be started. */
import { afterEach, expect, test, vi } from 'vitest'
import { probeIsolation, startRoom } from '../../src/host/isolation.js'
import { refusal } from '../vectors/refusal.js'

afterEach(() => {
  vi.restoreAllMocks()
})

const PLAIN = { namespaces: false, coreLimit: false, exceptions: [] }

test.each([
  ['24', ['--permission'], ['--permission']],
  ['26, whose permissions hold the clerk\'s own pipe too', ['--permission', '--allow-net'], ['--permission', '--allow-net']],
])('Node %s: the clerk gets what that Node knows', (_, knows, wanted) => {
  vi.spyOn(process, 'allowedNodeEnvironmentFlags', 'get').mockReturnValue(new Set(knows))
  const clerk = startRoom('clerk', [], 'ignore', PLAIN)
  clerk.kill('SIGKILL')
  expect(clerk.spawnargs.filter((flag) => /permission|allow-net/.test(flag))).toEqual(wanted)
})

test('a room that cannot be started is an error with a name, and no event that ends the desk', async () => {
  const node = process.execPath
  process.execPath = '/nowhere/node'
  try {
    expect(refusal(() => startRoom('strongroom', [], 'ignore', PLAIN))).toMatchObject({ code: 'REFUSED', message: '/nowhere/node cannot be started: it is gone, or this machine has no process, memory or open file left to give' })
    // What Node says of it later is heard.
    await new Promise((later) => setTimeout(later, 20))
  } finally {
    process.execPath = node
  }
})

test('no folder for temporary files: nothing is called missing that was not tried, and what to set is named', () => {
  vi.stubEnv('TMPDIR', '/nowhere')
  const refused = refusal(() => probeIsolation())
  vi.unstubAllEnvs()
  expect(refused).toMatchObject({ code: 'FILE_UNWRITABLE', hint: 'TMPDIR names where temporary files go: set it to a folder that is there, with space.' })
})
