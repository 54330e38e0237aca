/** What is said of a machine that gives less: only what was found out. */
import type * as processes from 'node:child_process'
import { expect, test, vi } from 'vitest'
import { probeIsolation } from '../../src/host/isolation.js'
import { refusal } from '../vectors/refusal.js'

const { answers } = vi.hoisted(() => ({ answers: { of: (args: readonly string[]): object => ({ status: args.length > 0 ? 0 : 1 }) } }))
vi.mock('node:child_process', async (original) => ({
  ...(await original<typeof processes>()),
  spawnSync: (_: string, args: readonly string[]) => answers.of(args),
}))

const REST = 'other programs of this account could read the key from memory, and every process has the network'
const isRoom = (args: readonly string[]): boolean => args.includes('--mount')

const LATE = { status: null, error: Object.assign(new Error('spawnSync unshare ETIMEDOUT'), { code: 'ETIMEDOUT' }) }

test.each<[string, (args: readonly string[]) => object, boolean, string[]]>([
  ['everything', () => ({ status: 0 }), true, []],
  ['no namespaces', (args) => ({ status: isRoom(args) ? 1 : 0 }), false, [`this machine gives no user namespaces: ${REST}`]],
  ['a slow stick', (args) => (isRoom(args) ? LATE : { status: 0 }), false, [`this machine did not give a user namespace within 10 s: ${REST}`]],
  ['a prlimit that hangs', (args) => (args[0] === '--core=1' ? LATE : { status: 0 }), true, ['a crash of the strongroom may leave its memory in a core file (prlimit did not answer within 10 s)']],
  ['an unshare without --map-user', (args) => ({ status: args.some((arg) => arg.startsWith('--map-user')) ? 1 : 0 }), true, ['the unshare of this machine gives gpg no namespace of its own (no --map-user): where it opens a share, it could read the memory of the strongroom']],
])('%s', (_, answer, namespaces, exceptions) => {
  answers.of = answer
  vi.stubEnv('NODE_OPTIONS', undefined)
  expect(probeIsolation()).toMatchObject({ namespaces, exceptions })
  vi.unstubAllEnvs()
})

test('a machine that has no process left to give is not called one that lacks something', () => {
  answers.of = () => ({ status: null, error: Object.assign(new Error('spawnSync prlimit EAGAIN'), { code: 'EAGAIN' }) })
  expect(refusal(() => probeIsolation())).toMatchObject({ code: 'REFUSED', message: 'prlimit cannot be started: it is gone, or this machine has no process, memory or open file left to give' })
})
