/** ceremony/example verifies: chain, digests, signatures; and holds nothing that it should not. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { readDossier } from '../../src/audit/dossier.js'
import { readCeremonySignatures } from '../../src/audit/ceremony-signatures.js'
import { hexToWords } from '../../src/custody/words.js'
import { readCustodyFolder } from '../../src/host/custody-folder.js'
import { requireSealed } from '../../src/host/sealed-set.js'

const EXAMPLE = resolve(import.meta.dirname, '../../ceremony/example')
const files = readdirSync(EXAMPLE, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))

test('the folder reads, and each generation was sealed by the transcript', () => {
  const folder = readCustodyFolder(EXAMPLE)
  const transcripts = folder.generations.map(({ manifest }) => requireSealed(EXAMPLE, manifest))
  expect(new Set(transcripts.map(({ sha256 }) => sha256)).size).toBe(1)
  expect(transcripts[0]?.conduct).toMatchObject({ closed: true, released: [1, 2, 3], opened: { conduct: 'dialogue', rehearsal: true } })
  expect(transcripts[0]?.conduct.scanned.every(({ from }) => from === 'paper')).toBe(true)
  expect(folder.logbook.lines[0]).toMatchObject({ type: 'ceremony', format: 2, transcriptSha256: transcripts[0]?.sha256 })
})

test('administrator and witnesses signed transcript and manifests', async () => {
  const { generations } = readDossier(EXAMPLE, new Date())
  const [signed] = await readCeremonySignatures(EXAMPLE, generations)
  const sealed = readCustodyFolder(EXAMPLE).generations[0]?.rules.signers.fingerprints.toSorted()
  if (signed?.read !== true) throw new Error('the signatures cannot be read')
  const { administrator, transcript } = signed.value
  expect(transcript.map(({ fingerprint }) => fingerprint).toSorted()).toEqual(sealed)
  expect(transcript.some(({ userIds }) => userIds.some((userId) => userId.includes(administrator ?? '-')))).toBe(true)
  for (const { signers } of signed.value.manifests) expect(signers.toSorted()).toEqual(sealed)
})

test('what was on the screen is kept: the digest in hex and in words, and no share', () => {
  const screen = readFileSync(join(EXAMPLE, 'screen.txt'), 'utf8')
  const { manifest } = readCustodyFolder(EXAMPLE).generations[0] ?? {}
  expect(screen).toContain(manifest?.transcriptSha256)
  expect(screen.replace(/\s+/g, ' ')).toContain(hexToWords(manifest?.transcriptSha256 ?? ''))
  expect(screen).not.toMatch(/GKR1[A-Z0-9]{8}/)
})

test('no private key, no sheet, and no more than half a megabyte', () => {
  expect(files.filter((path) => readFileSync(path, 'latin1').includes('PRIVATE KEY'))).toEqual([])
  expect(files.filter((path) => /custodian-\d/.test(path))).toEqual([])
  expect(files.reduce((sum, path) => sum + statSync(path).size, 0)).toBeLessThan(500 * 1024)
})
