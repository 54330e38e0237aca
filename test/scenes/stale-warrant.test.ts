/** Sessions whose warrant can no longer be followed: they come to an end all the same, and nobody is sent in a circle. */
import { cpSync, readdirSync, readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { assertAllWell } from '../stage/laws.js'
import { killOf } from '../stage/processes.mjs'
import { rare } from '../stage/rare.js'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'

let stage: Rehearsal | undefined
afterEach(async () => {
  await stage?.close()
  stage = undefined
})

/** A rotation that dies when the keys are about to be read, the key live. */
async function diedLive(): Promise<{ stage: Rehearsal; session: string }> {
  let desk = 0
  const opened = await rehearsal({
    speed: 8,
    observe: (moment, { method, path }) => {
      if (desk === 0 || moment !== 'received' || method !== 'GET' || !path.endsWith('/apiKeys')) return undefined
      killOf(desk, 'desk')
      return 'drop'
    },
  })
  stage = opened
  expect((await opened.run(opened.rotate(), { onStart: (pid) => (desk = pid) })).code).toBe(-1)
  desk = 0
  const session = readdirSync(join(opened.custody, 'sessions')).sort().at(-1) ?? ''
  expect(opened.journal().some(({ type }) => type === 'key-live')).toBe(true)
  expect(opened.journal().some(({ type }) => type === 'closed')).toBe(false)
  return { stage: opened, session }
}

const entries = ({ custody }: Rehearsal): { type: string; session?: string; exitCode?: number }[] =>
  readFileSync(join(custody, 'logbook.jsonl'), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as { type: string })

test('killed with the key live, and then its successor is retired: resume enters it, unsigned, and a rotation under a fresh warrant follows', async () => {
  const { stage, session } = await diedLive()
  const { custody } = stage
  expect((await stage.run(['logbook', 'add', 'retired', '--custody', custody, '--set', 'generation=3', '--set', 'reason=its bags were found open'])).code).toBe(0)
  // Its exit may have installed it, for all that is known here.
  const destroyed = await stage.run(['logbook', 'add', 'destroyed', '--custody', custody, ...['generation=3', 'custodian=1', 'copies=1', 'method=shredded', 'witness=x'].flatMap((one) => ['--set', one])])
  expect([destroyed.code, destroyed.stderr]).toEqual([2, `USAGE: GENERATION 3 is the successor of session ${session}, which has not come to its end: OCI may have its key\nglasskey resume --custody ${custody} --session ${session} finds it out. Nothing was written.\n`])
  const resumed = await stage.run(['resume', '--custody', custody, '--yes', '--reader', 'AUDITOR', ...stage.shares(2, 1, 3), ...stage.oci])
  expect(resumed.code).toBe(6)
  expect(resumed.stderr).toContain(`KEY_NOT_PROVED_DEAD: the warrant of session ${session} no longer fits the custody folder (successor GENERATION 3, regions eu-frankfurt-1, eu-amsterdam-1): nothing more is signed under it
The key of GENERATION 2 IS ALIVE. Rotate it under a fresh warrant: glasskey break rotate --custody ${custody} …
`)
  // Not a release, which would be refused again.
  expect(resumed.stdout.trimEnd().split('\n').at(-1)).toBe(`THE KEY OF GENERATION 2 IS NOT PROVED DEAD. Now: glasskey break rotate --custody ${custody} …`)
  expect(entries(stage).at(-1)).toMatchObject({ type: 'session', session, exitCode: 6 })
  // Once more: it is on record, and nothing is added.
  const again = await stage.run(['resume', '--custody', custody, '--yes', ...stage.shares(2, 1, 3), ...stage.oci])
  expect([again.code, again.stderr]).toEqual([6, expect.stringMatching(/^KEY_NOT_PROVED_DEAD: the warrant of session .* no longer fits/)])
  const before = entries(stage)
  const rotated = await stage.run([...stage.rotate(), '--reader', 'AUDITOR', '--json'])
  expect([rotated.code, JSON.parse(rotated.stdout)]).toMatchObject([0, { grade: 'proved', successor: { generation: 4 } }])
  expect(entries(stage)).toHaveLength(before.length + 1)
  await assertAllWell(stage)
})

rare('a session of a copy that is two rotations behind is put beside the others, and entered without a login', async () => {
  stage = await rehearsal({ speed: 16 })
  const { custody } = stage
  const copy = join(stage.directory, 'copy')
  cpSync(custody, copy, { recursive: true })
  for (const generation of [2, 3]) expect((await stage.run([...stage.rotate(generation), '--reader', 'AUDITOR'])).code).toBe(0)
  const inCopy = stage.saasAdmin().map((word) => (word === custody ? copy : word))
  expect((await stage.run(inCopy)).code).toBe(6)
  const missing = readdirSync(join(copy, 'sessions')).find((name) => !readdirSync(join(custody, 'sessions')).includes(name)) ?? ''
  cpSync(join(copy, 'sessions', missing), join(custody, 'sessions', missing), { recursive: true })
  expect((await stage.run([...stage.rotate(4)])).stderr).toContain(`SESSION_UNFINISHED: session ${missing} has not come to its end`)

  const together = await stage.run(['resume', '--custody', custody, ...stage.oci, '--json'])
  expect([together.code, JSON.parse(together.stdout)]).toMatchObject([0, { session: missing, error: null }])
  expect(together.stderr).toContain('The session ended with the key of GENERATION 2 live, and no deletion of it is on record. Another session proved it dead.\n')
  expect(together.stderr).not.toContain('Now: ')
  expect((await stage.run(['status', '--custody', custody])).stdout).not.toContain(missing)
  // The auditor's word needs a login; the key of that session came later than the session that proved it dead.
  const graded = await stage.run(['resume', '--custody', custody, '--session', missing, '--reader', 'AUDITOR', ...stage.oci, '--json'])
  expect([graded.code, JSON.parse(graded.stdout)]).toMatchObject([0, { grade: 'listed-only', error: null }])
  await assertAllWell(stage)
})

test('killed between the last line of the journal and the logbook\'s entry: the entry has the exit code that the journal has', async () => {
  stage = await rehearsal({ speed: 8 })
  const { custody } = stage
  const refused = await stage.run([...stage.saasAdmin().slice(0, stage.saasAdmin().indexOf('--share-file')), ...stage.shares(2, 1), ...stage.oci])
  expect(refused.code).toBe(5)
  const logbook = join(custody, 'logbook.jsonl')
  const text = readFileSync(logbook, 'utf8')
  truncateSync(logbook, Buffer.byteLength(text.slice(0, text.trimEnd().lastIndexOf('\n') + 1)))
  const resumed = await stage.run(['resume', '--custody', custody, ...stage.oci])
  expect([resumed.code, resumed.stderr]).toEqual([0, 'The session ended before the key of GENERATION 2 was live; 1 share was seen. Its entry in the logbook was missing.\n'])
  expect(entries(stage).at(-1)).toMatchObject({ type: 'session', exitCode: 5 })
  const audit = await stage.run(['audit', '--custody', custody, '--profile', 'AUDITOR', '--json', ...stage.oci])
  expect((JSON.parse(audit.stdout) as { failed: string[] }).failed).toEqual([])
})
