/** Every form there is, by the name that people type, and how it is filled from what is known. */

import { GlasskeyError } from '../../errors.js'
import type { LogbookEntry } from '../../record/logbook.js'
import type { Drawing } from '../document.js'
import { bagLabels, drawBagLabels } from './bag-labels.js'
import { drawClosingDeclaration } from './closing-declaration.js'
import { acknowledgements, drawAcknowledgements } from './custodian-acknowledgement.js'
import { custodyLogs, drawCustodyLogs } from './custody-log.js'
import { destruction, drawDestructionAffidavit } from './destruction-affidavit.js'
import { drawDrillRecord, drillRecord } from './drill-record.js'
import { drawExceptionSheet } from './exception-sheet.js'
import { drawHandOver, handOver } from './hand-over.js'
import type { FormSession, FormSource } from './source.js'

/** What a form is to be about; null: everything that it can be about, or a blank one. */
export interface FormSubject {
  readonly custodian: number | null
  readonly generation: number | null
  readonly entry: LogbookEntry | null
}

/** One kind of form. */
export interface Form {
  readonly name: string
  /** What it is for, in a line. */
  readonly purpose: string
  /** What may be named for it. */
  readonly takes: readonly (keyof FormSubject)[]
  /** The kind of logbook entry that it is the signed counterpart of. */
  readonly of: LogbookEntry['type'] | null
  /** Why there is nothing to print; null: it can be drawn. */
  readonly missing: (source: FormSource) => string | null
  /** @throws {GlasskeyError} TEMPLATE_INVALID, SCRIPT_UNSUPPORTED, USAGE, REFUSED */
  readonly draw: (source: FormSource, subject: FormSubject, drawing: Drawing) => Promise<Uint8Array>
}

const always = (): null => null

export const FORMS: readonly Form[] = [
  {
    name: 'custodian-acknowledgement', purpose: 'what a custodian or deputy will do, may do and declares; yearly', takes: ['custodian', 'entry'], of: 'acknowledged', missing: always,
    draw: async (source, subject, drawing) => drawAcknowledgements(acknowledgements(source, custodianOf(subject)), drawing),
  },
  {
    name: 'bag-labels', purpose: 'a label for each bag, to be cut apart', takes: ['custodian', 'generation'], of: null, missing: always,
    draw: async (source, subject, drawing) => drawBagLabels(bagLabels(source, subject.custodian, subject.generation), drawing),
  },
  {
    name: 'custody-log', purpose: 'lies with the bag: every movement, look and opening', takes: ['custodian', 'entry'], of: 'inspected', missing: always,
    draw: async (source, subject, drawing) => drawCustodyLogs(custodyLogs(source, custodianOf(subject)), drawing),
  },
  {
    name: 'hand-over', purpose: 'a sealed bag goes to another person', takes: ['custodian', 'entry'], of: 'handover', missing: always,
    draw: async (source, { custodian, entry }, drawing) => drawHandOver(handOver(source, custodian, entry?.type === 'handover' ? entry : null), drawing),
  },
  {
    name: 'exception-sheet', purpose: 'something went otherwise than was written down', takes: ['entry'], of: 'exception', missing: always,
    draw: async (source, { entry }, drawing) => drawExceptionSheet(exceptionOf(source, entry?.type === 'exception' ? entry : null), drawing),
  },
  {
    name: 'closing-declaration', purpose: 'everybody in the room says that the record is true', takes: [], of: null, missing: always,
    draw: async (source, _, drawing) => drawClosingDeclaration({
      rehearsal: source.rehearsal, owner: source.custody.owner.team, drawn: source.drawn, occasion: null, place: null, started: null, ended: null, exceptions: null,
      transcriptSha256: null, transcriptWords: null,
      people: [
        ...['Ceremony administrator', 'Internal witness', 'External witness'].map((role) => ({ role, name: '', agrees: null, why: null, at: null })),
        ...source.custody.custodians.map(({ number, name }) => ({ role: `Custodian ${number}`, name, agrees: null, why: null, at: null })),
      ],
    }, drawing),
  },
  {
    name: 'drill-record', purpose: 'how long a drill took, and what is to be mended', takes: [], of: null, missing: always,
    draw: async (source, _, drawing) => drawDrillRecord(drillRecord(source, lastDrill(source)), drawing),
  },
  {
    name: 'destruction-affidavit', purpose: 'the sheets of a dead key, each accounted for', takes: ['generation', 'entry'], of: 'destroyed',
    missing: (source) => nextToDestroy(source) === null ? 'no generation is proved dead or retired' : null,
    draw: async (source, { generation, entry }, drawing) => {
      const dead = entry?.type === 'destroyed' ? entry.generation : generation ?? nextToDestroy(source)
      if (dead === null) throw new GlasskeyError('USAGE', 'there is nothing to destroy: no generation is proved dead or retired', 'glasskey status')
      return drawDestructionAffidavit(destruction(source, dead), drawing)
    },
  },
]

/** The form that people sign for an entry of this kind; undefined when there is none. */
export function formOf(type: LogbookEntry['type']): Form | undefined {
  return FORMS.find(({ of }) => of === type)
}

/** The oldest dead generation that still has a sheet; where none has, the newest. */
export function nextToDestroy(source: FormSource): number | null {
  const dead = source.standings.flatMap(({ generation, state }) => (state === 'burned' || state === 'retired' ? [generation] : []))
  return dead.find((generation) => destruction(source, generation).sheets.some(({ destroyedAt }) => destroyedAt === null)) ?? dead.at(-1) ?? null
}

/** The newest drill; null: none was held yet. */
export function lastDrill({ sessions }: FormSource): FormSession | null {
  return sessions.filter(({ warrant }) => warrant.drill).at(-1) ?? null
}

function custodianOf({ custodian, entry }: FormSubject): number | null {
  return entry !== null && 'custodian' in entry ? entry.custodian : custodian
}

function exceptionOf(source: FormSource, entry: Extract<LogbookEntry, { type: 'exception' }> | null): Parameters<typeof drawExceptionSheet>[0] {
  return {
    rehearsal: source.rehearsal, owner: source.custody.owner.team, drawn: source.drawn, number: null, expected: null,
    occasion: entry === null ? null : `logbook entry ${entry.seq}`,
    used: entry === null ? null : true,
    step: entry?.step ?? null, at: entry?.at ?? null, happened: entry?.happened ?? null, decision: entry?.decision ?? null,
    decidedBy: entry?.decidedBy ?? null, witness: entry?.witness ?? null,
  }
}
