/** The custody log: it lies with a bag, and every movement, look and opening is a line of it. */

import type { LogbookEntry } from '../../record/logbook.js'
import { nextInspection } from '../../record/due.js'
import { documentKind, drawDocument, type Drawing } from '../document.js'
import { day, moment } from '../moment.js'
import { baggedIn, copiesOf, type Bagged, type FormSource } from './source.js'

/** A line that the logbook has already. */
export interface CustodyLogLine {
  readonly at: string
  readonly what: string
  readonly bag: string
  readonly condition: string
  /** Number of the logbook entry. */
  readonly entry: number
  readonly witness: string
}

/** What the logs say: one for each copy. */
export interface CustodyLogContent {
  readonly rehearsal: boolean
  readonly owner: string
  readonly drawn: string
  readonly shares: number
  readonly inspectEveryDays: number
  readonly copies: readonly {
    readonly number: number, readonly name: string, readonly copy: number, readonly holder: string | null
    readonly bags: readonly Bagged[]
    /** Day of the next look; null where nothing is known of bags. */
    readonly nextInspection: string | null
    readonly lines: readonly CustodyLogLine[]
  }[]
}

/** Lines on a page of a log, those from the logbook among them. */
const LINES = 13

const CUSTODY_LOG = documentKind({
  template: 'custody-log',
  fields: {
    rehearsal: 'flag', owner: 'text', drawn: 'text', shares: 'text', inspectEveryDays: 'text',
    copies: [{
      number: 'text', name: 'text', copy: 'text', holder: 'text', nextInspection: 'text',
      bags: [{ generation: 'text', keyId: 'text', bag: 'text' }],
      lines: [{ at: 'text', what: 'text', bag: 'text', condition: 'text', entry: 'text', witness: 'text' }],
      blanks: [{}],
    }],
  },
  mustPrint: ['copies.number', 'copies.name', 'copies.copy', 'copies.holder', 'copies.nextInspection', 'copies.bags.generation', 'copies.lines.at', 'copies.lines.what',
    'copies.lines.bag', 'copies.lines.entry'],
  unprintable: 'show',
})

/** A log for every copy of the custodians asked for; null: of all. */
export function custodyLogs(source: FormSource, custodian: number | null): CustodyLogContent {
  const { custody, logbook } = source
  return {
    rehearsal: source.rehearsal, owner: custody.owner.team, drawn: source.drawn, shares: custody.custodians.length, inspectEveryDays: custody.inspectEveryDays,
    copies: copiesOf(source, custodian).map((copy) => {
      const bags = baggedIn(source, copy)
      return {
        number: copy.custodian, name: copy.name, copy: copy.copy, holder: copy.holder, bags,
        nextInspection: nextInspection(copy, bags.map(({ generation }) => generation), logbook, custody.inspectEveryDays)?.toISOString() ?? null,
        lines: logbook.flatMap((entry) => lineOf(entry, copy.custodian, copy.copy)),
      }
    }),
  }
}

function lineOf(entry: LogbookEntry, custodian: number, copy: number): CustodyLogLine[] {
  if (!('copy' in entry) || entry.custodian !== custodian || entry.copy !== copy) return []
  const line = { at: entry.at, entry: entry.seq, witness: entry.witness, bag: 'bag' in entry ? entry.bag : '–', condition: '–' }
  switch (entry.type) {
    case 'handover':
      return [{ ...line, what: `handed over from ${entry.from} to ${entry.to}`, condition: 'unopened' }]
    case 'inspected':
      return [{ ...line, what: 'looked at', condition: entry.condition }]
    case 'lost':
      return [{ ...line, what: `LOST: generations ${entry.generations.join(', ')}` }]
    case 'acknowledged':
      return [{ ...line, what: `duties acknowledged by ${entry.by}` }]
  }
}

/** @throws {GlasskeyError} TEMPLATE_INVALID. Texts that cannot be set are printed as `[U+...]`: they stand in the logbook. */
export async function drawCustodyLogs(content: CustodyLogContent, drawing: Drawing): Promise<Uint8Array> {
  return drawDocument(CUSTODY_LOG, {
    ...content,
    drawn: day(content.drawn),
    copies: content.copies.map((copy) => ({
      ...copy,
      nextInspection: copy.nextInspection === null ? null : day(copy.nextInspection),
      lines: copy.lines.map((line) => ({ ...line, at: moment(line.at) })),
      blanks: Array.from({ length: Math.max(4, LINES - copy.lines.length) }, () => ({})),
    })),
  }, drawing, { marked: content.rehearsal, created: content.drawn })
}
