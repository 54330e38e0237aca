/** What an audit found, as the page that the auditor signs. */
import type { AuditReportContent } from '../paper/audit-report.js'
import type { LogbookEntry } from '../record/logbook.js'
import { ENABLE_SAAS, isUnheard, mayHaveHappened, unansweredChanges } from '../record/replay.js'
import { TOOL } from '../version.js'
import { isBlocked } from '../breakglass/user-view.js'
import type { Audit } from './audit.js'
import type { CloudView } from './cloud-view.js'
import type { Dossier } from './dossier.js'
import { livesOf, subjectOf } from './lives.js'
import { NotChecked } from './reading.js'
import { explainedBy, reconcile } from './reconciliation.js'
import { counted, logbookIfSound, sessionsInPeriod, soundManifest, soundSession, type SoundSession } from './sound.js'

/** Where the key departs from the CIS OCI Foundations Benchmark, on purpose. */
const DEVIATIONS = [
  { control: 'CIS\u00a01.8', deviation: 'The API key in use may be older than 90 days.', reason: 'It is rotated after every use instead: until then no machine has held it whole. A rotation by the calendar would expose it.' },
  { control: 'CIS\u00a01.12', deviation: 'A tenancy administrator has an API key.', reason: 'It is the key of last resort. No one person can use it: a quorum recombines it for one warrant, and it is dead afterwards.' },
  { control: 'CIS\u00a01.16', deviation: 'The credential is unused for more than 45 days.', reason: 'Not being used is its purpose. The drill proves that it works, and this report who has looked after it.' },
  { control: 'CIS\u00a01.17', deviation: 'For moments the user has two API keys.', reason: 'While one rotates into the next: the successor is read back before the used key is deleted, so that nobody is locked out. Otherwise there is one.' },
] as const

/** What no audit with this tool sees. */
const NEVER_CHECKED = [
  'The sheets and bags themselves: glasskey logbook add inspected records who looked at them.',
  'What the envelopes seal (the manifest\'s digest, the rules, the signers): only a quorum opens them; each release checks it.',
  'Keys and shares that were opened on no session\'s record: glasskey recover, gpg or a hand-made program leave none. Sheets in unopened bags tell that nobody did.',
  'The paper book: compare its last entry with the digest below by hand. A logbook cut off behind the last warrant is noticed only there.',
  'OCI\'s log outside the sessions, in regions that the warrant does not name, and of compartments that are deleted meanwhile: search the Audit log of every region for credentials that end in the fingerprint of the key in use, or of one that was used.',
]

/** What stands in the place of a tenancy and a user that nothing sealed tells of. */
export const UNREADABLE = 'not known: no manifest can be read'

/** The content of the report. `auditor`: as it stands there; `person`: who that is, name and office, or null where nobody is named. */
export function reportContent(audit: Audit, auditor: string, person: string | null): AuditReportContent {
  const { dossier, results, opinion } = audit
  const { custody, period, now } = dossier
  const sessions = soundSessions(dossier)
  const subject = subjectOf(dossier)
  return {
    rehearsal: isRehearsal(dossier),
    owner: custody.owner.team,
    tenancy: subject?.tenancy ?? UNREADABLE,
    user: subject?.user ?? UNREADABLE,
    auditor,
    independence: independence(dossier, person),
    from: period.from,
    to: period.to,
    written: now.toISOString(),
    tool: TOOL,
    toolSha256: null,
    scope: scope(dossier),
    opinion,
    evidence: results.map(({ code, claim, method, source, reperformed, result, finding }) => ({
      control: code,
      claim,
      method,
      source,
      result: result === 'holds' ? `Holds: ${finding}` : result === 'fails' ? `DOES NOT HOLD: ${finding}` : 'Not checked',
      reperformed: reperformed && result === 'holds',
    })),
    notChecked: notChecked(audit),
    reconciliation: reconciliationOf(dossier, sessions),
    exceptions: exceptionsOf(dossier, sessions),
    residualAccess: residualAccess(audit, sessions),
    drills: (logbookIfSound(dossier)?.lines ?? []).flatMap((entry) => (entry.type === 'session' && entry.drill ? [{ at: entry.at, scenario: entry.incident, result: `${entry.grade ?? 'no key was live'}, live for ${entry.secondsLive} s` }] : [])),
    custodians: custodians(dossier),
    deviations: DEVIATIONS,
    signatures: [{ role: 'Auditor', name: auditor }, { role: 'Received by', name: '' }],
  }
}

/** Whether any of it is a rehearsal's. */
export function isRehearsal({ generations }: Dossier): boolean {
  return generations.some(({ manifest }) => manifest.read && manifest.value.rehearsal)
}

/** What was not checked, and why: controls first, then what no audit sees. */
export function notChecked({ results, dossier }: Audit): string[] {
  const logbook = logbookIfSound(dossier)
  return [
    ...grouped(results.filter(({ result }) => result === 'not checked')),
    ...(dossier.cloud ? regionsLeftOut(dossier, dossier.cloud) : ['OCI\'s own log: without a login the counts of the reconciliation are empty.']),
    ...NEVER_CHECKED,
    ...(logbook ? [`The digest for the paper book: entry ${logbook.head.seq}, SHA-256 ${logbook.head.sha256}.`] : []),
  ]
}

/** A key that is refused in every region of its warrant may be accepted in another one. */
function regionsLeftOut(dossier: Dossier, { regions }: CloudView): string[] {
  if (!regions.read) return [`Whether the manifests name every subscribed region: ${regions.error.message}.`]
  const sealed = subjectOf(dossier)
  const others = sealed ? regions.value.filter((region) => !sealed.regions.includes(region)) : []
  return others.length === 0 ? [] : [`${others.join(', ')}: subscribed, and not among the regions that GENERATION ${String(sealed?.generation)} is sealed with. No used key is probed there, and OCI's log of it was not read. The next ceremony lists every subscribed region in custody.yaml.`]
}

/** Controls with the same reason share a line. */
function grouped(results: Audit['results']): string[] {
  const reasons = [...new Set(results.map(({ finding }) => finding))]
  return reasons.map((reason) => `${results.filter(({ finding }) => finding === reason).map(({ code }) => code).join(', ')}: ${reason}.`)
}

/** The counts of reconciliation over all sessions that could be compared. */
export function reconciliationOf(dossier: Dossier, sessions: readonly SoundSession[] = soundSessions(dossier)): AuditReportContent['reconciliation'] {
  const counts = { matched: 0, journalOnly: 0, late: 0 }
  const explained = explainedBy(dossier)
  const strange = new Set<string>()
  for (const session of sessions) {
    const events = dossier.cloud?.log.get(session.id)
    if (events?.read !== true) continue
    const found = reconcile(session, events.value, explained, dossier.now)
    counts.matched += found.matched
    counts.late += found.late
    counts.journalOnly += found.journalOnly.length
    // The logs of two sessions may overlap.
    for (const { requestId } of found.cloudOnly) strange.add(requestId)
  }
  return { ...counts, cloudOnly: strange.size }
}

/** Sessions of the period that can be relied on. */
function soundSessions(dossier: Dossier): SoundSession[] {
  return sessionsInPeriod(dossier).flatMap((filed) => orEmpty(() => [soundSession(dossier, filed)]))
}

function orEmpty<Item>(find: () => Item[]): Item[] {
  try {
    return find()
  } catch (error) {
    // The control whose claim it is says so.
    if (error instanceof NotChecked) return []
    throw error
  }
}

function scope({ sessions, cloud, logbook, generations, ...dossier }: Dossier): string[] {
  const looked = sessionsInPeriod({ sessions, cloud, logbook, generations, ...dossier })
  return [
    `The custody folder: ${generations.length} generations, ${logbook.read ? `logbook up to entry ${logbook.value.head.seq}` : 'a logbook that does not hold'}.`,
    ...(looked.length === 0 ? ['No session falls into the period.'] : looked.map(({ id }) => `Session ${id}.`)),
    cloud ? `OCI as ${cloud.profile} (${cloud.auditor}) reads it: user, groups, credentials, key list, Audit log of the sessions.` : 'Without a login in OCI.',
  ]
}

/** Stated, not judged: by name and by OCI user, over all generations and sessions. */
function independence(dossier: Dossier, person: string | null): string {
  const { generations, cloud } = dossier
  const holders = generations.flatMap(({ manifest }) => (manifest.read ? manifest.value.shares.map((share) => share.name) : []))
  const operators = dossier.sessions.flatMap((filed) => orEmpty(() => [soundSession(dossier, filed).warrant.operator]))
  const told = (logbookIfSound(dossier)?.lines ?? []).flatMap((entry) => (entry.type === 'session' ? [entry.operator] : []))
  const isNamed = (names: readonly string[]): boolean => person !== null && names.some((name) => nameOf(name) === nameOf(person))
  const roles = [
    ...(isNamed(holders) ? ['is a custodian'] : []),
    ...(isNamed([...operators.map(({ name }) => name), ...told]) ? ['was the operator of a session'] : []),
    ...(cloud && operators.some(({ user }) => user === cloud.auditor) ? ['signed in as the operator of a session'] : []),
  ]
  if (roles.length > 0) return `NOT INDEPENDENT: the auditor ${roles.join(', and ')}`
  if (person === null) return `not compared by name: nobody is named (--auditor)${cloud ? `; by OCI user (${cloud.auditor}), operated no session` : ''}; to be stated in full by the auditor`
  return `holds no share and operated no session, by name${cloud ? ` and by OCI user (${cloud.auditor})` : ''}; to be stated in full by the auditor`
}

/** The name of "name and office", however it is spaced and capitalised. */
function nameOf(text: string): string {
  return (text.split(',')[0] ?? '').normalize('NFC').trim().replace(/\s+/g, ' ').toLowerCase()
}

function exceptionsOf(dossier: Dossier, sessions: readonly SoundSession[]): string[] {
  const entries = logbookIfSound(dossier)?.lines ?? []
  return [...entries.flatMap(ofEntry), ...sessions.flatMap(ofSession)]
}

function ofEntry(entry: LogbookEntry): string[] {
  if (entry.type === 'ceremony') return entry.exceptions.map((exception) => `Entry ${entry.seq}, ceremony: ${exception}.`)
  if (entry.type === 'retired') return [`Entry ${entry.seq}: GENERATION ${entry.generation} was retired; ${entry.reason}.`]
  return entry.type === 'exception' ? [`Entry ${entry.seq}, at ${entry.step}: ${entry.happened}; ${entry.decidedBy} decided: ${entry.decision}.`] : []
}

function ofSession({ id, warrant, state }: SoundSession): string[] {
  const byFlag = state.consents.filter(({ how }) => how === 'rehearsal --yes').length
  return [
    ...warrant.isolationExceptions.map((exception) => `Session ${id}: ${exception}.`),
    ...state.addedIsolation.map((exception) => `Session ${id}, resumed on another machine: ${exception}.`),
    ...(state.deferred ? [`Session ${id}: rotation was deferred; ${state.deferred.reason}.`] : []),
    ...(byFlag > 0 ? [`Session ${id}: ${byFlag} consents were given by --yes, which rehearsals may.`] : []),
    ...(state.grade !== null && state.grade !== 'proved' ? [`Session ${id}: graded ${state.grade}. ${state.gradeWhy}`] : []),
    ...(warrant.action.name === 'takeover' ? [] : strangersFound(state)).map((key) => `Session ${id}: OCI listed ${key}, which nobody of this custody had put there. What was done with it is in no journal: search OCI's log for it.`),
    ...state.refusals.map(({ method, target, reason }) => `Session ${id}: the strongroom refused ${method} ${target}: ${reason}.`),
    ...state.sharesRefused.map(({ reason }) => `Session ${id}: a share was refused: ${reason}.`),
  ]
}

/** Keys that censuses found and that were not to be there; an exit deletes them, so that no list of today has them. */
function strangersFound({ censuses }: SoundSession['state']): string[] {
  return [...new Set(censuses.flatMap(({ unexpected }) => unexpected))]
}

/** Access that outlasted the sessions, or that the user has beside the key. */
function residualAccess({ dossier, results }: Audit, sessions: readonly SoundSession[]): string[] {
  const failing = results.filter(({ code, result }) => result === 'fails' && /^([KU]|R01|D04)/.test(code)).map(({ code, finding }) => `${code}: ${finding}.`)
  const unseen = dossier.cloud ? [] : ['Not looked at in OCI: no login was given (--profile).']
  const blocked = dossier.cloud && isBlocked(dossier.cloud.user) ? ['The user is blocked: the key of last resort would not work.'] : []
  return [...sessions.flatMap((session) => openedDatabase(session, dossier.now)), ...failing, ...blocked, ...unseen]
}

/** Between the change and its being in force. */
const LONGEST_BEGINNING_MS = 5 * 60_000

function openedDatabase({ id, warrant, state }: SoundSession, now: Date): string[] {
  const { action } = warrant
  const enabled = state.calls.find((call) => call.intent.rule === ENABLE_SAAS && mayHaveHappened(call))
  if (action.name !== 'saas-admin' || !action.enable || !enabled) return []
  // No answer says what became of it, and it was read back: then what was read counts.
  if (isUnheard(enabled) && state.action?.result !== 'done' && !unansweredChanges(state).includes(enabled)) return []
  const until = Date.parse(enabled.intent.at) + action.enable.hours * 3_600_000
  // It may have begun later than it was asked for.
  const begun = state.action?.result === 'done'
  const ended = begun && until + LONGEST_BEGINNING_MS <= now.getTime()
  return [`Session ${id}: SAAS_ADMIN ${action.enable.access} on ${action.database}; OCI ${ended ? 'ended' : 'ends'} it at ${new Date(until).toISOString().slice(0, 16)}Z${begun ? '' : ' at the earliest: it was not in force when it was last read'}${ended ? '' : ' (STILL OPEN)'}.`]
}

function custodians(dossier: Dossier): { number: number; name: string; standing: string }[] {
  return orEmpty(() => {
    const { current, uses } = livesOf(dossier)
    const last = dossier.generations.findLast(({ manifest }) => manifest.read)?.manifest
    const inUse = dossier.generations.find(({ number }) => number === current?.generation)?.manifest ?? last
    if (inUse?.read !== true) return []
    const told = logbookIfSound(dossier)?.lines ?? []
    // A number may have been another person's in an earlier ceremony.
    const isTheirs = (generation: number, custodian: number, name: string): boolean => soundManifest(dossier, generation).shares.some((share) => share.custodian === custodian && share.name === name)
    return inUse.value.shares.map(({ custodian, name, copies }) => {
      const released = uses.filter(({ generation, shares }) => shares.includes(custodian) && isTheirs(generation, custodian, name))
      const gone = told.filter((entry) => entry.type === 'lost' && entry.custodian === custodian && entry.generations.some((generation) => isTheirs(generation, custodian, name))).length
      return { number: custodian, name, standing: `${copies} ${copies === 1 ? 'copy' : 'copies'}${gone > 0 ? `, ${gone} reported lost` : ''}; released ${released.length === 0 ? 'never' : `${counted(released.length, 'time')}, last in ${released.at(-1)?.session ?? ''}`}` }
    })
  })
}
