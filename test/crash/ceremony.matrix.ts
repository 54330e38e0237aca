/** A ceremony, and the import of a later one: there is no cloud in these, only the folder. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect } from 'vitest'
import { custodyYaml } from '../../src/ceremony/custody-template.js'
import { readCustodyFolder } from '../../src/host/custody-folder.js'
import { places } from '../../src/host/sealed-folder.js'
import { rehearsal, type Rehearsal, type Staging } from '../stage/rehearsal.js'
import { dieAtEveryPoint } from './matrix.js'

/** Before the first ceremony: a folder with custody.yaml, for two custodians and two generations, and nothing else. */
async function beforeCeremony(staging: Staging): Promise<Rehearsal> {
  const stage = await rehearsal({ ...staging, after: 'sealed' })
  for (const name of ['custody', 'sheets']) rmSync(join(stage.directory, name), { recursive: true })
  const { tenancy, users, regions, homeRegion } = stage.cloud.seed
  mkdirSync(stage.custody)
  writeFileSync(
    places.custody(stage.custody),
    custodyYaml({ team: 'Cloud Platform', contact: 'Security desk', tenancy, user: users.administrator, realm: 'oc1', homeRegion, regions: [...regions], threshold: 2, custodians: ['Ada Lovelace', 'Grace Hopper'], copies: 1, generations: 2, keySize: 2048, paper: 'A4', maximumHours: 4 }),
  )
  return stage
}

const ceremony = (sheets: string): string[] => ['ceremony', '--custody', 'custody', '--sheets', sheets, '--rehearsal', '--yes']

/** The folder is whole, or not there; and whatever sheets lie about, the next ceremony makes its own. */
async function holdAgain(stage: Rehearsal): Promise<void> {
  if (existsSync(join(stage.custody, 'generations'))) return
  const { code, stderr } = await stage.run(ceremony('sheets-of-the-second-try'))
  expect(code, stderr).toBe(0)
  rmSync(join(stage.directory, 'sheets'), { recursive: true, force: true })
  renameSync(join(stage.directory, 'sheets-of-the-second-try'), join(stage.directory, 'sheets'))
}

/** A release dies in CI in the other ways. */
const inCi = (what: string): boolean => ['write before desk ', 'write torn desk ', 'write after machine garbled', 'disk ENOSPC'].includes(what)

await dieAtEveryPoint({
  name: 'ceremony',
  open: beforeCeremony,
  args: () => ceremony('sheets'),
  inCi,
  finish: holdAgain,
  check: async (stage) => {
    const { generations, logbook } = readCustodyFolder(stage.custody)
    expect(generations).toHaveLength(2)
    expect(logbook.lines).toMatchObject([{ type: 'ceremony' }])
    expect(readdirSync(join(stage.directory, 'sheets'))).toHaveLength(4)
    // The sheets open what the folder holds.
    const { code, stdout, stderr } = await stage.run(['recover', '--yes', '--json', '--scan', stage.sheet(2, 1), '--scan', stage.sheet(2, 2)])
    expect(code, stderr).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ keyId: generations[1]?.manifest.keyId })
  },
})

/** After a rotation one generation waits; a later ceremony has made the second. Played once, and copied for each point. */
const imported = await rehearsal()
for (const args of [imported.rotate(), ['ceremony', '--custody', imported.custody, '--outbox', 'outbox', '--sheets', 'sheets-2', '--rehearsal', '--yes']]) {
  const { code, stderr } = await imported.run(args)
  if (code !== 0) throw new Error(stderr)
}
await imported.cloud.close()
afterAll(() => {
  rmSync(imported.directory, { recursive: true })
})

const importArgs = (stage: Rehearsal): string[] => ['ceremony', 'import', '--custody', stage.custody, '--outbox', 'outbox']

await dieAtEveryPoint({
  name: 'ceremony import',
  open: (staging) => rehearsal({ ...staging, after: imported }),
  args: importArgs,
  inCi,
  finish: async (stage) => {
    const { code, stderr } = await stage.run(importArgs(stage))
    if (code !== 0) expect(stderr).toContain('OUTPUT_EXISTS: this outbox was imported already: logbook entry 4')
  },
  check: async (stage) => {
    const { standings, logbook, generations } = readCustodyFolder(stage.custody)
    expect(standings.map(({ state }) => state)).toEqual(['burned', 'burned', 'in use', 'waiting', 'waiting'])
    expect(logbook.lines.map(({ type }) => type)).toEqual(['ceremony', 'session', 'session', 'ceremony'])
    // The sheets of the later ceremony open what was brought in.
    const scans = [1, 2].flatMap((custodian) => ['--scan', join(stage.directory, 'sheets-2', `generation-5-custodian-${custodian}-copy-1.pdf`)])
    const { code, stdout, stderr } = await stage.run(['recover', '--yes', '--json', ...scans])
    expect(code, stderr).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ keyId: generations[4]?.manifest.keyId })
  },
})
