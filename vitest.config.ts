import { defineConfig } from 'vitest/config'

/**
 * `npm test` needs nothing but Node; what needs Debian's gnupg, zbar, poppler or chromium is called *.interop.test.ts. The
 * matrices run a flow hundreds of times: `npm run test:crash` and `npm run test:faults`.
 */
const KINDS: Record<string, { include: string[]; exclude: string[] }> = {
  unit: { include: ['test/**/*.test.ts'], exclude: ['test/**/*.interop.test.ts'] },
  interop: { include: ['test/**/*.interop.test.ts'], exclude: [] },
  crash: { include: ['test/crash/*.matrix.ts'], exclude: [] },
  faults: { include: ['test/faults/*.matrix.ts'], exclude: [] },
}
const kind = process.env['GLASSKEY_TESTS'] ?? 'unit'
const chosen = KINDS[kind]
if (!chosen) throw new Error(`GLASSKEY_TESTS is ${kind}, and not one of ${Object.keys(KINDS).join(', ')}`)

export default defineConfig({
  test: {
    ...chosen,
    globalSetup: ['test/stage/prepare.ts'],
    // A case of the fault matrix may wait out an exit's patience, and the next command's.
    testTimeout: kind === 'faults' ? 300_000 : 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    // Cases of a matrix wait for processes most of the time.
    maxConcurrency: 3,
  },
})
