/** The golden set of format version 1: readers accept it, writers reproduce it, and each fault is named as it must be. */
import { createPublicKey, verify } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { canonicalJson } from '../../src/canonical.js'
import { parseCustodyYaml } from '../../src/custody/custody-yaml.js'
import { checkManifest, envelopeText, headerFor, openEnvelope, openWithSecret } from '../../src/custody/envelope.js'
import { manifestFile, parseManifest } from '../../src/custody/manifest.js'
import { joinParts, parsePart } from '../../src/custody/paper-parts.js'
import { formQuorum } from '../../src/custody/quorum.js'
import { rulesFile, sealedRules } from '../../src/custody/rules.js'
import { inGroups, parseShareText, shareToText } from '../../src/custody/share-text.js'
import { judgeSealed, parseSealedPart, SealedParts, sealedTexts, type SealedShare } from '../../src/custody/sealed-share.js'
import { openText, readCustodianKeys } from '../../src/custody/sealing.js'
import { judgeShare, type Expectation, type Share } from '../../src/custody/share.js'
import { GlasskeyError } from '../../src/errors.js'
import { readCustodyFolder } from '../../src/host/custody-folder.js'
import { checkLastSignature, evidenceSchema } from '../../src/record/evidence.js'
import { readJournal } from '../../src/record/journal.js'
import { readLogbook } from '../../src/record/logbook.js'
import { replay } from '../../src/record/replay.js'
import { parseWarrant } from '../../src/warrant/warrant.js'
import { envelopeOf, faults, journalOf, manifestOf, rulesOf, sealSecretOf, secretsOf, SESSIONS, sharesOf, VECTORS, vectorJson, vectorText } from './frozen.js'
import { cast, derived, GENERATIONS, makeMissing } from './make.js'
import { sealedEnvelope, sealedManifest, sealedSheets, sheetOf } from './sealed.js'
import { tell } from './story.js'

// Before the tests are collected, because the faults are read then.
if (process.env['GLASSKEY_WRITE'] === '1') await makeMissing()

describe('readers accept the golden set', () => {
  test('the custody folder as a whole', () => {
    const folder = readCustodyFolder(fileURLToPath(new URL('custody', VECTORS)))
    expect(folder.standings.map(({ generation, state, living, margin, seen }) => ({ generation, state, living, margin, seen }))).toEqual([
      { generation: 1, state: 'burned', living: 2, margin: 0, seen: [1, 2] },
      { generation: 2, state: 'burned', living: 3, margin: 1, seen: [1, 2] },
      { generation: 3, state: 'retired', living: 3, margin: 1, seen: [] },
    ])
    expect(folder.logbook.head.seq).toBe(10)
  })

  test.each(GENERATIONS)('generation %i: every two sheets open the envelope, and it agrees with the manifest', async (generation) => {
    const manifest = manifestOf(generation)
    const [one, two, three] = sharesOf(generation)
    for (const pair of [[one, two], [one, three], [two, three], [three, one]]) {
      const { header, privateKey } = await openEnvelope(formQuorum(pair.flatMap((share) => share ?? []), manifest), envelopeOf(generation))
      expect(checkManifest(header, manifest)).toBe(manifest)
      expect(createPublicKey(privateKey).export({ type: 'spki', format: 'pem' })).toBe(manifest.publicKeyPem)
    }
  })

  test.each(SESSIONS)('session %s: journal, last signature, evidence', (session) => {
    const chain = journalOf(session)
    const state = replay(chain.lines)
    const manifest = manifestOf(state.opened.generation)
    expect(checkLastSignature(state, manifest)).toBe(state)
    const evidence = evidenceSchema.parse(vectorJson(`custody/sessions/${session}/evidence.json`))
    expect(evidence.journalSha256).toBe(chain.head.sha256)
    expect(evidence.grade).toBe('proved')
    // Verified once more with nothing of ours: domain, NUL, digest.
    const { of, signature } = evidence.lastSignature ?? { of: '', signature: '' }
    expect(verify('sha256', Buffer.from(`glasskey/journal/1\0${of}`), evidence.key.publicKeyPem, Buffer.from(signature, 'base64'))).toBe(true)
  })
})

describe('readers accept the sealed shares of the golden set', () => {
  const opened = async (custodian: number): Promise<Share> => {
    const { texts, privateKey } = sheetOf(custodian)
    const expected: Expectation = { manifest: sealedManifest(), others: [] }
    if (privateKey === null) return judgeShare(parseShareText(texts[0] ?? ''), expected)
    const [key] = await readCustodianKeys(privateKey, 'the golden set')
    if (!key) throw new RangeError('the golden set has a key for each sealed share')
    const text = await openText(judgeSealed(sealedOf(texts), expected).message, key)
    expect(text).toBe(`${sheetOf(custodian).shareText}\n`)
    return judgeShare(parseShareText(text.trimEnd()), expected)
  }

  test('Curve25519 in one code, RSA in two; every two sheets open the envelope', async () => {
    expect(sealedSheets().map(({ texts }) => texts.map((text) => text.split('/')[0]?.slice(0, 5)))).toEqual([['GKSR1'], ['GKSR1', 'GKSR1'], [expect.stringMatching(/^GKR1/)]])
    const manifest = sealedManifest()
    for (const pair of [[1, 2], [2, 3], [3, 1]]) {
      const quorum = formQuorum(await Promise.all(pair.map(opened)), manifest)
      expect(checkManifest((await openEnvelope(quorum, sealedEnvelope())).header, manifest)).toBe(manifest)
    }
  })

  test('codes in another order, in groups and small letters, and twice', () => {
    const { texts } = sheetOf(2)
    const [first = '', second = ''] = texts
    expect(sealedOf([second, inGroups(first).toLowerCase(), second, first])).toEqual(sealedOf(texts))
  })

  test('writers reproduce their codes and the manifest', () => {
    for (const custodian of [1, 2]) expect(sealedTexts(sealedOf(sheetOf(custodian).texts))).toEqual(sheetOf(custodian).texts)
    expect(manifestFile(sealedManifest())).toBe(vectorText('sealed/manifest.json'))
  })
})

describe('writers reproduce the golden set', () => {
  test('manifests, rules, share texts', () => {
    for (const generation of GENERATIONS) {
      const place = `custody/generations/${generation}`
      expect(manifestFile(manifestOf(generation))).toBe(vectorText(`${place}/manifest.json`))
      expect(rulesFile(parseCustodyYaml(vectorText('custody/custody.yaml')).rules)).toBe(vectorText(`${place}/rules.json`))
      expect(manifestOf(generation).publicKeyPem).toBe(vectorText(`${place}/public.pem`))
      for (const text of secretsOf(generation).shareTexts) {
        expect(shareToText(parseShareText(text))).toBe(text)
        expect(shareToText(parseShareText(inGroups(text).toLowerCase()))).toBe(text)
      }
    }
  })

  test('the plaintext of an envelope, byte for byte', async () => {
    for (const generation of GENERATIONS) {
      const { header, pem } = await openWithSecret(envelopeOf(generation), sealSecretOf(generation))
      expect(header).toEqual(headerFor(manifestOf(generation), rulesOf(generation).signers))
      const [above, key] = Buffer.from(envelopeText(header, pem)).toString().split('\n\n')
      expect(above?.split('\n').map((line) => line.split(': ')[0])).toEqual([
        'glasskey', 'key-id', 'generation', 'rehearsal', 'tenancy', 'user', 'home-region', 'fingerprint', 'threshold', 'shares',
        'manifest-sha256', 'rules-sha256', 'signers', 'signers-needed', 'successor-spki-sha256',
      ])
      expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----\n[A-Za-z0-9+/=\n]+-----END PRIVATE KEY-----\nOCI_API_KEY\n$/)
    }
  })

  test('warrants, journals, evidence and logbook', async () => {
    const { sessions, logbook } = tell(await cast(), rulesOf(1))
    expect(logbook).toBe(vectorText('custody/logbook.jsonl'))
    for (const { id, files } of sessions) {
      for (const [name, text] of Object.entries(files)) expect(text).toBe(vectorText(`custody/sessions/${id}/${name}`))
    }
  })

  test('what follows from the secrets', () => {
    expect(JSON.parse(canonicalJson(derived() as never))).toEqual(vectorJson('derived.json'))
  })
})

/** How each kind of vector is read, over generation 2. */
const readers: Record<string, (input: string) => unknown> = {
  shares: (input) => judgeShare(parseShareText(input), expectation()),
  'sealed-shares': (input) => judgeSealed(sealedOf(texts(input)), { manifest: sealedManifest(), others: [] }),
  quorums: (input) => formQuorum(texts(input).map((text) => judgeShare(parseShareText(text), expectation())), manifestOf(2)),
  envelopes: async (input) => checkManifest((await openWithSecret(new Uint8Array(Buffer.from(input, 'base64')), sealSecretOf(2))).header, manifestOf(2)),
  parts: (input) => joinParts(texts(input).flatMap((text) => parsePart(text) ?? []), 'GKE1', manifestOf(2).keyId),
  manifests: (input) => parseManifest(input),
  rules: (input) => sealedRules(input, manifestOf(2).rulesSha256),
  'custody-yaml': (input) => parseCustodyYaml(input),
  warrants: (input) => parseWarrant(input),
  journals: (input) => checkLastSignature(replay(readJournal(input).lines), manifestOf(2)),
  logbooks: (input) => readLogbook(input),
}

describe.each(Object.entries(readers))('one fault each: %s', (kind, read) => {
  test.each(faults(kind).map((fault) => [fault.name, fault] as const))('%s', async (_, { input, code, message }) => {
    const error: unknown = await Promise.resolve(input).then(read).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(GlasskeyError)
    expect(error).toMatchObject({ code, message })
  })
})

function expectation(): Expectation {
  return { manifest: manifestOf(2), others: [{ manifest: manifestOf(1), standing: 'that key is dead' }, { manifest: manifestOf(3), standing: 'that key is not in use yet' }] }
}

/** The sealed share of these codes; what is not whole is refused as the sheet's reader does. */
function sealedOf(codes: readonly string[]): SealedShare {
  const parts = new SealedParts()
  const [whole] = codes.flatMap((text) => {
    const part = parseSealedPart(text)
    return part === undefined ? [] : parts.take(part)
  })
  for (const sentence of parts.missing()) throw new GlasskeyError('SCAN_UNREADABLE', sentence, 'Scan page 1 of that sheet again.')
  if (!whole) throw new RangeError('no code of a sealed share')
  return whole
}

function texts(input: string): string[] {
  return input.split('\n').filter((line) => line !== '')
}
