/** Custodians with OpenPGP keys in keyrings of their own, made with the machine's real gpg. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A person with a keyring. */
export interface OpenpgpPerson {
  /** GNUPGHOME. */
  home: string
  fingerprint: string
  /** Armoured public key. */
  publicKey: string
  passphrase: string
  /** Armoured private key, locked with the passphrase. */
  privateKey: string
  gpg: (...args: string[]) => string
}

/** A new person. `algorithm` is of the primary key and its encryption subkey; `expires` as gpg takes it. */
export function openpgpPerson(name: string, algorithm: 'rsa2048' | 'cv25519' | 'nistp256', passphrase = '', expires = 'never'): OpenpgpPerson {
  const home = mkdtempSync(join(tmpdir(), 'glasskey-gnupg-'))
  const secret = join(home, 'passphrase')
  writeFileSync(secret, passphrase, { mode: 0o600 })
  const gpg = (...args: string[]): string =>
    execFileSync('gpg', ['--batch', '--quiet', '--pinentry-mode', 'loopback', '--passphrase-file', secret, ...args], { env: { PATH: process.env['PATH'], GNUPGHOME: home, LC_ALL: 'C' }, stdio: ['ignore', 'pipe', 'pipe'] }).toString()
  const [primary, subkey] = algorithm === 'cv25519' ? ['ed25519', 'cv25519'] : [algorithm, algorithm]
  gpg('--quick-generate-key', `${name} <custodian@example.org>`, primary, 'sign', expires)
  const fingerprint = /^fpr:+([0-9A-F]{40}):/m.exec(gpg('--list-keys', '--with-colons'))?.[1] ?? ''
  gpg('--quick-add-key', fingerprint, subkey, 'encr', expires)
  return { home, fingerprint, passphrase, gpg, publicKey: gpg('--armor', '--export', fingerprint), privateKey: gpg('--armor', '--export-secret-keys', fingerprint) }
}

/** Ends the agent of a person's keyring. */
export function leave(person: OpenpgpPerson): void {
  execFileSync('gpgconf', ['--kill', 'all'], { env: { PATH: process.env['PATH'], GNUPGHOME: person.home } })
}
