/** Opening a session: which key, which successor, a warrant that the sealed rules allow, and the journal's first line. */
import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { inUse, successorsOf, whyNot } from '../custody/generation.js'
import type { Manifest } from '../custody/manifest.js'
import type { Rules } from '../custody/rules.js'
import { GlasskeyError } from '../errors.js'
import type { CustodyFolder } from '../host/custody-folder.js'
import { generationInUse, generationNumber, places, type Generation, type SealedFolder, type StoredSession } from '../host/sealed-folder.js'
import { requireSealed } from '../host/sealed-set.js'
import { makeFolder, moveTo, writable, writeNew } from '../host/disk.js'
import type { Isolation } from '../host/isolation.js'
import { LineFile } from '../host/line-file.js'
import { wallClock } from '../host/clock.js'
import { readJournal, type JournalEntry, type JournalLine } from '../record/journal.js'
import { maySupersede, openSessions, type Beginning } from '../record/open-sessions.js'
import { resumption } from '../record/standing.js'
import { commandOf } from '../record/way-on.js'
import { TOOL } from '../version.js'
import { checkRules, mostCalls } from '../warrant/issue.js'
import { REHEARSAL_PROBES } from '../warrant/probe-schedule.js'
import { warrantDigest, warrantFile, type Action, type Warrant } from '../warrant/warrant.js'
import { isLoopback, realmOf } from '../wire/hosts.js'

/** What the operator asks for. */
export interface Request {
  action: Action
  drill: boolean
  operator: { name: string; user: string }
  incident: string
  useCase: string
  authorisedBy: string
  reason: string
  /** Minutes; the rules' default when undefined. */
  minutes: number | undefined
  /** Generation to rotate to; the next one waiting when undefined. */
  to: number | undefined
  /** The generation that OCI has, where this copy of the folder is behind; what the record has in use when undefined. */
  generation?: number | undefined
  /** Go ahead without a successor, with every custodian's consent. */
  deferRotation: boolean
  endpoints: Readonly<Record<string, string>>
}

/** A session on disk, ready for the strongroom. */
export interface OpenedSession {
  warrant: Warrant
  generation: Generation
}

/** The warrant for a request. Nothing is written. Throws RULES_REFUSED, NO_SUCCESSOR, REHEARSAL_MISMATCH, SET_NOT_SEALED. */
export function drawUpWarrant(folder: CustodyFolder, generation: Generation, request: Request, isolation: Isolation, now: Date): Warrant {
  checkEndpoints(generation.manifest, request.endpoints)
  return planWarrant(folder, generation, request, isolation, now)
}

/** The same before it is known where OCI will be: what custodians are called for. Throws RULES_REFUSED, NO_SUCCESSOR. */
export function planWarrant(folder: CustodyFolder, generation: Generation, request: Request, isolation: Pick<Isolation, 'exceptions'>, now: Date): Warrant {
  const { manifest, rules } = generation
  const successor = chooseSuccessor(folder, manifest.generation, request)
  // What is going to be installed: the first key by a takeover, a successor by everything else.
  if (request.action.name === 'takeover') requireSealed(folder.path, manifest)
  if (successor) requireSealed(folder.path, successor)
  const opens = new Date(now.getTime())
  const minutes = request.minutes ?? rules.warrant.defaultMinutes
  const warrant: Warrant = {
    format: 1,
    session: `${opens.toISOString().replace(/[-:]|\.\d+/g, '')}-${randomBytes(4).toString('hex')}`,
    rehearsal: manifest.rehearsal,
    drill: request.drill,
    action: request.action,
    operator: request.operator,
    incident: request.incident,
    useCase: request.useCase,
    authorisedBy: request.authorisedBy,
    reason: request.reason,
    tenancy: manifest.tenancy,
    user: manifest.user,
    realm: realmOf(manifest.tenancy),
    homeRegion: manifest.homeRegion,
    regions: manifest.regions,
    endpoints: { ...request.endpoints },
    key: keyNames(manifest),
    successor: successor ? keyNames(successor) : null,
    opens: opens.toISOString(),
    deadline: new Date(opens.getTime() + minutes * 60_000).toISOString(),
    calls: mostCalls(request.action, rules),
    probes: probesFor(manifest, rules),
    isolationExceptions: isolation.exceptions,
    logbook: { seq: folder.logbook.head.seq, sha256: folder.logbook.head.sha256 },
  }
  return checkRules(warrant, rules)
}

/**
 * Writes warrant.json and the journal's first line; the session's folder appears with both or not at all. Throws
 * SESSION_UNFINISHED when an earlier session must be resumed first.
 */
export function openSession(folder: CustodyFolder, generation: Generation, warrant: Warrant): OpenedSession {
  refuseUnfinished(folder, beginningOf(warrant.action, generation))
  const place = places.session(folder.path, warrant.session)
  const beside = places.opening(folder.path)
  // Left by a crash before anything had happened.
  writable(beside, () => {
    rmSync(beside, { recursive: true, force: true })
  })
  makeFolder(beside)
  writeNew(join(beside, basename(places.warrant(folder.path, warrant.session))), warrantFile(warrant))
  const journal = LineFile.open<JournalLine, JournalEntry>(join(beside, basename(places.journal(folder.path, warrant.session))), readJournal, wallClock)
  journal.append({
    type: 'session-opened',
    format: 1,
    session: warrant.session,
    action: warrant.action.name,
    rehearsal: warrant.rehearsal,
    drill: warrant.drill,
    generation: generation.manifest.generation,
    keyId: generation.manifest.keyId,
    spkiSha256: generation.manifest.spkiSha256,
    warrantSha256: warrantDigest(warrant),
    logbookSeq: warrant.logbook.seq,
    logbookSha256: warrant.logbook.sha256,
    tool: TOOL,
    isolation: warrant.isolationExceptions,
  })
  moveTo(place, beside)
  return { warrant, generation }
}

/** Sessions of a folder that must be resumed first. */
export function unfinishedSessions({ sessions, standings, logbook }: SealedFolder): StoredSession[] {
  return openSessions({ sessions, standings, logbook: logbook.lines })
}

/** The generation in use; or the one that people say OCI has, where the newest copy of the folder is lost. Throws GENERATION_NOT_IN_USE. */
export function generationFor(folder: CustodyFolder, asked: number | undefined): Generation {
  if (asked === undefined) return generationInUse(folder)
  const generation = generationNumber(folder, asked)
  const standing = folder.standings.find((one) => one.generation === asked)
  const current = inUse(folder.standings, folder.events)
  if (standing === undefined || current?.generation === asked) return generation
  const refused = (what: string, next: string): GlasskeyError => new GlasskeyError('GENERATION_NOT_IN_USE', what, next)
  if (current !== undefined && current.generation > asked) throw refused(`GENERATION ${current.generation} is in use, and ${asked} was before it`, 'A key that was rotated away from is never used again: leave --generation away.')
  if (standing.state === 'burned' || standing.state === 'not proved dead') throw refused(`GENERATION ${asked} was used already: ${whyNot(standing)}`, 'A used key is only rotated and proved dead: glasskey status says how.')
  if (standing.margin < 0) throw refused(`too few sheets of GENERATION ${asked} are left to open it`, WITHOUT_SHEETS)
  return generation
}

/** What is left where neither the key of the record nor the one in OCI can be opened. */
export const WITHOUT_SHEETS = 'glasskey logbook add lost for the sheets of the generation that this record has in use, so that too few are left; then glasskey takeover with a new bootstrap key.'

/** Null: a takeover, which goes on in no session's place. */
export function beginningOf(action: Action, { manifest }: Generation): Beginning | null {
  return action.name === 'takeover' ? null : { generation: manifest.generation, rotates: action.name === 'rotate' }
}

/**
 * Throws SESSION_UNFINISHED naming the first session that has not come to its end. A rotation may supersede one that
 * left the key in use alive: it makes a warrant of its own, where the old one may name a successor that is gone.
 */
export function refuseUnfinished(folder: CustodyFolder, next: Beginning | null): void {
  const known = { ...folder, logbook: folder.logbook.lines }
  const open = unfinishedSessions(folder).find((stored) => !maySupersede(known, stored, next))
  if (open) {
    const goesOn = resumption(open, folder.standings, folder.events)
    const rotation = commandOf('rotate', open.id, open.session)
    const rotates = next !== null && !next.rotates && goesOn !== rotation && maySupersede(known, open, { ...next, rotates: true })
    throw new GlasskeyError('SESSION_UNFINISHED', `session ${open.id} has not come to its end`, rotates ? `${goesOn}. Or rotate away from it, without an action: ${rotation}` : goesOn)
  }
}

function keyNames({ generation, keyId, spkiSha256, fingerprint, publicKeyPem }: Manifest): Warrant['key'] {
  return { generation, keyId, spkiSha256, fingerprint, publicKeyPem }
}

/** A real set knows no --endpoint; a rehearsal needs one for each region, on this machine. Throws REHEARSAL_MISMATCH. */
export function checkEndpoints(manifest: Manifest, endpoints: Readonly<Record<string, string>>): void {
  const given = Object.keys(endpoints)
  if (!manifest.rehearsal && given.length > 0) {
    throw new GlasskeyError('REHEARSAL_MISMATCH', 'this is a real key: it signs only for OCI itself, never for an --endpoint', 'Leave --endpoint away, or practise with a rehearsal set.')
  }
  if (!manifest.rehearsal) return
  for (const region of manifest.regions) {
    const endpoint = endpoints[region]
    if (endpoint === undefined) {
      throw new GlasskeyError('REHEARSAL_MISMATCH', `this is a rehearsal key: it needs a simulator for region ${region}`, `glasskey simulator starts one; then --endpoint ${region}=http://127.0.0.1:PORT`)
    }
    if (!isLoopback(endpoint)) {
      throw new GlasskeyError('REHEARSAL_MISMATCH', `a rehearsal key signs only for this machine, not for ${endpoint}`, 'Point --endpoint at a simulator on 127.0.0.1.')
    }
  }
}

/** What a session would rotate to; null: rotation is deferred. `action`: null where it is not known yet. Throws NO_SUCCESSOR, USAGE. */
export function chooseSuccessor(folder: CustodyFolder, generation: number, { action, to, drill, deferRotation }: { action: Action | null } & Pick<Request, 'to' | 'drill' | 'deferRotation'>): Manifest | null {
  const waiting = successorsOf(folder.standings, generation)
  if (action?.name === 'rotate' && deferRotation) throw new GlasskeyError('USAGE', 'a rotation that is deferred would expose the key, and do nothing', 'Leave --defer-rotation away. Where no generation waits: hold a ceremony first.')
  if (to !== undefined && deferRotation) throw new GlasskeyError('USAGE', `--to ${to} rotates, and --defer-rotation does not`, 'Leave one of them away.')
  if (to !== undefined) {
    if (!waiting.some((entry) => entry.generation === to)) {
      throw new GlasskeyError('NO_SUCCESSOR', `GENERATION ${to} cannot be rotated to`, `Waiting: ${waiting.map((entry) => entry.generation).join(', ') || 'none'}.`)
    }
    return generationNumber(folder, to).manifest
  }
  const [next] = waiting
  if (next && !deferRotation) return generationNumber(folder, next.generation).manifest
  if (drill) throw new GlasskeyError('NO_SUCCESSOR', 'a drill without a successor is refused: it would leave a used key alive', 'Hold a ceremony first.')
  if (!deferRotation) {
    throw new GlasskeyError('NO_SUCCESSOR', 'no generation waits to succeed this one', `Hold a ceremony first${action?.name === 'rotate' || action?.name === 'takeover' ? '.' : '; or, in an emergency only, --defer-rotation, to which each custodian must consent.'}`)
  }
  return null
}

function probesFor(manifest: Manifest, rules: Rules): Warrant['probes'] {
  return manifest.rehearsal ? { ...REHEARSAL_PROBES } : rules.probes
}
