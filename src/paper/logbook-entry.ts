/** One entry of the logbook, for the paper book: any event in the custody, with everything about a release. */

import { documentKind, drawDocument, type Drawing } from './document.js'
import { clock, day, moment } from './moment.js'

/** A generation by its public names. */
export interface NamedGeneration {
  readonly generation: number
  readonly keyId: string
  readonly keyWords: string
}

/** What a release adds to an entry. */
export interface ReleaseContent {
  readonly session: string
  /** "real", "drill" or "rehearsal". */
  readonly kindOfUse: string
  readonly operator: { readonly name: string, readonly user: string }
  readonly incident: string
  readonly useCase: string
  readonly authorisedBy: string
  readonly reason: string
  readonly action: string
  readonly warrantSha256: string
  /** Head of the session's journal. */
  readonly journalSha256: string
  readonly used: NamedGeneration
  readonly successor: NamedGeneration | null
  /** Why there is no successor: rotation deferred, or no key was live. */
  readonly successorNote: string
  readonly shares: readonly { readonly custodian: number, readonly name: string }[]
  /** In order: exposing, quorum, key live, deadline, ended, burned... */
  readonly times: readonly { readonly what: string, readonly at: string | null }[]
  readonly whyEnded: string
  readonly calls: readonly {
    readonly number: number, readonly at: string, readonly method: string, readonly host: string, readonly path: string
    readonly bodySha256: string | null, readonly status: string, readonly requestId: string | null, readonly rule: string
  }[]
  readonly refusals: readonly {
    readonly at: string, readonly method: string, readonly host: string, readonly path: string, readonly why: string
  }[]
  /** Whether a key was recombined at all. */
  readonly keyWasLive: boolean
  readonly successorActiveAt: string | null
  readonly deletedAt: string | null
  /** null when the key never became live, or nobody could say for how long. */
  readonly secondsLive: number | null
  readonly grade: string
  /** The grade as a sentence. */
  readonly gradeMeaning: string
  readonly probes: readonly { readonly region: string, readonly answers: string }[]
  readonly census: readonly { readonly what: string, readonly before: string, readonly after: string }[]
}

/** What an entry says. Moments are ISO 8601 in UTC, digests lower-case hex. */
export interface LogbookEntryContent {
  readonly rehearsal: boolean
  readonly owner: string
  readonly tenancy: string
  readonly user: string
  readonly number: number
  readonly at: string
  /** "Release", "Drill", "Ceremony", "Hand-over", "Inspection", "Audit"... */
  readonly kind: string
  /** What happened, in a sentence or two. */
  readonly summary: string
  readonly previousSha256: string
  readonly entrySha256: string
  readonly tool: string
  readonly toolSha256: string | null
  /** Whatever else the entry holds. */
  readonly facts: readonly { readonly label: string, readonly value: string }[]
  readonly release: ReleaseContent | null
  readonly exceptions: readonly string[]
  readonly unresolved: readonly string[]
  readonly signatures: readonly { readonly role: string, readonly name: string }[]
  /** Day by which an auditor reconciles the entry with the cloud's own log; null when there is nothing to reconcile. */
  readonly reconciliationDue: string | null
}

const LOGBOOK_ENTRY = documentKind({
  template: 'logbook-entry',
  fields: {
    rehearsal: 'flag', owner: 'text', tenancy: 'text', user: 'text', number: 'text', at: 'text', kind: 'text',
    summary: 'text', previousSha256: 'text', entrySha256: 'text', tool: 'text', toolSha256: 'text',
    facts: [{ label: 'text', value: 'text' }],
    release: [{
      session: 'text', kindOfUse: 'text', operatorName: 'text', operatorUser: 'text', incident: 'text', useCase: 'text',
      authorisedBy: 'text', reason: 'text', action: 'text', warrantSha256: 'text', journalSha256: 'text',
      usedGeneration: 'text', usedKeyId: 'text', usedKeyWords: 'text', successorGeneration: 'text',
      successorKeyId: 'text', successorKeyWords: 'text', successorNote: 'text', whyEnded: 'text', successorActiveAt: 'text',
      deletedAt: 'text', secondsLive: 'text', keyWasLive: 'flag', grade: 'text', gradeMeaning: 'text', date: 'text',
      shares: [{ custodian: 'text', name: 'text' }],
      times: [{ what: 'text', at: 'text' }],
      calls: [{
        number: 'text', at: 'text', method: 'text', host: 'text', path: 'text', bodySha256: 'text', status: 'text',
        requestId: 'text', rule: 'text',
      }],
      refusals: [{ at: 'text', method: 'text', host: 'text', path: 'text', why: 'text' }],
      probes: [{ region: 'text', answers: 'text' }],
      census: [{ what: 'text', before: 'text', after: 'text' }],
    }],
    exceptions: [{ text: 'text' }],
    unresolved: [{ text: 'text' }],
    signatures: [{ role: 'text', name: 'text' }],
    reconciliationDue: 'text',
  },
  mustPrint: ['number', 'at', 'kind', 'summary', 'previousSha256', 'entrySha256', 'facts.value', 'release.operatorName',
    'release.incident', 'release.action', 'release.warrantSha256', 'release.journalSha256', 'release.usedGeneration',
    'release.usedKeyId', 'release.successorKeyId', 'release.grade', 'release.gradeMeaning', 'release.shares.custodian',
    'release.times.at', 'release.whyEnded', 'release.calls.path', 'release.calls.status', 'release.calls.requestId',
    'release.refusals.path', 'release.refusals.why', 'release.probes.answers', 'release.census.before',
    'release.census.after', 'exceptions.text', 'unresolved.text', 'signatures.name', 'reconciliationDue'],
  unprintable: 'show',
})

/** @throws {GlasskeyError} TEMPLATE_INVALID. Texts that cannot be set are printed as `[U+...]`: an entry must exist. */
export async function drawLogbookEntry(content: LogbookEntryContent, drawing: Drawing): Promise<Uint8Array> {
  const { release, exceptions, unresolved, ...same } = content
  return drawDocument(LOGBOOK_ENTRY, {
    ...same,
    at: moment(content.at),
    release: release === null ? [] : [releaseView(release, content.at)],
    exceptions: exceptions.map((text) => ({ text })),
    unresolved: unresolved.map((text) => ({ text })),
  }, drawing, { marked: content.rehearsal, created: content.at })
}

function releaseView(release: ReleaseContent, at: string) {
  const { operator, used, successor, secondsLive, ...same } = release
  return {
    ...same,
    date: day(release.calls[0]?.at ?? at),
    operatorName: operator.name,
    operatorUser: operator.user,
    usedGeneration: used.generation,
    usedKeyId: used.keyId,
    usedKeyWords: used.keyWords,
    successorGeneration: successor?.generation ?? null,
    successorKeyId: successor?.keyId ?? null,
    successorKeyWords: successor?.keyWords ?? null,
    secondsLive,
    successorActiveAt: moment(release.successorActiveAt),
    deletedAt: moment(release.deletedAt),
    times: release.times.map(({ what, at }) => ({ what, at: moment(at) })),
    calls: release.calls.map((call) => ({ ...call, at: clock(call.at) })),
    refusals: release.refusals.map((refusal) => ({ ...refusal, at: clock(refusal.at) })),
  }
}
