/** Sheets on their way to their custodians: what is asked, what is said, and what is recorded. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { makeGenerations, type MadeGeneration } from '../../src/ceremony/generations.js'
import { HandingOver, type Handing } from '../../src/ceremony/handing-over.js'
import { Aside, type People, type Question } from '../../src/ceremony/people.js'
import { Performance } from '../../src/ceremony/performance.js'
import { scriptFor } from '../../src/ceremony/script.js'
import { sheetName, type Sheet } from '../../src/ceremony/sheets.js'
import { TranscriptWriter } from '../../src/ceremony/transcript-writer.js'
import { parseCustodyYaml } from '../../src/custody/custody-yaml.js'
import { manifestDigest } from '../../src/custody/manifest.js'
import { GlasskeyError } from '../../src/errors.js'
import type { Typed } from '../../src/host/typed-share.js'

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
      conduct: 'dialogue', did: 'confirmed', begin: nothing, act: nothing, step: nothing, found: nothing, ask,
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
  return new HandingOver({ custodians: custody.custodians, made, sheets: [], folder: { path: directory, fact: 'a test', inMemory: true }, printer: undefined, rescan: [], source: nothing, keepSheets: false, ...more })
}

const share = (custodian: number): string => made[0]?.shareTexts[custodian - 1] ?? ''

test('a share is typed after the word for it, by whoever covers what is typed; typed at the question it is refused', async () => {
  const { people, heard } = answering([share(1), 'type', 'type', 'type'], ['nothing', { wrongSheet: new GlasskeyError('SHARE_PRACTICE', 'this is a practice sheet', 'Bring a real one.') }, { text: share(1) }])
  const performance = ceremony(people, [1])
  expect(await handing().scan(performance, 1)).toBe('all read again, as they were made')
  expect(heard[0]).toBe('Scans of GENERATION 1 (files, camera, or type: a share from paper); skip leaves it to others')
  expect(heard[1]).toBe('A share that is typed here stays on the screen: clear it away before anybody else looks. Answer type, and it is covered while it is typed.')
  expect(said).toBe(`      typed: this is a practice sheet. Bring a real one.\n      The share of custodian 1, ${custody.custodians[0]?.name ?? ''}, GENERATION 1 is as it was made.\n`)
  expect(performance.transcript.conduct.scanned).toMatchObject([{ custodian: 1, generation: 1, from: 'typed', envelope: false }])
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

  test('files in its place: what it has taken already is named', async () => {
    const over = handing(cups())
    flag('stopped', true)
    expect(await over.release(ceremony(answering(['file']).people, []), 1)).toBe('2 sheets')
    expect(said).toContain(`      Printer paper has taken ${sheetName(1, 1, 1)}: what still waits there is printed too, unless you cancel it.\n`)
    for (const name of BOTH) expect(existsSync(join(directory, name))).toBe(true)
  })
})
