/** Signing with a card or a keyring, by the gpg of this machine. It asks for its PIN or passphrase itself. */
import { spawn } from 'node:child_process'
import { GlasskeyError } from '../errors.js'

/** What gpg needs to find keys, cards and the terminal; nothing else of the environment reaches it. */
const ENVIRONMENT = ['HOME', 'GNUPGHOME', 'GPG_TTY', 'TERM', 'DISPLAY', 'WAYLAND_DISPLAY', 'XDG_RUNTIME_DIR'] as const

/** The armoured public key of a fingerprint. Throws SIGNING_FAILED when gpg has none. */
export async function gpgPublicKey(fingerprint: string): Promise<string> {
  const key = await gpg(['--armor', '--export-options', 'export-minimal', '--export', fingerprint], '')
  if (!key.includes('BEGIN PGP PUBLIC KEY BLOCK')) throw failed(`gpg has no public key ${fingerprint}`, `gpg --import, or gpg --card-edit and then fetch; gpg --list-keys ${fingerprint} must show it.`)
  return key
}

/** An armoured detached signature over a text. Throws SIGNING_FAILED with what gpg said. */
export function gpgSignature(text: string, fingerprint: string): Promise<string> {
  return gpg(['--armor', '--detach-sign', '--local-user', fingerprint, '--output', '-'], text)
}

function gpg(words: readonly string[], input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = Object.fromEntries(ENVIRONMENT.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])))
    const child = spawn('gpg', words, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...env, PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C.UTF-8' } })
    let [out, said] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
    child.on('error', (error) => {
      reject(failed(`gpg cannot be started (${error.message})`, 'Install GnuPG, or sign with a key file.'))
    })
    child.on('close', (code) => {
      if (code === 0) resolve(out)
      else reject(failed(`gpg did not sign: ${said.trim() || `it ended with ${code ?? 'a signal'}`}`, 'On a terminal without a desktop: export GPG_TTY=$(tty), then again.'))
    })
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
  })
}

function failed(message: string, hint: string): GlasskeyError {
  return new GlasskeyError('SIGNING_FAILED', message, hint)
}
