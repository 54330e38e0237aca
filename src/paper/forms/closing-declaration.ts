/** The closing declaration: everybody who was in the room says that the record is true, or why not. */

import { documentKind, drawDocument, type Drawing } from '../document.js'
import { minute, moment } from '../moment.js'

/** Somebody who was in the room. */
export interface Declaring {
  readonly role: string
  /** Empty: written in by hand. */
  readonly name: string
  /** null: ticked by hand. */
  readonly agrees: boolean | null
  /** Why not; only printed for somebody who does not agree. */
  readonly why: string | null
  /** When it was declared, ISO 8601 in UTC; null: written in by hand. */
  readonly at: string | null
}

/** What a closing declaration says. What is null is left to be written in by hand. */
export interface ClosingDeclarationContent {
  readonly rehearsal: boolean
  readonly owner: string
  /** When it is drawn, ISO 8601 in UTC. */
  readonly drawn: string
  /** "Ceremony of 2026-03-14, generations 1 to 4". */
  readonly occasion: string | null
  readonly place: string | null
  readonly started: string | null
  readonly ended: string | null
  /** Exception sheets used. */
  readonly exceptions: number | null
  /** Lower-case hex. */
  readonly transcriptSha256: string | null
  /** The same digest, or its beginning, in words. */
  readonly transcriptWords: string | null
  readonly people: readonly Declaring[]
}

const CLOSING_DECLARATION = documentKind({
  template: 'closing-declaration',
  fields: {
    rehearsal: 'flag', owner: 'text', occasion: 'text', place: 'text', started: 'text', ended: 'text', exceptions: 'text',
    transcriptSha256: 'text', transcriptWords: 'text',
    people: [{ role: 'text', name: 'text', yes: 'flag', no: 'flag', at: 'text' }],
    objections: [{ name: 'text', why: 'text' }],
  },
  mustPrint: ['occasion', 'started', 'ended', 'exceptions', 'transcriptSha256', 'transcriptWords', 'people.role', 'people.name', 'people.at',
    'objections.name', 'objections.why'],
  unprintable: 'show',
})

/** @throws {GlasskeyError} TEMPLATE_INVALID. Texts that cannot be set are printed as `[U+...]`: a declaration must exist. */
export async function drawClosingDeclaration(content: ClosingDeclarationContent, drawing: Drawing): Promise<Uint8Array> {
  return drawDocument(CLOSING_DECLARATION, {
    ...content,
    started: moment(content.started),
    ended: moment(content.ended),
    people: content.people.map(({ role, name, agrees, at }) => ({ role, name, yes: agrees === true, no: agrees === false, at: minute(at) })),
    objections: content.people.flatMap(({ role, name, agrees, why }) => agrees === false ? [{ name: name === '' ? role : name, why: why ?? 'gave no reason' }] : []),
  }, drawing, { marked: content.rehearsal, created: content.drawn })
}
