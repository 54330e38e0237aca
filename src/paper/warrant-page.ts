/** The warrant on paper: what custodians read before they open a bag, and where they say yes or no. */

import { documentKind, drawDocument, type Drawing } from './document.js'
import type { NamedGeneration } from './logbook-entry.js'
import { moment } from './moment.js'

/** What a warrant says. Moments are ISO 8601 in UTC, digests lower-case hex. */
export interface WarrantPageContent {
  readonly rehearsal: boolean
  readonly drill: boolean
  readonly owner: string
  readonly tenancy: string
  readonly user: string
  readonly operator: { readonly name: string, readonly user: string }
  readonly incident: string
  readonly useCase: string
  readonly authorisedBy: string
  /** The declared failure, and how it is known that normal access has failed. */
  readonly reason: string
  /** The action in one line. */
  readonly action: string
  /** Its exact targets: "Database", "ocid1...". */
  readonly targets: readonly { readonly what: string, readonly value: string }[]
  readonly regions: readonly string[]
  readonly opens: string
  readonly deadline: string
  readonly minutes: number
  readonly calls: number
  /** Requests that will be signed, and no others. */
  readonly requests: readonly { readonly method: string, readonly target: string, readonly purpose: string }[]
  readonly effects: readonly string[]
  readonly used: NamedGeneration
  /** null: rotation is deferred, with every custodian's consent. */
  readonly successor: NamedGeneration | null
  readonly isolationExceptions: readonly string[]
  readonly logbook: { readonly number: number, readonly previousSha256: string }
  readonly warrantSha256: string
  readonly codeWords: string
  readonly threshold: number
  readonly custodians: readonly { readonly number: number, readonly name: string }[]
}

const WARRANT_PAGE = documentKind({
  template: 'warrant',
  fields: {
    rehearsal: 'flag', drill: 'flag', owner: 'text', tenancy: 'text', user: 'text', operatorName: 'text',
    operatorUser: 'text', incident: 'text', useCase: 'text', authorisedBy: 'text', reason: 'text', action: 'text',
    targets: [{ what: 'text', value: 'text' }], regions: 'text', opens: 'text', deadline: 'text', minutes: 'text',
    calls: 'text', requests: [{ method: 'text', target: 'text', purpose: 'text' }], effects: [{ text: 'text' }],
    usedGeneration: 'text', usedKeyId: 'text', usedKeyWords: 'text', successorGeneration: 'text',
    successorKeyId: 'text', successorKeyWords: 'text', isolationExceptions: [{ text: 'text' }], logbookNumber: 'text',
    previousSha256: 'text', warrantSha256: 'text', codeWords: 'text', threshold: 'text',
    custodians: [{ number: 'text', name: 'text' }],
  },
  mustPrint: ['tenancy', 'user', 'operatorName', 'operatorUser', 'incident', 'useCase', 'authorisedBy', 'reason', 'action',
    'targets.value', 'regions', 'deadline', 'minutes', 'calls', 'requests.target', 'effects.text', 'usedGeneration',
    'usedKeyId', 'successorGeneration', 'successorKeyId', 'isolationExceptions.text', 'logbookNumber', 'previousSha256',
    'warrantSha256', 'codeWords', 'custodians.name'],
  unprintable: 'refuse',
  say: {
    operatorName: 'name of the operator', authorisedBy: 'who authorised the warrant', 'custodians.name': 'name of a custodian',
  },
})

/** @throws {GlasskeyError} TEMPLATE_INVALID, SCRIPT_UNSUPPORTED */
export async function drawWarrantPage(content: WarrantPageContent, drawing: Drawing): Promise<Uint8Array> {
  const { operator, used, successor, logbook, ...same } = content
  return drawDocument(WARRANT_PAGE, {
    ...same,
    operatorName: operator.name,
    operatorUser: operator.user,
    regions: content.regions.join(', '),
    opens: moment(content.opens),
    deadline: moment(content.deadline),
    effects: content.effects.map((text) => ({ text })),
    isolationExceptions: content.isolationExceptions.map((text) => ({ text })),
    usedGeneration: used.generation,
    usedKeyId: used.keyId,
    usedKeyWords: used.keyWords,
    successorGeneration: successor?.generation ?? null,
    successorKeyId: successor?.keyId ?? null,
    successorKeyWords: successor?.keyWords ?? null,
    logbookNumber: logbook.number,
    previousSha256: logbook.previousSha256,
  }, drawing, { marked: content.rehearsal, created: content.opens })
}
