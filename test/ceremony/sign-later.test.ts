/** Signing after the ceremony, and once more: by mistake, or because the first time was stopped half-way. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKey } from 'openpgp'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { custodyYaml } from '../../src/ceremony/custody-template.js'
import { glasskey, type Ended } from '../stage/command-line.js'

let directory: string
let fingerprint: string
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
  const held = await glasskey(['ceremony', '--config', 'custody.yaml', '--custody', 'custody', '--sheets', 'sheets', '--administrator', 'Joan Clarke', '--rehearsal', '--yes'], { cwd: directory })
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

test('twice with one key: the second time adds nothing, and says so', async () => {
  expect(await sign()).toMatchObject({ code: 0, stdout: `Signed by Joan Clarke, administrator, ${fingerprint}: the transcript and the manifests of GENERATION 1, 2.\n` })
  const once = signatures()
  expect(await sign()).toMatchObject({ code: 0, stdout: `Nothing is left to sign for Joan Clarke, administrator, ${fingerprint}. Signed with this key before: the transcript and the manifests of GENERATION 1, 2.\n` })
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
  expect(again).toMatchObject({ code: 0, stdout: `Signed by Joan Clarke, administrator, ${fingerprint}: the manifests of GENERATION 2. Signed with this key before: the transcript and the manifests of GENERATION 1.\n` })
  expect(signatures().slice(0, 2)).toEqual([transcript, first])
  expect(signatures()[2]?.match(/BEGIN PGP SIGNATURE/g)).toHaveLength(1)
  expect(await F08()).toMatch(/^holds: /)
})
