/** How many generations a later ceremony makes: as many as status says are missing. */
import { readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { planCeremony } from '../../src/ceremony/planning.js'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'
import { refusal } from '../vectors/refusal.js'

let stage: Rehearsal
afterEach(() => stage.close())

const plan = (): ReturnType<typeof planCeremony> => planCeremony({ config: undefined, custody: stage.custody, rehearsal: true })
const status = async (): Promise<string> => (await stage.run(['status', '--custody', stage.custody])).stdout

async function lose(custodian: number, generations: string): Promise<void> {
  const said = [`custodian=${custodian}`, 'copy=1', `generations=${generations}`, 'witness=Emmy Noether']
  expect((await stage.run(['logbook', 'add', 'lost', '--custody', stage.custody, ...said.flatMap((one) => ['--set', one])])).code).toBe(0)
}

test('while two wait, none; one for each that its sheets cannot open any more', async () => {
  stage = await rehearsal()
  expect(refusal(plan)).toMatchObject({ code: 'REFUSED', message: '2 generations are waiting already; no ceremony is needed' })
  await lose(1, '3,4')
  expect(refusal(plan)).toMatchObject({ code: 'REFUSED' })
  await lose(2, '4')
  expect(await status()).toContain('only 1 of 2 successors waits: plan the next ceremony')
  expect(plan()).toMatchObject({ first: 5, count: 1 })
  await lose(2, '3')
  expect(await status()).toContain('only 0 of 2 successors wait: plan the next ceremony')
  expect(plan()).toMatchObject({ first: 5, count: 2 })
})

test('a generation that was passed over does not count: no rotation goes back to it', async () => {
  stage = await rehearsal()
  expect((await stage.run([...stage.rotate(), '--to', '4'])).code).toBe(0)
  expect(await status()).toContain('only 0 of 2 successors wait: plan the next ceremony')
  expect(plan()).toMatchObject({ first: 5, count: 2 })
})

test('not while an import has not come to its end; where its outbox is lost, what it brought is given up first', async () => {
  stage = await rehearsal({ speed: 8 })
  expect((await stage.run(stage.rotate())).code).toBe(0)
  expect((await stage.run(['ceremony', '--custody', stage.custody, '--outbox', 'outbox', '--sheets', 'sheets-2', '--rehearsal', '--yes'])).code).toBe(0)
  expect((await stage.run(['ceremony', 'import', '--custody', stage.custody, '--outbox', 'outbox'])).code).toBe(0)
  const logbook = join(stage.custody, 'logbook.jsonl')
  const text = readFileSync(logbook, 'utf8')
  truncateSync(logbook, Buffer.byteLength(text.slice(0, text.trimEnd().lastIndexOf('\n') + 1)))
  expect(plan).toThrow('GENERATION 5 is in the folder and in no logbook entry: its import did not come to its end')
  expect(await status()).toContain('its import did not come to its end. If its outbox is lost: glasskey logbook add retired')
  expect((await stage.run(['logbook', 'add', 'retired', '--custody', stage.custody, '--set', 'generation=5', '--set', 'reason=its outbox is lost'])).code).toBe(0)
  expect(plan()).toMatchObject({ first: 6, count: 1 })
  expect(await status()).not.toContain('did not come to its end')
  const { opinion, failed } = JSON.parse((await stage.run(['audit', '--custody', stage.custody, '--json'])).stdout) as { opinion: { scriptFollowed: { verdict: string } }; failed: string[] }
  // Too few wait, and nothing else.
  expect([failed, opinion.scriptFollowed.verdict]).toEqual([['D02'], 'Yes'])
})

test('before the takeover, none that its sheets cannot open', async () => {
  stage = await rehearsal({ after: 'sealed' })
  for (const custodian of [1, 2]) await lose(custodian, '1,2,3')
  expect(plan()).toMatchObject({ first: 5, count: 1 })
  expect(await status()).toContain('Waiting: GENERATION 4.')
})
