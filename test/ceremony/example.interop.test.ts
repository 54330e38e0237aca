/**
 * ceremony/example: the public record of a rehearsal that people held in a terminal. gpg and sha256sum verify it. To hold it
 * again: GLASSKEY_TESTS=interop GLASSKEY_WRITE=1 npx vitest run test/ceremony/example
 */
import { execFile, execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { generateKey } from 'openpgp'
import { expect, test } from 'vitest'
import { custodyYaml } from '../../src/ceremony/custody-template.js'
import { scriptFor } from '../../src/ceremony/script.js'
import { parseCustodyYaml } from '../../src/custody/custody-yaml.js'
import { CLI, glasskey } from '../stage/command-line.js'
import { printedFor } from '../stage/held-ceremony.js'
import { holdInTmux } from '../stage/in-tmux.js'

const run = promisify(execFile)
const EXAMPLE = resolve(import.meta.dirname, '../../ceremony/example')
const ROLES = { administrator: 'Joan Clarke', operator: 'Radia Perlman', 'internal witness': 'John von Neumann', 'external witness': 'Emmy Noether' }

test.runIf(process.env['GLASSKEY_WRITE'] === '1')('a rehearsal is held, and its public record kept', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'glasskey-example-'))
  try {
    const keys = await signingKeys(directory)
    const yaml = custodyYaml({ team: 'Cloud Platform, Example AG', contact: 'Security desk, +41 44 555 01 00, at any hour', tenancy: 'ocid1.tenancy.oc1..aaaaaaaaexampletenancy', user: 'ocid1.user.oc1..aaaaaaaaexampleuser', realm: 'oc1', homeRegion: 'eu-frankfurt-1', regions: ['eu-frankfurt-1'], threshold: 2, custodians: ['Ada Lovelace', 'Βασίλης Παπαδόπουλος', 'Софья Ковалевская'], copies: 1, generations: 2, keySize: 2048, paper: 'A4', maximumHours: 4 })
    const text = yaml.replace('fingerprints: []', `fingerprints: [${keys.map(({ fingerprint }) => fingerprint).join(', ')}]`).replace('needed: 0', 'needed: 2')
    writeFileSync(join(directory, 'custody.yaml'), text)
    expect((await glasskey(['ceremony', '--print-script', 'script.pdf', '--config', 'custody.yaml', '--rehearsal'], { cwd: directory })).code).toBe(0)
    const { codeName } = scriptFor({ custody: parseCustodyYaml(text), rehearsal: true, first: 1, count: 2, previousManifestSha256: null })
    const paper = join(directory, 'paper')
    const { code, screen } = await holdInTmux(
      directory,
      [process.execPath, CLI, 'ceremony', '--config', 'custody.yaml', '--custody', 'custody', '--sheets', 'sheets', '--rehearsal'],
      {
        roles: ROLES,
        codeName,
        keys: Object.fromEntries(keys.map(({ role, path }) => [role, path])),
        scansOf: (custodian) => printedFor(paper, custodian),
        once: [
          { words: 'Number of devices', answers: ['b', 'fire drill in the building', '7', '9'] },
          { words: 'Serial numbers', answers: ['d', 'the serial plate of the printer is scratched and cannot be read', 'its model and the inventory sticker are written down instead', ''] },
          { words: 'm: it is mended', answers: ['d', 'this is practice; the folder is removed afterwards', ''] },
          { words: 'Exceptions:', answers: ['2'] },
        ],
      },
      () => {
        scanWhatWasPrinted(join(directory, 'sheets'), paper)
      },
    )
    expect(code, screen.slice(-3000)).toBe(0)
    for (const name of existsSync(EXAMPLE) ? readdirSync(EXAMPLE) : []) if (name !== 'README.md') rmSync(join(EXAMPLE, name), { recursive: true })
    mkdirSync(EXAMPLE, { recursive: true })
    cpSync(join(directory, 'custody'), EXAMPLE, { recursive: true })
    cpSync(join(directory, 'script.pdf'), join(EXAMPLE, 'script.pdf'))
    writeFileSync(join(EXAMPLE, 'screen.txt'), screen.replaceAll(`${directory}/`, '') + '\n')
  } finally {
    rmSync(directory, { recursive: true })
  }
}, 400_000)

/** Throw-away keys of those who sign; only their public halves reach the record. */
async function signingKeys(directory: string): Promise<{ role: string; path: string; fingerprint: string }[]> {
  return Promise.all(
    (['administrator', 'internal witness', 'external witness'] as const).map(async (role) => {
      const { privateKey, publicKey } = await generateKey({ userIDs: [{ name: ROLES[role], comment: 'rehearsal' }], format: 'object' })
      const path = join(directory, `${role.replace(' ', '-')}.key.asc`)
      writeFileSync(path, privateKey.armor())
      return { role, path, fingerprint: publicKey.getFingerprint().toUpperCase() }
    }),
  )
}

/** What a printer and a scanner do: pixels of the pages, at 150 dots per inch. */
function scanWhatWasPrinted(sheets: string, paper: string): void {
  mkdirSync(paper, { recursive: true })
  for (const name of existsSync(sheets) ? readdirSync(sheets) : []) {
    const stem = join(paper, name.replace('.pdf', ''))
    if (!readdirSync(paper).some((one) => one.startsWith(name.replace('.pdf', '')))) execFileSync('pdftoppm', ['-r', '150', '-gray', '-png', join(sheets, name), stem])
  }
}

test('gpg verifies every signature of the example, and sha256sum its transcript', async () => {
  const home = mkdtempSync(join(tmpdir(), 'glasskey-gpg-'))
  const env = { ...process.env, GNUPGHOME: home, LC_ALL: 'C' }
  try {
    await run('gpg', ['--quiet', '--batch', '--import', ...readdirSync(join(EXAMPLE, 'signers')).map((name) => join(EXAMPLE, 'signers', name))], { env })
    for (const file of ['records/ceremony-from-generation-1.jsonl', 'generations/1/manifest.json', 'generations/2/manifest.json']) {
      const { stderr } = await run('gpg', ['--batch', '--verify', join(EXAMPLE, `${file}.asc`), join(EXAMPLE, file)], { env })
      expect(stderr.match(/Good signature/g), file).toHaveLength(3)
    }
    const { stdout } = await run('sha256sum', [join(EXAMPLE, 'records/ceremony-from-generation-1.jsonl')])
    expect(readFileSync(join(EXAMPLE, 'generations/1/manifest.json'), 'utf8')).toContain(`"transcriptSha256":"${stdout.slice(0, 64)}"`)
  } finally {
    rmSync(home, { recursive: true })
  }
})
