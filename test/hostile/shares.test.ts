/** Hostile share texts: a short run of `npm run test:fuzz`, anything at all, and every subset of every set. */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { combine } from 'shamir-secret-sharing'
import { describe, expect, test, vi } from 'vitest'
import { formQuorum, recombine } from '../../src/custody/quorum.js'
import type { Share } from '../../src/custody/share.js'
import { parseShareText } from '../../src/custody/share-text.js'
import { splitSecret } from '../../src/custody/split.js'
import { openSheets } from '../../src/ceremony/recover.js'
import { GlasskeyError } from '../../src/errors.js'
import { ownKeyring } from '../../src/host/custodian-key.js'
import type { Journal } from '../../src/strongroom/journal.js'
import { collectShares } from '../../src/strongroom/shares.js'
import { manifestOf, secretsOf } from '../vectors/frozen.js'
import { refusal, refusalOf } from '../vectors/refusal.js'

const FUZZ = resolve(import.meta.dirname, 'fuzz-shares.js')
const run = (...args: string[]): Promise<{ stdout: string }> => promisify(execFile)(process.execPath, [FUZZ, ...args])

test('50,000 mutated shares, half of them with the checksum made right again, none wrongly accepted', async () => {
  const { stdout } = await run('--rounds', '50000', '--seed', process.env['GLASSKEY_SEED'] ?? '20261120')
  console.log(stdout)
  expect(stdout).toContain('50,000 mutated shares, 25,000 of them with the checksum made right again, seed ')
  expect(stdout).toContain('\n0 wrongly accepted, ')
  const codes = [...stdout.matchAll(/^ {2}(SHARE_\w+)/gm)].map(([, code]) => code)
  expect(codes).toEqual(['SHARE_COMMITMENT', 'SHARE_MISREAD', 'SHARE_NUMBER', 'SHARE_OTHER_GENERATION', 'SHARE_OTHER_KEY', 'SHARE_OTHER_SET', 'SHARE_PRACTICE', 'SHARE_REAL_IN_REHEARSAL', 'SHARE_VERSION', 'SHARE_ZERO_X'])
})

test('a seed gives the same shares again', async () => {
  const outcome = async (seed: string): Promise<string> => (await run('--rounds', '500', '--seed', seed)).stdout.replace(/, \d+ s:/, '')
  expect(await outcome('7')).toBe(await outcome('7'))
  expect(await outcome('7')).not.toBe(await outcome('8'))
})

test('any text is a share or a refusal', () => {
  const [printed = ''] = secretsOf(2).shareTexts
  fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.string({ unit: fc.constantFrom('g', 'k', 'r', '1', 'q', 'p', 'z', '9', 'x', ' ', '-', '\0', '\n') }).map((rest) => `GK1${rest}`)), (text) => {
    expect(refusal(() => parseShareText(text)).code).toMatch(/^SHARE_(MISREAD|VERSION)$/)
  }), { numRuns: 3000 })
  // Longer than any code, as a share file may be.
  for (const text of ['GKR1' + 'Q'.repeat(2_000_000), printed + printed, '\u0000'.repeat(1_000_000), printed + '\ud800']) expect(refusal(() => parseShareText(text))).toMatchObject({ code: 'SHARE_MISREAD' })
})

test.each([0, 1])('sheets that claim %i to be enough open nothing, and are named', async (threshold) => {
  const share = { ...parseShareText(secretsOf(2).shareTexts[0] ?? ''), threshold }
  expect(await refusalOf(() => openSheets({ shares: [share], parts: [] }, null))).toMatchObject({ code: 'SHARE_OTHER_SET', message: `the sheet claims that ${threshold} of 3 are enough, which no ceremony prints: it is forged` })
})

test('thousands of texts that are no shares neither fill the journal nor keep the right ones out', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'glasskey-hostile-'))
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  try {
    const [stranger = ''] = secretsOf(1).shareTexts
    const texts = [...Array.from({ length: 3000 }, (_, at) => `GKR1${'Q'.repeat(60)}${at}`), stranger, ...secretsOf(2).shareTexts]
    writeFileSync(join(directory, 'shares'), texts.join('\n'))
    const written: { type: string }[] = []
    const journal = { writeSeen: (entry: { type: string }) => written.push(entry) } as unknown as Journal
    const expectation = { manifest: manifestOf(2), others: [{ manifest: manifestOf(1), standing: 'that key is dead' }] }
    const { quorum } = await collectShares(expectation, 'any', { reader: null, camera: false, shareFiles: [join(directory, 'shares')], keys: { means: {}, passphraseFiles: {}, keyring: ownKeyring() }, remote: { accepted: [], disputed: [] }, left: new AbortController().signal }, journal, () => undefined, () => Promise.resolve())
    expect(quorum.shares).toHaveLength(3)
    expect(written.filter(({ type }) => type === 'share-accepted')).toHaveLength(3)
    // 500, and the genuine sheet of another generation, which was seen.
    expect(written.filter(({ type }) => type === 'share-refused')).toHaveLength(501)
    expect(written).toContainEqual(expect.objectContaining({ type: 'share-refused', generation: 1, custodian: 1 }))
    expect(said.mock.calls.length).toBeLessThan(520)
  } finally {
    said.mockRestore()
    rmSync(directory, { recursive: true })
  }
})

test('a disk that takes no line while shares are read is no fault of a share: nothing is refused, nothing counts, it stops', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'glasskey-full-disk-'))
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  try {
    writeFileSync(join(directory, 'shares'), secretsOf(2).shareTexts.join('\n'))
    const tried: string[] = []
    const journal = {
      writeSeen: ({ type }: { type: string }) => {
        tried.push(type)
        throw new GlasskeyError('FILE_UNWRITABLE', 'nothing can be written at journal.jsonl (EIO: the disk fails)')
      },
    } as unknown as Journal
    const expectation = { manifest: manifestOf(2), others: [] }
    const collected = collectShares(expectation, 'any', { reader: null, camera: false, shareFiles: [join(directory, 'shares')], keys: { means: {}, passphraseFiles: {}, keyring: ownKeyring() }, remote: { accepted: [], disputed: [] }, left: new AbortController().signal }, journal, () => undefined, () => Promise.resolve())
    await expect(collected).rejects.toThrow(expect.objectContaining({ code: 'FILE_UNWRITABLE' }))
    expect(tried).toEqual(['share-accepted'])
  } finally {
    said.mockRestore()
    rmSync(directory, { recursive: true })
  }
})

function subsets<Item>(items: readonly Item[], size: number): Item[][] {
  if (size === 0) return [[]]
  return items.flatMap((item, at) => subsets(items.slice(at + 1), size - 1).map((rest) => [item, ...rest]))
}

interface Divided {
  secret: Uint8Array
  shares: Share[]
  opens: (subset: readonly Share[]) => Promise<boolean>
}

async function divided(k: number, n: number): Promise<Divided> {
  const secret = new Uint8Array(randomBytes(32))
  const shares = (await splitSecret(secret, n, k)).map((bytes, at): Share => ({ trust: 'committed', custodian: at + 1, name: `C${at + 1}`, bytes }))
  const manifest = { ...manifestOf(2), threshold: k, shares: shares.map(({ custodian, name }) => ({ custodian, name, copies: 1, commitment: '0'.repeat(64) })) }
  return { secret, shares, opens: async (subset) => Buffer.compare(await recombine(formQuorum(subset, manifest)), secret) === 0 }
}

/** One share too few is no quorum; and taken together by force, it is another secret. */
async function tooFewGiveNothing({ secret, opens }: Divided, subset: readonly Share[]): Promise<void> {
  expect(await refusalOf(() => opens(subset))).toMatchObject({ code: 'QUORUM_NOT_REACHED' })
  if (subset.length >= 2) expect(Buffer.compare(await combine(subset.map(({ bytes }) => new Uint8Array(bytes))), secret)).not.toBe(0)
}

describe('every k-subset gives the secret, and no subset of k - 1', () => {
  test.each([2, 3, 4, 5, 6, 7].flatMap((k) => Array.from({ length: 10 - k + 1 }, (_, more) => [k, k + more] as const)))('%i of %i', async (k, n) => {
    const set = await divided(k, n)
    for (const subset of subsets(set.shares, k)) expect(await set.opens(subset)).toBe(true)
    for (const subset of subsets(set.shares, k - 1)) await tooFewGiveNothing(set, subset)
  })

  test.each([[2, 32], [5, 20], [8, 12], [12, 24], [16, 16], [16, 32]])('samples of %i of %i', async (k, n) => {
    const set = await divided(k, n)
    await fc.assert(fc.asyncProperty(fc.shuffledSubarray(set.shares, { minLength: k, maxLength: n }), async (subset) => {
      expect(await set.opens(subset)).toBe(true)
      await tooFewGiveNothing(set, subset.slice(0, k - 1))
    }), { numRuns: 40 })
  })
})
