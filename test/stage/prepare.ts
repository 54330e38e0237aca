/** Before the tests: one ceremony and one takeover through the built command line, copied by every test that needs them. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { custodyYaml } from '../../src/ceremony/custody-template.js'
import { readPages } from '../../src/reader/page-proof.js'
import { writeConfig } from '../../src/simulator/config-directory.js'
import { startSimulator, type Simulator, type SimulatorOptions } from '../../src/simulator/simulator.js'
import { glasskey } from './command-line.js'

const CUSTODIANS = ['Ada Lovelace', 'Βασίλης Παπαδόπουλος', 'Софья Ковалевская']

/** Texts of the shares, by "generation/custodian", beside the sheets that were read. */
export const SHARE_TEXTS = 'shares.json'

/** In CI, where one run of tests follows another, the first prepares for all of them in the folder that GLASSKEY_PREPARED names. */
export async function setup(project: TestProject): Promise<() => void> {
  const kept = process.env['GLASSKEY_PREPARED']
  const parent = kept ?? mkdtempSync(join(tmpdir(), 'glasskey-prepared-'))
  const [sealed, takenOver] = [join(parent, 'sealed'), join(parent, 'taken-over')]
  if (!existsSync(sealed)) await prepare(sealed, takenOver)
  project.provide('sealed', sealed)
  project.provide('takenOver', takenOver)
  return () => {
    if (kept === undefined) rmSync(parent, { recursive: true, force: true })
  }
}

/** `sealed` is made last: where it is, both are. */
async function prepare(sealed: string, takenOver: string): Promise<void> {
  const before = `${sealed}-before`
  // What a run that was stopped has left.
  for (const folder of [takenOver, before]) rmSync(folder, { recursive: true, force: true })
  mkdirSync(takenOver, { recursive: true })
  const cloud = await holdCeremony(takenOver)
  writeFileSync(join(takenOver, SHARE_TEXTS), JSON.stringify(await readShares(join(takenOver, 'sheets'))))
  cpSync(takenOver, before, { recursive: true })
  const oci = ['--oci-config', 'oci/config', ...Object.entries(cloud.endpoints).flatMap(([region, url]) => ['--endpoint', `${region}=${url}`])]
  const scans = [1, 2].flatMap((custodian) => ['--scan', `sheets/generation-1-custodian-${custodian}-copy-1.pdf`])
  try {
    const told = await succeed(takenOver, ['takeover', '--custody', 'custody', '--profile', 'BOOTSTRAP', '--reader', 'AUDITOR', '--yes', ...scans, ...oci, '--json'])
    writeFileSync(join(takenOver, 'takeover.json'), told)
  } finally {
    await cloud.close()
  }
  renameSync(before, sealed)
}

async function readShares(sheets: string): Promise<Record<string, string>> {
  const texts: Record<string, string> = {}
  for (const name of readdirSync(sheets)) {
    const [, generation, custodian] = /^generation-(\d+)-custodian-(\d+)-copy-1\.pdf$/.exec(name) ?? []
    if (generation === undefined || custodian === undefined) continue
    const [[text] = []] = await readPages(new Uint8Array(readFileSync(join(sheets, name))))
    if (text === undefined) throw new Error(`${name} has no share`)
    texts[`${generation}/${custodian}`] = text
  }
  return texts
}

/** A cloud, and a rehearsal set for its administrator, in a new folder: all that there is before a takeover. What the commands printed lies beside it. */
export async function holdCeremony(directory: string, options: SimulatorOptions = {}): Promise<Simulator> {
  const cloud = await startSimulator({ stateFile: join(directory, 'simulator.json'), ...options })
  writeConfig(join(directory, 'oci'), cloud)
  const { tenancy, users, regions, homeRegion } = cloud.seed
  writeFileSync(
    join(directory, 'custody.yaml'),
    custodyYaml({ team: 'Cloud Platform', contact: 'Security desk', tenancy, user: users.administrator, realm: 'oc1', homeRegion, regions: [...regions], threshold: 2, custodians: CUSTODIANS, copies: 1, generations: 4, keySize: 2048, paper: 'A4', maximumHours: 4 }),
  )
  const told = await succeed(directory, ['ceremony', '--config', 'custody.yaml', '--custody', 'custody', '--sheets', 'sheets', '--rehearsal', '--yes', '--json'])
  writeFileSync(join(directory, 'ceremony.json'), told)
  return cloud
}

async function succeed(cwd: string, args: string[]): Promise<string> {
  const { code, stdout, stderr } = await glasskey(args, { cwd })
  if (code !== 0) throw new Error(`glasskey ${args[0] ?? ''} ended with ${code}:\n${stderr}`)
  return stdout
}
