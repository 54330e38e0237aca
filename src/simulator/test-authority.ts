/**
 * A certificate authority for one rehearsal: it can vouch for this machine's loopback and for nothing else, by a
 * critical name constraint (RFC 5280 section 4.2.1.10), so that trusting it by mistake does little harm.
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import {
  bitString,
  boolean,
  context,
  contextPrimitive,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  utf8String,
} from './der.js'
import type { Random } from './ocid.js'

/** A certificate and its private key, both PEM (PKCS#8 for the key). */
export interface Certified {
  readonly certificatePem: string
  readonly privateKeyPem: string
}

const DAY_MS = 86_400_000
const LIFE_MS = 3650 * DAY_MS

const OID = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  basicConstraints: '2.5.29.19',
  keyUsage: '2.5.29.15',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  subjectAltName: '2.5.29.17',
  nameConstraints: '2.5.29.30',
  subjectKeyIdentifier: '2.5.29.14',
  authorityKeyIdentifier: '2.5.29.35',
} as const

const AUTHORITY_NAME = 'glasskey simulator test authority'

const LOOPBACK = Uint8Array.of(127, 0, 0, 1)
const LOOPBACK_NET = Uint8Array.of(127, 0, 0, 0, 255, 0, 0, 0)
const LOCALHOST = Buffer.from('localhost', 'ascii')

// GeneralName: dNSName [2], iPAddress [7] (RFC 5280 section 4.2.1.6).
const dnsName = (name: Uint8Array): Uint8Array => contextPrimitive(2, name)
const ipAddress = (address: Uint8Array): Uint8Array => contextPrimitive(7, address)

function name(commonName: string): Uint8Array {
  return sequence(set(sequence(objectIdentifier(OID.commonName), utf8String(commonName))))
}

function extension(oid: string, critical: boolean, value: Uint8Array): Uint8Array {
  const parts = [objectIdentifier(oid), ...(critical ? [boolean(true)] : []), octetString(value)]
  return sequence(...parts)
}

function spkiOf(key: KeyObject): Uint8Array {
  return key.export({ format: 'der', type: 'spki' })
}

/** First 160 bits of SHA-256 over the SPKI; any method will do (RFC 5280 section 4.2.1.2). */
function keyIdentifier(key: KeyObject): Uint8Array {
  return createHash('sha256').update(spkiOf(key)).digest().subarray(0, 20)
}

interface CertificateRequest {
  readonly subject: string
  readonly publicKey: KeyObject
  readonly extensions: readonly Uint8Array[]
}

/** Builds and signs a version 3 certificate (RFC 5280 section 4.1). */
function certify(request: CertificateRequest, issuerKey: KeyObject, now: number, random: Random): string {
  const algorithm = sequence(objectIdentifier(OID.ecdsaWithSha256))
  const serial = random(16)
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40
  const body = sequence(
    context(0, integer(Uint8Array.of(2))),
    integer(serial),
    algorithm,
    name(AUTHORITY_NAME),
    sequence(time(now - DAY_MS), time(now + LIFE_MS)),
    name(request.subject),
    spkiOf(request.publicKey),
    context(3, sequence(...request.extensions)),
  )
  const certificate = sequence(body, algorithm, bitString(sign('sha256', body, issuerKey)))
  const lines = Buffer.from(certificate).toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

function newKey(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

function pkcs8(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'pkcs8' }) as string
}

/** Makes a self-signed authority that is good for ten years. `now` is real time, ms. */
export function makeTestAuthority(now: number, random: Random): Certified {
  const { publicKey, privateKey } = newKey()
  const permitted = [sequence(dnsName(LOCALHOST)), sequence(ipAddress(LOOPBACK_NET))]
  const extensions = [
    extension(OID.basicConstraints, true, sequence(boolean(true), integer(Uint8Array.of(0)))),
    // keyCertSign is bit 5.
    extension(OID.keyUsage, true, bitString(Uint8Array.of(0x04), 2)),
    extension(OID.nameConstraints, true, sequence(context(0, ...permitted))),
    extension(OID.subjectKeyIdentifier, false, octetString(keyIdentifier(publicKey))),
  ]
  const certificatePem = certify({ subject: AUTHORITY_NAME, publicKey, extensions }, privateKey, now, random)
  return { certificatePem, privateKeyPem: pkcs8(privateKey) }
}

/** Issues a certificate for 127.0.0.1 and localhost. `now` is real time, ms. */
export function issueServerCertificate(authority: Certified, now: number, random: Random): Certified {
  const { publicKey, privateKey } = newKey()
  const issuerKey = createPrivateKey(authority.privateKeyPem)
  const issuerIdentifier = keyIdentifier(createPublicKey(issuerKey))
  const extensions = [
    extension(OID.basicConstraints, true, sequence()),
    // digitalSignature is bit 0.
    extension(OID.keyUsage, true, bitString(Uint8Array.of(0x80), 7)),
    extension(OID.extendedKeyUsage, false, sequence(objectIdentifier(OID.serverAuth))),
    extension(OID.subjectAltName, false, sequence(dnsName(LOCALHOST), ipAddress(LOOPBACK))),
    extension(OID.subjectKeyIdentifier, false, octetString(keyIdentifier(publicKey))),
    extension(OID.authorityKeyIdentifier, false, sequence(contextPrimitive(0, issuerIdentifier))),
  ]
  const certificatePem = certify({ subject: 'localhost', publicKey, extensions }, issuerKey, now, random)
  return { certificatePem, privateKeyPem: pkcs8(privateKey) }
}
