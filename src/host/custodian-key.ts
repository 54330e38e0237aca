/**
 * The second factor: asking a custodian for the key that opens a sealed share, and opening it. What is wrong is named, and
 * asked for again; nothing is locked by us.
 */
import type { PrivateKey } from 'openpgp'
import { inFours, type SealedShare } from '../custody/sealed-share.js'
import { openText, readCustodianKeys, unlockKey } from '../custody/sealing.js'
import { parseShareText } from '../custody/share-text.js'
import { GlasskeyError } from '../errors.js'
import { readGiven } from './disk.js'
import { inHome } from './home.js'
import { decryptWithGpg, type Keyring } from './gpg-decryption.js'
import { ask, isInteractive, say } from './terminal.js'
import { askToUnlock, TRY_AGAIN } from './unlock-key.js'

/** What was said about custodians' keys on the command line, by custodian's number. */
export interface CustodianKeys {
  /** `gpg`, or the path of a file with the armoured private key. */
  means: Readonly<Record<string, string>>
  /** Paths of files with passphrases, for scripts. */
  passphraseFiles: Readonly<Record<string, string>>
  keyring: Keyring
}

/** The person's own keyring, and no key named. `gnupgHome` is what a flag said. Where this account has no home folder, it is missed only by who wants gpg. */
export function ownKeyring(gnupgHome?: string): Keyring {
  return { home: gnupgHome ?? (process.env['GNUPGHOME'] || inHome('.gnupg')), user: process.getuid?.() ?? 0, group: process.getgid?.() ?? 0, terminal: process.env['TERM'] ?? 'linux' }
}

/** In place of a path: a card, or this account's keyring. */
export const GPG = 'gpg'
const FLAG = '--custodian-key N=FILE or N=gpg'

/**
 * The text of a share, opened with its custodian's key. `whose` is how messages call the custodian. Asks again until it opens or
 * is left out. Throws SHARE_SEALED when it is left out, or where there is nobody to ask.
 */
export async function openSealedShare(sealed: SealedShare, whose: string, keys: CustodianKeys, signal?: AbortSignal): Promise<string> {
  const named = keys.means[String(sealed.custodian)]
  if (named !== undefined) {
    try {
      return await (await openerBy(named, sealed, keys, signal))(sealed)
    } catch (error) {
      if (!(error instanceof GlasskeyError) || error.code === 'INTERRUPTED') throw error
      const told = new GlasskeyError('SHARE_SEALED', `the share of ${whose} was not opened: ${error.message}`, error.hint, { cause: error })
      if (!isInteractive()) throw told
      say(`${told.message}. ${told.hint}`, 'alarm')
    }
  }
  if (!isInteractive()) throw leftOut(sealed, whose)
  // What flags named was tried, and is not tried again.
  const asked = named === undefined ? keys : { ...keys, passphraseFiles: {} }
  say(`The share of ${whose} is sealed to OpenPGP key ${inFours(sealed.fingerprint)}.`, 'strong')
  for (let before = 'asked'; ; ) {
    const means = await ask('Path of the private key\'s file, or "gpg" for a card or this account\'s keyring; Enter leaves this share out:', FLAG, signal)
    // A tired hand, or a line left over from before, presses Enter once.
    if (means === '' && before === '') throw leftOut(sealed, whose)
    before = means
    if (means === '') {
      say('Nothing was typed. Enter once more leaves this share out.')
      continue
    }
    try {
      return await (await openerBy(means, sealed, asked, signal))(sealed)
    } catch (error) {
      if (!(error instanceof GlasskeyError) || error.code === 'INTERRUPTED') throw error
      say(`${error.message}. ${error.hint}`, 'alarm')
    }
  }
}

/** Opens shares that are sealed to one key. Throws SHARE_SEALED. */
export type Opener = (sealed: SealedShare) => Promise<string>

/**
 * What opens shares that are sealed to this key: `gpg`, or the file of a private key, which is unlocked here and once.
 * Throws SHARE_SEALED, FILE_MISSING and what is wrong with the file.
 */
export async function openerBy(means: string, { custodian, fingerprint }: Pick<SealedShare, 'custodian' | 'fingerprint'>, keys: CustodianKeys, signal?: AbortSignal): Promise<Opener> {
  const passphraseFile = keys.passphraseFiles[String(custodian)]
  const given = passphraseFile === undefined ? null : (await readGiven(passphraseFile, 'the passphrase', signal)).replace(/\r?\n$/, '')
  if (means === GPG) return async (sealed) => asPromised(sealed, await decryptWithGpg(sealed.message, keys.keyring, given, signal))
  const key = await unlocked(means, fingerprint, given, signal)
  return async (sealed) => asPromised(sealed, await openText(sealed.message, key))
}

function asPromised(sealed: SealedShare, text: string): string {
  const share = parseShareText(text)
  share.bytes.fill(0)
  const same = share.rehearsal === sealed.rehearsal && share.keyId === sealed.keyId && share.custodian === sealed.custodian && share.threshold === sealed.threshold && share.shares === sealed.shares
  if (!same) throw new GlasskeyError('SHARE_SEALED', 'it opens to another share than the sheet says: it was altered', 'Keep the sheet, use another custodian, and raise the alarm.')
  return text.trim()
}

/** The private key of a file, unlocked. */
async function unlocked(path: string, fingerprint: string, given: string | null, signal?: AbortSignal): Promise<PrivateKey> {
  const keys = await readCustodianKeys(await readGiven(path, 'the private key', signal), path)
  const key = keys.find((candidate) => candidate.getFingerprint().toUpperCase() === fingerprint)
  if (!key) {
    const found = keys.map((candidate) => candidate.getFingerprint().toUpperCase()).join(', ') || 'none'
    throw new GlasskeyError('SHARE_SEALED', `wrong key: ${path} holds ${found}, and the share is sealed to ${fingerprint}`, 'Use the key that the sheet names.')
  }
  if (key.isDecrypted()) return key
  const open = given === null ? await askToUnlock(key, `key ${fingerprint}`, '--passphrase-file N=FILE', signal) : await unlockKey(key, given)
  if (open) return open
  throw given === null ? new GlasskeyError('SHARE_SEALED', 'no passphrase was typed', 'Choose again.') : new GlasskeyError('SHARE_SEALED', `wrong passphrase for key ${fingerprint}`, TRY_AGAIN)
}

function leftOut({ custodian, fingerprint }: SealedShare, whose: string): GlasskeyError {
  return new GlasskeyError('SHARE_SEALED', `the share of ${whose} is sealed to OpenPGP key ${fingerprint}, and was not opened`, `Its custodian brings the card or the key: --custodian-key ${custodian}=FILE or ${custodian}=gpg.`)
}
