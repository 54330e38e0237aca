import { createPrivateKey } from 'node:crypto'
import { createMessage } from 'openpgp'
import { describe, expect, test } from 'vitest'
import { checkManifest, envelopeDigest, envelopeText, headerFor, openEnvelope, openWithSecret, seal, type EnvelopeHeader } from '../../src/custody/envelope.js'
import { formQuorum } from '../../src/custody/quorum.js'
import { envelopeOf, manifestOf, privateKeyOf, sealSecretOf, sharesOf } from '../vectors/frozen.js'
import { refusal, refusalOf } from '../vectors/refusal.js'

const DAMAGED = {
  code: 'ENVELOPE_INVALID',
  message: 'the envelope does not open: the shares do not open it, or it is damaged',
  hint: 'Read page 2 of another sheet, or other sheets.',
}
const manifest = manifestOf(2)
const good = envelopeOf(2)
const secret = sealSecretOf(2)
const header = headerFor(manifest, { fingerprints: [], needed: 0 })
const pem = async (): Promise<Uint8Array> => new Uint8Array(Buffer.from((await privateKeyOf(2)).export({ type: 'pkcs8', format: 'pem' }) as string))

test('opens with a quorum: header, key, PEM', async () => {
  const opened = await openEnvelope(formQuorum(sharesOf(2).slice(1), manifest), good)
  expect(opened.header).toEqual(header)
  expect(createPrivateKey(Buffer.from(opened.pem)).equals(opened.privateKey)).toBe(true)
  expect(envelopeDigest(good)).toBe(manifest.envelopeSha256)
})

test('what is sealed is opened, with signers and without a successor', async () => {
  const signed: EnvelopeHeader = { ...header, signers: ['A'.repeat(40), '0'.repeat(40)], signersNeeded: 2, successorSpkiSha256: null }
  const text = envelopeText(signed, await pem())
  expect(Buffer.from(text).toString()).toContain(`\nsigners: ${'A'.repeat(40)},${'0'.repeat(40)}\nsigners-needed: 2\nsuccessor-spki-sha256: none\n\n-----BEGIN PRIVATE KEY-----\n`)
  expect((await openWithSecret(await seal(text, secret, new Date()), secret)).header).toEqual(signed)
})

test('the same twice gives different envelopes', async () => {
  const text = envelopeText(header, await pem())
  const date = new Date('2026-01-01T00:00:00Z')
  expect(await seal(text, secret, date)).not.toEqual(await seal(text, secret, date))
})

describe('damage', () => {
  test('another secret', async () => {
    for (const bit of [0, 255]) {
      const wrong = secret.slice()
      wrong[bit >> 3] = (wrong[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(await refusalOf(() => openWithSecret(good, wrong))).toMatchObject(DAMAGED)
    }
  })

  test('cut short anywhere', async () => {
    for (let length = 0; length < good.length; length += 97) expect(await refusalOf(() => openWithSecret(good.slice(0, length), secret))).toMatchObject(DAMAGED)
    expect(await refusalOf(() => openWithSecret(good.slice(0, -1), secret))).toMatchObject(DAMAGED)
  })

  test('a flipped bit anywhere never opens to something else', async () => {
    const { pem: whole } = await openWithSecret(good, secret)
    for (let at = 0; at < good.length; at += 19) {
      const bent = good.slice()
      bent[at] = (bent[at] ?? 0) ^ (1 << (at % 8))
      expect(await refusalOf(() => openWithSecret(bent, secret)), `byte ${at}`).toMatchObject({ code: 'ENVELOPE_INVALID' })
    }
    expect(whole.length).toBeGreaterThan(1600)
  })

  test('64 KiB is looked at, one byte more is not', async () => {
    expect(await refusalOf(() => openWithSecret(new Uint8Array(64 * 1024), secret))).toMatchObject(DAMAGED)
    expect(await refusalOf(() => openWithSecret(new Uint8Array(64 * 1024 + 1), secret))).toMatchObject({ code: 'ENVELOPE_INVALID', message: 'the envelope does not open: it is larger than any envelope' })
  })

  test('a decompression bomb is stopped before it grows', async () => {
    const bomb = await seal(new Uint8Array(40 * 1024 * 1024), secret, new Date())
    expect(bomb.length).toBeLessThan(64 * 1024)
    const error = await refusalOf(() => openWithSecret(bomb, secret))
    expect(error).toMatchObject(DAMAGED)
    expect((error.cause as Error).message).toContain('Maximum decompressed message size exceeded')
  })

  test('a message without integrity protection, and one that is not encrypted', async () => {
    const literal = await createMessage({ binary: envelopeText(header, await pem()), format: 'binary' }) as unknown as { write: () => Uint8Array }
    expect(await refusalOf(() => openWithSecret(literal.write(), secret))).toMatchObject(DAMAGED)
    // The SEIPD packet relabelled as the old one without an MDC (tag 9).
    const stripped = good.slice()
    const second = 2 + (good[1] ?? 0)
    expect(stripped[second]).toBe(0xc0 | 18)
    stripped[second] = 0xc0 | 9
    expect(await refusalOf(() => openWithSecret(stripped, secret))).toMatchObject(DAMAGED)
  })
})

test.each([
  ['key id', { keyId: manifestOf(1).keyId }],
  ['fingerprint', { fingerprint: manifestOf(1).fingerprint }],
] as const)('a header with nothing wrong but the %s of another key', async (_, change) => {
  const sealed = await seal(envelopeText({ ...header, ...change }, await pem()), secret, new Date())
  expect(await refusalOf(() => openWithSecret(sealed, secret))).toMatchObject({
    code: 'ENVELOPE_INVALID',
    message: `the envelope does not open: its header names key ${{ ...header, ...change }.keyId}, but the key in it is ${manifest.keyId}`,
  })
})

describe('paper wins over the folder', () => {
  const names: [keyof EnvelopeHeader, string, Partial<EnvelopeHeader>][] = [
    ['keyId', 'key-id', { keyId: '0123456789abcdef' }],
    ['generation', 'generation', { generation: 3 }],
    ['rehearsal', 'rehearsal', { rehearsal: false }],
    ['tenancy', 'tenancy', { tenancy: 'ocid1.tenancy.oc1..other' }],
    ['user', 'user', { user: 'ocid1.user.oc1..other' }],
    ['homeRegion', 'home-region', { homeRegion: 'eu-paris-1' }],
    ['fingerprint', 'fingerprint', { fingerprint: Array(16).fill('00').join(':') }],
    ['threshold', 'threshold', { threshold: 3 }],
    ['shares', 'shares', { shares: 4 }],
    ['manifestSha256', 'manifest-sha256', { manifestSha256: '0'.repeat(64) }],
    ['rulesSha256', 'rules-sha256', { rulesSha256: '0'.repeat(64) }],
    ['successorSpkiSha256', 'successor-spki-sha256', { successorSpkiSha256: '0'.repeat(64) }],
  ]

  test('every field of the header but the signers, whom only the envelope names', () => {
    expect(new Set([...names.map(([field]) => field), 'signers', 'signersNeeded'])).toEqual(new Set(Object.keys(header)))
    expect(checkManifest({ ...header, signers: ['A'.repeat(40)], signersNeeded: 1 }, manifest)).toBe(manifest)
  })

  test.each(names)('%s', (_, name, change) => {
    expect(refusal(() => checkManifest({ ...header, ...change }, manifest))).toMatchObject({
      code: 'FOLDER_ALTERED',
      message: `the custody folder was altered: the sheets are sealed with another ${name} than manifest.json of generation 2 says`,
      hint: 'The paper is right. Fetch an untouched copy of the folder and find out who changed this one.',
    })
  })

  test('several at once are all named', () => {
    expect(refusal(() => checkManifest({ ...header, user: 'x', threshold: 5 }, manifest)).message).toContain('another user, threshold than')
  })

  test('a manifest whose custodians, names or commitments were edited', () => {
    for (const field of ['name', 'commitment'] as const) {
      const shares = manifest.shares.map((share, at) => (at === 1 ? { ...share, [field]: field === 'name' ? 'Mallory' : '0'.repeat(64) } : share))
      expect(refusal(() => checkManifest(header, { ...manifest, shares })).message).toContain('another manifest-sha256 than')
    }
  })

  test('the two fields that are not sealed may differ', () => {
    const later = { ...manifest, envelopeSha256: '0'.repeat(64), transcriptSha256: '1'.repeat(64) }
    expect(checkManifest(header, later)).toBe(later)
  })
})
