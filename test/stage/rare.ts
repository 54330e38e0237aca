/** Scenes of what is rarest, and takes long: `npm test` plays them, and CI, which has its time, their neighbours only. */
import { test } from 'vitest'

/** Whether this is CI. */
export const isShort = process.env['CI'] !== undefined

/** A test that CI leaves out. */
export const rare = test.skipIf(isShort)
