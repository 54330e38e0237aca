/** A ceremony as people hold it, on a terminal of its own; what it leaves is verified with gpg and sha256sum alone. */
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { generateKey } from 'openpgp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { custodyYaml } from '../../src/ceremony/custody-template.js'
import { scriptFor } from '../../src/ceremony/script.js'
import { parseCustodyYaml } from '../../src/custody/custody-yaml.js'
import { readCustodyFolder } from '../../src/host/custody-folder.js'
import { requireSealed } from '../../src/host/sealed-set.js'
import { readPages } from '../../src/reader/page-proof.js'
import { readTranscript } from '../../src/record/transcript.js'
import type { Table } from '../stage/at-the-table.js'
import { CLI, glasskey } from '../stage/command-line.js'
import { holdCeremony, printedFor } from '../stage/held-ceremony.js'
import { onTerminal, type OnTerminal } from '../stage/on-terminal.js'
import { screenOf } from '../stage/screen.js'

const run = promisify(execFile)
const ROLES = { administrator: 'Joan Clarke', operator: 'Radia Perlman', 'internal witness': 'John von Neumann', 'external witness': 'Emmy Noether' }
/** What a share looks like; it is nobody's. */
const SCANNED = `gkr1qy${'q'.repeat(76)}`
const SEALED = /The set is sealed|A REHEARSAL set is sealed/

let directory: string
let shown = ''
/** The share that custodian 1 typed from paper. */
let typed = ''
const fingerprints: string[] = []
const path = (...names: string[]): string => join(directory, ...names)

function table(more: Partial<Table> = {}): Table {
  const { codeName } = scriptFor({ custody: parseCustodyYaml(readFileSync(path('custody.yaml'), 'utf8')), rehearsal: true, first: 1, count: 2, previousManifestSha256: null })
  return { roles: ROLES, codeName, keys: { administrator: path('joan.key.asc'), 'internal witness': path('john.key.asc') }, scansOf: (custodian) => printedFor(path('paper'), custodian), ...more }
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'glasskey-held-'))
  for (const name of ['joan', 'john', 'emmy']) {
    const { privateKey, publicKey } = await generateKey({ userIDs: [{ name }], format: 'object' })
    writeFileSync(path(`${name}.key.asc`), privateKey.armor())
    fingerprints.push(publicKey.getFingerprint().toUpperCase())
  }
  const yaml = custodyYaml({ team: 'Team', contact: 'Desk', tenancy: 'ocid1.tenancy.oc1..aaaaaaaatenancy', user: 'ocid1.user.oc1..aaaaaaaauser', realm: 'oc1', homeRegion: 'eu-frankfurt-1', regions: ['eu-frankfurt-1'], threshold: 2, custodians: ['Ada', 'Grace', 'Katherine'], copies: 1, generations: 2, keySize: 2048, paper: 'A4', maximumHours: 4 })
  writeFileSync(path('custody.yaml'), yaml.replace('fingerprints: []', `fingerprints: [${fingerprints.join(', ')}]`).replace('needed: 0', 'needed: 2'))
  const terminal = onTerminal({ directory }, [process.execPath, CLI, 'ceremony', '--config', 'custody.yaml', '--custody', 'custody', '--sheets', 'sheets', '--rehearsal'])
  void terminal.until('Group 1 of 21.').then(async () => {
    const [[text = ''] = []] = await readPages(new Uint8Array(readFileSync(path('paper/generation-1-custodian-1-copy-1.pdf'))))
    typed = text
    terminal.type(`${text}\r`)
  })
  const code = await holdCeremony(
    terminal,
    table({
      once: [
        { words: 'Serial numbers', answers: ['d', 'the plate of the printer is scratched', 'its model was written down', ''] },
        { words: 'm: it is mended', answers: ['d', 'the folder is on a disk that will be destroyed', ''] },
        { words: 'The tool\'s clock says', answers: ['75', 'd', 'the clock of this machine cannot be set', 'the difference is written down', '', '75 behind'] },
        { words: 'Number of devices', answers: ['b', 'fire alarm', '7', '9'] },
        // First a file that is not there, then one share by hand.
        { words: 'Scans of GENERATION 1, 2 (files, camera, or type: a share from paper); skip', answers: [path('nothing.pdf'), 'type'] },
        // The scanner that types is held over page 1, and not over the bag.
        { words: 'Bag number of GENERATION 1', answers: [SCANNED] },
        { words: 'Bags at hand', answers: [SCANNED.toUpperCase().replace(/.{4}/g, '$& ')] },
        { words: 'Exceptions', answers: ['0', '3'] },
      ],
    }),
    path('sheets'),
    path('paper'),
  )
  shown = terminal.shown()
  expect(code, shown.slice(-3000)).toBe(0)
}, 240_000)
afterAll(() => {
  rmSync(directory, { recursive: true })
})

const transcript = (): string => readFileSync(path('custody/records/ceremony-from-generation-1.jsonl'), 'utf8')

test('it ends sealed, and its steps, exceptions, break and bags are in the transcript', () => {
  expect(shown).toMatch(SEALED)
  const { conduct, chain } = readTranscript(transcript())
  expect(conduct).toMatchObject({ closed: true, released: [1, 2, 3] })
  expect(conduct.people.map(({ name }) => name)).toEqual([...Object.values(ROLES), 'Ada', 'Grace', 'Katherine'])
  expect(conduct.exceptions.map(({ exception, step, decidedBy }) => [exception, step, decidedBy])).toEqual([[1, 'table.items', 'Joan Clarke'], [2, 'machine.clock', 'Joan Clarke'], [3, 'machine.sheets', 'Joan Clarke']])
  expect(chain.lines.find((line) => line.type === 'step' && line.step === 'machine.clock')).toMatchObject({ value: '75 behind' })
  expect(shown.split('Less than a minute, as a number of seconds')).toHaveLength(2)
  expect(conduct.bagged.map(({ bag }) => bag)).toEqual(['B-0001', 'B-0002', 'B-0003', 'B-0004', 'B-0005', 'B-0006'])
  expect(conduct.scanned.filter(({ from }) => from !== 'paper')).toMatchObject([{ custodian: 1, generation: 1, from: 'typed' }])
  expect(chain.lines.find(({ type }) => type === 'break')).toMatchObject({ reason: 'fire alarm', back: 7 })
})

test('each custodian compares whom to call back with the cover', () => {
  expect(shown.split('      To call back, as on the cover: Desk\n')).toHaveLength(4)
})

test('no file of a sheet is left, and nothing of a share was shown', () => {
  expect(readdirSync(path('sheets'))).toEqual([])
  expect(typed).toMatch(/^GKR1/)
  for (const group of typed.slice(24).match(/.{4}/g) ?? []) expect(screenOf(shown).toUpperCase()).not.toContain(group)
  expect(shown).not.toMatch(/GKR1[A-Z0-9]{10}/)
  expect(readdirSync(directory).filter((name) => name.includes('transcript'))).toEqual([])
})

test('a share is no answer to anything: it is refused in words, and stands in no record', () => {
  expect(shown.split('      That is the code of a sheet, and no answer: it was not written down. It stays on the screen: clear it away before anybody else looks, then answer again.\n')).toHaveLength(3)
  expect(transcript().replace(/[\s-]/g, '')).not.toMatch(/gkr1q/i)
})

test('each exception has its sheet to sign, and everybody the closing declaration', () => {
  const papers = readdirSync(path('custody/records')).filter((name) => name.endsWith('.pdf')).sort()
  expect(papers).toEqual([...['declaration', 'exception-1', 'exception-2', 'exception-3'].map((name) => `ceremony-from-generation-1-${name}.pdf`), 'ceremony-from-generation-1.pdf'])
  const [declaration, exception] = papers.map((name) => execFileSync('pdftotext', [path('custody/records', name), '-'], { encoding: 'utf8' }))
  for (const name of [...Object.values(ROLES), 'Ada', 'Grace', 'Katherine']) expect(declaration).toContain(name)
  expect(exception).toContain('Joan Clarke')
})

test('every manifest names the transcript, which tells of it', () => {
  const { generations } = readCustodyFolder(path('custody'))
  for (const { manifest } of generations) expect(requireSealed(path('custody'), manifest).sha256).toBe(manifest.transcriptSha256)
})

test('gpg --verify and sha256sum are enough', async () => {
  const home = path('gnupg')
  mkdirSync(home, { mode: 0o700 })
  const env = { ...process.env, GNUPGHOME: home, LC_ALL: 'C' }
  await run('gpg', ['--quiet', '--batch', '--import', ...readdirSync(path('custody/signers')).map((name) => path('custody/signers', name))], { env })
  for (const [file, signers] of [['records/ceremony-from-generation-1.jsonl', 2], ['generations/1/manifest.json', 2], ['generations/2/manifest.json', 2]] as const) {
    const { stderr } = await run('gpg', ['--batch', '--verify', path('custody', `${file}.asc`), path('custody', file)], { env })
    expect(stderr.match(/Good signature/g)).toHaveLength(signers)
  }
  const { stdout } = await run('sha256sum', [path('custody/records/ceremony-from-generation-1.jsonl')])
  expect(shown).toContain(`      ${stdout.slice(0, 64)}`)
})

test('the private keys of the signers stay where they were', () => {
  for (const name of readdirSync(path('custody/signers'))) expect(readFileSync(path('custody/signers', name), 'utf8')).not.toContain('PRIVATE')
  expect(readdirSync(path('custody/signers')).sort()).toEqual(fingerprints.slice(0, 2).map((one) => `${one}.asc`).sort())
})

test('a signature that was missing is added later, by a keyring through gpg', async () => {
  const env = { GNUPGHOME: path('gnupg') }
  await run('gpg', ['--quiet', '--batch', '--import', path('emmy.key.asc')], { env: { ...process.env, ...env } })
  const { code, stdout, stderr } = await glasskey(['ceremony', 'sign', '--custody', 'custody', '--signature', `external-witness=gpg:${fingerprints[2] ?? ''}`, '--json'], { cwd: directory, env })
  expect(code, stderr).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ signatures: [{ role: 'external witness', name: 'Emmy Noether', fingerprint: fingerprints[2], manifests: [1, 2] }] })
  const { stderr: said } = await run('gpg', ['--batch', '--verify', path('custody/records/ceremony-from-generation-1.jsonl.asc'), path('custody/records/ceremony-from-generation-1.jsonl')], { env: { ...process.env, ...env, LC_ALL: 'C' } })
  expect(said.match(/Good signature/g)).toHaveLength(3)
})

describe('when everything is in its bags', () => {
  /** A ceremony on a stick of its own: a terminal for it, and people who scan what was printed there. */
  function onStick(stick: string): { terminal: OnTerminal; people: Table } {
    mkdirSync(path(stick))
    const terminal = onTerminal({ directory }, [process.execPath, CLI, 'ceremony', '--config', 'custody.yaml', '--custody', `${stick}/custody`, '--sheets', `sheets-${stick}`, '--rehearsal'])
    return { terminal, people: table({ keys: {}, scansOf: (custodian) => printedFor(path(`paper-${stick}`), custodian), once: [{ words: 'm: it is mended, look again', answers: ['d', 'the folder is on a disk', ''] }, { words: 'Exceptions', answers: ['1'] }] }) }
  }
  const SIGNATURE = 'Signature of the administrator'
  const WRITE_AGAIN = 'm: it is mended, write again   q: end the ceremony'
  /** In the place of the stick there is something that takes nothing. */
  const pullOut = (stick: string): void => {
    renameSync(path(stick), path(`${stick}-away`))
    writeFileSync(path(stick), '')
  }

  test('a stick that takes nothing: people are asked, put in another, and nothing is lost', async () => {
    const { terminal, people } = onStick('stick')
    people.once?.push({ words: WRITE_AGAIN, answers: ['m', 'm'] })
    let asked = 0
    const code = await holdCeremony(terminal, people, path('sheets-stick'), path('paper-stick'), (question) => {
      if (question.includes(SIGNATURE)) pullOut('stick')
      if (!question.includes(WRITE_AGAIN) || (asked += 1) === 1) return
      rmSync(path('stick'))
      mkdirSync(path('stick'))
    })
    expect(code, terminal.shown().slice(-3000)).toBe(0)
    expect(asked).toBe(2)
    expect(terminal.shown()).toContain(`NOT WRITTEN: nothing can be written at ${path('stick')}`)
    const { generations } = readCustodyFolder(path('stick/custody'))
    expect(generations.map(({ manifest }) => requireSealed(path('stick/custody'), manifest).sha256)).toEqual(generations.map(({ manifest }) => manifest.transcriptSha256))
    expect(readdirSync(path('stick'))).toEqual(['custody'])
  })

  test('and where no other is to be had: Ctrl-D ends nothing, at the signatures or here, and q does; people are told that nothing was written, and what to shred', async () => {
    const { terminal, people } = onStick('last-stick')
    people.once?.push({ words: SIGNATURE, answers: ['\u0004'] }, { words: WRITE_AGAIN, answers: ['\u0004', 'm', 'q'] })
    const code = await holdCeremony(terminal, people, path('sheets-last-stick'), path('paper-last-stick'), (question) => {
      if (question.includes(SIGNATURE)) pullOut('last-stick')
    })
    expect(code).toBe(2)
    const told = terminal.shown().slice(terminal.shown().indexOf(WRITE_AGAIN))
    expect(told).toContain('Ctrl-D ends nothing here: type q to end the ceremony, and m to write again.')
    expect(told.split('NOT WRITTEN')).toHaveLength(2)
    expect(told).toContain('The ceremony ends here. Nothing was written to a custody folder, and what was made is never installed.')
    expect(told).toContain('Sheets of custodian 1, 2, 3 were released: collect them, and shred them before everybody.')
    expect(told).toContain('FILE_UNWRITABLE: nothing can be written at ')
  })

  test('Ctrl-C again and again leaves the signatures for later, and the set is written', async () => {
    const { terminal, people } = onStick('hasty')
    const later = 'The other signatures are left for later: glasskey ceremony sign.'
    let [pressing, whileDrawing]: [NodeJS.Timeout | undefined, number] = [undefined, 0]
    const press = (): void => {
      // Some while the record is drawn, none when all is done.
      if (terminal.shown().includes(later)) whileDrawing += 1
      if (whileDrawing < 5) terminal.type('\u0003')
    }
    const code = await holdCeremony(terminal, people, path('sheets-hasty'), path('paper-hasty'), (question) => {
      if (question.includes(SIGNATURE)) pressing = setInterval(press, 20)
    })
    clearInterval(pressing)
    expect(code, terminal.shown().slice(-3000)).toBe(0)
    expect(terminal.shown()).toContain(later)
    expect(readCustodyFolder(path('hasty/custody')).generations).toHaveLength(2)
  })
})

describe('a ceremony that is called off', () => {
  test.each([['Ctrl-C', '\u0003', 'second'], ['Ctrl-\\', '\u001c', 'fourth']])('%s leaves its transcript, no sheet and no custody', async (cause, key, name) => {
    const terminal = onTerminal({ directory }, [process.execPath, CLI, 'ceremony', '--config', 'custody.yaml', '--custody', name, '--sheets', `${name}-sheets`, '--rehearsal'])
    await terminal.until('Time on that clock')
    terminal.type(key)
    expect(await terminal.ended).toBe(3)
    expect(terminal.shown()).toContain(`INTERRUPTED: stopped: ${cause}`)
    expect(terminal.shown()).toContain('Nothing was written to a custody folder, and what was made is never installed.')
    expect(existsSync(path(name))).toBe(false)
    const [transcript = ''] = readdirSync(directory).filter((one) => one.startsWith(`${name}-transcript-`))
    expect(readTranscript(readFileSync(path(transcript), 'utf8')).chain.lines.map(({ type }) => type)).toEqual(['ceremony-opened', 'abandoned'])
  })

  test('without a terminal it does not begin', async () => {
    const { code, stderr } = await glasskey(['ceremony', '--config', 'custody.yaml', '--custody', 'third', '--rehearsal'], { cwd: directory })
    expect([code, stderr.split('\n')[0]]).toEqual([2, 'NO_TERMINAL: a ceremony is a dialogue, and there is no terminal to hold it at'])
  })
})
