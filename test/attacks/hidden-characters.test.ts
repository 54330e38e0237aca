/** Bidi overrides, invisible letters, control sequences in what people are named and why: refused where it is typed and where it is read. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseCustodyYaml } from '../../src/custody/custody-yaml.js'
import { line } from '../../src/custody/fields.js'
import { manifestFile, parseManifest } from '../../src/custody/manifest.js'
import { toned, visible, visibleToned } from '../../src/host/terminal.js'
import { parseWarrant, warrantFile } from '../../src/warrant/warrant.js'
import { rewrite } from '../audit/lived-custody.js'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'
import { manifestOf, SESSIONS, vectorText, warrantOf } from '../vectors/frozen.js'
import { refusal } from '../vectors/refusal.js'
import { copyOf, expectRefused } from './tamper.js'

const HIDDEN: [what: string, text: string][] = [
  ['a right-to-left override', 'rotate \u202eetator'],
  ['an isolate', 'a\u2066b\u2069'],
  ['an Arabic letter mark', 'a\u061cb'],
  ['a zero-width space', 'Ada\u200bLovelace'],
  ['a word joiner', 'Ada\u2060Lovelace'],
  ['a soft hyphen', 'Ada\u00adLovelace'],
  ['a byte order mark', '\ufeffAda'],
  ['tag letters', 'Ada\u{e0041}\u{e0042}'],
  ['an escape that clears the screen', '\u001b[2J\u001b[HCode words: all is well'],
  ['the same with the C1 control', '\u009b2J'],
  ['a line of its own', 'because\nCode words  other words'],
  ['a carriage return that overwrites the line', 'because\rReason'],
  ['a line separator', 'because\u2028Code words'],
]

describe.each(HIDDEN)('%s', (_, text) => {
  test('is no line of a record: warrant, manifest, custody.yaml', () => {
    expect(line.safeParse(text).success).toBe(false)
    expect(refusal(() => parseWarrant(warrantFile({ ...warrantOf(SESSIONS[1]), reason: text })))).toMatchObject({ code: 'WARRANT_INVALID' })
    expect(refusal(() => parseWarrant(warrantFile({ ...warrantOf(SESSIONS[1]), operator: { ...warrantOf(SESSIONS[1]).operator, name: text } })))).toMatchObject({ code: 'WARRANT_INVALID' })
    const manifest = manifestOf(2)
    expect(refusal(() => parseManifest(manifestFile({ ...manifest, shares: manifest.shares.map((share) => ({ ...share, name: text })) })))).toMatchObject({ code: 'MANIFEST_INVALID' })
    expect(refusal(() => parseCustodyYaml(vectorText('custody/custody.yaml').replace(/( {2}- number: 1\n.*name: ).*/, (_whole, before: string) => before + JSON.stringify(text))))).toMatchObject({ code: 'CONFIG_INVALID' })
  })
  test('is written out where a terminal would obey it', () => {
    expect(visible(text).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
  })
})

test('names of three alphabets, accents and punctuation are still names', () => {
  for (const name of ['Βασίλης Παπαδόπουλος', 'Софья Ковалевская', 'Zoë d\'Ürück-Œ', 'INC-1 (§ 3); “quoted” – €']) expect(line.parse(name)).toBe(name)
})

test('our own tones are kept in text for standard output, and nobody else\'s sequences', () => {
  expect(visibleToned('\u001b[1;31mRED\u001b[0m \u001b[2J\u001b]0;title\u0007')).toBe('\u001b[1;31mRED\u001b[0m [U+001B][2J[U+001B]]0;title[U+0007]')
  expect(toned('a\u001b[8mb', 'alarm', { isTTY: true }).replaceAll('\u001b[1;31m', '').replaceAll('\u001b[0m', '')).toBe('a[U+001B][8mb')
})

let stage: Rehearsal
beforeAll(async () => {
  stage = await rehearsal()
})
afterAll(() => stage.close())

const FLAGS = ['--operator', '--incident', '--authorised-by', '--reason'] as const

test.each(FLAGS)('break %s: refused before OCI is asked, and not repeated raw', async (flag) => {
  const words = stage.rotate().map((word, at, all) => (all[at - 1] === flag ? 'for \u202eyrotide\u202c \u001b[2J' : word))
  const ended = await stage.run(words)
  expectRefused(ended, 'USAGE', 2)
  expect(ended.stderr).toContain(`USAGE: ${flag} must be `)
  expect(ended.stderr).toContain('[U+202E]')
  expect(ended.stderr).not.toMatch(/[\u001b\u202e]/)
  expect(stage.cloud.requests).toEqual([])
})

test('takeover --reason and logbook add: the same', async () => {
  const takeover = await stage.run(['takeover', '--custody', stage.custody, '--profile', 'BOOTSTRAP', '--yes', '--reason', 'x\u202e', ...stage.shares(2, 1, 2), ...stage.oci])
  expectRefused(takeover, 'USAGE', 2)
  const before = readFileSync(join(stage.custody, 'logbook.jsonl'))
  const added = await stage.run(['logbook', 'add', 'retired', '--custody', stage.custody, '--set', 'generation=4', '--set', 'reason=x\u200by'])
  expectRefused(added, 'USAGE', 2)
  expect(readFileSync(join(stage.custody, 'logbook.jsonl'))).toEqual(before)
  expect(stage.cloud.requests).toEqual([])
})

test('a record forged to play with the terminal of whoever lists it', async () => {
  const custody = copyOf(stage)
  rewrite(join(custody, 'logbook.jsonl'), (entry) => (entry['type'] === 'session' ? { ...entry, actionResult: '\u001b[2J\u202edone' } : entry))
  for (const step of [['list'], ['show', '2']]) {
    const { stdout } = await stage.run(['logbook', ...step, '--custody', custody])
    expect(stdout).not.toMatch(/[\u001b\u202e]/)
  }
})
