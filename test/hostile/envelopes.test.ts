/** Hostile envelopes: other packets than the format has, too many, too dear, bombs under the right passphrase, and signatures. */
import { generateKeyPairSync } from 'node:crypto'
import { deflateRawSync, deflateSync } from 'node:zlib'
import fc from 'fast-check'
import { createMessage, encrypt, enums, generateKey } from 'openpgp'
import { describe, expect, test } from 'vitest'
import { envelopeText, headerFor, openWithSecret, seal } from '../../src/custody/envelope.js'
import { openText } from '../../src/custody/sealing.js'
import { checkSigners } from '../../src/custody/signatures.js'
import { envelopeOf, manifestOf, sealSecretOf } from '../vectors/frozen.js'
import { refusalOf } from '../vectors/refusal.js'

const good = envelopeOf(2)
const secret = sealSecretOf(2)
const passphrase = Buffer.from(secret).toString('hex')
const KEY_PACKET = Buffer.from(good.subarray(0, 2 + (good[1] ?? 0)))
const DATA_PACKET = Buffer.from(good.subarray(KEY_PACKET.length))
/** The library's own words, of its limit. */
const TOO_LONG = /Maximum decompressed message size exceeded/
const UNREADABLE = { code: 'ENVELOPE_INVALID', message: 'the envelope does not open: the shares do not open it, or it is damaged' }

/** Why an envelope was refused. */
async function why(bytes: Uint8Array): Promise<string> {
  const error = await refusalOf(() => openWithSecret(new Uint8Array(bytes), secret))
  expect(error).toMatchObject(UNREADABLE)
  return (error.cause as Error).message
}

function packet(tag: number, body: Uint8Array): Buffer {
  const header = Buffer.alloc(6)
  header.set([0xc0 | tag, 255])
  header.writeUInt32BE(body.length, 2)
  return Buffer.concat([header, body])
}

/** A message under the right passphrase, written by the library with other settings than ours. */
async function otherwise(config: object): Promise<Uint8Array> {
  const message = await createMessage({ binary: new Uint8Array(200), format: 'binary' })
  return await encrypt({ message, passwords: [passphrase], format: 'binary', config: { aeadProtect: false, preferredSymmetricAlgorithm: enums.symmetric.aes256, ...config } }) as Uint8Array
}

describe('packets that are not those of the format', () => {
  const dearest = Buffer.from(KEY_PACKET)
  dearest[2 + 12] = 0xff
  const argon2 = packet(3, Buffer.concat([Buffer.from([4, 9, 4]), Buffer.alloc(16), Buffer.from([255, 255, 31])]))
  test.each([
    ['nothing', Buffer.alloc(0), 'OpenPGP: a packet is in pieces'],
    ['1,000 key packets of 65 MB hashing each', Buffer.concat([...Array<Buffer>(1000).fill(dearest), DATA_PACKET]), 'OpenPGP: its second packet is not version 1 of integrity protected data'],
    ['a key packet that asks Argon2 for two terabytes', Buffer.concat([argon2, DATA_PACKET]), 'envelope: its first packet is not our kind of key packet'],
    ['no key packet', DATA_PACKET, 'OpenPGP: a packet is in pieces'],
    ['no data', KEY_PACKET, 'OpenPGP: a packet is in pieces'],
    ['a marker before it', Buffer.concat([packet(10, Buffer.from('PGP')), good]), 'OpenPGP: its first packet is of kind 10, not 3'],
    ['another message after it', Buffer.concat([good, good]), 'OpenPGP: something stands after its second packet'],
    ['one byte after it', Buffer.concat([good, Buffer.alloc(1)]), 'OpenPGP: something stands after its second packet'],
    ['a length of 4 GiB', Buffer.concat([KEY_PACKET, Buffer.from([0xd2, 255, 255, 255, 255, 255, 1])]), 'OpenPGP: a packet is cut short'],
    ['data in pieces without end', Buffer.concat([KEY_PACKET, Buffer.from([0xd2, 0xe0, 1]), Buffer.alloc(1000, 0xe0)]), 'OpenPGP: a packet is in pieces'],
    ['headers of the old format', Buffer.from([0x8c, ...KEY_PACKET.subarray(1), ...DATA_PACKET]), 'OpenPGP: a packet is cut short'],
    ['armour', Buffer.from('-----BEGIN PGP MESSAGE-----\n\nAAAA\n-----END PGP MESSAGE-----\n'), 'OpenPGP: a packet is cut short'],
    ['compressed data a thousand deep, not encrypted', Array.from({ length: 1000 }).reduce<Buffer>((inner) => packet(8, Buffer.from([1, ...deflateRawSync(inner)])), packet(11, Buffer.alloc(9))), 'OpenPGP: a packet is in pieces'],
  ])('%s', async (_, bytes, reason) => {
    expect(await why(bytes)).toBe(reason)
  })

  test('other algorithms under the right passphrase', async () => {
    expect(await why(await otherwise({ preferredSymmetricAlgorithm: enums.symmetric.aes128 }))).toContain('key packet')
    expect(await why(await otherwise({ s2kType: enums.s2k.argon2 }))).toContain('key packet')
    expect(await why(await otherwise({ aeadProtect: true, preferredAEADAlgorithm: enums.aead.gcm }))).toContain('version 1 of integrity protected data')
  })

  test('the dearest key packet there can be, once, only takes a moment', async () => {
    expect(await why(Buffer.concat([dearest, DATA_PACKET]))).not.toMatch(/^(envelope|OpenPGP): /)
  })
})

describe('under the right passphrase', () => {
  test('a bomb of zlib, of zlib in zlib, and of nested packets', async () => {
    for (const plain of [new Uint8Array(100 * 1024 * 1024), deflateSync(new Uint8Array(100 * 1024 * 1024))]) {
      expect(await refusalOf(async () => openWithSecret(await seal(plain, secret, new Date()), secret))).toMatchObject({ code: 'ENVELOPE_INVALID' })
    }
    const nested = Array.from({ length: 300 }).reduce<Buffer>((inner) => packet(8, Buffer.from([2, ...deflateSync(inner)])), packet(11, Buffer.from([0x62, 0, 0, 0, 0, 0, 1, 2, 3])))
    const message = await createMessage({ binary: new Uint8Array(1), format: 'binary' })
    Object.assign(message.packets, { write: () => new Uint8Array(nested) })
    const sealed = await encrypt({ message, passwords: [passphrase], format: 'binary', config: { aeadProtect: false, preferredSymmetricAlgorithm: enums.symmetric.aes256 } }) as Uint8Array
    expect(await refusalOf(() => openWithSecret(sealed, secret))).toMatchObject({ code: 'ENVELOPE_INVALID' })
  })

  test('what grows while it is unpacked is given up where it is longer than any text of ours', async () => {
    const binary = new Uint8Array(40 * 1024 * 1024)
    const config = { aeadProtect: false, preferredSymmetricAlgorithm: enums.symmetric.aes256, preferredCompressionAlgorithm: enums.compression.zlib }
    const sealed = await encrypt({ message: await createMessage({ binary, format: 'binary' }), passwords: [passphrase], format: 'binary', config }) as Uint8Array
    expect(sealed.length).toBeLessThan(100 * 1024)
    expect(await why(sealed)).toMatch(TOO_LONG)
    const { privateKey } = await generateKey({ userIDs: [{ name: 'session' }], format: 'object' })
    const sent = await encrypt({ message: await createMessage({ binary, format: 'binary' }), encryptionKeys: privateKey.toPublic(), format: 'binary', config }) as Uint8Array
    const refused = await refusalOf(() => openText(sent, privateKey))
    expect(refused.code).toBe('SHARE_SEALED')
    expect((refused.cause as Error).message).toMatch(TOO_LONG)
  })

  test('any plaintext is a header and its key, or a refusal', async () => {
    const header = headerFor(manifestOf(2), { fingerprints: [], needed: 0 })
    const stranger = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const locked = generateKeyPairSync('ec', { namedCurve: 'P-256', privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }, publicKeyEncoding: { type: 'spki', format: 'pem' } }).privateKey
    for (const pem of [stranger, locked, '', '\0', '-----BEGIN PRIVATE KEY-----\n'.repeat(1000)]) {
      const sealed = await seal(envelopeText(header, Buffer.from(pem)), secret, new Date())
      expect(await refusalOf(() => openWithSecret(sealed, secret))).toMatchObject({ code: 'ENVELOPE_INVALID' })
    }
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (plain) => {
      expect(await refusalOf(async () => openWithSecret(await seal(plain, secret, new Date()), secret))).toMatchObject({ code: 'ENVELOPE_INVALID' })
    }), { numRuns: 30, endOnFailure: true })
  })
})

test('any change of an envelope opens to nothing', async () => {
  const change = fc.record({ at: fc.nat(good.length - 1), by: fc.uint8Array({ minLength: 1, maxLength: 8 }), cut: fc.nat(4) })
  await fc.assert(fc.asyncProperty(change, async ({ at, by, cut }) => {
    const bent = Buffer.concat([good.subarray(0, at), by, good.subarray(at + cut)])
    if (Buffer.compare(bent, good) !== 0) expect(await refusalOf(() => openWithSecret(new Uint8Array(bent), secret))).toMatchObject({ code: 'ENVELOPE_INVALID' })
  }), { numRuns: 150, endOnFailure: true })
})

describe('signatures on a manifest', () => {
  const sealed = { fingerprints: ['A'.repeat(40)], needed: 1 }
  const begin = '-----BEGIN PGP SIGNATURE-----\n'
  const check = (signature: string, publicKeys: string[] = []): Promise<string> => refusalOf(() => checkSigners({ generation: 3, text: 'x', signature, publicKeys }, sealed)).then(({ code, message }) => `${code}: ${message}`)

  test('a search without end, a signature of anything', async () => {
    expect(await check(begin.repeat(2_000_000))).toBe('SUCCESSOR_UNTRUSTED: manifest.json.asc of GENERATION 3 cannot be read')
    expect(await check(begin.repeat(2000))).toContain('0 of 1 needed signatures')
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      expect(await check(`${begin}\n${Buffer.from(bytes).toString('base64')}\n-----END PGP SIGNATURE-----\n`)).toMatch(/^SUCCESSOR_UNTRUSTED: /)
    }), { numRuns: 100, endOnFailure: true })
  })

  test('a public key of anything', async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      const key = `-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n${Buffer.from(bytes).toString('base64')}\n-----END PGP PUBLIC KEY BLOCK-----\n`
      expect(await check(`${begin}\nAAAA\n-----END PGP SIGNATURE-----\n`, [key])).toMatch(/^SUCCESSOR_UNTRUSTED: /)
    }), { numRuns: 100, endOnFailure: true })
  })
})
