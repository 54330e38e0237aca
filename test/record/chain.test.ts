import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalJson, saysTheSame, type Json } from '../../src/canonical.js'
import { asRemark, remark } from '../../src/custody/fields.js'
import { chainLine, EMPTY, NO_LINE } from '../../src/record/chain.js'
import { headStatement, opcRequestIdOf, readJournal } from '../../src/record/journal.js'
import { readLogbook } from '../../src/record/logbook.js'
import { pen } from '../vectors/story.js'
import { SESSIONS, vectorText } from '../vectors/frozen.js'
import { refusal } from '../vectors/refusal.js'

const good = vectorText('custody/logbook.jsonl')
const lines = good.trimEnd().split('\n')
const whole = (of: readonly string[]): string => of.map((line) => line + '\n').join('')
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

describe('writing', () => {
  test('the first line and the second, byte for byte', () => {
    const first = chainLine(EMPTY, '2026-11-20T04:00:00.000Z', { type: 'retired', generation: 3, reason: 'doubt – "é"' })
    expect(first.text).toBe(`{"at":"2026-11-20T04:00:00.000Z","generation":3,"prev":"${NO_LINE}","reason":"doubt – \\"é\\"","seq":1,"type":"retired"}`)
    expect(first.head).toEqual({ seq: 1, sha256: sha256(first.text) })
    const second = chainLine(first.head, '2026-11-20T04:00:00.001Z', { type: 'retired', generation: 4, reason: 'x', torn: '1'.repeat(64) })
    expect(second.text).toBe(`{"at":"2026-11-20T04:00:00.001Z","generation":4,"prev":"${first.head.sha256}","reason":"x","seq":2,"torn":"${'1'.repeat(64)}","type":"retired"}`)
    expect(readLogbook(whole([first.text, second.text])).head).toEqual(second.head)
  })

  test('a torn field that is not there is not written', () => {
    expect(chainLine(EMPTY, '2026-11-20T04:00:00.000Z', { type: 'x', torn: undefined }).text).not.toContain('torn')
  })

  test('any texts come back as they were written', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }).filter((value) => /^[^\p{Cc}\p{Zl}\p{Zp}]*$/u.test(value))
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 8 }), (reasons) => {
        const chain = pen<{ type: 'retired'; generation: number; reason: string }>('2026-11-20T04:00:00.000Z', 1)
        for (const reason of reasons) chain.write({ type: 'retired', generation: 1, reason })
        expect(readLogbook(chain.text()).lines.map((line) => line.type === 'retired' && line.reason)).toEqual(reasons)
      }),
      { seed: 11, numRuns: 200 },
    )
  })
})

describe('reading', () => {
  test('empty: no line, no head', () => {
    expect(readLogbook('')).toEqual({ lines: [], texts: [], head: { seq: 0, sha256: '0'.repeat(64) }, torn: '' })
  })

  test('texts, head, and nothing torn', () => {
    const chain = readLogbook(good)
    expect(chain.texts).toEqual(lines)
    expect(chain.head).toEqual({ seq: lines.length, sha256: sha256(lines.at(-1) ?? '') })
    expect(chain.torn).toBe('')
  })

  test('torn anywhere in its last line, a chain verifies up to the line before and hands the rest back', () => {
    const last = lines.at(-1) ?? ''
    const before = whole(lines.slice(0, -1))
    for (let length = 0; length <= last.length; length += 1) {
      const chain = readLogbook(before + last.slice(0, length))
      expect(chain.head.seq).toBe(lines.length - 1)
      expect(chain.torn).toBe(last.slice(0, length))
    }
  })

  test('every byte of every line but the last is under the chain', () => {
    const [first = '', second = ''] = lines
    for (let at = 0; at < first.length; at += 1) {
      const changed = first.slice(0, at) + (first.charAt(at) === '1' ? '2' : '1') + first.slice(at + 1)
      expect(refusal(() => readLogbook(whole([changed, second]))).code, `character ${at}`).toBe('CHAIN_BROKEN')
    }
  })

  test('cut at its end between two lines a chain verifies; only a head kept elsewhere shows it', () => {
    expect(readLogbook(whole(lines.slice(0, -2))).head.sha256).not.toBe(readLogbook(good).head.sha256)
  })

  test('forked: two lines that both follow from one', () => {
    const fork = chainLine({ seq: 1, sha256: sha256(lines[0] ?? '') }, '2026-11-30T00:00:00.000Z', { type: 'retired', generation: 1, reason: 'another story' })
    expect(refusal(() => readLogbook(whole([...lines.slice(0, 2), fork.text])))).toMatchObject({ code: 'CHAIN_BROKEN', message: 'logbook.jsonl, line 3: has number 2 where 3 should be' })
    const third = lines[2] ?? ''
    expect(refusal(() => readLogbook(whole([lines[0] ?? '', fork.text, third]))).message).toBe('logbook.jsonl, line 3: does not follow from the line before it')
  })

  test('a first line that follows from something', () => {
    const stray = chainLine({ seq: 0, sha256: '1'.repeat(64) }, '2026-11-30T00:00:00.000Z', { type: 'retired', generation: 1, reason: 'x' })
    expect(refusal(() => readLogbook(whole([stray.text]))).message).toBe('logbook.jsonl, line 1: does not follow from the line before it')
  })

  test.each([
    ['names out of order', (line: string) => JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(line) as object).toReversed()))],
    ['a space', (line: string) => line.replace(':', ': ')],
    ['an escape that is not needed', (line: string) => line.replace('rehearsal', '\\u0072ehearsal')],
    ['a name twice', (line: string) => line.replace('"seq":1', '"seq":1,"seq":1')],
    ['CR before the LF', (line: string) => `${line}\r`],
    ['a number written otherwise', (line: string) => line.replace('"format":1', '"format":1.0')],
  ])('not canonical: %s', (_, change) => {
    const [first = ''] = lines
    expect(change(first)).not.toBe(first)
    expect(refusal(() => readLogbook(whole([change(first)]))).message).toBe('logbook.jsonl, line 1: is not in canonical form (RFC 8785)')
  })

  test('the file is called as it is called, and what to do is said', () => {
    expect(refusal(() => readJournal('{}\n', 'sessions/x/journal.jsonl'))).toMatchObject({
      message: 'sessions/x/journal.jsonl, line 1: type: is not a kind of line that this glasskey knows',
      hint: 'The record was altered or shortened. Keep it as it is and compare with the paper book.',
    })
  })
})

describe('canonical JSON (RFC 8785)', () => {
  test('its own example of sorting and numbers', () => {
    expect(canonicalJson({ numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 1e-27], string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"\u002f', literals: [null, true, false] }))
      .toBe('{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}')
  })
  test('names sort by UTF-16 code units', () => {
    expect(canonicalJson({ '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\u{1f600}': 5, '\u0080': 6, '\u00f6': 7 })).toBe('{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"\u{1f600}":5,"\ufb33":3}')
  })
})

describe('what JSON cannot say is refused, with its place', () => {
  test.each<[unknown, string]>([
    [Number.NaN, '$ is NaN, which JSON cannot say'],
    [{ secondsLive: Number.POSITIVE_INFINITY }, '$.secondsLive is Infinity, which JSON cannot say'],
    [[0, { at: [-Infinity] }], '$[1].at[0] is -Infinity, which JSON cannot say'],
    [undefined, '$ is of type undefined, which JSON cannot say'],
    [[1, undefined], '$[1] is of type undefined, which JSON cannot say'],
    [[1, , 3], '$[1] is of type undefined, which JSON cannot say'],
    [{ run: () => 1 }, '$.run is of type function, which JSON cannot say'],
    [{ name: Symbol('x') }, '$.name is of type symbol, which JSON cannot say'],
    [{ count: 1n }, '$.count is of type bigint, which JSON cannot say'],
    [{ words: ['ok', 'a\ud800b'] }, '$.words[1] has half of a surrogate pair, which is no Unicode text'],
    ['\udc00', '$ has half of a surrogate pair, which is no Unicode text'],
    [{ inner: { '\ud800': 1 } }, '$.inner has a name with half of a surrogate pair, which is no Unicode text'],
  ])('%#: %s', (value, says) => {
    expect(() => canonicalJson(value as Json)).toThrow(new RangeError(`canonicalJson: ${says}`))
  })
  test('a field that is undefined is left out, and whole pairs are text', () => {
    expect(canonicalJson({ a: undefined, b: '\u{1f600}' })).toBe('{"b":"😀"}')
  })
  test('what OCI said is written whatever it is: half a pair becomes U+FFFD, also where a remark was cut', () => {
    const { text } = chainLine(EMPTY, '2026-11-20T04:00:00.000Z', { type: 'x', found: { groups: ['a\ud800'] }, reason: asRemark(`${'x'.repeat(399)}😀`) })
    expect(JSON.parse(text)).toMatchObject({ found: { groups: ['a\ufffd'] }, reason: `${'x'.repeat(399)}\ufffd` })
  })
  test('a record with half a pair is altered, not a fault of glasskey', () => {
    const [first = ''] = vectorText('custody/logbook.jsonl').split('\n')
    const change = first.replace('"tenancy":"', '"tenancy":"\\ud800')
    expect(change).not.toBe(first)
    expect(refusal(() => readLogbook(`${change}\n`)).message).toBe('logbook.jsonl, line 1: is not in canonical form (RFC 8785)')
  })
  test.each<[string, Json, boolean]>([
    ['{ "b": 2, "a": [1] }', { a: [1], b: 2 }, true],
    ['{"a":"\\ud800"}', { a: '\ufffd' }, false],
    ['{"a":1', { a: 1 }, false],
    ['', { a: 1 }, false],
    ['['.repeat(100_000), [], false],
    ['['.repeat(20_000) + ']'.repeat(20_000), [], false],
  ])('a request of the clerk that says the same, or not: %#', (text, expected, same) => {
    expect(saysTheSame(text, expected)).toBe(same)
  })
})

describe('anchors', () => {
  test('opc-request-id is the first half of the intent\'s digest, upper case', () => {
    expect(opcRequestIdOf('0123456789abcdef0123456789abcdef' + 'f'.repeat(32))).toBe('0123456789ABCDEF0123456789ABCDEF')
    const { lines: journal, texts } = readJournal(vectorText(`custody/sessions/${SESSIONS[1]}/journal.jsonl`))
    const intents = journal.flatMap((line, at) => (line.type === 'intent' ? [opcRequestIdOf(sha256(texts[at] ?? ''))] : []))
    expect(intents.length).toBeGreaterThan(5)
    expect(new Set(intents).size).toBe(intents.length)
    for (const id of intents) expect(id).toMatch(/^[0-9A-F]{32}$/)
  })
  test('the head statement is domain, NUL and 64 ASCII digits; no request begins so', () => {
    const statement = Buffer.from(headStatement('ab'.repeat(32)))
    expect(statement).toEqual(Buffer.concat([Buffer.from('glasskey/journal/1'), Buffer.from([0]), Buffer.from('ab'.repeat(32))]))
    expect(statement.toString()).not.toMatch(/^(x-date|date|\(request-target\)|host):/)
  })
})

describe('any words as a remark', () => {
  test.each([
    ['two\nlines\r\nand a tab\t.', 'two lines and a tab .'],
    ['\u001b[31mred\u2028', '[31mred'],
    ['', 'no reason given'],
    ['\n \0', 'no reason given'],
    ['x'.repeat(400), 'x'.repeat(400)],
    ['x'.repeat(401), 'x'.repeat(400)],
  ])('%j', (words, expected) => {
    expect(asRemark(words)).toBe(expected)
    expect(remark.parse(asRemark(words))).toBe(expected)
  })
  test('more than 400 characters, or none, are not one', () => {
    expect([1, 400, 401, 0].map((length) => remark.safeParse('x'.repeat(length)).success)).toEqual([true, true, false, false])
  })
})
