/** Shares sealed to custodians' OpenPGP keys, with Debian's real gpg and software keys: from the ceremony to the release. Cards: card.interop.test.ts. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { custodyYaml } from '../../src/ceremony/custody-template.js'
import { scriptFor } from '../../src/ceremony/script.js'
import { parseCustodyYaml } from '../../src/custody/custody-yaml.js'
import { parseManifest } from '../../src/custody/manifest.js'
import { readPages } from '../../src/reader/page-proof.js'
import { readTranscript } from '../../src/record/transcript.js'
import { writeConfig } from '../../src/simulator/config-directory.js'
import { startSimulator } from '../../src/simulator/simulator.js'
import { Rehearsal } from '../stage/rehearsal.js'
import { glasskey, CLI } from '../stage/command-line.js'
import { holdCeremony } from '../stage/held-ceremony.js'
import { onTerminal } from '../stage/on-terminal.js'
import { leave, openpgpPerson, type OpenpgpPerson } from '../stage/openpgp-people.js'

const RECOVER = new URL('../../docs/recover.py', import.meta.url).pathname
const RECIPE = /^```sh recipe-sealed\n(.*?)\n```$/ms.exec(readFileSync(new URL('../../docs/format.md', import.meta.url), 'utf8'))?.[1] ?? ''

let stage: Rehearsal
let ada: OpenpgpPerson
let grace: OpenpgpPerson
let stranger: OpenpgpPerson
let told: { stderr: string; code: number }

const file = (name: string, text: string): string => {
  const path = join(stage.directory, name)
  writeFileSync(path, text, { mode: 0o600 })
  return path
}

/** Ada's key is a file with a passphrase; Grace's is in her keyring. The third custodian has none. */
beforeAll(async () => {
  ada = openpgpPerson('Ada Lovelace', 'cv25519', 'correct horse')
  grace = openpgpPerson('Grace Hopper', 'rsa2048')
  stranger = openpgpPerson('Mallory', 'cv25519')
  const directory = mkdtempSync(join(tmpdir(), 'glasskey-test-'))
  const cloud = await startSimulator({ stateFile: join(directory, 'simulator.json') })
  stage = new Rehearsal(directory, cloud, { start: Date.now(), speed: 1 }, false)
  writeConfig(join(directory, 'oci'), cloud)
  mkdirSync(join(directory, 'keys'))
  writeFileSync(join(directory, 'keys', 'ada.asc'), ada.publicKey)
  writeFileSync(join(directory, 'keys', 'grace.asc'), grace.publicKey)
  const { tenancy, users, regions, homeRegion } = cloud.seed
  const yaml = custodyYaml({ team: 'Cloud Platform', contact: 'Security desk', tenancy, user: users.administrator, realm: 'oc1', homeRegion, regions: [...regions], threshold: 2, custodians: ['Ada Lovelace', 'Grace Hopper', 'Edsger Dijkstra'], copies: 1, generations: 4, keySize: 2048, paper: 'A4', maximumHours: 4 })
  file('custody.yaml', yaml.replace('name: "Ada Lovelace"\n', '$&    openpgpKey: keys/ada.asc\n').replace('name: "Grace Hopper"\n', '$&    openpgpKey: keys/grace.asc\n'))
  file('ada.key', ada.privateKey)
  file('ada.passphrase', 'correct horse\n')
  told = await glasskey(['ceremony', '--config', 'custody.yaml', '--custody', 'custody', '--sheets', 'sheets', '--rehearsal', '--yes', '--keep-sheets', '--custodian-key', '1=ada.key', '--passphrase-file', '1=ada.passphrase'], { cwd: directory })
})
afterAll(async () => {
  for (const person of [ada, grace, stranger]) {
    leave(person)
    rmSync(person.home, { recursive: true, force: true })
  }
  await stage.close()
})

const manifestOf = (generation: number): ReturnType<typeof parseManifest> => parseManifest(readFileSync(join(stage.custody, 'generations', String(generation), 'manifest.json'), 'utf8'))
const withAda = ['--custodian-key', '1=ada.key', '--passphrase-file', '1=ada.passphrase']
const withGrace = (): string[] => ['--custodian-key', '2=gpg', '--gnupg-home', grace.home]

describe('the ceremony', () => {
  test('one key was in the room and opens its shares; the other is an exception of the record', () => {
    expect(told).toMatchObject({ code: 0 })
    expect(told.stderr).toContain('The key of custodian 1 (Ada Lovelace) opens every share that was sealed to it.')
    const [entry] = readFileSync(join(stage.custody, 'logbook.jsonl'), 'utf8').split('\n').map((line) => (line === '' ? null : (JSON.parse(line) as { exceptions: string[] })))
    expect(entry?.exceptions.join()).toContain(`nobody proved that OpenPGP key ${grace.fingerprint} opens the sealed shares of custodian 2`)
    expect(entry?.exceptions.join()).not.toContain(ada.fingerprint)
  })

  test('the manifest says which share is sealed to which key, and the keys lie beside custody.yaml', () => {
    expect(manifestOf(2).shares.map(({ sealed }) => sealed?.fingerprint)).toEqual([ada.fingerprint, grace.fingerprint, undefined])
    expect(readFileSync(join(stage.custody, 'keys', 'ada.asc'), 'utf8')).toBe(ada.publicKey)
  })

  test('sealed sheets carry the sealed share and nothing of the open one, and gpg alone opens it', async () => {
    for (const [custodian, person] of [[1, ada], [2, grace]] as const) {
      const pdf = stage.sheet(2, custodian)
      const [codes = []] = await readPages(new Uint8Array(readFileSync(pdf)))
      expect(codes.every((text) => text.startsWith(`GKSR1/${manifestOf(2).keyId.toUpperCase()}/${custodian}/2/3/${person.fingerprint}/`))).toBe(true)
      const page = execFileSync('pdftotext', ['-l', '1', pdf, '-'], { encoding: 'utf8' })
      expect(page).toContain('This sheet is useless without the card or key named above')
      expect(page.replace(/\s+/g, '')).toContain(person.fingerprint)
      expect(page).not.toMatch(/GKR1/)
    }
  })

  test('the recipe of docs/format.md opens them with gpg and Python', async () => {
    const place = mkdtempSync(join(tmpdir(), 'glasskey-recovery-'))
    const texts = (await Promise.all([1, 2].map(async (custodian) => readPages(new Uint8Array(readFileSync(stage.sheet(2, custodian))))))).flat(2)
    const [mine, hers] = [texts.filter((text) => /^GKSR1\/[^/]*\/1\//.test(text)), texts.filter((text) => /^GKSR1\/[^/]*\/2\//.test(text))]
    const open = (codes: string[], person: OpenpgpPerson): void => {
      writeFileSync(join(place, 'texts'), codes.join('\n') + '\n')
      execFileSync('bash', ['-e', '-o', 'pipefail', '-c', RECIPE.replaceAll('gpg ', `gpg --batch --pinentry-mode loopback --passphrase-file ${join(person.home, 'passphrase')} `)], { cwd: place, env: { PATH: process.env['PATH'], GNUPGHOME: person.home, LC_ALL: 'C' }, stdio: 'pipe' })
    }
    open(mine, ada)
    open(hers, grace)
    const opened = readFileSync(join(place, 'opened-shares'), 'utf8')
    const secret = execFileSync('python3', ['-I', RECOVER], { input: `${texts.join('\n')}\n${opened}`, encoding: 'utf8' })
    writeFileSync(join(place, 'passphrase'), secret)
    const key = execFileSync('gpg', ['--batch', '--quiet', '--pinentry-mode', 'loopback', '--passphrase-file', join(place, 'passphrase'), '--decrypt', join(stage.custody, 'generations/2/envelope.pgp')], { env: { PATH: process.env['PATH'], GNUPGHOME: stranger.home }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    expect(key).toContain(`key-id: ${manifestOf(2).keyId}`)
    rmSync(place, { recursive: true })
  })
})

test('at the table: a path that is wrong is asked for again, a break makes no key again, and a key that nobody brought is an exception', async () => {
  const path = (name: string): string => join(stage.directory, name)
  const { codeName } = scriptFor({ custody: parseCustodyYaml(readFileSync(path('custody.yaml'), 'utf8')), rehearsal: true, first: 1, count: 4, previousManifestSha256: null })
  const terminal = onTerminal(stage, [process.execPath, CLI, 'ceremony', '--config', 'custody.yaml', '--custody', 'held', '--rehearsal', '--custodian-key', '1=ada.kee', '--passphrase-file', '1=ada.passphrase'])
  const once = [
    { words: 'Path of the private key', answers: ['ada.key'] },
    { words: 'Passphrase of key', answers: ['incorrect horse'] },
    { words: 'Passphrase of key', answers: ['correct horse'] },
    { words: 'Path of the private key', answers: ['b', 'coffee', '7'] },
    { words: 'Path of the private key', answers: ['ada.key', 'correct horse', ''] },
    { words: 'm: it is mended', answers: ['d', 'Grace forgot her card', ''] },
    { words: 'draws the sheets', answers: ['\u0003'] },
  ]
  const roles = { administrator: 'Joan Clarke', operator: 'Radia Perlman', 'internal witness': 'John von Neumann', 'external witness': 'Emmy Noether' }
  await holdCeremony(terminal, { roles, codeName, keys: {}, scansOf: () => [], once }, path('held-sheets'), path('held-paper'))
  expect(terminal.shown()).toContain('the private key is not there: ')
  expect(terminal.shown()).toContain(`wrong passphrase for key ${ada.fingerprint}. Nothing is locked; try again.`)
  const [name = ''] = readdirSync(stage.directory).filter((one) => one.startsWith('held-transcript-'))
  const { lines } = readTranscript(readFileSync(path(name), 'utf8')).chain
  expect(lines.filter(({ type }) => type === 'made')).toMatchObject([1, 2, 3, 4].map((generation) => ({ generation })))
  expect(lines.find(({ type }) => type === 'break')).toMatchObject({ reason: 'coffee', back: 7 })
  expect(lines.filter(({ type }) => type === 'exception')).toMatchObject([{ step: 'keys.make', happened: `nobody proved that OpenPGP key ${grace.fingerprint} opens the sealed shares of custodian 2` }])
}, 60_000)

test('a sheet alone: whole and promised without its key, and opened with it', async () => {
  const closed = await stage.run(['share', 'inspect', '--custody', stage.custody, '--scan', stage.sheet(2, 2), '--json'])
  expect(JSON.parse(closed.stdout)).toMatchObject({ shares: [{ custodian: 2, promised: true, sealedTo: grace.fingerprint }], error: null })
  const opened = await stage.run(['share', 'inspect', '--custody', stage.custody, '--scan', stage.sheet(2, 2), ...withGrace(), '--json'])
  expect(opened.stderr).toBe(closed.stderr)
  expect(JSON.parse(opened.stdout)).toMatchObject({ shares: [{ custodian: 2, promised: true, sealedTo: null }], error: null })
})

describe('a recovery', () => {
  const sheets = (): string[] => ['recover', '--yes', '--scan', stage.sheet(2, 1), '--scan', stage.sheet(2, 2), '--json']

  test('with the file of one key and the keyring of the other', async () => {
    const { code, stdout, stderr } = await stage.run([...sheets(), ...withAda, ...withGrace()])
    expect(stderr).not.toContain('not opened')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ keyId: manifestOf(2).keyId })
  })

  test.each<[string, () => string[], string]>([
    ['no key', () => [], `the share of custodian 1 is sealed to OpenPGP key FINGERPRINT, and was not opened. Its custodian brings the card or the key: --custodian-key 1=FILE or 1=gpg.`],
    ['the file of another key', () => ['--custodian-key', `1=${file('other.key', stranger.privateKey)}`], 'the share of custodian 1 was not opened: wrong key: '],
    ['a wrong passphrase', () => ['--custodian-key', '1=ada.key', '--passphrase-file', `1=${file('wrong', 'incorrect horse')}`], 'the share of custodian 1 was not opened: wrong passphrase for key FINGERPRINT. Nothing is locked; try again.'],
    ['a keyring without the key', () => ['--custodian-key', '1=gpg', '--gnupg-home', stranger.home], 'the share of custodian 1 was not opened: gpg has no private key that opens it. Insert the card that the sheet names (gpg --card-status reads it)'],
    ['a wrong passphrase for the keyring', () => ['--custodian-key', '1=gpg', '--gnupg-home', ada.home, '--passphrase-file', `1=${file('wrong', 'incorrect horse')}`], 'the share of custodian 1 was not opened: wrong passphrase. Nothing is locked; try again.'],
    ['a public key', () => ['--custodian-key', `1=${file('public', ada.publicKey)}`], 'cannot be read as an armoured OpenPGP private key'],
  ])('with %s: named, and the other shares go on', async (_, flags, says) => {
    leave(ada)
    const { code, stderr } = await stage.run([...sheets(), ...flags(), ...withGrace().slice(0, 2), ...(flags().includes('--gnupg-home') ? [] : ['--gnupg-home', grace.home])])
    expect(stderr).toContain(says.replace('FINGERPRINT', ada.fingerprint))
    expect(stderr).toMatch(/QUORUM_NOT_REACHED: [01] of 2 shares/)
    expect(code).toBe(5)
  })
})

describe('a release', () => {
  beforeAll(async () => {
    const { code, stderr } = await stage.run([...stage.takeover(), ...withAda, ...withGrace()])
    if (code !== 0) throw new Error(stderr)
  })

  test('somebody at a terminal: a wrong passphrase is asked for again, nothing that is typed is shown, and the keyring does the rest', async () => {
    const terminal = onTerminal(stage, [process.execPath, CLI, ...stage.rotate(2), '--gnupg-home', grace.home])
    await terminal.until('The share of custodian 1 (Ada Lovelace) is sealed to OpenPGP key')
    await terminal.until('Enter leaves this share out:')
    terminal.type('ada.key\n')
    await terminal.until('(not shown; Enter alone goes back):')
    terminal.type('incorrect horse\n')
    await terminal.until('wrong passphrase for key')
    terminal.type('correct horse\n')
    await terminal.until('1 of 2: the sheet of custodian 1 (Ada Lovelace) is right.')
    await terminal.until('The share of custodian 2 (Grace Hopper) is sealed')
    terminal.type('gpg\n')
    expect(await terminal.ended, terminal.shown()).toBe(0)
    expect(terminal.shown()).not.toContain('correct horse')
    expect(stage.journal().filter(({ type }) => type === 'share-accepted')).toHaveLength(2)
  })
})
