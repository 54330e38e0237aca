/**
 * A custodian's year, with the commands that people type: a bag inspected, a bag handed over, a sheet lost, the quarterly
 * drill, used sheets destroyed, a custodian who leaves, a ceremony for the new one, and the auditor at its end.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Ended } from '../stage/command-line.js'
import { here } from '../stage/here.js'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'

let stage: Rehearsal
beforeAll(async () => {
  stage = await rehearsal()
})
afterAll(() => stage.close())

async function good(...args: string[]): Promise<string> {
  const { code, stdout, stderr }: Ended = await stage.run(args)
  expect(code, `${stdout}\n${stderr}`).toBe(0)
  return stdout
}

/** The same in this process, for those who only read and write the folder. */
async function goodHere(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await here(args)
  expect(code, `${stdout}\n${stderr}`).toBe(0)
  return stdout
}

const entered = (kind: string, said: Record<string, string>): Promise<string> =>
  goodHere('logbook', 'add', kind, '--custody', stage.custody, ...Object.entries(said).flatMap(([name, value]) => ['--set', `${name}=${value}`]))
const status = (): Promise<string> => goodHere('status', '--custody', stage.custody)

/** Held offline on a copy of the folder, and brought back. */
async function ceremony(month: string): Promise<string> {
  const outbox = join(stage.directory, `outbox-${month}`)
  await good('ceremony', '--custody', stage.custody, '--sheets', join(stage.directory, `sheets-${month}`), '--outbox', outbox, '--rehearsal', '--yes')
  // Somebody takes it for the folder.
  const mistaken = await here(['status', '--custody', outbox])
  expect([mistaken.code, mistaken.stderr]).toEqual([2, `USAGE: ${outbox} is the outbox of a ceremony, not a custody folder\nglasskey ceremony import --custody DIR --outbox ${outbox} brings it into the folder DIR; then name that one.\n`])
  return good('ceremony', 'import', '--custody', stage.custody, '--outbox', outbox)
}

test('in January a closed bag is inspected, and the printed entry goes into the paper book', async () => {
  const out = join(stage.directory, 'inspected.pdf')
  const said = await goodHere('share', 'inspect', '--record', '--custody', stage.custody, '--custodian', '1', '--copy', '1', '--bag', 'B-0101', '--condition', 'intact', '--generations', '2,3,4', '--witness', 'Emmy Noether', '--out', out)
  expect(said).toMatch(/^Entry 3/m)
  expect(readFileSync(out).subarray(0, 5).toString()).toBe('%PDF-')
  expect(await status()).toContain('In use: GENERATION 2')
})

test('in March a bag is handed over unopened, and the call page names who has it now', async () => {
  await entered('handover', { custodian: '2', copy: '1', from: 'Βασίλης Παπαδόπουλος', to: 'Radia Perlman', bag: 'B-0102', witness: 'Emmy Noether' })
  const page = await goodHere('break', 'rotate', '--custody', stage.custody, '--summon')
  expect(page).toContain('Radia Perlman')
  expect(page).toContain('B-0102')
})

test('in May a sheet is lost: its generations have no margin any more, and status says so first', async () => {
  await entered('lost', { custodian: '3', copy: '1', generations: '2,3,4', witness: 'Security desk' })
  const [first] = (await status()).split('\n')
  expect(first).toContain('GENERATION 2 has no margin: every custodian left is needed')
})

test('in June the drill: the others rotate the key, and the record of the drill is on paper', async () => {
  const { code, stdout, stderr } = await stage.run([...stage.rotate(2), '--drill', '--reader', 'AUDITOR', '--json'])
  expect(code, `${stdout}\n${stderr}`).toBe(0)
  const { session, grade, successor } = JSON.parse(stdout) as { session: string; grade: string; successor: { generation: number } }
  expect([grade, successor.generation]).toEqual(['proved', 3])
  expect(existsSync(join(stage.custody, 'sessions', session, 'drill-record.pdf'))).toBe(true)
})

test('the used sheets are destroyed before a witness; the lost one is accounted for', async () => {
  for (const custodian of ['1', '2']) await entered('destroyed', { generation: '2', custodian, copies: '1', method: 'shredded, P-7', witness: 'Emmy Noether' })
  const twice = await stage.run(['logbook', 'add', 'destroyed', '--custody', stage.custody, ...['generation=2', 'custodian=2', 'copies=1', 'method=burned', 'witness=x'].flatMap((set) => ['--set', set])])
  expect([twice.code, twice.stderr]).toEqual([2, expect.stringMatching(/^USAGE: entry \d+ says already that such a sheet is destroyed: Custodian 2: copies 1 of GENERATION 2 destroyed \(shredded, P-7\) before Emmy Noether\.$/m)])
  expect(await status()).not.toContain('GENERATION 2 (')
})

test('in September the custodian who lost it leaves: what the old set still has is retired, and a ceremony names the new one', async () => {
  await entered('retired', { generation: '4', reason: 'custodian 3 has left' })
  expect(await status()).toMatch(/only 0 of 2 successors wait: plan the next ceremony/)
  const config = join(stage.custody, 'custody.yaml')
  writeFileSync(config, readFileSync(config, 'utf8').replaceAll('Софья Ковалевская', 'Margaret Hamilton'))
  expect(await ceremony('september')).toMatch(/^Imported GENERATION 5, 6;/)
})

test('in October the key is rotated to the new set, past the retired generation, and every share counts again', async () => {
  const { code, stdout, stderr } = await stage.run([...stage.rotate(3), '--to', '5', '--reader', 'AUDITOR'])
  expect(code, `${stdout}\n${stderr}`).toBe(0)
  expect(await status()).toMatch(/In use: GENERATION 5, .*, 2 of 3; 1 custodian may be lost\./)
})

test('in November another ceremony tops up the successors', async () => {
  expect(await ceremony('november')).toMatch(/^Imported GENERATION 7;/)
})

test('in December the auditor finds nothing amiss', async () => {
  const out = join(stage.directory, 'audit.pdf')
  expect(await good('audit', '--custody', stage.custody, '--profile', 'AUDITOR', '--out', out, ...stage.oci)).toContain('No control fails')
  expect(await good('logbook', 'verify', '--custody', stage.custody)).toContain('The logbook holds')
})
