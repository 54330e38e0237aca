/** The whole life of a key, on a simulator, in one go: every command is the real one, and nothing is stubbed in between. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { GlasskeyError } from '../errors.js'
import { readCustodyFolder, type CustodyFolder } from '../host/custody-folder.js'
import { makeFolder, writeNew } from '../host/disk.js'
import { say } from '../host/terminal.js'
import { TOOL } from '../version.js'
import { CLI, Stage, type Step } from './stage.js'

const HOME = 'eu-frankfurt-1'
const SECOND = 'eu-amsterdam-1'
const CUSTODIANS = ['Ada Lovelace', 'Βασίλης Παπαδόπουλος', 'Софья Ковалевская']

const simulated = z.object({
  endpoints: z.record(z.string(), z.string()),
  tenancy: z.string(),
  users: z.object({ administrator: z.string(), operator: z.string() }),
  databases: z.object({ available: z.string() }),
  secrets: z.object({ saasAdmin: z.string() }),
})

/** What a drill leaves behind. */
export interface DrillReport {
  simulated: true
  tool: string
  directory: string
  seconds: number
  steps: Step[]
  takeover: { keyId: string; grade: string; secondsLive: number }
  release: { keyId: string; grade: string; secondsLive: number; shares: number[]; successor: number }
  refused: string[]
  tenancyUnchangedByRefusals: boolean
}

/** Plays the drill in a new folder. Throws INTERNAL at the first step that does not end as it should. */
export async function playDrill(directory: string): Promise<DrillReport> {
  if (existsSync(directory) && readdirSync(directory).length > 0) throw new GlasskeyError('OUTPUT_EXISTS', `${directory} is not empty`, 'Name a new folder: glasskey drill --dir DIR')
  makeFolder(directory)
  const start = Date.now()
  const stage = new Stage(directory)
  stage.scene('A drill', `${TOOL}. Everything here is SIMULATED: Oracle's cloud is a program on this machine, the keys open nothing.\nThe commands are the real ones. You will see a key born, installed, used once, and proved dead.`)
  const { child, first } = await stage.startSimulator(['--regions', `${HOME},${SECOND}`, '--write-config', 'oci', '--state', 'simulator.json', '--activation-delay', `${SECOND}=1`, '--revocation-delay', `${SECOND}=2`])
  try {
    return await play(stage, simulated.parse(first), start)
  } finally {
    child.stdin?.end()
    await new Promise((ended) => child.once('exit', ended))
  }
}

async function play(stage: Stage, cloud: z.infer<typeof simulated>, start: number): Promise<DrillReport> {
  const oci = ['--oci-config', 'oci/config', ...Object.entries(cloud.endpoints).flatMap(([region, url]) => ['--endpoint', `${region}=${url}`])]
  const sheets = (generation: number, ...custodians: number[]): string[] => custodians.flatMap((custodian) => ['--scan', `sheets/generation-${generation}-custodian-${custodian}-copy-1.pdf`])
  const asked = ['--operator', 'Lin Chen', '--operator-user', cloud.users.operator, '--incident', 'INC-4711', '--authorised-by', 'Head of Operations']
  const saas = (access: string, hours: number): string[] => ['break', 'saas-admin', '--custody', 'custody', '--database', cloud.databases.available, '--secret-id', cloud.secrets.saasAdmin, '--access', access, '--hours', String(hours), ...asked, '--use-case', 'restricted-data', '--reason', 'the customer asked us to look at a stuck order']

  stage.scene('1. Rules on one page', 'Who keeps the key, how many must come together, and what it may ever be used for.')
  await stage.run('init', ['init', '--tenancy', cloud.tenancy, '--user', cloud.users.administrator, '--home-region', HOME, '--regions', `${HOME},${SECOND}`, '--team', 'Cloud Platform', '--contact', 'Security desk, ext. 4711', ...CUSTODIANS.flatMap((name) => ['--custodian', name]), '--threshold', '2', '--copies', '1', '--out', 'custody.yaml'])

  stage.scene('2. The ceremony', 'Four generations of keys are made and split. Each sheet is worthless alone; any two of three open a key.')
  await stage.run('ceremony', ['ceremony', '--config', 'custody.yaml', '--custody', 'custody', '--sheets', 'sheets', '--rehearsal', '--yes'])

  stage.scene('3. The takeover', 'The administrator lends a key. The custodians\' key replaces it, and becomes the only way in as this user.')
  await stage.run('takeover', ['takeover', '--custody', 'custody', '--profile', 'BOOTSTRAP', '--reader', 'AUDITOR', '--operator', 'Lin Chen', '--yes', ...sheets(1, 1, 2), ...oci])
  await stage.run('status', ['status', '--custody', 'custody'])

  const digest = await stateDigest(cloud)
  stage.scene('4. Two refusals', 'First an operator who wants more than the rules allow. Then custodians with sheets of a key that is dead.')
  await stage.run('a request outside the rules', [...saas('admin', 24), '--yes', ...sheets(2, 1, 2), ...oci], 3)
  await stage.run('sheets of a dead generation', [...saas('read-only', 2), '--yes', ...sheets(1, 1, 2), ...oci], 5)
  const unchanged = (await stateDigest(cloud)) === digest
  say(unchanged ? 'The tenancy is exactly as it was: the simulator\'s digest of it has not changed.' : 'THE TENANCY CHANGED.', unchanged ? 'good' : 'alarm')

  stage.scene('5. Break glass', 'Custodians 2 and 3 bring their sheets. One database is opened, read-only, for two hours; OCI itself will close it.\nThen the key is rotated and proved dead, whatever happened.')
  await stage.run('break saas-admin', [...saas('read-only', 2), '--yes', ...sheets(2, 2, 3), '--reader', 'AUDITOR', ...oci])

  stage.scene('6. The next ceremony', 'A key is spent, so one is made: offline, on a copy of the folder; what comes back is verified before it is added.')
  await stage.run('ceremony', ['ceremony', '--custody', 'custody', '--sheets', 'sheets-2', '--outbox', 'outbox', '--rehearsal', '--yes'])
  await stage.run('import', ['ceremony', 'import', '--custody', 'custody', '--outbox', 'outbox'])

  stage.scene('7. The auditor', 'With a login of their own that can only read: was what was released revoked, and is what was done what was written?')
  await stage.run('audit', ['audit', '--custody', 'custody', '--profile', 'AUDITOR', '--out', 'audit-report.pdf', ...oci])
  await stage.run('logbook', ['logbook', 'list', '--custody', 'custody'])
  await stage.run('status', ['status', '--custody', 'custody'])

  const report = reportOf(stage, readCustodyFolder(join(stage.directory, 'custody')), unchanged, start)
  writeNew(join(stage.directory, 'report.json'), JSON.stringify(report, null, 2) + '\n')
  closing(stage, report, cloud)
  return report
}

async function stateDigest(cloud: z.infer<typeof simulated>): Promise<string> {
  const answer = await fetch(`${cloud.endpoints[HOME] ?? ''}/simulator/digest`)
  return ((await answer.json()) as { digest: string }).digest
}

function reportOf(stage: Stage, folder: CustodyFolder, unchanged: boolean, start: number): DrillReport {
  const [takeover, release] = folder.sessions.filter(({ session }) => session.keyLiveAt !== null)
  const told = (stored: typeof takeover): { keyId: string; grade: string; secondsLive: number } => ({
    keyId: stored?.warrant.key.keyId ?? '',
    grade: stored?.session.grade ?? 'none',
    secondsLive: stored?.session.secondsLive ?? 0,
  })
  return {
    simulated: true,
    tool: TOOL,
    directory: stage.directory,
    seconds: Math.round((Date.now() - start) / 1000),
    steps: stage.steps,
    takeover: told(takeover),
    release: { ...told(release), shares: release?.session.sharesSeen ?? [], successor: release?.session.successor?.generation ?? 0 },
    refused: stage.steps.filter(({ exitCode }) => exitCode !== 0).map(({ title }) => title),
    tenancyUnchangedByRefusals: unchanged,
  }
}

function closing(stage: Stage, report: DrillReport, cloud: z.infer<typeof simulated>): void {
  const endpoints = Object.entries(cloud.endpoints).map(([region, url]) => `--endpoint ${region}=${url}`).join(' ')
  stage.scene(
    'What happened',
    [
      `The takeover key ${report.takeover.keyId} was installed, removed the administrator's own key, and was live for ${report.takeover.secondsLive} s.`,
      `Two requests were refused: ${report.refused.join('; ')}. Nothing changed.`,
      `Custodians ${report.release.shares.join(' and ')} consented. Key ${report.release.keyId} was live for ${report.release.secondsLive} s, opened one database, and is dead: ${report.release.grade}.`,
      `Generation ${report.release.successor} is in use now; since its ceremony no machine has held it whole. The auditor found no control that fails.`,
      '',
      `It took ${report.seconds} s. Now open:`,
      `  ${stage.directory}/sheets/generation-3-custodian-1-copy-1.pdf   a sheet, as a custodian keeps it`,
      `  ${stage.directory}/custody/sessions/*/entry.pdf                 the printed logbook entries`,
      `  ${stage.directory}/audit-report.pdf                             the auditor's report`,
      `  ${stage.directory}/report.json                                  this drill, for scripts`,
      '',
      'And try by hand (the simulator remembers where it was):',
      `  alias glasskey='node ${CLI}'`,
      `  cd ${stage.directory}`,
      `  glasskey simulator --state simulator.json &`,
      `  glasskey break rotate --custody custody --operator You --operator-user ${cloud.users.operator} \\`,
      `    --incident PRACTICE --use-case drill --authorised-by You --reason practice \\`,
      `    --scan sheets/generation-3-custodian-1-copy-1.pdf sheets/generation-3-custodian-2-copy-1.pdf \\`,
      `    --oci-config oci/config --reader AUDITOR ${endpoints}`,
      '  Without --yes you are each custodian in turn: read the warrant, type its code words.',
      '  (The one after that, to GENERATION 5, comes from the later ceremony: custodians also confirm it by the 16 words',
      '  "On each bag" in outbox/records/ceremony-from-generation-5.pdf.)',
    ].join('\n'),
  )
}
