/** The rules of a generation are widened in the folder: no warrant is drawn up, and where the manifest was made to agree, nothing is signed. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { rulesDigest } from '../../src/custody/rules.js'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'
import { copyOf, editManifest, editRules, expectRefused, forgeFolder, onFolder } from './tamper.js'

let stage: Rehearsal
beforeAll(async () => {
  stage = await rehearsal()
})
afterAll(() => stage.close())

test('edited rules alone are noticed before anybody opens a bag', async () => {
  const custody = copyOf(stage)
  editRules(custody, 2, (rules) => (rules.saasAdmin.maximumHours = 24))
  const ended = await stage.run(onFolder(stage, stage.saasAdmin(2, '--hours', '24'), custody))
  expectRefused(ended, 'FOLDER_ALTERED', 4)
  expect(ended.stderr).toContain('FOLDER_ALTERED: rules.json is not what this generation was sealed with')
  expect(stage.cloud.requests).toEqual([])
})

test('what the sealed rules do not allow is no warrant', async () => {
  const ended = await stage.run(stage.saasAdmin(2, '--hours', '24'))
  expectRefused(ended, 'RULES_REFUSED', 3)
  expect(ended.stderr).toContain('SAAS_ADMIN may be enabled for at most 4 h; this warrant asks for 24 h')
  expect(stage.cloud.requests).toEqual([])
})

function widened(): string {
  const custody = copyOf(stage)
  const rules = editRules(custody, 2, (found) => (found.saasAdmin.maximumHours = 24))
  editManifest(custody, 2, (manifest) => (manifest.rulesSha256 = rulesDigest(rules)))
  return custody
}

test('edited rules, and the manifest made to agree: the next manifest names another', async () => {
  expectRefused(await stage.run(onFolder(stage, stage.saasAdmin(2, '--hours', '24'), widened())), 'FOLDER_ALTERED', 4)
  expect(stage.cloud.requests).toEqual([])
})

test('edited rules, and all that tells of them made to agree: the sheets seal both', async () => {
  const before = stage.cloud.stateDigest()
  const custody = widened()
  forgeFolder(custody)
  const ended = await stage.run(onFolder(stage, stage.saasAdmin(2, '--hours', '24'), custody))
  expectRefused(ended, 'FOLDER_ALTERED', 6)
  expect(ended.stderr).toContain('the custody folder was altered: the sheets are sealed with another manifest-sha256, rules-sha256 than manifest.json of generation 2 says')
  expect(stage.cloud.stateDigest()).toBe(before)
  expect(stage.cloud.requests.filter(({ keyId }) => keyId !== null)).toEqual([])
})
