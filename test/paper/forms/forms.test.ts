import { describe, expect, test } from 'vitest'
import type { Paper } from '../../../src/paper/page-size.js'
import { inkOf, textOf } from '../printed.js'
import { drawExceptionSheet } from '../../../src/paper/forms/exception-sheet.js'
import { drawClosingDeclaration } from '../../../src/paper/forms/closing-declaration.js'
import { declarationContent, exceptionContent, FORMS } from './examples.js'

const A4 = { paper: 'A4' } as const
const text = async (pdf: Promise<Uint8Array>): Promise<string> => (await textOf(await pdf)).join(' ')

describe.each<Paper>(['A4', 'Letter'])('%s', (paper) => {
  test.each(FORMS)('%s keeps its margins and its number of pages', async (_, draw, pages) => {
    const ink = await inkOf(await draw({ paper }, false))
    for (const { left, right, top, bottom } of ink) {
      expect(Math.min(left, right)).toBeGreaterThanOrEqual(17)
      expect(top).toBeGreaterThanOrEqual(20)
      expect(bottom).toBeGreaterThanOrEqual(12)
    }
    expect(ink).toHaveLength(pages)
  })

  test.each(FORMS)('%s is marked on every page of a rehearsal', async (_, draw) => {
    for (const { top, bottom } of await inkOf(await draw({ paper }, true))) {
      expect(top).toBeLessThan(10)
      expect(bottom).toBeLessThan(8)
    }
  })
})

test.each(FORMS)('%s: the same content gives the same bytes', async (_, draw) => {
  expect(Buffer.from(await draw(A4, false)).equals(await draw(A4, false))).toBe(true)
})

describe('an exception sheet', () => {
  test('says everything that is known, and what is not known is left to be written in', async () => {
    const filled = await text(drawExceptionSheet(exceptionContent({
      occasion: 'Ceremony', number: 7, step: '4.7', at: '2026-03-14T10:12:00.000Z', expected: 'four codes', happened: 'three codes', decision: 'printed again', decidedBy: 'Joan Clarke', witness: 'Emmy Noether',
    }), A4))
    for (const said of ['Exception 7', '2026-03-14 10:12:00 UTC', 'four codes', 'three codes', 'printed again', 'Joan Clarke', 'Emmy Noether']) expect(filled).toContain(said)
    expect(filled).not.toContain('go on')
    expect(await text(drawExceptionSheet(exceptionContent(), A4))).toContain('go on repeat the step stop')
  })

  test('a text that no font has is printed as code points: the exception must be on record', async () => {
    expect(await text(drawExceptionSheet(exceptionContent({ happened: 'a\u202eb' }), A4))).toContain('a[U+202E]b')
  })
})

describe('a closing declaration', () => {
  test('whoever disagrees is named with the reason, and a reason of somebody who agrees is nobody\'s business', async () => {
    const people = [{ role: 'External witness', name: '', agrees: false, why: 'nobody read the digest aloud', at: null }, { role: 'Custodian 1', name: 'Ada Lovelace', agrees: true, why: 'unsure', at: null }]
    const printed = await text(drawClosingDeclaration(declarationContent(0, { people }), A4))
    expect(printed).toContain('External witness: nobody read the digest aloud')
    expect(printed).not.toContain('unsure')
  })
})
