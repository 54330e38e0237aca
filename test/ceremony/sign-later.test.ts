/** Signing after the ceremony, and once more: by mistake, or because the first time was stopped half-way. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKey } from 'openpgp'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { custodyYaml } from '../../src/ceremony/custody-template.js'
import { whyNoSigner } from '../../src/ceremony/signing.js'
import { glasskey, type Ended } from '../stage/command-line.js'

const SIGNED = 'The manifests are signed by 1 of the signers that the rules of GENERATION 1 name; needed: 1.\n'
let directory: string
let fingerprint: string
let held: Ended
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'glasskey-sign-later-'))
  const { privateKey, publicKey } = await generateKey({ userIDs: [{ name: 'Joan Clarke' }], format: 'object' })
  writeFileSync(join(directory, 'joan.key'), privateKey.armor())
  fingerprint = publicKey.getFingerprint().toUpperCase()
  const template = custodyYaml({
    team: 'Cloud Platform', contact: 'Security desk', tenancy: 'ocid1.tenancy.oc1..aaaaaaaatenancy', user: 'ocid1.user.oc1..aaaaaaaauser', realm: 'oc1', homeRegion: 'eu-frankfurt-1', regions: ['eu-frankfurt-1'],
    threshold: 2, custodians: ['Ada Lovelace', 'Grace Hopper'], copies: 1, generations: 2, keySize: 2048, paper: 'A4', maximumHours: 4,
  })
  writeFileSync(join(directory, 'custody.yaml'), template.replace('fingerprints: []', `fingerprints: [${fingerprint}]`).replace('needed: 0', 'needed: 1'))
  held = await glasskey(['ceremony', '--config', 'custody.yaml', '--custody', 'custody', '--sheets', 'sheets', '--administrator', 'Joan Clarke', '--rehearsal', '--yes'], { cwd: directory })
  expect(held.code, held.stderr).toBe(0)
})
afterAll(() => {
  rmSync(directory, { recursive: true, force: true })
})
beforeEach(() => {
  for (const file of SIGNATURES) rmSync(join(directory, file), { force: true })
})

const SIGNATURES = ['custody/records/ceremony-from-generation-1.jsonl.asc', 'custody/generations/1/manifest.json.asc', 'custody/generations/2/manifest.json.asc'] as const

const sign = (...more: string[]): Promise<Ended> => glasskey(['ceremony', 'sign', '--custody', 'custody', '--signature', 'administrator=joan.key', ...more], { cwd: directory })
const signatures = (): string[] => SIGNATURES.map((file) => readFileSync(join(directory, file), 'utf8'))

/** What the audit says of the signatures. */
async function F08(): Promise<string> {
  const { stdout } = await glasskey(['audit', '--custody', 'custody', '--json'], { cwd: directory })
  const { controls } = JSON.parse(stdout) as { controls: { code: string; result: string; finding: string }[] }
  return controls.flatMap(({ code, result, finding }) => (code === 'F08' ? [`${result}: ${finding}`] : [])).join()
}

test('a ceremony that nobody of those signed whom the rules need says so in alarm, and how it is mended', () => {
  const missing = 'the manifests are signed by 0 of the signers that the rules of GENERATION 1 name; needed: 1'
  expect(held.stderr).toContain(`NOT YET TRUSTED: ${missing}. Missing: ${fingerprint}.\nMend it before the bags are needed: with a key live it is too late. For each that is missing:\n  glasskey ceremony sign --custody ${join(directory, 'custody')} --signature ROLE=KEYFILE\n`)
  expect(held.stdout).toContain(`Manifests:  ${missing.replace('the manifests are ', '')}\n`)
})

test('with a certificate that the rules do not name: the transcript alone is signed, and what is missing is named', async () => {
  const { privateKey, publicKey } = await generateKey({ userIDs: [{ name: 'Emmy Noether' }], format: 'object' })
  writeFileSync(join(directory, 'emmy.key'), privateKey.armor())
  const { stdout } = await glasskey(['ceremony', 'sign', '--custody', 'custody', '--signature', 'external-witness=emmy.key'], { cwd: directory })
  const emmy = publicKey.getFingerprint().toUpperCase()
  expect(stdout.split('\n').slice(1)).toEqual([
    `${emmy} is not among the signers that the rules name: its owner signs the transcript, and no manifest.`,
    `The manifests are signed by 0 of the signers that the rules of GENERATION 1 name; needed: 1. Missing: ${fingerprint}.`,
    '',
  ])
})

test('a certificate of which the rules name a subkey: nobody can sign for that, and it is said at once', async () => {
  const { publicKey } = await generateKey({ userIDs: [{ name: 'Joan Clarke' }], subkeys: [{ sign: true }], format: 'object' })
  const [main = '', subkey = ''] = publicKey.getKeys().map((key) => key.getFingerprint().toUpperCase())
  const joan = { fingerprint: main, publicKey: publicKey.armor() }
  expect(await whyNoSigner([subkey], joan)).toBe(`${main} is not among the signers that the rules name: its owner signs the transcript, and no manifest. ${subkey}, which they name, is a subkey of it, and a certificate is named by the fingerprint of its primary key: nobody can sign for that one.`)
  expect([await whyNoSigner([main], joan), await whyNoSigner([], joan)]).toEqual([null, null])
})

test('twice with one key: the second time adds nothing, and says so', async () => {
  expect(await sign()).toMatchObject({ code: 0, stdout: `Signed by Joan Clarke, administrator, ${fingerprint}: the transcript and the manifests of GENERATION 1, 2.\n${SIGNED}` })
  const once = signatures()
  expect(await sign()).toMatchObject({ code: 0, stdout: `Nothing is left to sign for Joan Clarke, administrator, ${fingerprint}. Signed with this key before: the transcript and the manifests of GENERATION 1, 2.\n${SIGNED}` })
  expect(signatures()).toEqual(once)
  expect(JSON.parse((await sign('--json')).stdout)).toMatchObject({ error: null, signatures: [] })
  expect(await F08()).toBe(`holds: ceremony of GENERATION 1 (a rehearsal): signed by ${fingerprint} "Joan Clarke"`)
})

test.each<[string, object, RegExp]>([
  ['expired', { date: new Date('2020-01-01'), keyExpirationTime: 60 }, /SIGNING_FAILED: old\.key does not sign: .*expired/],
  ['younger than the clock of the machine', { date: new Date(Date.now() + 86_400_000) }, /SIGNING_FAILED: old\.key does not sign: /],
])('a key that is %s: named as what it is, and no fault of ours', async (_, options, says) => {
  const { privateKey } = await generateKey({ userIDs: [{ name: 'Joan Clarke' }], format: 'object', ...options })
  writeFileSync(join(directory, 'old.key'), privateKey.armor())
  const { code, stderr } = await glasskey(['ceremony', 'sign', '--custody', 'custody', '--signature', 'administrator=old.key'], { cwd: directory })
  expect([code, stderr]).toEqual([expect.any(Number), expect.stringMatching(says)])
  expect(stderr).not.toContain('INTERNAL')
  expect(stderr).toContain('Look at the key (gpg --list-keys), and at this machine\'s clock.')
})

test('stopped before the last manifest: signing again adds what is missing, and nothing else', async () => {
  await sign()
  const [transcript, first] = signatures()
  rmSync(join(directory, SIGNATURES[2]))
  expect(await F08()).toMatch(/^holds: /)
  const again = await sign()
  expect(again).toMatchObject({ code: 0, stdout: `Signed by Joan Clarke, administrator, ${fingerprint}: the manifests of GENERATION 2. Signed with this key before: the transcript and the manifests of GENERATION 1.\n${SIGNED}` })
  expect(signatures().slice(0, 2)).toEqual([transcript, first])
  expect(signatures()[2]?.match(/BEGIN PGP SIGNATURE/g)).toHaveLength(1)
  expect(await F08()).toMatch(/^holds: /)
})
