/** Hostile files of a custody folder: YAML, manifest, rules, warrant, journal, logbook, lock; by content and by size. */
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { cpSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { canonicalJson } from '../../src/canonical.js'
import { importOutbox } from '../../src/ceremony/import.js'
import { parseCustodyYaml } from '../../src/custody/custody-yaml.js'
import { checkManifest, headerFor } from '../../src/custody/envelope.js'
import { standings } from '../../src/custody/generation.js'
import { manifestFile, parseManifest } from '../../src/custody/manifest.js'
import { sealedRules } from '../../src/custody/rules.js'
import { readCustodyFolder } from '../../src/host/custody-folder.js'
import { readTyped } from '../../src/host/disk.js'
import { LineFile } from '../../src/host/line-file.js'
import { takeLock } from '../../src/host/lock.js'
import { readJournal, type JournalEntry, type JournalLine } from '../../src/record/journal.js'
import { chainLine, EMPTY } from '../../src/record/chain.js'
import { readLogbook } from '../../src/record/logbook.js'
import { replay } from '../../src/record/replay.js'
import { parseWarrant, warrantDigest } from '../../src/warrant/warrant.js'
import { journalOf, manifestOf, rulesOf, SESSIONS, VECTORS, vectorText, warrantOf } from '../vectors/frozen.js'
import { refusal, refusalOf } from '../vectors/refusal.js'

const MEBIBYTE = 1024 * 1024
const [, SESSION] = SESSIONS
const manifest = manifestOf(2)
const texts = {
  manifest: vectorText('custody/generations/2/manifest.json'),
  rules: vectorText('custody/generations/2/rules.json'),
  warrant: vectorText(`custody/sessions/${SESSION}/warrant.json`),
  journal: vectorText(`custody/sessions/${SESSION}/journal.jsonl`),
  logbook: vectorText('custody/logbook.jsonl'),
}
type Kind = keyof typeof texts

/** Each document as it counts: read, and held against what is sealed or kept elsewhere. */
const readers: Record<Kind, { code: RegExp; read: (text: string) => unknown }> = {
  manifest: {
    code: /^(MANIFEST_INVALID|FOLDER_ALTERED)$/,
    read: (text) => checkManifest(headerFor(manifest, { fingerprints: [], needed: 0 }), parseManifest(text)),
  },
  rules: { code: /^FOLDER_ALTERED$/, read: (text) => sealedRules(text, manifest.rulesSha256) },
  warrant: { code: /^WARRANT_INVALID$/, read: (text) => expect(warrantDigest(parseWarrant(text))).not.toBe(warrantDigest(warrantOf(SESSION))) },
  journal: { code: /^CHAIN_BROKEN$/, read: (text) => expect(readJournal(text).head).not.toEqual(journalOf(SESSION).head) },
  logbook: { code: /^CHAIN_BROKEN$/, read: (text) => expect(readLogbook(text).head).not.toEqual(readLogbook(texts.logbook).head) },
}
const kinds = Object.keys(texts) as Kind[]

/** Code of the refusal; null where the text was read, which is right only where it does not pass for the real one. */
function refusedAs(kind: Kind, text: string): string | null {
  try {
    readers[kind].read(text)
    return null
  } catch (error) {
    const { code, message } = refusal(() => { throw error })
    expect(code).toMatch(readers[kind].code)
    expect(message.length).toBeLessThan(4100)
    expect(message).not.toMatch(/[^\P{Cc}\n]/u)
    return code
  }
}

describe.each(kinds)('%s', (kind) => {
  const good = texts[kind]
  const first = good.split('\n')[0] ?? ''
  const inFirst = (change: (line: string) => string): string => good.replace(first, () => change(first))

  test.each([
    ['a name twice', inFirst((line) => line.replace('{', '{"format":1,'))],
    ['a name twice that JSON lets the last win', inFirst((line) => line.replace(/\}$/, ',"format":1}'))],
    ['__proto__', inFirst((line) => line.replace('{', '{"__proto__":{"rehearsal":false},'))],
    ['constructor', inFirst((line) => line.replace('{', '{"constructor":{"prototype":{}},'))],
    ['a hundred thousand names with escape sequences', inFirst((line) => line.replace('{', () => `{${Array.from({ length: 100_000 }, (_, at) => `"\\u001b[2J${at}":1,`).join('')}`))],
    ['a byte order mark', `\ufeff${good}`],
    ['NUL', good.replace('}', '\0}')],
    ['CRLF', good.replaceAll('\n', '\r\n')],
    ['spaces', inFirst((line) => line.replace(':', ': '))],
    ['a number written otherwise', inFirst((line) => line.replace(/:(\d+)([,}])/, ':$1.0$2'))],
    ['a character written otherwise', inFirst((line) => line.replace('a', '\\u0061'))],
    ['a list for everything', '[]\n'],
    ['null', 'null\n'],
    ['half a surrogate pair', inFirst((line) => line.replace(/:"/, ':"\\ud800'))],
    ['brackets without end', `${'['.repeat(MEBIBYTE)}\n`],
    ['half a million brackets', `${'['.repeat(MEBIBYTE / 2)}${']'.repeat(MEBIBYTE / 2)}\n`],
    ['half a million of nothing', `[${'[],'.repeat(MEBIBYTE / 4)}1]\n`],
    ['half a million custodians', `{"shares":[${'1,'.repeat(MEBIBYTE / 2)}1]}\n`],
    ['a word of a mebibyte', `{"type":"${'x'.repeat(MEBIBYTE)}"}\n`],
    ['a number of a mebibyte', `{"seq":${'9'.repeat(MEBIBYTE)}}\n`],
  ])('%s', (_, text) => {
    expect(text).not.toBe(good)
    expect(refusedAs(kind, text)).not.toBeNull()
  })

  test('any small change is refused, or is not taken for the real one', () => {
    const edit = fc.record({ at: fc.nat(good.length), cut: fc.nat(6), by: fc.oneof(fc.string({ unit: 'binary', maxLength: 6 }), fc.constantFrom('"', '\\', '{', '}', ',', '\n', '0', 'null', '\ud800')) })
    fc.assert(fc.property(edit, ({ at, cut, by }) => {
      const text = good.slice(0, at) + by + good.slice(at + cut)
      if (text === good) return
      // What stands after the last line end is handed back as torn and belongs to no chain.
      if (['journal', 'logbook'].includes(kind) && text.startsWith(good)) return
      const code = refusedAs(kind, text)
      // Rules are held against a digest. A manifest has a little that no envelope can seal, as the envelope's own digest.
      if (kind === 'rules') expect(code).not.toBeNull()
    }), { numRuns: 200 })
  })
})

describe('a manifest alone', () => {
  const changed = (change: object): string => manifestFile({ ...manifest, ...change })
  test.each([
    ['Ed25519', generateKeyPairSync('ed25519').publicKey],
    ['P-256', generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey],
    ['RSA of 1024 bits', generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey],
    ['RSA with exponent 3', generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }).publicKey],
    ['RSA-PSS', generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey],
  ])('a key of another kind: %s', (_, key) => {
    expect(refusal(() => parseManifest(changed({ publicKeyPem: key.export({ type: 'spki', format: 'pem' }) })))).toMatchObject({
      code: 'MANIFEST_INVALID',
      message: 'manifest.json: publicKeyPem is not an RSA key of 2048, 3072 or 4096 bits with exponent 65537',
    })
  })

  test('more copies than there are atoms cost nothing', () => {
    const shares = manifest.shares.map((share) => ({ ...share, copies: Number.MAX_SAFE_INTEGER }))
    const found = parseManifest(changed({ shares }))
    const gone = [1, 1, 2, 0, 7].map((copy) => ({ kind: 'copy-gone', generation: 2, custodian: 1, copy }) as const)
    expect(standings([found], gone)).toMatchObject([{ living: 3, margin: 1 }])
    expect(standings([{ ...found, shares: [{ custodian: 1, copies: 3 }, { custodian: 2, copies: 2 }] }], gone)).toMatchObject([{ living: 2 }])
    expect(standings([{ ...found, shares: [{ custodian: 1, copies: 2 }, { custodian: 2, copies: 2 }] }], gone)).toMatchObject([{ living: 1 }])
  })
})

describe('custody.yaml', () => {
  const K = 250 * 1024
  test.each([
    ['brackets', '['.repeat(K), 'is nested more than 40 deep'],
    ['brackets that close', '['.repeat(K / 2) + ']'.repeat(K / 2), 'is nested more than 40 deep'],
    ['braces', '{a: '.repeat(K / 4), 'is nested more than 40 deep'],
    ['lists in lists', '- '.repeat(K / 2), 'is nested more than 40 deep'],
    ['questions', '? '.repeat(K / 2), 'is nested more than 40 deep'],
    ['steps', Array.from({ length: 600 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'), 'is nested more than 40 deep'],
    ['names', Array.from({ length: 30_000 }, (_, at) => `k${at}:`).join('\n'), 'has more than 30000 words and signs'],
    ['one name again and again', 'a:\n'.repeat(60_000), 'has more than 30000 words and signs'],
    ['names between braces', `{${Array.from({ length: 35_000 }, (_, at) => `k${at}`).join(',')}}`, 'has more than 30000 words and signs'],
    ['comments', '#\n'.repeat(K / 2), 'has more than 30000 words and signs'],
    ['as many names as are taken', Array.from({ length: 5000 }, (_, at) => `k${at}:`).join('\n'), 'and 4990 more'],
    ['a long word', `format: "${'x'.repeat(K)}"`, 'format: Invalid input: expected 1'],
    ['a long number', `format: ${'9'.repeat(K)}`, 'format: Invalid input: expected 1'],
    ['a tag', `!<${'x'.repeat(K)}> a`, 'Invalid input'],
    ['NUL', '\0'.repeat(K), 'expected object, received string'],
    ['directives', '%YAML 1.1\n'.repeat(1000), 'Missing directives-end indicator line'],
    ['a merge', '<<: {format: 1}\n', 'is not a setting of custody.yaml'],
    ['an alias in an alias', Array.from({ length: 100 }, (_, at) => `a${at}: &a${at} [*a${Math.max(0, at - 1)}, *a${Math.max(0, at - 1)}]`).join('\n'), 'aliases (*name) are not used in custody.yaml'],
    ['escape sequences', '"\\e[2J": 1\n', 'is not a setting of custody.yaml'],
  ])('%s', (_, text, message) => {
    const error = refusal(() => parseCustodyYaml(text))
    expect(error.code).toBe('CONFIG_INVALID')
    expect(error.message).toContain(message)
    expect(error.message.length).toBeLessThan(4100)
    expect(error.message).not.toMatch(/[^\P{Cc}\n]/u)
  })

  test('the largest there can honestly be is read', () => {
    const copies = (name: string): string => Array.from({ length: 9 }, (_, at) => `      - copy: ${at + 1}\n        holder: ${name}, deputy ${at}  # in the safe\n        phone: "+49 30 000000"\n        place: a safe in a room of a house in a street\n        bag: B-${at}\n`).join('')
    const custodians = Array.from({ length: 32 }, (_, at) => `  - number: ${at + 1}\n    name: Custodian ${at + 1}\n    # A comment on each of them\n    copies:\n${copies(`Custodian ${at + 1}`)}`).join('')
    const good = vectorText('custody/custody.yaml')
    const text = good.replace(/^custodians:\n(?:[ #].*\n|\n)+/m, `custodians:\n${custodians}`)
    expect(parseCustodyYaml(text).custodians).toHaveLength(32)
  })

  test('any small change is read or refused', () => {
    const good = vectorText('custody/custody.yaml')
    fc.assert(fc.property(fc.nat(good.length), fc.nat(8), fc.oneof(fc.string({ unit: 'binary', maxLength: 5 }), fc.constantFrom('- ', '? ', '&a ', '*a', '{', '[', '|\n', '<<: ', '!!set ', '\t', '...\n')), (at, cut, by) => {
      try {
        parseCustodyYaml(good.slice(0, at) + by + good.slice(at + cut))
      } catch (error) {
        expect(refusal(() => { throw error }).code).toBe('CONFIG_INVALID')
      }
    }), { numRuns: 200 })
  })
})

describe('files in a folder', () => {
  let custody: string
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'glasskey-hostile-'))
    custody = join(directory, 'custody')
    cpSync(fileURLToPath(new URL('custody', VECTORS)), custody, { recursive: true })
  })
  afterEach(() => {
    rmSync(directory, { recursive: true })
  })
  const FILES = ['custody.yaml', 'generations/2/manifest.json', 'generations/2/rules.json', 'generations/2/envelope.pgp', `sessions/${SESSION}/warrant.json`, `sessions/${SESSION}/journal.jsonl`, 'logbook.jsonl']

  test.each(FILES)('%s: 2 GB, a pipe, a device', (file) => {
    const path = join(custody, file)
    const read = (): string => {
      const { code, message } = refusal(() => readCustodyFolder(custody))
      expect(message).toContain(path)
      return `${code}: ${message.replace(path, 'PATH')}`
    }
    truncateSync(path, 2 ** 31)
    expect(read()).toMatch(/^FILE_UNREADABLE: .* is larger than (1|64) MiB: PATH$/)
    for (const make of [() => execFileSync('mkfifo', [path]), () => symlinkSync('/dev/zero', path)]) {
      rmSync(path)
      make()
      expect(read()).toMatch(path.endsWith('custody.yaml') ? /^FILE_UNREADABLE: .* is not a file: PATH$/ : /^FOLDER_ALTERED: PATH is (a symbolic link|neither a file nor a folder)$/)
    }
  })

  test.each(FILES.filter((file) => !file.endsWith('.pgp')))('%s: bytes that are not UTF-8 do not pass for the character that stands for them', (file) => {
    const path = join(custody, file)
    for (const byte of [0xff, 0xc0, 0xed]) {
      writeFileSync(path, Buffer.concat([Buffer.from([byte, 0xa0, 0x80]), Buffer.from(vectorText(`custody/${file}`))]))
      expect(refusal(() => readCustodyFolder(custody))).toMatchObject({ code: 'FILE_UNREADABLE', message: expect.stringContaining('is not UTF-8 text') as string })
    }
  })

  test('a line torn in the middle of a character is torn, not unreadable', () => {
    const path = join(custody, 'logbook.jsonl')
    writeFileSync(path, Buffer.concat([Buffer.from(texts.logbook), Buffer.from('{"auditor":"Ž').subarray(0, -1)]))
    expect(readCustodyFolder(custody).logbook.lines).toHaveLength(10)
    expect(LineFile.open(path, readLogbook, () => new Date()).lines).toHaveLength(10)
  })

  test('a journal of 2 GB is not opened for writing either', () => {
    const path = join(directory, 'journal.jsonl')
    writeFileSync(path, '')
    truncateSync(path, 2 ** 31)
    expect(refusal(() => LineFile.open(path, readJournal, () => new Date()))).toMatchObject({ code: 'FILE_UNREADABLE', message: `the record is larger than 64 MiB: ${path}` })
  })

  test.each(['null', '[]', '"x"', '{"pid":{"valueOf":1}}', '{"what":"\\u001b[2J","pid":1,"host":"h","since":"x"}', '['.repeat(100_000), ''])('a lock that is none of ours: %#', (text) => {
    writeFileSync(join(directory, 'lock'), text)
    expect(refusal(() => takeLock(join(directory, 'lock'), 'x', new Date()))).toMatchObject({ code: 'CUSTODY_LOCKED', message: expect.stringContaining('a lock that does not say whose it is') as string })
  })

  test.each(['', 'null', '[]', '{"type":"ceremony"}', '{"type":"ceremony","__proto__":{}}', '['.repeat(100_000), '\ufeff{}'])('an outbox whose entry is none of ours changes nothing: %#', async (text) => {
    const outbox = join(directory, 'outbox')
    expect(await refusalOf(() => importOutbox(custody, outbox))).toMatchObject({ code: 'USAGE', message: `${outbox} is not there` })
    cpSync(custody, outbox, { recursive: true })
    expect(await refusalOf(() => importOutbox(custody, outbox))).toMatchObject({ code: 'USAGE', message: `${outbox} is a custody folder, not the outbox of a ceremony` })
    writeFileSync(join(outbox, 'entry.json'), text)
    expect(await refusalOf(() => importOutbox(custody, outbox))).toMatchObject({ code: 'FOLDER_ALTERED', message: expect.stringMatching(/^the outbox cannot be imported: entry\.json is not /) as string })
    expect(readCustodyFolder(custody).logbook.lines).toHaveLength(10)
  })

  test('what is typed or named by hand may be a pipe, and is bounded all the same', () => {
    writeFileSync(join(directory, 'shares'), 'x'.repeat(MEBIBYTE + 1))
    expect(refusal(() => readTyped(join(directory, 'shares'), 'the share file'))).toMatchObject({ code: 'FILE_UNREADABLE', message: expect.stringContaining('is larger than 1 MiB') as string })
    expect(refusal(() => readTyped('/dev/zero', 'the share file')).code).toBe('FILE_UNREADABLE')
  })
})

describe('records', () => {
  /** A chain of these entries. */
  const chained = (entries: Iterable<{ type: string }>): string => {
    const lines: string[] = []
    let head = EMPTY
    for (const entry of entries) {
      const next = chainLine(head, '2026-11-20T04:00:00.000Z', entry)
      lines.push(next.text)
      head = next.head
    }
    return lines.join('\n') + '\n'
  }
  const [opened] = journalOf(SESSION).lines
  const opening = (): JournalEntry => {
    return { ...(opened as Extract<JournalLine, { type: 'session-opened' }>), seq: undefined, at: undefined, prev: undefined } as unknown as JournalEntry
  }
  const intent = { type: 'intent', rule: 'probe', method: 'GET', host: 'identity.eu-frankfurt-1.oci.oraclecloud.com', path: `/20160918/users/${manifest.user}`, bodySha256: null, by: 'strongroom' } as const

  test('the longest journal that a session can write is read: every call, fifteen minutes of exits, every probe in 50 regions, resumed five times', () => {
    const regions = Array.from({ length: 50 }, (_, at) => `xx-region-${at + 1}`)
    const entries: JournalEntry[] = [opening()]
    const call = (status: number): void => void entries.push(intent, { type: 'outcome', intent: entries.length + 1, status, opcRequestId: 'A'.repeat(96), date: 'Fri, 20 Nov 2026 04:00:00 GMT' })
    for (let count = 0; count < 200; count += 1) call(200)
    for (let resumed = 0; resumed < 5; resumed += 1) {
      for (let count = 0; count < 70 * 12; count += 1) call(500)
      for (const region of regions) for (let probe = 0; probe < 240; probe += 1) entries.push({ type: 'probe', region, signedFor: '2026-11-20T04:00:00.000Z', status: 401, date: 'Fri, 20 Nov 2026 04:00:00 GMT', opcRequestId: 'A'.repeat(96) })
      if (resumed < 4) entries.push({ type: 'resumed', tool: 'glasskey 0.1.0', found: 'interrupted' })
    }
    const text = chained(entries)
    expect(Buffer.byteLength(text)).toBeGreaterThan(15 * MEBIBYTE)
    expect(Buffer.byteLength(text)).toBeLessThan(64 * MEBIBYTE)
    const session = replay(readJournal(text).lines)
    expect(session.probes).toHaveLength(60_000)
    expect(session.calls.at(-1)?.outcome).toMatchObject({ status: 500 })
  })

  test('a journal made to be slow: tens of thousands of intents, and outcomes that name the last', () => {
    const many = 20_000
    const lines = readJournal(chained([opening(), ...Array.from({ length: many }, () => intent), ...Array.from({ length: many }, () => ({ type: 'unknown', intent: many + 1, reason: 'x' }))])).lines
    expect(replay(lines).calls.at(-1)?.outcome).toMatchObject({ type: 'unknown' })
  })

  test('nothing after a line that does not hold is looked at', () => {
    expect(refusal(() => readJournal('\n'.repeat(32 * MEBIBYTE)))).toMatchObject({ code: 'CHAIN_BROKEN', message: 'journal.jsonl, line 1: is not JSON' })
    expect(refusal(() => readJournal(`${'{'.repeat(32 * MEBIBYTE)}\n`))).toMatchObject({ code: 'CHAIN_BROKEN', message: 'journal.jsonl, line 1: is longer than any line of ours' })
  })

  test('a line that could not be read again is not written', () => {
    const directory = mkdtempSync(join(tmpdir(), 'glasskey-hostile-'))
    try {
      const file = LineFile.open<JournalLine, JournalEntry>(join(directory, 'journal.jsonl'), readJournal, () => new Date())
      file.append(opening())
      const found = { lifecycleState: 'ACTIVE', blocked: false, keys: [], groups: Array<string>(2000).fill('x'.repeat(1000)), credentials: {} }
      expect(refusal(() => file.append({ type: 'census', when: 'before-action', found, unexpected: [] })).message).toContain('is longer than any line of ours')
      expect(LineFile.open(join(directory, 'journal.jsonl'), readJournal, () => new Date()).lines).toHaveLength(1)
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
})

test('rules that are canonical and well formed are still not the sealed ones', () => {
  const rules = { ...rulesOf(2), regions: [...rulesOf(2).regions, 'eu-paris-1'] }
  expect(refusal(() => sealedRules(canonicalJson(rules) + '\n', manifest.rulesSha256))).toMatchObject({ code: 'FOLDER_ALTERED', message: 'rules.json is not what this generation was sealed with' })
})
