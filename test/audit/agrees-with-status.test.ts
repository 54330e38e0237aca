/** What status says of a custody and what an audit finds in it: the same sessions are counted in the same way. */
import { cpSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { auditCustody } from '../../src/audit/audit.js'
import { standingOf } from '../../src/commands/status.js'
import type { Json } from '../../src/canonical.js'
import { readCustodyFolder } from '../../src/host/custody-folder.js'
import { places } from '../../src/host/sealed-folder.js'
import { copyOf, editManifest, expectRefused, forgeFolder, forgeRecords, manifestPath } from '../attacks/tamper.js'
import { rewrite } from './lived-custody.js'
import { rehearsal, withoutShares, type Rehearsal } from '../stage/rehearsal.js'

let stage: Rehearsal
afterEach(() => stage.close())

/** Red and yellow of `status`, as texts. */
function remarks(): string[] {
  return standingOf(readCustodyFolder(stage.custody)).remarks.map(({ text }) => text)
}

/** Result and finding of each control, by its code. Offline. */
async function audit(folder = stage.custody): Promise<Record<string, string>> {
  const { results } = await auditCustody({ folder, profile: null, cloud: { endpoints: {}, ca: null }, from: undefined, to: undefined, now: new Date() })
  return Object.fromEntries(results.map(({ code, result, finding }) => [code, `${result}: ${finding}`]))
}

test('bags of a generation that waits, brought to a session by mistake: what was read of them was seen', async () => {
  stage = await rehearsal()
  expectRefused(await stage.run([...withoutShares(stage.rotate()), ...stage.shares(3, 1, 2)]), 'QUORUM_NOT_REACHED', 5)
  expect(remarks()).toContain('GENERATION 3 is exposed: a quorum of its shares was seen; glasskey logbook add retired')
  expect(await audit()).toMatchObject({
    D02: 'fails: only 1 successor waiting, and there should be 2',
    D04: 'fails: a quorum of shares was seen of GENERATION 3, which was neither rotated nor retired',
  })
})

test('a rotation that was deferred and done by a later session: its key is not called alive for ever', async () => {
  stage = await rehearsal()
  expectRefused(await stage.run(stage.saasAdmin(2, '--defer-rotation')), 'KEY_NOT_PROVED_DEAD', 6)
  const deferred = stage.session
  expect(stage.listedKeys).toBe(1)
  expect(remarks()).toContain('GENERATION 2 was used and is not proved dead')
  expect(await audit()).toMatchObject({ R01: `fails: the key of GENERATION 2, used in session ${deferred}, is not proved dead` })

  // Everybody whose share was read consents to that very sentence: a quorum of others does not stand for it.
  const consents = async (change: (line: Record<string, Json>) => Record<string, Json> | null): Promise<string | undefined> => {
    const altered = copyOf(stage)
    const head = rewrite(places.journal(altered, deferred), (line) => (line['to'] === 'deferred-rotation' && line['custodian'] === 2 ? change(line) : line))
    rewrite(places.logbook(altered), (line) => (line['session'] === deferred ? { ...line, journalSha256: head } : line))
    return (await audit(altered))['C04']
  }
  expect(await consents((line) => line)).toBe(`holds: 1 rotation deferred: session ${deferred}, by 2 custodians' consent`)
  expect(await consents(() => null)).toBe(`fails: session ${deferred}: 1 of 2 custodians consented to deferring the rotation`)
  expect(await consents((line) => ({ ...line, custodian: 3 }))).toBe(`fails: session ${deferred}: custodian 2 released, and did not consent to deferring the rotation`)

  // What the advice to R01 says: that session has nothing left to resume.
  expect((await stage.run(['resume', '--session', deferred, '--custody', stage.custody, ...stage.oci])).stdout).toContain('Nothing is open')
  expect((await stage.run([...stage.rotate(), '--reader', 'AUDITOR'])).code).toBe(0)
  expect(remarks()).not.toContain('GENERATION 2 was used and is not proved dead')
  expect(await audit()).toMatchObject({ R01: `holds: 3 released keys, 3 proved dead; session ${deferred} left its key alive, and the later session ${stage.session} graded it proved` })
})

test('a key that signed nothing, because the folder contradicted its sheets: a missing signature is no forgery', async () => {
  stage = await rehearsal()
  const { custody } = stage
  const honest = copyOf(stage)
  editManifest(custody, 2, (manifest) => (manifest.created = '2026-01-01T00:00:00.000Z'))
  forgeFolder(custody)
  expectRefused(await stage.run(stage.rotate()), 'FOLDER_ALTERED', 6)
  const { session } = stage
  // The folder is put right around that session, and an administrator deletes the key: there is nothing left to sign.
  for (const place of ['generations', 'records']) {
    rmSync(join(custody, place), { recursive: true })
    cpSync(join(honest, place), join(custody, place), { recursive: true })
  }
  forgeRecords(custody)
  stage.cloud.happen({ event: 'delete-api-keys', userId: stage.cloud.seed.users.administrator })
  const { publicKeyPem } = JSON.parse(readFileSync(manifestPath(custody, 3), 'utf8')) as { publicKeyPem: string }
  stage.cloud.happen({ event: 'add-api-key', userId: stage.cloud.seed.users.administrator, publicKeyPem })
  await stage.run(['resume', '--session', session, '--custody', custody, '--reader', 'AUDITOR', ...stage.oci])
  expect((await stage.run(['logbook', 'verify', '--custody', custody])).stdout).toMatch(new RegExp(`^The logbook holds: \\d+ entries, 1 session with its last signature\\.\nNo last signature in ${session}: glasskey audit --profile compares that journal with OCI's log\\.\nHead `))
  expect(await audit()).toMatchObject({
    J04: `holds: 1 last signature verified with the keys of the manifests; none in ${session}: the key was burned before it might sign, so compare that journal with OCI's audit log`,
    R01: `holds: 2 released keys, 1 proved dead; weaker: session ${session} only listed-only`,
  })
})
