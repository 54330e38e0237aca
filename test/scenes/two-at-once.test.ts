/** Two sessions on one folder, and two copies of one folder: the second is told, by name, and nobody is locked out. */
import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { places } from '../../src/host/sealed-folder.js'
import { roomsUnder } from '../isolation/memory.js'
import { assertAllWell } from '../stage/laws.js'
import { loseStrongroom, play } from '../stage/playing.js'
import { rare } from '../stage/rare.js'
import { rehearsal, type Rehearsal, withoutShares } from '../stage/rehearsal.js'

let stage: Rehearsal | undefined
afterEach(async () => {
  await stage?.close()
  stage = undefined
})

test('a second session is refused with the owner and since when; reading goes on; a dead owner is succeeded', async () => {
  stage = await rehearsal({ speed: 4 })
  const { custody, oci } = stage
  const first = play(stage, [...withoutShares(stage.rotate()), '--share-file', '-'])
  await first.until('about to be read')
  // A rotation has nothing for the SDK to marshal: its process is not even there.
  expect(Object.keys(roomsUnder(first.desk)).sort()).toEqual(['desk', 'strongroom'])
  const [second, status, check, list] = await Promise.all([
    stage.run(stage.rotate()),
    stage.run(['status', '--custody', custody]),
    stage.run(['check', '--custody', custody, ...oci]),
    stage.run(['logbook', 'list', '--custody', custody]),
  ])
  expect(second.stderr).toMatch(new RegExp(`^CUSTODY_LOCKED: this custody folder is in use: break rotate by process ${first.desk} on \\S+, for \\d+ s\\nWait for it, or find out what it is doing\\. If that machine is gone for good, is this one and was started again since, or nothing of glasskey runs there any more: rm \\S+, then glasskey resume --custody ${stage.custody}\\n$`))
  expect([second.code, status.code, list.code]).toEqual([3, 0, 0])
  expect(status.stdout).toContain('In use: GENERATION 2')
  expect(status.stdout, 'what runs is not resumed').toMatch(new RegExp(`^Next: nothing here; this folder is in use: break rotate by process ${first.desk} on \\S+, for \\d+ s\\.$`, 'm'))
  expect([check.code, check.stdout]).toEqual([3, expect.stringContaining('STOP  custody: session ')])
  first.signal('SIGKILL')
  await first.ended
  const after = await stage.run(['resume', '--custody', custody, '--yes', '--json', ...oci])
  expect([after.code, JSON.parse(after.stdout)]).toMatchObject([0, { error: null, grade: null }])
})

/** A session in one copy of the folder, and then B: the other, which knows nothing of it. */
async function behind(during: Rehearsal): Promise<string> {
  const other = join(during.directory, 'copy')
  cpSync(during.custody, other, { recursive: true })
  expect((await during.run([...during.rotate(), '--reader', 'AUDITOR'])).code).toBe(0)
  return other
}

const inCopy = (args: readonly string[], { custody }: Rehearsal, copy: string): string[] => args.map((word) => (word === custody ? copy : word))

rare('a copy that is behind, without one: the key is refused, that is named, and the records can be put together', async () => {
  stage = await rehearsal({ speed: 24 })
  const copy = await behind(stage)
  const ended = await stage.run(inCopy([...stage.saasAdmin(), '--json'], stage, copy))
  expect(JSON.parse(ended.stdout)).toMatchObject({
    error: { code: 'KEY_NOT_PROVED_DEAD', message: expect.stringMatching(/^OCI never accepted the key of GENERATION 2 in this session, and nothing was changed\. .*it was rotated from another copy of this custody folder; or its user is blocked$/) as string },
    grade: 'unproved',
    actionResult: 'failed',
  })
  expect(ended.code).toBe(6)
  expect(ended.stderr).toContain('NOT PROVED DEAD')
  expect(stage.listedKeys).toBe(1)

  // Somebody with a login looks, and the copy knows what is true.
  const resumed = await stage.run(['resume', '--custody', copy, '--reader', 'AUDITOR', '--json', ...stage.oci])
  expect([resumed.code, JSON.parse(resumed.stdout)]).toMatchObject([0, { error: null, grade: 'listed-only', successor: { generation: 3 } }])
  const { stdout: status } = await stage.run(['status', '--custody', copy])
  expect(status).toContain('In use: GENERATION 3')
  expect(status, 'it did not install it').toContain('GENERATION 3 is in OCI, and no session of this folder installed it: another copy of the folder has a newer record; find it, and use that one')

  // Put together: the copy that is ahead, and the session that it does not have.
  const sessions = (folder: string): string[] => readdirSync(join(folder, 'sessions'))
  const [missing = ''] = sessions(copy).filter((name) => !sessions(stage?.custody ?? '').includes(name))
  cpSync(join(copy, 'sessions', missing), join(stage.custody, 'sessions', missing), { recursive: true })
  const verified = await stage.run(['logbook', 'verify', '--custody', stage.custody])
  expect([verified.code, verified.stderr]).toEqual([4, `CHAIN_BROKEN: session ${missing} has no entry in the logbook\nEither glasskey was stopped just before it wrote one, or the logbook was altered: compare it with the paper book. Then: glasskey resume --custody ${stage.custody} --session ${missing}\n`])
  const together = await stage.run(['resume', '--custody', stage.custody, '--session', missing, '--reader', 'AUDITOR', ...stage.oci])
  expect([together.code, together.stderr]).toEqual([0, 'The session had come to its end. Its entry in the logbook was missing.\n'])
  await assertAllWell(stage)
})

test('the newest copy is lost, and so are the sheets that this one calls in use: it goes on with the key that OCI has', async () => {
  stage = await rehearsal({ speed: 4 })
  const copy = await behind(stage)
  // No bag is opened, and it is said why.
  const ended = await stage.run(inCopy([...stage.rotate(), '--reader', 'AUDITOR'], stage, copy))
  expect(ended.stderr).toContain(`TENANCY_UNFIT: GENERATION 2: is not in the key list, and GENERATION 3 is. Another copy of this custody folder most likely has a newer record: find it, and use that one\nNo bag was opened. If that copy is lost for good, this one goes on: this command with --generation 3, and sheets of that generation. If too few of those are left: glasskey logbook add lost for the sheets of the generation that this record has in use, so that too few are left; then glasskey takeover with a new bootstrap key.\n`)
  expect(ended.code).toBe(3)
  // Deferring is for a home region that does not answer, and for nothing else that stops.
  const deferred = await stage.run(inCopy([...stage.saasAdmin(2, '--defer-rotation'), '--reader', 'AUDITOR'], stage, copy))
  expect([deferred.code, deferred.stderr]).toEqual([3, expect.stringContaining('TENANCY_UNFIT: GENERATION 2: is not in the key list, and GENERATION 3 is.')])
  expect(readdirSync(join(copy, 'sessions'))).toEqual(readdirSync(join(stage.custody, 'sessions')).slice(0, -1))

  rmSync(stage.custody, { recursive: true })
  const goOn = (generation: number, ...more: string[]): string[] => [...inCopy((stage as Rehearsal).rotate(generation), stage as Rehearsal, copy), '--generation', String(generation), ...more]
  // Another number than OCI has: no bag is opened.
  const other = await stage.run([...inCopy(stage.saasAdmin(4, '--defer-rotation'), stage, copy), '--generation', '4', '--reader', 'AUDITOR'])
  expect([other.code, other.stderr]).toEqual([3, expect.stringContaining('TENANCY_UNFIT: GENERATION 4: is not in the key list, and GENERATION 3 is.')])
  const before = await stage.run(goOn(1))
  expect([before.code, before.stderr]).toEqual([3, expect.stringContaining('GENERATION_NOT_IN_USE: GENERATION 2 is in use, and 1 was before it')])

  const rotated = await stage.run(goOn(3, '--reader', 'AUDITOR', '--json'))
  expect(rotated.stderr).toContain('note  GENERATION 3: is used because you say so: this copy of the folder has GENERATION 2 in use\n')
  expect([rotated.code, JSON.parse(rotated.stdout)]).toMatchObject([0, { error: null, grade: 'proved', successor: { generation: 4 } }])
  const { stdout: status } = await stage.run(['status', '--custody', copy])
  expect(status).toContain('In use: GENERATION 4')
  // Installed, and gone: whatever the lost copy did with it, its sheets may go.
  const destroyed = await stage.run(['logbook', 'add', 'destroyed', '--custody', copy, ...['generation=2', 'custodian=1', 'copies=1', 'method=shredded', 'witness=Emmy Noether'].flatMap((set) => ['--set', set])])
  expect([destroyed.code, destroyed.stderr]).toEqual([0, ''])
  // The auditor finds the used keys gone and the right one there: but for successors, all holds.
  const audit = await stage.run(['audit', '--custody', copy, '--auditor', 'Ada Lovelace', '--profile', 'AUDITOR', '--json', ...stage.oci])
  const { controls } = JSON.parse(audit.stdout) as { controls: { code: string; result: string; finding: string }[] }
  expect(controls.filter(({ result }) => result === 'fails').map(({ code, finding }) => `${code} ${finding}`)).toEqual(['D02 only 0 successors waiting, and there should be 2'])
})

rare('nobody can read the key list: people name the key, a wrong one is red and keeps nobody out, and the right one does what it is for', async () => {
  stage = await rehearsal({ speed: 16 })
  const copy = await behind(stage)
  const inThis = (args: string[], ...more: string[]): string[] => [...inCopy(args, stage as Rehearsal, copy), ...more]
  const first = await stage.run(inThis(stage.saasAdmin(2)))
  expect([first.code, first.stderr]).toEqual([6, expect.stringContaining('If nobody can, and that copy is lost for good: begin again with --generation N, the one that the paper book names last')])
  const wrong = await stage.run(inThis(stage.saasAdmin(4, '--defer-rotation'), '--generation', '4'))
  expect([wrong.code, wrong.stderr]).toEqual([6, expect.stringContaining('OCI never accepted the key of GENERATION 4')])
  expect(wrong.stderr).toContain('Nobody looks whether OCI has it (--reader PROFILE would): if it has not, its sheets are read for nothing')
  const again = await stage.run(inThis(stage.saasAdmin(4, '--defer-rotation'), '--generation', '4'))
  expect([again.code, again.stderr]).toEqual([3, expect.stringContaining('GENERATION_NOT_IN_USE: GENERATION 4 was used already')])

  // Two sessions are open, and OCI never knew their keys: the action is done all the same. GENERATION 4 is spoiled, so that none waits.
  const done = await stage.run(inThis(stage.saasAdmin(3, '--defer-rotation'), '--generation', '3', '--json'))
  expect([done.code, JSON.parse(done.stdout)]).toMatchObject([6, { actionResult: 'done', grade: 'unproved' }])
  expect((await stage.run(['status', '--custody', copy])).stdout).toContain('In use: GENERATION 3')
  // Whoever can look finds that those two are not in OCI, and says nothing of a way in that is there.
  for (const session of readdirSync(join(copy, 'sessions')).slice(-3, -1)) {
    const resumed = await stage.run(['resume', '--custody', copy, '--session', session, '--reader', 'AUDITOR', '--json', ...stage.oci])
    expect([resumed.code, JSON.parse(resumed.stdout)], resumed.stderr).toMatchObject([6, { grade: 'listed-only', error: { message: 'the key of GENERATION 3, which an earlier session used, is not proved dead' } }])
  }
  expect((await stage.run(['status', '--custody', copy])).stdout).toContain('In use: GENERATION 3')
})

test('the lock of a machine that lost its power with the key live: status does not call that at work, and says what comes first', async () => {
  stage = await rehearsal({ speed: 8 })
  expect((await loseStrongroom(stage)).code).toBe(6)
  const lock = places.lock(stage.custody)
  writeFileSync(lock, JSON.stringify({ what: 'break rotate', since: '2026-11-20T04:00:00.000Z', host: 'vm', machine: '0'.repeat(16), pid: 6499, began: '1', boot: '00000000-0000-4000-8000-000000000000', pids: null }) + '\n')
  const { stdout } = await stage.run(['status', '--custody', stage.custody])
  expect(stdout).toMatch(/^RED: session \S+ has not come to its end: the key of GENERATION 2 may be alive$/m)
  expect(stdout).toMatch(new RegExp(`^Next: if break rotate by process 6499 on vm, .+, is not at work any more: rm ${lock}, then glasskey resume --custody ${stage.custody} --session ${stage.session}`, 'm'))
})
