/** What a ceremony is going to make, and what forbids it, before anything is made. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { dirname, join, normalize, resolve } from 'node:path'
import { parseCustodyYaml, type Custody } from '../custody/custody-yaml.js'
import { inUse, successorsOf } from '../custody/generation.js'
import { manifestDigest } from '../custody/manifest.js'
import { GlasskeyError } from '../errors.js'
import { readCustodyFolder, type CustodyFolder } from '../host/custody-folder.js'
import { readText } from '../host/disk.js'
import { places } from '../host/sealed-folder.js'
import { assertPrintable } from '../paper/printable.js'
import { SUCCESSORS } from '../record/due.js'
import { absentGenerations, unsealedGenerations } from '../record/standing.js'

/** What decides what a ceremony makes. */
export interface Planning {
  /** custody.yaml; the folder's own for a later ceremony when undefined. */
  config: string | undefined
  custody: string
  rehearsal: boolean
}

/** What a ceremony will make. */
export interface Plan {
  custody: Custody
  configText: string
  /** The folder that a later ceremony builds on. */
  earlier: CustodyFolder | null
  first: number
  count: number
  previousManifestSha256: string | null
}

/** The plan. Throws CONFIG_INVALID, SCRIPT_UNSUPPORTED, REHEARSAL_MISMATCH, FOLDER_ALTERED, REFUSED when enough generations wait. */
export function planCeremony({ config, custody: folder, rehearsal }: Planning): Plan {
  const earlier = existsSync(places.generations(folder)) ? readCustodyFolder(folder) : null
  const configPath = config ?? places.custody(folder)
  const configText = readText(configPath, 'custody.yaml')
  const custody = parseCustodyYaml(configText, configPath)
  checkNames(custody)
  return { custody, configText, earlier, ...(earlier === null ? { first: 1, count: custody.generations, previousManifestSha256: null } : laterPlan(earlier, custody, rehearsal)) }
}

function laterPlan(earlier: CustodyFolder, custody: Custody, rehearsal: boolean): Pick<Plan, 'first' | 'count' | 'previousManifestSha256'> {
  const last = earlier.generations.at(-1)?.manifest
  if (!last) throw new GlasskeyError('FOLDER_ALTERED', 'the folder has no last generation')
  if (last.rehearsal !== rehearsal) {
    throw new GlasskeyError('REHEARSAL_MISMATCH', `this custody folder is ${last.rehearsal ? 'a rehearsal' : 'real'}, and stays so for ever`, last.rehearsal ? 'Use --rehearsal.' : 'Leave --rehearsal away.')
  }
  if (last.tenancy !== custody.tenancy || last.user !== custody.user) throw new GlasskeyError('CONFIG_INVALID', 'custody.yaml names another tenancy or user than the generations before', 'A new user needs a new custody folder.')
  // One that is in use is retired by nobody; its import may be finished at any time.
  const halfImported = unsealedGenerations(earlier).find((generation) => earlier.standings.some((one) => one.generation === generation && one.state === 'waiting'))
  if (halfImported !== undefined) throw new GlasskeyError('REFUSED', `GENERATION ${halfImported} is in the folder and in no logbook entry: its import did not come to its end`, `First, where that was: glasskey ceremony import, once more. If its outbox is lost: glasskey logbook add retired --set generation=${halfImported} --set reason=…`)
  const [absent] = absentGenerations(earlier)
  if (absent !== undefined) throw new GlasskeyError('FOLDER_ALTERED', `GENERATION ${absent} is in the logbook and not in the folder`, 'First, from the outbox of its ceremony: glasskey ceremony import, once more. Or fetch an untouched copy of the custody folder.')
  const waiting = successorsOf(earlier.standings, inUse(earlier.standings, earlier.events)?.generation ?? 0).length
  if (waiting >= SUCCESSORS) throw new GlasskeyError('REFUSED', `${waiting} generations are waiting already; no ceremony is needed`, 'glasskey status says when one is.')
  return { first: last.generation + 1, count: SUCCESSORS - waiting, previousManifestSha256: manifestDigest(last) }
}

/** Where a ceremony writes: the custody folder itself at first, an outbox later. Throws USAGE, OUTPUT_EXISTS. */
export function targetOf(custody: string, outbox: string | undefined, { earlier, custody: settings }: Plan): string {
  if (earlier === null) {
    if (outbox !== undefined) throw new GlasskeyError('USAGE', 'the first ceremony writes the custody folder itself; it has no outbox', 'Leave --outbox away.')
    return refuseOther(custody, settings)
  }
  if (outbox === undefined) {
    throw new GlasskeyError('USAGE', `${custody} has generations already: a later ceremony writes an outbox`, 'Name it with --outbox, and import it online with glasskey ceremony import.')
  }
  return refuseOther(outbox, settings)
}

/** The same place, if a whole folder can be put there. Throws OUTPUT_EXISTS, USAGE. */
function refuseOther(path: string, settings: Custody): string {
  // The folder appears in one step, by being renamed; what a medium is mounted on cannot be renamed.
  const parent = dirname(resolve(path))
  if (existsSync(path) && existsSync(parent) && statSync(path).dev !== statSync(parent).dev) throw new GlasskeyError('USAGE', `${path} is where a medium is mounted, and no folder can be put in its place`, `Name a folder on it: ${join(path, 'custody')}`)
  requireFree(path, settings)
  return path
}

/** Throws OUTPUT_EXISTS, with this hint, when a folder that is to be made holds anything but custody.yaml and the keys that it names. */
export function requireFree(path: string, { custodians }: Custody, hint = 'Name a new folder.'): void {
  const ours = ['custody.yaml', ...custodians.flatMap(({ openpgpKey }) => (openpgpKey === null ? [] : [normalize(openpgpKey)]))]
  const strangers = (folder: string): string[] =>
    readdirSync(join(path, folder), { withFileTypes: true }).flatMap((entry) => {
      const name = join(folder, entry.name)
      if (ours.includes(name)) return []
      // A folder of which nothing is ours is not looked into: it may not be ours to read.
      if (!ours.some((file) => file.startsWith(`${name}/`))) return [name]
      return entry.isDirectory() ? strangers(name) : entry.isSymbolicLink() ? [] : [name]
    })
  const names = existsSync(path) ? strangers('') : []
  if (names.length > 0) throw new GlasskeyError('OUTPUT_EXISTS', `${path} is not empty (${names.slice(0, 3).join(', ')})`, hint)
}

/** Refuses a name that cannot be printed before anything is made. Throws SCRIPT_UNSUPPORTED. */
function checkNames(custody: Custody): void {
  assertPrintable(custody.owner.team, 'owner.team')
  assertPrintable(custody.owner.contact, 'owner.contact')
  for (const { number, name, copies } of custody.custodians) {
    assertPrintable(name, `the name of custodian ${number}`)
    for (const { copy, bag } of copies) if (bag !== null) assertPrintable(bag, `the bag of custodian ${number}, copy ${copy}`)
  }
}
