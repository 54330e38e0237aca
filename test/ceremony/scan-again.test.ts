/** Sheets read again from paper: only what was made today, and only their own, counts. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { generateKey } from 'openpgp'
import { afterEach, beforeAll, expect, test, vi } from 'vitest'
import { makeGenerations, type MadeGeneration } from '../../src/ceremony/generations.js'
import { filesOrCamera, recognise, type ReadAgain } from '../../src/ceremony/scan-again.js'
import { parseCustodyYaml } from '../../src/custody/custody-yaml.js'
import { toParts } from '../../src/custody/paper-parts.js'
import { sealedTexts } from '../../src/custody/sealed-share.js'
import { readSealingKey } from '../../src/custody/sealing.js'
import { GlasskeyError } from '../../src/errors.js'
import type * as reading from '../../src/host/scan-reader.js'
import { sliceBytes } from '../../src/paper/envelope-slices.js'

/** What the reader says, in place of a real one that would have to be killed in the middle. */
const reader = vi.hoisted(() => ({ says: null as typeof reading.readScanFiles | null }))
vi.mock('../../src/host/scan-reader.js', async (original) => {
  const real: typeof reading = await original()
  return { ...real, readScanFiles: (...given: Parameters<typeof reading.readScanFiles>) => (reader.says ?? real.readScanFiles)(...given) }
})

const custody = { ...parseCustodyYaml(readFileSync(resolve(import.meta.dirname, '../../ceremony/custody.yaml'), 'utf8')), keySize: 2048 as const }
let today: MadeGeneration[]
let yesterday: MadeGeneration[]
beforeAll(async () => {
  const making = { custody, rehearsal: true, first: 1, count: 2, previousManifestSha256: null, now: new Date(), onMade: () => undefined }
  ;[today, yesterday] = await Promise.all([makeGenerations(making), makeGenerations(making)])
})

afterEach(() => {
  vi.unstubAllEnvs()
  reader.says = null
})

async function* texts(...read: string[]): AsyncGenerator<ReadAgain> {
  for (const text of await Promise.resolve(read)) yield { where: 'scan.png, page 1', text, typed: false }
}
const share = (made: readonly MadeGeneration[], generation: number, custodian: number): string => made[generation - 1]?.shareTexts[custodian - 1] ?? ''
const parts = (made: readonly MadeGeneration[], generation: number): string[] => {
  const { manifest, envelope } = made[generation - 1] ?? {}
  return toParts('GKE1', manifest?.keyId ?? '', envelope ?? new Uint8Array(), sliceBytes(envelope?.length ?? 0))
}

test('shares and whole envelopes of today are recognised; half an envelope is none until its other half comes', async () => {
  const [first = '', ...rest] = parts(today, 2)
  const seen = new Set<string>()
  expect(await recognise(texts(share(today, 1, 2), share(today, 2, 2), ...parts(today, 1), first), today, seen)).toEqual({
    shares: [{ generation: 1, custodian: 2, typed: false }, { generation: 2, custodian: 2, typed: false }],
    envelopes: rest.length === 0 ? [1, 2] : [1],
    problems: [],
  })
  expect((await recognise(texts(...rest), today, seen)).envelopes).toEqual([1, 2])
})

test('a sheet that was not made today is named by its key id, and counts for nothing', async () => {
  const found = await recognise(texts(share(yesterday, 1, 1), ...parts(yesterday, 1)), today)
  expect(found.shares).toEqual([])
  expect(found.problems[0]).toBe(`scan.png, page 1: this is a sheet of key id ${yesterday[0]?.manifest.keyId ?? ''}, which was not made today.`)
  expect(found.problems[1]).toBe('scan.png, page 1: this is NOT an envelope that was made today.')
})

test('a misread share is told without its text', async () => {
  const text = share(today, 1, 1)
  const spoilt = text.slice(0, 40) + (text[40] === 'Q' ? 'P' : 'Q') + text.slice(41)
  const { shares, problems } = await recognise(texts(spoilt), today)
  expect(shares).toEqual([])
  expect(problems).toHaveLength(1)
  expect(problems[0]).not.toContain(text.slice(10, 20))
})

test('a sealed share is recognised by all of its codes, and another one is not', async () => {
  const now = new Date()
  const { publicKey } = await generateKey({ userIDs: [{ name: 'Ada' }], format: 'armored', date: new Date(now.getTime() - 60_000) })
  const sealingKeys = new Map([[1, await readSealingKey(publicKey, 'ada.asc', now)]])
  const making = { custody, rehearsal: true, first: 1, count: 1, previousManifestSha256: null, now, sealingKeys, onMade: () => undefined }
  const [mine, other] = await Promise.all([makeGenerations(making), makeGenerations(making)])
  const codes = (made: readonly MadeGeneration[]): string[] => made.flatMap(({ sealedShares: [sealed] }) => (sealed ? sealedTexts(sealed) : []))
  expect(await recognise(texts(...codes(mine)), mine)).toEqual({ shares: [{ generation: 1, custodian: 1, typed: false }], envelopes: [], problems: [] })
  // Later readings tell of it only where it was among what they read: it lies with its own custodian.
  const seen = new Set<string>()
  expect((await recognise(texts(...codes(mine)), mine, seen)).shares).toHaveLength(1)
  expect(await recognise(texts(share(mine, 1, 2)), mine, seen)).toEqual({ shares: [{ generation: 1, custodian: 2, typed: false }], envelopes: [], problems: [] })
  expect((await recognise(texts(...codes(mine)), mine, seen)).shares).toEqual([{ generation: 1, custodian: 1, typed: false }])
  expect((await recognise(texts(...codes(other)), mine)).problems).toEqual(codes(other).map(() => 'scan.png, page 1: this is NOT a sealed share that was made today.'))
})

/** Nobody calls it off. */
const going = new AbortController().signal

test('a machine that cannot show a page with a camera says so, and the ceremony goes on', async () => {
  for (const name of ['DISPLAY', 'WAYLAND_DISPLAY']) vi.stubEnv(name, undefined)
  const { shares, problems } = await recognise(filesOrCamera('camera', going), today)
  expect(shares).toEqual([])
  expect(problems).toEqual([expect.stringMatching(/^camera: no browser can be shown the sheets in the reader's room: /)])
})

test('a folder, or a pipe, where a scan is asked for is a problem like any other: the ceremony goes on', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'glasskey-again-'))
  try {
    const pipe = join(directory, 'pipe')
    execFileSync('mkfifo', [pipe])
    for (const path of [directory, pipe]) {
      expect(await recognise(filesOrCamera(path, going), today)).toEqual({ shares: [], envelopes: [], problems: [`scans: the scan ${path} is no file. Name the scan itself: PDF, PNG or JPEG.`] })
    }
    const missing = join(directory, 'nothing.pdf')
    expect((await recognise(filesOrCamera(missing, going), today)).problems).toEqual([`${missing}: is not there.`])
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('a reader that dies before the last scan is one too, and what it had read counts', async () => {
  reader.says = async function* () {
    yield await Promise.resolve({ file: 'a.pdf', page: 1, text: share(today, 1, 1) })
    throw new GlasskeyError('SCAN_UNREADABLE', 'the reader stopped before the last scan', 'Scan again with fewer pages, or type the shares.')
  }
  expect(await recognise(filesOrCamera(import.meta.filename, going), today)).toEqual({
    shares: [{ generation: 1, custodian: 1, typed: false }],
    envelopes: [],
    problems: ['scans: the reader stopped before the last scan. Scan again with fewer pages, or type the shares.'],
  })
})
