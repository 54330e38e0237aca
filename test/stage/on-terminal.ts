/** A real terminal, by util-linux's `script`: what is typed goes through its line discipline, and it can be closed. */
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import type { Rehearsal } from './rehearsal.js'

/** Somebody at a terminal. */
export interface OnTerminal {
  shown: () => string
  until: (words: string) => Promise<void>
  type: (text: string) => void
  /** The terminal goes away, as a dropped connection takes it. */
  close: () => void
  /** Resolves when what ran on it has ended. */
  ended: Promise<number>
}

/** Processes that were started with this word, and as this program if one is named. */
export function processesWith(word: string, program?: string): number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
      return words.includes(word) && (program === undefined || words[0] === program)
    } catch {
      // It ended while we looked.
      return false
    }
  })
}

/** Runs a command on a terminal of its own. */
export function onTerminal(stage: Pick<Rehearsal, 'directory'>, command: readonly string[], env: Record<string, string> = {}): OnTerminal {
  const quoted = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
  // In place of the shell that `script` starts: one that stayed would get the Ctrl-C too, and its end would be the one that is told.
  const terminal = spawn('script', ['--quiet', '--flush', '--return', '--command', `exec ${quoted}`, '/dev/null'], { cwd: stage.directory, stdio: ['pipe', 'pipe', 'ignore'], env: { ...process.env, SHELL: '/bin/sh', NO_COLOR: '1', ...env } })
  let [shown, over] = ['', false]
  terminal.stdin.on('error', () => undefined)
  terminal.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString().replaceAll('\r\n', '\n')))
  const ended = new Promise<number>((done) =>
    terminal.once('close', (code) => {
      over = true
      done(code ?? -1)
    }),
  )
  return {
    shown: () => shown,
    until: async (words) => {
      while (!shown.includes(words)) {
        if (over) throw new Error(`it ended without showing "${words}":\n${shown}`)
        await new Promise((again) => setTimeout(again, 20))
      }
    },
    type: (text) => terminal.stdin.write(text),
    close: () => terminal.kill('SIGKILL'),
    ended,
  }
}
