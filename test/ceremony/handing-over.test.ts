/** Sheets on their way to their custodians: what is asked, what is said, and what is recorded. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { makeGenerations, type MadeGeneration } from '../../src/ceremony/generations.js'
import { HandingOver, type Handing } from '../../src/ceremony/handing-over.js'
import { Aside, type People, type Question } from '../../src/ceremony/people.js'
import { Performance } from '../../src/ceremony/performance.js'
import type { ReadAgain } from '../../src/ceremony/scan-again.js'
import { scriptFor, type Step } from '../../src/ceremony/script.js'
import { sheetName, type Sheet } from '../../src/ceremony/sheets.js'
import { TranscriptWriter } from '../../src/ceremony/transcript-writer.js'
import { parseCustodyYaml } from '../../src/custody/custody-yaml.js'
import { manifestDigest } from '../../src/custody/manifest.js'
import { GlasskeyError } from '../../src/errors.js'
import { toParts } from '../../src/custody/paper-parts.js'
import { readTranscript } from '../../src/record/transcript.js'
import type { Typed } from '../../src/host/typed-share.js'
import { sliceBytes } from '../../src/paper/envelope-slices.js'

const custody = { ...parseCustodyYaml(readFileSync(resolve(import.meta.dirname, '../../ceremony/custody.yaml'), 'utf8')), keySize: 2048 as const }
const NOW = new Date('2026-11-20T09:00:00.000Z')
let made: MadeGeneration[]
beforeAll(async () => {
  made = await makeGenerations({ custody, rehearsal: true, first: 1, count: 1, previousManifestSha256: null, now: NOW, onMade: () => undefined })
})

let directory: string
let said: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'glasskey-handing-'))
  said = ''
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text)
    return true
  })
})
afterEach(() => {
  vi.restoreAllMocks()
  rmSync(directory, { recursive: true })
  for (const outside of ['scan.pdf', 'link.pdf']) rmSync(`${directory}-${outside}`, { force: true })
})

/** People who give these answers in order, and type these shares. `heard` is every question, and what was wrong with an answer. */
function answering(answers: string[], typed: Typed[] = []): { people: People; heard: string[] } {
  const heard: string[] = []
  const never = (): never => {
    throw new Error('nobody is asked that here')
  }
  const ask = ({ text, check }: Question): Promise<string> => {
    heard.push(text)
    for (;;) {
      const answer = answers.shift()
      if (answer === undefined) throw new Error(`nobody answers: ${text}`)
      const wrong = check?.(answer) ?? null
      if (wrong === null) return Promise.resolve(answer)
      heard.push(wrong)
    }
  }
  const nothing = (): void => undefined
  return {
    heard,
    people: {
      conduct: 'dialogue', did: 'confirmed', stop: new AbortController().signal, begin: nothing, act: nothing, step: nothing, found: nothing, ask,
      enter: () => Promise.resolve(), typeShare: () => Promise.resolve(typed.shift() ?? 'nothing'),
      judge: never, mend: never, writeAgain: never, exception: never, pause: never,
    },
  }
}

/** A ceremony whose sheets were made and released to these custodians; nothing else of it was done. */
function ceremony(people: People, released: readonly number[]): Performance {
  const { tenancy, user, threshold, custodians } = custody
  const plan = { custody, rehearsal: true, first: 1, count: made.length, previousManifestSha256: null }
  const script = scriptFor(plan)
  const digest = '0'.repeat(64)
  const transcript = TranscriptWriter.inMemory({ type: 'ceremony-opened', format: 1, rehearsal: true, conduct: 'dialogue', codeName: script.codeName, scriptVersion: script.version, scriptSha256: script.sha256, plan: [{ number: '1.1', step: 'room.clock' }], tenancy, user, threshold, custodians: custodians.length, generations: made.map(({ manifest }) => manifest.generation), rulesSha256: digest, previousManifestSha256: null, tool: 'glasskey test', toolSha256: digest, node: process.version }, () => NOW)
  for (const { manifest } of made) transcript.add({ type: 'made', generation: manifest.generation, keyId: manifest.keyId, spkiSha256: manifest.spkiSha256, fingerprint: manifest.fingerprint, manifestSha256: manifestDigest(manifest), envelopeSha256: manifest.envelopeSha256 })
  for (const custodian of released) transcript.add({ type: 'released', custodian, sheets: made.length, to: 'nobody' })
  return new Performance(people, transcript, script, () => NOW)
}

function handing(more: Partial<Handing> = {}): HandingOver {
  const nothing: Handing['source'] = () => {
    throw new Error('nothing is scanned here')
  }
  return new HandingOver({ custodians: custody.custodians, made, sheets: [], folder: { path: directory, fact: 'a test', inMemory: true }, printer: undefined, rescan: [], source: nothing, rehearsal: true, keepSheets: false, ...more })
}

/** The only step of this plan, as a custodian's. */
const at = (custodian: number): Step => ({ number: '1.1', id: 'room.clock', who: 'custodian', minutes: 1, text: '', before: null, record: null, custodian, generation: null })
const share = (custodian: number): string => made[0]?.shareTexts[custodian - 1] ?? ''

test('a share is typed after the word for it, by whoever covers what is typed; typed at the question it is refused', async () => {
  const { people, heard } = answering([share(1), 'type', 'type', 'type'], ['nothing', { wrongSheet: new GlasskeyError('SHARE_PRACTICE', 'this is a practice sheet', 'Bring a real one.') }, { text: share(1) }])
  const performance = ceremony(people, [1])
  expect(await handing().scan(performance, at(1))).toBe('all shares read again, as they were made; no envelope yet of GENERATION 1')
  expect(heard[0]).toBe('Scans of GENERATION 1 (files, camera, or type: a share from paper); skip leaves it to others')
  expect(heard[1]).toBe('A share that is typed here stays on the screen: clear it away before anybody else looks. Answer type, and it is covered while it is typed.')
  expect(said).toBe(`      typed: this is a practice sheet. Bring a real one.\n      The share of custodian 1, ${custody.custodians[0]?.name ?? ''}, GENERATION 1 is as it was made.\n`)
  expect(performance.transcript.conduct.scanned).toMatchObject([{ custodian: 1, generation: 1, from: 'typed', envelope: false }])
})

const envelope = (): ReadAgain[] => made.flatMap(({ manifest, envelope: bytes }) => toParts('GKE1', manifest.keyId, bytes, sliceBytes(bytes.length)).map((text) => ({ where: 'scan.png, page 2', text, typed: false })))
const page = (custodian: number): ReadAgain => ({ where: 'scan.png, page 1', text: share(custodian), typed: false })
async function* scans(read: readonly ReadAgain[]): AsyncGenerator<ReadAgain> {
  for (const one of await Promise.resolve(read)) yield one
}
const source: Handing['source'] = (answer) => scans(answer.split(' ').flatMap((word) => (word === 'page-2' ? envelope() : page(Number(word)))))

describe('page 2', () => {
  const WITHOUT = 'all shares read again, as they were made; no envelope yet of GENERATION 1'
  const WHOLE = 'all shares read again, as they were made, and one envelope of each generation'

  test('is asked of the custodian with whom the threshold is reached, before a bag is sealed', async () => {
    const { people, heard } = answering(['1', '2', '3', 'skip', 'type', 'page-2'])
    const performance = ceremony(people, [1, 2, 3])
    const over = handing({ source })
    expect([await over.scan(performance, at(1)), await over.scan(performance, at(2)), await over.scan(performance, at(3))]).toEqual([WITHOUT, WITHOUT, WHOLE])
    expect(heard.slice(3)).toEqual([
      'Page 2 of GENERATION 1, which no sheet has shown yet (files, or camera)',
      'Page 2 of GENERATION 1 was read from no sheet yet, and yours go into their bags next: show it now; or type d.',
      'Page 2 is not typed: scan it, or show it to a camera.',
    ])
    expect(said).toContain('      The envelope of GENERATION 1, page 2, is as it was made.\n')
    expect(over.missing(performance)).toEqual([])
  })

  test('that came back early is asked of nobody', async () => {
    const { people, heard } = answering(['1 page-2', '2', '3'])
    const performance = ceremony(people, [1, 2, 3])
    const over = handing({ source })
    for (const custodian of [1, 2, 3]) expect(await over.scan(performance, at(custodian))).toBe(WHOLE)
    expect(heard).toHaveLength(3)
  })

  test('after an exception it may be left to others; the last custodian is asked for it all the same', async () => {
    const { people, heard } = answering(['1', '2', '3', 'skip', 'skip', '5', 'page-2'])
    const performance = ceremony(people, [1, 2, 3, 4, 5])
    const over = handing({ source })
    await over.scan(performance, at(1))
    await over.scan(performance, at(2))
    await except(performance)
    expect(await over.scan(performance, at(3))).toBe(WITHOUT)
    expect(heard.at(-1)).toBe('Page 2 of GENERATION 1, which no sheet has shown yet (files, or camera); skip leaves it to others')
    expect(await over.scan(performance, at(4))).toBe('left to others')
    await performance.add({ type: 'step', number: '1.1', step: 'room.clock', did: 'confirmed', value: null, began: NOW.toISOString(), seconds: 1 })
    expect(await over.scan(performance, at(5))).toBe(WHOLE)
    expect(heard.slice(-2)).toEqual(['Scans of GENERATION 1 (files, camera, or type: a share from paper)', 'Page 2 of GENERATION 1, which no sheet has shown yet (files, or camera)'])
  })
})

/** An exception at the step that is next. */
async function except(performance: Performance): Promise<void> {
  await performance.add({ type: 'exception', exception: performance.transcript.conduct.exceptions.length + 1, number: '1.1', step: 'room.clock', expected: 'one', happened: 'other', decision: 'none', decidedBy: 'Joan Clarke' })
}

describe('a file that was drawn is no scan of its paper', () => {
  const sheet = (): Sheet => ({ name: 'sheet.pdf', generation: 1, custodian: custody.custodians[0] ?? expect.fail(), copy: 1, bag: null, pdf: new TextEncoder().encode('%PDF-drawn') })
  const drawn = (): string => {
    writeFileSync(join(directory, 'sheet.pdf'), sheet().pdf)
    return join(directory, 'sheet.pdf')
  }
  const elsewhere = (more = ''): string => {
    const path = `${directory}-scan.pdf`
    writeFileSync(path, Buffer.concat([sheet().pdf, Buffer.from(more)]))
    return path
  }
  const recorded = async (path: string, rehearsal: boolean): Promise<string[]> => {
    const performance = ceremony(answering([]).people, [1])
    await handing({ source: () => scans([page(1)]), sheets: [sheet()], rehearsal }).read(performance, path, 1)
    return performance.transcript.conduct.scanned.map(({ from }) => from)
  }

  test('where it lies, by a link, and as a copy: refused in a real ceremony', async () => {
    const link = `${directory}-link.pdf`
    symlinkSync(drawn(), link)
    for (const path of [drawn(), link, elsewhere()]) {
      said = ''
      expect(await recorded(path, false)).toEqual([])
      expect(said).toBe(`      ${path}: that is the file, not a scan of the paper.\n`)
    }
    expect(await recorded(elsewhere('% scanned'), false)).toEqual(['paper'])
  })

  test('in a rehearsal it counts, and stands in the record as what it is', async () => {
    expect(await recorded(drawn(), true)).toEqual(['drawn pages'])
    expect(said).toContain(`      ${drawn()}: that is the file, not a scan of the paper; the record will say so.\n`)
  })
})

describe('after an exception', () => {
  const sheets = (): Sheet[] => [1, 2].map((copy) => ({ name: sheetName(1, 1, copy), generation: 1, custodian: custody.custodians[0] ?? expect.fail(), copy, bag: null, pdf: new TextEncoder().encode('%PDF-x') }))

  test('a sheet that the printer has eaten needs no bag, and no number is made up for it', async () => {
    const { people, heard } = answering(['none', 'B-1', 'B-1', 'B-2'])
    const performance = ceremony(people, [1])
    expect(await handing({ sheets: sheets() }).bag(performance, 1)).toBe('B-1, B-2')
    expect(heard.slice(0, 2)).toEqual(['Bag number of GENERATION 1, copy 1', 'Each sheet goes into a bag, and each bag has a number. If this one goes into none, type d.'])
    const other = answering(['B-1', 'none'])
    const jammed = ceremony(other.people, [1])
    await except(jammed)
    expect(await handing({ sheets: sheets() }).bag(jammed, 1)).toBe('B-1, none')
    expect(other.heard).toEqual(['Bag number of GENERATION 1, copy 1; none: it is in no bag', 'Bag number of GENERATION 1, copy 2; none: it is in no bag'])
    expect(jammed.transcript.conduct.bagged).toMatchObject([{ copy: 1, bag: 'B-1' }])
  })
})

describe('a place that takes nothing for a moment', () => {
  test('keeps nothing from being released, recorded and removed: people put it back, and it goes on', async () => {
    const sheets: Sheet[] = [{ name: sheetName(1, 1, 1), generation: 1, custodian: custody.custodians[0] ?? expect.fail(), copy: 1, bag: null, pdf: new TextEncoder().encode('%PDF-x') }]
    const away = `${directory}-away`
    const { people } = answering(['B-1'])
    let failures = 0
    const performance = ceremony({ ...people, writeAgain: ({ code, message }) => {
      expect([code, message]).toEqual(['FILE_UNWRITABLE', expect.stringContaining(directory)])
      failures += 1
      renameSync(away, directory)
      return Promise.resolve()
    } }, [])
    const over = handing({ sheets })
    renameSync(directory, away)
    await over.release(performance, 1)
    expect([failures, readdirSync(directory)]).toEqual([1, [sheetName(1, 1, 1)]])
    renameSync(directory, away)
    await over.bag(performance, 1)
    expect([failures, readdirSync(directory)]).toEqual([2, []])
  })

  test('nor does a transcript whose stick is bumped', async () => {
    const { people } = answering([])
    const [stick, away] = [join(directory, 'stick'), join(directory, 'away')]
    mkdirSync(stick)
    const { transcript: { conduct: { opened } }, script } = ceremony(people, [])
    const path = join(stick, 'transcript.jsonl')
    const transcript = TranscriptWriter.onDisk(path, opened, () => NOW)
    renameSync(stick, away)
    let failures = 0
    const performance = new Performance({ ...people, writeAgain: () => {
      failures += 1
      if (failures === 2) renameSync(away, stick)
      return Promise.resolve()
    } }, transcript, script, () => NOW)
    await performance.add({ type: 'break', number: '1.1', began: NOW.toISOString(), reason: 'an elbow', back: 7 })
    expect(failures).toBe(2)
    expect(readTranscript(readFileSync(path, 'utf8')).chain.lines.map(({ type }) => type)).toEqual(['ceremony-opened', 'break'])
    // What is out of order is no matter of a disk.
    await expect(performance.add({ type: 'scanned', custodian: 1, generation: 1, from: 'paper', envelope: false })).rejects.toMatchObject({ code: 'STEP_OUT_OF_ORDER' })
    expect(failures).toBe(2)
  })
})

test('a transcript takes no line with the code of a sheet in it, whoever asks', () => {
  const { transcript } = ceremony(answering([]).people, [1])
  expect(() => {
    transcript.add({ type: 'bagged', custodian: 1, generation: 1, copy: 1, bag: share(1) })
  }).toThrow(expect.objectContaining({ code: 'REFUSED', message: 'a line of the transcript (bagged) has the code of a sheet in it' }) as Error)
  expect(transcript.conduct.bagged).toEqual([])
})

describe('a printer', () => {
  const sheets = (custodian: number): Sheet[] => custody.custodians.filter(({ number }) => number === custodian).flatMap((one) => [1, 2].map((copy) => ({ name: sheetName(1, custodian, copy), generation: 1, custodian: one, copy, bag: null, pdf: new TextEncoder().encode('%PDF-x') })))
  /** Stand-ins for the programs of CUPS: `lp` notes what it takes, and says no where there is a file `broken`. */
  function cups(): Pick<Handing, 'printer' | 'spooler' | 'sheets'> {
    for (const [program, script] of [['lp', `cat > /dev/null; test -e ${directory}/broken && exit 1; echo "$4" >> ${directory}/taken; echo "request id is paper-$(wc -l < ${directory}/taken) (1 file(s))"`], ['lpstat', `test -e ${directory}/stopped && echo "printer paper disabled"; true`], ['cancel', `test -e ${directory}/broken && echo no >&2 && exit 1; echo "$@" >> ${directory}/cancelled`]] as const) {
      writeFileSync(join(directory, program), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    }
    return { printer: 'paper', spooler: { path: `${directory}:/usr/bin:/bin`, patienceMs: 10_000 }, sheets: sheets(1) }
  }
  const taken = (): string[] => readFileSync(join(directory, 'taken'), 'utf8').trimEnd().split('\n')
  const flag = (name: string, set: boolean): void => {
    if (set) writeFileSync(join(directory, name), '')
    else rmSync(join(directory, name))
  }
  const BOTH = [sheetName(1, 1, 1), sheetName(1, 1, 2)]

  test('that is stopped has the sheet in its queue: tried again, and after an exception, each is sent once', async () => {
    const over = handing(cups())
    const { people } = answering([])
    const performance = ceremony(people, [])
    flag('stopped', true)
    people.ask = () => Promise.reject(new Aside('exception'))
    await expect(over.release(performance, 1)).rejects.toBeInstanceOf(Aside)
    people.ask = ({ text }) => {
      expect(text).toBe('Enter tries again, and sends nothing twice; file releases the files instead')
      flag('stopped', false)
      return Promise.resolve('')
    }
    expect(await over.release(performance, 1)).toBe('2 sheets to printer paper')
    expect(taken()).toEqual(BOTH)
    expect(said).toContain(`      printer paper is stopped; "${sheetName(1, 1, 1)}" waits in its queue.\n      lpstat -o paper shows what waits there, cancel NUMBER takes it out, cupsenable paper starts a printer that is stopped.\n`)
  })

  test('is asked to forget what it took, and only then; where it does not, people are told', async () => {
    const over = handing(cups())
    const cancelled = (): string => readFileSync(join(directory, 'cancelled'), 'utf8')
    expect(await over.forgetPrinted()).toBeNull()
    expect(existsSync(join(directory, 'cancelled'))).toBe(false)
    await over.release(ceremony(answering([]).people, []), 1)
    flag('broken', true)
    expect(await over.forgetPrinted()).toBe('printer paper may keep what it printed: no. As its administrator: cancel -a -x paper; /var/spool/cups is where it would lie')
    flag('broken', false)
    // Once: asked again, CUPS would not know them any more.
    expect([await over.forgetPrinted(), await over.forgetPrinted()]).toEqual([null, null])
    expect(cancelled()).toBe('-x paper-1\n-x paper-2\n')
  })

  test('that took nothing is sent it again', async () => {
    const over = handing(cups())
    const { people } = answering([])
    flag('broken', true)
    people.ask = () => {
      flag('broken', false)
      return Promise.resolve('')
    }
    await over.release(ceremony(people, []), 1)
    expect(taken()).toEqual(BOTH)
  })

  test('prints a spoilt sheet once more, by an exception, and that one alone', async () => {
    const over = handing({ ...cups(), source })
    const { people, heard } = answering(['again', '3', '2', '1'])
    const performance = ceremony({ ...people, exception: (_number, _step, { expected, happened }) => Promise.resolve({ expected, happened: happened ?? '', decision: 'print it again', decidedBy: 'Joan Clarke' }) }, [])
    await over.release(performance, 1)
    await over.scan(performance, at(1))
    expect(taken()).toEqual([...BOTH, BOTH[1]])
    expect(heard).toEqual([
      'Scans of GENERATION 1 (files, camera, or type: a share from paper); skip leaves it to others; again prints a spoilt sheet once more',
      'Number of the sheet that is spoilt',
      'A number from 1 to 2.',
      'Scans of GENERATION 1 (files, camera, or type: a share from paper); skip leaves it to others; again prints a spoilt sheet once more',
    ])
    expect(performance.transcript.conduct.exceptions).toMatchObject([{ expected: 'each sheet is printed once', happened: 'GENERATION 1, copy 2, is spoilt and is printed again', decidedBy: 'Joan Clarke' }])
    expect(said).toContain('      1: GENERATION 1, copy 1\n      2: GENERATION 1, copy 2\n')
    expect(said).toContain('      Shred the spoilt one now, before everybody: what is left of it may open something.')
    // CUPS forgets all three.
    expect(await over.forgetPrinted()).toBeNull()
    expect(readFileSync(join(directory, 'cancelled'), 'utf8')).toBe('-x paper-1\n-x paper-2\n-x paper-3\n')
  })

  test('files in its place: what it has taken already is named', async () => {
    const over = handing(cups())
    flag('stopped', true)
    expect(await over.release(ceremony(answering(['file']).people, []), 1)).toBe('2 sheets as files in a test: printer paper failed')
    expect(said).toContain(`      Printer paper has taken ${sheetName(1, 1, 1)}: what still waits there is printed too, unless you cancel it.\n`)
    for (const name of BOTH) expect(existsSync(join(directory, name))).toBe(true)
  })
})
