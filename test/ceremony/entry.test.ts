/** The logbook's entry of a ceremony: it is written when the sheets are in their bags, and must never be refused then. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ceremonyEntry } from '../../src/ceremony/entry.js'
import { parseCustodyYaml } from '../../src/custody/custody-yaml.js'
import { asLine, line } from '../../src/custody/fields.js'
import { logbookEntry } from '../../src/record/logbook.js'

const custody = parseCustodyYaml(readFileSync(resolve(import.meta.dirname, '../../ceremony/custody.yaml'), 'utf8'))

test.each([
  ['an emoji on the last character', '1, step 3.7: ', `${'x'.repeat(186)}😀`, `${'x'.repeat(186)}\ufffd`],
  ['an invisible variant', '1, step 3.7: ', 'the plate\u{E0100} is scratched\u2065', 'the plate is scratched (Joan Clarke)'],
])('%s of an exception', (_, head, happened, told) => {
  const exceptions = [{ type: 'exception' as const, exception: 1, number: '3.7', step: 'machine.sheets', expected: '-', happened, decision: '-', decidedBy: 'Joan Clarke' }]
  const entry = ceremonyEntry(custody, [], { rehearsal: false, machine: [{ fact: 'Network', found: `${'y'.repeat(190)}😀` }], exceptions, transcriptSha256: '0'.repeat(64) })
  const generations = [{ generation: 1, keyId: '0'.repeat(16), spkiSha256: '0'.repeat(64), manifestSha256: '0'.repeat(64) }]
  expect(logbookEntry.parse({ ...entry, generations, seq: 1, at: '2026-11-20T09:00:00.000Z', prev: '0'.repeat(64) })).toMatchObject({ exceptions: [head + told], machine: [`Network: ${'y'.repeat(190)}\ufffd`] })
})

test('any words make a line, or none', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 1000 }), (words) => {
    expect(line.safeParse(asLine(words) || 'none').success).toBe(true)
  }))
})
