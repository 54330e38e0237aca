import { createMessage, generateKey, reformatKey, sign, type PrivateKey } from 'openpgp'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { checkSigners, fingerprintIn, namesOfKey, withRenewed } from '../../src/custody/signatures.js'
import { vectorText } from '../vectors/frozen.js'
import { refusalOf } from '../vectors/refusal.js'

interface Signer {
  fingerprint: string
  publicKey: string
  sign: (text: string) => Promise<string>
}

const text = vectorText('custody/generations/3/manifest.json')
let ada: Signer
let grace: Signer
let mallory: Signer
beforeAll(async () => {
  ;[ada, grace, mallory] = await Promise.all(['ada', 'grace', 'mallory'].map(newSigner)) as [Signer, Signer, Signer]
})

async function newSigner(name: string): Promise<Signer> {
  const { privateKey, publicKey } = await generateKey({ userIDs: [{ name }], format: 'object' })
  return { fingerprint: publicKey.getFingerprint().toUpperCase(), publicKey: publicKey.armor(), sign: (signed) => signedBy(privateKey, signed) }
}

async function signedBy(key: PrivateKey, signed: string): Promise<string> {
  const message = await createMessage({ binary: new TextEncoder().encode(signed) })
  return await sign({ message, signingKeys: key, detached: true, format: 'armored' }) as string
}

const publicKeys = (): string[] => [ada, grace, mallory].map((signer) => signer.publicKey)
const sealed = (needed: number): { fingerprints: string[]; needed: number } => ({ fingerprints: [ada.fingerprint, grace.fingerprint], needed })
const manifest = (signature: string | null, keys = publicKeys()): Parameters<typeof checkSigners>[0] => ({ generation: 3, text, signature, publicKeys: keys })
const tooFew = (count: number, needed: number): object => ({
  code: 'SUCCESSOR_UNTRUSTED',
  message: `the manifest of GENERATION 3 has ${count} of ${needed} needed signatures by the sealed signers`,
})

test('none needed, none looked at', async () => {
  expect(await checkSigners(manifest('not a signature'), sealed(0))).toEqual([])
})

test('one and two sealed signers', async () => {
  expect(await checkSigners(manifest(await ada.sign(text)), sealed(1))).toEqual([ada.fingerprint])
  const both = (await grace.sign(text)) + '\n' + (await ada.sign(text))
  expect(await checkSigners(manifest(both), sealed(2))).toEqual([grace.fingerprint, ada.fingerprint])
})

test('by a clock that runs ahead of ours: it is the signer\'s, and decides nothing', async () => {
  const signature = await ada.sign(text)
  try {
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2020-01-01') })
    expect(await checkSigners(manifest(signature), sealed(1))).toEqual([ada.fingerprint])
  } finally {
    vi.useRealTimers()
  }
})

test('by a signer whose key has expired since', async () => {
  const [born, day] = [new Date('2026-01-01'), 24 * 3600]
  const { privateKey, publicKey } = await generateKey({ userIDs: [{ name: 'brief' }], date: born, keyExpirationTime: day, format: 'object' })
  const fingerprints = [publicKey.getFingerprint().toUpperCase()]
  const message = await createMessage({ binary: new TextEncoder().encode(text) })
  const signature = await sign({ message, signingKeys: privateKey, date: new Date(born.getTime() + 3_600_000), detached: true, format: 'armored' }) as string
  expect(await checkSigners(manifest(signature, [publicKey.armor()]), { fingerprints, needed: 1 })).toEqual(fingerprints)
})

describe('by a signer whose certificate was renewed', () => {
  const [born, day] = [new Date('2026-01-01'), 24 * 3600]
  const later = (days: number): Date => new Date(born.getTime() + days * day * 1000)
  const signedAt = async (key: PrivateKey, date: Date): Promise<string> => (await sign({ message: await createMessage({ binary: new TextEncoder().encode(text) }), signingKeys: key, date, detached: true, format: 'armored' })) as string
  const both = (certificates: string[]): string[][] => [certificates, certificates.toReversed()]

  test('with an expiry put off: signatures before and after it, whichever certificate comes first', async () => {
    const { privateKey } = await generateKey({ userIDs: [{ name: 'ada' }], date: born, keyExpirationTime: day, format: 'object' })
    const { privateKey: renewed } = await reformatKey({ privateKey, userIDs: [{ name: 'ada' }], date: later(2), keyExpirationTime: 3650 * day, format: 'object' })
    const fingerprints = [privateKey.getFingerprint().toUpperCase()]
    const certificates = [privateKey, renewed].map((key) => key.toPublic().armor())
    const merged = await withRenewed(certificates[0] ?? '', certificates[1] ?? '')
    for (const signature of [await signedAt(privateKey, new Date(born.getTime() + 3_600_000)), await signedAt(renewed, later(3))]) {
      for (const keys of [...both(certificates), [merged]]) expect(await checkSigners(manifest(signature, keys), { fingerprints, needed: 1 })).toEqual(fingerprints)
    }
    expect(await fingerprintIn(merged)).toBe(fingerprints[0])
    expect(await withRenewed(merged, certificates[0] ?? '')).toBe(merged)
  })

  test('with a signing subkey more: signatures by either', async () => {
    const { privateKey } = await generateKey({ userIDs: [{ name: 'ada' }], date: born, subkeys: [{ sign: true }], format: 'object' })
    const renewed = await privateKey.addSubkey({ sign: true, date: later(2) })
    const fingerprints = [privateKey.getFingerprint().toUpperCase()]
    const certificates = [privateKey, renewed].map((key) => key.toPublic().armor())
    const merged = await withRenewed(certificates[0] ?? '', certificates[1] ?? '')
    for (const signature of [await signedAt(privateKey, later(1)), await signedAt(renewed, later(3))]) {
      for (const keys of [...both(certificates), [merged]]) expect(await checkSigners(manifest(signature, keys), { fingerprints, needed: 1 })).toEqual(fingerprints)
    }
    expect(await namesOfKey(fingerprints[0] ?? '', [merged])).toEqual(['ada'])
  })

  test('another key beside it is no renewal', async () => {
    expect(await fingerprintIn(await withRenewed(ada.publicKey, grace.publicKey))).toBeNull()
  })
})

describe('does not count', () => {
  test('no signature', async () => {
    expect(await refusalOf(() => checkSigners(manifest(null), sealed(1)))).toMatchObject(tooFew(0, 1))
  })
  test('a signature by somebody whom the envelope does not name', async () => {
    expect(await refusalOf(async () => checkSigners(manifest(await mallory.sign(text)), sealed(1)))).toMatchObject(tooFew(0, 1))
  })
  test('one signer twice', async () => {
    const twice = (await ada.sign(text)) + (await ada.sign(text))
    expect(await refusalOf(() => checkSigners(manifest(twice), sealed(2)))).toMatchObject(tooFew(1, 2))
  })
  test('a signature over another manifest', async () => {
    expect(await refusalOf(async () => checkSigners(manifest(await ada.sign(text.replace('GENERATION', 'X') + ' ')), sealed(1)))).toMatchObject(tooFew(0, 1))
  })
  test('a signature whose key nobody has', async () => {
    expect(await refusalOf(async () => checkSigners(manifest(await ada.sign(text), [grace.publicKey]), sealed(1)))).toMatchObject(tooFew(0, 1))
  })
  test('a text that is not a signature', async () => {
    expect(await refusalOf(() => checkSigners(manifest('not a signature'), sealed(1)))).toMatchObject(tooFew(0, 1))
  })
})

test('what cannot be read is named', async () => {
  const broken = '-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n'
  expect(await refusalOf(() => checkSigners(manifest(broken), sealed(1)))).toMatchObject({ code: 'SUCCESSOR_UNTRUSTED', message: 'manifest.json.asc of GENERATION 3 cannot be read' })
  expect(await refusalOf(async () => checkSigners(manifest(await ada.sign(text), ['nothing']), sealed(1)))).toMatchObject({ code: 'SUCCESSOR_UNTRUSTED', message: 'a public key in signers/ cannot be read' })
})
