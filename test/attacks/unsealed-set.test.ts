/** A set whose ceremony never came to its end, or tells of something else, is neither installed nor imported. */
import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { canonicalJson } from '../../src/canonical.js'
import { readCustodyFolder } from '../../src/host/custody-folder.js'
import { places } from '../../src/host/sealed-folder.js'
import { requireSealed } from '../../src/host/sealed-set.js'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'

let stage: Rehearsal
beforeEach(async () => {
  stage = await rehearsal({ after: 'sealed' })
})
afterEach(() => stage.close())

const transcript = (): string => places.transcript(stage.custody, 1)
const lines = (): string[] => readFileSync(transcript(), 'utf8').trimEnd().split('\n')

function withoutTranscript(generation: number): void {
  const path = join(places.generation(stage.custody, generation), 'manifest.json')
  writeFileSync(path, canonicalJson({ ...(JSON.parse(readFileSync(path, 'utf8')) as object), transcriptSha256: null }) + '\n')
}

const ATTACKS: [string, () => void, RegExp][] = [
  ['a manifest that names no transcript', () => { withoutTranscript(1) }, /GENERATION 1 is not sealed: its manifest names no transcript of a ceremony/],
  ['no transcript', () => { rmSync(transcript()) }, /GENERATION 1 is not sealed: the transcript of its ceremony is not in records\//],
  ['a transcript with a line more', () => { appendFileSync(transcript(), '{}\n') }, /CHAIN_BROKEN/],
  ['a transcript without its end', () => { writeFileSync(transcript(), lines().slice(0, -1).join('\n') + '\n') }, /does not come to an end: the ceremony was not closed/],
  ['a bag number changed', () => { writeFileSync(transcript(), readFileSync(transcript(), 'utf8').replace('"bag":"none', '"bag":"nine')) }, /CHAIN_BROKEN/],
]

test.each(ATTACKS)('takeover: %s', async (_, attack, message) => {
  attack()
  const before = stage.cloud.stateDigest()
  const { code, stderr } = await stage.run(stage.takeover())
  expect([code, stderr]).toEqual([4, expect.stringMatching(message)])
  expect(stage.cloud.stateDigest()).toBe(before)
  expect(readdirSync(stage.custody)).not.toContain('sessions')
})

test('a whole transcript of another set seals nothing here', async () => {
  const other = await rehearsal({ after: 'sealed' })
  try {
    const [first] = readCustodyFolder(stage.custody).generations
    if (!first) throw new Error('no generation')
    const told = readFileSync(transcript(), 'utf8')
    expect(requireSealed(stage.custody, first.manifest).sha256).toBe(first.manifest.transcriptSha256)
    expect(() => requireSealed(stage.custody, { ...first.manifest, envelopeSha256: '0'.repeat(64) })).toThrow('its transcript tells of another manifest or envelope')
    expect(() => requireSealed(stage.custody, { ...first.manifest, transcriptSha256: '0'.repeat(64) })).toThrow('is not the transcript that its manifest names')
    expect(told).toContain('"did":"rehearsal --yes"')
  } finally {
    await other.close()
  }
})
