/** `glasskey resume`. */
import { resolve } from 'node:path'
import type { Argv } from 'yargs'
import { unprintedEntry } from '../breakglass/print-session.js'
import { resume } from '../breakglass/resume.js'
import { readCustodyFolder } from '../host/custody-folder.js'
import { shellWord } from '../host/terminal.js'
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
    const entry = unprintedEntry(readCustodyFolder(folder), args.session)
    const paper = entry === null ? [] : [`Entry ${entry.number} of the logbook is not on paper: glasskey logbook print ${entry.number} --custody ${shellWord(folder)} --out ${shellWord(entry.page)}`]
    return nothingToDo(folder, [found, ...paper], [`Nothing is open: ${found}.`, ...paper].join('\n'))
  }
  return sessionOutcome(folder, result, args.printer, sheetFilesOf(args))
}
