/** Signers of a later ceremony's manifests: who must sign, with which certificate, and how what was missing is brought after. */
import { appendFileSync, copyFileSync, cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKey, reformatKey, type PrivateKey } from 'openpgp'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { lookAtSigners } from '../../src/breakglass/preflight.js'
import { custodyYaml } from '../../src/ceremony/custody-template.js'
import { importOutbox } from '../../src/ceremony/import.js'
import { readCustodyFolder } from '../../src/host/custody-folder.js'
import { LineFile } from '../../src/host/line-file.js'
import { readLogbook } from '../../src/record/logbook.js'
import { glasskey, type Ended } from '../stage/command-line.js'

const DAY = 24 * 3600
const YAML = custodyYaml({
  team: 'Cloud Platform', contact: 'Security desk', tenancy: 'ocid1.tenancy.oc1..aaaaaaaatenancy', user: 'ocid1.user.oc1..aaaaaaaauser', realm: 'oc1', homeRegion: 'eu-frankfurt-1', regions: ['eu-frankfurt-1'],
  threshold: 2, custodians: ['Ada Lovelace', 'Grace Hopper'], copies: 1, generations: 2, keySize: 2048, paper: 'A4', maximumHours: 4,
})
const ASC = 'generations/3/manifest.json.asc'

let directory: string
let held: Ended
let joan: PrivateKey
const path = (...names: string[]): string => join(directory, ...names)
const fingerprint = (): string => joan.getFingerprint().toUpperCase()
const run = (...args: string[]): Promise<Ended> => glasskey(args, { cwd: directory })
const imported = (): ReturnType<typeof importOutbox> => importOutbox(path('custody'), path('outbox'))
/** Signs what lies in the outbox. */
const sign = (key = 'joan.key'): Promise<Ended> => run('ceremony', 'sign', '--custody', 'custody', '--outbox', 'outbox', '--signature', `administrator=${key}`)

// The rules of the first ceremony name Joan; those of the later one, somebody else. Joan did not sign there.
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'glasskey-signers-'))
  const { privateKey } = await generateKey({ userIDs: [{ name: 'Joan Clarke' }], date: new Date(Date.now() - 10 * DAY * 1000), keyExpirationTime: 5 * DAY, format: 'object' })
  joan = privateKey
  const { privateKey: renewed } = await reformatKey({ privateKey, userIDs: [{ name: 'Joan Clarke' }], date: new Date(Date.now() - 60_000), keyExpirationTime: 3650 * DAY, format: 'object' })
  writeFileSync(path('joan.key'), renewed.armor())
  writeFileSync(path('custody.yaml'), YAML.replace('fingerprints: []', `fingerprints: [${fingerprint()}]`).replace('needed: 0', 'needed: 1'))
  expect((await run('ceremony', '--config', 'custody.yaml', '--custody', 'custody', '--sheets', 'sheets', '--rehearsal', '--yes')).code).toBe(0)
  LineFile.open(path('custody/logbook.jsonl'), readLogbook, () => new Date()).append({ type: 'retired', generation: 2, reason: 'bag opened' } as never)
  writeFileSync(path('later.yaml'), YAML)
  held = await run('ceremony', '--config', 'later.yaml', '--custody', 'custody', '--outbox', 'outbox', '--sheets', 'sheets-2', '--rehearsal', '--yes')
  expect(held.code, held.stderr).toBe(0)
  for (const name of ['custody', 'outbox']) renameSync(path(name), path(`${name}-kept`))
})
afterAll(() => {
  rmSync(directory, { recursive: true })
})
beforeEach(() => {
  for (const name of ['custody', 'outbox']) {
    rmSync(path(name), { recursive: true, force: true })
    cpSync(path(`${name}-kept`), path(name), { recursive: true })
  }
})

test('those whom the rules before name are missed, though today\'s name nobody', () => {
  expect(held.stderr).toContain(`NOT YET TRUSTED: the manifests are signed by 0 of the signers that the rules of GENERATION 2 name; needed: 1. Missing: ${fingerprint()}.\n`)
  expect(held.stderr).toContain(`  glasskey ceremony sign --custody ${path('custody')} --outbox ${path('outbox')} --signature ROLE=KEYFILE\n`)
})

test('in an outbox they sign by the rules of the custody folder that it goes to, and then it can be imported', async () => {
  await expect(imported()).rejects.toMatchObject({ code: 'SUCCESSOR_UNTRUSTED', message: 'the manifest of GENERATION 3 has 0 of 1 needed signatures by the sealed signers' })
  expect((await sign()).stdout).toContain(`${fingerprint()}: the transcript and the manifests of GENERATION 3.\nThe manifests are signed by 1 of the signers that the rules of GENERATION 2 name; needed: 1.\n`)
  expect(await imported()).toMatchObject({ generations: [3], before: false, missing: [], brought: expect.arrayContaining([`signers/${fingerprint()}.asc`]) as string[] })
})

test('check misses them too, before a key is live', async () => {
  await sign()
  await imported()
  const look = (): ReturnType<typeof lookAtSigners> => {
    const folder = readCustodyFolder(path('custody'))
    return lookAtSigners(folder, (folder.generations[0] ?? expect.fail()).manifest, 3)
  }
  expect(await look()).toEqual([{ what: 'signers of GENERATION 3', level: 'good', said: '1 of 1 needed' }])
  rmSync(path('custody', ASC))
  expect(await look()).toEqual([{ what: 'signers of GENERATION 3', level: 'stop', said: `the manifest of GENERATION 3 has 0 of 1 needed signatures by the sealed signers: a session would end with GENERATION 1 used and not rotated. Whoever of ${fingerprint()} is missing signs: glasskey ceremony sign --custody ${path('custody')} --ceremony 3 …; a file that cannot be read is fetched from an untouched copy` }])
})

test('a successor that the sheets name may lack a signature, or have one over something else: it is said, and nothing is stopped by it', async () => {
  const folder = readCustodyFolder(path('custody'))
  const [first = expect.fail(), second = expect.fail()] = folder.generations
  const look = (manifest = second.manifest): ReturnType<typeof lookAtSigners> => lookAtSigners({ ...folder, generations: [first, { ...second, manifest }] }, first.manifest, 2)
  // A rehearsal may be unsigned.
  expect(await look()).toEqual([])
  expect((await run('ceremony', 'sign', '--custody', 'custody', '--signature', 'administrator=joan.key')).code).toBe(0)
  expect(await look()).toEqual([{ what: 'signers of GENERATION 2', level: 'good', said: '1 of 1 needed' }])
  expect(await look({ ...second.manifest, regions: [] })).toEqual([{
    what: 'signers of GENERATION 2',
    level: 'warn',
    said: `the manifest of GENERATION 2 has 0 of 1 needed signatures by the sealed signers: its key is the one that GENERATION 1 names; the rest of it is held by the logbook alone, so compare that with the paper book. Whoever of ${fingerprint()} is missing signs: glasskey ceremony sign --custody ${path('custody')} --ceremony 1 …; a file that cannot be read is fetched from an untouched copy`,
  }])
  // What cannot be read of it keeps no session up: nothing of a sealed successor rests on it.
  writeFileSync(path('custody/signers/STRANGER.asc'), Buffer.from([0x99, 0xff, 0xfe]))
  expect(await look()).toMatchObject([{ level: 'warn', said: expect.stringMatching(/^a signer's public key is not UTF-8 text: \S+STRANGER\.asc: its key is the one that GENERATION 1 names/) as string }])
})

test('a certificate renewed since the first ceremony: the import adds it to the old one, and the folder alone verifies', async () => {
  const file = path(`custody/signers/${fingerprint()}.asc`)
  await run('ceremony', 'sign', '--custody', 'custody', '--signature', 'administrator=joan.key')
  const old = joan.toPublic().armor()
  writeFileSync(file, old)
  await sign()
  expect(await imported()).toMatchObject({ brought: expect.arrayContaining([`signers/${fingerprint()}.asc`]) as string[] })
  expect(readFileSync(file, 'utf8')).not.toBe(old)
  rmSync(path('outbox'), { recursive: true })
  const folder = readCustodyFolder(path('custody'))
  expect(await lookAtSigners(folder, (folder.generations[0] ?? expect.fail()).manifest, 3)).toMatchObject([{ level: 'good' }])
  // Signing again with the key as it was would have been refused; with the renewed one it adds the certificate too.
  writeFileSync(file, old)
  await run('ceremony', 'sign', '--custody', 'custody', '--signature', 'administrator=joan.key')
  expect(await lookAtSigners(folder, (folder.generations[0] ?? expect.fail()).manifest, 3)).toMatchObject([{ level: 'good' }])
})

test('an outbox that was copied by halves: what is missing is named, and brought by a second import', async () => {
  await sign()
  const [record, signed] = ['records/ceremony-from-generation-3.pdf', 'records/ceremony-from-generation-3.jsonl.asc']
  for (const name of [record, signed]) renameSync(path('outbox', name), path('outbox', `${name}.away`))
  expect(await imported()).toMatchObject({ before: false, missing: [record] })
  await expect(imported()).rejects.toMatchObject({ code: 'OUTPUT_EXISTS', message: 'this outbox was imported already: logbook entry 3', hint: `Nothing is new. Not in the outbox: ${record}` })
  for (const name of [record, signed]) renameSync(path('outbox', `${name}.away`), path('outbox', name))
  const { stdout } = await run('ceremony', 'import', '--custody', 'custody', '--outbox', 'outbox')
  expect(stdout).toBe(`GENERATION 3 was imported before: logbook entry 3. Added: ${record}, ${signed}.\ncustody.yaml differs between outbox and folder; the folder's was kept. Compare them.\n`)
  await expect(imported()).rejects.toMatchObject({ code: 'OUTPUT_EXISTS', hint: 'Nothing is left to do.' })
})

test('a signature made after the import is brought by another; a block that verifies by nobody is not', async () => {
  await sign()
  await imported()
  const { privateKey } = await generateKey({ userIDs: [{ name: 'Emmy Noether' }], format: 'object' })
  writeFileSync(path('emmy.key'), privateKey.armor())
  expect((await run('ceremony', 'sign', '--custody', 'custody', '--outbox', 'outbox', '--signature', 'external-witness=emmy.key')).code).toBe(0)
  copyFileSync(path('custody', ASC), path('before.asc'))
  appendFileSync(path('outbox', ASC), readFileSync(path('outbox/records/ceremony-from-generation-3.jsonl.asc'), 'utf8'))
  expect(await imported()).toMatchObject({ before: true, brought: [`signers/${privateKey.getFingerprint().toUpperCase()}.asc`, 'records/ceremony-from-generation-3.jsonl.asc'] })
  expect(readFileSync(path('custody', ASC), 'utf8')).toBe(readFileSync(path('before.asc'), 'utf8'))
})
