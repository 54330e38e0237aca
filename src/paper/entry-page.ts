/** An entry of the logbook, with its session where it has one, as the page that goes into the paper book. */
import type { Json } from '../canonical.js'
import type { Custody } from '../custody/custody-yaml.js'
import type { Manifest } from '../custody/manifest.js'
import { hexToWords } from '../custody/words.js'
import { firstPart, type JournalLine } from '../record/journal.js'
import type { LogbookEntry } from '../record/logbook.js'
import { strangersIn } from '../record/recognise.js'
import { acceptedOnly, unansweredChanges, type Call, type Session } from '../record/replay.js'
import { TOOL } from '../version.js'
import { codeWords, purpose, warrantDigest, type Warrant } from '../warrant/warrant.js'
import type { LogbookEntryContent, NamedGeneration, ReleaseContent } from './logbook-entry.js'
import type { ReleaseSlipContent } from './release-slip.js'

/** What the page is made from. */
export interface EntrySource {
  custody: Custody
  manifests: readonly Manifest[]
  entry: LogbookEntry
  /** SHA-256 of the entry's line. */
  entrySha256: string
  /** The session that the entry is about. */
  session: { warrant: Warrant; lines: readonly JournalLine[]; session: Session } | null
}

/** Days within which an auditor should have reconciled a release. */
const RECONCILE_DAYS = 14

/** What each grade says to somebody who has never seen one. */
export const GRADE_MEANINGS: Record<string, string> = {
  proved: 'Every region of the warrant refused the deleted key, again and again, and the key list no longer has it.',
  'refused-only': 'Every region of the warrant refused the deleted key, again and again. Nobody with a reader\'s login looked at the key list.',
  'listed-only': 'The key list no longer has the key. It was not refused everywhere by a probe.',
  unproved: 'NOT PROVED DEAD. Treat the key as alive: glasskey resume.',
  none: 'Nothing was signed in this session.',
}

/** The page of an entry. */
export function entryPage(source: EntrySource): LogbookEntryContent {
  const { custody, entry, entrySha256 } = source
  const release = source.session ? releaseOf(source, source.session) : null
  // custody.yaml is sealed by nothing.
  const [sealed] = source.manifests
  return {
    rehearsal: sealed?.rehearsal === true,
    owner: custody.owner.team,
    tenancy: sealed?.tenancy ?? custody.tenancy,
    user: sealed?.user ?? custody.user,
    number: entry.seq,
    at: entry.at,
    kind: kindOf(entry),
    summary: summaryOf(entry),
    previousSha256: entry.prev,
    entrySha256,
    tool: TOOL,
    toolSha256: null,
    facts: release ? [] : factsOf(source),
    release,
    exceptions: [...(source.session ? exceptionsOf(source.session) : []), ...(entry.type === 'ceremony' ? entry.exceptions : [])],
    unresolved: source.session ? unresolvedOf(source.session, entry) : [],
    signatures: [
      { role: 'Operator', name: entry.type === 'session' ? entry.operator : '' },
      { role: 'Witness', name: 'witness' in entry ? entry.witness : '' },
      ...(release?.shares.map(({ name }) => ({ role: 'Custodian', name })) ?? []),
    ],
    reconciliationDue: release ? new Date(Date.parse(entry.at) + RECONCILE_DAYS * 86_400_000).toISOString().slice(0, 10) : null,
  }
}

/** What was not as it should be in a session: missing isolation, shares that were refused. */
export function exceptionsOf({ warrant, session }: { warrant: Warrant; session: Session }): string[] {
  return [...warrant.isolationExceptions, ...session.addedIsolation, ...session.sharesRefused.map(({ reason }) => `a share was refused: ${reason}`)]
}

/** Slips for the custodians who released; null when nobody did. */
export function slipPage(source: EntrySource): ReleaseSlipContent | null {
  const { custody, entry, session: stored } = source
  if (!stored || stored.session.sharesSeen.length === 0) return null
  const { warrant, session } = stored
  const grade = session.grade ?? 'none'
  return {
    rehearsal: warrant.rehearsal,
    owner: custody.owner.team,
    contact: custody.owner.contact,
    at: entry.at,
    logbookNumber: entry.seq,
    warrantSha256: warrantDigest(warrant),
    codeWords: codeWords(warrant),
    operator: warrant.operator.name,
    incident: warrant.incident,
    action: purpose(warrant.action),
    used: named(warrant.key),
    keyWasLive: session.keyLiveAt !== null,
    successor: session.successor ? named(session.successor) : null,
    successorNote: session.deferred ? 'the same key: rotation was deferred' : 'the same key',
    grade: grade === 'none' ? 'no key was live' : grade,
    gradeMeaning: GRADE_MEANINGS[grade] ?? '',
    dead: grade !== 'none' && grade !== 'unproved',
    // A key that is not proved dead is what the next session begins with.
    bring: session.grade === 'unproved' ? warrant.key.generation : session.successor?.generation ?? warrant.key.generation,
    custodians: session.sharesSeen.map((custodian) => ({ number: custodian, name: nameOf(source.manifests, warrant.key.generation, custodian) })),
  }
}

/** One entry in a line, as `glasskey logbook list` shows it. */
export function summaryOf(entry: LogbookEntry): string {
  switch (entry.type) {
    case 'ceremony':
      return `${entry.rehearsal ? 'Rehearsal ceremony' : 'Ceremony'}: generations ${entry.generations.map(({ generation }) => generation).join(', ')}, ${entry.threshold} of ${entry.custodians}.`
    case 'session':
      return `${entry.drill ? 'Drill' : entry.action} by ${entry.operator} (${entry.incident}): GENERATION ${entry.generation} ${entry.grade === null ? 'was not live' : `used, ${entry.grade}`}; ${entry.actionResult === 'none' ? 'no action' : `action ${entry.actionResult}`}.`
    case 'handover':
      return `Custodian ${entry.custodian}, copy ${entry.copy}: bag ${entry.bag} handed over unopened, from ${entry.from} to ${entry.to}, before ${entry.witness}.`
    case 'lost':
      return `Custodian ${entry.custodian}, copy ${entry.copy}: LOST, generations ${entry.generations.join(', ')}.`
    case 'inspected':
      return `Custodian ${entry.custodian}, copy ${entry.copy}: bag ${entry.bag} inspected, ${entry.condition}${entry.seenOnline ? `; its share of GENERATION ${entry.seenOnline.join(', ')} was READ ON A MACHINE WITH A NETWORK` : ''}.`
    case 'acknowledged':
      return `Custodian ${entry.custodian}, copy ${entry.copy}: duties acknowledged by ${entry.by} before ${entry.witness}.`
    case 'destroyed':
      return `Custodian ${entry.custodian}: copies ${entry.copies.join(', ')} of GENERATION ${entry.generation} destroyed (${entry.method}) before ${entry.witness}.`
    case 'retired':
      return `GENERATION ${entry.generation} retired: ${entry.reason}.`
    case 'exception':
      return `Exception at ${entry.step}: ${entry.happened}; decided by ${entry.decidedBy}: ${entry.decision}.`
    case 'audited':
      return `Audit by ${entry.auditor}${entry.login === null ? ', without a login in OCI' : ''}: ${entry.failed.length === 0 ? 'no control failed' : `failed: ${entry.failed.join(', ')}`}${entry.notChecked && entry.notChecked.length > 0 ? `; not checked: ${entry.notChecked.join(', ')}` : ''}.`
  }
}

function kindOf(entry: LogbookEntry): string {
  const kinds: Record<LogbookEntry['type'], string> = {
    ceremony: 'Ceremony',
    session: 'Release',
    handover: 'Hand-over',
    lost: 'Loss',
    inspected: 'Inspection',
    acknowledged: 'Acknowledgement',
    destroyed: 'Destruction',
    retired: 'Retirement',
    exception: 'Exception',
    audited: 'Audit',
  }
  if (entry.type === 'session' && entry.drill) return 'Drill'
  return entry.type === 'session' && entry.action === 'takeover' ? 'Takeover' : kinds[entry.type]
}

type FieldOf<Entry> = Entry extends LogbookEntry ? Exclude<keyof Entry, 'seq' | 'at' | 'prev' | 'type'> : never

const TORN = 'Torn line before this one, SHA-256'

/** What each field of an entry is called on paper, in the order in which it stands there; null: the page has it elsewhere. */
const LABELS: { [Type in LogbookEntry['type']]: Record<FieldOf<Extract<LogbookEntry, { type: Type }>>, string | null> } = {
  ceremony: {
    rehearsal: 'Rehearsal', threshold: 'Custodians needed', custodians: 'Custodians', generations: 'Generation', machine: 'Machine', transcriptSha256: 'Transcript, SHA-256', tool: 'Made with',
    tenancy: null, user: null, exceptions: null, format: null, torn: TORN,
  },
  session: {
    session: 'Session', action: 'Action', rehearsal: 'Rehearsal', drill: 'Drill', operator: 'Operator', incident: 'Incident', generation: 'Generation', keyId: 'Key id',
    warrantSha256: 'Warrant, SHA-256', journalSha256: 'Journal, SHA-256', shares: 'Shares read, of custodians', actionResult: 'Result of the action', successor: 'Successor',
    grade: 'Grade of the proof', secondsLive: 'Key live for, seconds', exitCode: 'Exit code', torn: TORN,
  },
  handover: { custodian: 'Custodian', copy: 'Copy', generations: 'Generations in the bag', from: 'Handed over by', to: 'Received by', bag: 'Bag, unopened', witness: 'Witness', note: 'Note', torn: TORN },
  lost: { custodian: 'Custodian', copy: 'Copy', generations: 'Generations in the bag', witness: 'Reported to', note: 'Note', torn: TORN },
  inspected: { custodian: 'Custodian', copy: 'Copy', generations: 'Generations in the bag', bag: 'Bag', condition: 'Condition', newBag: 'New bag', seenOnline: 'Sheets read on a machine with a network, of generations', witness: 'Witness', note: 'Note', torn: TORN },
  acknowledged: { custodian: 'Custodian', copy: 'Copy', by: 'Acknowledged by', witness: 'Witness', note: 'Note', torn: TORN },
  destroyed: { generation: 'Generation', custodian: 'Custodian', copies: 'Copies destroyed', method: 'Method', witness: 'Witness', note: 'Note', torn: TORN },
  retired: { generation: 'Generation', reason: 'Reason', torn: TORN },
  exception: { step: 'At which step', happened: 'What happened', decision: 'What was decided', decidedBy: 'Decided by', witness: 'Witness', torn: TORN },
  audited: { auditor: 'Auditor', report: 'Report, SHA-256', failed: 'Controls that do not hold', notChecked: 'Controls that were not checked', login: 'Login in OCI: profile, user', period: 'Sessions from, until', torn: TORN },
}

function factsOf({ entry, custody }: EntrySource): { label: string; value: string }[] {
  const values = entry as unknown as Record<string, Json | undefined>
  return Object.entries<string | null>(LABELS[entry.type]).flatMap(([field, label]) => {
    const value = values[field]
    if (label === null || value === undefined) return []
    if (field === 'generations' && entry.type === 'ceremony') return entry.generations.flatMap((made) => madeFacts(made, label))
    if (field === 'custodian') return [{ label, value: `${inWords(value)} ${custody.custodians.find(({ number }) => number === value)?.name ?? ''}`.trim() }]
    return [{ label, value: inWords(value) }]
  })
}

function madeFacts(made: { generation: number; keyId: string; spkiSha256: string; manifestSha256: string }, label: string): { label: string; value: string }[] {
  const named = `${label} ${made.generation}`
  return [
    { label: `${named}, key id`, value: `${made.keyId} (${hexToWords(made.keyId)})` },
    { label: `${named}, public key, SHA-256`, value: made.spkiSha256 },
    { label: `${named}, manifest, SHA-256`, value: made.manifestSha256 },
  ]
}

function inWords(value: Json): string {
  if (value === null) return 'none'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(inWords).join(value.some((part) => typeof part === 'string' && part.includes(' ')) ? '; ' : ', ')
  if (typeof value === 'object') return Object.values(value).map((part) => inWords(part ?? null)).join(', ')
  return String(value)
}

function releaseOf(source: EntrySource, { warrant, lines, session }: NonNullable<EntrySource['session']>): ReleaseContent {
  const at = (type: JournalLine['type']): string | null => lines.find((line) => line.type === type)?.at ?? null
  return {
    session: warrant.session,
    kindOfUse: warrant.rehearsal ? (warrant.drill ? 'drill, in a rehearsal' : 'rehearsal') : warrant.drill ? 'drill' : 'real',
    operator: warrant.operator,
    incident: warrant.incident,
    useCase: warrant.useCase,
    authorisedBy: warrant.authorisedBy,
    reason: warrant.reason,
    action: purpose(warrant.action),
    warrantSha256: warrantDigest(warrant),
    journalSha256: source.entry.type === 'session' ? source.entry.journalSha256 : '',
    used: named(warrant.key),
    successor: session.successor ? named(session.successor) : null,
    successorNote: session.deferred ? 'none: rotation was deferred' : session.keyLiveAt === null ? 'not needed: no key was live' : 'none was installed',
    shares: session.sharesSeen.map((custodian) => ({ custodian, name: nameOf(source.manifests, warrant.key.generation, custodian) })),
    times: [
      { what: 'Session opened', at: at('session-opened') },
      { what: 'Reading of shares began', at: at('exposing') },
      { what: 'Key live', at: session.keyLiveAt },
      { what: 'Exit began', at: session.exit?.at ?? null },
      { what: 'Deadline', at: warrant.deadline },
      { what: 'Process with the key ended', at: session.burned?.at ?? null },
    ],
    whyEnded: session.exit?.cause ?? session.action?.detail ?? (session.keyLiveAt === null ? 'before a key was live' : 'the process that held the key ended without a word'),
    calls: session.calls.map((call, index) => ({
      number: index + 1,
      at: call.intent.at,
      method: call.intent.method,
      host: call.intent.host,
      path: shortPath(call.intent.path, warrant),
      bodySha256: call.intent.bodySha256,
      status: statusOf(call),
      requestId: requestIdOf(call),
      rule: call.intent.rule,
    })),
    refusals: session.refusals.map(({ at: when, method, target, reason }) => ({ at: when, method, host: hostOf(target), path: shortPath(target, warrant), why: reason })),
    keyWasLive: session.keyLiveAt !== null,
    successorActiveAt: session.successor?.at ?? null,
    deletedAt: session.deletedAt,
    secondsLive: session.keyLiveAt === null || !session.endsKnown ? null : session.secondsLive,
    grade: session.grade ?? 'no key was live',
    gradeMeaning: `${GRADE_MEANINGS[session.grade ?? 'none'] ?? ''} ${session.gradeWhy}`.trim(),
    probes: session.keyLiveAt === null ? [] : warrant.regions.map((region) => ({ region, answers: answersOf(session, region) })),
    census: session.keyLiveAt === null ? [] : censusOf(session),
  }
}

function statusOf({ outcome }: Call): string {
  if (outcome === null) return 'no outcome recorded'
  return outcome.type === 'outcome' ? String(outcome.status) : `unknown: ${outcome.reason}`
}

function requestIdOf({ outcome }: Call): string | null {
  return outcome?.type === 'outcome' ? (firstPart(outcome.opcRequestId) || null) : null
}

/** OCIDs that the page names already are long: in paths they stand as {user}, {tenancy} and {database}. */
function shortPath(path: string, warrant: Warrant): string {
  const named = path.replaceAll(warrant.user, '{user}').replaceAll(warrant.tenancy, '{tenancy}')
  return warrant.action.name === 'saas-admin' ? named.replaceAll(warrant.action.database, '{database}') : named
}

function hostOf(target: string): string {
  return URL.canParse(target) ? new URL(target).host : ''
}

function answersOf(session: Session, region: string): string {
  const answers = session.probes.filter((probe) => probe.region === region)
  if (answers.length === 0) return 'none'
  const first = answers[0]?.at ?? ''
  return `${answers.map(({ status }) => status).join(' ')} (from ${first} to ${answers.at(-1)?.at ?? ''})`
}

function censusOf(session: Session): { what: string; before: string; after: string }[] {
  const taken = (when: string): Session['censuses'][number]['found'] | undefined => session.censuses.filter((census) => census.when === when).at(-1)?.found
  const [before, after] = [taken('before-action'), taken('before-deletion')]
  const kinds = [...new Set([...Object.keys(before?.credentials ?? {}), ...Object.keys(after?.credentials ?? {})])]
  const keys = (found: typeof before): string => found?.keys.map((key) => (key.generation === null ? `a stranger's (${key.fingerprint})` : `GENERATION ${key.generation}`)).join(', ') ?? 'not taken'
  return [
    { what: 'API keys', before: keys(before), after: keys(after) },
    ...kinds.map((kind) => ({ what: kind, before: String(before?.credentials[kind] ?? 'not taken'), after: String(after?.credentials[kind] ?? 'not taken') })),
  ]
}

function unresolvedOf({ warrant, session }: NonNullable<EntrySource['session']>, entry: LogbookEntry): string[] {
  const alive = session.grade === 'unproved' ? [`THE KEY OF GENERATION ${session.opened.generation} IS NOT PROVED DEAD: ${session.gradeWhy}`] : []
  const unknown = unansweredChanges(session).map(({ intent, outcome }) => `no answer is known to "${intent.rule}" (${intent.method} ${intent.host})${outcome?.type === 'outcome' ? `, only a ${outcome.status}` : ''}`)
  const pending = acceptedOnly(session).map(({ intent }) => `OCI accepted "${intent.rule}", and it was not in force when it was last read`)
  const strangers = strangersIn(session.listings, warrant.action.name, entry.type === 'session' && entry.exitCode === 0)
  return [...alive, ...unknown, ...pending, ...strangers.map((fingerprint) => `A STRANGER'S KEY: the user has API key ${fingerprint}, which no manifest names`)]
}

function named({ generation, keyId }: { generation: number; keyId: string }): NamedGeneration {
  return { generation, keyId, keyWords: hexToWords(keyId) }
}

function nameOf(manifests: readonly Manifest[], generation: number, custodian: number): string {
  const manifest = manifests.find((candidate) => candidate.generation === generation)
  return manifest?.shares.find((share) => share.custodian === custodian)?.name ?? `custodian ${custodian}`
}
