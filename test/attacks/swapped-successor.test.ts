/** The next key in the folder is replaced by the attacker's, with and without digests that agree: the attacker's key is never uploaded. */
import { readFileSync, writeFileSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'
import { ATTACKER, editManifest, expectRefused, forgeFolder, manifestPath } from './tamper.js'

let stage: Rehearsal | undefined
afterEach(async () => {
  await stage?.close()
  stage = undefined
})

test.each<[attack: string, swap: (custody: string) => void, code: string, says: string, exit: number]>([
  ['its manifest, with key, key id and digests that agree', (custody) => editManifest(custody, 3, (manifest) => Object.assign(manifest, ATTACKER)), 'FOLDER_ALTERED', 'generation 4 does not follow from the generation before it: one of their manifests is another', 4],
  // Where the key was opened it is exposed, alive and in use: 6, whatever the cause.
  [
    'and all that tells of it made to agree',
    (custody) => {
      editManifest(custody, 3, (manifest) => Object.assign(manifest, ATTACKER))
      forgeFolder(custody)
    },
    'FOLDER_ALTERED',
    'the successor in the folder (GENERATION 3) is not the one that the sheets seal: it was swapped',
    6,
  ],
  [
    'and the manifest before it, too',
    (custody) => {
      editManifest(custody, 3, (manifest) => Object.assign(manifest, ATTACKER))
      editManifest(custody, 2, (manifest) => (manifest.successor = { keyId: ATTACKER.keyId, spkiSha256: ATTACKER.spkiSha256 }))
      forgeFolder(custody)
    },
    'FOLDER_ALTERED',
    'the custody folder was altered: the sheets are sealed with another manifest-sha256, successor-spki-sha256 than manifest.json of generation 2 says',
    6,
  ],
  ['only its PEM: the digests are still the true ones', (custody) => editManifest(custody, 3, (manifest) => (manifest.publicKeyPem = ATTACKER.publicKeyPem)), 'MANIFEST_INVALID', 'keyId is not that of publicKeyPem', 4],
  ['only its fingerprint, by which OCI calls it', (custody) => editManifest(custody, 3, (manifest) => (manifest.fingerprint = ATTACKER.fingerprint)), 'MANIFEST_INVALID', 'fingerprint is not that of publicKeyPem', 4],
  ['the whole file, by that of a generation which waits', (custody) => writeFileSync(manifestPath(custody, 3), readFileSync(manifestPath(custody, 4))), 'FOLDER_ALTERED', 'holds the manifest of generation 4', 4],
])('%s', async (_, swap, code, says, exit) => {
  stage = await rehearsal()
  const before = stage.cloud.stateDigest()
  swap(stage.custody)
  const ended = await stage.run(stage.rotate())
  expectRefused(ended, code, exit)
  expect(ended.stderr).toContain(says)
  expect(stage.cloud.stateDigest()).toBe(before)
  // Not one request of the key was signed.
  expect(stage.cloud.requests.filter(({ keyId }) => keyId !== null)).toEqual([])
  expect(exit === 6 ? stage.journal().filter((line) => line.type === 'intent') : []).toEqual([])
})
