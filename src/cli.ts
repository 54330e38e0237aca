#!/usr/bin/env node
/** argv in, exit code out. Each verb is a file of its own, loaded only when it is called. */
import yargs, { type Argv, type ArgumentsCamelCase } from 'yargs'
import { report, type Outcome } from './commands/outcome.js'
import { VERSION } from './version.js'

/** A command's module: flags, and what it does. */
interface CommandModule {
  builder: (flags: Argv) => Argv
  // Each module declares the arguments that its own builder makes.
  handler: (args: never) => Promise<Outcome>
}

const VERBS: [command: string, describe: string, load: () => Promise<CommandModule>][] = [
  ['drill', 'the whole life of a key on a simulator: begin here', () => import('./commands/drill.js')],
  ['init', 'write custody.yaml', () => import('./commands/init.js')],
  ['ceremony [step]', 'offline: make keys, split them, print sheets', () => import('./commands/ceremony.js')],
  ['takeover', 'once: make the takeover key the only way in', () => import('./commands/takeover.js')],
  ['break <action>', 'break glass: rotate, or saas-admin', () => import('./commands/break.js')],
  ['resume', 'finish what was interrupted', () => import('./commands/resume.js')],
  ['status', 'where the custody stands, in ten lines', () => import('./commands/status.js')],
  ['check', 'readiness, without secrets, any day', () => import('./commands/check.js')],
  ['logbook <step> [what]', 'list, show, verify, print, or add an entry', () => import('./commands/logbook.js')],
  ['audit', 'prove that what was released was revoked', () => import('./commands/audit.js')],
  ['share <step>', 'look at one sheet alone', () => import('./commands/share.js')],
  ['recover', 'offline: the private key from sheets alone', () => import('./commands/recover.js')],
  ['simulator', 'OCI on loopback, to rehearse on', () => import('./commands/simulator.js')],
]

// A terminal that was closed must not end a process that still has something to rotate.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

const argv = withDash(process.argv.slice(2))
const debug = argv.includes('--debug')

const program = yargs(argv)
  .scriptName('glasskey')
  .usage('$0 <command>\n\nBreak-glass access to an Oracle Cloud tenancy: paper, people and mathematics.')
  .version(VERSION)
  .option('debug', { type: 'boolean', describe: 'show where an error came from', global: true })
  .option('json', { type: 'boolean', describe: 'print one JSON object', global: true })
  .demandCommand(1, 'Which command? The first one for a newcomer is: glasskey drill')
  .strict()
  .recommendCommands()
  .showHelpOnFail(false)
  .wrap(Math.min(110, process.stdout.columns || 110))
  .fail((message: string | null, error: Error | undefined) => {
    throw error && error.name !== 'YError' ? error : new UsageMistake(message ?? error?.message ?? 'the command line is not understood')
  })
  .epilogue('glasskey <command> --help explains each. docs/ holds the formats, the threat model and the runbooks.')

for (const [command, describe, load] of VERBS) {
  program.command(
    command,
    describe,
    async (flags: Argv) => (await load()).builder(flags),
    async (args: ArgumentsCamelCase) => {
      const { handler } = await load()
      await report(() => handler(args as never), { json: args['json'] === true, debug })
    },
  )
}

/** `--share-file -` means standard input; yargs would take the dash for the beginning of another flag. */
function withDash(words: string[]): string[] {
  return words.flatMap((word, at) => {
    if (word === '-' && words[at - 1] === '--share-file') return []
    return word === '--share-file' && words[at + 1] === '-' ? ['--share-file=-'] : [word]
  })
}

/** What yargs complains about, before any command runs. */
class UsageMistake extends Error {}

try {
  await program.parseAsync()
} catch (error) {
  await report(
    async () => {
      const { GlasskeyError } = await import('./errors.js')
      if (error instanceof UsageMistake) throw new GlasskeyError('USAGE', error.message, 'glasskey <command> --help')
      throw error
    },
    { json: argv.includes('--json'), debug },
  )
}
