import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/stage/longest-first.js'
import { Tally } from './test/stage/tally.js'

/**
 * `npm test` needs nothing but Node; what needs Debian's gnupg, zbar, poppler or chromium is called *.interop.test.ts. The
 * matrices run a flow hundreds of times: `npm run test:crash` and `npm run test:faults`.
 */
const KINDS: Record<string, { include: string[]; exclude?: string[]; plays?: string }> = {
  unit: { include: ['test/**/*.test.ts'], exclude: ['test/**/*.interop.test.ts'] },
  interop: { include: ['test/**/*.interop.test.ts'] },
  crash: { include: ['test/crash/*.matrix.ts'], plays: 'crash points' },
  faults: { include: ['test/faults/*.matrix.ts'], plays: 'faults' },
  nights: { include: ['test/nights/*.matrix.ts'], plays: 'bad nights' },
  matrices: { include: ['test/{crash,faults}/*.matrix.ts'], plays: 'crash points and faults' },
}
const kind = process.env['GLASSKEY_TESTS'] ?? 'unit'
const chosen = KINDS[kind]
if (!chosen) throw new Error(`GLASSKEY_TESTS is ${kind}, and not one of ${Object.keys(KINDS).join(', ')}`)
const { include, exclude = [], plays } = chosen
const isMatrix = plays !== undefined

/** Files that put something else in a module's place have a process for themselves. The others find loaded what the file before them loaded. */
const MOCKING = readdirSync(join(import.meta.dirname, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts') && !name.endsWith('.interop.test.ts'))
  .map((name) => `test/${name}`)
  .filter((path) => readFileSync(join(import.meta.dirname, path), 'utf8').includes('vi.mock('))
const most = { name: kind, include, exclude: [...exclude, ...MOCKING], globalSetup: ['test/stage/prepare.ts'], isolate: kind !== 'unit' }
const mocking = { name: 'mocking', include: MOCKING }

export default defineConfig({
  test: {
    projects: (kind === 'unit' ? [most, mocking] : [most]).map((test) => ({ extends: true as const, test })),
    ...(isMatrix ? { reporters: ['default', new Tally(plays)] } : {}),
    testTimeout: isMatrix ? 600_000 : 120_000,
    hookTimeout: 120_000,
    // Scenes, and the cases of a matrix, wait for their processes most of the time.
    maxWorkers: isMatrix ? 2 : 4,
    maxConcurrency: 4,
    sequence: { sequencer: LongestFirst },
    // CI's machine is shared: a scene that was starved of its seconds is played once more, and the report says so (retry x1). A matrix never is.
    retry: process.env['CI'] === undefined || isMatrix ? 0 : 1,
  },
})
