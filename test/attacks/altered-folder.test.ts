/** A hostile file on the stick: the paper wins, the folder is named, and nothing at all is signed. */
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { namesOf, spkiOf } from '../../src/custody/key.js'
import { manifestFile, type Manifest } from '../../src/custody/manifest.js'
import { rulesDigest, rulesFile, type Rules } from '../../src/custody/rules.js'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'

let stage: Rehearsal | undefined
afterEach(async () => {
  await stage?.close()
  stage = undefined
})

function manifestPath(of: Rehearsal, generation: number): string {
  return join(of.custody, 'generations', String(generation), 'manifest.json')
}

/** Rewrites a manifest, canonical and consistent in itself, as a careful attacker would. */
function edit(of: Rehearsal, generation: number, change: (manifest: Manifest) => void): void {
  const manifest = JSON.parse(readFileSync(manifestPath(of, generation), 'utf8')) as Manifest
  change(manifest)
  writeFileSync(manifestPath(of, generation), manifestFile(manifest))
}

/** A key of the attacker's own. */
const ATTACKER = namesOf(spkiOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey))

const ALTERED = 'Fetch an untouched copy of the folder and find out who changed this one.'

test.each<[attack: string, change: (of: Rehearsal) => void, code: string, says: string]>([
  ['swapped successor', (of) => edit(of, 3, (manifest) => Object.assign(manifest, ATTACKER)), 'SUCCESSOR_UNTRUSTED', 'the successor in the folder (GENERATION 3) is not the one that the sheets seal: it was swapped'],
  [
    'swapped successor, and the manifest before it made to agree',
    (of) => {
      edit(of, 3, (manifest) => Object.assign(manifest, ATTACKER))
      edit(of, 2, (manifest) => (manifest.successor = { keyId: ATTACKER.keyId, spkiSha256: ATTACKER.spkiSha256 }))
    },
    'FOLDER_ALTERED',
    'the custody folder was altered: the sheets are sealed with another manifest-sha256, successor-spki-sha256 than manifest.json of generation 2 says',
  ],
  ['edited manifest: a region less to prove it dead in', (of) => edit(of, 2, (manifest) => manifest.regions.pop()), 'FOLDER_ALTERED', 'the custody folder was altered: the sheets are sealed with another manifest-sha256 than manifest.json of generation 2 says'],
  ['edited manifest: another commitment, so that true sheets look forged', (of) => edit(of, 2, (manifest) => { for (const share of manifest.shares) share.commitment = 'a'.repeat(64) }), 'FOLDER_ALTERED', 'the custody folder was altered: the sheets are sealed with another manifest-sha256 than manifest.json of generation 2 says'],
  ['edited manifest: another threshold', (of) => edit(of, 2, (manifest) => (manifest.threshold = 3)), 'FOLDER_ALTERED', 'the custody folder was altered: the sheets are sealed with another threshold, manifest-sha256 than manifest.json of generation 2 says'],
  [
    'edited rules, and the manifest made to agree',
    (of) => {
      const path = join(of.custody, 'generations/2/rules.json')
      const rules = JSON.parse(readFileSync(path, 'utf8')) as Rules
      rules.saasAdmin.maximumHours = 24
      writeFileSync(path, rulesFile(rules))
      edit(of, 2, (manifest) => (manifest.rulesSha256 = rulesDigest(rules)))
    },
    'FOLDER_ALTERED',
    'the custody folder was altered: the sheets are sealed with another manifest-sha256, rules-sha256 than manifest.json of generation 2 says',
  ],
])('%s', async (_, change, code, says) => {
  stage = await rehearsal()
  const before = stage.cloud.stateDigest()
  change(stage)
  const ended = await stage.run(stage.rotate())
  expect(ended.stderr).toContain(`${code}: ${says}`)
  // Where the key was opened it is exposed, alive and in use: 6, whatever the cause. Otherwise the evidence does not verify: 4.
  expect(ended.code).toBe(stage.journal().some((line) => line.type === 'key-live') ? 6 : 4)
  expect(stage.cloud.stateDigest()).toBe(before)
  // Not one request of the key was signed.
  expect(stage.journal().filter((line) => line.type === 'intent')).toEqual([])
})

test('edited rules alone are noticed before anybody opens a bag', async () => {
  stage = await rehearsal()
  const path = join(stage.custody, 'generations/2/rules.json')
  const rules = JSON.parse(readFileSync(path, 'utf8')) as Rules
  rules.saasAdmin.maximumHours = 24
  writeFileSync(path, rulesFile(rules))
  const ended = await stage.run(stage.saasAdmin(2, '--hours', '24'))
  expect(ended.stderr).toContain('FOLDER_ALTERED: rules.json is not what this generation was sealed with')
  expect(ended.code).toBe(4)
})

test('after the untouched folder is back, the key that was recombined for nothing is rotated under a fresh warrant', async () => {
  stage = await rehearsal()
  const whole = readFileSync(manifestPath(stage, 2))
  edit(stage, 2, (manifest) => manifest.regions.pop())
  expect((await stage.run(stage.rotate())).stderr).toContain(ALTERED)
  const status = await stage.run(['status', '--custody', stage.custody])
  expect(status.stdout).toContain('RED: session ')
  writeFileSync(manifestPath(stage, 2), whole)
  // Its warrant was drawn up from the altered folder: it names a region less, and cannot be followed.
  const resumed = await stage.run(['resume', '--custody', stage.custody, '--yes', ...stage.scans(2, 1, 2), ...stage.oci])
  expect(resumed.stderr).toMatch(/WARRANT_INVALID: the warrant of session .* no longer fits the custody folder \(successor GENERATION 3, regions eu-frankfurt-1\)\nThe key of GENERATION 2 IS ALIVE\. Rotate it under a fresh warrant: glasskey break rotate/)
  const rotated = await stage.run([...stage.rotate(), '--reader', 'AUDITOR', '--json'])
  expect(JSON.parse(rotated.stdout)).toMatchObject({ error: null, grade: 'proved', successor: { generation: 3 } })
  expect((await stage.run(['status', '--custody', stage.custody])).stdout).not.toContain('has not come to its end')
  expect(stage.listedKeys).toBe(1)
})
