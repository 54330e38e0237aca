/** Running the built command line. */
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'

/** The built command line; `npm test` builds it first. */
export const CLI = resolve(import.meta.dirname, '../../dist/cli.js')

/** How a command ended. */
export interface Ended {
  code: number
  stdout: string
  stderr: string
}

/** How a command is run. `cli` is another build, for hostile dependencies; `node` are flags of Node; `onStart` gets the process id, `onSaid` all of standard error so far. */
export interface Running {
  cwd?: string
  input?: string
  cli?: string
  node?: readonly string[]
  env?: Record<string, string>
  onStart?: (pid: number) => void
  onSaid?: (stderr: string) => void
}

/** Runs `glasskey …`; code -1 is an end by a signal. Resolves when its last process has let go of the output. */
export function glasskey(args: readonly string[], options: Running = {}): Promise<Ended> {
  return new Promise((done, reject) => {
    const child = spawn(process.execPath, [...(options.node ?? []), options.cli ?? CLI, ...args], { cwd: options.cwd, stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, NO_COLOR: '1', ...options.env } })
    if (child.pid !== undefined) options.onStart?.(child.pid)
    // A command that is killed at once does not read what was typed for it.
    child.stdin.on('error', () => undefined)
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString()
      options.onSaid?.(stderr)
    })
    child.once('error', reject)
    child.once('close', (code) => {
      done({ code: code ?? -1, stdout, stderr })
    })
    child.stdin.end(options.input ?? '')
  })
}
