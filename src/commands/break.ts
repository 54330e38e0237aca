/** `glasskey break rotate` and `glasskey break saas-admin`. */
import { resolve } from 'node:path'
import { type Argv } from 'yargs'
import { breakGlass } from '../breakglass/break-glass.js'
import { databaseOcid, secretOcid, userOcid, line } from '../custody/fields.js'
import { GlasskeyError } from '../errors.js'
import { type Action } from '../warrant/warrant.js'
import { field, inputsOf, sessionFlags, type SessionArguments } from './flags.js'
import { sessionOutcome, wholeNumber } from './session-outcome.js'
import { type Outcome } from './outcome.js'

interface Arguments extends SessionArguments {
  action: 'rotate' | 'saas-admin'
  operator: string
  operatorUser: string
  incident: string
  useCase: string
  authorisedBy: string
  reason: string
  minutes: number | undefined
  drill: boolean
  to: number | undefined
  deferRotation: boolean
  printer: string | undefined
  database: string | undefined
  region: string | undefined
  secretId: string | undefined
  secretVersion: number | undefined
  access: 'read-only' | 'read-write' | 'admin' | undefined
  hours: number | undefined
  disable: boolean
}

export const builder = (flags: Argv): Argv =>
  sessionFlags(flags)
    .usage('$0 break <rotate|saas-admin>\n\nA quorum recombines the key for one warrant. However it ends, the key is rotated and proved dead.')
    .positional('action', { choices: ['rotate', 'saas-admin'] as const, describe: 'rotate: nothing else. saas-admin: open an Autonomous Database for a while' })
    .option('operator', { type: 'string', demandOption: true, describe: 'who acts' })
    .option('operator-user', { type: 'string', demandOption: true, describe: 'OCID of the operator\'s own OCI user' })
    .option('incident', { type: 'string', demandOption: true, describe: 'reference of the incident' })
    .option('use-case', { type: 'string', demandOption: true, describe: 'id of a permitted use case, from the sealed rules' })
    .option('authorised-by', { type: 'string', demandOption: true, describe: 'who authorised this' })
    .option('reason', { type: 'string', demandOption: true, describe: 'why normal access does not do' })
    .option('minutes', { type: 'number', describe: 'how long the warrant runs (default and ceiling: the rules)' })
    .option('drill', { type: 'boolean', default: false, describe: 'rotate: the quarterly drill' })
    .option('to', { type: 'number', describe: 'rotate to this generation, skipping those before' })
    .option('defer-rotation', { type: 'boolean', default: false, describe: 'without a successor: leave the key alive, by every custodian\'s consent' })
    .option('printer', { type: 'string', describe: 'print entry and slips on this CUPS printer' })
    .option('database', { type: 'string', describe: 'saas-admin: OCID of the Autonomous Database' })
    .option('region', { type: 'string', describe: 'saas-admin: its region (default: the home region)' })
    .option('secret-id', { type: 'string', describe: 'saas-admin: OCID of the Vault secret with the password' })
    .option('secret-version', { type: 'number', describe: 'saas-admin: version of that secret (default: the current one)' })
    .option('access', { choices: ['read-only', 'read-write', 'admin'] as const, describe: 'saas-admin: access type (default: read-only)' })
    .option('hours', { type: 'number', describe: 'saas-admin: for how long, 1 to 24; OCI itself ends it (default: 1)' })
    .option('disable', { type: 'boolean', default: false, describe: 'saas-admin: end it early' })

export const handler = async (args: Arguments): Promise<Outcome> => {
  const folder = resolve(args.custody)
  if (args.drill && args.action !== 'rotate') throw new GlasskeyError('USAGE', 'only rotate can be a drill', 'glasskey break rotate --drill')
  const result = await breakGlass(
    folder,
    {
      action: actionOf(args),
      drill: args.drill,
      operator: { name: field('operator', args.operator, line), user: field('operator-user', args.operatorUser, userOcid) },
      incident: field('incident', args.incident, line),
      useCase: args.useCase,
      authorisedBy: field('authorised-by', args.authorisedBy, line),
      reason: field('reason', args.reason, line),
      minutes: wholeNumber('minutes', args.minutes),
      to: wholeNumber('to', args.to),
      deferRotation: args.deferRotation,
      endpoints: inputsOf(args).cloud.endpoints,
    },
    inputsOf(args),
  )
  return sessionOutcome(folder, result, args.printer)
}

function actionOf(args: Arguments): Action {
  if (args.action === 'rotate') return { name: 'rotate' }
  if (args.database === undefined) throw new GlasskeyError('USAGE', 'which database?', 'glasskey break saas-admin --database OCID')
  const database = field('database', args.database, databaseOcid)
  const region = args.region ?? regionOf(database)
  if (args.disable) return { name: 'saas-admin', database, region, enable: null }
  if (args.secretId === undefined) throw new GlasskeyError('USAGE', 'which secret holds the password?', 'glasskey break saas-admin --secret-id OCID')
  const hours = wholeNumber('hours', args.hours) ?? 1
  if (hours > 24) throw new GlasskeyError('USAGE', `--hours takes 1 to 24, which is OCI's limit; not ${hours}`)
  return {
    name: 'saas-admin',
    database,
    region,
    enable: { secretId: field('secret-id', args.secretId, secretOcid), secretVersion: wholeNumber('secret-version', args.secretVersion) ?? null, access: args.access ?? 'read-only', hours },
  }
}

/** The region is the fourth component of a regional OCID, where it is written as an identifier. */
function regionOf(database: string): string {
  const named = database.split('.')[3] ?? ''
  if (/^[a-z]{2,}(-[a-z0-9]+)+-\d+$/.test(named)) return named
  throw new GlasskeyError('USAGE', `the OCID does not say in words which region the database is in ("${named}")`, 'Name it: --region eu-frankfurt-1')
}
