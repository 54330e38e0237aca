/**
 * Makes those files of the golden set that are missing. What exists is frozen and never written again: to change a
 * vector, delete it first, and say why. Run: GLASSKEY_WRITE=1 npx vitest run test/vectors
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { combine } from 'shamir-secret-sharing'
import { canonicalJson, sha256Hex } from '../../src/canonical.js'
import { custodyYaml } from '../../src/ceremony/custody-template.js'
import { makeGenerations } from '../../src/ceremony/generations.js'
import { parseCustodyYaml } from '../../src/custody/custody-yaml.js'
import { spkiOfPem } from '../../src/custody/key.js'
import { manifestDigest, manifestFile } from '../../src/custody/manifest.js'
import { toParts } from '../../src/custody/paper-parts.js'
import { rulesDigest, rulesFile } from '../../src/custody/rules.js'
import { inGroups, parseShareText } from '../../src/custody/share-text.js'
import { commitmentOf } from '../../src/custody/share.js'
import { hexToWords } from '../../src/custody/words.js'
import { headStatement, opcRequestIdOf } from '../../src/record/journal.js'
import { codeWords, warrantDigest } from '../../src/warrant/warrant.js'
import { allFaults } from './faults.js'
import { envelopeOf, journalOf, manifestOf, privateKeyOf, rulesOf, secretsOf, SESSIONS, VECTORS, vectorText, warrantOf, type Secrets } from './frozen.js'
import { makeSealed, sealedFaults } from './sealed.js'
import { tell, type Cast } from './story.js'

/** Generations of the golden set. */
export const GENERATIONS = [1, 2, 3] as const

/** The cast: every generation with its key. */
export function cast(): Promise<Cast[]> {
  return Promise.all(GENERATIONS.map(async (generation) => ({ manifest: manifestOf(generation), key: await privateKeyOf(generation) })))
}

/** Everything that follows from the secrets without any randomness, as other implementations compare it. */
export function derived(): { [name: string]: unknown } {
  return {
    generations: GENERATIONS.map((generation) => {
      const manifest = manifestOf(generation)
      const { sealSecret, shareTexts } = secretsOf(generation)
      const spki = spkiOfPem(manifest.publicKeyPem)
      return {
        generation,
        spki: Buffer.from(spki).toString('hex'),
        spkiSha256: sha256Hex(spki),
        keyId: manifest.keyId,
        keyWords: hexToWords(manifest.keyId),
        bagWords: hexToWords(manifest.spkiSha256.slice(0, 32)),
        fingerprint: manifest.fingerprint,
        manifestSha256: manifestDigest(manifest),
        rulesSha256: rulesDigest(rulesOf(generation)),
        envelopeSha256: sha256Hex(envelopeOf(generation)),
        sealSecret,
        shares: shareTexts.map((text) => {
          const { custodian, bytes } = parseShareText(text)
          return { custodian, payload: `01${manifest.keyId}0203${Buffer.from([custodian]).toString('hex')}${Buffer.from(bytes).toString('hex')}`, commitment: commitmentOf(bytes), text, groups: inGroups(text) }
        }),
        envelopeParts: toParts('GKE1', manifest.keyId, envelopeOf(generation), 760),
        publicKeyParts: toParts('GKP1', manifest.keyId, spki, 295),
      }
    }),
    sessions: SESSIONS.map((session) => {
      const warrant = warrantOf(session)
      const { lines, texts, head } = journalOf(session)
      return {
        session,
        warrantSha256: warrantDigest(warrant),
        codeWords: codeWords(warrant),
        journalSha256: head.sha256,
        opcRequestIds: lines.flatMap((line, at) => (line.type === 'intent' ? [{ seq: line.seq, opcRequestId: opcRequestIdOf(sha256Hex(texts[at] ?? '')) }] : [])),
        headStatement: Buffer.from(headStatement(lines.find((line) => line.type === 'head-signed')?.of ?? '')).toString('hex'),
      }
    }),
  }
}

/** Writes what is missing, in the order in which one thing follows from another. */
export async function makeMissing(): Promise<void> {
  if (!has('secrets.json')) await makeSet()
  if (!has('sealed/sheets.json')) await makeSealedSet()
  const { sessions, logbook } = tell(await cast(), rulesOf(1))
  write('custody/logbook.jsonl', logbook)
  for (const { id, files } of sessions) for (const [name, text] of Object.entries(files)) write(`custody/sessions/${id}/${name}`, text)
  write('derived.json', pretty(derived()))
  for (const [kind, list] of Object.entries({ ...(await allFaults()), 'sealed-shares': await sealedFaults() })) write(`faults/${kind}.json`, pretty(list))
}

/** One of two steps with randomness: keys, seal secrets, shares, session keys of the envelopes. */
async function makeSet(): Promise<void> {
  write('custody/custody.yaml', custodyYaml({
    team: 'Example GmbH, Platform Security',
    contact: 'Duty desk, +49 30 0000 0000',
    tenancy: 'ocid1.tenancy.oc1..aaaaaaaatenancyexample',
    user: 'ocid1.user.oc1..aaaaaaaabreakglassexample',
    realm: 'oc1',
    homeRegion: 'eu-frankfurt-1',
    regions: ['eu-frankfurt-1', 'eu-amsterdam-1'],
    threshold: 2,
    custodians: ['Ada Lovelace', 'Grace Hopper', 'Željko Đurić'],
    copies: 2,
    generations: 3,
    keySize: 2048,
    paper: 'A4',
    maximumHours: 4,
  }))
  const custody = parseCustodyYaml(vectorText('custody/custody.yaml'))
  const made = await makeGenerations({ custody, rehearsal: true, first: 1, count: GENERATIONS.length, previousManifestSha256: null, now: new Date('2026-11-19T09:00:00.000Z'), onMade: () => undefined })
  const secrets: Secrets[] = []
  for (const { manifest, envelope, shareTexts } of made) {
    const place = `custody/generations/${manifest.generation}`
    write(`${place}/manifest.json`, manifestFile(manifest))
    write(`${place}/rules.json`, rulesFile(custody.rules))
    write(`${place}/public.pem`, manifest.publicKeyPem)
    write(`${place}/envelope.pgp`, envelope)
    const secret = await combine(shareTexts.slice(0, manifest.threshold).map((text) => parseShareText(text).bytes))
    secrets.push({ generation: manifest.generation, sealSecret: Buffer.from(secret).toString('hex'), shareTexts })
  }
  write('secrets.json', pretty(secrets))
}

/** The other: a later generation, whose shares are sealed to OpenPGP keys. */
async function makeSealedSet(): Promise<void> {
  const { made, sheets } = await makeSealed(parseCustodyYaml(vectorText('custody/custody.yaml')), manifestDigest(manifestOf(3)), new Date('2026-11-20T09:00:00.000Z'))
  write('sealed/manifest.json', manifestFile(made.manifest))
  write('sealed/envelope.pgp', made.envelope)
  write('sealed/sheets.json', pretty(sheets))
}

function has(path: string): boolean {
  return existsSync(new URL(path, VECTORS))
}

function write(path: string, data: string | Uint8Array): void {
  if (has(path)) return
  mkdirSync(new URL('.', new URL(path, VECTORS)), { recursive: true })
  writeFileSync(new URL(path, VECTORS), data)
}

function pretty(value: unknown): string {
  return JSON.stringify(JSON.parse(canonicalJson(value as never)), null, 2) + '\n'
}
