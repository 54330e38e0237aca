/** A ceremony, and the import of a later one: there is no cloud in these, only the folder. */
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { readCustodyFolder } from '../../src/host/custody-folder.js'
import { rehearsal, type Rehearsal, type Staging } from '../stage/rehearsal.js'
import { dieAtEveryPoint } from './matrix.js'

/** Before the first ceremony: custody.yaml, and nothing else. */
async function beforeCeremony(staging: Staging): Promise<Rehearsal> {
  const stage = await rehearsal({ ...staging, after: 'sealed' })
  for (const name of ['custody', 'sheets']) rmSync(join(stage.directory, name), { recursive: true })
  return stage
}

const ceremony = (sheets: string): string[] => ['ceremony', '--config', 'custody.yaml', '--custody', 'custody', '--sheets', sheets, '--rehearsal']

/** The folder is whole, or not there; and whatever sheets lie about, the next ceremony makes its own. */
async function holdAgain(stage: Rehearsal): Promise<void> {
  if (existsSync(stage.custody)) return
  const { code, stderr } = await stage.run(ceremony('sheets-of-the-second-try'))
  expect(code, stderr).toBe(0)
  rmSync(join(stage.directory, 'sheets'), { recursive: true, force: true })
  renameSync(join(stage.directory, 'sheets-of-the-second-try'), join(stage.directory, 'sheets'))
}

await dieAtEveryPoint({
  name: 'ceremony',
  open: beforeCeremony,
  lent: true,
  args: () => ceremony('sheets'),
  finish: holdAgain,
  check: async (stage) => {
    const { generations, logbook } = readCustodyFolder(stage.custody)
    expect(generations).toHaveLength(4)
    expect(logbook.lines).toMatchObject([{ type: 'ceremony' }])
    expect(readdirSync(join(stage.directory, 'sheets'))).toHaveLength(12)
    // The sheets open what the folder holds.
    const { code, stderr } = await stage.run(stage.takeover())
    expect(code, stderr).toBe(0)
  },
})

/** After a rotation one generation waits; a later ceremony has made the second. */
async function beforeImport(staging: Staging): Promise<Rehearsal> {
  const stage = await rehearsal(staging)
  for (const args of [stage.rotate(), ['ceremony', '--custody', stage.custody, '--outbox', 'outbox', '--sheets', 'sheets-2', '--rehearsal']]) {
    const { code, stderr } = await stage.run(args)
    if (code !== 0) throw new Error(stderr)
  }
  return stage
}

const importArgs = (stage: Rehearsal): string[] => ['ceremony', 'import', '--custody', stage.custody, '--outbox', 'outbox']

await dieAtEveryPoint({
  name: 'ceremony import',
  open: beforeImport,
  args: importArgs,
  finish: async (stage) => {
    const { code, stderr } = await stage.run(importArgs(stage))
    if (code !== 0) expect(stderr).toContain('OUTPUT_EXISTS: this outbox was imported already: logbook entry 4')
  },
  check: (stage) => {
    const { standings, logbook } = readCustodyFolder(stage.custody)
    expect(standings.map(({ state }) => state)).toEqual(['burned', 'burned', 'in use', 'waiting', 'waiting'])
    expect(logbook.lines.map(({ type }) => type)).toEqual(['ceremony', 'session', 'session', 'ceremony'])
    return Promise.resolve()
  },
})
