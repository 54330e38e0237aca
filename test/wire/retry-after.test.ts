import { expect, test } from 'vitest'
import { retryAfterMs } from '../../src/wire/retry-after.js'

const NOW = Date.parse('2026-11-20T04:00:00Z')

test.each([
  ['2', 2000],
  ['15', 15_000],
  ['16', 15_000],
  ['Fri, 20 Nov 2026 04:00:05 GMT', 5000],
  ['Fri, 20 Nov 2026 03:00:00 GMT', 0],
  ['', 0],
  ['soon', 0],
  ['-3', 0],
  ['99999999999999999999', 0],
])('Retry-After "%s" is a wait of %i ms', (said, ms) => {
  expect(retryAfterMs({ status: 429, headers: said === '' ? {} : { 'retry-after': said }, body: new Uint8Array() }, NOW, 15_000)).toBe(ms)
})
