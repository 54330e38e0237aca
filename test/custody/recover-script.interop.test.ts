/** docs/recover.py against the golden set: what it accepts, and each thing that it refuses. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { toParts } from '../../src/custody/paper-parts.js'
import { inGroups, parseShareText, shareToText } from '../../src/custody/share-text.js'
import { envelopeOf, faults, manifestOf, secretsOf } from '../vectors/frozen.js'

const RECOVER = fileURLToPath(new URL('../../docs/recover.py', import.meta.url))
const place = mkdtempSync(join(tmpdir(), 'glasskey-recover-'))
afterAll(() => {
  rmSync(place, { recursive: true })
})

const { shareTexts, sealSecret } = secretsOf(2)
const [one = '', two = '', three = ''] = shareTexts
const { keyId } = manifestOf(2)
const parts = toParts('GKE1', keyId, envelopeOf(2), 500)

function recover(lines: readonly string[], ...flags: string[]): { status: number | null; stdout: string; stderr: string } {
  // -I: isolated, as on a machine that has nothing but Python.
  const { status, stdout, stderr } = spawnSync('python3', ['-I', RECOVER, ...flags], { input: lines.map((line) => line + '\n').join(''), encoding: 'utf8' })
  return { status, stdout, stderr }
}

describe('accepts', () => {
  test.each([
    ['any two sheets', [three, one]],
    ['all three', [one, two, three]],
    ['a copy of the same sheet', [one, one, two]],
    ['typed groups, lower case, blank lines, CR', [inGroups(one).toLowerCase(), '', `${inGroups(two)}\r`]],
    ['what zbarimg prints without --raw', [`QR-Code:${one}`, `QR-Code:${parts[0] ?? ''}`, `QR-Code:${two}`]],
  ])('%s', (_, lines) => {
    expect(recover(lines)).toEqual({ status: 0, stdout: sealSecret + '\n', stderr: '' })
  })

  test('parts of the envelope in any order', () => {
    const out = join(place, 'envelope.pgp')
    expect(recover([...parts.toReversed(), one, parts[1] ?? '', two], '--envelope', out)).toEqual({
      status: 0,
      stdout: sealSecret + '\n',
      stderr: `Envelope written. Give the passphrase below to: gpg --decrypt ${out}\n`,
    })
    expect(readFileSync(out)).toEqual(Buffer.from(envelopeOf(2)))
  })
})

describe('refuses', () => {
  const fields = parseShareText(two)
  const zero = fields.bytes.slice()
  zero[32] = 0
  const bent = fields.bytes.slice()
  bent[0] = (bent[0] ?? 0) ^ 1
  test.each<[string, string[], string]>([
    ['nothing', [], 'no share was given'],
    ['one sheet', [one], `1 of 2 shares of key ${keyId}; 1 more needed`],
    ['one sheet twice', [one, one], `1 of 2 shares of key ${keyId}; 1 more needed`],
    ['sheets of two keys', [one, secretsOf(1).shareTexts[1] ?? ''], `the sheets are of different sets: ${[keyId, manifestOf(1).keyId].sort().map((key) => `${key} (2 of 3)`).join(', ')}`],
    ['a letter', ['dear custodian'], 'line 1: neither a share nor an envelope code'],
    ['another prefix', ['BC' + one.slice(3)], 'line 1: neither a share nor an envelope code'],
    ['x = 0', [one, shareToText({ ...fields, bytes: zero })], 'line 2: the sheet of custodian 2 is forged'],
    ['two shares at one point', [two, shareToText({ ...fields, bytes: bent })], 'line 2: the sheet of custodian 2 is forged'],
    ['a surplus share off the polynomial', [one, three, shareToText({ ...fields, bytes: bent })], 'the shares do not lie on one polynomial: at least one is forged'],
    ['parts that disagree', [one, two, parts[0] ?? '', (parts[0] ?? '').slice(0, -8) + 'AAAAAAAA'], `line 4: two sheets disagree about part 1 of the envelope of key ${keyId}`],
  ])('%s', (_, lines, message) => {
    expect(recover(lines)).toEqual({ status: 1, stdout: '', stderr: message + '\n' })
  })

  test.each(faults('shares').filter(({ code }) => code === 'SHARE_MISREAD' || code === 'SHARE_VERSION').map(({ name, input }) => [name, input] as const))('the vector: %s', (_, input) => {
    const { status, stdout, stderr } = recover([one, two, input])
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(/^line 3: (misread: the checksum or the length is wrong; compare with the paper|neither a share nor an envelope code|format version 2; this script reads version 1)\n$/)
  })

  test('an envelope of which a part is missing, and to write over a file', () => {
    const out = join(place, 'other.pgp')
    expect(recover([one, two, ...parts.slice(1)], '--envelope', out)).toEqual({ status: 1, stdout: '', stderr: `of the envelope of key ${keyId}, part 1 of ${parts.length} was not read\n` })
    writeFileSync(out, 'mine')
    expect(recover([one, two, ...parts], '--envelope', out)).toEqual({ status: 1, stdout: '', stderr: `${out} exists already; nothing was overwritten\n` })
    expect(readFileSync(out, 'utf8')).toBe('mine')
  })

  test('unknown flags', () => {
    expect(recover([one, two], '--out', 'x')).toEqual({ status: 1, stdout: '', stderr: 'usage: recover.py [--envelope OUT] < texts\n' })
  })
})
