/** The page of each kind of entry: words that people use, and only what happened. */
import { PDFiumLibrary } from '@hyzyla/pdfium'
import { describe, expect, test } from 'vitest'
import { parseCustodyYaml } from '../../src/custody/custody-yaml.js'
import { custodyYaml } from '../../src/ceremony/custody-template.js'
import { entryPage, GRADE_MEANINGS, slipPage, summaryOf, type EntrySource } from '../../src/paper/entry-page.js'
import { drawLogbookEntry } from '../../src/paper/logbook-entry.js'
import { drawReleaseSlips } from '../../src/paper/release-slip.js'
import { readLogbook, type LogbookEntry } from '../../src/record/logbook.js'
import { replay } from '../../src/record/replay.js'
import { journalOf, manifestOf, SESSIONS, vectorText, warrantOf } from '../vectors/frozen.js'

const custody = parseCustodyYaml(custodyYaml({ team: 'Team', contact: 'Desk', tenancy: 'ocid1.tenancy.oc1..aaaa', user: 'ocid1.user.oc1..aaaa', realm: 'oc1', homeRegion: 'eu-frankfurt-1', regions: ['eu-frankfurt-1'], threshold: 2, custodians: ['Ada', 'Grace', 'Sofia'], copies: 2, generations: 4, keySize: 4096, paper: 'A4', maximumHours: 4 }))
const DIGEST = 'ab'.repeat(32)
const logbook = readLogbook(vectorText('custody/logbook.jsonl')).lines
const NEXT = { seq: 9, at: '2026-11-20T04:00:00.000Z', prev: DIGEST }
const source = (entry: LogbookEntry, session: EntrySource['session'] = null): EntrySource => ({ custody, manifests: [1, 2].map(manifestOf), entry, entrySha256: DIGEST, session })
const facts = (entry: object): string[] => entryPage(source({ ...NEXT, ...entry } as LogbookEntry)).facts.map(({ label, value }) => `${label}: ${value}`)

describe('facts of an entry, in words', () => {
  test.each<[object, string[]]>([
    [{ type: 'handover', custodian: 2, copy: 1, from: 'Ada', to: 'Grace', bag: 'B-1', witness: 'Lin', note: 'rain' }, ['Custodian: 2 Grace', 'Copy: 1', 'Handed over by: Ada', 'Received by: Grace', 'Bag, unopened: B-1', 'Witness: Lin', 'Note: rain']],
    [{ type: 'lost', custodian: 9, copy: 2, generations: [2, 3], witness: 'Lin' }, ['Custodian: 9', 'Copy: 2', 'Generations in the bag: 2, 3', 'Reported to: Lin']],
    [{ type: 'inspected', custodian: 1, copy: 1, generations: [2], bag: 'B-1', condition: 'intact', witness: 'Lin', torn: DIGEST }, ['Custodian: 1 Ada', 'Copy: 1', 'Generations in the bag: 2', 'Bag: B-1', 'Condition: intact', 'Witness: Lin', `Torn line before this one, SHA-256: ${DIGEST}`]],
    [{ type: 'destroyed', generation: 1, custodian: 3, copies: [1, 2], method: 'shredded', witness: 'Lin' }, ['Generation: 1', 'Custodian: 3 Sofia', 'Copies destroyed: 1, 2', 'Method: shredded', 'Witness: Lin']],
    [{ type: 'retired', generation: 3, reason: 'bag opened' }, ['Generation: 3', 'Reason: bag opened']],
    [{ type: 'exception', step: '41', happened: 'a jam', decision: 'printed again', decidedBy: 'Joan', witness: 'Lin' }, ['At which step: 41', 'What happened: a jam', 'What was decided: printed again', 'Decided by: Joan', 'Witness: Lin']],
    [{ type: 'audited', auditor: 'Emmy', report: DIGEST, failed: [] }, ['Auditor: Emmy', `Report, SHA-256: ${DIGEST}`, 'Controls that do not hold: none']],
    [{ type: 'audited', auditor: 'Emmy', report: DIGEST, failed: ['L01', 'J03'] }, ['Auditor: Emmy', `Report, SHA-256: ${DIGEST}`, 'Controls that do not hold: L01, J03']],
    [
      { type: 'audited', auditor: 'Emmy', report: DIGEST, failed: [], notChecked: ['A06', 'U05'], login: { profile: 'AUDITOR', user: 'u' }, period: { from: '2026-01-01T00:00:00.000Z', to: '2026-02-01T00:00:00.000Z' } },
      ['Auditor: Emmy', `Report, SHA-256: ${DIGEST}`, 'Controls that do not hold: none', 'Controls that were not checked: A06, U05', 'Login in OCI: profile, user: AUDITOR, u', 'Sessions from, until: 2026-01-01T00:00:00.000Z, 2026-02-01T00:00:00.000Z'],
    ],
    [
      { type: 'ceremony', format: 1, rehearsal: false, tenancy: 't', user: 'u', threshold: 2, custodians: 3, generations: [{ generation: 1, keyId: '0011223344556677', spkiSha256: DIGEST, manifestSha256: DIGEST }], machine: ['no network', 'no disk'], exceptions: ['one'], tool: 'glasskey 1' },
      ['Rehearsal: no', 'Custodians needed: 2', 'Custodians: 3', expect.stringMatching(/^Generation 1, key id: 0011223344556677 \(\w+( \w+){7}\)$/) as string, `Generation 1, public key, SHA-256: ${DIGEST}`, `Generation 1, manifest, SHA-256: ${DIGEST}`, 'Machine: no network; no disk', 'Made with: glasskey 1'],
    ],
  ])('%#', (entry, says) => {
    expect(facts(entry)).toEqual(says)
  })

  test('a grade says which regions were asked: those of the warrant, as the ceremony listed them', () => {
    expect(GRADE_MEANINGS['proved']).toBe('Every region of the warrant refused the deleted key, again and again, and the key list no longer has it.')
    expect(GRADE_MEANINGS['refused-only']).toBe('Every region of the warrant refused the deleted key, again and again. Nobody with a reader\'s login looked at the key list.')
  })

  test('of an audit, what was not checked is said beside what failed', () => {
    const audited = { ...NEXT, type: 'audited', auditor: 'Emmy', report: DIGEST } as const
    expect(summaryOf({ ...audited, failed: [] })).toBe('Audit by Emmy: no control failed.')
    expect(summaryOf({ ...audited, failed: [], notChecked: ['A06', 'U05'], login: null })).toBe('Audit by Emmy, without a login in OCI: no control failed; not checked: A06, U05.')
    expect(summaryOf({ ...audited, failed: ['L01'], notChecked: ['U05'], login: { profile: 'AUDITOR', user: 'u' } })).toBe('Audit by Emmy: failed: L01; not checked: U05.')
  })

  test('no page shows a field as the file has it', () => {
    for (const entry of logbook) for (const fact of facts(entry)) expect(fact).not.toMatch(/[{[]|^[a-z]+([A-Z][a-z]+)*: /)
  })
})

describe('a session in which no key was live', () => {
  const stored = SESSIONS.flatMap((id) => logbook.filter((entry) => entry.type === 'session' && entry.session === id).map((entry) => ({ id, entry })))[0]
  if (!stored) throw new Error('the vectors have no session')
  const { lines } = journalOf(stored.id)
  const upTo = (type: string): EntrySource => {
    const cut = lines.slice(0, lines.findIndex((line) => line.type === type))
    return source(stored.entry, { warrant: warrantOf(stored.id), lines: cut, session: replay(cut) })
  }

  test('before any share: nothing was used, read or burned', async () => {
    const text = await textOf(await drawLogbookEntry(entryPage(upTo('exposing')), { paper: 'A4' }))
    expect(text).toMatch(/Key, never live/)
    expect(text).toMatch(/Shares read\s+none/)
    expect(text).toMatch(/Reading of shares began\s+not reached/)
    expect(text).toMatch(/No key was live: there was none to burn\./)
    expect(text).not.toMatch(/Key used|Shares used|First share read|Used key deleted/)
    expect(slipPage(upTo('exposing'))).toBeNull()
  })

  test('a share that was refused is an exception of the session', () => {
    expect(entryPage(upTo('key-live')).exceptions.at(-1)).toBe('a share was refused: the share of custodian 1 (Ada Lovelace) was given already: copies count once')
  })

  test('shares were read: the slip tells to keep the sheet', async () => {
    const slip = slipPage(upTo('key-live'))
    const text = await textOf(await drawReleaseSlips(slip ?? expect.fail('nobody released'), { paper: 'A4' }))
    expect(text).toMatch(/Key, never live/)
    expect(text).toMatch(/Keep your sheet of generation \d:/)
    expect(text).toMatch(/What was asked for/)
    expect(text).not.toMatch(/What was done|Key used|Destroy your sheet|another slip/)
  })

  test('a key that was live, and nobody knows for how long', async () => {
    const text = await textOf(await drawLogbookEntry(entryPage(upTo('exit-began')), { paper: 'A4' }))
    expect(text).toMatch(/Key used/)
    expect(text).toMatch(/own log by \d{4}-\d\d-\d\d\./)
    expect(text).toMatch(/Key live for\s+not known/)
    expect(text).not.toMatch(/never live|it never was|none to burn/)
  })
})

/** What is printed, as the PDF's own text. */
async function textOf(pdf: Uint8Array): Promise<string> {
  const library = await PDFiumLibrary.init()
  const document = await library.loadDocument(pdf)
  const text = [...document.pages()].map((page) => page.getText()).join('\n')
  document.destroy()
  library.destroy()
  return text
}
