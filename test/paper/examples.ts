/** Contents to draw in tests: made up, but of the sizes that real ones have. */

import { createHash } from 'node:crypto'
import type { AuditReportContent } from '../../src/paper/audit-report.js'
import type { CeremonyRecordContent } from '../../src/paper/ceremony-record.js'
import type { LogbookEntryContent, ReleaseContent } from '../../src/paper/logbook-entry.js'
import type { ReleaseSlipContent } from '../../src/paper/release-slip.js'
import type { SealedSheetContent } from '../../src/paper/sealed-sheet.js'
import type { SheetContent } from '../../src/paper/sheet.js'
import type { WarrantPageContent } from '../../src/paper/warrant-page.js'

/** Bytes that look random and are the same in every run. */
export function noise(length: number, seed: string): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at += 32) {
    bytes.set(createHash('sha256').update(`${seed} ${at}`).digest().subarray(0, Math.min(32, length - at)), at)
  }
  return bytes
}

const hex = (seed: string): string => createHash('sha256').update(seed).digest('hex')

/** RFC 4648 base32 without padding. */
function base32(bytes: Uint8Array): string {
  let bits = ''
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0')
  return (bits.match(/.{1,5}/g) ?? []).map((five) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.charAt(parseInt(five.padEnd(5, '0'), 2))).join('')
}

/** Texts for an envelope of so many bytes, so many bytes a code. */
export function envelopeParts(length: number, slice: number, prefix = 'GKE1', keyId = '3F0A91C2D47E5B68'): string[] {
  const bytes = noise(length, 'envelope')
  const parts = Math.ceil(length / slice)
  return Array.from({ length: parts }, (_, index) =>
    `${prefix}/${keyId}/${index + 1}/${parts}/${base32(bytes.subarray(index * slice, (index + 1) * slice))}`)
}

const BECH32 = 'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L'

/** A text of the form and length of a share. */
export function shareText(seed: string, rehearsal = false): string {
  const data = Array.from(noise(78, seed), (byte) => BECH32.charAt(byte % 32)).join('')
  return `${rehearsal ? 'GKR' : 'GK'}1${data}`
}

export const TENANCY = 'ocid1.tenancy.oc1..aaaaaaaaq3m5bxv7wzc2n4kd6yfhjrp8tgs9ula2m4vx7bnq3wzc5yd6kfha'
export const USER = 'ocid1.user.oc1..aaaaaaaa7wzc2n4kd6yfhjrp8tgs9ula2m4vx7bnq3wzc5yd6kfhaq3m5bxva'
export const KEY_WORDS = 'cranky Apollo Pluto retrieval sterling indulge escape gravity'

/** The sheet of custodian 3 of 5. */
export function sheetContent(changes: Partial<SheetContent> = {}): SheetContent {
  const rehearsal = changes.rehearsal ?? false
  return {
    rehearsal,
    owner: 'Meridian Grid Services',
    contact: 'Duty manager, +44 20 7946 0127',
    tenancy: TENANCY,
    user: USER,
    homeRegion: 'eu-frankfurt-1',
    keyId: '3f0a91c2d47e5b68',
    keyWords: KEY_WORDS,
    generation: 2,
    custodian: { number: 3, name: 'Ada Lovelace' },
    copy: 1,
    threshold: 3,
    shares: 5,
    shareText: shareText('custodian 3', rehearsal),
    envelopeParts: envelopeParts(2720, 680),
    envelopeSha256: hex('envelope'),
    created: '2026-03-14T09:26:53.000Z',
    bag: null,
    ...changes,
  }
}

/** The sheet of the same custodian, whose share is sealed to an RSA key of 4096 bits: 580 bytes in two codes. */
export function sealedSheetContent(changes: Partial<SealedSheetContent> = {}): SealedSheetContent {
  const same = sheetContent(changes)
  return {
    ...same,
    sealedTexts: envelopeParts(580, 290, same.rehearsal ? 'GKSR1' : 'GKS1'),
    fingerprint: '8D2F 41C7 0B9E 63A5 17F0  C4D8 2E95 7A36 B10C F482',
    openpgpOwner: 'Ada Lovelace <ada@example.org>',
    ...changes,
  }
}

export const NAMES = ['Ada Lovelace', 'Grace Hopper', 'Alan Turing', 'Katherine Johnson', 'Edsger Dijkstra', 'Ελένη Παπαδοπούλου',
  'Наталья Соколова', 'Zoë Großmann-Ångström', 'Radia Perlman', 'Łukasz Żółkiewski', 'Barbara Liskov', 'Tony Hoare',
  'Margaret Hamilton', 'Niklaus Wirth', 'Frances Allen', 'Donald Knuth'] as const

const people = (count: number): { number: number, name: string }[] =>
  NAMES.slice(0, count).map((name, index) => ({ number: index + 1, name }))

const USED = { generation: 2, keyId: '3f0a91c2d47e5b68', keyWords: KEY_WORDS }
const SUCCESSOR = { generation: 3, keyId: 'b7d2204fe98a1c35', keyWords: 'sawdust sensation bison document trombone Medusa beaming concurrent' }
const SIGNATURES = [
  { role: 'Operator', name: 'Mary Jackson' }, { role: 'Witness', name: 'John von Neumann' },
  { role: 'Custodian 1', name: 'Ada Lovelace' }, { role: 'Custodian 3', name: 'Alan Turing' }, { role: 'Custodian 4', name: 'Katherine Johnson' },
]

/** A ceremony of so many custodians and generations. */
export function ceremonyContent(custodians: number, generations: number, changes: Partial<CeremonyRecordContent> = {}): CeremonyRecordContent {
  return {
    rehearsal: false,
    owner: 'Meridian Grid Services',
    codeName: 'klaxon determine',
    started: '2026-03-14T08:00:00.000Z',
    ended: '2026-03-14T09:26:53.000Z',
    tenancy: TENANCY,
    user: USER,
    homeRegion: 'eu-frankfurt-1',
    threshold: 3,
    shares: custodians,
    tool: 'glasskey 0.1.0',
    toolSha256: hex('tool'),
    rulesSha256: hex('rules'),
    transcriptSha256: hex('transcript'),
    transcriptWords: `${KEY_WORDS} ${SUCCESSOR.keyWords} ${KEY_WORDS} ${SUCCESSOR.keyWords}`,
    previousManifestSha256: null,
    custodians: people(custodians).map((person) => ({ ...person, copies: 1 })),
    generations: Array.from({ length: generations }, (_, index) => ({
      generation: index + 1,
      purpose: ['takeover', 'in use', 'successor', 'second successor'][index] ?? 'successor',
      keyId: hex(`key ${index}`).slice(0, 16),
      keyWords: index % 2 === 0 ? KEY_WORDS : SUCCESSOR.keyWords,
      bagWords: `${KEY_WORDS} ${SUCCESSOR.keyWords}`,
      spkiSha256: hex(`spki ${index}`),
      fingerprint: (hex(`md5 ${index}`).slice(0, 32).match(/../g) ?? []).join(':'),
      manifestSha256: hex(`manifest ${index}`),
      envelopeSha256: hex(`envelope ${index}`),
      commitments: Array.from({ length: custodians }, (_, at) => hex(`commitment ${index} ${at}`)),
      publicKeyParts: envelopeParts(550, 550, 'GKP1', hex(`key ${index}`).slice(0, 16).toUpperCase()),
    })),
    proofs: [
      { claim: 'Every 3 of 5 shares recombine to the seal secret', result: 'proved, 3 sets that imply all 10' },
      { claim: 'Each envelope opens with its shares and holds the key that was made', result: 'proved, 4 of 4' },
      { claim: 'Each key signs and its public half verifies', result: 'proved, 4 of 4' },
      { claim: 'Each printed page, read again, says exactly what was meant', result: 'proved, 40 pages of 40' },
    ],
    machine: [
      { fact: 'Network', found: 'no interface with carrier; radios removed' },
      { fact: 'Disks', found: 'none; running from memory' },
      { fact: 'Boot image', found: `SHA-256 ${hex('image')}` },
      { fact: 'Printer', found: 'USB, no memory module; power cut after the last page' },
    ],
    sheets: Array.from({ length: generations }, (_, index) => people(custodians).map(({ number, name }) =>
      ({ generation: index + 1, custodian: `${number} ${name}`, copy: 1, bag: null }))).flat(),
    exceptions: [{
      exception: 1, step: '5.6', expected: 'page 2 of copy 1 for custodian 3 decodes', happened: 'paper jam; the page came out creased',
      decision: 'both pages shredded before the witness and printed again', decidedBy: 'ceremony administrator',
    }],
    signatures: [
      { role: 'Administrator', name: 'Joan Clarke', openpgp: hex('clarke').slice(0, 40).toUpperCase() },
      { role: 'Operator', name: 'Radia Perlman', openpgp: null },
      { role: 'Internal witness', name: 'John von Neumann', openpgp: hex('neumann').slice(0, 40).toUpperCase() },
      { role: 'External witness', name: 'Emmy Noether', openpgp: 'not signed with OpenPGP' },
      ...people(custodians).map(({ number, name }) => ({ role: `Custodian ${number}`, name, openpgp: null })),
    ],
    ...changes,
  }
}

/** A release with two calls and a refusal. */
export function releaseContent(changes: Partial<ReleaseContent> = {}): ReleaseContent {
  return {
    session: '20260401T020311Z-9c4e17ab',
    kindOfUse: 'real',
    successorNote: 'not needed: no key was live',
    operator: { name: 'Mary Jackson', user: USER },
    incident: 'INC-20931',
    useCase: 'saas-admin-for-database',
    authorisedBy: 'Dorothy Vaughan, chief information security officer',
    reason: 'the identity provider is down and the database must be reached before the settlement run at 06:00',
    action: 'enable SAAS_ADMIN for 4 h on one database',
    warrantSha256: hex('warrant'),
    journalSha256: hex('journal'),
    used: USED,
    keyWasLive: true,
    successor: SUCCESSOR,
    shares: [{ custodian: 1, name: 'Ada Lovelace' }, { custodian: 3, name: 'Alan Turing' }, { custodian: 4, name: 'Katherine Johnson' }],
    times: [
      { what: 'Reading of shares began', at: '2026-04-01T02:03:11.120Z' }, { what: 'Quorum', at: '2026-04-01T02:11:40.006Z' },
      { what: 'Key live', at: '2026-04-01T02:11:41.377Z' }, { what: 'Deadline', at: '2026-04-01T02:41:41.377Z' },
      { what: 'Burned', at: '2026-04-01T02:11:58.944Z' },
    ],
    whyEnded: 'the action was done',
    calls: [
      { number: 1, at: '2026-04-01T02:11:42.010Z', method: 'GET', host: 'identity.eu-frankfurt-1.oci.oraclecloud.com', path: `/20160918/users/${USER}/apiKeys`,
        bodySha256: null, status: '200', requestId: '5F0C2A9B71D84E36A2B7C9E04D1F8A63', rule: 'exit set: read own keys' },
      { number: 2, at: '2026-04-01T02:11:44.310Z', method: 'POST', host: 'database.eu-frankfurt-1.oraclecloud.com',
        path: '/20160918/databases/ocid1.database.oc1.eu-frankfurt-1.antheljtxk3vbqyaw5mfz7h2l4c6pdn8reus/actions/enableSaasAdmin',
        bodySha256: hex('body'), status: '202', requestId: 'A17B3C5D9E2F48060718293A4B5C6D7E', rule: 'action: enable SAAS_ADMIN' },
    ],
    refusals: [{ at: '2026-04-01T02:11:45.002Z', method: 'GET', host: 'objectstorage.eu-frankfurt-1.oraclecloud.com', path: '/n/', why: 'host is not in the warrant' }],
    successorActiveAt: '2026-04-01T02:11:52.500Z',
    deletedAt: '2026-04-01T02:11:57.808Z',
    secondsLive: 17.6,
    grade: 'Proved dead',
    gradeMeaning: 'The key was refused three times in every region and once more two minutes later, and the list of keys no longer has it.',
    probes: [
      { region: 'eu-frankfurt-1', answers: '200 at 02:11:57, then 401 at 02:12:01, 02:12:06, 02:12:16 and 02:14:16' },
      { region: 'uk-london-1', answers: '200 at 02:12:01, then 401 at 02:12:11, 02:12:21, 02:12:31 and 02:14:31' },
    ],
    census: [
      { what: 'API keys', before: '1: generation 2', after: '1: generation 3' }, { what: 'Auth tokens', before: '0', after: '0' },
      { what: 'Customer secret keys', before: '0', after: '0' }, { what: 'Groups', before: 'Administrators', after: 'Administrators' },
    ],
    ...changes,
  }
}

/** Entry 17: a release. */
export function logbookContent(changes: Partial<LogbookEntryContent> = {}): LogbookEntryContent {
  return {
    rehearsal: false,
    owner: 'Meridian Grid Services',
    tenancy: TENANCY,
    user: USER,
    number: 17,
    at: '2026-04-01T02:15:02.000Z',
    kind: 'Release',
    summary: 'Generation 2 was recombined for incident INC-20931, used for 17.6 seconds and rotated to generation 3.',
    previousSha256: hex('entry 16'),
    entrySha256: hex('entry 17'),
    tool: 'glasskey 0.1.0',
    toolSha256: hex('tool'),
    facts: [{ label: 'Successors left', value: '1 sealed: hold a ceremony before the next release' }],
    release: releaseContent(),
    exceptions: [],
    unresolved: [],
    signatures: SIGNATURES,
    reconciliationDue: '2026-04-08',
    ...changes,
  }
}

/** Slips for three custodians. */
export function slipContent(changes: Partial<ReleaseSlipContent> = {}): ReleaseSlipContent {
  return {
    rehearsal: false,
    owner: 'Meridian Grid Services',
    contact: 'Duty manager, +44 20 7946 0127',
    at: '2026-04-01T02:15:02.000Z',
    logbookNumber: 17,
    successorNote: 'the same key: rotation was deferred',
    warrantSha256: hex('warrant'),
    codeWords: 'stairway hydraulic tempest Orlando',
    operator: 'Mary Jackson',
    incident: 'INC-20931',
    action: 'enable SAAS_ADMIN for 4 h on one database',
    used: USED,
    keyWasLive: true,
    successor: SUCCESSOR,
    grade: 'Proved dead',
    gradeMeaning: 'The key was refused three times in every region and once more two minutes later, and the list of keys no longer has it.',
    dead: true,
    bring: 3,
    custodians: [people(16)[0], people(16)[2], people(16)[3]].filter((one) => one !== undefined),
    ...changes,
  }
}

/** A warrant for one call. */
export function warrantContent(changes: Partial<WarrantPageContent> = {}): WarrantPageContent {
  const database = 'ocid1.database.oc1.eu-frankfurt-1.antheljtxk3vbqyaw5mfz7h2l4c6pdn8reus'
  return {
    rehearsal: false,
    drill: false,
    owner: 'Meridian Grid Services',
    tenancy: TENANCY,
    user: USER,
    operator: { name: 'Mary Jackson', user: USER },
    incident: 'INC-20931',
    useCase: 'saas-admin-for-database',
    authorisedBy: 'Dorothy Vaughan, chief information security officer',
    reason: 'the identity provider is down and the database must be reached before the settlement run at 06:00; two administrators failed to sign in, seen by the duty manager',
    action: 'Enable SAAS_ADMIN for 4 h on one database',
    targets: [{ what: 'Database', value: database }, { what: 'Secret', value: 'ocid1.vaultsecret.oc1.eu-frankfurt-1.amaaaaaaxk3vbqyaw5mfz7h2l4c6pdn8reus' }],
    regions: ['eu-frankfurt-1', 'uk-london-1'],
    opens: '2026-04-01T02:03:00.000Z',
    deadline: '2026-04-01T02:33:00.000Z',
    minutes: 30,
    calls: 2,
    requests: [
      { method: 'POST', target: `database.eu-frankfurt-1.oraclecloud.com/20160918/databases/${database}/actions/enableSaasAdmin`, purpose: 'the action' },
      { method: 'GET', target: `identity.eu-frankfurt-1.oci.oraclecloud.com/20160918/users/${USER}/apiKeys`, purpose: 'exit: read own keys' },
      { method: 'POST', target: `identity.eu-frankfurt-1.oci.oraclecloud.com/20160918/users/${USER}/apiKeys`, purpose: 'exit: upload the successor' },
      { method: 'DELETE', target: `identity.eu-frankfurt-1.oci.oraclecloud.com/20160918/users/${USER}/apiKeys/*`, purpose: 'exit: delete the used key' },
    ],
    effects: ['SAAS_ADMIN can sign in to the database until 06:04 UTC; then OCI ends it', 'generation 2 is dead, generation 3 installed'],
    used: USED,
    successor: SUCCESSOR,
    isolationExceptions: [],
    logbook: { number: 16, previousSha256: hex('entry 16') },
    warrantSha256: hex('warrant'),
    codeWords: 'stairway hydraulic tempest Orlando',
    threshold: 3,
    custodians: people(5),
    ...changes,
  }
}

/** An audit of one year. */
export function auditContent(changes: Partial<AuditReportContent> = {}): AuditReportContent {
  return {
    rehearsal: false,
    owner: 'Meridian Grid Services',
    tenancy: TENANCY,
    user: USER,
    auditor: 'Emmy Noether, internal audit',
    independence: 'reports to the audit committee; holds no share and no role in the tenancy',
    from: '2026-01-01T00:00:00.000Z',
    to: '2026-06-30T23:59:59.000Z',
    written: '2026-07-06T10:00:00.000Z',
    tool: 'glasskey 0.1.0',
    toolSha256: hex('tool'),
    scope: ['custody folder at logbook entry 21', 'sessions 20260401T020311Z-9c4e17ab and 20260512T100000Z-11aa22bb', 'OCI Audit of eu-frankfurt-1 and uk-london-1, 181 days'],
    opinion: {
      scriptFollowed: { verdict: 'Yes', sentence: 'One ceremony and two releases followed the script, with one exception that was decided and witnessed.' },
      keyRevoked: { verdict: 'Yes', sentence: 'Generations 1 and 2 were released; both are refused in every subscribed region and are in no list of keys.' },
      actionsExplained: { verdict: 'Not established', sentence: 'One call in the cloud’s log is in no journal of ours.' },
    },
    evidence: [
      { control: 'GK-01', claim: 'the logbook is whole and unforked', method: 'recompute the chain', source: 'logbook.jsonl', result: 'holds', reperformed: true },
      { control: 'GK-02', claim: 'each manifest is the one its envelope sealed', method: 'compare digests with the ceremony record', source: 'generations/*/manifest.json', result: 'holds', reperformed: true },
      { control: 'GK-07', claim: 'each signed request is in the cloud’s log under its anchor', method: 'match opc-request-id with SHA-256 of intent lines', source: 'OCI Audit, journals', result: 'does not hold: 1 unmatched', reperformed: true },
      { control: 'GK-11', claim: 'no key of the user is unknown', method: 'list keys, compare SPKI', source: 'OCI IAM, read-only login', result: 'holds', reperformed: false },
    ],
    notChecked: ['the bags themselves: seen by the custodians, not by the auditor', 'OCI Audit before 2026-01-07: no longer kept'],
    reconciliation: { matched: 14, journalOnly: 0, cloudOnly: 1, late: 2 },
    exceptions: ['Ceremony of 2026-03-14, step 41: a creased page was shredded and printed again.'],
    residualAccess: [],
    drills: [{ at: '2026-05-12T10:00:00.000Z', scenario: 'identity provider down, rotation only', result: 'quorum in 19 min, proved dead in 3 min' }],
    custodians: people(5).map((person) => ({ ...person, standing: 'acknowledged 2026-03-14, drilled 2026-05-12' })),
    deviations: [
      { control: 'CIS 1.8', deviation: 'key older than 90 days', reason: 'it has never been recombined; rotation would expose its successor' },
      { control: 'CIS 1.12', deviation: 'API key for an administrator', reason: 'the one key of last resort, held by quorum' },
    ],
    signatures: [{ role: 'Auditor', name: 'Emmy Noether' }, { role: 'Received by', name: 'Dorothy Vaughan' }],
    ...changes,
  }
}
