/** `glasskey break rotate` and `glasskey break saas-admin`. */
import { resolve } from 'node:path'
import type { Argv } from 'yargs'
import type { z } from 'zod'
import { breakGlass } from '../breakglass/break-glass.js'
import type { Foreseen } from '../breakglass/summons.js'
import { databaseOcid, secretOcid, userOcid, line } from '../custody/fields.js'
import { saasAccess } from '../custody/rules.js'
import { GlasskeyError } from '../errors.js'
import type { Action } from '../warrant/warrant.js'
import { field, HEADINGS, inputsOf, sessionFlags, sheetFilesOf, type SessionArguments } from './flags.js'
import { sessionOutcome, wholeNumber } from './session-outcome.js'
import { summon } from './summon.js'
import type { Outcome } from './outcome.js'

interface Arguments extends SessionArguments {
  action: 'rotate' | 'saas-admin'
  summon: string | undefined
  operator: string | undefined
  operatorUser: string | undefined
  incident: string | undefined
  useCase: string | undefined
  authorisedBy: string | undefined
  reason: string | undefined
  minutes: number | undefined
  drill: boolean | undefined
  to: number | undefined
  generation: number | undefined
  deferRotation: boolean | undefined
  database: string | undefined
  region: string | undefined
  secretId: string | undefined
  secretVersion: number | undefined
  access: string | undefined
  hours: number | undefined
  disable: boolean | undefined
  json: boolean | undefined
}

export const builder = (flags: Argv): Argv =>
  sessionFlags(
    flags
      .usage('$0 break <rotate|saas-admin>\nA quorum recombines the key for one warrant; it ends rotated, or red (exit 6).\nRare flags (--message, --words-read-by and others): glasskey resume --help')
      .option('action', { choices: ['rotate', 'saas-admin'] as const, hidden: true })
      .options({
        summon: { type: 'string', describe: 'only print whom to call [FILE]' },
        drill: { type: 'boolean', describe: 'rotate: the quarterly drill' },
        to: { type: 'number', describe: 'rotate to this generation, skipping others' },
        generation: { type: 'number', describe: 'the generation that OCI has, where the newest copy of the folder is lost and this one has another in use' },
        'defer-rotation': { type: 'boolean', describe: 'do NOT rotate: the used key stays alive' },
        database: { type: 'string', describe: 'saas-admin: OCID of the database' },
        region: { type: 'string', describe: 'saas-admin: its region (from the OCID)' },
        'secret-id': { type: 'string', describe: 'saas-admin: its password (OCID; --secret-version)' },
        'secret-version': { type: 'number', describe: 'saas-admin: its version (the current one)' },
        access: { type: 'string', describe: 'read-only (the default), read-write or admin' },
        hours: { type: 'number', describe: 'saas-admin: 1 to 24 (1); --disable ends it' },
        disable: { type: 'boolean', describe: 'saas-admin: end it early' },
      })
      .group(['summon', 'drill', 'to', 'generation', 'defer-rotation', 'database', 'region', 'secret-id', 'secret-version', 'access', 'hours', 'disable'], HEADINGS.action)
      .options({
        operator: { type: 'string', describe: 'who acts (these six: required, except with --summon)' },
        'operator-user': { type: 'string', describe: 'OCID of their own OCI user' },
        incident: { type: 'string', describe: 'reference of the incident' },
        'use-case': { type: 'string', describe: 'id of a use case in the sealed rules' },
        'authorised-by': { type: 'string', describe: 'who authorised this' },
        reason: { type: 'string', describe: 'why normal access does not do' },
        minutes: { type: 'number', describe: 'how long the warrant runs (the rules say)' },
      })
      .group(['operator', 'operator-user', 'incident', 'use-case', 'authorised-by', 'reason', 'minutes'], HEADINGS.who),
  )
    // The rare ones: help fits on a screen.
    .hide('disable')
    .hide('generation')
    .hide('passphrase-file')
    .hide('gnupg-home')
    .hide('message')
    .hide('words-read-by')
    .hide('ca')
    .hide('secret-version')
    .hide('namespaces')

export const handler = async (args: Arguments): Promise<Outcome> => {
  const folder = resolve(args.custody)
  if (args.drill === true && args.action !== 'rotate') throw new GlasskeyError('USAGE', 'only rotate can be a drill', 'glasskey break rotate --drill')
  if (args.summon !== undefined) return summon(folder, foreseenOf(args), { file: args.summon, printer: args.printer, json: args.json === true })
  const { operator, operatorUser, incident, useCase, authorisedBy, reason } = neededOf(args)
  const result = await breakGlass(
    folder,
    {
      action: actionOf(args),
      drill: args.drill ?? false,
      operator: { name: operator, user: operatorUser },
      incident,
      useCase,
      authorisedBy,
      reason,
      minutes: wholeNumber('minutes', args.minutes),
      to: wholeNumber('to', args.to),
      generation: wholeNumber('generation', args.generation),
      deferRotation: args.deferRotation ?? false,
      endpoints: inputsOf(args).cloud.endpoints,
    },
    inputsOf(args),
  )
  return sessionOutcome(folder, result, args.printer, sheetFilesOf(args))
}

/** Who and why, as far as it was given. */
function whoOf(args: Arguments): Pick<Foreseen, (typeof WHO)[number]> {
  const given = <Shape extends string>(flag: string, value: string | undefined, shape: z.ZodType<Shape>): Shape | null => (value === undefined ? null : field(flag, value, shape))
  return {
    operator: given('operator', args.operator, line),
    operatorUser: given('operator-user', args.operatorUser, userOcid),
    incident: given('incident', args.incident, line),
    useCase: args.useCase ?? null,
    authorisedBy: given('authorised-by', args.authorisedBy, line),
    reason: given('reason', args.reason, line),
  }
}

const WHO = ['operator', 'operatorUser', 'incident', 'useCase', 'authorisedBy', 'reason'] as const

/** All of it: only a summons can do without. Throws USAGE naming what is missing. */
function neededOf(args: Arguments): Record<(typeof WHO)[number], string> {
  const { operator, operatorUser, incident, useCase, authorisedBy, reason } = whoOf(args)
  if (operator === null || operatorUser === null || incident === null || useCase === null || authorisedBy === null || reason === null) {
    const missing = WHO.filter((name) => args[name] === undefined).map((name) => name.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`))
    throw new GlasskeyError('USAGE', `Missing required arguments: ${missing.join(', ')}`, `glasskey break ${args.action} --help`)
  }
  return { operator, operatorUser, incident, useCase, authorisedBy, reason }
}

/** What is known beforehand: a database that is not named yet stays a blank. */
function foreseenOf(args: Arguments): Foreseen {
  const named = args.action === 'rotate' || (args.database !== undefined && (args.secretId !== undefined || args.disable === true))
  return { action: named ? actionOf(args) : null, drill: args.drill ?? false, ...whoOf(args), minutes: wholeNumber('minutes', args.minutes), to: wholeNumber('to', args.to), generation: wholeNumber('generation', args.generation), deferRotation: args.deferRotation ?? false }
}

/** Throws USAGE naming what was typed and would be passed over. */
function refuseTogether(why: string, args: Arguments, flags: readonly (keyof Arguments)[], hint: string): void {
  const typed = flags.filter((flag) => args[flag] !== undefined && args[flag] !== false).map((flag) => `--${flag.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`)}`)
  if (typed.length > 0) throw new GlasskeyError('USAGE', `${why}, and was given ${typed.join(', ')}`, hint)
}

function actionOf(args: Arguments): Action {
  if (args.action === 'rotate') {
    refuseTogether('break rotate does nothing to a database', args, ['database', 'secretId', 'secretVersion', 'access', 'hours', 'region', 'disable'], 'Was glasskey break saas-admin meant? A rotation uses a key up.')
    return { name: 'rotate' }
  }
  if (args.database === undefined) throw new GlasskeyError('USAGE', 'which database?', 'glasskey break saas-admin --database OCID')
  const database = field('database', args.database, databaseOcid)
  const named = regionIn(database)
  const region = args.region ?? named
  if (region === null) throw new GlasskeyError('USAGE', `the OCID does not say in words which region the database is in ("${database.split('.')[3] ?? ''}")`, 'Name it: --region eu-frankfurt-1')
  if (named !== null && region !== named) throw new GlasskeyError('USAGE', `--region ${region} is not where the database is: its OCID says ${named}`, 'Leave --region away, or name the other database.')
  if (args.disable === true) refuseTogether('--disable ends an access', args, ['access', 'hours'], 'Leave them away.')
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

/** The region is the fourth component of a regional OCID; null where it is not written as an identifier. */
function regionIn(database: string): string | null {
  const named = database.split('.')[3] ?? ''
  return /^[a-z]{2,}(-[a-z0-9]+)+-\d+$/.test(named) ? named : null
}
