/** How every command ends: what was asked for on standard output, the error in one place, the exit code from one table. */
import { type Json } from '../canonical.js'
import { EXIT_CODES, GlasskeyError, type ErrorCode } from '../errors.js'
import { say, visibleToned } from '../host/terminal.js'

/** What a command found or did. */
export interface Outcome {
  /** For `--json`. */
  json: { [name: string]: Json | undefined }
  /** For people. Empty: nothing more to say than was said on the way. */
  text: string
  /** Exit code, by the name of an error, where something short of success was reported without being thrown. */
  as?: ErrorCode
}

/** Runs a command, prints its outcome or its error, and sets the exit code. */
export async function report(run: () => Promise<Outcome>, { json, debug }: { json: boolean; debug: boolean }): Promise<void> {
  try {
    const outcome = await run()
    if (json) process.stdout.write(JSON.stringify(outcome.json) + '\n')
    else if (outcome.text !== '') process.stdout.write(visibleToned(outcome.text.trimEnd()) + '\n')
    process.exitCode = outcome.as ? EXIT_CODES[outcome.as] : 0
  } catch (error) {
    const known = error instanceof GlasskeyError ? error : new GlasskeyError('INTERNAL', error instanceof Error ? error.message : String(error), 'This is a fault of glasskey. --debug shows where.', { cause: error })
    if (json) process.stdout.write(JSON.stringify({ error: { code: known.code, message: known.message, hint: known.hint } }) + '\n')
    say(`${known.code}: ${known.message}`, 'alarm')
    if (known.hint !== '') say(known.hint)
    if (debug) process.stderr.write(`${known.stack ?? ''}\n${known.cause instanceof Error ? (known.cause.stack ?? '') : ''}\n`)
    process.exitCode = EXIT_CODES[known.code]
  }
}
