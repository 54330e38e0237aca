/** A session that waits for custodians elsewhere, and what they send. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as passed } from 'node:timers/promises'
import { parseWarrant, type Warrant } from '../../src/warrant/warrant.js'
import { readSessionKey, remoteWords, type SessionKey } from '../../src/warrant/remote.js'
import type { Ended } from './command-line.js'
import type { Rehearsal } from './rehearsal.js'

/** What a session laid out to be sent, while it waits. */
export interface Waiting {
  ended: Promise<Ended>
  warrant: Warrant
  warrantPath: string
  key: SessionKey
  keyPath: string
  /** What is read aloud. */
  words: string
  /** Resolves as soon as the session has said this. */
  said: (text: string) => Promise<void>
}

/** Runs a command that waits for these messages (files in the stage's folder, there or not yet), and looks at the one-time key that it laid out. */
export async function waiting(stage: Rehearsal, args: readonly string[], messages: readonly string[]): Promise<Waiting> {
  const before = keysOf(stage)
  const process = { over: false, stderr: '' }
  const ended = stage.run([...args, '--remote', '--words-read-by', 'Wilma Witness', ...messages.flatMap((path) => ['--message', join(stage.directory, path)])], { onSaid: (stderr) => (process.stderr = stderr) })
  void ended.then(() => (process.over = true))
  for (;;) {
    const keyPath = keysOf(stage).find((path) => !before.includes(path)) ?? ''
    const armored = keyPath === '' ? '' : readFileSync(keyPath, 'utf8')
    if (armored.includes('-----END')) {
      const warrantPath = join(keyPath, '../warrant.json')
      const warrant = parseWarrant(readFileSync(warrantPath, 'utf8'))
      const key = await readSessionKey(armored, keyPath)
      const said = async (text: string): Promise<void> => {
        while (!process.stderr.includes(text)) {
          if (process.over) throw new Error(`it ended, and never said ${text}:\n${process.stderr}`)
          await passed(50)
        }
      }
      return { ended, said, warrant, warrantPath, key, keyPath, words: remoteWords(warrant, key) }
    }
    if (process.over) throw new Error((await ended).stderr)
    await passed(50)
  }
}

/** `glasskey share send`, in a process of its own. */
export function send(stage: Rehearsal, to: Pick<Waiting, 'warrantPath' | 'keyPath' | 'words'>, custodian: number, generation = 2, ...more: string[]): Promise<Ended> {
  return stage.run(['share', 'send', '--warrant', to.warrantPath, '--to', to.keyPath, '--words', to.words, '--scan', stage.sheet(generation, custodian), '--yes', ...more])
}

/** One-time keys that lie beside the warrants of sessions. */
function keysOf({ custody }: Rehearsal): string[] {
  const sessions = join(custody, 'sessions')
  const places = existsSync(sessions) ? readdirSync(sessions).filter((name) => !name.startsWith('.')).map((name) => join(sessions, name)) : []
  return places.flatMap((place) => readdirSync(place).filter((name) => /^remote-.*\.asc$/.test(name)).map((name) => join(place, name)))
}
