/** `glasskey check`: would it work tonight? Without secrets, any day. */
import { resolve } from 'node:path'
import type { Argv } from 'yargs'
import { lookAheadOfTakeover } from '../breakglass/bootstrap.js'
import type { Cloud } from '../breakglass/login.js'
import { lookAtClerk, lookAtKeys, lookAtRegions, lookAtRevocation, lookAtSelfDeletion, lookAtSigners, lookAtSubscriptions, type Finding } from '../breakglass/preflight.js'
import { checkEndpoints } from '../breakglass/open-session.js'
import { inUse, successorsOf } from '../custody/generation.js'
import type { Manifest } from '../custody/manifest.js'
import { GlasskeyError } from '../errors.js'
import { readCustodyFolder, type CustodyFolder } from '../host/custody-folder.js'
import { generationNumber } from '../host/sealed-folder.js'
import { requireSealed } from '../host/sealed-set.js'
import { probeIsolation } from '../host/isolation.js'
import type { Profile } from '../host/oci-profile.js'
import { toned } from '../host/terminal.js'
import { checkSheets, type SheetsArguments } from './check-sheets.js'
import { cloudFlags, cloudOf, HEADINGS, readerOf, type CloudArguments } from './flags.js'
import { standingOf } from './status.js'
import type { Outcome } from './outcome.js'

interface Arguments extends CloudArguments, SheetsArguments {
  what: 'sheets' | undefined
}

export const builder = (flags: Argv): Argv =>
  cloudFlags(flags)
    .usage('$0 check [sheets]\n\nFolder and chains, clock, endpoints, key slots (with a reader), successors, isolation. Exit 3 when a session\nwould not begin. Sheets: which were seen, which not, which is wrong (exit 4); offline.')
    .positional('what', { choices: ['sheets'] as const })
    .option('scan', { type: 'string', array: true, default: [], group: HEADINGS.sheets, describe: 'sheets: scans of both pages, many in one or each in its own file' })
    .option('share-file', { type: 'string', array: true, nargs: 1, default: [], group: HEADINGS.sheets, describe: 'sheets: typed shares, a line or rows each; - is standard input' })
    .option('generation', { type: 'number', array: true, nargs: 1, default: [], group: HEADINGS.sheets, describe: 'sheets: look for these only (repeatable)' })

export const handler = async (args: Arguments): Promise<Outcome> => {
  if (args.what === 'sheets') return checkSheets(args)
  const folder = readCustodyFolder(resolve(args.custody))
  const standing = standingOf(folder)
  const cloud = cloudOf(args)
  const reader = readerOf(args)
  const current = inUse(folder.standings, folder.events)
  const generation = generationNumber(folder, current?.generation ?? 1)
  const { manifest } = generation
  const findings: Finding[] = [
    { what: 'custody folder', level: 'good', said: `${folder.generations.length} generations, ${folder.logbook.head.seq} logbook entries, ${folder.sessions.length} sessions; every chain holds` },
    ...standing.remarks.map(({ stops, text }): Finding => ({ what: 'custody', level: stops ? 'stop' : 'warn', said: text })),
    current
      ? { what: 'successors', level: standing.waiting.length > 0 ? 'good' : 'stop', said: standing.waiting.length > 0 ? `GENERATION ${standing.waiting.join(', ')} ${standing.waiting.length === 1 ? 'waits' : 'wait'}` : 'none waits' }
      : { what: 'takeover', level: 'warn', said: 'has not happened; glasskey takeover' },
    ...lookAtSealed(folder, standing.waiting, current ? 1 : 2),
    ...lookAtSelfDeletion(folder, null),
    ...lookAtRevocation(folder, generation),
    ...(current ? await lookAtSigners(folder, manifest, successorsOf(folder.standings, manifest.generation)[0]?.generation) : []),
    ...(await lookAtCloud(folder, manifest, cloud, reader, current === undefined)),
    ...(await lookAtMachine()),
  ]
  const stops = findings.filter(({ level }) => level === 'stop')
  const notes = findings.filter(({ level }) => level === 'warn').length
  const text = [
    ...findings.map(({ what, level, said }) => toned(`${level === 'good' ? 'ok  ' : level === 'warn' ? 'note' : 'STOP'}  ${what}: ${said}`, level === 'stop' ? 'alarm' : 'plain', process.stdout)),
    stops.length > 0 ? `Not ready: ${stops.length} to mend.` : notes === 0 ? 'Ready.' : `Ready: a ${current ? 'session' : 'takeover'} would begin. See the ${notes === 1 ? 'note' : `${notes} notes`} above.`,
  ].join('\n')
  const json = { ready: stops.length === 0, findings: findings.map((finding) => ({ ...finding })) }
  if (stops.length === 0) return { json, text }
  return { json, text, error: { code: 'REFUSED', message: `a session would not begin: ${stops.map(({ what, said }) => `${what}: ${said}`).join('; ')}`, hint: 'Mend it, and run glasskey check again.' } }
}

/** What is installed must be sealed: a session would refuse it. `next`: how many of those that wait are. */
function lookAtSealed(folder: CustodyFolder, waiting: readonly number[], next: number): Finding[] {
  return waiting.flatMap((generation, at): Finding[] => {
    try {
      requireSealed(folder.path, generationNumber(folder, generation).manifest)
      return []
    } catch (error) {
      if (!(error instanceof GlasskeyError)) throw error
      return [{ what: `GENERATION ${generation}`, level: at < next ? 'stop' : 'warn', said: `${error.message}. Where its ceremony had an outbox, glasskey ceremony import brings what is missing` }]
    }
  })
}

/** What this machine gives, and whether a clerk works in it. */
async function lookAtMachine(): Promise<Finding[]> {
  try {
    const isolation = probeIsolation()
    const { exceptions } = isolation
    return [
      exceptions.length === 0
        ? { what: 'isolation', level: 'good', said: 'strongroom, reader and clerk get namespaces of their own; no core files' }
        : { what: 'isolation', level: 'warn', said: exceptions.join('; ') },
      ...(await lookAtClerk(isolation)),
    ]
  } catch (error) {
    if (!(error instanceof GlasskeyError)) throw error
    return [{ what: 'isolation', level: 'stop', said: `${error.message}. ${error.hint}` }]
  }
}

/** Clocks and key list, as far as they can be seen. `isAhead`: of a takeover. */
async function lookAtCloud(folder: CustodyFolder, manifest: Manifest, cloud: Cloud, reader: Profile | null, isAhead: boolean): Promise<Finding[]> {
  try {
    checkEndpoints(manifest, cloud.endpoints)
  } catch (error) {
    if (!(error instanceof GlasskeyError)) throw error
    return [{ what: 'endpoints', level: 'stop', said: `${error.message}. ${error.hint}` }]
  }
  if (isAhead) return lookAheadOfTakeover(folder, reader, cloud)
  const regions = await lookAtRegions(manifest, cloud)
  if (reader === null) return [...regions, { what: 'key list', level: 'warn', said: 'not looked at: no --reader' }]
  const successor = successorsOf(folder.standings, manifest.generation)[0]?.generation ?? null
  return [...regions, ...(await lookAtKeys(reader, folder, manifest, cloud, successor)), ...(await lookAtSubscriptions(reader, manifest, cloud))]
}
