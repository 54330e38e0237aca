/** The ceremony as a whole: nothing is released unless everything was proved, and nothing that exists is touched. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { generateKey } from 'openpgp'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ownKeyring } from '../../src/host/custodian-key.js'
import { custodyYaml, type CustodyAnswers } from '../../src/ceremony/custody-template.js'
import { ByFlag } from '../../src/ceremony/by-flag.js'
import { conductCeremony as conduct, type CeremonyRequest, type CeremonyResult } from '../../src/ceremony/conduct.js'
import { importOutbox } from '../../src/ceremony/import.js'
import type { Question } from '../../src/ceremony/people.js'
import { GlasskeyError } from '../../src/errors.js'
import { readCustodyFolder } from '../../src/host/custody-folder.js'
import { sheetFolder } from '../../src/ceremony/memory-folder.js'
import type * as sheetPage from '../../src/paper/sheet.js'
import type * as recordPage from '../../src/ceremony/record-page.js'
import type * as pageProof from '../../src/reader/page-proof.js'
import type * as shamir from 'shamir-secret-sharing'

const spoil = vi.hoisted(() => ({ page: -1, share: false, read: 0, record: false }))

/** What was last drawn on the record. */
const drawn = vi.hoisted(() => ({ bags: [] as unknown[], started: '', machine: [] as { fact: string; found: string }[] }))
/** A disk that this machine swaps memory to. */
const swap = vi.hoisted(() => ({ on: [] as string[] }))
vi.mock('../../src/host/swap.js', () => ({ swapOnDisk: () => swap.on }))

vi.mock('../../src/reader/page-proof.js', async (original) => {
  const real = await original<typeof pageProof>()
  return {
    readPages: async (pdf: Uint8Array) => {
      const pages = await real.readPages(pdf)
      // A printer that smears one code: what is read is not what was meant.
      if ((spoil.read += 1) === spoil.page) pages[0] = [(pages[0]?.[0] ?? '').replace(/.$/, (last) => (last === 'Q' ? 'P' : 'Q'))]
      return pages
    },
  }
})
vi.mock('../../src/ceremony/record-page.js', async (original) => {
  const real = await original<typeof recordPage>()
  return {
    drawRecord: (...asked: Parameters<typeof real.drawRecord>) => {
      Object.assign(drawn, { started: asked[2].started.toISOString(), machine: asked[2].machine })
      if (spoil.record) throw new GlasskeyError('TEMPLATE_INVALID', 'template record.md has the placeholder {{sha265}}', 'Mend it.')
      return real.drawRecord(...asked)
    },
  }
})
vi.mock('../../src/paper/sheet.js', async (original) => {
  const real = await original<typeof sheetPage>()
  return {
    ...real,
    drawSheet: (...asked: Parameters<typeof real.drawSheet>) => {
      drawn.bags.push(asked[0].bag)
      return real.drawSheet(...asked)
    },
  }
})
vi.mock('shamir-secret-sharing', async (original) => {
  const real = await original<typeof shamir>()
  return {
    ...real,
    split: async (secret: Uint8Array, shares: number, threshold: number) => {
      const made = await real.split(secret, shares, threshold)
      if (spoil.share) made.at(-1)?.set([(made.at(-1)?.[0] ?? 0) ^ 1], 0)
      return made
    },
  }
})

const conductCeremony = (asked: CeremonyRequest): Promise<CeremonyResult> => conduct(asked, () => new ByFlag())

const ANSWERS: CustodyAnswers = {
  team: 'Cloud Platform',
  contact: 'Security desk',
  tenancy: 'ocid1.tenancy.oc1..aaaaaaaatenancy',
  user: 'ocid1.user.oc1..aaaaaaaauser',
  realm: 'oc1',
  homeRegion: 'eu-frankfurt-1',
  regions: ['eu-frankfurt-1', 'eu-amsterdam-1'],
  threshold: 2,
  custodians: ['Ada Lovelace', 'Βασίλης Παπαδόπουλος', 'Софья Ковалевская'],
  copies: 1,
  generations: 2,
  keySize: 2048,
  paper: 'A4',
  maximumHours: 4,
}

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'glasskey-ceremony-'))
  Object.assign(spoil, { page: -1, share: false, read: 0, record: false })
})
afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

function request(answers: Partial<CustodyAnswers> = {}, more: Partial<CeremonyRequest> = {}): CeremonyRequest {
  writeFileSync(join(directory, 'custody.yaml'), custodyYaml({ ...ANSWERS, ...answers }))
  return { config: join(directory, 'custody.yaml'), custody: join(directory, 'custody'), sheets: join(directory, 'sheets'), outbox: undefined, rehearsal: true, printer: undefined, rescan: [], keepSheets: false, roles: {}, signatures: {}, keys: { means: {}, passphraseFiles: {}, keyring: ownKeyring() }, ...more }
}

/** Nothing was made: no custody folder, no sheet, no left-over beside them. */
function expectNothing(): void {
  expect(readdirSync(directory).sort()).toEqual(['custody.yaml', 'sheets'])
  expect(readdirSync(join(directory, 'sheets'))).toEqual([])
}

describe('a first ceremony', () => {
  test('leaves a folder that verifies, a sheet for each custodian and generation, readable by their owner only', async () => {
    const result = await conductCeremony(request())
    expect(result.sheetFiles).toEqual([1, 2].flatMap((generation) => [1, 2, 3].map((custodian) => `generation-${generation}-custodian-${custodian}-copy-1.pdf`)))
    for (const name of result.sheetFiles) expect(statSync(join(directory, 'sheets', name)).mode & 0o777).toBe(0o600)
    const folder = readCustodyFolder(join(directory, 'custody'))
    const [first, second] = folder.generations.map(({ manifest }) => manifest)
    expect(first?.successor).toEqual({ keyId: second?.keyId, spkiSha256: second?.spkiSha256 })
    expect(second?.successor).toBeNull()
    expect(folder.logbook.lines.map(({ type }) => type)).toEqual(['ceremony'])
    expect(folder.standings.map(({ state, margin }) => [state, margin])).toEqual([['waiting', 1], ['waiting', 1]])
    expect(existsSync(result.record)).toBe(true)
    expect(readdirSync(directory).sort()).toEqual(['custody', 'custody.yaml', 'sheets'])
  })

  test('the bag of an earlier generation, as custody.yaml has it, is printed on no sheet: its line is filled in by hand', async () => {
    const asked = request()
    writeFileSync(join(directory, 'custody.yaml'), readFileSync(join(directory, 'custody.yaml'), 'utf8').replaceAll('bag: null', 'bag: "B-0001"'))
    drawn.bags = []
    await conductCeremony(asked)
    expect(drawn.bags).toEqual([null, null, null, null, null, null])
  })

  test('on a machine that swaps memory to a disk: the record of a rehearsal says so', async () => {
    swap.on = ['/dev/sda3']
    await conductCeremony(request())
    swap.on = []
    expect(drawn.machine).toContainEqual({ fact: 'Swap', found: 'memory may be swapped to /dev/sda3' })
  })

  test('one spoilt page, and nothing is released', async () => {
    spoil.page = 5
    await expect(conductCeremony(request())).rejects.toMatchObject({
      code: 'PAGE_NOT_PROVED',
      message: 'generation-2-custodian-2-copy-1.pdf, page 1: what a scanner reads is not what was meant (1 of 1 codes)',
    })
    expectNothing()
  })

  test('one spoilt share, and nothing is released', async () => {
    spoil.share = true
    await expect(conductCeremony(request())).rejects.toMatchObject({ code: 'SET_NOT_PROVED', message: 'the set of shares is spoilt: share 3 does not fit the others' })
    expectNothing()
  })

  test('a template that is wrong is found before a sheet is released, not when the sheets are in their bags', async () => {
    spoil.record = true
    await expect(conductCeremony(request())).rejects.toMatchObject({ code: 'TEMPLATE_INVALID' })
    expectNothing()
  })

  test('a disk that takes nothing in the end: no sheet is left of a set that is nowhere', async () => {
    // Where the folder is made before it gets its name, a file.
    writeFileSync(join(directory, `.custody.new-${process.pid}`), '')
    await expect(conductCeremony(request({}, { keepSheets: true }))).rejects.toMatchObject({ code: 'FILE_UNWRITABLE' })
    expectNothing()
  })

  test('a name in a script that cannot be printed is refused before anything is made', async () => {
    await expect(conductCeremony(request({ custodians: ['Ada Lovelace', 'سلمى'] }))).rejects.toMatchObject({ code: 'SCRIPT_UNSUPPORTED', message: expect.stringMatching(/^the name of custodian 2 cannot be printed: .*Arabic/) as string })
    expect(readdirSync(directory)).toEqual(['custody.yaml'])
  })

  test('a folder with anything in it is left alone', async () => {
    const asked = request()
    mkdirSync(join(directory, 'custody'))
    writeFileSync(join(directory, 'custody', 'notes.txt'), 'mine')
    await expect(conductCeremony(asked)).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' })
    expect(readFileSync(join(directory, 'custody', 'notes.txt'), 'utf8')).toBe('mine')
    expect(existsSync(join(directory, 'sheets'))).toBe(false)
  })

  test('a real ceremony refuses a machine with a network, by name of the interface', async () => {
    // This machine may have one or not: the refusal is tested where it can be, in test/host/air-gap.test.ts.
    const { lookForNetwork } = await import('../../src/host/air-gap.js')
    if (lookForNetwork().ways.length === 0) return
    await expect(conductCeremony(request({}, { rehearsal: false }))).rejects.toMatchObject({ code: 'NOT_AIR_GAPPED' })
    expect(readdirSync(directory)).toEqual(['custody.yaml'])
  })

  test('a place for sheets that will not do is refused before anybody is called together', async () => {
    writeFileSync(join(directory, 'a-file'), '')
    mkdirSync(join(directory, 'used'))
    writeFileSync(join(directory, 'used', 'other'), '')
    const convene = vi.fn(() => new ByFlag())
    await expect(conduct({ ...request(), sheets: join(directory, 'a-file') }, convene)).rejects.toMatchObject({ code: 'USAGE', message: `${join(directory, 'a-file')} is not a folder` })
    await expect(conduct({ ...request(), sheets: join(directory, 'used') }, convene)).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' })
    expect(convene).not.toHaveBeenCalled()
  })

  test('sheets in a folder on a disk are recorded, and never mixed with other files', () => {
    expect(sheetFolder(join(directory, 'new'))).toMatchObject({ inMemory: false, fact: 'a NAMED FOLDER ON A DISK: destroy it with the machine' })
    writeFileSync(join(directory, 'new', 'other'), '')
    expect(() => sheetFolder(join(directory, 'new'))).toThrow('is not empty; sheets are never mixed with other files')
    const memory = sheetFolder(undefined)
    expect(memory).toMatchObject({ inMemory: true, path: expect.stringMatching(/^\/dev\/shm\/glasskey-sheets-/) as string })
    rmSync(memory.path, { recursive: true })
  })
})

describe('a machine whose battery is dead says 2019, until people set its clock in step 3.5', () => {
  /** By flag, but for the clock. */
  class SetsTheClock extends ByFlag {
    override ask(question: Question): Promise<string> {
      if (question.text.startsWith('The tool\'s clock says')) vi.setSystemTime(TODAY)
      return super.ask(question)
    }
  }
  const TODAY = new Date('2026-11-27T09:00:00.000Z')
  const hold = (asked: CeremonyRequest): Promise<CeremonyResult> => conduct(asked, () => new SetsTheClock())
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2019-01-01T00:01:00.000Z') })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('keys, sheets and record are of the day', async () => {
    const { record, custody, papers } = await hold(request())
    for (const { manifest } of readCustodyFolder(custody).generations) expect(manifest.created).toBe(TODAY.toISOString())
    expect(papers).toEqual([])
    expect(readFileSync(record, 'latin1')).toContain('D:20261127')
    expect(drawn.started.slice(0, 10)).toBe('2026-11-27')
  })

  test('a custodian\'s key that has expired since 2019 is found at that step, before anything is made', async () => {
    const { publicKey } = await generateKey({ userIDs: [{ name: 'Ada' }], type: 'rsa', rsaBits: 2048, date: new Date('2018-01-01'), keyExpirationTime: 2 * 366 * 24 * 3600, format: 'object' })
    const asked = request()
    mkdirSync(join(directory, 'keys'))
    writeFileSync(join(directory, 'keys/ada.asc'), publicKey.armor())
    writeFileSync(join(directory, 'custody.yaml'), readFileSync(join(directory, 'custody.yaml'), 'utf8').replace('name: "Ada Lovelace"\n', '$&    openpgpKey: keys/ada.asc\n'))
    await expect(hold(asked)).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(/^the OpenPGP key of custodian 1 \(keys\/ada\.asc\): .*expired/) as string })
    expect(existsSync(join(directory, 'sheets'))).toBe(false)
  })
})

describe('a later ceremony', () => {
  test('writes an outbox that import verifies and appends; a second import is refused', async () => {
    await conductCeremony(request({ generations: 2 }))
    const custody = join(directory, 'custody')
    // Two wait already: none is needed. One is retired: one is.
    const later = { ...request({ generations: 2 }, { outbox: join(directory, 'outbox'), sheets: join(directory, 'sheets-2') }) }
    await expect(conductCeremony(later)).rejects.toMatchObject({ code: 'REFUSED', message: '2 generations are waiting already; no ceremony is needed' })
    const { LineFile } = await import('../../src/host/line-file.js')
    const { readLogbook } = await import('../../src/record/logbook.js')
    LineFile.open(join(custody, 'logbook.jsonl'), readLogbook, () => new Date()).append({ type: 'retired', generation: 2, reason: 'bag opened' } as never)
    const made = await conductCeremony(later)
    expect(made.generations.map(({ generation }) => generation)).toEqual([3])
    expect(readdirSync(join(custody, 'generations'))).toEqual(['1', '2'])

    // What a desktop leaves on a stick that somebody looked at.
    for (const stray of ['.DS_Store', '._3']) writeFileSync(join(directory, 'outbox/generations', stray), '')
    expect(await importOutbox(custody, join(directory, 'outbox'))).toMatchObject({ generations: [3], logbook: 3, custodyYamlDiffers: false })
    const folder = readCustodyFolder(custody)
    expect(folder.standings.map(({ state }) => state)).toEqual(['waiting', 'retired', 'waiting'])
    await expect(importOutbox(custody, join(directory, 'outbox'))).rejects.toMatchObject({ code: 'OUTPUT_EXISTS', message: 'this outbox was imported already: logbook entry 3' })
  })

  test('an outbox with an envelope that somebody changed is refused, and the folder stays as it was', async () => {
    await conductCeremony(request({ generations: 2 }))
    const custody = join(directory, 'custody')
    const { LineFile } = await import('../../src/host/line-file.js')
    const { readLogbook } = await import('../../src/record/logbook.js')
    LineFile.open(join(custody, 'logbook.jsonl'), readLogbook, () => new Date()).append({ type: 'retired', generation: 2, reason: 'bag opened' } as never)
    await conductCeremony(request({}, { outbox: join(directory, 'outbox'), sheets: join(directory, 'sheets-2') }))
    const envelope = join(directory, 'outbox/generations/3/envelope.pgp')
    const bytes = readFileSync(envelope)
    bytes[100] = (bytes[100] ?? 0) ^ 1
    writeFileSync(envelope, bytes)
    await expect(importOutbox(custody, join(directory, 'outbox'))).rejects.toMatchObject({ code: 'FOLDER_ALTERED' })
    expect(readdirSync(join(custody, 'generations'))).toEqual(['1', '2'])
  })
})

test('ceremony/custody.yaml is what init writes, with people in it', () => {
  const example = readFileSync(resolve(import.meta.dirname, '../../ceremony/custody.yaml'), 'utf8')
  expect(example).toBe(
    custodyYaml({
      ...ANSWERS,
      team: 'Cloud Platform, Example AG',
      contact: 'Security desk, +41 44 555 01 00, at any hour',
      tenancy: 'ocid1.tenancy.oc1..aaaaaaaaexampletenancyexampletenancyexampletenancyexample0000',
      user: 'ocid1.user.oc1..aaaaaaaaexampleuserexampleuserexampleuserexampleuserexample000000',
      threshold: 3,
      custodians: ['Ada Lovelace', 'Βασίλης Παπαδόπουλος', 'Софья Ковалевская', 'Grace Hopper', 'Katherine Johnson'],
      copies: 2,
      generations: 4,
      keySize: 4096,
    }),
  )
})
