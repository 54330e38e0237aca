/**
 * docs/schemas: JSON Schemas of everything that glasskey reads and writes, made from the same zod schemas that the code
 * checks with. To write them again: GLASSKEY_WRITE=1 npx vitest run test/schemas
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { custodySchema } from '../../src/custody/custody-yaml.js'
import { manifestSchema } from '../../src/custody/manifest.js'
import { rulesSchema } from '../../src/custody/rules.js'
import { EXIT_CODES } from '../../src/errors.js'
import { evidenceSchema } from '../../src/record/evidence.js'
import { journalLine } from '../../src/record/journal.js'
import { logbookEntry } from '../../src/record/logbook.js'
import { warrantSchema } from '../../src/warrant/warrant.js'
import { SESSIONS, vectorJson, vectorText } from '../vectors/frozen.js'
import { outcomes } from './outcomes.js'

const FOLDER = new URL('../../docs/schemas/', import.meta.url)

/** Every published schema, by file name. custody.yaml is described as people write it, so what has a default may be left out. */
const schemas: Record<string, { title: string; schema: z.ZodType; io?: 'input' }> = {
  'custody.json': { title: 'custody.yaml', schema: custodySchema, io: 'input' },
  'manifest.json': { title: 'generations/<n>/manifest.json', schema: manifestSchema },
  'rules.json': { title: 'generations/<n>/rules.json', schema: rulesSchema },
  'warrant.json': { title: 'sessions/<id>/warrant.json', schema: warrantSchema },
  'journal-line.json': { title: 'a line of sessions/<id>/journal.jsonl', schema: journalLine },
  'logbook-entry.json': { title: 'a line of logbook.jsonl', schema: logbookEntry },
  'evidence.json': { title: 'sessions/<id>/evidence.json', schema: evidenceSchema },
  ...Object.fromEntries(Object.entries(outcomes).map(([name, schema]) => [`outcome-${name}.json`, { title: `--json: ${name}`, schema }])),
}

function fileOf({ title, schema, io }: { title: string; schema: z.ZodType; io?: 'input' }): string {
  return JSON.stringify({ title: `glasskey 1: ${title}`, ...z.toJSONSchema(schema, io ? { io } : {}) }, null, 2) + '\n'
}

if (process.env['GLASSKEY_WRITE'] === '1') {
  mkdirSync(FOLDER, { recursive: true })
  for (const [name, entry] of Object.entries(schemas)) writeFileSync(new URL(name, FOLDER), fileOf(entry))
}

test.each(Object.entries(schemas))('%s is what the code checks', (name, entry) => {
  expect(readFileSync(new URL(name, FOLDER), 'utf8')).toBe(fileOf(entry))
})

test('no other file is published', () => {
  expect(readdirSync(FOLDER).sort()).toEqual(Object.keys(schemas).sort())
})

describe('the published schemas, read back, accept the golden set and refuse what it is not', () => {
  const published = (name: string): z.ZodType => z.fromJSONSchema(JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as Parameters<typeof z.fromJSONSchema>[0])
  const cases: [string, unknown[]][] = [
    ['manifest.json', [1, 2, 3].map((generation) => vectorJson(`custody/generations/${generation}/manifest.json`))],
    ['rules.json', [vectorJson('custody/generations/1/rules.json')]],
    ['warrant.json', SESSIONS.map((session) => vectorJson(`custody/sessions/${session}/warrant.json`))],
    ['evidence.json', SESSIONS.map((session) => vectorJson(`custody/sessions/${session}/evidence.json`))],
    ['journal-line.json', SESSIONS.flatMap((session) => vectorText(`custody/sessions/${session}/journal.jsonl`).trimEnd().split('\n').map((line) => JSON.parse(line) as unknown))],
    ['logbook-entry.json', vectorText('custody/logbook.jsonl').trimEnd().split('\n').map((line) => JSON.parse(line) as unknown)],
  ]
  test.each(cases)('%s', (name, values) => {
    const schema = published(name)
    for (const value of values) {
      expect(schema.safeParse(value).error).toBeUndefined()
      expect(schema.safeParse({ ...(value as object), stranger: 1 }).success).toBe(false)
    }
  })
})

test('the error schema lists every code there is', () => {
  expect(outcomes.error.shape.error.shape.code.options).toEqual(Object.keys(EXIT_CODES))
})
