/** The disk goes at the worst moment, and the machine that has its lines goes after it: what is left is true, and enough to go on. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { readCustodyFolder } from '../../src/host/custody-folder.js'
import { releasing } from '../stage/flows.js'
import { assertAllWell, doAsTold } from '../stage/laws.js'
import { loseKeptLines } from '../stage/playing.js'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'

let stage: Rehearsal | undefined
afterEach(async () => {
  await stage?.close()
  stage = undefined
})

const sessionOf = (said: string): string => / --session (\S+)/.exec(said)?.[1] ?? ''

/** Runs a command whose disk goes once the `nth` line of this type was written; then the machine is lost, and there is another disk. */
async function lost(of: Rehearsal, args: string[], from: string, nth = 1): Promise<{ code: number; stderr: string }> {
  const mark = join(of.directory, 'the-disk-is-gone')
  const ended = await of.run(args, {}, { disk: { from, nth, error: 'ENOENT', folder: of.custody, mark } })
  rmSync(mark)
  loseKeptLines(ended)
  return ended
}

test('before the key is on record as live: it signs nothing', async () => {
  stage = await rehearsal({ speed: 8 })
  const { code, stderr } = await lost(stage, stage.rotate(), 'share-accepted', 2)
  expect(stderr).not.toContain('KEY LIVE')
  expect([code, stderr]).toEqual([6, expect.stringMatching(/^OUTCOME_UNKNOWN: session \S+ cannot be concluded: FILE_UNWRITABLE: /m)])
  const used = readCustodyFolder(stage.custody).generations.find(({ manifest }) => manifest.generation === 2)?.manifest.fingerprint ?? ''
  expect(stage.cloud.requests.filter(({ keyId }) => keyId?.endsWith(used))).toEqual([])
  expect(await doAsTold(stage)).toEqual([expect.stringMatching(/^glasskey resume: The session ended before the key of GENERATION 2 was live; 2 shares were seen\.\n/), expect.stringMatching(/^glasskey break rotate: /)])
  await assertAllWell(stage)
})

test('while shares are read: the one that was read is on record as soon as there is a disk, and no other is read', async () => {
  stage = await rehearsal({ speed: 8 })
  const mark = join(stage.directory, 'the-disk-is-gone')
  const { code, stderr } = await stage.run(stage.rotate(), {}, { disk: { from: 'exposing', error: 'EROFS', folder: stage.custody, mark } })
  expect(stderr).not.toMatch(/KEY LIVE|2 of 2/)
  expect([code, stderr]).toEqual([6, expect.stringMatching(/ --kept-lines \S+$/m)])
  rmSync(mark)
  const { code: resumed, stderr: said, stdout } = await stage.run(['resume', '--custody', stage.custody, '--session', sessionOf(stderr), '--kept-lines', / --kept-lines (\S+)$/m.exec(stderr)?.[1] ?? ''])
  expect([resumed, said, stdout]).toEqual([0, expect.stringMatching(/^\d+ lines are back in the journal; .+\nThe session ended before the key of GENERATION 2 was live; 1 share was seen\. Its entry in the logbook was missing\.\n/), expect.stringContaining('No key was live. 1 of the shares of GENERATION 2 was read and counts as seen. Close the bags again before a witness.')])
})

test('during the exit: the proof does not wait for the disk, and its lines come with the others', async () => {
  stage = await rehearsal({ speed: 8 })
  const mark = join(stage.directory, 'the-disk-fails')
  const ended = await stage.run(stage.rotate(), {}, { disk: { from: 'exit-began', error: 'EROFS', folder: stage.custody, mark } })
  expect([ended.code, ended.stderr]).toEqual([6, expect.stringMatching(/Proving it dead in .+\n[^]*is dead: refused-only\.[^]*^OUTCOME_UNKNOWN: .+ cannot be concluded: [^]* --kept-lines \S+$/m)])
  rmSync(mark)
  const asked = stage.cloud.requests.length
  expect(await doAsTold(stage, ended)).toHaveLength(1)
  expect(stage.cloud.requests.slice(asked).filter(({ keyId }) => keyId !== null && !keyId.includes('AUDITOR')).map(({ method, path }) => `${method} ${path}`)).toEqual([])
  await assertAllWell(stage)
})

test('with the key live, before the action: nothing is changed but the key, and nobody is told that it was', async () => {
  stage = await rehearsal({ speed: 8 })
  const { code, stderr } = await lost(stage, releasing.args(stage), 'key-live')
  expect(stderr).toMatch(/The action failed: "enable SAAS_ADMIN" was not asked for: nothing can be written at \S+\/journal\.jsonl \(ENOENT: .+\)\.$/m)
  expect([code, stderr]).toEqual([6, expect.stringMatching(/The used key [0-9a-f]{16} is deleted\./)])
  expect(stage.cloud.requests.filter(({ path }) => path.includes('configureSaasAdminUser'))).toEqual([])
  expect(await doAsTold(stage)).toHaveLength(1)
  await assertAllWell(stage, { linesLost: true })
})
