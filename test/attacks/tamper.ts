/** What attackers have: a custody folder in their hands, a key of their own, and the specification. */
import { generateKeyPairSync } from 'node:crypto'
import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { namesOf, spkiOf } from '../../src/custody/key.js'
import { manifestFile, type Manifest } from '../../src/custody/manifest.js'
import { rulesFile, type Rules } from '../../src/custody/rules.js'
import type { Ended } from '../stage/command-line.js'
import type { Rehearsal } from '../stage/rehearsal.js'
import { sealByTranscript } from '../stage/transcript-for.js'

/** A key of the attacker's own. */
export const ATTACKER = namesOf(spkiOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey))

export const manifestPath = (custody: string, generation: number): string => join(custody, 'generations', String(generation), 'manifest.json')
export const rulesPath = (custody: string, generation: number): string => join(custody, 'generations', String(generation), 'rules.json')

/** Rewrites a manifest, canonical and consistent in itself, as a careful attacker would. */
export function editManifest(custody: string, generation: number, change: (manifest: Manifest) => void): void {
  const path = manifestPath(custody, generation)
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as Manifest
  change(manifest)
  writeFileSync(path, manifestFile(manifest))
}

/** Forges a transcript for the manifests as they are now, and has them name it. */
export function forgeTranscript(custody: string): void {
  const manifests = readdirSync(join(custody, 'generations')).map((name) => ({ manifest: JSON.parse(readFileSync(manifestPath(custody, Number(name)), 'utf8')) as Manifest }))
  manifests.sort((one, other) => one.manifest.generation - other.manifest.generation)
  for (const { manifest } of sealByTranscript(custody, manifests)) editManifest(custody, manifest.generation, (edited) => (edited.transcriptSha256 = manifest.transcriptSha256))
}

/** Rewrites a generation's rules in canonical form. Returns them. */
export function editRules(custody: string, generation: number, change: (rules: Rules) => void): Rules {
  const path = rulesPath(custody, generation)
  const rules = JSON.parse(readFileSync(path, 'utf8')) as Rules
  change(rules)
  writeFileSync(path, rulesFile(rules))
  return rules
}

/** A copy of a rehearsal's custody folder, for one attack. */
export function copyOf(stage: Rehearsal): string {
  const copy = join(mkdtempSync(join(stage.directory, 'copy-')), 'custody')
  cpSync(stage.custody, copy, { recursive: true, verbatimSymlinks: true })
  return copy
}

/** The same words for another custody folder. */
export function onFolder(stage: Rehearsal, args: readonly string[], custody: string): string[] {
  return args.map((word) => (word === stage.custody ? custody : word))
}

/** Session folders, in order. */
export function sessionsIn(custody: string): string[] {
  return readdirSync(join(custody, 'sessions')).sort().map((id) => join(custody, 'sessions', id))
}

/** How a command ended: with this error, said so, and with this exit code. */
export function expectRefused(ended: Ended, code: string, exit: number): void {
  expect(ended.stderr).toContain(`${code}: `)
  expect(ended.code, ended.stderr).toBe(exit)
}
