/**
 * A share as text: bech32m (BIP 350) over a payload of 45 bytes.
 *
 * Payload: version 01 · key id (8) · threshold (1) · shares (1) · custodian (1) · share (33: y * 32, then x).
 * 45 bytes are 72 symbols; with prefix, separator and checksum 81 characters (82 for a rehearsal), inside the 90 for
 * which the checksum finds every group of up to 4 wrong characters.
 */
import { bech32m } from '@scure/base'
import { GlasskeyError } from '../errors.js'
import { placeOfError } from './misread.js'

/** Bytes of a share as the Shamir library lays them out: 32 y values, then x. */
export const SHARE_BYTES = 33
const PAYLOAD_BYTES = 45
/** Version of the payload. */
export const VERSION = 1
/** What a share's text begins with, before its separator. */
export const PREFIX = { real: 'gk', rehearsal: 'gkr' } as const
/** Characters of bech32, by their five bits. */
export const ALPHABET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const LIMIT = 90
/** Characters in a printed group. */
export const GROUP = 4

/** A share as its text claims it to be. Nothing about it has been checked but the checksum. */
export interface UntrustedShare {
  readonly trust: 'none'
  rehearsal: boolean
  keyId: string
  threshold: number
  shares: number
  /** Custodian's number, from 1. */
  custodian: number
  /** 33 bytes: y * 32, then x. Secret. */
  bytes: Uint8Array
}

/** Fields that go into a share text. */
export type ShareFields = Omit<UntrustedShare, 'trust'>

/** Upper-case bech32m text of a share. Throws a RangeError naming the field that does not fit the payload. */
export function shareToText(share: ShareFields): string {
  if (!/^[0-9a-f]{16}$/.test(share.keyId)) throw new RangeError('shareToText: keyId must be 16 hex digits')
  if (share.bytes.length !== SHARE_BYTES) throw new RangeError('shareToText: bytes must be 33 long')
  for (const name of ['threshold', 'shares', 'custodian'] as const) {
    if (!Number.isInteger(share[name]) || share[name] < 1 || share[name] > 255) {
      throw new RangeError(`shareToText: ${name} must be a whole number from 1 to 255`)
    }
  }
  const payload = new Uint8Array(PAYLOAD_BYTES)
  payload.set([VERSION], 0)
  payload.set(Buffer.from(share.keyId, 'hex'), 1)
  payload.set([share.threshold, share.shares, share.custodian], 9)
  payload.set(share.bytes, 12)
  const prefix = share.rehearsal ? PREFIX.rehearsal : PREFIX.real
  const text = bech32m.encode(prefix, bech32m.toWords(payload), LIMIT).toUpperCase()
  payload.fill(0)
  return text
}

/** `ABCD EFGH …`: the text as printed below the code, for typing. */
export function inGroups(text: string): string {
  return (text.match(new RegExp(`.{1,${String(GROUP)}}`, 'g')) ?? []).join(' ')
}

/** Characters of the longest printed row: five groups. */
const ROW = 5 * GROUP

/**
 * Whether lines are rows of one share as a sheet has them, and more of it is to come. A row has whole groups but for the last, so that a
 * single line in which characters are missing is not waited on.
 */
export function isBegunInRows(lines: readonly string[]): boolean {
  const bare = bareOf(lines.join(''))
  const prefix = prefixOf(bare)
  return prefix !== undefined && bare.length < lengthWith(prefix) && lines.map(bareOf).every(({ length }) => length % GROUP === 0 && length <= ROW)
}

/** Whether a line can be a row of a share that was begun above it. */
export function isLaterRow(line: string): boolean {
  const bare = bareOf(line)
  return /^[a-z\d]+$/.test(bare) && bare.length <= ROW && prefixOf(bare) === undefined
}

function bareOf(text: string): string {
  return text.replace(/[\s-]+/g, '').toLowerCase()
}

/** Not the last "1" in the text, as in BIP 350: a "1" typed for an L or a 7 must be named by its place. */
function prefixOf(bare: string): string | undefined {
  return Object.values(PREFIX).find((candidate) => bare.startsWith(`${candidate}1`))
}

/** Prefix, separator, 72 symbols and the checksum. */
function lengthWith(prefix: string): number {
  return prefix.length + 1 + 72 + 6
}

/**
 * What a scanned or typed text claims. Spaces, dashes and line breaks are ignored, and so is case: a slip of the shift
 * key carries no meaning here, and the checksum is over the lower-case text.
 * Throws SHARE_MISREAD (saying which group looks wrong, where that can be told) or SHARE_VERSION.
 */
export function parseShareText(text: string): UntrustedShare {
  const bare = bareOf(text)
  const prefix = prefixOf(bare)
  if (prefix === undefined) throw misread('this is not a glasskey share: the text of a share begins with GK1 or GKR1')
  checkAlphabet(bare, prefix)
  const decoded = bech32m.decodeUnsafe(bare, LIMIT)
  if (decoded === undefined) throw misread(whereWrong(bare, prefix))
  const payload = payloadOf(decoded.words)
  if (payload.length !== PAYLOAD_BYTES) throw misread(`a share holds ${PAYLOAD_BYTES} bytes, this text ${payload.length}`)
  if (payload[0] !== VERSION) {
    throw new GlasskeyError(
      'SHARE_VERSION',
      `this share has format version ${String(payload[0])}; this glasskey reads version ${VERSION}`,
      'Use the glasskey that printed the sheet, or a newer one.',
    )
  }
  const field = (at: number): number => payload[at] ?? 0
  return {
    trust: 'none',
    rehearsal: prefix === PREFIX.rehearsal,
    keyId: Buffer.from(payload.subarray(1, 9)).toString('hex'),
    threshold: field(9),
    shares: field(10),
    custodian: field(11),
    bytes: payload.slice(12),
  }
}

function payloadOf(words: number[]): Uint8Array {
  return bech32m.fromWordsUnsafe(words) ?? new Uint8Array()
}

function misread(message: string): GlasskeyError {
  return new GlasskeyError('SHARE_MISREAD', message, 'Compare with the paper group by group, or scan the sheet again.')
}

function checkAlphabet(bare: string, prefix: string): void {
  for (let at = prefix.length + 1; at < bare.length; at += 1) {
    if (ALPHABET.includes(bare.charAt(at))) continue
    throw misread(`misread: "${shown(String.fromCodePoint(bare.codePointAt(at) ?? 0))}" in ${place(at)} is never used on a sheet`)
  }
}

/** A code may hold anything: what a terminal could obey is named by its code point. */
function shown(character: string): string {
  if (/[\p{L}\p{N}\p{P}\p{S}]/u.test(character)) return character.toUpperCase()
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}

/** The group that holds a single wrong or two swapped neighbouring characters, where exactly one such repair exists. */
function whereWrong(bare: string, prefix: string): string {
  const expected = lengthWith(prefix)
  if (bare.length !== expected) {
    const difference = Math.abs(bare.length - expected)
    const kind = bare.length < expected ? 'missing' : 'too many'
    return `misread: ${difference} ${difference === 1 ? 'character is' : 'characters are'} ${kind} (a sheet has ${expected})`
  }
  const start = prefix.length + 1
  const at = placeOfError(prefix, Array.from(bare.slice(start), (character) => ALPHABET.indexOf(character)))
  return at === undefined ? 'misread: the checksum does not fit, in more than one place' : `misread: ${place(start + at)} looks wrong`
}

function place(at: number): string {
  return `group ${Math.floor(at / GROUP) + 1}`
}
