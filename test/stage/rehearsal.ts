/** A custody after its takeover, on a simulator of its own: what most scenes, attacks and crashes begin with. */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'
import { startSimulator, type Simulator, type SimulatorOptions } from '../../src/simulator/simulator.js'
import { commandOf, held } from '../schemas/held.js'
import { readPages } from '../../src/reader/page-proof.js'
import type { JournalLine } from '../../src/record/journal.js'
import { glasskey, type Ended, type Running } from './command-line.js'
import { played, type Plan } from './played.js'
import { SHARE_TEXTS } from './prepare.js'
import { endAllIn } from './processes.mjs'

/** A custody folder, its sheets and its cloud, in a folder that nobody else uses. */
export class Rehearsal {
  readonly directory: string
  readonly cloud: Simulator
  readonly time: Pick<Plan, 'start' | 'speed'>
  /** Whether the cloud's clock was ever another than the machine's. */
  skewed: boolean

  constructor(directory: string, cloud: Simulator, time: Pick<Plan, 'start' | 'speed'>, skewed: boolean) {
    this.directory = directory
    this.cloud = cloud
    this.time = time
    this.skewed = skewed
  }

  get custody(): string {
    return join(this.directory, 'custody')
  }

  sheet(generation: number, custodian: number, copy = 1): string {
    return join(this.directory, 'sheets', `generation-${generation}-custodian-${custodian}-copy-${copy}.pdf`)
  }

  /** Text of a share, read from its sheet. */
  async shareText(generation: number, custodian: number): Promise<string> {
    const [[text = ''] = []] = await readPages(new Uint8Array(readFileSync(this.sheet(generation, custodian))))
    return text
  }

  /** Arguments that give the sheets of these custodians as scans. */
  scans(generation: number, ...custodians: number[]): string[] {
    return custodians.flatMap((custodian) => ['--scan', this.sheet(generation, custodian)])
  }

  /** Arguments that give these shares: as texts where their sheets were read before, which takes longer than much of a session. */
  shares(generation: number, ...custodians: number[]): string[] {
    const texts = join(this.directory, SHARE_TEXTS)
    if (!existsSync(texts)) return this.scans(generation, ...custodians)
    const known = JSON.parse(readFileSync(texts, 'utf8')) as Record<string, string>
    const those = custodians.map((custodian) => known[`${generation}/${custodian}`])
    // Of a later ceremony.
    if (those.includes(undefined)) return this.scans(generation, ...custodians)
    const file = join(this.directory, `shares-${generation}-${custodians.join('-')}`)
    writeFileSync(file, those.map((text) => `${text}\n`).join(''))
    return ['--share-file', file]
  }

  get oci(): string[] {
    const { caPem } = this.cloud
    const authority = join(this.directory, 'authority.pem')
    if (caPem !== null) writeFileSync(authority, caPem)
    return [...(caPem === null ? [] : ['--ca', authority]), '--oci-config', join(this.directory, 'oci', 'config'), ...Object.entries(this.cloud.endpoints).flatMap(([region, url]) => ['--endpoint', `${region}=${url}`])]
  }

  get operator(): string[] {
    return ['--operator', 'Lin Chen', '--operator-user', this.cloud.seed.users.operator, '--incident', 'INC-1', '--authorised-by', 'Head of Operations', '--reason', 'test']
  }

  /** Arguments of a rotation by custodians 1 and 2 of the generation in use. */
  rotate(generation = 2): string[] {
    return ['break', 'rotate', '--custody', this.custody, ...this.operator, '--use-case', 'drill', '--yes', ...this.shares(generation, 1, 2), ...this.oci]
  }

  /** Arguments of a saas-admin release by custodians 1 and 2 of the generation in use. */
  saasAdmin(generation = 2, ...more: string[]): string[] {
    const { databases, secrets } = this.cloud.seed
    return ['break', 'saas-admin', '--custody', this.custody, '--database', databases.available, '--secret-id', secrets.saasAdmin, ...this.operator, '--use-case', 'restricted-data', '--yes', ...this.shares(generation, 1, 2), ...this.oci, ...more]
  }

  /** Arguments of a takeover by custodians 1 and 2. */
  takeover(generation = 1): string[] {
    return ['takeover', '--custody', this.custody, '--profile', 'BOOTSTRAP', '--reader', 'AUDITOR', '--yes', ...this.shares(generation, 1, 2), ...this.oci]
  }

  /** Runs `glasskey …`, in the time of this rehearsal. What it prints with `--json` is always a published outcome of the command, unless it was killed. */
  async run(args: readonly string[], options: Running = {}, plan: Partial<Plan> = {}): Promise<Ended> {
    const ended = await glasskey(args, { cwd: this.directory, ...played({ ...this.time, ...plan }), ...options })
    if (args.includes('--json') && ended.code !== -1) held(commandOf(args), ended)
    return ended
  }

  /** The newest session. */
  get session(): string {
    return readdirSync(join(this.custody, 'sessions')).sort().at(-1) ?? ''
  }

  /** Lines of the newest session's journal. */
  journal(): JournalLine[] {
    return readFileSync(join(this.custody, 'sessions', this.session, 'journal.jsonl'), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as JournalLine)
  }

  /** How many API keys OCI has for the user. */
  get listedKeys(): number {
    const user = this.cloud.seed.users.administrator
    return this.cloud.tenancy.identity.apiKeys.filter((key) => key.userId === user && key.timeDeleted === null).length
  }

  async close(): Promise<void> {
    endAllIn(this.directory)
    await this.cloud.close()
    rmSync(this.directory, { recursive: true, force: true })
  }
}

/** What a rehearsal begins with, and how time runs in it. */
export interface Staging extends Partial<SimulatorOptions> {
  /** `sealed`: after the ceremony. `taken over` (default): GENERATION 2 in use, 3 and 4 waiting. Or the folder of a rehearsal that went further. */
  after?: 'sealed' | 'taken over' | { directory: string }
  /** How much faster than life time runs, in the cloud and in desk and strongroom. */
  speed?: number
}

/** A fresh copy of a prepared custody: four generations, 2 of 3 custodians, two regions. */
export async function rehearsal({ after = 'taken over', speed = 1, ...options }: Staging = {}): Promise<Rehearsal> {
  const directory = mkdtempSync(join(tmpdir(), 'glasskey-test-'))
  cpSync(typeof after === 'object' ? after.directory : inject(after === 'sealed' ? 'sealed' : 'takenOver'), directory, { recursive: true })
  forgetPorts(join(directory, 'simulator.json'))
  const start = Date.now()
  const now = (): number => start + (Date.now() - start) * speed
  const cloud = await startSimulator({ stateFile: join(directory, 'simulator.json'), now, ...options })
  return new Rehearsal(directory, cloud, { start, speed }, (options.clockSkew ?? 0) !== 0)
}

/** Waits until what was done to keys before, perhaps a minute ago, has arrived everywhere: only what comes now is to be slow. */
export async function settled({ cloud, time }: Rehearsal, { activationDelay = {}, revocationDelay = {}, beliefs = {} }: Staging): Promise<void> {
  const slowest = Math.max(beliefs.keyListDelay ?? 0, ...Object.values(activationDelay), ...Object.values(revocationDelay)) * 1000
  const newest = Math.max(...cloud.tenancy.identity.apiKeys.map(({ timeCreated, timeDeleted }) => timeDeleted ?? timeCreated))
  await new Promise((over) => setTimeout(over, Math.max(0, newest + slowest - cloud.now()) / time.speed))
}

/** A cloud of its own: on remembered ports, a process that outlives its test would talk to the next test's cloud. */
function forgetPorts(path: string): void {
  const state = JSON.parse(readFileSync(path, 'utf8')) as { ports: object }
  writeFileSync(path, JSON.stringify({ ...state, ports: {} }))
}

/** Arguments without their shares. */
export function withoutShares(args: readonly string[]): string[] {
  const flags = ['--share-file', '--scan']
  return args.filter((word, at) => !flags.includes(word) && !flags.includes(args[at - 1] ?? ''))
}

/** Arguments without the authority of a simulator's TLS. */
export function withoutAuthority(args: readonly string[]): string[] {
  return args.filter((word, at) => word !== '--ca' && args[at - 1] !== '--ca')
}

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder with custody, sheets, OCI configuration and the simulator's state after a ceremony. */
    sealed: string
    /** The same after the takeover. */
    takenOver: string
  }
}
