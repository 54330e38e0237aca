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

/** Runs `glasskey …`. `cli` is another build, for hostile dependencies. */
export function glasskey(args: readonly string[], options: { cwd?: string; input?: string; cli?: string; env?: Record<string, string> } = {}): Promise<Ended> {
  return new Promise((done, reject) => {
    const child = spawn(process.execPath, [options.cli ?? CLI, ...args], { cwd: options.cwd, stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, NO_COLOR: '1', ...options.env } })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    child.once('error', reject)
    child.once('close', (code) => {
      done({ code: code ?? -1, stdout, stderr })
    })
    child.stdin.end(options.input ?? '')
  })
}
