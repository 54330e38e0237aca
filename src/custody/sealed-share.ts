/**
 * A share sealed to its custodian's OpenPGP key, as texts for paper:
 * `GKS1/<KEY ID>/<custodian>/<threshold>/<shares>/<FINGERPRINT>/<part>/<parts>/<slice>`, `GKSR1` in a rehearsal.
 *
 * What can be said of the share without opening it is in every text, so that each is judged alone. The slices, joined in
 * order, are the base32 of an OpenPGP message that `gpg --decrypt` turns into the share's text.
 */
import { base32nopad } from '@scure/base'
import { sha256Hex } from '../canonical.js'
import { GlasskeyError } from '../errors.js'
import type { Manifest } from './manifest.js'
import { calledBy, judgeHeader, notPromised, type Expectation, type ShareHeader } from './share.js'

/** A sealed share as its texts claim it to be. */
export interface SealedShare extends ShareHeader {
  /** OpenPGP fingerprint of the key that opens it, 40 upper-case hex digits. */
  fingerprint: string
  /** The OpenPGP message. */
  message: Uint8Array
}

/** One text, taken apart. */
export interface SealedPart extends Omit<SealedShare, 'message'> {
  part: number
  parts: number
  slice: Uint8Array
}

const PREFIX = { real: 'GKS1', rehearsal: 'GKSR1' } as const
const PATTERN = /^(GKSR?1)\/([0-9A-F]{16})\/([1-9][0-9]{0,2})\/([1-9][0-9]{0,2})\/([1-9][0-9]{0,2})\/([0-9A-F]{40})\/([1-9])\/([1-9])\/([A-Z2-7]+)$/
/**
 * The most bytes that a code carries: 544 base32 characters and 77 of prefix make version 16 at level M, two of which
 * stand side by side with modules of 0.75 mm. A message to a key of Cv25519 takes one code, to one of RSA two.
 */
const MOST_BYTES = 340
/** base32 turns 5 bytes into 8 characters. */
const STEP = 5
/** A message to the longest key, with room to spare; what is longer was not printed by a ceremony. */
const LONGEST_MESSAGE = 4096

/** The texts of a sealed share. */
export function sealedTexts(sealed: SealedShare): string[] {
  const { message } = sealed
  const parts = Math.ceil(message.length / MOST_BYTES)
  if (parts < 1 || parts > 9) throw new RangeError(`sealedTexts: ${message.length} bytes cannot be printed`)
  const bytes = Math.ceil(message.length / parts / STEP) * STEP
  const head = [sealed.rehearsal ? PREFIX.rehearsal : PREFIX.real, sealed.keyId.toUpperCase(), sealed.custodian, sealed.threshold, sealed.shares, sealed.fingerprint].join('/')
  return Array.from({ length: parts }, (_, at) => `${head}/${at + 1}/${parts}/${base32nopad.encode(message.subarray(at * bytes, (at + 1) * bytes))}`)
}

/** One text taken apart, or undefined when it is of another kind. Throws SHARE_MISREAD for a damaged one. */
export function parseSealedPart(text: string): SealedPart | undefined {
  const bare = text.replace(/\s+/g, '').toUpperCase()
  if (!/^GKSR?1\//.test(bare)) return undefined
  const match = PATTERN.exec(bare)
  if (!match) throw damaged('the code of a sealed share is damaged')
  const [, prefix, keyId = '', custodian, threshold, shares, fingerprint = '', part, parts, slice = ''] = match
  const found = { rehearsal: prefix === PREFIX.rehearsal, keyId: keyId.toLowerCase(), custodian: Number(custodian), threshold: Number(threshold), shares: Number(shares), fingerprint, part: Number(part), parts: Number(parts) }
  if (found.part > found.parts || found.custodian > found.shares || found.threshold > found.shares || found.shares > 255) throw damaged('the code of a sealed share says what cannot be')
  try {
    return { ...found, slice: base32nopad.decode(slice) }
  } catch (error) {
    throw damaged(`code ${found.part} of ${found.parts} of the sealed share of custodian ${found.custodian} is damaged`, error)
  }
}

/** Of one part, the newest so many codes that differ are kept: which of them is right is not known before all are there. One that made way is shown again. */
const MOST_DIFFERENT = 3
/** So many shares come of one code at most, where hostile ones lie among those of the sheet. */
const MOST_SHARES = 81

/** Sealed shares as their texts come in, in any order, doubles allowed. */
export class SealedParts {
  /** By share, and by number of the part. */
  readonly #sets = new Map<string, Map<number, SealedPart[]>>()

  /**
   * The shares that this part completes: none while codes are missing, nor when it is there already; several where codes differ, one of
   * which must be forged. Throws SHARE_MISREAD for what is longer than any.
   */
  take(part: SealedPart): SealedShare[] {
    const set = this.#setOf(part)
    const alike = set.get(part.part) ?? []
    if (alike.some(({ slice }) => Buffer.compare(slice, part.slice) === 0)) return []
    set.set(part.part, [...alike, part].slice(-MOST_DIFFERENT))
    const slices = Array.from({ length: part.parts }, (_, at) => (at + 1 === part.part ? [part] : (set.get(at + 1) ?? [])).map(({ slice }) => slice))
    const whole = joined(slices)
    const fitting = whole.filter(({ length }) => length <= LONGEST_MESSAGE)
    if (fitting.length === 0 && whole.length > 0) throw damaged(`the sealed share of custodian ${part.custodian} is longer than any that a ceremony prints`)
    const { rehearsal, keyId, custodian, threshold, shares, fingerprint } = part
    return fitting.map((message) => ({ rehearsal, keyId, custodian, threshold, shares, fingerprint, message: new Uint8Array(message) }))
  }

  /** One that was given away and not used: its codes are read again. */
  forget({ rehearsal, keyId, custodian, threshold, shares, fingerprint }: Omit<SealedShare, 'message'>): void {
    const name = [rehearsal, keyId, custodian, threshold, shares, fingerprint].join('/')
    for (const known of this.#sets.keys()) if (known.startsWith(`${name}/`)) this.#sets.delete(known)
  }

  /** One sentence for each sealed share of which a code is missing. */
  missing(): string[] {
    return [...this.#sets.values()].flatMap((set) => {
      const [[first] = []] = set.values()
      if (!first || set.size === first.parts) return []
      const missing = Array.from({ length: first.parts }, (_, at) => at + 1).filter((part) => !set.has(part))
      return [`of the sealed share of custodian ${first.custodian}, code ${missing.join(', ')} of ${first.parts} was not read`]
    })
  }

  #setOf({ rehearsal, keyId, custodian, threshold, shares, fingerprint, parts }: SealedPart): Map<number, SealedPart[]> {
    const name = [rehearsal, keyId, custodian, threshold, shares, fingerprint, parts].join('/')
    const set = this.#sets.get(name) ?? new Map<number, SealedPart[]>()
    this.#sets.set(name, set)
    return set
  }
}

/** What the slices are together, one of each part, in every way; nothing where a part has none. */
function joined(slices: readonly (readonly Uint8Array[])[]): Buffer[] {
  return slices.reduce<Buffer[]>((before, alike) => before.flatMap((begun) => alike.map((slice) => Buffer.concat([begun, slice]))).slice(0, MOST_SHARES), [Buffer.alloc(0)])
}

/** What a code of a sealed share says of itself, if a promised one says that: known before its other codes are read. Throws as `judgeShare`. */
export function judgeSealedHeader(sealed: Omit<SealedShare, 'message'>, expectation: Expectation): Manifest['shares'][number] {
  const promised = judgeHeader(sealed, expectation)
  if (promised.sealed?.fingerprint !== sealed.fingerprint) throw notPromised(calledBy(expectation.manifest, sealed.custodian))
  return promised
}

/** The sealed share, if it is the promised one, before anybody opens it. Throws as `judgeShare`. */
export function judgeSealed(sealed: SealedShare, expectation: Expectation): SealedShare {
  const promised = judgeSealedHeader(sealed, expectation)
  if (promised.sealed?.sha256 !== sha256Hex(sealed.message)) throw notPromised(calledBy(expectation.manifest, sealed.custodian))
  return sealed
}

/** A fingerprint as `gpg` shows it: ten groups of four. */
export function inFours(fingerprint: string): string {
  return (fingerprint.match(/.{1,4}/g) ?? []).join(' ')
}

function damaged(message: string, cause?: unknown): GlasskeyError {
  return new GlasskeyError('SHARE_MISREAD', message, 'Scan page 1 of the sheet again, or its other copy.', { cause })
}
