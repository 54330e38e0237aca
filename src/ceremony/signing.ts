/** The transcript and the manifests are signed, and every signature is verified before it counts. */
import { fingerprintOf, signersOf } from '../custody/signatures.js'
import { readKey } from 'openpgp'
import { GlasskeyError } from '../errors.js'
import { readText } from '../host/disk.js'
import { say, shellWord } from '../host/terminal.js'
import type { Role } from '../record/transcript.js'
import { Aside, type People, type Question } from './people.js'
import { signerOf, wrongSigner, type Signer } from './signers.js'

/** Those who sign, in this order. */
export const SIGNING_ROLES = ['administrator', 'internal witness', 'external witness'] as const satisfies readonly Role[]
/** One of them. */
export type SigningRole = (typeof SIGNING_ROLES)[number]

/** Texts to sign. */
export interface ToSign {
  transcript: string
  /** Texts of manifest.json by generation, for those whom the rules name. */
  manifests: ReadonlyMap<number, string>
  /** Fingerprints of signers of the manifests. */
  manifestSigners: readonly string[]
}

/** Signatures of one key, verified. */
export interface Signed {
  role: SigningRole
  name: string
  fingerprint: string
  publicKey: string
  /** Null where the transcript was signed before. */
  transcript: string | null
  manifests: Map<number, string>
}

/** What a key has signed already. */
export interface SignedBefore {
  transcript: boolean
  /** Generations of the manifests. */
  manifests: readonly number[]
}

/** Signs everything that a signer is to sign and has not signed before. Throws SIGNING_FAILED, SIGNATURE_INVALID. */
export async function signAll({ transcript, manifests, manifestSigners }: ToSign, role: SigningRole, name: string, signer: Signer, before: SignedBefore = { transcript: false, manifests: [] }): Promise<Signed> {
  const sign = async (text: string, what: string): Promise<string> => verified(text, await signer.sign(text), signer, what)
  const signed: Signed = { role, name, fingerprint: signer.fingerprint, publicKey: signer.publicKey, transcript: before.transcript ? null : await sign(transcript, 'the transcript'), manifests: new Map() }
  if (!manifestSigners.includes(signer.fingerprint)) return signed
  for (const [generation, text] of manifests) if (!before.manifests.includes(generation)) signed.manifests.set(generation, await sign(text, `the manifest of GENERATION ${generation}`))
  return signed
}

/** Asks administrator and witnesses, one after the other, until each has signed or says that they do not. */
export async function gatherSignatures(people: People, toSign: ToSign, names: Readonly<Record<SigningRole, string>>, flags: Partial<Record<SigningRole, string>>, transcriptPath: string | null): Promise<Signed[]> {
  const signatures: Signed[] = []
  if (people.conduct === 'dialogue' && transcriptPath !== null) {
    say('')
    say('Signatures', 'strong')
    say('Each signs with a private key file, with a card or keyring (gpg:FINGERPRINT), or by hand on another terminal:')
    say(`  gpg --armor --detach-sign --local-user FINGERPRINT ${shellWord(transcriptPath)}`)
    say('and then types that .asc file here. none: the record says so, and glasskey ceremony sign adds it later.')
  }
  try {
    for (const role of SIGNING_ROLES) {
      const signed = await askToSign(people, toSign, role, names[role], flags[role], signatures)
      if (signed) signatures.push(signed)
    }
  } catch (error) {
    // The set is sealed and its sheets are in their bags: that somebody leaves the terminal now must not lose it.
    if (!(error instanceof GlasskeyError && error.code === 'INTERRUPTED')) throw error
    say('The other signatures are left for later: glasskey ceremony sign.', 'alarm')
  }
  return signatures
}

async function askToSign(people: People, toSign: ToSign, role: SigningRole, name: string, flag: string | undefined, before: readonly Signed[]): Promise<Signed | null> {
  for (;;) {
    const answer = await answered(people, {
      text: `Signature of the ${role}, ${name}`,
      flag: '--signature',
      initial: flag ?? (people.conduct === 'dialogue' ? null : 'none'),
      check: (typed) => (typed === 'none' ? null : wrongSigner(typed)),
    })
    if (answer === 'none') return null
    try {
      const signed = isSignature(answer) ? await byHand(people, toSign, role, name, answer) : await signAll(toSign, role, name, await signerOf(answer))
      const same = before.find(({ fingerprint }) => fingerprint === signed.fingerprint)
      if (same) throw new GlasskeyError('SIGNATURE_INVALID', `this is the key of ${same.name}, the ${same.role}`, 'Each signs with a key of their own.')
      if (people.conduct === 'dialogue') say(`      Verified: ${name}, ${signed.fingerprint}.`, 'good')
      const stranger = await whyNoSigner(toSign.manifestSigners, signed)
      if (stranger !== null) say(`      ${stranger}`, 'alarm')
      return signed
    } catch (error) {
      // Nobody is there to try another key.
      if (!(error instanceof GlasskeyError) || people.conduct !== 'dialogue' || error.code === 'INTERRUPTED') throw error
      say(`      ${error.message} ${error.hint}`, 'alarm')
    }
  }
}

/** Why somebody's certificate does not sign manifests, though the rules name signers; null where it does, or where they name nobody. */
export async function whyNoSigner(manifestSigners: readonly string[], { fingerprint, publicKey }: Pick<Signed, 'fingerprint' | 'publicKey'>): Promise<string | null> {
  if (manifestSigners.length === 0 || manifestSigners.includes(fingerprint)) return null
  const parts = (await readKey({ armoredKey: publicKey })).getKeys().map((key) => key.getFingerprint().toUpperCase())
  const subkey = manifestSigners.find((listed) => parts.includes(listed))
  const only = `${fingerprint} is not among the signers that the rules name: its owner signs the transcript, and no manifest.`
  return subkey === undefined ? only : `${only} ${subkey}, which they name, is a subkey of it, and a certificate is named by the fingerprint of its primary key: nobody can sign for that one.`
}

/** As `ask`; there are no exceptions and no breaks any more. */
async function answered(people: People, question: Question): Promise<string> {
  for (;;) {
    try {
      return await people.ask(question)
    } catch (error) {
      if (!(error instanceof Aside)) throw error
      say('      The transcript is closed: nothing can be added to it. Write it on the record by hand.')
    }
  }
}

function isSignature(answer: string): boolean {
  return !answer.startsWith('gpg:') && readText(answer, 'the signature').includes('BEGIN PGP SIGNATURE')
}

async function byHand(people: People, toSign: ToSign, role: SigningRole, name: string, path: string): Promise<Signed> {
  const key = await answered(people, { text: 'Their public key (gpg --armor --export FINGERPRINT > FILE)', flag: '--signature', initial: null, check: (typed) => (wrongSigner(typed) === null && !typed.startsWith('gpg:') ? null : `${typed} is not there.`) })
  const read = await publicKeyIn(readText(key, 'the public key'), key)
  // Only the public half, whatever the file held.
  const signer = { fingerprint: fingerprintOf(read), publicKey: read.toPublic().armor() }
  const { fingerprint, publicKey } = signer
  const signed: Signed = { role, name, fingerprint, publicKey, transcript: await verified(toSign.transcript, readText(path, 'the signature'), signer, 'the transcript'), manifests: new Map() }
  if (toSign.manifestSigners.includes(fingerprint)) say('      The manifests are signed later, with glasskey ceremony sign: gpg by hand signed the transcript only.')
  return signed
}

async function publicKeyIn(armoredKey: string, path: string): Promise<Awaited<ReturnType<typeof readKey>>> {
  try {
    return await readKey({ armoredKey })
  } catch (error) {
    throw new GlasskeyError('SIGNING_FAILED', `${path} is no armoured OpenPGP public key`, 'gpg --armor --export FINGERPRINT makes one.', { cause: error })
  }
}

/** Reads a signature back as anybody else will. Throws SIGNATURE_INVALID. */
async function verified(text: string, armored: string, { fingerprint, publicKey }: Pick<Signer, 'fingerprint' | 'publicKey'>, what: string): Promise<string> {
  const signers = await signersOf(text, armored, [publicKey], `the signature over ${what}`)
  if (signers.includes(fingerprint)) return armored.endsWith('\n') ? armored : `${armored}\n`
  throw new GlasskeyError('SIGNATURE_INVALID', `the signature over ${what} does not verify with key ${fingerprint}`, 'Sign again: the file that is signed must be the one that is shown, byte for byte.')
}
