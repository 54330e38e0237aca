/** Paper for people: the call at four in the morning, the forms, the calendar. */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { printWarrant } from '../../src/breakglass/print-warrant.js'
import { sha256Hex } from '../../src/canonical.js'
import { handler as printForms } from '../../src/commands/forms.js'
import { readCustodyFolder, type CustodyFolder } from '../../src/host/custody-folder.js'
import { places, type StoredSession } from '../../src/host/sealed-folder.js'
import { TEMPLATE_DIRECTORY } from '../../src/paper/files.js'
import { scopeOf } from '../../src/warrant/scope.js'
import { warrantRows } from '../../src/warrant/shown.js'
import { warrantDigest, type Warrant } from '../../src/warrant/warrant.js'
import { textOf } from '../paper/printed.js'
import { here } from '../stage/here.js'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'

let stage: Rehearsal
let place: string
beforeAll(async () => {
  stage = await rehearsal()
  place = mkdtempSync(join(tmpdir(), 'glasskey-paper-'))
  const path = join(stage.custody, 'custody.yaml')
  let nth = 0
  writeFileSync(path, readFileSync(path, 'utf8').replace(/phone: "TO BE FILLED IN"/g, () => (nth += 1) === 3 ? 'phone: "TO BE FILLED IN"' : `phone: "${PHONES[nth - 1] ?? ''}"`).replaceAll('place: "TO BE FILLED IN"', 'place: "Vault of the Old Bank"'))
})
afterAll(async () => {
  await stage.close()
  rmSync(place, { recursive: true })
})

const PHONES = ['+44 20 7946 0101', '+44 20 7946 0102'] as const
const CONTACTS = [...PHONES, '20 7946', 'Vault of the Old Bank']
const custody = (folder = stage.custody): string[] => ['--custody', folder]
const pdfText = async (path: string): Promise<string> => (await textOf(new Uint8Array(readFileSync(path)))).join(' ')

/** Every file of a folder with its digest. */
function contents(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map(({ parentPath, name }) => `${parentPath}/${name} ${sha256Hex(readFileSync(join(parentPath, name)))}`).sort()
}

/** A copy of the custody in which entries were added by the command. */
async function custodyAfter(...entries: string[][]): Promise<string> {
  const folder = mkdtempSync(join(place, 'custody-'))
  cpSync(stage.custody, folder, { recursive: true })
  for (const [kind = '', ...set] of entries) {
    const { code, stderr } = await here(['logbook', 'add', kind, ...custody(folder), ...set.flatMap((one) => ['--set', one])])
    expect([code, stderr]).toEqual([0, ''])
  }
  return folder
}

describe('the summons', () => {
  test('needs no secret, no terminal, no network and nothing but the folder; one page, for its maker\'s eyes', async () => {
    const out = join(place, 'summons.pdf')
    const before = contents(stage.custody)
    const { code, stdout, stderr } = await stage.run(['break', 'rotate', ...custody(), '--summon', out])
    expect([code, stderr]).toEqual([0, ''])
    expect(statSync(out).mode & 0o777).toBe(0o600)
    expect(contents(stage.custody)).toEqual(before)
    const pages = await textOf(new Uint8Array(readFileSync(out)))
    expect(pages).toHaveLength(1)
    for (const said of ['Only GENERATION 2', ...PHONES, 'none on file', 'Vault of the Old Bank']) expect(pages[0]).toContain(said)
    for (const said of ['They bring, closed, ONLY the bag of GENERATION 2.', ...PHONES, 'no number on file', 'Vault of the Old Bank']) expect(stdout).toContain(said)
    // Whoever cannot be reached is called last.
    expect([...stdout.matchAll(/^ +\d\. .*: (.*)$/gm)].map(([, phone]) => phone)).toEqual([...PHONES, 'no number on file'])
  })

  test('how people are reached is in no --json, no error and no file of the folder, even when it is refused', async () => {
    const out = join(place, 'told.pdf')
    const runs = [['--summon', out, '--json'], ['--summon', join(place, 'nowhere', 'page.pdf'), '--json', '--debug'], ['--summon', join(place, 'p.pdf'), '--printer', 'none-such', '--json', '--debug']]
    for (const more of runs) {
      const { stdout, stderr } = await here(['break', 'rotate', ...custody(), ...more])
      for (const contact of CONTACTS) expect(stdout + stderr).not.toContain(contact)
    }
    const files = readdirSync(stage.custody, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && entry.name !== 'custody.yaml')
    for (const { parentPath, name } of files) for (const contact of CONTACTS) expect(readFileSync(join(parentPath, name), 'latin1')).not.toContain(contact)
  })

  test('never over a file, and never into the custody folder, by whatever name', async () => {
    const out = join(place, 'there.pdf')
    writeFileSync(out, 'mine')
    expect(await here(['break', 'rotate', ...custody(), '--summon', out])).toMatchObject({ code: 2, stdout: '', stderr: `OUTPUT_EXISTS: ${out} exists already; nothing is ever overwritten\nName another place, or move the file away.\n` })
    expect(readFileSync(out, 'utf8')).toBe('mine')
    symlinkSync(stage.custody, join(place, 'link'))
    for (const path of [join(stage.custody, 'sessions', 'p.pdf'), join(place, 'link', 'p.pdf')]) {
      const { code, stderr } = await here(['break', 'rotate', ...custody(), '--summon', path])
      expect([code, stderr]).toEqual([2, `USAGE: ${path} is in the custody folder, which is copied and shown around; the page has telephone numbers\nName a file elsewhere, and destroy it after use.\n`])
      expect(existsSync(path)).toBe(false)
    }
  })

  test('with the whole request the sealed rules are asked first: nobody is woken for what would be refused', async () => {
    const who = ['break', 'rotate', ...custody(), '--operator', 'Mary Jackson', '--operator-user', stage.cloud.seed.users.operator, '--incident', 'INC-20931', '--authorised-by', 'Dorothy Vaughan', '--reason', 'nobody can sign in']
    const refused = await here([...who, '--use-case', 'curiosity', '--summon'])
    expect([refused.code, refused.stdout]).toEqual([3, ''])
    expect(refused.stderr).toMatch(/^RULES_REFUSED: "curiosity" is not a permitted use case/)
    const { stdout } = await here([...who, '--use-case', 'drill', '--summon'])
    for (const said of ['INC-20931', 'nobody can sign in', 'Mary Jackson', 'Dorothy Vaughan', 'The quarterly drill']) expect(stdout).toContain(said)
  })

  test('a custodian without a good sheet is not called; a bag that was handed over is called by its new holder and number', async () => {
    const folder = await custodyAfter(
      ['handover', 'custodian=2', 'copy=1', 'generations=2', 'from=Grace', 'to=Radia Perlman', 'bag=B-0142', 'witness=W'],
      ['handover', 'custodian=2', 'copy=1', 'generations=3,4', 'from=Grace', 'to=Radia Perlman', 'bag=B-0143', 'witness=W'],
      ['lost', 'custodian=1', 'copy=1', 'generations=2', 'witness=W'],
    )
    const { stdout } = await here(['break', 'rotate', ...custody(folder), '--summon'])
    expect(stdout).not.toContain(PHONES[0])
    expect(stdout).toMatch(/1\. Radia Perlman, for .*: \+44 20 7946 0102\n +bag B-0142\n +\(custody\.yaml still names .*; the number may be theirs\)/)
    expect(stdout).not.toContain('B-0143')
    expect(stdout).not.toContain('FIRST:')
    const fewer = await custodyAfter(...[1, 2].map((custodian) => ['lost', `custodian=${custodian}`, 'copy=1', 'generations=2', 'witness=W']))
    expect((await here(['break', 'rotate', ...custody(fewer), '--summon'])).stdout).toContain('FIRST: only 1 custodians have a good sheet of GENERATION 2, and 2 are needed.')
  })

  test('without --summon who and why are needed as before', async () => {
    const { code, stderr } = await here(['break', 'rotate', ...custody(), '--operator', 'x'])
    expect([code, stderr]).toEqual([2, 'USAGE: Missing required arguments: operator-user, incident, use-case, authorised-by, reason\nglasskey break rotate --help\n'])
  })
})

describe('forms', () => {
  test('a misspelt placeholder in the organisation\'s own wording is refused by name, and nothing is written', async () => {
    const templates = join(place, 'templates')
    cpSync(TEMPLATE_DIRECTORY, templates, { recursive: true })
    writeFileSync(join(templates, 'custody-log.md'), readFileSync(join(templates, 'custody-log.md'), 'utf8').replace('{{name}}', '{{nmae}}'))
    const out = join(place, 'own')
    const { code, stderr } = await here(['forms', ...custody(), '--templates', templates, '--out', out])
    expect([code, stderr.split('\n')[0]]).toEqual([2, 'TEMPLATE_INVALID: template custody-log.md has an unknown placeholder {{nmae}}'])
    expect(existsSync(out)).toBe(false)
    writeFileSync(join(templates, 'hand-over.md'), readFileSync(join(templates, 'hand-over.md'), 'utf8').replaceAll('{{contact}}', 'the desk'))
    expect((await here(['forms', 'hand-over', ...custody(), '--templates', templates, '--out', join(place, 'h.pdf')])).stderr).toContain('template hand-over.md never prints {{contact}}, which this document must show')
  })

  test('a hand-over that is entered gives the form to sign, with its number', async () => {
    const folder = await custodyAfter()
    const out = join(place, 'handover.pdf')
    const entry = ['logbook', 'add', 'handover', ...custody(folder), '--out', out, ...['custodian=2', 'copy=1', 'from=Grace Hopper', 'to=Radia Perlman', 'bag=B-0142', 'witness=Emmy Noether'].flatMap((one) => ['--set', one])]
    expect((await here(entry)).stdout).toMatch(new RegExp(`\nTo sign: ${out}\n$`))
    for (const said of ['Radia Perlman', 'Emmy Noether', 'B-0142', 'Logbook entry 3', 'REHEARSAL']) expect(await pdfText(out)).toContain(said)
    const again = await here(entry)
    expect([again.code, again.stderr]).toEqual([2, `OUTPUT_EXISTS: ${out} exists already; nothing is ever overwritten\nName another place, or move the file away. Nothing was entered.\n`])
    expect(readFileSync(join(folder, 'logbook.jsonl'), 'utf8').trimEnd().split('\n')).toHaveLength(3)
  })

  test('sheets of a key that may be needed have no affidavit', async () => {
    const { code, stderr } = await here(['forms', 'destruction-affidavit', ...custody(), '--generation', '3', '--out', join(place, 'a.pdf')])
    expect([code, stderr]).toEqual([3, 'REFUSED: GENERATION 3 is waiting: its sheets are still needed\nOnly sheets of a generation that is proved dead, or retired, are destroyed.\n'])
  })

  test.each([
    [['hand-over', '--custodian', '9'], 'there is no custodian 9'],
    [['hand-over', '--generation', '2'], '--generation says nothing for hand-over'],
    [['hand-over', '--entry', '1'], 'entry 1 is of kind "ceremony"; hand-over is for "handover"'],
    [['bag-labels', '--generation', '9'], 'there is no GENERATION 9'],
  ])('%j: a subject that does not exist is refused', async (args, said) => {
    const [name, flag, number] = args
    const typed = { name, [flag?.slice(2) ?? '']: Number(number), custody: stage.custody, out: join(place, 'never.pdf') }
    await expect(printForms(typed as unknown as Parameters<typeof printForms>[0])).rejects.toMatchObject({ code: 'USAGE', message: said })
    expect(existsSync(join(place, 'never.pdf'))).toBe(false)
  })
})

describe('the calendar', () => {
  test('is written once, without a name of a custodian or a telephone number, and status stays ten lines', async () => {
    const out = join(place, 'custody.ics')
    const { code, stdout, stderr } = await here(['status', ...custody(), '--ics', out])
    expect([code, stderr]).toEqual([0, `Calendar: ${out}. A newer one, imported again, moves its dates.\n`])
    expect(stdout.trimEnd().split('\n').length).toBeLessThanOrEqual(10)
    const text = readFileSync(out, 'utf8').replaceAll('\r\n ', '')
    expect(text.match(/BEGIN:VEVENT/g)).toHaveLength(4)
    for (const contact of [...CONTACTS, 'Ada', 'Grace']) expect(text).not.toContain(contact)
    expect((await here(['status', ...custody(), '--ics', out])).stderr).toContain('OUTPUT_EXISTS')
  })
})

test('a drill leaves its record with the times measured, and the affidavit for the used sheets', async () => {
  const { code, stdout, stderr } = await stage.run([...stage.rotate(), '--drill', '--json'])
  expect(code, stderr).toBe(0)
  const { affidavitFile, drillRecordFile } = JSON.parse(stdout) as { affidavitFile: string; drillRecordFile: string }
  const record = await pdfText(drillRecordFile)
  expect(record).toMatch(/Quorum: the key is whole \d\d:\d\d:\d\d \d+:\d\d/)
  expect(record).toMatch(/Revoked: proved dead \d\d:\d\d:\d\d \d+:\d\d/)
  expect(await pdfText(affidavitFile)).toContain('Generation 2 is dead')
})

describe('the warrant', () => {
  let folder: CustodyFolder
  let session: StoredSession
  let said: string
  const path = (): string => join(places.session(stage.custody, session.id), 'warrant.pdf')
  beforeAll(async () => {
    const { code, stderr } = await stage.run(stage.saasAdmin(3))
    expect(code, stderr).toBe(0)
    said = stderr
    folder = readCustodyFolder(stage.custody)
    session = folder.sessions.at(-1) as StoredSession
  })

  test('lies on paper before a share is read, with what the screen shows, every request, and a line for each custodian to sign', async () => {
    const { warrant } = session
    expect(said.indexOf(`The warrant to sign on paper is ${path()}.`)).toBeLessThan(said.indexOf('Shares of GENERATION 3 are about to be read.'))
    const text = (await pdfText(path())).replace(/\s+/g, '')
    for (const [, value] of warrantRows(warrant, null).filter(([name]) => !['For', 'Key released', 'Successor', 'Logbook', 'Operator'].includes(name))) expect(text).toContain(value.replace(/\s+/g, ''))
    for (const { origin, target } of scopeOf(warrant)) expect(text).toContain(`${origin}${target}`)
    for (const shown of ['REHEARSAL', 'EnableSAAS_ADMIN,read-only,for1hononedatabase', warrantDigest(warrant), warrant.logbook.sha256, warrant.key.keyId, warrant.successor?.keyId ?? '-', 'AdaLovelace']) expect(text).toContain(shown)
  })

  test.each<[string, (warrant: Warrant) => Warrant, string]>([
    ['a reason in letters that no font has', (warrant) => ({ ...warrant, reason: '李' }), 'The warrant is not on paper: '],
    ['a page that is there already', (warrant) => warrant, 'exists already; nothing is ever overwritten'],
  ])('%s stops nobody: it is said, and the screen has the same', async (_, changed, words) => {
    const before = readFileSync(path())
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    await printWarrant(folder, changed(session.warrant), undefined)
    const told = written.mock.calls.map(([chunk]) => String(chunk)).join('')
    written.mockRestore()
    expect(told).toContain(words)
    expect(told).toContain('Go on: read it on the screen, and sign for it in the paper book.')
    expect(readFileSync(path()).equals(before)).toBe(true)
  })
})
