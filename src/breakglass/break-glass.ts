/** Break glass, in order: preflight, warrant, strongroom, proof, record. */
import { EXIT, GlasskeyError } from '../errors.js'
import { wallClock } from '../host/clock.js'
import { readCustodyFolder } from '../host/custody-folder.js'
import { generationInUse, places } from '../host/sealed-folder.js'
import { probeIsolation, type Isolation } from '../host/isolation.js'
import { takeLock } from '../host/lock.js'
import { type Profile } from '../host/oci-profile.js'
import { isInteractive, say } from '../host/terminal.js'
import { scopeOf } from '../warrant/scope.js'
import { type Warrant } from '../warrant/warrant.js'
import { conclude, type SessionResult } from './conclude.js'
import { holdAtDesk } from './desk.js'
import { type Cloud } from './login.js'
import { drawUpWarrant, openSession, refuseUnfinished, rotatingFrom, type Request } from './open-session.js'
import { lookAtExposure, lookAtKeys, lookAtRegions, refuseStops, type Finding } from './preflight.js'

/** What people bring to a session. */
export interface Inputs {
  scans: readonly string[]
  shareFiles: readonly string[]
  /** Consent without asking; rehearsals only. */
  yes: boolean
  reader: Profile | null
  cloud: Cloud
  /** False: namespaces are switched off, as an exception on the warrant. */
  namespaces: boolean
}

/** Breaks the glass. Throws what refuses the session before a share is read; afterwards the result says how it went. */
export async function breakGlass(folderPath: string, request: Request, inputs: Inputs): Promise<SessionResult> {
  const release = takeLock(places.lock(folderPath), `break ${request.action.name}`, wallClock())
  try {
    const isolation = probeIsolation(inputs.namespaces)
    const folder = readCustodyFolder(folderPath)
    const generation = generationInUse(folder)
    refuseUnfinished(folder, rotatingFrom(request.action, generation))
    const warrant = drawUpWarrant(folder, generation, request, isolation, wallClock())
    refuseUnattended(warrant, inputs)
    const findings = [...lookAtExposure(folder, generation.manifest), ...(await lookAtRegions(generation.manifest, inputs.cloud)), ...(inputs.reader ? await lookAtKeys(inputs.reader, folder, generation.manifest, inputs.cloud) : [])]
    sayFindings(findings)
    // Without a way home the successor could not be installed anyway: that is what deferred rotation is for.
    if (warrant.successor) refuseStops(findings)
    openSession(folder, generation, warrant)
    return await holdAndConclude(folderPath, warrant, 'perform', inputs, isolation)
  } finally {
    release()
  }
}

/** The strongroom's part and what follows it. */
export async function holdAndConclude(folder: string, warrant: Warrant, task: 'perform' | 'finish', inputs: Inputs, isolation: Isolation): Promise<SessionResult> {
  const { finished, unwritten } = await holdAtDesk({
    order: { folder, session: warrant.session, task, scans: inputs.scans.length, shareFiles: [...inputs.shareFiles], yes: inputs.yes, ca: inputs.cloud.ca },
    scans: inputs.scans,
    origins: [...new Set(scopeOf(warrant).map(({ origin }) => origin))],
    isolation,
  })
  const calm = whileProving(warrant)
  try {
    return await conclude({ folder, warrant, finished, unwritten, reader: inputs.reader, cloud: inputs.cloud, isolation })
  } catch (error) {
    if (!(error instanceof GlasskeyError)) throw error
    // Somebody changed the folder while the key was in use: whatever was done, nothing of it can be called proved.
    throw new GlasskeyError('OUTCOME_UNKNOWN', `session ${warrant.session} cannot be concluded: ${error.code}: ${error.message}`, `Mend the folder; the key of GENERATION ${warrant.key.generation} counts as alive until then. Then: glasskey resume --session ${warrant.session}`, { cause: error })
  } finally {
    calm()
  }
}

/** During the proof no key exists any more. One Ctrl-C is told so; a second one ends it, and the key counts as not proved dead. */
function whileProving(warrant: Warrant): () => void {
  let asked = 0
  const handler = (signal: NodeJS.Signals): void => {
    asked += 1
    if (asked > 1 && signal === 'SIGINT') process.exit(EXIT.unproved)
    say(`No key is live any more; this is the proof that it is dead. To stop it all the same: Ctrl-C again, and later glasskey resume --session ${warrant.session}.`, 'alarm')
  }
  for (const signal of SIGNALS) process.on(signal, handler)
  return () => {
    for (const signal of SIGNALS) process.off(signal, handler)
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const

/** Says before a session what would only be found out in it. Throws NO_TERMINAL, REHEARSAL_MISMATCH, USAGE. */
export function refuseUnattended(warrant: Warrant, inputs: Inputs): void {
  if (inputs.yes && !warrant.rehearsal) throw new GlasskeyError('REHEARSAL_MISMATCH', '--yes is for rehearsals only', 'Each custodian consents at the terminal.')
  if (inputs.yes && inputs.scans.length + inputs.shareFiles.length === 0 && !isInteractive()) throw new GlasskeyError('USAGE', 'no sheets were given', 'Use --scan FILE... or --share-file FILE, or run this on a terminal.')
  if (!inputs.yes && !isInteractive()) throw new GlasskeyError('NO_TERMINAL', 'custodians consent at a terminal, and there is none', 'Run this on a terminal; a rehearsal may use --yes.')
}

/** Says what the preflight found. */
export function sayFindings(findings: readonly Finding[]): void {
  for (const { what, level, said } of findings) say(`${level === 'good' ? 'ok  ' : level === 'warn' ? 'note' : 'STOP'}  ${what}: ${said}`, level === 'stop' ? 'alarm' : 'plain')
}
