/** A command that is disturbed while it runs: its words as they come, and its processes to send signals to. */
import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { CLI, type Ended } from './command-line.js'
import { processesOf } from './processes.mjs'
import { played, type Plan } from './played.js'
import type { Rehearsal } from './rehearsal.js'

/** A running command. It leads a process group of its own, as a job of a shell does. */
export interface Playing {
  desk: number
  said: () => string
  /** Waits until it has said this. Throws when it ended without. */
  until: (words: string) => Promise<void>
  /** To the whole group, as a terminal sends it; or to one process. */
  signal: (signal: NodeJS.Signals, to?: 'desk' | 'strongroom') => void
  type: (text: string) => void
  ended: Promise<Ended>
}

/** Begins a command; nothing is typed for it until `type`. */
export function play(stage: Rehearsal, args: readonly string[], plan: Partial<Plan> = {}): Playing {
  const { node = [], env = {} } = played({ ...stage.time, ...plan })
  const child = spawn(process.execPath, [...node, CLI, ...args], { cwd: stage.directory, stdio: ['pipe', 'pipe', 'pipe'], detached: true, env: { ...process.env, NO_COLOR: '1', ...env } })
  const desk = child.pid ?? 0
  child.stdin.on('error', () => undefined)
  let [stdout, stderr, over] = ['', '', false]
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const ended = new Promise<Ended>((done, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      over = true
      done({ code: code ?? -1, stdout, stderr })
    })
  })
  return {
    desk,
    said: () => stderr,
    until: async (words) => {
      while (!stderr.includes(words)) {
        if (over) throw new Error(`it ended without saying "${words}":\n${stderr}${stdout}`)
        await new Promise((again) => setTimeout(again, 20))
      }
    },
    signal: (signal, to) => {
      process.kill(to === undefined ? -desk : (processesOf(desk).find(({ is }) => is === to)?.pid ?? 0), signal)
    },
    type: (text) => child.stdin.end(text),
    ended,
  }
}

/** A rotation whose strongroom is killed with the key live, while OCI takes its time with the successor. */
export async function loseStrongroom(stage: Rehearsal): Promise<Ended> {
  stage.cloud.armFault({ match: { path: '*/apiKeys', method: 'POST' }, action: { do: 'delay', when: 'before', milliseconds: 3000 } })
  const playing = play(stage, stage.rotate())
  await playing.until('Asking OCI: exit: upload successor')
  playing.signal('SIGKILL', 'strongroom')
  return playing.ended
}

/** The machine, and with it the lines that no disk took: people know what `status` says, and no more. */
export function loseKeptLines({ stderr }: Ended): void {
  for (const [, file = ''] of stderr.matchAll(/Its lines are kept in (\S+) until it does/g)) rmSync(file, { force: true })
}
