/** Making generations: keys, manifests, envelopes, shares. Nothing is written here and nothing leaves this process. */
import { generateKeyPair, randomBytes, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import type { Custody } from '../custody/custody-yaml.js'
import { envelopeDigest, envelopeText, headerFor, openWithSecret, seal } from '../custody/envelope.js'
import { sha256Hex } from '../canonical.js'
import { namesOf, spkiOf, type PublicKeyNames } from '../custody/key.js'
import { manifestDigest, type Manifest, type SealedManifest } from '../custody/manifest.js'
import { rulesDigest } from '../custody/rules.js'
import { commitmentOf } from '../custody/share.js'
import type { SealedShare } from '../custody/sealed-share.js'
import { sealText, type SealingKey } from '../custody/sealing.js'
import { shareToText } from '../custody/share-text.js'
import { SECRET_BYTES, splitSecret } from '../custody/split.js'
import { GlasskeyError } from '../errors.js'
import { TOOL } from '../version.js'

const generate = promisify(generateKeyPair)

/** A generation as the ceremony has it in hand: what is public, and what goes on the sheets. */
export interface MadeGeneration {
  manifest: Manifest
  envelope: Uint8Array
  /** Share texts by custodian, in order. Secret. */
  shareTexts: string[]
  /** The same shares sealed, where a custodian has an OpenPGP key; null otherwise. */
  sealedShares: (SealedShare | null)[]
}

/** What generations are made for. */
export interface Making {
  custody: Custody
  rehearsal: boolean
  /** OpenPGP keys that shares are sealed to, by custodian's number. */
  sealingKeys?: ReadonlyMap<number, SealingKey>
  /** Number of the first generation made. */
  first: number
  count: number
  /** Digest of the manifest before the first; null in the first ceremony. */
  previousManifestSha256: string | null
  now: Date
  /** Called when a generation is made. */
  onMade: (generation: number) => void
}

/** Makes generations, each sealing the next one's public key; the last seals `none`. Throws SET_NOT_PROVED. */
export async function makeGenerations(making: Making): Promise<MadeGeneration[]> {
  const keys = await Promise.all(Array.from({ length: making.count }, () => newKey(making.custody.keySize)))
  const made: MadeGeneration[] = []
  let previous = making.previousManifestSha256
  for (const [at, key] of keys.entries()) {
    const generation = await sealGeneration(making, making.first + at, key, keys[at + 1]?.names ?? null, previous)
    previous = manifestDigest(generation.manifest)
    made.push(generation)
    making.onMade(making.first + at)
  }
  return made
}

interface NewKey {
  privateKey: KeyObject
  names: PublicKeyNames
}

async function newKey(bits: number): Promise<NewKey> {
  const { privateKey } = await generate('rsa', { modulusLength: bits, publicExponent: 65537 })
  return { privateKey, names: namesOf(spkiOf(privateKey)) }
}

async function sealGeneration(making: Making, generation: number, key: NewKey, next: PublicKeyNames | null, previousManifestSha256: string | null): Promise<MadeGeneration> {
  const { custody, rehearsal, now } = making
  const secret = new Uint8Array(randomBytes(SECRET_BYTES))
  try {
    const shares = await splitSecret(secret, custody.custodians.length, custody.threshold)
    const shareTexts = shares.map((bytes, at) =>
      shareToText({ rehearsal, keyId: key.names.keyId, threshold: custody.threshold, shares: shares.length, custodian: at + 1, bytes }),
    )
    const sealedShares = await Promise.all(shareTexts.map((text, at) => sealShare(making, key.names.keyId, at + 1, text)))
    const sealed: SealedManifest = {
      format: 1,
      ...key.names,
      generation,
      rehearsal,
      created: now.toISOString(),
      tenancy: custody.tenancy,
      user: custody.user,
      homeRegion: custody.homeRegion,
      regions: custody.regions,
      threshold: custody.threshold,
      shares: custody.custodians.map(({ number, name, copies }, at) => {
        const seal = sealedShares[at]
        return {
          custodian: number,
          name,
          copies: copies.length,
          commitment: commitmentOf(shares[at] ?? new Uint8Array()),
          ...(seal ? { sealed: { fingerprint: seal.fingerprint, sha256: sha256Hex(seal.message) } } : {}),
        }
      }),
      rulesSha256: rulesDigest(custody.rules),
      successor: next ? { keyId: next.keyId, spkiSha256: next.spkiSha256 } : null,
      previousManifestSha256,
      tool: TOOL,
    }
    const envelope = await sealKey(key.privateKey, sealed, custody, secret, now)
    for (const share of shares) share.fill(0)
    return { manifest: { ...sealed, envelopeSha256: envelopeDigest(envelope), transcriptSha256: null }, envelope, shareTexts, sealedShares }
  } finally {
    secret.fill(0)
  }
}

/** The share of a custodian who has an OpenPGP key, sealed to it; null for the others. */
async function sealShare({ custody, rehearsal, now, sealingKeys }: Making, keyId: string, custodian: number, text: string): Promise<SealedShare | null> {
  const key = sealingKeys?.get(custodian)
  if (!key) return null
  const message = await sealText(`${text}\n`, key, now)
  return { rehearsal, keyId, custodian, threshold: custody.threshold, shares: custody.custodians.length, fingerprint: key.fingerprint, message }
}

/** Seals the key and opens the envelope again: what goes on paper has been seen to work. */
async function sealKey(privateKey: KeyObject, manifest: SealedManifest, custody: Custody, secret: Uint8Array, now: Date): Promise<Uint8Array> {
  const pem = new Uint8Array(Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' }) as string))
  const text = envelopeText(headerFor(manifest, custody.rules.signers), pem)
  const envelope = await seal(text, secret, now)
  const opened = await openWithSecret(envelope, secret)
  const same = Buffer.compare(opened.pem, pem) === 0 && opened.header.manifestSha256 === manifestDigest(manifest)
  for (const bytes of [pem, text, opened.pem]) bytes.fill(0)
  if (!same) throw new GlasskeyError('SET_NOT_PROVED', `the envelope of GENERATION ${manifest.generation} does not open to what was sealed`, 'Nothing was released. Run the ceremony again.')
  return envelope
}
