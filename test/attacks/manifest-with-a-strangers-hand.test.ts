/** A manifest edited by a stranger, or signed by one: the paper wins, the folder is named, and nothing at all is signed. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createMessage, generateKey, sign } from 'openpgp'
import { afterEach, expect, test } from 'vitest'
import type { Manifest } from '../../src/custody/manifest.js'
import { parseShareText, shareToText } from '../../src/custody/share-text.js'
import { checkSigners } from '../../src/custody/signatures.js'
import { send, waiting } from '../stage/from-elsewhere.js'
import { rehearsal, withoutShares, type Rehearsal } from '../stage/rehearsal.js'
import { vectorText } from '../vectors/frozen.js'
import { editManifest, expectRefused, manifestPath } from './tamper.js'

let stage: Rehearsal | undefined
afterEach(async () => {
  await stage?.close()
  stage = undefined
})

const otherThan = (fields: string): string => `the custody folder was altered: the sheets are sealed with another ${fields} than manifest.json of generation 2 says`

test.each<[attack: string, edit: (manifest: Manifest) => void, fields: string, exit: number]>([
  ['a region less to prove it dead in', (manifest) => manifest.regions.pop(), 'manifest-sha256', 6],
  ['another commitment, so that true sheets look forged', (manifest) => { for (const share of manifest.shares) share.commitment = 'a'.repeat(64) }, 'manifest-sha256', 6],
  ['another threshold, so that true sheets look like another set\'s', (manifest) => (manifest.threshold = 3), 'threshold, manifest-sha256', 6],
])('%s', async (_, edit, fields, exit) => {
  stage = await rehearsal()
  const before = stage.cloud.stateDigest()
  editManifest(stage.custody, 2, edit)
  const ended = await stage.run(stage.rotate())
  expectRefused(ended, 'FOLDER_ALTERED', exit)
  expect(ended.stderr).toContain(otherThan(fields))
  expect(stage.cloud.stateDigest()).toBe(before)
  expect(ended.stderr).toContain(`Fetch an untouched copy of the folder, copy sessions/${stage.session} of this one into it, and go on there; find out who changed this one.`)
  const journal = stage.journal()
  expect(journal.filter((line) => line.type === 'intent')).toEqual([])
  // The true sheets were read and the key recombined, whatever the folder said of them: that is on record.
  const seen = journal.flatMap((line) => (line.type === 'share-accepted' || line.type === 'share-refused' ? [`${line.generation}/${line.custodian}`] : []))
  expect([...new Set(seen)].filter((share) => !share.startsWith('undefined'))).toEqual(['2/1', '2/2'])
  expect(journal.flatMap(({ type }) => (['key-live', 'burned'].includes(type) ? [type] : []))).toEqual(['key-live', 'burned'])
})

test('a forged sheet before the true ones that look forged, and one after: the true ones are found among them', async () => {
  stage = await rehearsal({ speed: 4 })
  editManifest(stage.custody, 2, (manifest) => { for (const share of manifest.shares) share.commitment = 'a'.repeat(64) })
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
  editManifest(stage.custody, 2, (manifest) => { for (const share of manifest.shares) share.commitment = 'a'.repeat(64) })
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

test('after the untouched folder is back, the key that was recombined for nothing is rotated under a fresh warrant', async () => {
  stage = await rehearsal()
  const whole = readFileSync(manifestPath(stage.custody, 2))
  editManifest(stage.custody, 2, (manifest) => manifest.regions.pop())
  expect((await stage.run(stage.rotate())).stderr).toContain('Fetch an untouched copy of the folder, copy sessions/')
  const status = await stage.run(['status', '--custody', stage.custody])
  expect(status.stdout).toContain('RED: session ')
  writeFileSync(manifestPath(stage.custody, 2), whole)
  // Its warrant was drawn up from the altered folder: it names a region less, and cannot be followed.
  const resumed = await stage.run(['resume', '--custody', stage.custody, '--yes', ...stage.shares(2, 1, 2), ...stage.oci])
  expect(resumed.stderr).toMatch(/KEY_NOT_PROVED_DEAD: the warrant of session .* no longer fits the custody folder \(successor GENERATION 3, regions eu-frankfurt-1\): nothing more is signed under it\nThe key of GENERATION 2 IS ALIVE\. Rotate it under a fresh warrant: glasskey break rotate/)
  const rotated = await stage.run([...stage.rotate(), '--reader', 'AUDITOR', '--json'])
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
