/** What attackers have: a custody folder in their hands, a key of their own, and the specification. */
import { generateKeyPairSync } from 'node:crypto'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { canonicalJson, sha256Hex, type Json } from '../../src/canonical.js'
import { namesOf, spkiOf } from '../../src/custody/key.js'
import { manifestDigest, manifestFile, type Manifest } from '../../src/custody/manifest.js'
import { rulesFile, type Rules } from '../../src/custody/rules.js'
import { warrantDigest, warrantFile, type Warrant } from '../../src/warrant/warrant.js'
import { linesOf, rewrite } from '../audit/lived-custody.js'
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
function forgeTranscript(custody: string): void {
  for (const { manifest } of sealByTranscript(custody, manifestsIn(custody).map((manifest) => ({ manifest })))) editManifest(custody, manifest.generation, (edited) => (edited.transcriptSha256 = manifest.transcriptSha256))
}

/**
 * Makes all agree with the manifests as they are now, as somebody does who has read the specification and has time: the manifests after them, a transcript,
 * the logbook, and the sessions that remember it. Only paper and signatures know better.
 */
export function forgeFolder(custody: string): void {
  let previous: string | null = null
  for (const { generation } of manifestsIn(custody)) {
    editManifest(custody, generation, (manifest) => (manifest.previousManifestSha256 = previous))
    previous = manifestDigest(manifestsIn(custody)[generation - 1] as Manifest)
  }
  forgeTranscript(custody)
  forgeRecords(custody)
}

/** Logbook, warrants and journals, chained anew around the manifests as they are. */
export function forgeRecords(custody: string): void {
  const manifests = manifestsIn(custody)
  const warrants = new Map<string, string>()
  const journals = new Map<string, string>()
  const forgeSession = (folder: string, warrant: Warrant): void => {
    const digest = warrantDigest(warrant)
    const journal = join(folder, 'journal.jsonl')
    const before = linesOf(journal).map((line) => sha256Hex(canonicalJson(line)))
    writeFileSync(join(folder, 'warrant.json'), warrantFile(warrant))
    rewrite(journal, (line) => (line['type'] === 'session-opened' ? { ...line, warrantSha256: digest } : line))
    warrants.set(warrant.session, digest)
    for (const [at, line] of linesOf(journal).entries()) journals.set(before[at] ?? '', sha256Hex(canonicalJson(line)))
  }
  const asForged = (line: Record<string, Json>): Record<string, Json> => {
    if (line['type'] === 'session') return { ...line, warrantSha256: warrants.get(line['session'] as string) ?? '', journalSha256: journals.get(line['journalSha256'] as string) ?? '' }
    if (line['type'] !== 'ceremony') return line
    const made = (line['generations'] as { generation: number }[]).map(({ generation }) => manifests[generation - 1] as Manifest)
    delete line['transcriptSha256']
    const transcriptSha256 = made[0]?.transcriptSha256 ?? null
    return { ...line, ...(transcriptSha256 === null ? {} : { transcriptSha256 }), generations: made.map((manifest) => ({ generation: manifest.generation, keyId: manifest.keyId, spkiSha256: manifest.spkiSha256, manifestSha256: manifestDigest(manifest) })) }
  }
  rewrite(join(custody, 'logbook.jsonl'), asForged, (head) => {
    for (const folder of sessionsIn(custody)) {
      const warrant = JSON.parse(readFileSync(join(folder, 'warrant.json'), 'utf8')) as Warrant
      if (warrant.logbook.seq === head.seq) forgeSession(folder, { ...warrant, logbook: head })
    }
  })
}

function manifestsIn(custody: string): Manifest[] {
  return readdirSync(join(custody, 'generations')).map((name) => JSON.parse(readFileSync(manifestPath(custody, Number(name)), 'utf8')) as Manifest).sort((one, other) => one.generation - other.generation)
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
  const folder = join(custody, 'sessions')
  return (existsSync(folder) ? readdirSync(folder) : []).sort().map((id) => join(custody, 'sessions', id))
}

/** How a command ended: with this error, said so, and with this exit code. */
export function expectRefused(ended: Ended, code: string, exit: number): void {
  expect(ended.stderr).toContain(`${code}: `)
  expect(ended.code, ended.stderr).toBe(exit)
}
