/** Real sheets read where there is a network: each is in the logbook when it is seen. */
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { checkSheets } from '../../src/commands/check-sheets.js'
import type { JudgedShare } from '../../src/ceremony/judge-sheets.js'
import { SeenOnline } from '../../src/commands/seen-online.js'
import { inspectShare, type InspectArguments } from '../../src/commands/share-inspect.js'
import type * as airGap from '../../src/host/air-gap.js'
import { readCustodyFolder } from '../../src/host/custody-folder.js'
import { takeLock } from '../../src/host/lock.js'
import { places } from '../../src/host/sealed-folder.js'
import type { LogbookEntry } from '../../src/record/logbook.js'
import { realSet, type RealSet } from '../attacks/real-set.js'
import { refusalOf } from '../vectors/refusal.js'

vi.mock('../../src/host/air-gap.js', async (original) => ({ ...(await original<typeof airGap>()), lookForNetwork: () => ({ ways: ['interface eth0 has a carrier'], looked: '' }) }))

let set: RealSet
beforeAll(async () => {
  set = await realSet()
})
afterAll(() => {
  set.end()
})

/** A copy of its folder, for one test. */
let custody: string
let said: string
beforeEach(() => {
  custody = join(mkdtempSync(join(set.directory, 'copy-')), 'custody')
  cpSync(set.custody, custody, { recursive: true })
  said = ''
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text)
    return true
  })
})
afterEach(() => {
  vi.restoreAllMocks()
})

/** A file with the shares of these custodians of GENERATION 2. */
function sheets(...custodians: number[]): string {
  const path = join(set.directory, `typed-${custodians.join('-')}`)
  writeFileSync(path, custodians.map((custodian) => set.shareTexts(2)[custodian - 1] ?? '').join('\n'))
  return path
}

const inspect = (shareFile: string[], more: Partial<InspectArguments> = {}): ReturnType<typeof inspectShare> =>
  inspectShare({
    scan: [], browser: undefined, shareFile, type: false, custody, rehearsal: false, record: undefined, online: 'the quiet machine is broken', decidedBy: 'Owner', json: undefined,
    custodian: 2, copy: 1, generations: undefined, bag: 'B-0142', newBag: 'B-0143', condition: 'intact', witness: 'W. Witness', note: undefined, out: undefined, printer: undefined,
    custodianKey: undefined, passphraseFile: undefined, gnupgHome: undefined,
    ...more,
  })

/** What the logbook has since the takeover. */
function entries(): LogbookEntry[] {
  return readCustodyFolder(custody).logbook.lines.slice(2)
}
const EXCEPTION = { type: 'exception', happened: 'a real sheet is to be read on a machine with a network (interface eth0 has a carrier)', decidedBy: 'Owner' }
const SEEN = { type: 'inspected', custodian: 2, copy: 1, bag: 'B-0142', newBag: 'B-0143', condition: 'intact', seenOnline: [2] }

test('where nobody accepts the network, each command names what it has itself', async () => {
  const bag = 'Unplug it and switch radios off; or leave the sheet in its bag and inspect the bag: glasskey share inspect --record.'
  expect(await refusalOf(() => inspect([sheets(2)], { online: undefined }))).toMatchObject({ code: 'NOT_AIR_GAPPED', hint: `${bag} Practice sheets: --rehearsal. To accept it, as an exception in the logbook: --online "WHY".` })
  expect(await refusalOf(() => checkSheets({ custody, scan: [], shareFile: [sheets(2)], generation: [] }))).toMatchObject({ code: 'NOT_AIR_GAPPED', hint: `${bag} One bag's sheets may be read by an exception in the logbook: glasskey share inspect --online "WHY".` })
})

test('the share that was read counts as seen', async () => {
  expect((await inspect([sheets(2)])).json).toMatchObject({ inspection: { logbook: 4 } })
  expect(entries()).toMatchObject([EXCEPTION, SEEN])
  expect(said).toContain('Exception, logbook entry 3. Every share that is read now counts as seen')
})

test('a bag that is not the one of custody.yaml, a copy that there is not, words that no entry takes: refused before anything is read or written', async () => {
  const yaml = places.custody(custody)
  writeFileSync(yaml, readFileSync(yaml, 'utf8').replaceAll('bag: null', 'bag: B-0200'))
  expect((await refusalOf(() => inspect([sheets(2)]))).message).toBe('custody.yaml says bag B-0200 for custodian 2, copy 1, and the bag bears B-0142')
  expect((await refusalOf(() => inspect([sheets(2)], { copy: 7 }))).message).toBe('custodian 2 has no copy 7')
  expect((await refusalOf(() => inspect([sheets(2)], { bag: 'B-0200', note: 'x\u0007' }))).message).toContain('must be one line without control characters')
  expect(entries()).toEqual([])
})

test('a folder that is in use: nothing is read', async () => {
  const release = takeLock(places.lock(custody), 'a session', new Date())
  expect(await refusalOf(() => inspect([sheets(2)]))).toMatchObject({ code: 'CUSTODY_LOCKED' })
  release()
  expect(entries()).toEqual([])
})

test('sheets of two generations: each has an entry when it is seen, and the last names both', async () => {
  const path = join(set.directory, 'typed-two')
  writeFileSync(path, [2, 3].map((generation) => set.shareTexts(generation)[1] ?? '').join('\n'))
  const { json, text } = await inspect([path])
  expect(json).toMatchObject({ inspection: { logbook: 5 } })
  // The paper book has each of them.
  expect(text).toMatch(/Write into the paper book: number 4, SHA-256 [0-9a-f]{64}; number 5, SHA-256 [0-9a-f]{64}$/)
  expect(entries()).toMatchObject([EXCEPTION, SEEN, { ...SEEN, seenOnline: [2, 3] }])
})

test('a reading that fails in the middle: what was seen until then is written', async () => {
  const large = join(set.directory, 'large')
  writeFileSync(large, 'Q'.repeat(1_100_000))
  expect(await refusalOf(() => inspect([sheets(2), large]))).toMatchObject({ code: 'FILE_UNREADABLE' })
  expect(entries()).toMatchObject([EXCEPTION, SEEN])
})

test('a file that is not there: no exception is entered for a reading that cannot be', async () => {
  expect(await refusalOf(() => inspect([sheets(2), join(set.directory, 'nothing')]))).toMatchObject({ code: 'FILE_MISSING' })
  expect(await refusalOf(() => inspect([sheets(2)], { custodianKey: [`2=${join(set.directory, 'nothing')}`] }))).toMatchObject({ code: 'FILE_MISSING' })
  expect(entries()).toEqual([])
})

test('a sealed sheet that nobody opened was not seen', () => {
  const bag = { custodian: 2, copy: 1, bag: 'B-0142', newBag: 'B-0143', condition: 'intact', witness: 'W. Witness' } as const
  const exception = { type: 'exception', step: 'share inspect', happened: 'a reading', decision: 'yes', decidedBy: 'Owner', witness: 'W. Witness' } as const
  const seen = new SeenOnline(readCustodyFolder(custody), { ...bag, custody, generations: undefined, note: undefined, out: undefined, printer: undefined } as never, bag, exception)
  const sheet = { promised: true, rehearsal: false, custodian: 2, generation: 2 }
  seen.see({ ...sheet, sealedTo: 'A'.repeat(40) } as JudgedShare)
  expect(entries()).toHaveLength(1)
  seen.see({ ...sheet, sealedTo: null } as JudgedShare)
  seen.close()
  expect(entries()).toMatchObject([{ type: 'exception' }, { type: 'inspected', custodian: 2, seenOnline: [2] }])
})

test('sheets of two custodians: each has an entry, and the stranger among them is in doubt', async () => {
  expect(await refusalOf(() => inspect([sheets(2, 3)]))).toMatchObject({
    code: 'USAGE',
    message: 'sheets of custodian 3 were among those of custodian 2, whose bag this is',
    hint: 'They were read, and are in the logbook as seen. Inspect one bag at a time; glasskey check sheets looks at many sheets.',
  })
  expect(entries()).toMatchObject([EXCEPTION, SEEN, { type: 'inspected', custodian: 3, copy: 1, generations: [2], condition: 'doubtful', seenOnline: [2], note: 'read with the sheets of custodian 2; which copy it is was not said' }])
  expect(readCustodyFolder(custody).standings.find(({ generation }) => generation === 2)).toMatchObject({ state: 'exposed' })
})

test('killed while sheets are read: what was seen is written by then, and once', async () => {
  // The shares of the file were judged when standard input is opened, where nothing comes.
  const judged = new Promise<LogbookEntry[]>((done) => {
    vi.spyOn(process.stdin, 'on').mockImplementation(() => {
      done(entries())
      return process.stdin
    })
  })
  inspect([sheets(2), sheets(2), '-']).catch(() => undefined)
  expect(await judged).toMatchObject([EXCEPTION, SEEN])
})
