/** Before the tests: one ceremony and one takeover through the built command line, copied by every test that needs them. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { custodyYaml } from '../../src/ceremony/custody-template.js'
import { writeConfig } from '../../src/simulator/config-directory.js'
import { startSimulator, type Simulator, type SimulatorOptions } from '../../src/simulator/simulator.js'
import { glasskey } from './command-line.js'

const CUSTODIANS = ['Ada Lovelace', 'Βασίλης Παπαδόπουλος', 'Софья Ковалевская']

export async function setup(project: TestProject): Promise<() => void> {
  const parent = mkdtempSync(join(tmpdir(), 'glasskey-prepared-'))
  const [sealed, directory] = [join(parent, 'sealed'), join(parent, 'taken-over')]
  mkdirSync(directory)
  const cloud = await holdCeremony(directory)
  cpSync(directory, sealed, { recursive: true })
  const oci = ['--oci-config', 'oci/config', ...Object.entries(cloud.endpoints).flatMap(([region, url]) => ['--endpoint', `${region}=${url}`])]
  const scans = [1, 2].flatMap((custodian) => ['--scan', `sheets/generation-1-custodian-${custodian}-copy-1.pdf`])
  try {
    const told = await succeed(directory, ['takeover', '--custody', 'custody', '--profile', 'BOOTSTRAP', '--reader', 'AUDITOR', '--yes', ...scans, ...oci, '--json'])
    writeFileSync(join(directory, 'takeover.json'), told)
  } finally {
    await cloud.close()
  }
  project.provide('sealed', sealed)
  project.provide('takenOver', directory)
  return () => {
    rmSync(parent, { recursive: true, force: true })
  }
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
