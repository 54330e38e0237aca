/** docs/format.md against the golden set and the schemas: an example or a table that is not true fails here. */
import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { manifestSchema } from '../../src/custody/manifest.js'
import { rulesSchema } from '../../src/custody/rules.js'
import { evidenceSchema } from '../../src/record/evidence.js'
import { journalLine } from '../../src/record/journal.js'
import { logbookEntry } from '../../src/record/logbook.js'
import { transcriptLine } from '../../src/record/transcript.js'
import { warrantSchema } from '../../src/warrant/warrant.js'
import { vectorJson, vectorText } from './frozen.js'

const FORMAT = new URL('../../docs/format.md', import.meta.url)
const BLOCK = /^```text vector=(\S+)\n(.*?)\n```$/gms
const CHAIN_FIELDS = ['seq', 'at', 'prev', 'torn', 'type']

if (process.env['GLASSKEY_WRITE'] === '1') {
  const written = readFileSync(FORMAT, 'utf8').replace(BLOCK, (_, reference: string) => `\`\`\`text vector=${reference}\n${vectorAt(reference)}\n\`\`\``)
  writeFileSync(FORMAT, written)
}
const format = readFileSync(FORMAT, 'utf8')
const examples = [...format.matchAll(BLOCK)].map(([, reference = '', text = '']) => [reference, text] as const)

/** `file#/json/pointer` or `file:line`. */
function vectorAt(reference: string): string {
  const line = /^(.*):(\d+)$/.exec(reference)
  if (line) return vectorText(line[1] ?? '').split('\n')[Number(line[2]) - 1] ?? ''
  const [file = '', pointer = ''] = reference.split('#/')
  const value = pointer.split('/').reduce<unknown>((inside, step) => (inside as Record<string, unknown>)[step], vectorJson(file))
  if (typeof value !== 'string') throw new RangeError(`${reference} is not a text`)
  return value
}

test('there are examples, and every fenced block is an example or a step of the recipe', () => {
  const fences = [...format.matchAll(/^```(\S.*)$/gm)].map(([, info = '']) => info)
  expect(examples.length).toBeGreaterThan(15)
  expect(fences.filter((info) => !info.startsWith('text vector=') && !/^sh recipe(-sealed)?$/.test(info))).toEqual([])
})

test.each(examples)('%s', (reference, text) => {
  expect(text).toBe(vectorAt(reference))
})

/** Rows of the table after `<!-- fields: name -->`, as [first cell's name, names in backticks before the first bracket of each item]. */
function table(name: string): string[][] {
  const [, after = ''] = format.split(`<!-- fields: ${name} -->\n`)
  const [rows = ''] = after.split('\n\n')
  return rows.split('\n').slice(2).map((row) => row.split('|').slice(1, -1).map((cell) => cell.trim()))
}

const objects = { manifest: manifestSchema, rules: rulesSchema, warrant: warrantSchema, evidence: evidenceSchema }

test.each(Object.entries(objects))('fields of the %s', (name, schema) => {
  expect(table(name).map(([field]) => field?.replaceAll('`', ''))).toEqual(Object.keys(schema.shape))
})

describe.each([['journal', journalLine], ['logbook', logbookEntry], ['transcript', transcriptLine]] as const)('lines of the %s', (name, union) => {
  const options: readonly z.ZodObject[] = union.options
  test('every type, in order', () => {
    expect(table(name).map(([type]) => type?.replaceAll('`', ''))).toEqual(options.map((option) => [...(option.shape['type'] as z.ZodLiteral<string>).values][0]))
  })
  test.each(options.map((option, at) => [table(name)[at]?.[0] ?? '', option, table(name)[at]?.[1] ?? ''] as const))('%s', (_, option, cell) => {
    const named = [...cell.replace(/\([^)]*\)/g, '').matchAll(/`([^`]+)`/g)].map(([, field]) => field)
    expect(named).toEqual(Object.keys(option.shape).filter((field) => !CHAIN_FIELDS.includes(field)))
  })
})
