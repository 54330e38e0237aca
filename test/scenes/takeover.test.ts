/** The takeover where things are not as they should be: measured and stopped, or finished in a second run. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { standingOf } from '../../src/commands/status.js'
import { readCustodyFolder } from '../../src/host/custody-folder.js'
import { nextIn } from '../../src/host/printed-command.js'
import type { Simulator } from '../../src/simulator/simulator.js'
import type { Ended } from '../stage/command-line.js'
import { livingKeys } from '../stage/cloud-truth.js'
import { assertAllWell, doAsTold } from '../stage/laws.js'
import { loseStrongroom } from '../stage/playing.js'
import { isShort, rare } from '../stage/rare.js'
import { rehearsal, type Rehearsal, type Staging, withoutShares } from '../stage/rehearsal.js'

let stage: Rehearsal
afterEach(() => stage.close())

/** After the ceremony. Proofs take a while in plain time. */
async function begin(options: Staging = {}): Promise<Simulator> {
  stage = await rehearsal({ after: 'sealed', speed: 4, ...options })
  return stage.cloud
}

/** `more`: a reader, where one is lent. */
const takeover = (generation: number, ...more: string[]): Promise<Ended> => stage.run([...stage.takeover(generation).filter((word) => word !== '--reader' && word !== 'AUDITOR'), ...more])

/** Fingerprints that the administrator has. */
function keysOf(of: Simulator): string[] {
  return of.tenancy.identity.apiKeys.filter((key) => key.userId === of.seed.users.administrator && key.timeDeleted === null).map((key) => key.fingerprint).sort()
}

test('where a key may not delete itself: exit 3, the remover explained, and the user as it was', async () => {
  const of = await begin({ beliefs: { selfDeletion: '404 NotAuthorizedOrNotFound' } })
  const [keys, digest] = [keysOf(of), of.stateDigest()]
  const { code, stdout, stderr } = await takeover(1)
  expect(stdout).toContain(`Next, once what is named above is mended: glasskey takeover --custody ${stage.custody} …`)
  expect(stderr).toMatch(/SELF_DELETION_REFUSED: OCI does not let a key delete itself \(it answered \d+\), so no released key could be revoked by the tool alone\nSet up a remover: /)
  expect(code).toBe(3)

  const itself = await takeover(1, '--remover', 'BOOTSTRAP')
  expect([itself.code, itself.stderr]).toEqual([2, expect.stringContaining('USAGE: the remover BOOTSTRAP is the user of this custody itself: none of its keys but the successor outlives the session\nName the profile of another user')])
  const powerless = await takeover(1, '--remover', 'AUDITOR')
  expect([powerless.code, powerless.stderr]).toEqual([3, expect.stringMatching(/^TENANCY_UNFIT: OCI lets no key delete itself here, and the remover AUDITOR may not delete it either: OCI answered 404\nA released key would stay alive\. Give it the policy in docs\/first-real-tenancy\.md/m)])
  expect(keysOf(of)).toEqual(keys)
  expect(of.stateDigest()).toBe(digest)
})

test('a first generation that too few sheets can open is passed over; status says so before', async () => {
  const of = await begin()
  for (const custodian of [1, 2]) expect((await stage.run(['logbook', 'add', 'lost', '--custody', stage.custody, ...[`custodian=${custodian}`, 'copy=1', 'generations=1', 'witness=Security desk'].flatMap((set) => ['--set', set])])).code).toBe(0)
  expect((await stage.run(['status', '--custody', stage.custody])).stdout).toContain('GENERATION 1 waits and can no longer be recombined, too many sheets are gone: it is passed over')
  const taken = await takeover(2, '--reader', 'AUDITOR', '--json')
  expect(taken.stderr).toMatch(/note {2}key slots: \d API keys are there already\. The takeover asks before it deletes each; but if it stops before, its exit deletes the last of them/)
  expect([taken.code, JSON.parse(taken.stdout)]).toMatchObject([0, { error: null, generation: 2, successor: { generation: 3 } }])
  expect(keysOf(of)).toHaveLength(1)
  await assertAllWell(stage)
})

test.each([...(isShort ? [] : [['once', 1, 0] as const]), ['three times', 3, 6] as const])('OCI is busy %s when a key is to delete itself: that says nothing about whether it may', async (_, count, expected) => {
  const of = await begin()
  const keys = keysOf(of)
  of.armFault({ match: { path: '*/apiKeys/*', method: 'DELETE' }, count, action: { do: 'answer', status: 503, body: '{"code":"ServiceUnavailable","message":"later"}' } })
  const { code, stderr } = await takeover(1, '--reader', 'AUDITOR')
  expect(stderr).not.toContain('SELF_DELETION_REFUSED')
  expect(code, stderr).toBe(expected)
  if (expected === 0) expect(stage.journal().find(({ type }) => type === 'measured')).toMatchObject({ selfDeletion: 'accepted' })
  else {
    expect(stderr).toContain('OUTCOME_UNKNOWN: ')
    expect(stage.journal().some(({ type }) => type === 'measured')).toBe(false)
    of.clearFaults()
    expect((await takeover(1, '--reader', 'AUDITOR')).code).toBe(0)
  }
  expect(keysOf(of).length).toBeLessThanOrEqual(keys.length)
})

test('a takeover that stopped half-way rotates, is not called done, and is finished by a second run', async () => {
  const of = await begin()
  of.armFault({ match: { path: '*UserPasswordChanger*' }, action: { do: 'answer', status: 503, body: '{"code":"ServiceUnavailable","message":"later"}' } })
  const first = await takeover(1, '--reader', 'AUDITOR', '--json')
  expect(JSON.parse(first.stdout)).toMatchObject({ error: { code: 'OCI_REFUSED' }, grade: 'proved', actionResult: 'failed', successor: { generation: 2 } })
  expect(first.code).toBe(3)
  expect(keysOf(of)).toHaveLength(1)

  // The bootstrap key is gone, and its file perhaps destroyed: no profile of it is asked for.
  const withoutProfile = (generation: number, ...more: string[]): Promise<Ended> => stage.run([...stage.takeover(generation).filter((word) => !['--profile', 'BOOTSTRAP', '--reader', 'AUDITOR'].includes(word)), ...more])
  const blind = await withoutProfile(2)
  expect([blind.code, blind.stderr]).toEqual([3, expect.stringContaining('TENANCY_UNFIT: the takeover stopped half-way: GENERATION 2 is in use, and other ways in may still be open')])

  const second = await withoutProfile(2, '--reader', 'AUDITOR', '--json')
  expect(second.stderr).toContain('The bootstrap key is deleted in OCI. Destroy its file too.')
  expect(JSON.parse(second.stdout)).toMatchObject({ error: null, bootstrapKeyFile: null, grade: 'proved', actionResult: 'done', actionDetail: 'API keys are the only way in; no other credential is left', successor: { generation: 3 } })
  expect((await takeover(3, '--reader', 'AUDITOR')).stdout).toContain('Nothing is left to take over:')
})

rare('stopped by the deletion of a stranger\'s key, never answered: said so, open in the audit, and settled by the second run', async () => {
  stage = await rehearsal({ after: 'sealed', speed: 8 })
  stage.cloud.armFault({ match: { path: '*/apiKeys/*', method: 'DELETE' }, after: 1, action: { do: 'reset', when: 'after' } })
  const first = await stage.run(stage.takeover())
  const rule = 'exit: delete a key that is not to be there'
  const next = `glasskey takeover --custody ${stage.custody} …`
  expect(first.stdout).toContain(`THE TAKEOVER IS NOT FINISHED: other ways in than the API key may be open. Now: ${next} (a quorum of GENERATION 2)`)
  expect(first.stdout).not.toContain('plan the next ceremony')
  const [session = ''] = readdirSync(join(stage.custody, 'sessions'))
  const unheard = stage.journal().find((line) => line.type === 'intent' && line.rule === rule)
  expect(await actionFindings(stage)).toEqual([`session ${session}, line ${String(unheard?.seq)}: no answer is known to "${rule}"`])

  const second = await stage.run(stage.takeover(2))
  expect([second.code, second.stderr]).toEqual([0, expect.stringContaining('is dead: proved.')])
  expect(await actionFindings(stage)).toEqual([])
})

rare('a generation that was installed, then exposed and retired leaves OCI before the next one comes, though all slots are full', async () => {
  stage = await rehearsal({ after: 'sealed', speed: 8 })
  const alone = (custodian: number): string[] => [...withoutShares(stage.takeover()), ...(stage.shares(1, custodian))]
  for (const custodian of [1, 2]) {
    const { code, stdout } = await stage.run(alone(custodian))
    expect([code, stdout]).toEqual([5, expect.stringContaining(`1 of the shares of GENERATION 1 was read and counts as seen. Close the bags again before a witness.`)])
  }
  expect(stage.listedKeys).toBe(3)
  expect((await stage.run(['logbook', 'add', 'retired', '--custody', stage.custody, '--set', 'generation=1', '--set', 'reason=exposed before its takeover'])).code).toBe(0)
  expect((await stage.run(['status', '--custody', stage.custody])).stdout).toContain('a takeover that stopped had installed GENERATION 1, which nobody is to use, and so far as this record knows OCI has its key: glasskey takeover deletes it')

  const { code, stderr } = await stage.run(stage.takeover(2))
  expect([code, stderr]).toEqual([0, expect.stringContaining('Asking OCI: remove GENERATION 1 of an earlier attempt (DELETE ')])
  expect(livingKeys(stage).map(({ generation }) => generation)).toEqual([3])
  expect(await doAsTold(stage)).toEqual([])
  await assertAllWell(stage)
})

test('a disk that is full while OCI is measured: named, no share read, and finished when there is room again', async () => {
  stage = await rehearsal({ after: 'sealed', speed: 8 })
  const { custody, directory } = stage
  const mark = join(directory, 'the-disk-fails')
  const { code, stderr } = await stage.run(stage.takeover(), {}, { disk: { from: 'intent', error: 'ENOSPC', folder: custody, mark } })
  const [session = ''] = readdirSync(join(custody, 'sessions'))
  expect(stderr).toMatch(new RegExp(`^OUTCOME_UNKNOWN: session ${session} cannot be concluded: FILE_UNWRITABLE: nothing can be written at \\S*${custody}\\S+ \\(ENOSPC: the disk fails, .+\\)\\. The lines of its journal that are missing, \\d+, are kept in \\S+\n(Check .+\\. )?Mend that before this machine is switched off; no share was read, and the bootstrap key is still the way in \\(OCI answered 200 to "measure: upload a throw-away key", and that is not on record: .+\\)\\. Then: glasskey resume --custody \\S+ --session ${session} --kept-lines \\S+$`, 'm'))
  expect(stderr).not.toContain('about to be read')
  expect(code).toBe(6)
  rmSync(mark)
  expect(await doAsTold(stage)).toEqual([expect.stringMatching(/^glasskey resume/), expect.stringMatching(/^glasskey takeover: /)])
  await assertAllWell(stage)
})

/** What the audit finds of actions. */
async function actionFindings(of: Rehearsal): Promise<string[]> {
  const { stdout } = await of.run(['audit', '--custody', of.custody, '--profile', 'AUDITOR', '--json', ...of.oci])
  const { controls } = JSON.parse(stdout) as { controls: { code: string; result: string; finding: string }[] }
  return controls.filter(({ code, result }) => code.startsWith('A') && result === 'fails').map(({ finding }) => finding)
}

test('an answer that stops half-way is called that, with the login that got it and what to look at', async () => {
  const of = await begin()
  of.armFault({ match: { path: '*/regionSubscriptions' }, action: { do: 'truncate' } })
  const { code, stderr } = await stage.run(stage.takeover(1))
  expect([code, stderr]).toEqual([3, expect.stringMatching(/^OCI_REFUSED: BOOTSTRAP cannot read the user: OCI's answer cannot be read: .+\nSomething else may have answered in OCI's place: look at the network, and at what stands between\.$/m)])
})

test('without a bootstrap key, or with a region that does not answer, nothing begins: no throw-away key is uploaded', async () => {
  const of = await begin()
  const digest = of.stateDigest()
  const bare = await stage.run(stage.takeover().filter((word) => word !== '--profile' && word !== 'BOOTSTRAP'))
  expect([bare.code, bare.stderr]).toEqual([2, expect.stringContaining('USAGE: a takeover begins with the bootstrap key, and no profile of it was named')])
  of.armFault({ match: { region: 'eu-amsterdam-1' }, count: 99, action: { do: 'reset', when: 'before' } })
  const { code, stderr } = await takeover(1)
  expect([code, stderr]).toEqual([3, expect.stringMatching(/^OCI_UNREACHABLE: region eu-amsterdam-1: does not answer \(.+\)\nNo bag was opened\. Mend it, then begin again\.$/m)])
  expect(of.stateDigest()).toBe(digest)
})

test('a bootstrap key of somebody else is refused before anything is measured', async () => {
  const of = await begin()
  const digest = of.stateDigest()
  const { code, stderr } = await stage.run(stage.takeover(1).map((word) => (word === 'BOOTSTRAP' ? 'OPERATOR' : word)))
  expect([code, stderr]).toEqual([3, expect.stringMatching(/^OCI_REFUSED: OPERATOR cannot read the user: OCI answered 404 NotAuthorizedOrNotFound: .+\nIt is not there, or the login may not see it, and OCI says the same of both: look at the OCID, and at the policies\.$/m)])
  expect(stderr).not.toContain('Measuring')
  expect(of.stateDigest()).toBe(digest)
})

test('OCI has a later generation, of which this copy of the folder knows nothing: nothing is installed over it', async () => {
  const of = await begin()
  of.happen({ event: 'upload-api-key', userId: of.seed.users.administrator, publicKeyPem: readFileSync(join(stage.custody, 'generations', '2', 'public.pem'), 'utf8') })
  const keys = keysOf(of)
  const { code, stderr } = await takeover(1)
  expect([code, stderr]).toEqual([3, expect.stringContaining('TENANCY_UNFIT: OCI has the key of GENERATION 2 already, and this record knows of no takeover: another copy of this custody folder most likely has a newer one\nFind it, and use that one. If it is lost for good: glasskey break rotate --generation 2, with sheets of that generation.')])
  const looked = await stage.run(['check', '--custody', stage.custody, '--reader', 'AUDITOR', ...stage.oci])
  expect([looked.code, looked.stdout]).toEqual([3, expect.stringContaining('STOP  GENERATION 2: is in OCI, and this record knows of no takeover: another copy of this custody folder most likely has a newer one. Find it, and use that one')])
  expect(keysOf(of)).toEqual(keys)
  expect(existsSync(join(stage.custody, 'sessions'))).toBe(false)
})

test('a second run with another login than the bootstrap key says so, and accuses nobody', async () => {
  stage = await rehearsal()
  const { code, stderr } = await stage.run(stage.takeover(2).map((word) => (word === 'BOOTSTRAP' ? 'OPERATOR' : word)))
  expect([code, stderr]).toEqual([3, expect.stringMatching(/^TENANCY_UNFIT: profile OPERATOR is of user \S+, and the takeover was of \S+\nName the profile of the bootstrap key\. Nothing was changed\.$/m)])
})

test('the user is blocked, and the used key still listed: nobody is sent to gather a quorum for refusals', async () => {
  stage = await rehearsal({ speed: 4 })
  expect((await loseStrongroom(stage)).code).toBe(6)
  stage.cloud.happen({ event: 'block-user', userId: stage.cloud.seed.users.administrator, blocked: true })
  const { code, stderr } = await stage.run(['resume', '--custody', stage.custody, '--reader', 'AUDITOR', '--yes', ...stage.shares(2, 1, 2), ...stage.oci])
  expect([code, stderr]).toEqual([6, expect.stringContaining('KEY_NOT_PROVED_DEAD: the key of GENERATION 2 is still in the key list, and its user is blocked in OCI: as long as it is, nothing can be signed, and a refusal says nothing\nAn administrator unblocks user ')])
  expect(stderr).toContain(`. Then: ${nextIn(standingOf(readCustodyFolder(stage.custody)).next, stage.custody)}\n`)
  stage.cloud.happen({ event: 'block-user', userId: stage.cloud.seed.users.administrator, blocked: false })
  await doAsTold(stage)
  await assertAllWell(stage)
})
