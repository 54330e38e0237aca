/** One line of `--json`, held against the published schemas by a validator that is not ours. */
import { EXIT_CODES, type ErrorCode } from '../../src/errors.js'
import type { Ended } from '../stage/command-line.js'
import { COMMANDS, type OutcomeName } from './outcomes.js'
import { complaints, outcomesThatAccept } from './published.js'

/** What a command printed. */
export interface Told {
  [name: string]: unknown
  error: { code: ErrorCode; message: string } | null
}

/** The object that a command printed, and which of its published outcomes it is. Throws when it is none or two of them, when anything may be left out or added, or when the exit code is another. */
export function held(command: string, { stdout, code }: Pick<Ended, 'stdout' | 'code'>): { as: OutcomeName; told: Told } {
  const wrong = (what: string): never => {
    throw new Error(`glasskey ${command} --json, exit ${code}: ${what}\n${stdout}`)
  }
  if (!stdout.endsWith('\n') || stdout.indexOf('\n') !== stdout.length - 1) wrong('not one line')
  const told = JSON.parse(stdout) as Told
  const names = [...(COMMANDS[command] ?? []), 'error'] as const
  const [as = 'error', ...more] = outcomesThatAccept(names, told)
  if (more.length > 0 || complaints(`outcome-${as}.json`, told).length > 0) wrong(`${outcomesThatAccept(names, told).join(' and ') || 'none'} of ${names.join(', ')}`)
  if (complaints(`outcome-${as}.json`, { ...told, stranger: 1 }).length !== 1) wrong('a stranger may be added')
  for (const name of Object.keys(told)) {
    const less = Object.fromEntries(Object.entries(told).filter(([other]) => other !== name))
    if (complaints(`outcome-${as}.json`, less).length === 0) wrong(`${name} may be left out`)
  }
  const exit = told.error ? EXIT_CODES[told.error.code] : 0
  if (code !== exit) wrong(`and its error wants exit ${exit}`)
  return { as, told }
}

/** The command of these arguments, as the table of outcomes names it. */
export function commandOf([verb = '', step = '']: readonly string[]): string {
  return `${verb} ${step}` in COMMANDS ? `${verb} ${step}` : verb
}
