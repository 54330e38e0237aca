/**
 * The second factor: asking a custodian for the key that opens a sealed share, and opening it. What is wrong is named, and
 * asked for again; nothing is locked by us.
 */
import { homedir } from 'node:os'
import { join } from 'node:path'
import { decryptKey, type PrivateKey } from 'openpgp'
import { inFours, type SealedShare } from '../custody/sealed-share.js'
import { openText, readCustodianKeys } from '../custody/sealing.js'
import { parseShareText } from '../custody/share-text.js'
import { GlasskeyError } from '../errors.js'
import { readTyped } from './disk.js'
import { decryptWithGpg, type Keyring } from './gpg-decryption.js'
import { askHidden } from './hidden-prompt.js'
import { ask, isInteractive, say } from './terminal.js'

/** What was said about custodians' keys on the command line, by custodian's number. */
export interface CustodianKeys {
  /** `gpg`, or the path of a file with the armoured private key. */
  means: Readonly<Record<string, string>>
  /** Paths of files with passphrases, for scripts. */
  passphraseFiles: Readonly<Record<string, string>>
  keyring: Keyring
}

/** The person's own keyring, and no key named. `gnupgHome` is what a flag said. */
export function ownKeyring(gnupgHome?: string): Keyring {
  return { home: gnupgHome ?? (process.env['GNUPGHOME'] || join(homedir(), '.gnupg')), user: process.getuid?.() ?? 0, group: process.getgid?.() ?? 0, terminal: process.env['TERM'] ?? 'linux' }
}

const GPG = 'gpg'
const FLAG = '--custodian-key N=FILE or N=gpg'

/**
 * The text of a share, opened with its custodian's key. `whose` is how messages call the custodian. Asks again until it opens or
 * is left out. Throws SHARE_SEALED when it is left out, or where there is nobody to ask.
 */
export async function openSealedShare(sealed: SealedShare, whose: string, keys: CustodianKeys, signal?: AbortSignal): Promise<string> {
  const named = keys.means[String(sealed.custodian)]
  if (named !== undefined) {
    try {
      return await openBy(named, sealed, keys, signal)
    } catch (error) {
      if (!(error instanceof GlasskeyError) || error.code !== 'SHARE_SEALED') throw error
      const told = new GlasskeyError('SHARE_SEALED', `the share of ${whose} was not opened: ${error.message}`, error.hint, { cause: error })
      if (!isInteractive()) throw told
      say(`${told.message}. ${told.hint}`, 'alarm')
    }
  }
  if (!isInteractive()) throw leftOut(sealed, whose)
  say(`The share of ${whose} is sealed to OpenPGP key ${inFours(sealed.fingerprint)}.`, 'strong')
  for (;;) {
    const means = await ask('Path of the private key\'s file, or "gpg" for a card or this account\'s keyring; Enter leaves this share out:', FLAG, signal)
    if (means === '') throw leftOut(sealed, whose)
    try {
      return await openBy(means, sealed, keys, signal)
    } catch (error) {
      if (!(error instanceof GlasskeyError) || error.code === 'INTERRUPTED') throw error
      say(`${error.message}. ${error.hint}`, 'alarm')
    }
  }
}

async function openBy(means: string, sealed: SealedShare, keys: CustodianKeys, signal?: AbortSignal): Promise<string> {
  const passphraseFile = keys.passphraseFiles[String(sealed.custodian)]
  const given = passphraseFile === undefined ? null : readTyped(passphraseFile, 'the passphrase').replace(/\r?\n$/, '')
  const text = means === GPG ? await decryptWithGpg(sealed.message, keys.keyring, given, signal) : await openText(sealed.message, await unlocked(means, sealed, given, signal))
  const share = parseShareText(text)
  share.bytes.fill(0)
  const same = share.rehearsal === sealed.rehearsal && share.keyId === sealed.keyId && share.custodian === sealed.custodian && share.threshold === sealed.threshold && share.shares === sealed.shares
  if (!same) throw new GlasskeyError('SHARE_SEALED', 'it opens to another share than the sheet says: it was altered', 'Keep the sheet, use another custodian, and raise the alarm.')
  return text.trim()
}

/** The private key of a file, unlocked. */
async function unlocked(path: string, sealed: SealedShare, given: string | null, signal?: AbortSignal): Promise<PrivateKey> {
  const keys = await readCustodianKeys(readTyped(path, 'the private key'), path)
  const key = keys.find((candidate) => candidate.getFingerprint().toUpperCase() === sealed.fingerprint)
  if (!key) {
    const found = keys.map((candidate) => candidate.getFingerprint().toUpperCase()).join(', ') || 'none'
    throw new GlasskeyError('SHARE_SEALED', `wrong key: ${path} holds ${found}, and the share is sealed to ${sealed.fingerprint}`, 'Use the key that the sheet names.')
  }
  if (key.isDecrypted()) return key
  const wrong = `wrong passphrase for key ${sealed.fingerprint}`
  let open: PrivateKey | null = null
  const accept = async (passphrase: string): Promise<string | null> => {
    open = await unlock(key, passphrase)
    return open !== null || passphrase === '' ? null : `${wrong}. ${TRY_AGAIN}`
  }
  if (given === null) await askHidden(`Passphrase of key ${sealed.fingerprint} (not shown; Enter alone goes back):`, '--passphrase-file N=FILE', accept, signal)
  else open = await unlock(key, given)
  if (open) return open
  throw given === null ? new GlasskeyError('SHARE_SEALED', 'no passphrase was typed', 'Choose again.') : new GlasskeyError('SHARE_SEALED', wrong, TRY_AGAIN)
}

const TRY_AGAIN = 'Nothing is locked; try again.'

/** The key unlocked, or null where the passphrase is another. */
async function unlock(privateKey: PrivateKey, passphrase: string): Promise<PrivateKey | null> {
  try {
    return await decryptKey({ privateKey, passphrase })
  } catch (error) {
    if (error instanceof Error) return null
    throw error
  }
}

function leftOut({ custodian, fingerprint }: SealedShare, whose: string): GlasskeyError {
  return new GlasskeyError('SHARE_SEALED', `the share of ${whose} is sealed to OpenPGP key ${fingerprint}, and was not opened`, `Its custodian brings the card or the key: --custodian-key ${custodian}=FILE or ${custodian}=gpg.`)
}
