/** What glasskey can be told to do, in the order in which people meet it. Each verb is a file of its own, loaded only when it is called. */
import type { Argv } from 'yargs'
import type { Outcome } from './outcome.js'

/** A command's module: flags, and what it does. */
export interface CommandModule {
  builder: (flags: Argv) => Argv
  // Each module declares the arguments that its own builder makes.
  handler: (args: never) => Promise<Outcome>
}

/** A command: as it is typed, in a line, and where it is. `needs`: what must follow it. */
export interface Verb {
  typed: string
  describe: string
  needs?: string
  load: () => Promise<CommandModule>
}

export const VERBS: readonly Verb[] = [
  { typed: 'drill', describe: 'begin here: a key\'s whole life, on a simulator', load: () => import('./drill.js') },
  { typed: 'init', describe: 'write custody.yaml', load: () => import('./init.js') },
  { typed: 'ceremony [step]', describe: 'offline: make keys, split them, print sheets', load: () => import('./ceremony.js') },
  { typed: 'takeover', describe: 'once: make the key the user\'s only way in', load: () => import('./takeover.js') },
  { typed: 'break <action>', describe: 'break glass: rotate, or saas-admin', needs: 'an action: rotate or saas-admin', load: () => import('./break.js') },
  { typed: 'resume', describe: 'finish what was interrupted', load: () => import('./resume.js') },
  { typed: 'status', describe: 'where the custody stands, in ten lines', load: () => import('./status.js') },
  { typed: 'check [what]', describe: 'readiness, without secrets, any day', load: () => import('./check.js') },
  { typed: 'logbook <step> [what]', describe: 'list, show, verify, print, or add an entry', needs: 'a step: list, show, verify, print or add', load: () => import('./logbook.js') },
  { typed: 'forms [name]', describe: 'papers that people fill in and sign', load: () => import('./forms.js') },
  { typed: 'audit', describe: 'prove that what was released was revoked', load: () => import('./audit.js') },
  { typed: 'share <step>', describe: 'look at one sheet; send a share elsewhere', needs: 'a step: inspect or send', load: () => import('./share.js') },
  { typed: 'recover', describe: 'offline: the private key from sheets alone', load: () => import('./recover.js') },
  { typed: 'simulator', describe: 'OCI on loopback, to rehearse on', load: () => import('./simulator.js') },
]

/** Flags of every command. */
export const EVERYWHERE = {
  help: 'show help',
  version: 'show the version',
  debug: 'show where an error came from',
  json: 'print one JSON object',
} as const

export const PURPOSE = 'Break-glass access to an Oracle Cloud tenancy: paper, people and mathematics.'
export const FURTHER = 'glasskey <command> --help explains each. docs/ holds formats, threat model and audit controls; ceremony/ the runbook.'
export const WHICH = 'Which command? The first one for a newcomer is: glasskey drill'

/** The command in a line of words, with its step, as far as one was typed: `break rotate`. Empty when no verb was. */
export function typedCommand(words: readonly string[]): string {
  const at = words.findIndex((word) => verbOf(word) !== undefined)
  const verb = verbOf(words[at])
  const step = words[at + 1] ?? ''
  if (at < 0 || verb === undefined) return ''
  return verb.typed.includes(' ') && /^[a-z][a-z-]*$/.test(step) ? `${String(words[at])} ${step}` : String(words[at])
}

/** The command of a line of words. */
export function verbOf(word: string | undefined): Verb | undefined {
  return VERBS.find(({ typed }) => typed.split(' ')[0] === word)
}
