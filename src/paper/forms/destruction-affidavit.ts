/** The destruction of the sheets of a dead key: each one accounted for, before a witness. */

import { GlasskeyError } from '../../errors.js'
import { isSpent } from '../../custody/generation.js'
import { hexToWords } from '../../custody/words.js'
import { documentKind, drawDocument, type Drawing } from '../document.js'
import { day, minute, moment } from '../moment.js'
import { copiesOf, type FormSource } from './source.js'

/** What the affidavit says. What is null is left to be written in by hand. */
export interface DestructionContent {
  readonly rehearsal: boolean
  readonly owner: string
  readonly drawn: string
  readonly generation: number
  readonly keyId: string
  /** How its end is known. */
  readonly grade: string | null
  readonly gradedAt: string | null
  /** What ended the key: "Release INC-20931, session ...". */
  readonly endedBy: string | null
  readonly method: string | null
  readonly witness: string | null
  /** Numbers of logbook entries that say so already. */
  readonly entries: readonly number[]
  readonly sheets: readonly {
    readonly number: number, readonly name: string, readonly copy: number, readonly bag: string | null
    /** When it was destroyed, ISO 8601; null: today. */
    readonly destroyedAt: string | null
  }[]
}

const AFFIDAVIT = documentKind({
  template: 'destruction-affidavit',
  fields: {
    rehearsal: 'flag', owner: 'text', generation: 'text', keyId: 'text', keyWords: 'text', grade: 'text', gradedAt: 'text',
    endedBy: 'text', method: 'text', witness: 'text', entries: 'text',
    sheets: [{ number: 'text', name: 'text', copy: 'text', bag: 'text', whole: 'flag', destroyed: 'text' }],
  },
  mustPrint: ['generation', 'keyId', 'grade', 'gradedAt', 'endedBy', 'method', 'witness', 'entries', 'sheets.number', 'sheets.name', 'sheets.copy', 'sheets.bag', 'sheets.destroyed'],
  unprintable: 'show',
})

/**
 * Every sheet of a generation that is not reported lost.
 *
 * @throws {GlasskeyError} USAGE when there is no such generation; REFUSED while its key may be alive or may be needed.
 */
export function destruction(source: FormSource, generation: number): DestructionContent {
  const manifest = source.manifests.find((one) => one.generation === generation)
  if (manifest === undefined) throw new GlasskeyError('USAGE', `there is no GENERATION ${generation}`, 'glasskey status lists them.')
  const state = source.standings.find((standing) => standing.generation === generation)?.state
  if (!isSpent(state)) {
    throw new GlasskeyError('REFUSED', `GENERATION ${generation} is ${state ?? 'unknown'}: its sheets are still needed`, 'Only sheets of a generation that is proved dead, or retired, are destroyed.')
  }
  const { custody, logbook } = source
  const ended = source.sessions.filter(({ warrant }) => warrant.key.generation === generation).at(-1)
  const entries = logbook.flatMap((entry) => entry.type === 'destroyed' && entry.generation === generation ? [entry] : [])
  const lost = (custodian: number, copy: number): boolean =>
    logbook.some((entry) => entry.type === 'lost' && entry.custodian === custodian && entry.copy === copy && entry.generations.includes(generation))
  const same = (values: readonly string[]): string | null => new Set(values).size === 1 ? values[0] ?? null : null
  return {
    rehearsal: source.rehearsal, owner: custody.owner.team, drawn: source.drawn, generation, keyId: manifest.keyId,
    grade: state === 'burned' ? ended?.session.grade ?? null : 'retired, its key is not installed',
    gradedAt: state === 'burned' ? ended?.session.closed?.at ?? null : null,
    endedBy: ended === undefined ? null : `${ended.warrant.drill ? 'drill' : ended.warrant.action.name}, ${ended.warrant.incident}, session ${ended.id}`,
    method: same(entries.map(({ method }) => method)),
    witness: same(entries.map(({ witness }) => witness)),
    entries: entries.map(({ seq }) => seq),
    sheets: manifest.shares.flatMap(({ custodian, name, copies }) => Array.from({ length: copies }, (_, at) => at + 1).filter((copy) => !lost(custodian, copy)).map((copy) => ({
      number: custodian, name, copy,
      bag: copiesOf(source, custodian, generation).find((held) => held.copy === copy)?.bag ?? null,
      destroyedAt: entries.find((entry) => entry.custodian === custodian && entry.copies.includes(copy))?.at ?? null,
    }))),
  }
}

/** @throws {GlasskeyError} TEMPLATE_INVALID. Texts that cannot be set are printed as `[U+...]`: they stand in the logbook. */
export async function drawDestructionAffidavit(content: DestructionContent, drawing: Drawing): Promise<Uint8Array> {
  return drawDocument(AFFIDAVIT, {
    ...content,
    keyWords: hexToWords(content.keyId),
    gradedAt: moment(content.gradedAt),
    entries: content.entries.join(', '),
    sheets: content.sheets.map(({ destroyedAt, ...sheet }) => ({
      ...sheet, whole: destroyedAt === null, destroyed: destroyedAt === null ? null : `${day(destroyedAt)} ${minute(destroyedAt)}`,
    })),
  }, drawing, { marked: content.rehearsal, created: content.drawn })
}
