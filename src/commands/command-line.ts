/** What was typed, understood by yargs: one command, its flags, its outcome. */
import yargs, { type Argv, type ArgumentsCamelCase } from 'yargs'
import { GlasskeyError } from '../errors.js'
import { VERSION } from '../version.js'
import { report } from './outcome.js'
import { EVERYWHERE, FURTHER, PURPOSE, typedCommand, verbOf, VERBS, WHICH } from './verbs.js'

/** What yargs complains about, before any command runs. */
class UsageMistake extends Error {}

/** Runs what was typed, and reports how it ended. */
export async function runCommand(typed: readonly string[]): Promise<void> {
  const words = withDash(typed[0] === 'help' ? asFlag(typed.slice(1)) : typed)
  const [json, debug] = [words.includes('--json'), words.includes('--debug')]
  try {
    await commandLine(words, debug).parseAsync()
  } catch (error) {
    await report(
      () => {
        if (!(error instanceof UsageMistake)) throw error
        // A step that is none is not named: help for it would be of no help.
        const command = error.message.startsWith('Invalid values') ? typedCommand(words).split(' ')[0] : typedCommand(words)
        throw new GlasskeyError('USAGE', missingStep(error.message, command) ?? withoutCamelCase(error.message), ['glasskey', command, '--help'].filter((word) => word !== '').join(' '))
      },
      { json, debug },
    )
  }
}

/** In our words, what yargs counts: that a command was typed without what must follow it. */
function missingStep(complaint: string, command: string | undefined): string | null {
  const needs = verbOf(command)?.needs
  return needs !== undefined && complaint.startsWith('Not enough non-option arguments') ? `${command ?? ''} needs ${needs}` : null
}

/** yargs names a flag that there is not in both its spellings: `kept-line, keptLine`. The one that was typed is left. */
function withoutCamelCase(complaint: string): string {
  const unknown = /^Unknown arguments?: (.+)$/.exec(complaint)?.[1]?.split(', ')
  if (!unknown) return complaint
  const spelt = new Set(unknown.filter((name) => name.includes('-')).map((name) => name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())))
  const typed = unknown.filter((name) => !spelt.has(name))
  return `Unknown argument${typed.length === 1 ? '' : 's'}: ${typed.join(', ')}`
}

/** Of a flag that was given twice yargs hands over both values, and of its `--no-` false: no command expects either where it takes one value. Throws UsageMistake. */
function checkValues(program: Argv, args: Readonly<Record<string, unknown>>): true {
  // Flags of the command that was typed. yargs has this for completion scripts; its types leave it out.
  const { string, number, array } = (program as unknown as { getOptions: () => Record<'string' | 'number' | 'array', string[]> }).getOptions()
  // `--no-` of a flag that takes a value is none of the flags that there are.
  const negated = [...string, ...number].find((flag) => [args[flag]].flat().includes(false))
  if (negated !== undefined) throw new UsageMistake(`Unknown argument: no-${negated}`)
  const twice = [...string, ...number].find((flag) => !array.includes(flag) && Array.isArray(args[flag]))
  if (twice !== undefined) throw new UsageMistake(`--${twice} takes one value, and was given more than once`)
  const noNumber = number.find((flag) => [args[flag]].flat().some(Number.isNaN))
  if (noNumber !== undefined) throw new UsageMistake(`--${noNumber} takes a number`)
  return true
}

/** yargs, told about every command. */
export function commandLine(words: readonly string[], debug = false): Argv {
  const program = yargs(words)
    .scriptName('glasskey')
    .locale('en')
    .usage(`$0 <command>\n\n${PURPOSE}`)
    .help('help', EVERYWHERE.help)
    .version('version', EVERYWHERE.version, VERSION)
    .option('debug', { type: 'boolean', describe: EVERYWHERE.debug, global: true })
    .option('json', { type: 'boolean', describe: EVERYWHERE.json, global: true })
    .demandCommand(1, WHICH)
    .strict()
    .check((args: Readonly<Record<string, unknown>>) => checkValues(program, args))
    .recommendCommands()
    .showHelpOnFail(false)
    .wrap(Math.min(110, process.stdout.columns || 110))
    .fail((message: string | null, error: Error | undefined) => {
      throw error && error.name !== 'YError' ? error : new UsageMistake(message ?? error?.message ?? 'the command line is not understood')
    })
    .epilogue(FURTHER)
  for (const { typed, describe, load } of VERBS) {
    program.command(
      typed,
      describe,
      // The front page has the flags of every command; here they would push others off the screen.
      async (flags: Argv) => (await load()).builder(flags).hide('help').hide('version').hide('debug'),
      async (args: ArgumentsCamelCase) => {
        const { handler } = await load()
        await report(() => handler(args as never), { json: args['json'] === true, debug, ...(typeof args['custody'] === 'string' ? { custody: args['custody'] } : {}) })
      },
    )
  }
  return program
}

/** `help break rotate` is `break rotate --help`; but `help brake` is a mistake, as `brake` is. */
function asFlag(words: readonly string[]): string[] {
  return typedCommand(words) === '' ? [...words] : [...words, '--help']
}

/** `--share-file -` means standard input; yargs would take the dash for the beginning of another flag. */
function withDash(words: readonly string[]): string[] {
  return words.flatMap((word, at) => {
    if (word === '-' && words[at - 1] === '--share-file') return []
    return word === '--share-file' && words[at + 1] === '-' ? ['--share-file=-'] : [word]
  })
}
