/** The browser in this room: a fresh profile in the room's own memory, no extensions, no network but the room's loopback. */
import { spawn } from 'node:child_process'

const PROFILE = '/tmp/profile'

/** What a browser does by itself is switched off; the room has no network for it anyway. Its sandbox is not. */
const FLAGS = [
  `--user-data-dir=${PROFILE}`, '--no-first-run', '--no-default-browser-check', '--disable-extensions', '--disable-sync', '--disable-quic',
  '--disable-background-networking', '--disable-component-update', '--disable-breakpad', '--disable-gpu', '--disable-translate', '--password-store=basic',
  // Only our page is ever open in it, and nobody should look for a button at four in the morning.
  '--auto-accept-camera-and-microphone-capture', '--start-maximized',
]

/** Characters kept of what it says of itself. */
const LAST_WORDS = 300

/** Starts it; `onEnd` gets the last thing that it said on standard error. It ends with this room. */
export function startBrowser(program: string, env: Readonly<Record<string, string>>, url: string, onEnd: (lastWords: string) => void): void {
  const wayland = 'WAYLAND_DISPLAY' in env ? ['--ozone-platform=wayland'] : []
  // A session of its own: Ctrl-Z on the terminal would stop it, and nothing would wake it again.
  const child = spawn(program, [...FLAGS, ...wayland, `--app=${url}`], { env: { HOME: '/tmp', ...env }, stdio: ['ignore', 'ignore', 'pipe'], detached: true })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-LAST_WORDS)))
  const end = (words: string): void => {
    onEnd(words.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').trim())
  }
  child.once('error', (error) => {
    end(error.message)
  })
  child.once('exit', () => {
    end(said.trimEnd().split('\n').at(-1) ?? '')
  })
}
