/** Custodians elsewhere, where more is asked of them than a release: to finish a session, to confirm a successor, to leave a used key alive. */
import { mkdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { FINISHES } from '../../src/breakglass/send-share.js'
import { bagWords } from '../../src/custody/words.js'
import { readCustodyFolder } from '../../src/host/custody-folder.js'
import { send, waiting, type Waiting } from '../stage/from-elsewhere.js'
import { loseStrongroom } from '../stage/playing.js'
import { rare } from '../stage/rare.js'
import { rehearsal, type Rehearsal, withoutShares } from '../stage/rehearsal.js'

let stage: Rehearsal
afterEach(() => stage.close())

/** Each of these custodians sends a message to the file that bears the number. */
async function sendAll(session: Waiting, custodians: readonly number[], ...more: string[]): Promise<void> {
  for (const custodian of custodians) {
    const { code, stderr } = await send(stage, session, custodian, 2, '--out', join(stage.directory, String(custodian)), ...more)
    expect(code, stderr).toBe(0)
  }
}

const consents = (): unknown[] => stage.journal().flatMap((line) => (line.type === 'consented' ? [[line.custodian, line.to, line.how]] : []))

test('a session whose strongroom died with the key live is finished by two custodians, neither of them at the machine', async () => {
  stage = await rehearsal({ speed: 4 })
  expect((await loseStrongroom(stage)).code).toBe(6)
  const session = await waiting(stage, ['resume', '--custody', stage.custody, '--yes', '--reader', 'AUDITOR', ...stage.oci], ['1', '3'])
  // The warrant may end while they are asked: a key to finish with has no end.
  expect((await send(stage, session, 1, 2, '--out', join(stage.directory, '1'))).stderr).toContain(FINISHES)
  await sendAll(session, [3])
  const { code, stderr } = await session.ended
  expect(code, stderr).toBe(0)
  expect(consents().slice(-2)).toEqual([[1, 'warrant', 'remote message'], [3, 'warrant', 'remote message']])
  expect(stage.journal().at(-1)).toMatchObject({ type: 'closed', exitCode: 0 })
  expect(stage.listedKeys).toBe(1)
})

rare('the same an hour later, when the warrant is over: custodians are told that only the exit is signed, and send all the same', async () => {
  stage = await rehearsal({ speed: 4 })
  expect((await loseStrongroom(stage)).code).toBe(6)
  const hour = 3_600_000
  // Time that runs faster since an earlier moment is further.
  stage.time.start -= hour / (stage.time.speed - 1)
  stage.cloud.advance(hour)
  const session = await waiting(stage, ['resume', '--custody', stage.custody, '--yes', '--reader', 'AUDITOR', ...stage.oci], ['1', '3'])
  const first = await send(stage, session, 1, 2, '--out', join(stage.directory, '1'))
  expect(first.stderr).toContain(FINISHES)
  await sendAll(session, [3])
  const { code, stderr } = await session.ended
  expect(code, stderr).toBe(0)
  expect(stage.journal().at(-1)).toMatchObject({ type: 'closed', exitCode: 0 })
})

rare('of three who are asked, the first never answers, the file of the second is no message, that of the third an old one: what these two bring then makes the quorum', async () => {
  stage = await rehearsal({ speed: 4 })
  mkdirSync(join(stage.directory, '2'))
  writeFileSync(join(stage.directory, '3'), '-----BEGIN PGP MESSAGE-----\n\nof another session\n-----END PGP MESSAGE-----\n')
  const session = await waiting(stage, withoutShares(stage.rotate()), ['1', '2', '3'])
  await session.said(`FILE_UNREADABLE: the message is not a file: ${join(stage.directory, '2')}`)
  rmdirSync(join(stage.directory, '2'))
  await sendAll(session, [2])
  await session.said(`${join(stage.directory, '3')}: REMOTE_REFUSED: `)
  rmSync(join(stage.directory, '3'))
  await sendAll(session, [3])
  const { code, stderr } = await session.ended
  expect(code, stderr).toBe(0)
  expect(stderr).toContain(`Waiting for the message ${join(stage.directory, '1')}; Ctrl-C gives it up …`)
  expect(stderr).toContain(`FILE_UNREADABLE: the message is not a file: ${join(stage.directory, '2')}. Waiting; Ctrl-C gives it up …`)
  expect(stderr).toContain(`${join(stage.directory, '3')}: REMOTE_REFUSED: `)
  expect(consents()).toEqual([[2, 'warrant', 'remote message'], [3, 'warrant', 'remote message']])
})

test('a successor that the sheets do not seal: each confirms it by the words on the bag at home; other words send nothing', async () => {
  stage = await rehearsal({ speed: 4 })
  await stage.run(['logbook', 'add', 'retired', '--custody', stage.custody, '--set', 'generation=3', '--set', 'reason=bag opened'])
  const session = await waiting(stage, [...withoutShares(stage.rotate()), '--to', '4'], ['1', '2'])
  const [, , third, fourth] = readCustodyFolder(stage.custody).generations.map(({ manifest }) => bagWords(manifest.spkiSha256))
  const wrong = await send(stage, session, 1, 2, '--bag-words', third ?? '')
  expect([wrong.code, wrong.stdout]).toEqual([3, ''])
  expect(wrong.stderr).toContain('the bag and the warrant name different successors')
  await sendAll(session, [1, 2], '--bag-words', fourth ?? '')
  const { code, stderr } = await session.ended
  expect(code, stderr).toBe(0)
  expect(consents()).toEqual([1, 2].flatMap((custodian) => [[custodian, 'warrant', 'remote message'], [custodian, 'successor', 'remote message']]))
})

test('a rotation that is deferred: each consents to leave the used key alive, and the session says so in the end', async () => {
  stage = await rehearsal({ speed: 4 })
  for (const generation of [3, 4]) await stage.run(['logbook', 'add', 'retired', '--custody', stage.custody, '--set', `generation=${generation}`, '--set', 'reason=bags opened'])
  const session = await waiting(stage, withoutShares(stage.saasAdmin(2, '--defer-rotation')), ['2', '3'])
  await sendAll(session, [2, 3])
  const { code, stderr } = await session.ended
  expect(code, stderr).toBe(6)
  expect(stderr).toContain('glasskey break rotate')
  expect(consents()).toEqual([2, 3].flatMap((custodian) => [[custodian, 'warrant', 'remote message'], [custodian, 'deferred-rotation', 'remote message']]))
  expect(stage.listedKeys).toBe(1)
})
