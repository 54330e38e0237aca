/** Ctrl-Z while somebody types a PIN: the terminal stops gpg, and no session. It is continued, and it can be called off. */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decryptWithGpg, type Keyring } from '../../src/host/gpg-decryption.js'
import { processesWith } from '../stage/on-terminal.js'

let home: string
let message: Uint8Array
const gpg = (words: readonly string[], input = ''): Buffer => execFileSync('gpg', ['--homedir', home, '--batch', '--quiet', ...words], { input, stdio: ['pipe', 'pipe', 'ignore'] })

/** The answer that this pinentry gives comes after so many seconds. */
function pinentryAfter(seconds: number): void {
  writeFileSync(join(home, 'pinentry'), `#!/bin/sh\necho "OK here"\nwhile read -r line; do case "$line" in GETPIN*) touch ${join(home, 'asked')}; sleep ${seconds}; echo "D secret"; echo OK;; BYE*) echo OK; exit;; *) echo OK;; esac; done\n`)
  chmodSync(join(home, 'pinentry'), 0o700)
}

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'glasskey-gpg-'))
  writeFileSync(join(home, 'gpg-agent.conf'), `pinentry-program ${join(home, 'pinentry')}\nallow-loopback-pinentry\n`)
  gpg(['--pinentry-mode', 'loopback', '--passphrase', 'secret', '--quick-generate-key', 'ada@example.org', 'default', 'default'])
  message = new Uint8Array(gpg(['--trust-model', 'always', '--recipient', 'ada@example.org', '--encrypt'], 'a share'))
  execFileSync('gpgconf', ['--homedir', home, '--kill', 'all'])
})
afterAll(() => {
  execFileSync('gpgconf', ['--homedir', home, '--kill', 'all'])
  rmSync(home, { recursive: true })
})

/** Has gpg ask for the PIN, and stops it as the terminal does. */
async function stopped(signal?: AbortSignal): Promise<{ opening: Promise<string> }> {
  const keyring: Keyring = { home, user: process.getuid?.() ?? 0, group: process.getgid?.() ?? 0, terminal: 'dumb' }
  const before = processesWith('--decrypt', 'gpg')
  const opening = decryptWithGpg(message, keyring, null, signal)
  opening.catch(() => undefined)
  let mine: number[] = []
  while (mine.length === 0) {
    await new Promise((again) => setTimeout(again, 50))
    mine = processesWith('--decrypt', 'gpg').filter((pid) => !before.includes(pid))
  }
  // Not as a terminal's stop, which nobody can send to a process without one: it would be passed over.
  for (const pid of mine) process.kill(pid, 'SIGSTOP')
  return { opening }
}

test('the PIN that is typed meanwhile opens the share', async () => {
  pinentryAfter(2)
  const { opening } = await stopped()
  expect(await opening).toBe('a share')
})

test('and whoever calls it off is heard', async () => {
  pinentryAfter(600)
  const leaving = new AbortController()
  const { opening } = await stopped(leaving.signal)
  leaving.abort('Ctrl-C')
  await expect(opening).rejects.toMatchObject({ code: 'INTERRUPTED', message: 'stopped: Ctrl-C' })
})
