/** How every command ends: what was asked for on standard output, the error in one place, the exit code from one table. */
import { resolve } from 'node:path'
import type { Json } from '../canonical.js'
import { EXIT_CODES, GlasskeyError, type ErrorCode } from '../errors.js'
import { print } from '../host/standard-output.js'
import { say, visibleToned } from '../host/terminal.js'
import { inFolder } from '../host/printed-command.js'

/** What was wrong and what to do next, as `--json` gives it. Its code decides the exit code. */
export interface Problem {
  code: ErrorCode
  message: string
  hint: string
}

/** What a command found or did. */
export interface Outcome {
  /** For `--json`, with `error` added. Null: the object was printed on the way. */
  json: { [name: string]: Json | undefined } | null
  /** For people. Empty: nothing more to say than was said on the way. */
  text: string
  /** Where something short of success was reported without being thrown. */
  error?: Problem
}

/** The one line of `--json`. Every object has `error`: null when the exit code is 0. Schemas: docs/schemas. */
export function printed(found: { [name: string]: Json | undefined }, error: Problem | null): string {
  return JSON.stringify({ ...found, error }) + '\n'
}

/** Runs a command, prints its outcome or its error, and sets the exit code. `custody`: the folder it is about, for the command that is next. */
export async function report(run: () => Promise<Outcome>, { json, debug, custody }: { json: boolean; debug: boolean; custody?: string }): Promise<void> {
  try {
    const outcome = await run()
    if (json) print(outcome.json ? printed(outcome.json, outcome.error ?? null) : '')
    else if (outcome.text !== '') print(visibleToned(outcome.text.trimEnd()) + '\n')
    process.exitCode = outcome.error ? EXIT_CODES[outcome.error.code] : 0
  } catch (error) {
    const known = error instanceof GlasskeyError ? error : new GlasskeyError('INTERNAL', error instanceof Error ? error.message : String(error), 'This is a fault of glasskey. --debug shows where.', { cause: error })
    const hint = custody === undefined ? known.hint : inFolder(known.hint, resolve(custody))
    if (json) print(printed({}, { code: known.code, message: known.message, hint }))
    say(`${known.code}: ${known.message}`, 'alarm')
    if (hint !== '') say(hint)
    if (debug) process.stderr.write(`${known.stack ?? ''}\n${known.cause instanceof Error ? (known.cause.stack ?? '') : ''}\n`)
    process.exitCode = EXIT_CODES[known.code]
  }
}
