/** `glasskey break rotate` and `glasskey break saas-admin`. */
import { resolve } from 'node:path'
import type { Argv } from 'yargs'
import { breakGlass } from '../breakglass/break-glass.js'
import { databaseOcid, secretOcid, userOcid, line } from '../custody/fields.js'
import { saasAccess } from '../custody/rules.js'
import { GlasskeyError } from '../errors.js'
import type { Action } from '../warrant/warrant.js'
import { field, HEADINGS, inputsOf, sessionFlags, type SessionArguments } from './flags.js'
import { sessionOutcome, wholeNumber } from './session-outcome.js'
import type { Outcome } from './outcome.js'

interface Arguments extends SessionArguments {
  action: 'rotate' | 'saas-admin'
  operator: string
  operatorUser: string
  incident: string
  useCase: string
  authorisedBy: string
  reason: string
  minutes: number | undefined
  drill: boolean | undefined
  to: number | undefined
  deferRotation: boolean | undefined
  printer: string | undefined
  database: string | undefined
  region: string | undefined
  secretId: string | undefined
  secretVersion: number | undefined
  access: string | undefined
  hours: number | undefined
  disable: boolean | undefined
}

export const builder = (flags: Argv): Argv =>
  sessionFlags(
    flags
      .usage('$0 break <rotate|saas-admin>\nA quorum uses the key for one warrant; then it is rotated and proved dead.\nrotate: only that. saas-admin: opens a database for a while.')
      .option('action', { choices: ['rotate', 'saas-admin'] as const, hidden: true })
      .options({
        drill: { type: 'boolean', describe: 'rotate: the quarterly drill' },
        to: { type: 'number', describe: 'rotate to this generation, skipping others' },
        'defer-rotation': { type: 'boolean', describe: 'no successor: leave it alive, if all consent' },
        database: { type: 'string', describe: 'saas-admin: OCID of the database' },
        region: { type: 'string', describe: 'saas-admin: its region (from the OCID)' },
        'secret-id': { type: 'string', describe: 'saas-admin: its password (OCID; --secret-version)' },
        'secret-version': { type: 'number', describe: 'saas-admin: its version (the current one)' },
        access: { type: 'string', describe: 'read-only (the default), read-write or admin' },
        hours: { type: 'number', describe: 'saas-admin: 1 to 24; OCI ends it (1)' },
        disable: { type: 'boolean', describe: 'saas-admin: end it early' },
      })
      .group(['drill', 'to', 'defer-rotation', 'database', 'region', 'secret-id', 'secret-version', 'access', 'hours', 'disable'], HEADINGS.action)
      .options({
        operator: { type: 'string', demandOption: true, describe: 'who acts' },
        'operator-user': { type: 'string', demandOption: true, describe: 'OCID of their own OCI user' },
        incident: { type: 'string', demandOption: true, describe: 'reference of the incident' },
        'use-case': { type: 'string', demandOption: true, describe: 'id of a use case in the sealed rules' },
        'authorised-by': { type: 'string', demandOption: true, describe: 'who authorised this' },
        reason: { type: 'string', demandOption: true, describe: 'why normal access does not do' },
        minutes: { type: 'number', describe: 'how long the warrant runs (the rules say)' },
      })
      .group(['operator', 'operator-user', 'incident', 'use-case', 'authorised-by', 'reason', 'minutes'], HEADINGS.who),
  )
    // Rare ones: resume --help has them all.
    .hide('passphrase-file')
    .hide('gnupg-home')
    .hide('message')
    .hide('words-read-by')
    .hide('ca')
    .hide('secret-version')

export const handler = async (args: Arguments): Promise<Outcome> => {
  const folder = resolve(args.custody)
  if (args.drill === true && args.action !== 'rotate') throw new GlasskeyError('USAGE', 'only rotate can be a drill', 'glasskey break rotate --drill')
  const result = await breakGlass(
    folder,
    {
      action: actionOf(args),
      drill: args.drill ?? false,
      operator: { name: field('operator', args.operator, line), user: field('operator-user', args.operatorUser, userOcid) },
      incident: field('incident', args.incident, line),
      useCase: args.useCase,
      authorisedBy: field('authorised-by', args.authorisedBy, line),
      reason: field('reason', args.reason, line),
      minutes: wholeNumber('minutes', args.minutes),
      to: wholeNumber('to', args.to),
      deferRotation: args.deferRotation ?? false,
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
  if (args.disable === true) return { name: 'saas-admin', database, region, enable: null }
  if (args.secretId === undefined) throw new GlasskeyError('USAGE', 'which secret holds the password?', 'glasskey break saas-admin --secret-id OCID')
  const hours = wholeNumber('hours', args.hours) ?? 1
  if (hours > 24) throw new GlasskeyError('USAGE', `--hours takes 1 to 24, which is OCI's limit; not ${hours}`)
  return {
    name: 'saas-admin',
    database,
    region,
    enable: { secretId: field('secret-id', args.secretId, secretOcid), secretVersion: wholeNumber('secret-version', args.secretVersion) ?? null, access: field('access', args.access ?? 'read-only', saasAccess), hours },
  }
}

/** The region is the fourth component of a regional OCID, where it is written as an identifier. */
function regionOf(database: string): string {
  const named = database.split('.')[3] ?? ''
  if (/^[a-z]{2,}(-[a-z0-9]+)+-\d+$/.test(named)) return named
  throw new GlasskeyError('USAGE', `the OCID does not say in words which region the database is in ("${named}")`, 'Name it: --region eu-frankfurt-1')
}
