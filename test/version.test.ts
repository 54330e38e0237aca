import { expect, test } from 'vitest'
import { newerNodeNeeded } from '../src/version.js'

test.each([['18.20.8', '20.19'], ['20.18.3', '20.19'], ['20.19.0', null], ['20.20.1', null], ['22.1.0', null], ['100.0.0', null]])('Node %s: %s is needed', (running, needed) => {
  expect(newerNodeNeeded(running)).toBe(needed)
})
