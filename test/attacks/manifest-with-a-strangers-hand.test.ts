/**
 * A manifest edited by a stranger, or signed by one. Edited alone it contradicts the folder, whatever generation it is of; with all that tells of it, the paper:
 * then the paper wins, the folder is named, and nothing at all is signed.
 */
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { createMessage, generateKey, sign } from 'openpgp'
import { afterEach, expect, test } from 'vitest'
import { manifestDigest, type Manifest } from '../../src/custody/manifest.js'
import { parseShareText, shareToText } from '../../src/custody/share-text.js'
import { checkSigners } from '../../src/custody/signatures.js'
import { LineFile } from '../../src/host/line-file.js'
import { readLogbook } from '../../src/record/logbook.js'
import { linesOf } from '../audit/lived-custody.js'
import { send, waiting } from '../stage/from-elsewhere.js'
import { loseStrongroom } from '../stage/playing.js'
import { rehearsal, withoutShares, type Rehearsal } from '../stage/rehearsal.js'
import { vectorText } from '../vectors/frozen.js'
import { copyOf, editManifest, expectRefused, forgeFolder, manifestPath, onFolder, sessionsIn } from './tamper.js'

let stage: Rehearsal | undefined
afterEach(async () => {
  await stage?.close()
  stage = undefined
})

/** Edits a manifest and whatever would contradict it, but for the paper. */
function forge(generation: number, edit: (manifest: Manifest) => void, custody = stage?.custody ?? ''): void {
  editManifest(custody, generation, edit)
  forgeFolder(custody)
}
const anotherCommitment = (manifest: Manifest): void => {
  for (const share of manifest.shares) share.commitment = 'a'.repeat(64)
}

test.each<[attack: string, edit: (custody: string) => void, says: string]>([
  ['of the key in use', (custody) => editManifest(custody, 2, (manifest) => manifest.regions.pop()), 'generation 3 does not follow from the generation before it: one of their manifests is another'],
  ['of a generation that waits, so that its own emergency would find it', (custody) => editManifest(custody, 3, anotherCommitment), 'generation 4 does not follow from the generation before it: one of their manifests is another'],
  ['of the last one, after which nothing follows', (custody) => editManifest(custody, 4, anotherCommitment), 'the manifest of generation 4 is not the one that entry 1 of LOGBOOK names'],
  ['its transcript with it', (custody) => editManifest(custody, 4, (manifest) => (manifest.transcriptSha256 = 'a'.repeat(64))), 'the transcript of generation 4 is not the one that entry 1 of LOGBOOK names'],
  [
    'and an entry of a ceremony that never was',
    (custody) => {
      editManifest(custody, 4, anotherCommitment)
      const [ceremony = expect.fail()] = linesOf(join(custody, 'logbook.jsonl'))
      const manifest = JSON.parse(readFileSync(manifestPath(custody, 4), 'utf8')) as Manifest
      const made = { generation: 4, keyId: manifest.keyId, spkiSha256: manifest.spkiSha256, manifestSha256: manifestDigest(manifest) }
      LineFile.open(join(custody, 'logbook.jsonl'), readLogbook, () => new Date()).append({ ...ceremony, generations: [made] } as never)
    },
    'the manifest of generation 4 is not the one that entry 1 of LOGBOOK names',
  ],
])('edited alone, %s: every command names it, before anybody opens a bag', async (_, edit, says) => {
  stage = await rehearsal()
  const sessions = sessionsIn(stage.custody)
  edit(stage.custody)
  const named = says.replace('LOGBOOK', join(stage.custody, 'logbook.jsonl'))
  for (const command of [stage.rotate(), ['status', '--custody', stage.custody]]) {
    const ended = await stage.run(command)
    expectRefused(ended, 'FOLDER_ALTERED', 4)
    expect(ended.stderr).toContain(`FOLDER_ALTERED: ${named}\nFetch an untouched copy of the custody folder and compare with the paper book.`)
  }
  expect(sessionsIn(stage.custody)).toEqual(sessions)
  expect(stage.cloud.requests).toEqual([])
})

test('edited while the key of an interrupted session may be alive: that session is named, and goes on in an untouched copy', async () => {
  stage = await rehearsal({ speed: 4 })
  const untouched = copyOf(stage)
  expect((await loseStrongroom(stage)).code).toBe(6)
  const { session } = stage
  editManifest(stage.custody, 4, anotherCommitment)
  const ended = await stage.run(['resume', '--custody', stage.custody, ...stage.oci])
  expectRefused(ended, 'FOLDER_ALTERED', 4)
  expect(ended.stderr).toContain(`compare with the paper book. The key of GENERATION 2 MAY BE ALIVE: bring sessions/${session} of this folder along into that copy, and there: glasskey resume --custody COPY --session ${session}.\n`)
  cpSync(join(stage.custody, 'sessions', session), join(untouched, 'sessions', session), { recursive: true })
  expect((await stage.run(['status', '--custody', untouched])).stdout).toContain(`glasskey resume --custody ${untouched} --session ${session}`)
})

const otherThan = (fields: string): string => `the custody folder was altered: the sheets are sealed with another ${fields} than manifest.json of generation 2 says`

test.each<[attack: string, edit: (manifest: Manifest) => void, fields: string, exit: number]>([
  ['a region less to prove it dead in', (manifest) => manifest.regions.pop(), 'manifest-sha256', 6],
  ['another commitment, so that true sheets look forged', anotherCommitment, 'manifest-sha256', 6],
  ['another threshold, so that true sheets look like another set\'s', (manifest) => (manifest.threshold = 3), 'threshold, manifest-sha256', 6],
])('forged with all that tells of it: %s', async (_, edit, fields, exit) => {
  stage = await rehearsal()
  const before = stage.cloud.stateDigest()
  forge(2, edit)
  const ended = await stage.run(stage.rotate())
  expectRefused(ended, 'FOLDER_ALTERED', exit)
  expect(ended.stderr).toContain(otherThan(fields))
  expect(stage.cloud.stateDigest()).toBe(before)
  expect(ended.stderr).toContain(`The paper is right. Keep this folder as it is: it, and session ${stage.session} in it, show what was changed. Fetch an untouched copy and, whatever its status says, rotate this key from there: glasskey break rotate --custody COPY --generation 2 --reader PROFILE. Enter there what happened: glasskey logbook add exception --custody COPY.`)
  const journal = stage.journal()
  expect(journal.filter((line) => line.type === 'intent')).toEqual([])
  // The true sheets were read and the key recombined, whatever the folder said of them: that is on record.
  const seen = journal.flatMap((line) => (line.type === 'share-accepted' || line.type === 'share-refused' ? [`${line.generation}/${line.custodian}`] : []))
  expect([...new Set(seen)].filter((share) => !share.startsWith('undefined'))).toEqual(['2/1', '2/2'])
  expect(journal.flatMap(({ type }) => (['key-live', 'burned'].includes(type) ? [type] : []))).toEqual(['key-live', 'burned'])
})

test('a forged sheet before the true ones that look forged, and one after: the true ones are found among them', async () => {
  stage = await rehearsal({ speed: 4 })
  forge(2, anotherCommitment)
  const texts = await Promise.all([1, 2].map(async (custodian) => (await stage?.shareText(2, custodian)) ?? ''))
  const first = parseShareText(texts[0] ?? '')
  const forged = (by: number): string => shareToText({ ...first, custodian: 3, bytes: Uint8Array.from(first.bytes, (byte, at) => (at === first.bytes.length - 1 ? byte ^ 0x40 : byte ^ by)) })
  const file = join(stage.directory, 'given')
  // Nor is there an end to what can be tried of those that claim a threshold that nobody reaches.
  const flood = [200, 3].flatMap((threshold) => Array.from({ length: 40 }, (_, at) => shareToText({ ...first, threshold, shares: 255, custodian: at + 1, bytes: Uint8Array.from(first.bytes, (byte, place) => (place === first.bytes.length - 1 ? at + 1 : byte ^ threshold)) })))
  writeFileSync(file, [...flood, forged(1), ...texts, forged(2)].join('\n'))
  expectRefused(await stage.run([...withoutShares(stage.rotate()), '--share-file', file]), 'FOLDER_ALTERED', 6)
  expect(stage.journal().flatMap((line) => (line.type === 'share-refused' && line.custodian !== undefined ? [line.custodian] : [])).sort()).toEqual([1, 2])
  expect(stage.journal().flatMap((line) => (line.type === 'consented' ? [line.custodian] : [])).sort()).toEqual([1, 2])
})

test('true sheets that look forged, sent from elsewhere: the folder is named all the same', async () => {
  stage = await rehearsal({ speed: 4 })
  forge(2, anotherCommitment)
  const session = await waiting(stage, withoutShares(stage.rotate()), ['1', '2'])
  for (const custodian of [1, 2]) expect((await send(stage, session, custodian, 2, '--out', join(stage.directory, String(custodian)))).code).toBe(0)
  const ended = await session.ended
  expectRefused(ended, 'FOLDER_ALTERED', 6)
  // Nobody is sent back into this folder.
  expect(ended.stdout).toMatch(/THE KEY OF GENERATION 2 IS NOT PROVED DEAD\. Go on as said above, in an untouched copy of the folder\.\n$/)
  expect(stage.journal().flatMap((line) => (line.type === 'consented' ? [line.custodian] : []))).toEqual([1, 2])
  expect(stage.journal().flatMap((line) => (line.type === 'share-refused' && line.custodian !== undefined ? [[line.code, line.custodian]] : []))).toEqual([['FOLDER_ALTERED', 1], ['FOLDER_ALTERED', 2]])
})

test('another user or tenancy, whose requests would be signed instead: no manifest of one folder differs from the others in that', async () => {
  stage = await rehearsal()
  editManifest(stage.custody, 2, (manifest) => (manifest.user = 'ocid1.user.oc1..somebodyelse'))
  const ended = await stage.run(stage.rotate())
  expectRefused(ended, 'FOLDER_ALTERED', 4)
  expect(ended.stderr).toContain('generation 2 has another user than generation 1')
  expect(stage.cloud.requests).toEqual([])
})

test('in an untouched copy, the key that was recombined for nothing is rotated under a fresh warrant; the session of the altered folder is no part of it', async () => {
  stage = await rehearsal()
  const forged = copyOf(stage)
  forge(2, (manifest) => manifest.regions.pop(), forged)
  expectRefused(await stage.run(onFolder(stage, stage.rotate(), forged)), 'FOLDER_ALTERED', 6)
  expect((await stage.run(['status', '--custody', forged])).stdout).toContain('RED: session ')
  // Whoever brings that session along is told that it does not belong there.
  const brought = copyOf(stage)
  const [session = ''] = sessionsIn(forged).filter((folder) => !existsSync(join(brought, 'sessions', basename(folder))))
  cpSync(session, join(brought, 'sessions', basename(session)), { recursive: true })
  const refused = await stage.run(['status', '--custody', brought])
  expectRefused(refused, 'CHAIN_BROKEN', 4)
  expect(refused.stderr).toContain('Only if its folder was just brought here from another copy: take it out again.')
  const rotated = await stage.run([...stage.rotate(), '--generation', '2', '--reader', 'AUDITOR', '--json'])
  expect(JSON.parse(rotated.stdout)).toMatchObject({ error: null, grade: 'proved', successor: { generation: 3 } })
  expect((await stage.run(['status', '--custody', stage.custody])).stdout).not.toContain('has not come to its end')
  expect(stage.listedKeys).toBe(1)
})

test('a later ceremony\'s manifest signed by a stranger whose public key was put into signers/: it counts for nothing', async () => {
  const text = vectorText('custody/generations/3/manifest.json')
  const { privateKey, publicKey } = await generateKey({ userIDs: [{ name: 'a signer of the ceremony' }], format: 'object' })
  const signature = (await sign({ message: await createMessage({ binary: new TextEncoder().encode(text) }), signingKeys: privateKey, detached: true, format: 'armored' })) as string
  await expect(checkSigners({ generation: 3, text, signature, publicKeys: [publicKey.armor()] }, { fingerprints: ['A'.repeat(40)], needed: 1 })).rejects.toMatchObject({
    code: 'SUCCESSOR_UNTRUSTED',
    message: 'the manifest of GENERATION 3 has 0 of 1 needed signatures by the sealed signers',
  })
})
