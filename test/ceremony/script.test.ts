/** The script: one list of steps, from which paper, runbook and dialogue come. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { parseCustodyYaml, type Custody } from '../../src/custody/custody-yaml.js'
import { drawScript } from '../../src/ceremony/script-page.js'
import { recordedSteps, scriptFor, type ScriptFacts } from '../../src/ceremony/script.js'
import { runbook } from '../../src/ceremony/runbook.js'
import { ACTS } from '../../src/ceremony/steps.js'

const ROOT = resolve(import.meta.dirname, '../..')
const custody: Custody = parseCustodyYaml(readFileSync(resolve(ROOT, 'ceremony/custody.yaml'), 'utf8'))
const facts: ScriptFacts = { custody, rehearsal: false, first: 1, count: 4, previousManifestSha256: null }

test('ceremony/runbook.md is generated from the steps', () => {
  expect(readFileSync(resolve(ROOT, 'ceremony/runbook.md'), 'utf8')).toBe(runbook())
})

test('every name of a step is its own', () => {
  const ids = ACTS.flatMap(({ steps }) => steps.map(({ id }) => id))
  expect(new Set(ids).size).toBe(ids.length)
})

test('each custodian goes through all of their steps before the next one comes', () => {
  const handing = scriptFor(facts).acts.find(({ title }) => title === 'Handing over')
  expect(handing?.steps.slice(0, 5).map(({ number, id, custodian }) => [number, id, custodian])).toEqual([
    ['6.1', 'hand.release', 1],
    ['6.2', 'hand.check', 1],
    ['6.3', 'hand.scan', 1],
    ['6.4', 'hand.bag', 1],
    ['6.5', 'hand.release', 2],
  ])
  expect(handing?.steps.at(-1)?.text).toContain('Custodian 5, Katherine Johnson, puts each sheet into a bag of its own')
})

test('no word in braces is left, and what is done on paper is in no transcript', () => {
  const script = scriptFor(facts)
  expect(script.acts.flatMap(({ steps }) => steps).filter(({ text, before }) => /[{}]/.test(text + (before ?? '')))).toEqual([])
  expect(recordedSteps(script).at(-1)?.id).toBe('close.transcript')
  expect(script.acts.at(-1)).toMatchObject({ onPaper: true, title: 'Signatures and the end' })
})

test.each<[string, Partial<ScriptFacts>]>([
  ['another custodian', { custody: { ...custody, custodians: custody.custodians.map((one) => (one.number === 3 ? { ...one, name: 'Mallory' } : one)) } }],
  ['another threshold', { custody: { ...custody, threshold: 2 } }],
  ['other rules', { custody: { ...custody, rules: { ...custody.rules, warrant: { ...custody.rules.warrant, maximumMinutes: 61 } } } }],
  ['another user', { custody: { ...custody, user: `${custody.user}1` } }],
  ['another number to call back', { custody: { ...custody, owner: { ...custody.owner, contact: 'somebody else' } } }],
  ['practice', { rehearsal: true }],
  ['another generation', { first: 2 }],
  ['another record before', { previousManifestSha256: '0'.repeat(64) }],
])('%s is another script: the digest on the cover is another', (_, change) => {
  expect(scriptFor({ ...facts, ...change }).sha256).not.toBe(scriptFor(facts).sha256)
  expect(scriptFor({ ...facts }).sha256).toBe(scriptFor(facts).sha256)
})

test('telephone numbers, places and bags may change without another script', () => {
  const moved = custody.custodians.map((one) => ({ ...one, copies: one.copies.map((copy) => ({ ...copy, phone: '+00', place: 'elsewhere', bag: 'B-1' })) }))
  expect(scriptFor({ ...facts, custody: { ...custody, custodians: moved } }).sha256).toBe(scriptFor(facts).sha256)
})

test.each(['A4', 'Letter'] as const)('it is printed on %s', async (paper) => {
  const { pdf, script } = await drawScript({ ...facts, custody: { ...custody, paper } }, new Date('2026-03-14T08:00:00Z'))
  expect(Buffer.from(pdf).toString('latin1')).toMatch(/^%PDF-/)
  expect(script.minutes).toBeGreaterThan(60)
})
