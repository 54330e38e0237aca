/** `glasskey resume`. */
import { resolve } from 'node:path'
import type { Argv } from 'yargs'
import { resume } from '../breakglass/resume.js'
import { HEADINGS, inputsOf, sessionFlags, sheetFilesOf, type SessionArguments } from './flags.js'
import { nothingToDo, sessionOutcome } from './session-outcome.js'
import type { Outcome } from './outcome.js'

interface Arguments extends SessionArguments {
  session: string | undefined
  keptLines: string | undefined
}

export const builder = (flags: Argv): Argv =>
  sessionFlags(
    flags
      .usage('$0 resume [--session ID]\n\nFinishes what was interrupted, from the journal and from what OCI says is true. Asks for a quorum only when a\nsignature is needed.')
      .option('session', { type: 'string', group: HEADINGS.action, describe: 'which session (the one that is open)' })
      .option('kept-lines', { type: 'string', group: HEADINGS.action, describe: 'journal lines that its disk did not take' })
  )


export const handler = async (args: Arguments): Promise<Outcome> => {
  const folder = resolve(args.custody)
  const result = await resume(folder, args.session, args.keptLines === undefined ? null : resolve(args.keptLines), inputsOf(args))
  if (!result) {
    const found = args.session === undefined ? 'every session has come to its end' : `session ${args.session} has come to its end`
    return nothingToDo(folder, [found], `Nothing is open: ${found}.`)
  }
  return sessionOutcome(folder, result, args.printer, sheetFilesOf(args))
}
