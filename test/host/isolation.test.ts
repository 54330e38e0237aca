/** Flags of Node that not every Node knows. */
import { afterEach, expect, test, vi } from 'vitest'
import { startRoom } from '../../src/host/isolation.js'

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
