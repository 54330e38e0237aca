/** What happens in the golden set: a ceremony, a takeover, one break-glass session. Deterministic, given the three generations. */
import { createHash, sign, type KeyObject } from 'node:crypto'
import { canonicalJson } from '../../src/canonical.js'
import type { Manifest } from '../../src/custody/manifest.js'
import type { Rules } from '../../src/custody/rules.js'
import { chainLine, EMPTY, type Head } from '../../src/record/chain.js'
import { evidenceFile, evidenceOf } from '../../src/record/evidence.js'
import { headStatement, opcRequestIdOf, readJournal, type JournalEntry, type ListedKey } from '../../src/record/journal.js'
import type { NewLogbookEntry } from '../../src/record/logbook.js'
import { replay, type Session } from '../../src/record/replay.js'
import { manifestDigest } from '../../src/custody/manifest.js'
import { probeOffsets, REHEARSAL_PROBES } from '../../src/warrant/probe-schedule.js'
import { admittedRequest, scopeOf } from '../../src/warrant/scope.js'
import { type Action, type Warrant, warrantDigest, warrantFile } from '../../src/warrant/warrant.js'
import { SESSIONS } from './frozen.js'

/** Tool name in every record of the set. */
const TOOL = 'glasskey 0.1.0'
const AWAY = 'eu-amsterdam-1'

/** One generation and its key. */
export interface Cast {
  manifest: Manifest
  key: KeyObject
}

/** Files of a session, as they lie in the custody folder. */
export interface ToldSession {
  id: string
  files: Record<'warrant.json' | 'journal.jsonl' | 'evidence.json', string>
}

/** A chain that is being written. */
interface Pen<Entry> {
  write: (entry: Entry) => { seq: number; sha256: string }
  text: () => string
  head: () => Head
}

/** Writes lines, each `stepMs` after the one before. */
export function pen<Entry extends { type: string }>(start: string, stepMs: number): Pen<Entry> {
  let head = EMPTY
  let at = Date.parse(start)
  const texts: string[] = []
  return {
    write: (entry) => {
      const line = chainLine(head, new Date(at).toISOString(), entry)
      at += stepMs
      head = line.head
      texts.push(line.text)
      return head
    },
    text: () => texts.map((text) => text + '\n').join(''),
    head: () => head,
  }
}

/** The ceremony's entry in the logbook. */
export function ceremonyEntry(cast: readonly Cast[]): Extract<NewLogbookEntry, { type: 'ceremony' }> {
  const [{ manifest }] = cast as [Cast]
  return {
    type: 'ceremony',
    format: 1,
    rehearsal: true,
    tenancy: manifest.tenancy,
    user: manifest.user,
    threshold: manifest.threshold,
    custodians: manifest.shares.length,
    generations: cast.map((one) => ({ generation: one.manifest.generation, keyId: one.manifest.keyId, spkiSha256: one.manifest.spkiSha256, manifestSha256: manifestDigest(one.manifest) })),
    machine: ['Network: none (/sys/class/net: lo)', 'Node: v20.20.2'],
    exceptions: ['rehearsal'],
    tool: TOOL,
  }
}

/** Everything after the ceremony: two sessions and the whole logbook. */
export function tell(cast: readonly Cast[], rules: Rules): { sessions: ToldSession[]; logbook: string } {
  const [first, second, third] = cast as [Cast, Cast, Cast]
  const logbook = pen<NewLogbookEntry>('2026-11-19T09:30:00.000Z', 8 * 3_600_000)
  logbook.write(ceremonyEntry(cast))
  const takeover = session(SESSIONS[0], { name: 'takeover', domainUrl: 'http://127.0.0.1:18083', domainUserId: '0a1b2c3d4e5f60718293a4b5c6d7e8f9' }, first, second, logbook.head(), rules)
  logbook.write(sessionEntry(takeover.told, takeover.session, first))
  logbook.write({ type: 'destroyed', generation: 1, custodian: 1, copies: [1, 2], method: 'cross-cut shredder', witness: 'W. Witness' })
  const enable: Action = {
    name: 'saas-admin',
    database: 'ocid1.autonomousdatabase.oc1.eu-frankfurt-1.antheljtexample',
    region: first.manifest.homeRegion,
    enable: { secretId: 'ocid1.vaultsecret.oc1.eu-frankfurt-1.amaaaaaaexample', secretVersion: 3, access: 'read-only', hours: 2 },
  }
  const released = session(SESSIONS[1], enable, second, third, logbook.head(), rules)
  logbook.write(sessionEntry(released.told, released.session, second))
  logbook.write({ type: 'inspected', custodian: 2, copy: 1, generations: [3], bag: 'B-0203', condition: 'intact', witness: 'W. Witness', note: 'seal whole' })
  logbook.write({ type: 'handover', custodian: 3, copy: 1, from: 'Željko Đurić', to: 'Alan Turing', bag: 'B-0303', witness: 'W. Witness' })
  logbook.write({ type: 'lost', custodian: 1, copy: 2, generations: [3], witness: 'W. Witness' })
  logbook.write({ type: 'exception', step: 'inspection', happened: 'the safe was found open', decision: 'bags counted, all there', decidedBy: 'Grace Hopper', witness: 'W. Witness' })
  logbook.write({ type: 'audited', auditor: 'Edsger Dijkstra', report: createHash('sha256').update('report').digest('hex'), failed: [] })
  logbook.write({ type: 'retired', generation: 3, reason: 'a bag of it was doubtful' })
  return { sessions: [takeover.told, released.told], logbook: logbook.text() }
}

function session(id: string, action: Action, used: Cast, successor: Cast, logbook: Head, rules: Rules): { told: ToldSession; session: Session } {
  const warrant = warrantFor(id, action, used.manifest, successor.manifest, logbook, rules)
  const journal = pen<JournalEntry>(warrant.opens, 211)
  const { keyId, spkiSha256, generation, fingerprint } = used.manifest
  journal.write({ type: 'session-opened', format: 1, session: id, action: action.name, rehearsal: true, drill: false, generation, keyId, spkiSha256, warrantSha256: warrantDigest(warrant), logbookSeq: logbook.seq, logbookSha256: logbook.sha256, tool: TOOL, isolation: warrant.isolationExceptions })
  for (const { custodian, name } of used.manifest.shares.slice(0, 2)) journal.write({ type: 'consented', custodian, name, to: 'warrant', how: 'code words typed' })
  journal.write({ type: 'exposing', generation })
  journal.write({ type: 'share-accepted', generation, custodian: 1 })
  journal.write({ type: 'share-refused', code: 'SHARE_TWICE', reason: 'the share of custodian 1 (Ada Lovelace) was given already: copies count once' })
  journal.write({ type: 'share-accepted', generation, custodian: 2 })
  journal.write({ type: 'key-live', keyId, spkiSha256 })
  const date = (): string => new Date(Date.parse(warrant.opens) + journal.head().seq * 211).toUTCString()
  const call = (rule: string, status: number | null): void => {
    const admission = scopeOf(warrant).find((candidate) => candidate.rule === rule)
    if (!admission) throw new RangeError(`story: no rule "${rule}"`)
    const { method, url, body } = admittedRequest(admission, { method: admission.method, url: admission.origin + admission.target, body: null, contentType: null, headers: {} })
    const intent = journal.write({ type: 'intent', rule, method, host: new URL(url).host, path: url.slice(admission.origin.length), bodySha256: body === null ? null : createHash('sha256').update(body).digest('hex'), by: admission.by })
    if (status === null) journal.write({ type: 'unknown', intent: intent.seq, reason: 'no answer within 20 s' })
    else journal.write({ type: 'outcome', intent: intent.seq, status, opcRequestId: `${opcRequestIdOf(intent.sha256)}/A/B`, date: date() })
  }
  const listed = (one: Cast): ListedKey => ({ fingerprint: one.manifest.fingerprint, spkiSha256: one.manifest.spkiSha256, generation: one.manifest.generation, lifecycleState: 'ACTIVE' })
  const credentials = { authTokens: 0, customerSecretKeys: 0, dbCredentials: 0, mfaTotpDevices: 0, oauth2ClientCredentials: -1, smtpCredentials: 0 }
  const census = (keys: readonly Cast[]): { lifecycleState: string; blocked: boolean; keys: ListedKey[]; groups: string[]; credentials: Record<string, number> } => ({ lifecycleState: 'ACTIVE', blocked: false, keys: keys.map(listed), groups: ['ocid1.group.oc1..aaaaadministrators'], credentials })
  call('read own user', 200)
  call('read own keys', 200)
  journal.write({ type: 'census', when: 'before-action', found: census([used]), unexpected: [] })
  if (action.name === 'takeover') {
    journal.write({ type: 'agreed', to: 'delete every other credential of this user', how: 'typed' })
    call('takeover: API keys as the only way in', 200)
  } else {
    call('read the database', 200)
    call('enable SAAS_ADMIN', 202)
    journal.write({ type: 'refused', method: 'DELETE', target: `http://127.0.0.1:18081/20160918/users/${warrant.user}`, reason: 'DELETE http://127.0.0.1:18081/20160918/users/… is not in the warrant' })
  }
  journal.write({ type: 'action-ended', result: 'done', detail: action.name === 'takeover' ? 'API keys are the only way in' : 'SAAS_ADMIN enabled for 2 h' })
  journal.write({ type: 'exit-began', cause: 'completion' })
  call('exit: upload successor', 200)
  call('read own keys', 200)
  journal.write({ type: 'successor-active', generation: successor.manifest.generation, keyId: successor.manifest.keyId, spkiSha256: successor.manifest.spkiSha256, fingerprint: successor.manifest.fingerprint })
  journal.write({ type: 'census', when: 'before-deletion', found: census([used, successor]), unexpected: [] })
  const offsets = probeOffsets(REHEARSAL_PROBES)
  const signed = Date.parse(warrant.opens) + journal.head().seq * 211
  const moment = (offset: number): string => new Date(signed + offset).toISOString()
  journal.write({ type: 'probes-signed', count: offsets.length * warrant.regions.length, from: moment(0), to: moment(offsets.at(-1) ?? 0) })
  call('exit: delete used key', action.name === 'takeover' ? 204 : null)
  journal.write({ type: 'key-deleted', keyId, fingerprint })
  const of = journal.head().sha256
  journal.write({ type: 'head-signed', of, signature: sign('RSA-SHA256', headStatement(of), used.key).toString('base64') })
  journal.write({ type: 'burned', keyId, reason: 'rotated', secondsLive: 4.21 })
  if (action.name !== 'takeover') journal.write({ type: 'probe-failed', region: AWAY, signedFor: moment(0), reason: 'no answer within 20 s' })
  for (const [nth, offset] of [1000, 2000, 3000, 8000].entries()) {
    for (const region of warrant.regions) journal.write({ type: 'probe', region, signedFor: moment(offset), status: 401, date: new Date(signed + offset).toUTCString(), opcRequestId: `PROBE/${nth + 1}/${region}` })
  }
  journal.write({ type: 'listed', profile: 'AUDITOR', keys: [listed(successor)], blocked: false })
  journal.write({ type: 'graded', keyId, grade: 'proved', why: `Refused in ${warrant.regions.join(', ')}; AUDITOR finds the successor in the key list and the used key gone.` })
  journal.write({ type: 'closed', exitCode: 0 })
  const chain = readJournal(journal.text())
  const state = replay(chain.lines)
  return { told: { id, files: { 'warrant.json': warrantFile(warrant), 'journal.jsonl': journal.text(), 'evidence.json': evidenceFile(evidenceOf(chain, state, used.manifest)) } }, session: state }
}

function warrantFor(id: string, action: Action, used: Manifest, successor: Manifest, logbook: Head, rules: Rules): Warrant {
  const names = ({ generation, keyId, spkiSha256, fingerprint, publicKeyPem }: Manifest): Warrant['key'] => ({ generation, keyId, spkiSha256, fingerprint, publicKeyPem })
  const opens = id.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-.*$/, '$1-$2-$3T$4:$5:$6.000Z')
  return {
    format: 1,
    session: id,
    rehearsal: true,
    drill: false,
    action,
    operator: { name: 'Katherine Johnson', user: 'ocid1.user.oc1..aaaaaaaaoperatorexample' },
    incident: action.name === 'takeover' ? 'CHG-2026-0001' : 'INC-2026-1122',
    useCase: action.name === 'takeover' ? 'takeover' : 'restricted-data',
    authorisedBy: 'Margaret Hamilton',
    reason: action.name === 'takeover' ? 'first installation' : 'restore of one schema with the customer\'s consent',
    tenancy: used.tenancy,
    user: used.user,
    realm: 'oc1',
    homeRegion: used.homeRegion,
    regions: used.regions,
    endpoints: { [used.homeRegion]: 'http://127.0.0.1:18081', [AWAY]: 'http://127.0.0.1:18082' },
    key: names(used),
    successor: names(successor),
    opens,
    deadline: new Date(Date.parse(opens) + rules.warrant.defaultMinutes * 60_000).toISOString(),
    calls: rules.warrant.maximumCalls,
    probes: { ...REHEARSAL_PROBES },
    isolationExceptions: action.name === 'takeover' ? [] : ['the clerk has no namespace of its own'],
    logbook: { seq: logbook.seq, sha256: logbook.sha256 },
  }
}

function sessionEntry(told: ToldSession, state: Session, used: Cast): Extract<NewLogbookEntry, { type: 'session' }> {
  const { opened } = state
  return {
    type: 'session',
    session: told.id,
    action: opened.action,
    rehearsal: true,
    drill: false,
    operator: 'Katherine Johnson',
    incident: opened.action === 'takeover' ? 'CHG-2026-0001' : 'INC-2026-1122',
    generation: opened.generation,
    keyId: used.manifest.keyId,
    warrantSha256: opened.warrantSha256,
    journalSha256: readJournal(told.files['journal.jsonl']).head.sha256,
    shares: state.sharesSeen,
    actionResult: state.action?.result ?? 'not begun',
    successor: state.successor ? { generation: state.successor.generation, keyId: state.successor.keyId } : null,
    grade: state.grade,
    secondsLive: state.burned?.secondsLive ?? 0,
    exitCode: 0,
  }
}

/** `text` with one JSON field changed, still canonical. */
export function changed(text: string, change: (value: Record<string, unknown>) => void): string {
  const value = JSON.parse(text) as Record<string, unknown>
  change(value)
  return canonicalJson(value as never) + '\n'
}
