/** A generation's envelope is replaced by another's: it does not open, and with page 2 of the sheets the true one is read from paper. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sha256Hex } from '../../src/canonical.js'
import { openSheets } from '../../src/ceremony/recover.js'
import { checkManifest, openWithSecret } from '../../src/custody/envelope.js'
import { parseShareText } from '../../src/custody/share-text.js'
import { rehearsal, type Rehearsal, withoutShares } from '../stage/rehearsal.js'
import { envelopeOf, manifestOf, sealSecretOf, secretsOf } from '../vectors/frozen.js'
import { refusal, refusalOf } from '../vectors/refusal.js'
import { copyOf, editManifest, expectRefused, onFolder } from './tamper.js'

let stage: Rehearsal
beforeAll(async () => {
  stage = await rehearsal()
})
afterAll(() => stage.close())

test.each([1, 3])('of GENERATION %i, with the manifest made to agree: typed shares of GENERATION 2 do not open it, and no key is live', async (other) => {
  const before = stage.cloud.stateDigest()
  const custody = copyOf(stage)
  copyFileSync(join(custody, `generations/${other}/envelope.pgp`), join(custody, 'generations/2/envelope.pgp'))
  editManifest(custody, 2, (manifest) => (manifest.envelopeSha256 = sha256Hex(readFileSync(join(custody, 'generations/2/envelope.pgp')))))
  const typed = join(stage.directory, `typed-${other}.txt`)
  writeFileSync(typed, [await stage.shareText(2, 1), await stage.shareText(2, 2)].join('\n'))
  const ended = await stage.run([...onFolder(stage, withoutShares(stage.rotate()), custody), '--share-file', typed])
  expectRefused(ended, 'ENVELOPE_INVALID', 4)
  expect(ended.stderr).not.toContain('KEY LIVE')
  expect(stage.cloud.stateDigest()).toBe(before)
  expect(stage.cloud.requests.filter(({ keyId }) => keyId !== null)).toEqual([])
})

test('an attacker who had its secret could still not pass it off: the header names its key and seals its manifest', async () => {
  const { header } = await openWithSecret(envelopeOf(1), sealSecretOf(1))
  expect(refusal(() => checkManifest(header, manifestOf(2)))).toMatchObject({ code: 'FOLDER_ALTERED' })
  const shares = secretsOf(1).shareTexts.map((text) => ({ ...parseShareText(text), keyId: manifestOf(2).keyId }))
  expect(await refusalOf(() => openSheets({ shares, parts: [] }, envelopeOf(1)))).toMatchObject({ code: 'ENVELOPE_INVALID', message: 'the envelope is not of the key that the shares name' })
})
