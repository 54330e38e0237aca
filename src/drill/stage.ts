/** Running the built command line as a person would, with each command shown before it runs. */
import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { GlasskeyError } from '../errors.js'
import { say, shellWord } from '../host/terminal.js'

/** The built command line. */
export const CLI = fileURLToPath(new URL('../cli.js', import.meta.url))

/** One command that was run. */
export interface Step {
  title: string
  command: string
  exitCode: number
  seconds: number
}

/** Where the drill plays, and what it has run so far. */
export class Stage {
  readonly directory: string
  readonly steps: Step[] = []
  readonly #shown: string

  constructor(directory: string) {
    this.directory = resolve(directory)
    this.#shown = relative(process.cwd(), this.directory) || '.'
  }

  /** Says a heading and what is about to be seen. */
  scene(title: string, text: string): void {
    say('')
    say(`── ${title} ${'─'.repeat(Math.max(0, 92 - title.length))}`, 'strong')
    for (const line of text.split('\n')) say(line)
  }

  /** Runs `glasskey …` in the drill's folder and shows what it says. Throws INTERNAL when it ends otherwise than expected. */
  async run(title: string, args: readonly string[], expected = 0): Promise<Step> {
    const command = `glasskey ${args.map(shellWord).join(' ')}`
    say('')
    say(`$ ${shortened(command)}`, 'faint')
    const start = Date.now()
    const exitCode = await this.#spawned(args)
    const step = { title, command, exitCode, seconds: Math.round((Date.now() - start) / 100) / 10 }
    this.steps.push(step)
    if (exitCode !== expected) throw new GlasskeyError('INTERNAL', `"${title}" ended with ${exitCode}; ${expected} was expected`, `Look into ${this.#shown}, and run the command by hand.`)
    if (expected !== 0) say(`(exit ${exitCode}: refused, as it should be)`, 'good')
    return step
  }

  /** Starts a simulator that lives as long as this process. Returns its first line, read as JSON. */
  async startSimulator(args: readonly string[]): Promise<{ child: ChildProcess; first: Record<string, unknown> }> {
    const all = ['simulator', ...args]
    say('')
    say(`$ glasskey ${all.map(shellWord).join(' ')} &`, 'faint')
    const child = spawn(process.execPath, [CLI, ...all, '--until-stdin-closes'], { cwd: this.directory, stdio: ['pipe', 'pipe', 'ignore'] })
    for await (const line of createInterface({ input: child.stdout })) return { child, first: JSON.parse(line) as Record<string, unknown> }
    throw new GlasskeyError('INTERNAL', 'the simulator did not start', 'glasskey simulator says why.')
  }

  #spawned(args: readonly string[]): Promise<number> {
    return new Promise((done, reject) => {
      const child = spawn(process.execPath, [CLI, ...args], { cwd: this.directory, stdio: ['ignore', 'pipe', 'pipe'] })
      for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream }).on('line', (line) => {
          say(`  ${line}`, /NOT PROVED|RED:|REFUSED/.test(line) ? 'alarm' : 'plain')
        })
      }
      child.once('error', reject)
      child.once('close', (code) => {
        done(code ?? -1)
      })
    })
  }
}

/** OCIDs are long and alike: the first and last letters are enough to read a command by. */
function shortened(command: string): string {
  return command.replace(/(ocid1\.\w+\.oc1\.[\w-]*\.)(\w{4})\w+(\w{4})/g, '$1$2…$3')
}
