/**
 * Opening a sealed share with the machine's own `gpg`: for cards, and for keys that live in a person's keyring.
 *
 * It is a child of the process that collects the shares, and so has no network where that has none. It runs in a user namespace of
 * its own, from which it cannot read its parent's memory, under the person's own user number, so that it finds the agent that holds the
 * card already. PINs and passphrases go from pinentry to the agent and are never seen here.
 */
import { spawn, spawnSync } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { GlasskeyError } from '../errors.js'

/** Whose gpg it is. */
export interface Keyring {
  /** GNUPGHOME: where keyring and agent's sockets are. Null where nobody knows. */
  home: string | null
  /** User and group number of the person, as outside of any namespace. */
  user: number
  group: number
  /** TERM: how pinentry draws. */
  terminal: string
}

/** What is read of one answer; a share takes less than a hundred. */
const LONGEST_ANSWER = 64 * 1024
/** How long somebody may look for a card and type a PIN. */
const PATIENCE_MS = 5 * 60_000
/** How often one that was stopped is continued. */
const AWAKE_MS = 1000

/** The text behind a message. A passphrase is handed to gpg where one was given; else pinentry asks. Throws SHARE_SEALED saying what was wrong. */
export async function decryptWithGpg(message: Uint8Array, keyring: Keyring, passphrase: string | null, signal?: AbortSignal): Promise<string> {
  const { home } = keyring
  if (home === null) throw new GlasskeyError('SHARE_SEALED', 'nobody knows where the keyring of this account is', 'Begin again with HOME set, or with --gnupg-home DIR.')
  const before = namespaceFor(keyring)
  const env = environmentOf(home, keyring)
  const quietly = (program: string, ...args: string[]): number | null => spawnSync(before[0] ?? program, before.length > 0 ? [...before.slice(1), program, ...args] : args, { stdio: 'ignore', env, timeout: 10_000, killSignal: 'SIGKILL' }).status
  const wasRunning = quietly('gpg-connect-agent', '--no-autostart', '/bye') === 0
  try {
    return await run([...before, 'gpg', ...FLAGS, ...(passphrase === null ? [] : ['--pinentry-mode', 'loopback', '--passphrase-fd', '4']), '--decrypt'], message, env, passphrase, signal)
  } finally {
    // An agent that was started for this keeps no PIN and no passphrase; one that was there before is somebody's.
    if (!wasRunning) quietly('gpgconf', '--kill', 'all')
  }
}

/** Names of the status lines are stable (GnuPG, doc/DETAILS). With --quiet those that say what was wrong are left out. */
const FLAGS = ['--batch', '--no-greeting', '--status-fd', '3']

function run(command: readonly string[], message: Uint8Array, env: Record<string, string>, passphrase: string | null, signal?: AbortSignal): Promise<string> {
  const [program = 'gpg', ...args] = command
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore', 'pipe', 'pipe'], env })
    const giveUp = AbortSignal.any([...(signal ? [signal] : []), AbortSignal.timeout(PATIENCE_MS)])
    const stop = (): void => void child.kill('SIGTERM')
    giveUp.addEventListener('abort', stop)
    // The terminal's Ctrl-Z stops it and not a session: it would hear of no answer, nor that it is to end.
    const awake = setInterval(() => child.kill('SIGCONT'), AWAKE_MS)
    const settled = (): void => {
      clearInterval(awake)
      giveUp.removeEventListener('abort', stop)
    }
    let answer = Buffer.alloc(0)
    let status = ''
    const [input, output, , said, secret] = child.stdio as unknown as [Writable, Readable, null, Readable, Writable]
    // gpg may end before it has read what it was given.
    for (const stream of [input, secret]) stream.on('error', () => undefined)
    output.on('data', (chunk: Buffer) => {
      if (answer.length < LONGEST_ANSWER) answer = Buffer.concat([answer, chunk])
    })
    said.on('data', (chunk: Buffer) => {
      if (status.length < LONGEST_ANSWER) status += chunk.toString('utf8')
    })
    child.once('error', (error) => {
      settled()
      reject(new GlasskeyError('SHARE_SEALED', `gpg cannot be started (${error.message})`, 'Install GnuPG, or name the file of the private key.', { cause: error }))
    })
    child.once('close', (code) => {
      settled()
      const text = answer.toString('utf8')
      answer.fill(0)
      if (signal?.aborted === true) reject(new GlasskeyError('INTERRUPTED', `stopped: ${String(signal.reason)}`))
      else if (code === 0 && /^\[GNUPG:\] DECRYPTION_OKAY/m.test(status)) resolve(text)
      else reject(refusalOf(status))
    })
    input.end(message)
    secret.end(passphrase === null ? '' : `${passphrase}\n`)
  })
}

const CARD_COUNTS = 'glasskey locks nothing, but the card counts its own tries: after three wrong PINs it is blocked.'

/** Error numbers of libgpg-error (err-codes.h.in) that a person can do something about. */
const REASONS: Readonly<Record<number, readonly [what: string, hint: string]>> = {
  11: ['wrong passphrase', 'Nothing is locked; try again.'],
  17: ['gpg has no private key that opens it', 'Insert the card that the sheet names (gpg --card-status reads it), or use the account in whose keyring the key is.'],
  62: ['nobody answered in time', 'Try again.'],
  77: ['gpg-agent is not running and could not be started', 'Try gpg --card-status, or name the file of the private key.'],
  85: ['no pinentry program is installed', 'Install pinentry-curses, or name the file of the private key.'],
  86: ['no pinentry program could ask for the PIN', 'Install pinentry-curses, or name the file of the private key.'],
  87: ['wrong PIN', CARD_COUNTS],
  91: ['this is another card than the one whose key it is', 'Insert the card that the sheet names; then try again.'],
  99: ['the question for PIN or passphrase was cancelled', 'Try again.'],
  108: ['the card failed', 'Take it out, insert it again, and try again.'],
  109: ['the card was taken out, and must be started again', 'Insert it again; then try again.'],
  110: ['the card was removed', 'Insert it again; then try again.'],
  111: ['the card in the reader is no OpenPGP card', 'Insert the card that the sheet names; then try again.'],
  112: ['no card is in the reader: it was removed, or never inserted', 'Insert the card that the sheet names; then try again.'],
  119: ['this machine\'s GnuPG has no support for cards', 'Install scdaemon, or name the file of the private key.'],
  130: ['the PIN of the card is blocked: too many wrong ones', 'The card\'s reset code or admin PIN unblocks it (gpg --card-edit, passwd). Or use the other custodians.'],
  131: ['the card refused: its conditions are not met', 'Take it out, insert it again, and try again.'],
  198: ['the question for PIN or passphrase was cancelled', 'Try again.'],
  32848: ['there is no card reader, or no card in it', 'Insert the card that the sheet names; then try again.'],
  32870: ['no pinentry program could ask for the PIN on this terminal', 'Install pinentry-curses, or name the file of the private key.'],
}

function refusalOf(status: string): GlasskeyError {
  const refuse = ([what, hint]: readonly [string, string]): GlasskeyError => new GlasskeyError('SHARE_SEALED', what, hint)
  if (/^\[GNUPG:\] SC_OP_FAILURE 2/m.test(status)) return refuse(['wrong PIN', CARD_COUNTS])
  if (/^\[GNUPG:\] SC_OP_FAILURE 1/m.test(status)) return refuse(['the question for the PIN was cancelled', 'Try again.'])
  // The lower 16 bits are the error, the upper ones who reported it. pkdecrypt_failed says why a key that is there did not do.
  const [, number] = /^\[GNUPG:\] ERROR pkdecrypt_failed (\d+)/m.exec(status) ?? []
  const error = Number(number) & 0xffff
  const known = number === undefined ? undefined : REASONS[error]
  if (known) return refuse(known)
  if (/^\[GNUPG:\] NO_SECKEY/m.test(status)) return refuse(REASONS[17] ?? ['', ''])
  if (/^\[GNUPG:\] BADMDC/m.test(status)) return refuse(['it was altered, or is damaged', 'Scan the other copy of the sheet.'])
  return refuse([`gpg did not open it${number === undefined ? '' : ` (its error ${error})`}`, 'Try gpg --card-status; or name the file of the private key.'])
}

/** Nothing of ours or of the desk's, but what pinentry needs to find the terminal. */
function environmentOf(home: string, { terminal }: Keyring): Record<string, string> {
  return { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: home, GNUPGHOME: home, LC_ALL: 'C.UTF-8', TERM: terminal, ...terminalName() }
}

function terminalName(): Record<string, string> {
  if (!process.stdin.isTTY) return {}
  try {
    return { GPG_TTY: readlinkSync('/proc/self/fd/0') }
  } catch (error) {
    // No /proc: gpg asks the terminal itself.
    if (error instanceof Error) return {}
    throw error
  }
}

/** How to begin the command where the machine gives a namespace; nothing where it does not, which the warrant says (probeIsolation). */
function namespaceFor({ user, group }: Keyring): string[] {
  const command = ['unshare', '--user', `--map-user=${user}`, `--map-group=${group}`]
  return spawnSync('unshare', [...command.slice(1), 'true'], { stdio: 'ignore', timeout: 10_000, killSignal: 'SIGKILL' }).status === 0 ? command : []
}
