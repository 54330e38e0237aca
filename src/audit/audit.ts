/** An audit, from the folder and the auditor's login to results and opinion. Changes nothing, anywhere. */
import type { Cloud } from '../breakglass/login.js'
import { GlasskeyError } from '../errors.js'
import type { Profile } from '../host/oci-profile.js'
import { readCeremonySignatures } from './ceremony-signatures.js'
import { readCloudLog, type Wanted } from './cloud-log.js'
import { viewCloud, withLog, type CloudView } from './cloud-view.js'
import { runControls, type ControlResult, type Sentence } from './control.js'
import { CONTROLS } from './controls.js'
import { readDossier, type Dossier, type Period } from './dossier.js'
import { subjectOf } from './lives.js'
import { opinionOf, type Opinion } from './opinion.js'
import { NotChecked } from './reading.js'
import { explainedBy, missingChanges, reconcile } from './reconciliation.js'
import { logTimes } from './log-times.js'
import { givenUp, openedAt, sessionsInPeriod, soundSession } from './sound.js'

/** What is asked of an audit. */
export interface AuditRequest {
  folder: string
  /** The auditor's own login; null for what can be checked without one. */
  profile: Profile | null
  cloud: Cloud
  /** ISO 8601; from the first ceremony or session, and until now, when undefined. */
  from: string | undefined
  to: string | undefined
  now: Date
}

/** What an audit found. */
export interface Audit {
  dossier: Dossier
  results: ControlResult[]
  opinion: Record<Sentence, Opinion>
}

/** Audits. Throws when there is nothing to audit, or when a login was given and OCI cannot be read with it. */
export async function auditCustody(request: AuditRequest): Promise<Audit> {
  const read = readDossier(request.folder, request.now)
  const away = givenUp(read)
  const dossier: Dossier = { ...read, ceremonies: await readCeremonySignatures(request.folder, read.generations.filter(({ number }) => !away.has(number))), period: periodOf(request, read), cloud: null }
  dossier.cloud = request.profile ? await cloudFor(request, request.profile, dossier) : null
  const results = runControls(CONTROLS, dossier)
  return { dossier, results, opinion: opinionOf(results) }
}

function periodOf({ from, to, now }: AuditRequest, dossier: Pick<Dossier, 'generations' | 'sessions'>): Period {
  const opened = dossier.sessions.flatMap(({ id }) => openedAt(id) ?? [])
  const start = from ?? beginningOf(dossier.generations, opened)
  // An auditor's clock that is slow must not leave the last sessions out.
  const end = to ?? new Date(Math.max(now.getTime(), ...opened)).toISOString()
  if (Date.parse(start) >= Date.parse(end)) throw new GlasskeyError('USAGE', `the period from ${start} to ${end} is empty`, 'Name another --from or --to.')
  return { from: start, to: end }
}

/** The earliest moment that the record has: the offline machine's clock may have been ahead, and a takeover on the same day is not to fall out. */
function beginningOf(generations: Dossier['generations'], opened: readonly number[]): string {
  const made = generations.flatMap(({ manifest }) => (manifest.read ? [Date.parse(manifest.value.created)] : []))
  const moments = [...made, ...opened]
  return new Date(moments.length === 0 ? 0 : Math.min(...moments)).toISOString()
}

async function cloudFor({ cloud, now }: AuditRequest, profile: Profile, dossier: Dossier): Promise<CloudView> {
  const manifest = subjectOf(dossier)
  if (!manifest) throw new GlasskeyError('MANIFEST_INVALID', 'no manifest of the folder can be read: whose keys OCI should list is not known', 'Fetch an untouched copy of the custody folder.')
  const view = await viewCloud(profile, manifest, cloud)
  return withLog(view, await readCloudLog(profile, manifest, wantedLogs(dossier), cloud, now))
}

/** Sessions whose calls OCI should have logged. */
function wantedLogs(dossier: Dossier): Wanted[] {
  const explained = explainedBy(dossier)
  return sessionsInPeriod(dossier).flatMap((filed): Wanted[] => {
    try {
      const session = soundSession(dossier, filed)
      return [{ warrant: session.warrant, spans: logTimes(dossier, session).read, isShort: (log) => missingChanges(session, reconcile(session, log, explained, dossier.now)).length > 0 }]
    } catch (error) {
      // Another control says why it cannot be relied on.
      if (error instanceof NotChecked) return []
      throw error
    }
  })
}
