/** A custodian's year, the quiet part: a sheet looked at alone, a closed bag, many sheets at once. */
import { appendFileSync, cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { requireQuietRoom } from '../../src/ceremony/quiet-room.js'
import { hexToWords } from '../../src/custody/words.js'
import { parseManifest } from '../../src/custody/manifest.js'
import { parseShareText, shareToText } from '../../src/custody/share-text.js'
import type { Ended } from '../stage/command-line.js'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'
import { manifestOf as goldenOf, secretsOf, VECTORS } from '../vectors/frozen.js'
import { refusal } from '../vectors/refusal.js'

let stage: Rehearsal
beforeAll(async () => {
  stage = await rehearsal()
})
afterAll(async () => {
  await stage.close()
})

const manifestOf = (generation: number): ReturnType<typeof parseManifest> => parseManifest(readFileSync(join(stage.custody, 'generations', String(generation), 'manifest.json'), 'utf8'))
const custody = (): string[] => ['--custody', stage.custody]
/** A copy of the custody folder, to be altered. */
function copied(): string {
  const copy = join(mkdtempSync(join(stage.directory, 'copy-')), 'custody')
  cpSync(stage.custody, copy, { recursive: true })
  return copy
}

test('a sheet alone: whole, whose, of which generation, and what it is good for', async () => {
  const { code, stdout, stderr } = await stage.run(['share', 'inspect', ...custody(), '--scan', stage.sheet(3, 2)])
  const { keyId, envelopeSha256 } = manifestOf(3)
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toBe([
    'A PRACTICE sheet. Share 2 of 3, any 2 are needed; every character is right.',
    `Key ${keyId}, in words: ${hexToWords(keyId)}.`,
    'It is the promised sheet of custodian 2 (Βασίλης Παπαδόπουλος), GENERATION 3: that key is not in use yet.',
    `Page 2: all 3 codes were read, and they are the envelope of the folder. SHA-256 ${envelopeSha256}`,
    'The sheet is whole.\n',
  ].join('\n'))
})

test('nothing secret of it is told', async () => {
  const text = await stage.shareText(3, 2)
  const { stdout, stderr } = await stage.run(['share', 'inspect', ...custody(), '--scan', stage.sheet(3, 2), '--json', '--debug'])
  for (const group of text.slice(24).match(/.{4}/g) ?? []) expect(stdout + stderr).not.toContain(group)
})

test('page 2 that is not the envelope of the folder: exit 4, and which part', async () => {
  const altered = copied()
  appendFileSync(join(altered, 'generations/3/envelope.pgp'), 'x')
  const { code, stderr } = await stage.run(['share', 'inspect', '--custody', altered, '--scan', stage.sheet(3, 2)])
  expect(stderr).toContain('ENVELOPE_INVALID: part 3 of 3 is not that of the envelope of GENERATION 3\n')
  expect(code).toBe(4)
})

test('a share of a key that the folder does not have', async () => {
  const typed = join(stage.directory, 'stranger')
  writeFileSync(typed, 'GKR1QYQPZG3NG32KVACZQVQSZZQ0ZCWJG2EJ89QYWNJ4T33K5UTC07RGM9YM525MPDA7CHXD8KHPPHLCGZ\n')
  const { code, stderr } = await stage.run(['share', 'inspect', ...custody(), '--share-file', typed])
  expect(stderr).toContain('SHARE_OTHER_KEY: the sheet is of key 0011223344556677, which is not in this custody folder')
  expect(code).toBe(5)
})

test('a real share where only practice was meant is named', async () => {
  const typed = join(stage.directory, 'real')
  writeFileSync(typed, 'GK1QYQPZG3NG32KVACZQVQSZZQ0ZCWJG2EJ89QYWNJ4T33K5UTC07RGM9YM525MPDA7CHXD8KHP6ZZGR5\n')
  for (const where of [['--rehearsal'], custody()]) {
    const { code, stderr } = await stage.run(['share', 'inspect', ...where, '--share-file', typed])
    expect(stderr).toContain('SHARE_REAL_IN_REHEARSAL: this is a REAL sheet (GK), and this is a rehearsal\nPut it back into its bag at once')
    expect(code).toBe(5)
  }
})

test('piped lines are shares too, and a flood of them is refused', async () => {
  const text = await stage.shareText(2, 1)
  expect((await stage.run(['share', 'inspect', ...custody(), '--share-file', '-'], { input: `${text}\n` })).stdout).toContain('Page 2 was not looked at: scan both pages to know that the sheet is whole.')
  const { code, stderr } = await stage.run(['recover', '--share-file', '-'], { input: 'Q'.repeat(1_100_000) })
  expect(stderr).toContain('FILE_UNREADABLE: standard input holds more than 1 MiB, which no shares do')
  expect(code).toBe(2)
})

test('a recovery: a sheet of another generation that came first, and a forged one, are named and put aside; the others open the key', async () => {
  const [first = '', second = ''] = secretsOf(2).shareTexts
  const [stray = ''] = secretsOf(3).shareTexts
  const share = parseShareText(first)
  const forged = shareToText({ ...share, custodian: 3, bytes: Uint8Array.from(share.bytes, (byte, at) => (at === share.bytes.length - 1 ? 0 : byte)) })
  const given = (...texts: string[]): Promise<Ended> => stage.run(['recover', '--yes', '--json', '--envelope', fileURLToPath(new URL('custody/generations/2/envelope.pgp', VECTORS)), '--share-file', '-'], { input: `${texts.join('\n')}\n` })
  const { code, stdout, stderr } = await given(stray, first, forged, second)
  expect(code, stderr).toBe(0)
  const mine = goldenOf(2).keyId
  expect(JSON.parse(stdout)).toMatchObject({ keyId: mine, generation: 2 })
  expect(stderr).toContain(`standard input, line 2: share 1 of 3 is of key ${mine}; those before are of ${goldenOf(3).keyId}. It is put aside.`)
  expect(stderr).toContain('standard input, line 3: the sheet of custodian 3 has x = 0, which no ceremony prints: it is forged. Keep it, and use another.')
  expect(stderr).toContain(`standard input, line 4: share 2 of 3, key id ${mine}.`)
  expect((await given(first, stray, first)).stderr).toContain('QUORUM_NOT_REACHED: 1 of 2 shares; 1 more needed.')
})

const BAG = ['--record', '--custodian', '2', '--copy', '1', '--bag', 'B-0142', '--condition', 'intact', '--witness', 'W. Witness']

test('a closed bag: recorded with the generations that should be in it, and printed; no sheet is read', async () => {
  const folder = copied()
  const printed = join(stage.directory, 'inspection.pdf')
  const { code, stdout, stderr } = await stage.run(['share', 'inspect', '--custody', folder, ...BAG, '--note', 'seal whole', '--out', printed])
  expect(code).toBe(0)
  expect(stderr).toBe('Look at the bag before a witness: number, seal, edges and seams, against the light. It stays closed.\n')
  expect(stdout).toMatch(/^Entry 3: Custodian 2, copy 1: bag B-0142 inspected, intact\.\nWrite into the paper book: number 3, SHA-256 [0-9a-f]{64}\nPrinted: .*inspection\.pdf\n$/)
  expect(readFileSync(printed).subarray(0, 5).toString()).toBe('%PDF-')
  const last = JSON.parse(readFileSync(join(folder, 'logbook.jsonl'), 'utf8').trimEnd().split('\n').at(-1) ?? '') as unknown
  expect(last).toMatchObject({ type: 'inspected', custodian: 2, copy: 1, generations: [2, 3, 4], bag: 'B-0142', condition: 'intact', witness: 'W. Witness', note: 'seal whole' })
})

test('a bag with another number than custody.yaml says is not intact', async () => {
  const folder = copied()
  const yaml = readFileSync(join(folder, 'custody.yaml'), 'utf8')
  writeFileSync(join(folder, 'custody.yaml'), yaml.replaceAll('bag: null', 'bag: B-0200'))
  const { code, stderr } = await stage.run(['share', 'inspect', '--custody', folder, ...BAG])
  expect(stderr).toContain('USAGE: custody.yaml says bag B-0200 for custodian 2, copy 1, and the bag bears B-0142\n')
  expect(code).toBe(2)
  expect((await stage.run(['share', 'inspect', '--custody', folder, ...BAG.map((word) => (word === 'intact' ? 'doubtful' : word))])).code).toBe(0)
})

test('a sheet that was read is recorded with the number of its next bag', async () => {
  const folder = copied()
  const args = ['share', 'inspect', '--custody', folder, '--scan', stage.sheet(3, 2), ...BAG]
  expect((await stage.run(args)).stderr).toContain('USAGE: still needed: newBag\n--new-bag …')
  expect((await stage.run([...args, '--new-bag', 'B-0143'])).stdout).toContain('Entry 3: Custodian 2, copy 1: bag B-0142 inspected, intact.')
  expect(readFileSync(join(folder, 'logbook.jsonl'), 'utf8')).toContain('"newBag":"B-0143"')
})

test('many sheets: who was seen, and who not', async () => {
  const sheets = [1, 3].flatMap((custodian) => ['--scan', stage.sheet(3, custodian)])
  const { code, stdout } = await stage.run(['check', 'sheets', ...custody(), '--generation', '3', ...sheets])
  const { keyId } = manifestOf(3)
  expect(stdout).toBe([
    `GENERATION 3, key id ${keyId} (${hexToWords(keyId)})`,
    '  custodian 1 (Ada Lovelace): 1 scan of 1 copy',
    '  custodian 2 (Βασίλης Παπαδόπουλος): NOT SEEN',
    '  custodian 3 (Софья Ковалевская): 1 scan of 1 copy',
    'Copies of one share bear the same codes: that each copy was scanned once is told by the copy number printed on it.',
    'Every sheet that was read is right; 1 not seen.\n',
  ].join('\n'))
  expect(code).toBe(0)
})

test('many sheets: the wrong one is named, with its page', async () => {
  const altered = copied()
  appendFileSync(join(altered, 'generations/3/envelope.pgp'), 'x')
  const { code, stderr } = await stage.run(['check', 'sheets', '--custody', altered, '--generation', '3', '--scan', stage.sheet(3, 1), '--scan', stage.sheet(4, 1)])
  expect(stderr).toContain('generation-3-custodian-1-copy-1.pdf, page 2: part 3 of 3 is not that of the envelope of GENERATION 3')
  expect(stderr).toContain('generation-4-custodian-1-copy-1.pdf, page 1: this is a sheet of GENERATION 4, which is not looked for: that key is not in use yet')
  expect(code).toBe(4)
})

test('a real sheet is read where there is no network, or by an exception', () => {
  const [quiet, network] = [{ ways: [], looked: '' }, { ways: ['interface eth0 has a carrier'], looked: '' }]
  expect(requireQuietRoom(quiet, false, null, '')).toBe('quiet')
  expect(requireQuietRoom(network, true, null, '')).toBe('quiet')
  expect(requireQuietRoom(network, false, 'the quiet machine is broken', '')).toBe('exposing')
  expect(refusal(() => requireQuietRoom(network, false, null, 'Or else.'))).toMatchObject({ code: 'NOT_AIR_GAPPED', message: 'a real sheet is not read on a machine with a network: interface eth0 has a carrier. No sheet was read', hint: 'Unplug it and switch radios off; or leave the sheet in its bag and inspect the bag: glasskey share inspect --record. Or else.' })
})
