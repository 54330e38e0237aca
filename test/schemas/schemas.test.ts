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
import { transcriptLine } from '../../src/record/transcript.js'
import { warrantSchema } from '../../src/warrant/warrant.js'
import { SESSIONS, vectorJson, vectorText } from '../vectors/frozen.js'
import { COMMANDS, drillReportSchema, outcomes } from './outcomes.js'

const FOLDER = new URL('../../docs/schemas/', import.meta.url)

/** Every published schema, by file name. custody.yaml is described as people write it, so what has a default may be left out. */
const schemas: Record<string, { title: string; schema: z.ZodType; io?: 'input' }> = {
  'custody.json': { title: 'custody.yaml', schema: custodySchema, io: 'input' },
  'manifest.json': { title: 'generations/<n>/manifest.json', schema: manifestSchema },
  'rules.json': { title: 'generations/<n>/rules.json', schema: rulesSchema },
  'warrant.json': { title: 'sessions/<id>/warrant.json', schema: warrantSchema },
  'journal-line.json': { title: 'a line of sessions/<id>/journal.jsonl', schema: journalLine },
  'logbook-entry.json': { title: 'a line of logbook.jsonl', schema: logbookEntry },
  'transcript-line.json': { title: 'a line of records/ceremony-from-generation-<n>.jsonl', schema: transcriptLine },
  'evidence.json': { title: 'sessions/<id>/evidence.json', schema: evidenceSchema },
  'drill-report.json': { title: 'report.json of a drill', schema: drillReportSchema },
  ...Object.fromEntries(Object.entries(outcomes).map(([name, schema]) => [`outcome-${name}.json`, { title: `--json: ${name}`, schema }])),
}

function fileOf({ title, schema, io }: { title: string; schema: z.ZodType; io?: 'input' }): string {
  return JSON.stringify({ title: `glasskey 1: ${title}`, ...z.toJSONSchema(schema, io ? { io } : {}) }, null, 2) + '\n'
}

/** docs/schemas/README.md: which schema is of what. */
function index(): string {
  const link = (name: string): string => `[${name}](${name})`
  return [
    '# Schemas',
    '',
    'JSON Schemas (2020-12) of everything that glasskey reads, leaves behind and prints, made from what the code itself checks with',
    '(`test/schemas/schemas.test.ts`). What the built commands print is held against these files in `test/schemas/real-outcomes.test.ts`.',
    '',
    '## What `--json` prints',
    '',
    'One object on one line of standard output; everything else goes to standard error. Each has `error`: null when the exit code is 0,',
    'otherwise `code`, `message` and `hint`. A command that refuses, or fails, prints nothing but `error`',
    `(${link('outcome-error.json')}); a session, a check or an audit that did not end well says what it found as well. The exit code`,
    'follows from `code` alone. The objects are strict: a name that a schema does not have is a fault of glasskey.',
    '',
    '| command | prints |',
    '|---|---|',
    ...Object.entries(COMMANDS).map(([command, names]) => `| \`glasskey ${command}\` | ${names.map((name) => link(`outcome-${name}.json`)).join(' or ')} |`),
    '',
    'Paths are absolute. `logbook` is always the number of an entry. Where a session may have nothing to do, `session` is null then.',
    '`simulator` prints its object as the first line, with and without `--json`, and runs on. `recover --json` without `--out` prints the private key.',
    '',
    '## Files',
    '',
    '| file | schema |',
    '|---|---|',
    ...Object.entries(schemas).filter(([name]) => !name.startsWith('outcome-')).map(([name, { title }]) => `| ${title.replace(/\S*\.(yaml|jsonl?)/, '`$&`')} | ${link(name)} |`),
    '',
  ].join('\n')
}

if (process.env['GLASSKEY_WRITE'] === '1') {
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(new URL('README.md', FOLDER), index())
  for (const [name, entry] of Object.entries(schemas)) writeFileSync(new URL(name, FOLDER), fileOf(entry))
}

test.each(Object.entries(schemas))('%s is what the code checks', (name, entry) => {
  expect(readFileSync(new URL(name, FOLDER), 'utf8')).toBe(fileOf(entry))
})

test('no other file is published', () => {
  expect(readdirSync(FOLDER).sort()).toEqual([...Object.keys(schemas), 'README.md'].sort())
})

test('README.md says which is of what', () => {
  expect(readFileSync(new URL('README.md', FOLDER), 'utf8')).toBe(index())
  expect([...new Set(Object.values(COMMANDS).flat())].sort()).toEqual(Object.keys(outcomes).filter((name) => name !== 'error').sort())
})

describe('what a script reads is strict and explained', () => {
  const names = Object.keys(schemas).filter((name) => name.startsWith('outcome-') || name === 'drill-report.json')
  test.each(names)('%s', (name) => {
    const { loose, bare } = look(JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as Published, name.replace('.json', ''))
    expect({ loose, bare }).toEqual({ loose: [], bare: [] })
  })
})

/** As much of a JSON Schema as is looked at. */
interface Published {
  type?: string | string[]
  properties?: Record<string, Published>
  additionalProperties?: unknown
  propertyNames?: unknown
  items?: Published
  anyOf?: Published[]
  description?: string
  enum?: unknown
  const?: unknown
  pattern?: string
}

/** Objects that take unknown names, and fields with neither a description nor a shape that says what they are. */
function look(schema: Published, where: string): { loose: string[]; bare: string[] } {
  const isMap = schema.propertyNames !== undefined
  const loose = schema.type === 'object' && schema.additionalProperties !== false && !isMap ? [where] : []
  const fields = Object.entries(schema.properties ?? {})
  const bare = fields.filter(([, field]) => [field.description, field.enum, field.const, field.pattern, field.properties].every((said) => said === undefined)).map(([name]) => `${where}.${name}`)
  // Entries of the logbook are explained in docs/format.md.
  const inner = [
    ...fields.filter(([name]) => name !== 'entry' && name !== 'entries').map(([name, field]) => look(field, `${where}.${name}`)),
    ...[...(schema.items ? [schema.items] : []), ...(schema.anyOf ?? [])].map((part) => look(part, where)),
  ]
  return { loose: [...loose, ...inner.flatMap((found) => found.loose)], bare: [...bare, ...inner.flatMap((found) => found.bare)] }
}

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
