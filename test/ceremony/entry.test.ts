/** The logbook's entry of a ceremony: it is written when the sheets are in their bags, and must never be refused then. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { manifestOf } from '../vectors/frozen.js'
import { ceremonyEntry } from '../../src/ceremony/entry.js'
import { parseCustodyYaml } from '../../src/custody/custody-yaml.js'
import { asLine, line } from '../../src/custody/fields.js'
import { contradictionOf, toldBy } from '../../src/record/ceremony-entry.js'
import type { Conduct } from '../../src/record/conduct.js'
import { logbookEntry } from '../../src/record/logbook.js'

const { tenancy, user, threshold, custodians } = parseCustodyYaml(readFileSync(resolve(import.meta.dirname, '../../ceremony/custody.yaml'), 'utf8'))
const opened: Conduct['opened'] = {
  type: 'ceremony-opened', format: 1, rehearsal: false, conduct: 'dialogue', codeName: 'c', scriptVersion: 1, scriptSha256: '0'.repeat(64), plan: [], tenancy, user, threshold, custodians: custodians.length,
  generations: [1, 2, 3], rulesSha256: '0'.repeat(64), previousManifestSha256: null, tool: 't', toolSha256: '0'.repeat(64), node: 'v20',
}

test.each([
  ['an emoji on the last character', '1, step 3.7: ', `${'x'.repeat(186)}😀`, `${'x'.repeat(186)}\ufffd`],
  ['an invisible variant', '1, step 3.7: ', 'the plate\u{E0100} is scratched\u2065', 'the plate is scratched (Joan Clarke)'],
])('%s of an exception', (_, head, happened, told) => {
  const exceptions = [{ type: 'exception' as const, exception: 1, number: '3.7', step: 'machine.sheets', expected: '-', happened, decision: '-', decidedBy: 'Joan Clarke' }]
  const entry = ceremonyEntry({ opened, exceptions }, [], { machine: [{ fact: 'Network', found: `${'y'.repeat(190)}😀` }], transcriptSha256: '0'.repeat(64) })
  const generations = [{ generation: 1, keyId: '0'.repeat(16), spkiSha256: '0'.repeat(64), manifestSha256: '0'.repeat(64) }]
  expect(logbookEntry.parse({ ...entry, generations, seq: 1, at: '2026-11-20T09:00:00.000Z', prev: '0'.repeat(64) })).toMatchObject({ exceptions: [head + told], machine: [`Network: ${'y'.repeat(190)}\ufffd`] })
})

test('any words make a line, or none', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 1000 }), (words) => {
    expect(line.safeParse(asLine(words) || 'none').success).toBe(true)
  }))
})

test('an entry is held against transcript and manifests, field by field', () => {
  const manifests = [1, 2, 3].map(manifestOf)
  const exceptions = [{ type: 'exception' as const, exception: 1, number: '3.7', step: 'machine.sheets', expected: '-', happened: 'a seal was torn', decision: '-', decidedBy: 'Joan Clarke' }]
  const conduct = { opened, exceptions }
  const entry = toldBy(conduct, manifests)
  expect(entry.exceptions).toEqual(['1, step 3.7: a seal was torn (Joan Clarke)'])
  expect(contradictionOf(entry, manifests, conduct)).toBeNull()
  for (const [field, other] of Object.entries({ rehearsal: true, tenancy: 'another', user: 'another', threshold: 1, custodians: 9, generations: entry.generations.slice(1), exceptions: [] })) {
    expect(contradictionOf({ ...entry, [field]: other }, manifests, conduct)).toBe(field)
  }
  // One that the ceremony made is kept back.
  expect(contradictionOf(toldBy(conduct, manifests.slice(0, 2)), manifests.slice(0, 2), conduct)).toBe('generations')
})
