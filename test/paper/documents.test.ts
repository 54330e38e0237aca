import { describe, expect, test } from 'vitest'
import { drawAuditReport } from '../../src/paper/audit-report.js'
import { drawCeremonyRecord } from '../../src/paper/ceremony-record.js'
import type { Drawing } from '../../src/paper/document.js'
import { drawLogbookEntry } from '../../src/paper/logbook-entry.js'
import type { Paper } from '../../src/paper/page-size.js'
import { drawReleaseSlips } from '../../src/paper/release-slip.js'
import { drawSealedSheet } from '../../src/paper/sealed-sheet.js'
import { drawSheet } from '../../src/paper/sheet.js'
import { drawWarrantPage } from '../../src/paper/warrant-page.js'
import { readPages } from '../../src/reader/page-proof.js'
import {
  auditContent, ceremonyContent, envelopeParts, logbookContent, releaseContent, sealedSheetContent, sheetContent, slipContent, warrantContent,
} from './examples.js'
import { inkOf } from './printed.js'

const PAPERS: readonly Paper[] = ['A4', 'Letter']
const LONG_NAME = 'Αλεξάνδρα-Μαρία Παπακωνσταντίνου του Δημητρίου, Θεσσαλονίκη'
const UNBROKEN = 'W'.repeat(200)

const DOCUMENTS: readonly [name: string, draw: (drawing: Drawing, rehearsal: boolean) => Promise<Uint8Array>][] = [
  ['sheet', async (drawing, rehearsal) => drawSheet(sheetContent({ rehearsal }), drawing)],
  ['sheet of long names', async (drawing, rehearsal) => drawSheet(sheetContent({
    rehearsal, custodian: { number: 16, name: LONG_NAME }, shares: 16, threshold: 12, copy: 3, bag: 'B-000-417-993',
    owner: 'Gesellschaft für grenzüberschreitende Energieversorgung mbH', contact: 'Дежурный администратор Соколова-Преображенская, +7 495 000 00 00',
    envelopeParts: envelopeParts(3240, 810),
  }), drawing)],
  ['sheet with an unbroken name', async (drawing, rehearsal) => drawSheet(sheetContent({ rehearsal, custodian: { number: 1, name: UNBROKEN } }), drawing)],
  ['sealed sheet', async (drawing, rehearsal) => drawSealedSheet(sealedSheetContent({ rehearsal, envelopeParts: envelopeParts(3240, 810) }), drawing)],
  ['ceremony record', async (drawing, rehearsal) => drawCeremonyRecord(ceremonyContent(5, 4, { rehearsal }), drawing)],
  ['ceremony record of 16 custodians', async (drawing, rehearsal) => drawCeremonyRecord(ceremonyContent(16, 4, { rehearsal, exceptions: [] }), drawing)],
  ['logbook entry', async (drawing, rehearsal) => drawLogbookEntry(logbookContent({ rehearsal }), drawing)],
  ['logbook entry of 60 calls', async (drawing, rehearsal) => drawLogbookEntry(logbookContent({
    rehearsal, release: releaseContent({ calls: Array.from({ length: 30 }, () => releaseContent().calls).flat(), refusals: [] }),
    unresolved: [UNBROKEN, 'a\u202eb 李'],
  }), drawing)],
  ['logbook entry of a hand-over', async (drawing, rehearsal) => drawLogbookEntry(logbookContent({ rehearsal, kind: 'Hand-over', release: null, reconciliationDue: null }), drawing)],
  ['release slips', async (drawing, rehearsal) => drawReleaseSlips(slipContent({ rehearsal }), drawing)],
  ['release slips of a deferred rotation', async (drawing, rehearsal) => drawReleaseSlips(slipContent({ rehearsal, dead: false, successor: null, bring: 2 }), drawing)],
  ['warrant', async (drawing, rehearsal) => drawWarrantPage(warrantContent({ rehearsal }), drawing)],
  ['warrant without a successor', async (drawing, rehearsal) => drawWarrantPage(warrantContent({ rehearsal, drill: true, successor: null, isolationExceptions: ['no user namespaces: the clerk can see the strongroom'] }), drawing)],
  ['audit report', async (drawing, rehearsal) => drawAuditReport(auditContent({ rehearsal }), drawing)],
]

/** Drawn first, by paper and name. */
const drawn = new Map<string, Uint8Array>()

describe.each(PAPERS)('%s', (paper) => {
  test.each(DOCUMENTS)('%s keeps its margins on every page', async (name, draw) => {
    const pdf = await draw({ paper }, false)
    drawn.set(`${paper} ${name}`, pdf)
    for (const { left, right, top, bottom } of await inkOf(pdf)) {
      expect(Math.min(left, right)).toBeGreaterThanOrEqual(17)
      expect(top).toBeGreaterThanOrEqual(20)
      expect(bottom).toBeGreaterThanOrEqual(12)
    }
  })

  test.each(DOCUMENTS)('%s is marked on every page of a rehearsal', async (_, draw) => {
    for (const { left, right, top, bottom } of await inkOf(await draw({ paper }, true))) {
      expect(Math.min(left, right)).toBeGreaterThanOrEqual(17)
      expect(top).toBeLessThan(10)
      expect(top).toBeGreaterThanOrEqual(8)
      expect(bottom).toBeLessThan(8)
      expect(bottom).toBeGreaterThanOrEqual(5)
    }
  })

  test('the public keys of a record are read back', async () => {
    const content = ceremonyContent(16, 4)
    const texts = (await readPages(await drawCeremonyRecord(content, { paper }))).flat()
    expect(texts.sort()).toEqual(content.generations.flatMap((generation) => generation.publicKeyParts).sort())
  })

  test('an envelope of six codes takes a third page, all read back', async () => {
    const parts = envelopeParts(4500, 750)
    const [share, ...envelope] = await readPages(await drawSheet(sheetContent({ envelopeParts: parts }), { paper }))
    expect(share).toEqual([sheetContent().shareText])
    expect(envelope).toHaveLength(2)
    expect(envelope.flat().sort()).toEqual(parts.sort())
  })
})

test.each(DOCUMENTS)('%s: the same content gives the same bytes', async (name, draw) => {
  const before = drawn.get(`A4 ${name}`) ?? (await draw({ paper: 'A4' }, false))
  expect(Buffer.from(await draw({ paper: 'A4' }, false)).equals(before)).toBe(true)
})

describe('a sheet', () => {
  test('a practice share never gets onto a real sheet, nor a real one onto a practice sheet', async () => {
    const real = sheetContent().shareText
    const practice = sheetContent({ rehearsal: true }).shareText
    await expect(drawSheet({ ...sheetContent(), shareText: practice }, { paper: 'A4' })).rejects.toMatchObject({ code: 'REHEARSAL_MISMATCH' })
    await expect(drawSheet({ ...sheetContent(), rehearsal: true, shareText: real }, { paper: 'A4' })).rejects.toMatchObject({ code: 'REHEARSAL_MISMATCH' })
  })

  test('a name in another script is refused before anything is made', async () => {
    await expect(drawSheet(sheetContent({ custodian: { number: 3, name: '李小龍' } }), { paper: 'A4' }))
      .rejects.toThrow('name of the custodian cannot be printed: 李 (U+674E), Han script')
  })

  test('its PDF says when it was made, and no time of its own', async () => {
    const text = Buffer.from(await drawSheet(sheetContent(), { paper: 'A4' })).toString('latin1')
    expect(text).toContain('(D:20260314092653Z)')
    expect(text.match(/D:\d{8}/g)).toEqual(['D:20260314'])
  })
})
