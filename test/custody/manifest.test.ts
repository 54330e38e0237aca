import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { manifestDigest, manifestFile, manifestSchema, parseManifest } from '../../src/custody/manifest.js'
import { fingerprintOf, namesOf, spkiOf, spkiOfPem } from '../../src/custody/key.js'
import { contradictions, rulesDigest, rulesFile, sealedRules, type Rules } from '../../src/custody/rules.js'
import { manifestOf, privateKeyOf, rulesOf, vectorText } from '../vectors/frozen.js'
import { refusal } from '../vectors/refusal.js'

const manifest = manifestOf(2)
const text = vectorText('custody/generations/2/manifest.json')

describe('manifest', () => {
  test('the digest covers every field but the two that are known only after sealing', () => {
    const digest = manifestDigest(manifest)
    for (const [field, value] of Object.entries(manifest)) {
      const changed = { ...manifest, [field]: typeof value === 'number' ? value + 1 : typeof value === 'string' ? value + 'x' : 'x' }
      if (field === 'envelopeSha256' || field === 'transcriptSha256') expect(manifestDigest(changed), field).toBe(digest)
      else expect(manifestDigest(changed), field).not.toBe(digest)
    }
    // RFC 8785 by hand: names in order, no spaces.
    const sealed = JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text) as object).filter(([name]) => !['envelopeSha256', 'transcriptSha256'].includes(name))))
    expect(digest).toBe(createHash('sha256').update(sealed).digest('hex'))
  })

  test('is its own file', () => {
    expect(manifestFile(parseManifest(text))).toBe(text)
  })

  test('messages call the file as it is called', () => {
    expect(refusal(() => parseManifest('', '/media/stick/manifest.json'))).toMatchObject({
      code: 'MANIFEST_INVALID',
      message: '/media/stick/manifest.json: is not JSON',
      hint: 'Fetch an untouched copy of the custody folder.',
    })
  })

  test.each([
    ['generation', 0, 1, 9999, 10000],
    ['threshold', 1, 2, 255, 256],
  ] as const)('%s from %i', (field, below, least, most, above) => {
    for (const value of [least, most]) expect(manifestSchema.safeParse({ ...manifest, [field]: value }).success).toBe(true)
    for (const value of [below, above, least + 0.5]) expect(manifestSchema.safeParse({ ...manifest, [field]: value }).success).toBe(false)
  })

  test('names of a line: 1 to 200 characters, no control characters', () => {
    const named = (name: string): boolean => manifestSchema.safeParse({ ...manifest, shares: manifest.shares.map((share) => ({ ...share, name })) }).success
    for (const name of ['A', 'x'.repeat(200), 'Željko Đurić', '\u{1f600}']) expect(named(name), name).toBe(true)
    for (const name of ['', 'x'.repeat(201), 'a\nb', 'a\u001b[2Jb', 'a\u2028b', 'a\u0085b']) expect(named(name), name).toBe(false)
  })

  test('three complaints, and how many more', () => {
    const bad = JSON.stringify({ ...manifest, format: 2, keyId: 'x', user: 'y', rehearsal: 'z' })
    expect(refusal(() => parseManifest(bad)).message).toBe('manifest.json: format: Invalid input: expected 1; keyId: must be a key id: 16 lower-case hex digits; rehearsal: Invalid input: expected boolean, received string; and 2 more')
  })
})

describe('names of a key', () => {
  test('key id, digest, fingerprint and PEM, by hand', async () => {
    const spki = spkiOf(await privateKeyOf(2))
    expect(spki).toEqual(spkiOfPem(manifest.publicKeyPem))
    const digest = createHash('sha256').update(spki).digest('hex')
    const md5 = createHash('md5').update(spki).digest('hex').replace(/..(?!$)/g, '$&:')
    expect(fingerprintOf(spki)).toBe(md5)
    expect(namesOf(spki)).toEqual({
      keyId: digest.slice(0, 16),
      spkiSha256: digest,
      fingerprint: md5,
      publicKeyPem: `-----BEGIN PUBLIC KEY-----\n${Buffer.from(spki).toString('base64').replace(/.{64}/g, '$&\n')}\n-----END PUBLIC KEY-----\n`,
    })
  })
})

describe('rules', () => {
  const rules = rulesOf(2)
  const change = (change: (copy: Rules) => void): Rules => {
    const copy = structuredClone(rules)
    change(copy)
    return copy
  }

  test('the sealed ones are read', () => {
    expect(sealedRules(rulesFile(rules), rulesDigest(rules))).toEqual(rules)
  })

  test('every change is found', () => {
    const changes = [
      change((copy) => (copy.warrant.maximumMinutes = 61)),
      change((copy) => (copy.saasAdmin.access = ['read-only', 'read-write', 'admin'])),
      change((copy) => (copy.regions = ['eu-frankfurt-1'])),
      change((copy) => (copy.probes.confirmAfterSeconds = 5)),
      change((copy) => (copy.signers.needed = 1)),
      change((copy) => copy.useCases.reverse()),
    ]
    for (const changed of changes) {
      expect(refusal(() => sealedRules(rulesFile(changed), rulesDigest(rules)))).toMatchObject({
        code: 'FOLDER_ALTERED',
        message: 'rules.json is not what this generation was sealed with',
        hint: 'The custody folder was changed after the ceremony: fetch an untouched copy and find out who changed this one.',
      })
    }
  })

  test('contradictions', () => {
    expect(contradictions(rules)).toEqual([])
    expect(contradictions(change((copy) => (copy.warrant.defaultMinutes = 60)))).toEqual([])
    expect(contradictions(change((copy) => (copy.warrant.defaultMinutes = 61)))).toEqual([{ path: ['warrant', 'defaultMinutes'], message: 'must not be more than maximumMinutes' }])
    expect(contradictions(change((copy) => (copy.signers = { fingerprints: ['A'.repeat(40)], needed: 1 })))).toEqual([])
    expect(contradictions(change((copy) => (copy.signers = { fingerprints: ['A'.repeat(40)], needed: 2 })))).toEqual([{ path: ['signers', 'needed'], message: 'asks for more signers than are listed' }])
    expect(contradictions(change((copy) => copy.useCases.push({ id: 'drill', title: 'again', actions: ['rotate'] })))).toEqual([{ path: ['useCases', 3, 'id'], message: '"drill" is used twice' }])
  })

  test('a probe schedule that does not fit into 240 probes', () => {
    // 15 min and 120 s are 1020 s: 239 intervals of 5 s reach 1195 s, of 4 s only 956 s.
    const every = (intervalSeconds: number): Rules => change((copy) => (copy.probes.intervalSeconds = intervalSeconds))
    expect(contradictions(every(5))).toEqual([])
    expect(contradictions(every(4))).toEqual([{ path: ['probes', 'intervalSeconds'], message: 'must be at least 5: only 240 probes are signed for each region' }])
  })
})
