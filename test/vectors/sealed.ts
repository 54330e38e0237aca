/**
 * The part of the golden set in which shares are sealed to their custodians' OpenPGP keys: GENERATION 4, of which custodian 1 has a key of
 * Curve25519, custodian 2 one of RSA, and custodian 3 none.
 */
import { generateKey, readPrivateKey } from 'openpgp'
import { makeGenerations, type MadeGeneration } from '../../src/ceremony/generations.js'
import type { Custody } from '../../src/custody/custody-yaml.js'
import { parseManifest, type Manifest } from '../../src/custody/manifest.js'
import { sealedTexts } from '../../src/custody/sealed-share.js'
import { readSealingKey, sealText } from '../../src/custody/sealing.js'
import { parseShareText, shareToText } from '../../src/custody/share-text.js'
import { vectorBytes, vectorJson, vectorText, type Fault } from './frozen.js'

/** What a sheet of this generation bears, and what opens it. */
export interface SealedSheet {
  custodian: number
  /** The codes of page 1: of a sealed share one or two; of an open one its text. */
  texts: string[]
  /** Armoured OpenPGP private key of the custodian, without a passphrase: open to all in a golden set. Null where the share is not sealed. */
  privateKey: string | null
  /** What the sealed share opens to, without its line end. */
  shareText: string
}

export function sealedManifest(): Manifest {
  return parseManifest(vectorText('sealed/manifest.json'))
}

export function sealedEnvelope(): Uint8Array {
  return vectorBytes('sealed/envelope.pgp')
}

export function sealedSheets(): SealedSheet[] {
  return vectorJson('sealed/sheets.json') as SealedSheet[]
}

export function sheetOf(custodian: number): SealedSheet {
  const found = sealedSheets().find((sheet) => sheet.custodian === custodian)
  if (!found) throw new RangeError(`no custodian ${custodian} in the golden set`)
  return found
}

/** Makes the generation and the custodians' keys. */
export async function makeSealed(custody: Custody, previousManifestSha256: string, now: Date): Promise<{ made: MadeGeneration; sheets: SealedSheet[] }> {
  const people = await Promise.all([
    generateKey({ type: 'ecc', curve: 'curve25519Legacy', userIDs: [{ name: 'Ada Lovelace' }], date: now, format: 'armored' }),
    generateKey({ type: 'rsa', rsaBits: 2048, userIDs: [{ name: 'Grace Hopper' }], date: now, format: 'armored' }),
  ])
  const keys = await Promise.all(people.map(({ publicKey }, at) => readSealingKey(publicKey, `custodian ${at + 1}`, now)))
  const sealingKeys = new Map(keys.map((key, at) => [at + 1, key]))
  const [made] = await makeGenerations({ custody, rehearsal: true, sealingKeys, first: 4, count: 1, previousManifestSha256, now, onMade: () => undefined })
  if (!made) throw new RangeError('a generation was asked for')
  const sheets = made.shareTexts.map((shareText, at): SealedSheet => {
    const sealed = made.sealedShares[at]
    return { custodian: at + 1, texts: sealed ? sealedTexts(sealed) : [shareText], privateKey: people[at]?.privateKey ?? null, shareText }
  })
  return { made, sheets }
}

/** One fault each: codes of sealed shares, a line each, and what a reader must say. Written by hand, never recorded. */
export async function sealedFaults(): Promise<Fault[]> {
  const [one = ''] = sheetOf(1).texts
  const [first = '', second = ''] = sheetOf(2).texts
  const { keyId } = sealedManifest()
  const [kind, id, custodian, threshold, shares, fingerprint, part, parts, slice] = one.split('/')
  const ofOne = (change: Partial<Record<'kind' | 'id' | 'custodian' | 'threshold' | 'shares' | 'fingerprint' | 'part' | 'parts' | 'slice', string>>): string => Object.values({ kind, id, custodian, threshold, shares, fingerprint, part, parts, slice, ...change }).join('/')
  const misread = (name: string, input: string, message: string): Fault => ({ name, input, code: 'SHARE_MISREAD', message })
  const promised = (whose: string): string => `the sheet of ${whose} is not the one that the manifest promised`
  const changedIn = (text: string): string => text.slice(0, -40) + (text.at(-40) === 'A' ? 'B' : 'A') + text.slice(-39)
  return [
    misread('a field less', one.replace(`/${fingerprint ?? ''}`, ''), 'the code of a sealed share is damaged'),
    misread('a fingerprint of 39 digits', ofOne({ fingerprint: fingerprint?.slice(1) ?? '' }), 'the code of a sealed share is damaged'),
    misread('a character that base32 has not', one.slice(0, -1) + '1', 'the code of a sealed share is damaged'),
    misread('a length that base32 has not', ofOne({ slice: 'AAA' }), 'code 1 of 1 of the sealed share of custodian 1 is damaged'),
    misread('part 2 of 1', ofOne({ part: '2' }), 'the code of a sealed share says what cannot be'),
    misread('custodian 4 of 3', ofOne({ custodian: '4' }), 'the code of a sealed share says what cannot be'),
    misread('4 of 3 are needed', ofOne({ threshold: '4' }), 'the code of a sealed share says what cannot be'),
    { name: 'one of two codes changed', input: `${changedIn(first)}\n${second}`, code: 'SHARE_COMMITMENT', message: promised('custodian 2 (Grace Hopper)') },
    { name: 'the second of two codes is missing', input: first, code: 'SCAN_UNREADABLE', message: 'of the sealed share of custodian 2, code 2 of 2 was not read' },
    { name: 'one letter of the message changed', input: changedIn(one), code: 'SHARE_COMMITMENT', message: promised('custodian 1 (Ada Lovelace)') },
    { name: 'under the number of another custodian', input: ofOne({ custodian: '2' }), code: 'SHARE_COMMITMENT', message: promised('custodian 2 (Grace Hopper)') },
    { name: 'said to be sealed to another key', input: [first, second].map((text) => text.replace(text.split('/')[5] ?? '', fingerprint ?? '')).join('\n'), code: 'SHARE_COMMITMENT', message: promised('custodian 2 (Grace Hopper)') },
    { name: 'a sealed share where the manifest has an open one', input: ofOne({ custodian: '3' }), code: 'SHARE_COMMITMENT', message: promised('custodian 3 (Željko Đurić)') },
    { name: 'a forged share, sealed to the custodian\'s own key', input: (await sealedAnew(1)).join('\n'), code: 'SHARE_COMMITMENT', message: promised('custodian 1 (Ada Lovelace)') },
    { name: 'the real prefix in a rehearsal', input: ofOne({ kind: 'GKS1' }), code: 'SHARE_REAL_IN_REHEARSAL', message: 'this is a REAL sheet (GK), and this is a rehearsal' },
    { name: 'a key of nobody', input: ofOne({ id: '0123456789ABCDEF' }), code: 'SHARE_OTHER_KEY', message: 'the sheet is of key 0123456789abcdef, which is not in this custody folder' },
    { name: `another threshold, key id ${keyId}`, input: ofOne({ threshold: '3' }), code: 'SHARE_OTHER_SET', message: 'the sheet of custodian 1 (Ada Lovelace) says 3 of 3, the manifest 2 of 3' },
  ]
}

/** Codes of a share that differs in one bit, sealed to the custodian's key as a ceremony would. */
async function sealedAnew(custodian: number): Promise<string[]> {
  const { privateKey, shareText } = sheetOf(custodian)
  const share = parseShareText(shareText)
  share.bytes[7] = (share.bytes[7] ?? 0) ^ 1
  const now = new Date(sealedManifest().created)
  const key = await readSealingKey((await readPrivateKey({ armoredKey: privateKey ?? '' })).toPublic().armor(), 'the custodian', now)
  const { rehearsal, keyId, threshold, shares } = share
  return sealedTexts({ rehearsal, keyId, custodian, threshold, shares, fingerprint: key.fingerprint, message: await sealText(`${shareToText(share)}\n`, key, now) })
}
