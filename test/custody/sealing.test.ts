/** Keys that shares may be sealed to, and sealed shares as texts: what is accepted, and each thing that is refused. */
import { generateKey, readKey, reformatKey, revokeKey } from 'openpgp'
import { describe, expect, test, vi } from 'vitest'
import { sha256Hex } from '../../src/canonical.js'
import { judgeSealed, parseSealedPart, SealedParts, sealedTexts, type SealedShare } from '../../src/custody/sealed-share.js'
import { openText, readCustodianKeys, readSealingKey, sealText, unlockKey } from '../../src/custody/sealing.js'
import { isOurs } from '../../src/reader/line.js'
import { manifestOf, secretsOf } from '../vectors/frozen.js'
import { refusal, refusalOf } from '../vectors/refusal.js'

const NOW = new Date('2026-11-20T09:00:00.000Z')
const BORN = new Date('2026-11-01T09:00:00.000Z')
const DAY = 24 * 3600
type GenerateKeyOptions = Parameters<typeof generateKey>[0]
const CURVE = { type: 'ecc', curve: 'curve25519Legacy' } as const

async function person(more: Partial<GenerateKeyOptions> = {}): Promise<{ publicKey: string; privateKey: string }> {
  return generateKey({ ...CURVE, userIDs: [{ name: 'Ada' }], date: BORN, ...more, format: 'armored' })
}

describe('a key is taken', () => {
  test.each<[string, Partial<GenerateKeyOptions>, number, number]>([
    ['Curve25519', {}, 230, 1],
    ['RSA', { type: 'rsa', rsaBits: 2048 }, 405, 2],
  ])('%s: what is sealed to it is read by nobody else, and fits the page', async (_, more, bytes, codes) => {
    const { publicKey, privateKey } = await person(more)
    const key = await readSealingKey(publicKey, 'ada.asc', NOW)
    const text = `${secretsOf(2).shareTexts[0] ?? ''}\n`
    const message = await sealText(text, key, NOW)
    expect(message.length).toBe(bytes)
    expect(sealedTexts(sealedOf({ message, fingerprint: key.fingerprint }))).toHaveLength(codes)
    const [mine] = await readCustodianKeys(privateKey, 'ada.key')
    const [other] = await readCustodianKeys((await person()).privateKey, 'other.key')
    if (!mine || !other) throw new RangeError('keys were made')
    expect(await openText(message, mine)).toBe(text)
    expect(await refusalOf(() => openText(message, other))).toMatchObject({ code: 'SHARE_SEALED' })
    const altered = message.slice()
    altered[altered.length - 9] = (altered[altered.length - 9] ?? 0) ^ 1
    expect(await refusalOf(() => openText(altered, mine))).toMatchObject({ code: 'SHARE_SEALED', message: expect.stringContaining('does not open it: it is sealed to another key, or was altered') as string })
  })
})

describe('a key is refused', () => {
  const read = async (armored: string | Promise<string>, now = NOW): Promise<unknown> => {
    const text = await armored
    return refusalOf(() => readSealingKey(text, 'ada.asc', now))
  }
  const says = (what: string): object => ({ code: 'CONFIG_INVALID', message: expect.stringContaining(`ada.asc: ${what}`) as string })
  const publicOf = async (more: Partial<GenerateKeyOptions>): Promise<string> => (await person(more)).publicKey

  test('nothing, two, half, a private one', async () => {
    const { publicKey, privateKey } = await person()
    expect(await read('dear ceremony')).toMatchObject(says('is no armoured OpenPGP public key'))
    expect(await read(publicKey + publicKey)).toMatchObject(says('holds 2 armoured keys; exactly one is meant'))
    expect(await read(publicKey.slice(0, 200))).toMatchObject(says('cannot be read as an OpenPGP public key'))
    expect(await read(privateKey)).toMatchObject(says('holds a PRIVATE key, which must never leave its custodian'))
  })

  test('expired at the second, and not a second before', async () => {
    const expiring = await publicOf({ keyExpirationTime: DAY })
    const end = BORN.getTime() + DAY * 1000
    await readSealingKey(expiring, 'ada.asc', new Date(end - 1000))
    expect(await read(expiring, new Date(end))).toMatchObject({ message: expect.stringMatching(/^ada\.asc: key [0-9A-F]{40} expired on 2026-11-02$/) as string })
  })

  test('revoked; for signing only; of another curve; made in the future by this clock', async () => {
    const { privateKey } = await generateKey({ ...CURVE, userIDs: [{ name: 'Ada' }], date: BORN, format: 'object' })
    const { publicKey } = await revokeKey({ key: privateKey, date: NOW, format: 'armored' })
    expect(await read(publicKey)).toMatchObject({ message: expect.stringMatching(/^ada\.asc: key [0-9A-F]{40} is revoked$/) as string })
    const signing = await reformatKey({ privateKey: (await generateKey({ ...CURVE, userIDs: [{ name: 'Ada' }], date: BORN, subkeys: [{ sign: true }], format: 'object' })).privateKey, userIDs: [{ name: 'Ada' }], date: BORN, format: 'armored' })
    expect(await read(signing.publicKey)).toMatchObject({ message: expect.stringContaining('has no encryption subkey that is valid today') as string })
    expect(await read(publicOf({ type: 'ecc', curve: 'nistP256' }))).toMatchObject({ message: expect.stringContaining('encrypts with ecdh nistP256; RSA of 2048 bits or more, or Curve25519 (cv25519), is needed') as string })
    expect(await read(publicOf({}), new Date(BORN.getTime() - DAY * 1000))).toMatchObject({ message: expect.stringMatching(/^ada\.asc: key [0-9A-F]{40} was made at 2026-11-01T09:00:00Z, and it is 2026-10-31T09:00:00Z by this machine's clock$/) as string, hint: expect.stringContaining('Set the clock that is wrong') as string })
  })
})

test('a share opens on a machine whose clock is years behind the key, or when the key has long expired', async () => {
  const { publicKey, privateKey } = await person({ keyExpirationTime: 2 * 365 * DAY })
  const [mine] = await readCustodianKeys(privateKey, 'ada.key')
  if (!mine) throw new RangeError('a key was made')
  const message = await sealText('a share\n', await readSealingKey(publicKey, 'ada.asc', NOW), NOW)
  try {
    for (const clock of ['2000-01-01', '2026-11-20', '2040-01-01']) {
      vi.useFakeTimers({ toFake: ['Date'], now: new Date(clock) })
      expect(await openText(message, mine), clock).toBe('a share\n')
    }
  } finally {
    vi.useRealTimers()
  }
})

const FINGERPRINT = 'A'.repeat(40)

test('a file that has only a pointer to a card, as gpg exports it: said so, whatever passphrase is typed', async () => {
  // S2K of GnuPG: from 101, "GNU" and 1 (no secret) or 2 (on a card).
  const { privateKey } = await person()
  const [plain] = await readCustodianKeys(privateKey, 'ada.key')
  for (const { keyPacket } of [plain, ...(plain?.subkeys ?? [])].flatMap((one) => one ?? [])) if ('makeDummy' in keyPacket) keyPacket.makeDummy()
  const dummy = Buffer.from(plain?.write() ?? [])
  for (let at = dummy.indexOf('GNU\u0001'); at >= 0; at = dummy.indexOf('GNU\u0001', at + 1)) dummy[at + 3] = 2
  const [stub] = await readCustodianKeys((await readKey({ binaryKey: new Uint8Array(dummy) })).armor(), 'card.key')
  if (!stub) throw new RangeError('it was made')
  expect(await refusalOf(() => unlockKey(stub, 'anything'))).toMatchObject({ code: 'SHARE_SEALED', message: expect.stringMatching(/^no passphrase unlocks key [0-9A-F]{40} of this file: it is only a pointer to a card/) as string, hint: 'Where the key is on a card, use gpg; otherwise another file.' })
})

function sealedOf(more: Partial<SealedShare> = {}): SealedShare {
  return { rehearsal: true, keyId: manifestOf(2).keyId, custodian: 1, threshold: 2, shares: 3, fingerprint: FINGERPRINT, message: Uint8Array.from({ length: 500 }, (_, at) => at % 251), ...more }
}

/** The golden manifest, as if custodian 1 had a key. */
function expectation(sealed: SealedShare): Parameters<typeof judgeSealed>[1] {
  const manifest = manifestOf(2)
  return { manifest: { ...manifest, shares: manifest.shares.map((share, at) => (at === 0 ? { ...share, sealed: { fingerprint: sealed.fingerprint, sha256: sha256Hex(sealed.message) } } : share)) }, others: [{ manifest: manifestOf(1), standing: 'that key is dead' }] }
}

describe('the texts', () => {
  const join = (texts: readonly string[]): SealedShare | undefined => {
    const parts = new SealedParts()
    return texts.flatMap((text) => parts.take(parseSealedPart(text) ?? raise())).at(-1)
  }
  const raise = (): never => {
    throw new RangeError('no sealed share')
  }

  test.each([1, 340, 341, 680, 681, 3060])('%i bytes come back, in any order and given twice', (length) => {
    const sealed = sealedOf({ message: Uint8Array.from({ length }, (_, at) => at % 251), rehearsal: length % 2 === 0 })
    const texts = sealedTexts(sealed)
    expect(texts.every(isOurs)).toBe(true)
    expect(texts).toHaveLength(Math.ceil(length / 340))
    expect(join([...texts.slice(0, 1), ...texts.toReversed()])).toEqual(sealed)
  })

  test('what is no sealed share is left to others, and what is cut is named', () => {
    const [text = ''] = sealedTexts(sealedOf())
    expect(parseSealedPart(secretsOf(2).shareTexts[0] ?? '')).toBeUndefined()
    expect(refusal(() => parseSealedPart(text.replace('/1/2/3/', '/1/2/')))).toMatchObject({ code: 'SHARE_MISREAD', message: 'the code of a sealed share is damaged' })
    expect(refusal(() => parseSealedPart(text.replace('/1/2/3/', '/4/2/3/')))).toMatchObject({ code: 'SHARE_MISREAD', message: 'the code of a sealed share says what cannot be' })
    expect(refusal(() => parseSealedPart(text.slice(0, -1)))).toMatchObject({ code: 'SHARE_MISREAD', message: 'code 1 of 2 of the sealed share of custodian 1 is damaged' })
  })

  test('a code that is missing is named; where codes differ, each whole is given, and whoever judges knows which is right', () => {
    const sealed = sealedOf()
    const [one = '', two = ''] = sealedTexts(sealed)
    const bent = (text: string, by: string): string => `${text.slice(0, -8)}${by.repeat(8)}`
    const parts = new SealedParts()
    const take = (text: string): SealedShare[] => parts.take(parseSealedPart(text) ?? raise())
    expect(take(bent(one, 'A'))).toEqual([])
    expect(parts.missing()).toEqual(['of the sealed share of custodian 1, code 2 of 2 was not read'])
    expect(take(one)).toEqual([])
    expect(take(two)).toEqual([expect.not.objectContaining({ message: sealed.message }), sealed])
    expect(parts.missing()).toEqual([])
    // Nothing comes twice; each code makes a whole of its own, and however many are forged, the right one is taken when it is shown again.
    expect(take(one)).toEqual([])
    for (const by of ['B', 'C', 'D']) expect(take(bent(one, by))).toHaveLength(1)
    expect(take(one)).toEqual([sealed])
  })

  test('a forged code that is too long is in nobody\'s way', () => {
    const sealed = sealedOf()
    const [one = '', two = ''] = sealedTexts(sealed)
    const long = `${one.split('/').slice(0, -1).join('/')}/${'A'.repeat(8000)}`
    const parts = new SealedParts()
    const take = (text: string): SealedShare[] => parts.take(parseSealedPart(text) ?? raise())
    expect(take(long)).toEqual([])
    expect(take(one)).toEqual([])
    expect(take(two)).toEqual([sealed])
    expect(refusal(() => new SealedParts().take(parseSealedPart(long.replace(/\/1\/2\/(?=A+$)/, '/1/1/')) ?? raise()))).toMatchObject({ code: 'SHARE_MISREAD', message: 'the sealed share of custodian 1 is longer than any that a ceremony prints' })
  })

  test('however many codes differ, one brings a bounded number of wholes', () => {
    const texts = sealedTexts(sealedOf({ message: Uint8Array.from({ length: 3060 }, (_, at) => at % 251) }))
    expect(texts).toHaveLength(9)
    const parts = new SealedParts()
    const wholes = texts.flatMap((text) => ['AAAAAAAA', 'BBBBBBBB', 'CCCCCCCC'].map((by) => parts.take(parseSealedPart(`${text.slice(0, -8)}${by}`) ?? raise()).length))
    expect(Math.max(...wholes)).toBe(81)
  })
})

describe('judged without being opened', () => {
  const sealed = sealedOf()
  test('the promised one', () => {
    expect(judgeSealed(sealed, expectation(sealed))).toBe(sealed)
  })

  test.each<[string, Partial<SealedShare>, string]>([
    ['a real sheet', { rehearsal: false }, 'SHARE_REAL_IN_REHEARSAL'],
    ['another generation\'s', { keyId: manifestOf(1).keyId }, 'SHARE_OTHER_GENERATION'],
    ['another set\'s', { threshold: 3 }, 'SHARE_OTHER_SET'],
    ['sealed to another key', { fingerprint: 'B'.repeat(40) }, 'SHARE_COMMITMENT'],
    ['another message', { message: new Uint8Array(500) }, 'SHARE_COMMITMENT'],
    ['of a custodian whose share is not sealed', { custodian: 2 }, 'SHARE_COMMITMENT'],
  ])('%s is refused', (_, change, code) => {
    expect(refusal(() => judgeSealed({ ...sealed, ...change }, expectation(sealed)))).toMatchObject({ code })
  })
})
