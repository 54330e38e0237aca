/** Journal lines that their own disk did not take: kept in another place, and brought back once, in their order, or not at all. */
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { KeptLines, putBack, putBackFrom } from '../../src/breakglass/kept-lines.js'
import { journalOf, SESSIONS } from '../vectors/frozen.js'
import { refusal } from '../vectors/refusal.js'

const { texts } = journalOf(SESSIONS[0])
const HAD = 20
const asText = (lines: readonly string[]): string => lines.map((line) => line + '\n').join('')

let directory: string
let journal: string
let said: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'glasskey-test-'))
  mkdirSync(join(directory, 'NO NAME'))
  journal = join(directory, 'NO NAME', 'journal.jsonl')
  writeFileSync(journal, asText(texts.slice(0, HAD)))
  said = ''
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text)
    return true
  })
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  rmSync(directory, { recursive: true })
})

const whole = asText(texts)
const now = (): string => readFileSync(journal, 'utf8')

describe('put back', () => {
  test('once, and again: the second time nothing is missing', () => {
    for (let times = 0; times < 2; times += 1) {
      putBack(journal, texts.slice(HAD))
      expect(now()).toBe(whole)
    }
  })

  test.each([1, 5, HAD])('where the journal has the first %i of them already', (both) => {
    putBack(journal, texts.slice(HAD - both))
    expect(now()).toBe(whole)
  })

  test('where the journal has them and has gone on', () => {
    writeFileSync(journal, whole)
    putBack(journal, texts.slice(3, 7))
    expect(now()).toBe(whole)
  })

  test.each([
    ['half of the first one', (texts[HAD] ?? '').slice(0, 40)],
    ['what the disk made of it', '\0\0\0\uFFFD'],
  ])('behind a torn end, %s, which is kept aside', (_, torn) => {
    appendFileSync(journal, torn)
    putBack(journal, texts.slice(HAD))
    expect(now()).toBe(whole)
    const [aside = ''] = readdirSync(dirname(journal)).filter((name) => name.startsWith('journal.jsonl.torn-'))
    expect(readFileSync(join(dirname(journal), aside), 'utf8')).toBe(torn)
  })

  test.each<[string, () => readonly string[]]>([
    ['a line among them is missing', () => texts.filter((_, at) => at >= HAD && at !== HAD + 2)],
    ['two are in the wrong order', () => [texts[HAD + 1] ?? '', texts[HAD] ?? '', ...texts.slice(HAD + 2)]],
    ['one was changed', () => texts.slice(HAD).map((text, at) => (at === 3 ? text.replace('"at":"2026', '"at":"2025') : text))],
    ['the last is cut short', () => [...texts.slice(HAD, -1), (texts.at(-1) ?? '').slice(0, -9)]],
    ['one that the journal has is another', () => [(texts[HAD - 1] ?? '').replace('"at":"2026', '"at":"2025'), ...texts.slice(HAD)]],
    ['they are of another session', () => journalOf(SESSIONS[1]).texts],
    ['they are no lines', () => ['{}', 'null', '']],
    ['there are none', () => []],
  ])('not where %s; the journal stays as it was', (_, lines) => {
    const before = now()
    expect(refusal(() => { putBack(journal, lines()) })).toMatchObject({
      code: 'CHAIN_BROKEN',
      message: `the kept lines do not follow ${journal}: they are of another session, not whole, or somebody has gone on without them`,
      hint: 'Keep their file with the evidence, and leave --kept-lines away.',
    })
    expect(now()).toBe(before)
  })

  test('not where the journal has lost what is between: nobody is told to go on without them', () => {
    const before = now()
    const told = (from: number): unknown => refusal(() => { putBack(journal, texts.slice(from)) })
    expect(told(HAD + 1)).toMatchObject({ code: 'CHAIN_BROKEN', message: `${journal} ends with line ${HAD}, and the kept lines begin with ${HAD + 2}: its disk has lost what is between`, hint: `Do not resume without them: the record would be false. Look for ${HAD + 1} in another copy of the folder, or on that machine's screen, and put them before the others.` })
    expect(told(HAD + 2)).toMatchObject({ hint: expect.stringContaining(`Look for ${HAD + 1} to ${HAD + 2} in`) as string })
    expect(now()).toBe(before)
  })

  test('also where its disk has lost lines that it had taken, from a file that somebody opened in an editor', () => {
    const kept = new KeptLines(journal)
    for (const text of texts.slice(HAD)) kept.add(text, 'EIO: i/o error, write', texts.slice(0, HAD))
    writeFileSync(journal, asText(texts.slice(0, HAD - 2)))
    expect(kept.missing()).toEqual(texts.slice(HAD - 2))
    const file = join(directory, 'typed')
    writeFileSync(file, `\uFEFF${texts.map((text) => `${text}  \r\n`).join('')}`)
    putBackFrom(file, journal)
    expect(now()).toBe(whole)
    kept.drop()
  })

  test.each<[string, () => void]>([['is empty', () => { writeFileSync(journal, '') }], ['is gone', () => { rmSync(journal) }]])('also where the journal %s', (_, lose) => {
    lose()
    expect(putBack(journal, texts)).toBe(texts.length)
    expect(now()).toBe(whole)
  })

  test('not where somebody has gone on without them', () => {
    appendFileSync(journal, asText(texts.slice(HAD, HAD + 1)).replace('"at":"2026', '"at":"2025'))
    const before = now()
    expect(refusal(() => { putBack(journal, texts.slice(HAD)) }).code).toBe('CHAIN_BROKEN')
    expect(now()).toBe(before)
  })

  test('from a file', () => {
    const file = join(directory, 'kept')
    writeFileSync(file, asText(texts.slice(HAD)))
    for (const words of [`${texts.length - HAD} lines are back in the journal`, 'The journal has every kept line already']) {
      said = ''
      putBackFrom(file, journal)
      expect(now()).toBe(whole)
      expect(said).toBe(`${words}; ${file} is not needed any more.\n`)
    }
    expect(refusal(() => { putBackFrom(join(directory, 'none'), journal) })).toMatchObject({ code: 'FILE_MISSING' })
  })
})

describe('kept', () => {
  test('as they come, in a file that has all of them; people hear of it once, and when the disk has them', () => {
    const kept = new KeptLines(journal)
    for (const text of texts.slice(HAD)) kept.add(text, 'ENOSPC: no space left on device, write', texts.slice(0, HAD))
    const file = kept.file ?? ''
    expect(readFileSync(file, 'utf8'), 'and those before it').toBe(whole)
    expect(said).toBe(`No disk takes the journal (ENOSPC: no space left on device, write). Its lines are kept in ${file} until it does: do not switch this machine off.\n`)
    expect(kept.missing()).toEqual(texts.slice(HAD))
    writeFileSync(journal, asText(texts.slice(0, HAD + 2)))
    expect(kept.missing(), 'those that it has by now are not').toEqual(texts.slice(HAD + 2))
    kept.drop()
    expect([kept.length, kept.file, existsSync(dirname(file))]).toEqual([0, null, false])
    expect(said).toMatch(/\nThe disk takes the journal again, and has every line of it\.\n$/)
  })

  test('while the stick is out; when it is back they are as they were', () => {
    const kept = new KeptLines(journal)
    renameSync(dirname(journal), join(directory, 'out'))
    for (const text of texts.slice(HAD)) kept.add(text, 'ENOENT: no such file or directory, open', texts.slice(0, HAD))
    expect(refusal(() => { kept.missing() })).toMatchObject({ code: 'FILE_MISSING', message: `the journal is not there: ${journal}` })
    expect(kept.length).toBe(texts.length - HAD)
    renameSync(join(directory, 'out'), dirname(journal))
    putBackFrom(kept.file ?? '', journal)
    expect(now()).toBe(whole)
    rmSync(dirname(kept.file ?? ''), { recursive: true })
  })

  test('on the terminal where nothing else takes them; a place that is there later has all of them', () => {
    vi.stubEnv('TMPDIR', join(directory, 'nowhere'))
    const kept = new KeptLines(journal)
    kept.add(texts[HAD] ?? '', 'EROFS: read-only file system, open', texts.slice(0, HAD))
    expect(kept.file).toBeNull()
    expect(said).toBe(`No disk takes the journal (EROFS: read-only file system, open). Write this line down: ${texts[HAD] ?? ''}\n`)
    mkdirSync(join(directory, 'nowhere'))
    kept.add(texts[HAD + 1] ?? '', 'EROFS: read-only file system, open', [])
    expect(readFileSync(kept.file ?? '', 'utf8')).toBe(asText(texts.slice(0, HAD + 2)))
  })

  test('on the terminal, all of them, where the place that had them is gone', () => {
    const kept = new KeptLines(journal)
    kept.add(texts[HAD] ?? '', 'ENOSPC: no space left on device, write', texts.slice(0, HAD))
    rmSync(dirname(kept.file ?? ''), { recursive: true })
    said = ''
    kept.add(texts[HAD + 1] ?? '', 'ENOSPC: no space left on device, write', [])
    expect(said).toBe(texts.slice(HAD, HAD + 2).map((text) => `No disk takes the journal (ENOSPC: no space left on device, write). Write this line down: ${text}\n`).join(''))
    expect([kept.file, kept.length]).toEqual([null, 2])
  })

  test('none: nothing is said, nothing is written', () => {
    const kept = new KeptLines(journal)
    expect(kept.missing()).toEqual([])
    kept.drop()
    expect([said, now()]).toEqual(['', asText(texts.slice(0, HAD))])
  })
})
