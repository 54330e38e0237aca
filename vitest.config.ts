import { defineConfig } from 'vitest/config'

/** `npm test` needs nothing but Node; what needs Debian's gnupg, zbar, poppler or chromium is called *.interop.test.ts. */
const interop = process.env['GLASSKEY_TESTS'] === 'interop'

export default defineConfig({
  test: {
    include: interop ? ['test/**/*.interop.test.ts'] : ['test/**/*.test.ts'],
    exclude: interop ? [] : ['test/**/*.interop.test.ts'],
    globalSetup: ['test/stage/prepare.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
})
