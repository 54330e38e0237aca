/** What a check said when it refused. */
import { expect } from 'vitest'
import { GlasskeyError } from '../../src/errors.js'

/** The GlasskeyError that `run` throws; the test fails when it throws none, or another kind of error. */
export function refusal(run: () => unknown): GlasskeyError {
  let thrown: unknown
  try {
    run()
  } catch (error) {
    thrown = error
  }
  expect(thrown).toBeInstanceOf(GlasskeyError)
  return thrown as GlasskeyError
}

/** As `refusal`, for what is awaited. */
export async function refusalOf(run: () => Promise<unknown>): Promise<GlasskeyError> {
  const thrown = await run().then(() => undefined, (error: unknown) => error)
  expect(thrown).toBeInstanceOf(GlasskeyError)
  return thrown as GlasskeyError
}
