/** Forms to draw in tests: blank, filled in, and with the longest names and the most people. */

import { acknowledgements, drawAcknowledgements } from '../../../src/paper/forms/custodian-acknowledgement.js'
import { bagLabels, drawBagLabels } from '../../../src/paper/forms/bag-labels.js'
import { drawClosingDeclaration, type ClosingDeclarationContent } from '../../../src/paper/forms/closing-declaration.js'
import { custodyLogs, drawCustodyLogs } from '../../../src/paper/forms/custody-log.js'
import { destruction, drawDestructionAffidavit, type DestructionContent } from '../../../src/paper/forms/destruction-affidavit.js'
import { drawDrillRecord, drillRecord, type DrillRecordContent } from '../../../src/paper/forms/drill-record.js'
import { drawExceptionSheet, type ExceptionSheetContent } from '../../../src/paper/forms/exception-sheet.js'
import { drawHandOver, handOver, type HandOverContent } from '../../../src/paper/forms/hand-over.js'
import { drawSummons, type SummonsContent } from '../../../src/paper/forms/summons.js'
import { formSource, formSourceBefore, type FormSource } from '../../../src/paper/forms/source.js'
import { custodyYaml } from '../../../src/ceremony/custody-template.js'
import { parseCustodyYaml } from '../../../src/custody/custody-yaml.js'
import type { Manifest } from '../../../src/custody/manifest.js'
import { standings } from '../../../src/custody/generation.js'
import type { Drawing } from '../../../src/paper/document.js'
import { generationEvents } from '../../../src/record/events.js'
import { logbookEntry, type LogbookEntry } from '../../../src/record/logbook.js'
import { NAMES } from '../examples.js'

export const LONG_NAME = 'Αλεξάνδρα-Μαρία Παπακωνσταντίνου, του Δημητρίου, Θεσσαλονίκη'.slice(0, 60)
export const LONG_OWNER = 'Gesellschaft für grenzüberschreitende Energieversorgung mbH, Отдел информационной безопасности'
export const DRAWN = '2026-11-20T09:26:53.000Z'

const BLANK = { rehearsal: false, owner: 'Meridian Grid Services', drawn: DRAWN }

/** A custody of so many people, two copies each, before its ceremony. */
export function before(people: number, team = BLANK.owner): FormSource {
  const custodians = [LONG_NAME, ...NAMES.slice(1)].slice(0, people)
  const yaml = custodyYaml({
    team, contact: 'Дежурный администратор Соколова-Преображенская, +7 495 000 00 00', tenancy: 'ocid1.tenancy.oc1..aaaa', user: 'ocid1.user.oc1..aaaa',
    realm: 'oc1', homeRegion: 'eu-frankfurt-1', regions: ['eu-frankfurt-1'], threshold: Math.min(3, people), custodians, copies: 2, generations: 4, keySize: 4096, paper: 'A4', maximumHours: 4,
  })
  return formSourceBefore(parseCustodyYaml(yaml), new Date(DRAWN))
}

const chained = { prev: '0'.repeat(64) }
const keyIds = ['3f0a91c2d47e5b68', 'b7d2204fe98a1c35', '0c55d1e07b3aa942', '91e7c40d6fb82a53']

/** The entries of a logbook, in order, a week apart. */
export function logbookOf(...entries: readonly Record<string, unknown>[]): LogbookEntry[] {
  return entries.map((entry, at) => logbookEntry.parse({ ...chained, seq: at + 1, at: new Date(Date.UTC(2026, 2, 14 + 7 * at, 9)).toISOString(), ...entry }))
}

const CEREMONY = {
  type: 'ceremony', format: 1, rehearsal: false, tenancy: 'ocid1.tenancy.oc1..aaaa', user: 'ocid1.user.oc1..aaaa', threshold: 3, custodians: 5, machine: [], exceptions: [], tool: 'glasskey',
  generations: keyIds.map((keyId, at) => ({ generation: at + 1, keyId, spkiSha256: 'a'.repeat(64), manifestSha256: 'b'.repeat(64) })),
}

/** A custody with four generations, and what happened to its bags. */
export function after(people: number, ...happened: readonly Record<string, unknown>[]): FormSource {
  const blank = before(people)
  const { custody } = blank
  const generations = keyIds.map((keyId, at) => ({
    manifest: {
      generation: at + 1, keyId, rehearsal: false, threshold: custody.threshold,
      shares: custody.custodians.map(({ number, name }) => ({ custodian: number, name, copies: 2, commitment: '' })),
    } as unknown as Manifest,
  }))
  const lines = logbookOf(CEREMONY, ...happened)
  const events = [...generationEvents(lines, []), { kind: 'installed' as const, generation: 2 }, { kind: 'key-live' as const, generation: 1 }, { kind: 'deleted' as const, generation: 1 }, { kind: 'graded-dead' as const, generation: 1 }]
  const sets = generations.map(({ manifest }) => manifest)
  return formSource({ custody, generations, logbook: { lines }, sessions: [], events, standings: standings(sets, events) }, new Date(DRAWN))
}

export const HAPPENED = [
  { type: 'handover', custodian: 2, copy: 1, generations: [2], from: 'Grace Hopper', to: 'Radia Perlman', bag: 'B-0142', witness: 'Emmy Noether' },
  { type: 'inspected', custodian: 2, copy: 1, generations: [2], bag: 'B-0142', condition: 'intact', witness: 'Emmy Noether' },
  { type: 'lost', custodian: 1, copy: 2, generations: [1, 2], witness: 'Security desk' },
  { type: 'destroyed', generation: 1, custodian: 2, copies: [1], method: 'cross-cut shredder', witness: 'Emmy Noether' },
]

export function exceptionContent(changes: Partial<ExceptionSheetContent> = {}): ExceptionSheetContent {
  return {
    ...BLANK, occasion: null, number: null, used: null, step: null, at: null, expected: null, happened: null, decision: null, decidedBy: null, witness: null,
    ...changes,
  }
}

export function declarationContent(people: number, changes: Partial<ClosingDeclarationContent> = {}): ClosingDeclarationContent {
  return {
    ...BLANK, occasion: 'Ceremony of 2026-03-14, generations 1 to 4', place: null, started: '2026-03-14T08:00:00.000Z', ended: null, exceptions: null,
    transcriptSha256: null, transcriptWords: null,
    people: [...['Ceremony administrator', 'Internal witness', 'External witness'].map((role) => ({ role, name: '' })),
      ...NAMES.slice(0, people).map((name, at) => ({ role: `Custodian ${at + 1}`, name }))].map((one) => ({ ...one, agrees: null, why: null, at: null })),
    ...changes,
  }
}

export function drillContent(people: number, changes: Partial<DrillRecordContent> = {}): DrillRecordContent {
  return {
    ...drillRecord(before(people), null),
    date: '2026-05-12', entry: 7, operator: 'Mary Jackson', scenario: 'Q2 drill: the identity provider is down on a public holiday', openedAt: '2026-05-12T10:00:00.000Z',
    times: [
      { what: 'Quorum: the key is whole', at: '2026-05-12T10:12:40.000Z', after: '12:40', before: '19:02' },
      { what: 'Revoked: proved dead', at: null, after: null, before: '22:51' },
    ],
    proof: 'Generation 2: proved. Refused 6 times in 2 regions.', exceptions: ['a share was refused: the sheet is of GENERATION 1: that key is dead'], next: '2026-08-11T00:00:00.000Z',
    ...changes,
  }
}

function affidavit(people: number, changes: Partial<DestructionContent> = {}): DestructionContent {
  return { ...destruction(after(people, ...HAPPENED), 1), grade: 'proved', gradedAt: '2026-04-01T02:15:02.000Z', endedBy: 'saas-admin, INC-20931, session 20260401T020311Z-9c4e17ab', ...changes }
}

function handedOver(people: number): HandOverContent {
  const source = after(people, ...HAPPENED)
  const [, entry] = source.logbook
  if (entry?.type !== 'handover') throw new RangeError('entry 2 is no hand-over')
  return handOver(source, null, entry)
}

/** Custodian 2's bag was handed over; custodian 1 has lost the second copy, and custodian 3 no telephone. */
export function summonsContent(people: number, changes: Partial<SummonsContent> = {}): SummonsContent {
  return {
    ...BLANK, drill: false, contact: 'Duty manager, +44 20 7946 0127', generation: 2, keyId: '3f0a91c2d47e5b68', keyWords: 'cranky Apollo Pluto retrieval sterling indulge escape gravity',
    threshold: 3, remarks: [],
    calls: [LONG_NAME, ...NAMES.slice(1, people)].flatMap((name, at) => [
      { order: at + 1, name, holder: at === 1 ? 'Radia Perlman' : name, phone: at === 2 ? null : `+44 20 7946 01${String(at).padStart(2, '0')}`, bag: at === 3 ? null : `B-01${42 + at}`, place: 'Bank vault, Basel', notes: at === 1 ? ['custody.yaml still names Grace Hopper; the number may be theirs'] : [] },
      { order: null, name, holder: NAMES[15 - at] ?? '', phone: '+41 44 555 01 00', bag: `B-02${42 + at}`, place: null, notes: [] },
    ]),
    action: 'Enable SAAS_ADMIN (read-only) for 4 h on one database', targets: [{ what: 'Database', value: 'ocid1.autonomousdatabase.oc1.eu-frankfurt-1.antheljtxk3vbqyaw5mfz7h2l4c6pdn8reusantheljtxk3vb' }],
    incident: 'INC-20931', reason: 'the identity provider is down and the database must be reached before the settlement run at 06:00', operator: 'Mary Jackson', authorisedBy: 'Dorothy Vaughan, CISO',
    useCase: 'Operations must enter a customer\'s database with the customer\'s consent', minutes: 30, successor: 'generation 3 is installed', successorBag: null, proofMinutes: 4,
    ...changes,
  }
}

type Draw = (drawing: Drawing, rehearsal: boolean) => Promise<Uint8Array>

/** Every form, in the states that people meet, and its pages. */
export const FORMS: readonly [name: string, draw: Draw, pages: number][] = [
  ['exception sheet, blank', async (drawing, rehearsal) => drawExceptionSheet(exceptionContent({ rehearsal }), drawing), 1],
  ['exception sheet, filled in', async (drawing, rehearsal) => drawExceptionSheet(exceptionContent({
    rehearsal, owner: LONG_OWNER, occasion: 'Ceremony of 2026-03-14, generations 1 to 4', number: 2, used: true, step: '4.7, re-scan of custodian 3',
    at: '2026-03-14T10:12:00.000Z', expected: 'Page 2 of copy 1 for custodian 3 decodes to the envelope that was sealed.',
    happened: 'Paper jam; the page came out creased, and the camera read three codes of four.'.repeat(3),
    decision: 'Both pages shredded before the witness and printed again.', decidedBy: LONG_NAME, witness: 'Emmy Noether',
  }), drawing), 1],
  ['closing declaration of 2', async (drawing, rehearsal) => drawClosingDeclaration(declarationContent(2, { rehearsal }), drawing), 1],
  ['closing declaration of 16', async (drawing, rehearsal) => drawClosingDeclaration(declarationContent(16, {
    rehearsal, owner: LONG_OWNER, place: 'Room 2.14, Basel', ended: '2026-03-14T09:26:53.000Z', exceptions: 2,
    transcriptSha256: 'a5'.repeat(32), transcriptWords: 'cranky Apollo Pluto retrieval sterling indulge escape gravity sawdust sensation bison document trombone Medusa beaming concurrent',
    people: declarationContent(16).people.map((one, at) => ({ ...one, name: at === 0 ? LONG_NAME : one.name, agrees: at !== 5, why: at === 5 ? 'I was out of the room during step 4.7.' : null, at: '2026-03-14T09:25:00.000Z' })),
  }), drawing), 2],
  ['acknowledgements before a ceremony', async (drawing, rehearsal) => drawAcknowledgements({ ...acknowledgements(before(2), null), rehearsal }, drawing), 4],
  ['acknowledgement of a long name', async (drawing, rehearsal) => drawAcknowledgements({ ...acknowledgements(after(16, ...HAPPENED), 1), rehearsal, owner: LONG_OWNER }, drawing), 2],
  ['custody log', async (drawing, rehearsal) => drawCustodyLogs({ ...custodyLogs(after(5, ...HAPPENED), 2), rehearsal }, drawing), 2],
  ['custody log of a long name', async (drawing, rehearsal) => drawCustodyLogs({ ...custodyLogs(after(16, ...HAPPENED), 1), rehearsal, owner: LONG_OWNER }, drawing), 2],
  ['hand-over, blank', async (drawing, rehearsal) => drawHandOver({ ...handOver(before(5), null, null), rehearsal }, drawing), 1],
  ['hand-over, entered', async (drawing, rehearsal) => drawHandOver({ ...handedOver(5), rehearsal, to: LONG_NAME }, drawing), 1],
  ['destruction affidavit of 2', async (drawing, rehearsal) => drawDestructionAffidavit(affidavit(2, { rehearsal }), drawing), 1],
  ['destruction affidavit of 16', async (drawing, rehearsal) => drawDestructionAffidavit(affidavit(16, { rehearsal }), drawing), 3],
  ['drill record, blank', async (drawing, rehearsal) => drawDrillRecord({ ...drillRecord(before(5), null), rehearsal }, drawing), 2],
  ['drill record of 16', async (drawing, rehearsal) => drawDrillRecord(drillContent(16, { rehearsal, owner: LONG_OWNER }), drawing), 2],
  ['summons of 5', async (drawing, rehearsal) => drawSummons(summonsContent(5, { rehearsal }), drawing), 1],
  ['summons of 2, little known', async (drawing, rehearsal) => drawSummons(summonsContent(2, {
    rehearsal, drill: true, remarks: ['session 20260401T020311Z-9c4e17ab has not come to its end: glasskey resume --session 20260401T020311Z-9c4e17ab.'], successorBag: 5,
    action: null, targets: [], incident: null, reason: null, operator: null, authorisedBy: null, useCase: null,
  }), drawing), 1],
  ['summons of 16', async (drawing, rehearsal) => drawSummons(summonsContent(16, { rehearsal }), drawing), 2],
  ['bag labels of 2', async (drawing, rehearsal) => drawBagLabels({ ...bagLabels(after(2, ...HAPPENED), null, 2), rehearsal }, drawing), 1],
  ['bag labels before a ceremony', async (drawing, rehearsal) => drawBagLabels({ ...bagLabels(before(2, LONG_OWNER), 1, null), rehearsal }, drawing), 3],
]
