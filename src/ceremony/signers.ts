/** Ways to sign: a key file, a card or keyring through gpg, or by hand elsewhere and read back. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { createMessage, readKey, readPrivateKey, sign, type PrivateKey } from 'openpgp'
import { asRemark } from '../custody/fields.js'
import { fingerprintOf } from '../custody/signatures.js'
import { GlasskeyError } from '../errors.js'
import { readText } from '../host/disk.js'
import { gpgPublicKey, gpgSignature } from '../host/gpg-signing.js'
import { askToUnlock } from '../host/unlock-key.js'

/** Somebody who can sign. */
export interface Signer {
  /** Of the primary key, 40 upper-case hex digits. */
  fingerprint: string
  /** Armoured. */
  publicKey: string
  /** An armoured detached signature. Throws SIGNING_FAILED. */
  sign: (text: string) => Promise<string>
}

/** A signer named as on the command line: a private key file, or `gpg:FINGERPRINT`. Throws FILE_MISSING, SIGNING_FAILED. */
export async function signerOf(named: string): Promise<Signer> {
  const signer = await asSigning(named, () => (named.startsWith('gpg:') ? gpgSigner(named.slice('gpg:'.length).replaceAll(' ', '').toUpperCase()) : keyFileSigner(resolve(named))))
  return { ...signer, sign: (text) => asSigning(named, () => signer.sign(text)) }
}

/** A key that cannot sign, because it has expired, is revoked, is younger than this machine's clock, or is weak, is named: openpgp.js has plain errors for that. */
async function asSigning<Made>(named: string, make: () => Promise<Made>): Promise<Made> {
  try {
    return await make()
  } catch (error) {
    if (error instanceof GlasskeyError || !(error instanceof Error)) throw error
    throw new GlasskeyError('SIGNING_FAILED', `${named} does not sign: ${asRemark(error.message)}`, 'Look at the key (gpg --list-keys), and at this machine\'s clock. Choose again: a key file, gpg:FINGERPRINT, or none.', { cause: error })
  }
}

/** Whether an answer names a way to sign, or what is wrong with it. */
export function wrongSigner(named: string): string | null {
  if (named.startsWith('gpg:')) return /^gpg:[0-9A-F ]{40,60}$/i.test(named) ? null : 'After gpg: comes a fingerprint of 40 hex digits (gpg --list-secret-keys shows it).'
  return existsSync(resolve(named)) ? null : `${named} is not there. Type a private key file, gpg:FINGERPRINT, or none.`
}

async function gpgSigner(wanted: string): Promise<Signer> {
  const publicKey = await gpgPublicKey(wanted)
  const fingerprint = fingerprintOf(await readKey({ armoredKey: publicKey }))
  return { fingerprint, publicKey, sign: (text) => gpgSignature(text, wanted) }
}

async function keyFileSigner(path: string): Promise<Signer> {
  const key = await unlocked(path, await privateKeyIn(path))
  return {
    fingerprint: fingerprintOf(key),
    publicKey: key.toPublic().armor(),
    sign: async (text) => {
      const message = await createMessage({ binary: new TextEncoder().encode(text) })
      return (await sign({ message, signingKeys: key, detached: true, format: 'armored' })) as string
    },
  }
}

async function privateKeyIn(path: string): Promise<PrivateKey> {
  const armoredKey = readText(path, 'the key file')
  try {
    return await readPrivateKey({ armoredKey })
  } catch (error) {
    throw new GlasskeyError('SIGNING_FAILED', `${path} is no armoured OpenPGP private key`, 'gpg --armor --export-secret-keys FINGERPRINT makes one.', { cause: error })
  }
}

async function unlocked(path: string, key: PrivateKey): Promise<PrivateKey> {
  if (key.isDecrypted()) return key
  const open = await askToUnlock(key, path, '--signature ROLE=gpg:FINGERPRINT')
  if (open) return open
  throw new GlasskeyError('SIGNING_FAILED', `no passphrase of ${path} was typed`, 'Choose again: a key file, gpg:FINGERPRINT, or none.')
}
