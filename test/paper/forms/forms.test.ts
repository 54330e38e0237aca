import { describe, expect, test } from 'vitest'
import type { Paper } from '../../../src/paper/page-size.js'
import { inkOf, textOf } from '../printed.js'
import { drawExceptionSheet } from '../../../src/paper/forms/exception-sheet.js'
import { drawClosingDeclaration } from '../../../src/paper/forms/closing-declaration.js'
import { bagLabels, drawBagLabels } from '../../../src/paper/forms/bag-labels.js'
import { acknowledgements, drawAcknowledgements } from '../../../src/paper/forms/custodian-acknowledgement.js'
import { custodyLogs, drawCustodyLogs } from '../../../src/paper/forms/custody-log.js'
import type { GenerationState } from '../../../src/custody/generation.js'
import { nextToDestroy } from '../../../src/paper/forms/catalogue.js'
import { destruction } from '../../../src/paper/forms/destruction-affidavit.js'
import { drawSummons } from '../../../src/paper/forms/summons.js'
import { after, declarationContent, exceptionContent, FORMS, HAPPENED, summonsContent } from './examples.js'

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

describe('forms filled from what is known', () => {
  test('a custody log goes on from the logbook, and says when to look next', async () => {
    const printed = await text(drawCustodyLogs(custodyLogs(after(5, ...HAPPENED), 2), A4))
    for (const said of ['handed over from Grace Hopper to Radia Perlman', 'held by Radia Perlman', 'bag B-0142', 'logbook 3']) expect(printed).toContain(said)
    // Generation 3 has not been looked at since its ceremony on 14 March; the bag of generation 2 was on 28 March.
    expect(printed).toContain('next by 2026-09-')
  })

  test('an acknowledgement names the generations that this copy still has', async () => {
    const printed = await text(drawAcknowledgements(acknowledgements(after(5, ...HAPPENED), 1), A4))
    const [first = '', second = ''] = printed.split('I keep share 1, copy 2')
    expect([first.includes('generation 2, key 3f0a'), first.includes('generation 2, key b7d2'), second.includes('generation 2, key')]).toEqual([false, true, false])
  })

  test('labels leave the 16 words to be copied by hand: a changed folder must not write its own', async () => {
    const printed = await text(drawBagLabels(bagLabels(after(2, ...HAPPENED), null, 2), A4))
    expect(printed).toContain('copied by hand from the signed ceremony record')
    expect(printed.match(/GENERATION 2 · share/g)).toHaveLength(3)
    expect(JSON.stringify(bagLabels(after(2), null, 2))).not.toContain('bagWords')
  })

  test('the affidavit leaves out what is lost, and says what is gone already', () => {
    const content = destruction(after(2, ...HAPPENED), 1)
    expect(content.sheets.map(({ number, copy, destroyedAt }) => [number, copy, destroyedAt?.slice(0, 10) ?? null])).toEqual([[1, 1, null], [2, 1, '2026-04-11'], [2, 2, null]])
    expect(content).toMatchObject({ entries: [5], method: 'cross-cut shredder', witness: 'Emmy Noether' })
    expect(() => destruction(after(2), 2)).toThrow('GENERATION 2 is in use: its sheets are still needed')
  })

  test('the affidavit to print next is that of the oldest dead key that still has a sheet; where none has, of the newest', () => {
    const shredded = (generation: number): object[] => [1, 2].map((custodian) => ({ type: 'destroyed', generation, custodian, copies: [1, 2], method: 'cross-cut shredder', witness: 'Emmy Noether' }))
    const next = (states: GenerationState[], ...happened: readonly object[]): number | null => {
      const source = after(2, ...happened as Record<string, unknown>[])
      return nextToDestroy({ ...source, standings: source.standings.map((standing, at) => ({ ...standing, state: states[at] ?? 'waiting' })) })
    }
    expect(next(['in use'])).toBeNull()
    expect(next(['burned', 'retired', 'in use'])).toBe(1)
    expect(next(['burned', 'retired', 'in use'], ...shredded(1).slice(1))).toBe(1)
    expect(next(['burned', 'retired', 'in use'], ...shredded(1))).toBe(2)
    expect(next(['burned', 'retired', 'in use'], ...shredded(1), ...shredded(2))).toBe(2)
  })

  test('a summons has every number that it was given, and a deputy after the custodian', async () => {
    const printed = await text(drawSummons(summonsContent(5), A4))
    for (const { phone } of summonsContent(5).calls) expect(printed.replaceAll('\u00a0', ' ')).toContain(phone ?? 'none on file')
    expect(printed).toContain('2. Radia Perlman, for Grace Hopper')
  })
})
