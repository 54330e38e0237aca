/**
 * Recovery with nothing of ours: docs/format.md, section 6, run line by line over real sheets, with Debian's poppler, ZBar,
 * Python, GnuPG and OpenSSL.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeGenerations, type MadeGeneration } from '../../src/ceremony/generations.js'
import { sheetsOf } from '../../src/ceremony/sheets.js'
import { parseCustodyYaml, type Custody } from '../../src/custody/custody-yaml.js'
import { manifestDigest } from '../../src/custody/manifest.js'
import { inGroups } from '../../src/custody/share-text.js'
import { vectorText } from '../vectors/frozen.js'

const RECOVER = fileURLToPath(new URL('../../docs/recover.py', import.meta.url))
const FORMAT = readFileSync(new URL('../../docs/format.md', import.meta.url), 'utf8')
const RECIPE = [...FORMAT.matchAll(/^```sh recipe\n(.*?)\n```$/gms)].map(([, commands = '']) => commands)

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true })
})

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'glasskey-recovery-'))
  folders.push(made)
  copyFileSync(RECOVER, join(made, 'recover.py'))
  return made
}

/** Runs recipe steps in `cwd` as a person would, stopping at the first that fails; GnuPG gets a home of its own. */
function run(steps: readonly string[], cwd: string): void {
  execFileSync('bash', ['-e', '-o', 'pipefail', '-c', steps.join('\n')], { cwd, env: { PATH: process.env['PATH'], GNUPGHOME: folder(), LC_ALL: 'C' }, stdio: 'pipe' })
}

function custodyOf(keySize: 2048 | 4096, threshold: number): Custody {
  const custody = parseCustodyYaml(vectorText('custody/custody.yaml'))
  return { ...custody, keySize, threshold, custodians: custody.custodians.map((custodian) => ({ ...custodian, copies: custodian.copies.slice(0, 1) })) }
}

describe.each([[2048, 2, 'A4'], [4096, 3, 'Letter']] as const)('a rehearsal set of RSA %i, threshold %i, on %s', (keySize, threshold, paper) => {
  const custody = { ...custodyOf(keySize, threshold), paper }
  let made: MadeGeneration
  const pdfs: Uint8Array[] = []

  beforeAll(async () => {
    const [first] = await makeGenerations({ custody, rehearsal: true, first: 1, count: 2, previousManifestSha256: null, now: new Date('2026-11-19T09:00:00.000Z'), onMade: () => undefined })
    if (!first) throw new RangeError('nothing was made')
    made = first
    for await (const sheet of sheetsOf(made, custody)) pdfs.push(sheet.pdf)
  })

  /** What the recipe must leave behind. */
  function expectOpened(place: string): void {
    const { manifest } = made
    const opened = readFileSync(join(place, 'opened'), 'utf8')
    const [header = '', rest = ''] = opened.split('\n\n')
    expect(header.split('\n')).toEqual([
      'glasskey: 1',
      `key-id: ${manifest.keyId}`,
      'generation: 1',
      'rehearsal: true',
      'tenancy: ocid1.tenancy.oc1..aaaaaaaatenancyexample',
      'user: ocid1.user.oc1..aaaaaaaabreakglassexample',
      'home-region: eu-frankfurt-1',
      `fingerprint: ${manifest.fingerprint}`,
      `threshold: ${threshold}`,
      'shares: 3',
      `manifest-sha256: ${manifestDigest(manifest)}`,
      `rules-sha256: ${manifest.rulesSha256}`,
      'signers: none',
      'signers-needed: 0',
      `successor-spki-sha256: ${String(manifest.successor?.spkiSha256)}`,
    ])
    expect(rest.endsWith('-----END PRIVATE KEY-----\nOCI_API_KEY\n')).toBe(true)
    expect(readFileSync(join(place, 'spki-sha256'), 'utf8')).toBe(`${manifest.spkiSha256}  -\n`)
    expect(readFileSync(join(place, 'envelope.pgp'))).toEqual(Buffer.from(made.envelope))
  }

  test('from scans of k sheets, in the wrong order', () => {
    expect(RECIPE).toHaveLength(5)
    const place = folder()
    pdfs.slice(-threshold).reverse().forEach((pdf, at) => {
      writeFileSync(join(place, `sheet-${at}.pdf`), pdf)
    })
    run(RECIPE, place)
    expectOpened(place)
    expect(execFileSync('openssl', ['rsa', '-in', join(place, 'key.pem'), '-noout', '-check'], { encoding: 'utf8' })).toBe('RSA key ok\n')
    const packets = readFileSync(join(place, 'packets'), 'utf8').split('\n').filter((line) => /^[:#]|cipher|method|mdc|compressed|literal|mode/.test(line.trim())).map((line) => line.replace(/off=.*/, '').trim())
    expect(packets.filter((line) => line.startsWith(':'))).toEqual([
      expect.stringMatching(/^:symkey enc packet: version 4, cipher 9, (aead 0, ?)?s2k 3, hash 8/),
      ':encrypted data packet:',
      ':compressed packet: algo=2',
      ':literal data packet:',
    ])
    const all = readFileSync(join(place, 'packets'), 'utf8')
    expect(all).toContain('mdc_method: 2')
    expect(all).toMatch(/mode b \(62\), created \d+, name="",/)
  })

  test('from the groups typed by hand, and the envelope of the folder', () => {
    const place = folder()
    const typed = made.shareTexts.slice(0, threshold).map((text, at) => (at === 0 ? inGroups(text).toLowerCase() : inGroups(text)))
    writeFileSync(join(place, 'texts'), typed.join('\n') + '\n')
    writeFileSync(join(place, 'envelope.pgp'), made.envelope)
    run([(RECIPE[1] ?? '').replace('--envelope envelope.pgp ', ''), ...RECIPE.slice(3)], place)
    expectOpened(place)
  })

  test('the groups to type are those that stand on the page', () => {
    const place = folder()
    for (const [at, pdf] of pdfs.entries()) {
      writeFileSync(join(place, 'sheet.pdf'), pdf)
      const printed = execFileSync('pdftotext', ['-f', '1', '-l', '1', '-layout', join(place, 'sheet.pdf'), '-'], { encoding: 'utf8' })
      // Each row begins with the number of its first group.
      const typed = printed.split('\n').map((line) => /^\s*\d+((?:\s+[A-Z0-9]{1,4})+)\s*$/.exec(line)?.[1]?.replace(/\s+/g, '') ?? '')
      expect(typed.join('')).toBe(made.shareTexts[at])
    }
  })

  test('too few sheets give nothing', () => {
    const result = spawnSync('python3', [RECOVER], { input: made.shareTexts.slice(1, threshold).join('\n'), encoding: 'utf8' })
    expect(result).toMatchObject({ status: 1, stdout: '', stderr: `${threshold - 1} of ${threshold} shares of key ${made.manifest.keyId}; 1 more needed\n` })
  })
})
