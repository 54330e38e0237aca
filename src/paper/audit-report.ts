/** The audit report: an opinion in three sentences, and everything that it rests on. */

import { documentKind, drawDocument, type Drawing } from './document.js'
import { moment } from './moment.js'

/** One sentence of the opinion. */
export interface OpinionContent {
  /** "Yes", "No" or "Not established". */
  readonly verdict: string
  readonly sentence: string
}

/** What an audit report says. Moments are ISO 8601 in UTC, digests lower-case hex. */
export interface AuditReportContent {
  /** Whether any record it audits was made in a rehearsal. */
  readonly rehearsal: boolean
  readonly owner: string
  readonly tenancy: string
  readonly user: string
  readonly auditor: string
  /** How the auditor is independent of those audited. */
  readonly independence: string
  readonly from: string
  readonly to: string
  readonly written: string
  readonly tool: string
  readonly toolSha256: string | null
  /** What was looked at: folder, sessions, logs. */
  readonly scope: readonly string[]
  readonly opinion: {
    readonly scriptFollowed: OpinionContent
    readonly keyRevoked: OpinionContent
    readonly actionsExplained: OpinionContent
  }
  readonly evidence: readonly {
    readonly control: string, readonly claim: string, readonly method: string, readonly source: string
    readonly result: string, readonly reperformed: boolean
  }[]
  readonly notChecked: readonly string[]
  readonly reconciliation: {
    readonly matched: number, readonly journalOnly: number, readonly cloudOnly: number, readonly late: number
  }
  readonly exceptions: readonly string[]
  /** Access that outlasted the sessions. */
  readonly residualAccess: readonly string[]
  readonly drills: readonly { readonly at: string, readonly scenario: string, readonly result: string }[]
  readonly custodians: readonly { readonly number: number, readonly name: string, readonly standing: string }[]
  /** Departures from the CIS benchmark, with reasons. */
  readonly deviations: readonly { readonly control: string, readonly deviation: string, readonly reason: string }[]
  readonly signatures: readonly { readonly role: string, readonly name: string }[]
}

const TEXTS = [{ text: 'text' }] as const

const AUDIT_REPORT = documentKind({
  template: 'audit-report',
  fields: {
    rehearsal: 'flag', owner: 'text', tenancy: 'text', user: 'text', auditor: 'text', independence: 'text', from: 'text',
    to: 'text', written: 'text', tool: 'text', toolSha256: 'text', scope: TEXTS,
    scriptVerdict: 'text', scriptSentence: 'text', keyVerdict: 'text', keySentence: 'text', actionsVerdict: 'text',
    actionsSentence: 'text',
    evidence: [{ control: 'text', claim: 'text', method: 'text', source: 'text', result: 'text', reperformed: 'flag' }],
    notChecked: TEXTS, matched: 'text', journalOnly: 'text', cloudOnly: 'text', late: 'text', exceptions: TEXTS,
    residualAccess: TEXTS, drills: [{ at: 'text', scenario: 'text', result: 'text' }],
    custodians: [{ number: 'text', name: 'text', standing: 'text' }],
    deviations: [{ control: 'text', deviation: 'text', reason: 'text' }],
    signatures: [{ role: 'text', name: 'text' }],
  },
  mustPrint: ['auditor', 'independence', 'from', 'to', 'scope.text', 'scriptVerdict', 'scriptSentence', 'keyVerdict',
    'keySentence', 'actionsVerdict', 'actionsSentence', 'evidence.control', 'evidence.claim', 'evidence.method',
    'evidence.source', 'evidence.result', 'notChecked.text', 'matched', 'journalOnly', 'cloudOnly', 'late',
    'exceptions.text', 'residualAccess.text', 'deviations.deviation', 'deviations.reason', 'signatures.name'],
  unprintable: 'show',
})

/** @throws {GlasskeyError} TEMPLATE_INVALID. Texts that cannot be set are printed as `[U+...]`. */
export async function drawAuditReport(content: AuditReportContent, drawing: Drawing): Promise<Uint8Array> {
  const { opinion, reconciliation, scope, notChecked, exceptions, residualAccess, ...same } = content
  const texts = (list: readonly string[]): { text: string }[] => list.map((text) => ({ text }))
  return drawDocument(AUDIT_REPORT, {
    ...same,
    ...reconciliation,
    from: moment(content.from),
    to: moment(content.to),
    written: moment(content.written),
    scope: texts(scope),
    notChecked: texts(notChecked),
    exceptions: texts(exceptions),
    residualAccess: texts(residualAccess),
    scriptVerdict: opinion.scriptFollowed.verdict,
    scriptSentence: opinion.scriptFollowed.sentence,
    keyVerdict: opinion.keyRevoked.verdict,
    keySentence: opinion.keyRevoked.sentence,
    actionsVerdict: opinion.actionsExplained.verdict,
    actionsSentence: opinion.actionsExplained.sentence,
    drills: content.drills.map((drill) => ({ ...drill, at: moment(drill.at) })),
  }, drawing, { marked: content.rehearsal, created: content.written })
}
