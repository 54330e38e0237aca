/** What a tired newcomer types first, and what it costs. */
import { spawnSync } from 'node:child_process'
import { closeSync, cpSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { commandLine } from '../../src/commands/command-line.js'
import { frontPage } from '../../src/commands/front-page.js'
import { VERBS } from '../../src/commands/verbs.js'
import { CLI, glasskey } from '../stage/command-line.js'
import { here } from '../stage/here.js'

const folders: string[] = []
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })))

const words = (text: string): string => text.replaceAll('[boolean]', '').replace(/\s+/g, ' ').trim()

describe('the front page', () => {
  test('says what the parser knows, word for word', async () => {
    expect(words(frontPage())).toBe(words(await commandLine([]).getHelp()))
  })

  test('fits on a screen', () => {
    const lines = frontPage().trimEnd().split('\n')
    expect(lines.length).toBeLessThanOrEqual(30)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
  })

  test.each([['--help'], ['help'], ['help', 'help']])('glasskey %s %s', async (...args) => {
    expect(await glasskey(args)).toEqual({ code: 0, stdout: frontPage(), stderr: '' })
  })

  test('no command at all: the page, and a mistake', async () => {
    expect(await glasskey([])).toEqual({ code: 2, stdout: '', stderr: `${frontPage()}\nUSAGE: Which command? The first one for a newcomer is: glasskey drill\n` })
  })

  test('in a folder that is gone', () => {
    const gone = mkdtempSync(join(tmpdir(), 'glasskey-test-'))
    const { status, stderr } = spawnSync('sh', ['-c', `cd '${gone}' && rmdir '${gone}' && '${process.execPath}' '${CLI}' status --custody .`], { encoding: 'utf8' })
    expect([status, stderr]).toEqual([2, 'USAGE: the folder that this was started in is gone\nGo to another one (cd), and begin again.\n'])
  })

  test.runIf(existsSync('/dev/full')).each([
    ['--version', 2],
    ['share inspect --rehearsal --json --share-file -', 5],
  ])('%s to a disk that is full: said, and never a success', (line, code) => {
    const full = openSync('/dev/full', 'w')
    const ended = spawnSync(process.execPath, [CLI, ...line.split(' ')], { stdio: ['pipe', full, 'pipe'], input: 'GKR1XX', encoding: 'utf8' })
    closeSync(full)
    expect([ended.status, ended.stderr]).toEqual([code, expect.stringMatching(/FILE_UNWRITABLE: standard output took not all of what was asked for \(ENOSPC: .+\)\nMake room, or name another file\. What was done is done; only its account is cut short\.\n$/)])
  })

  test('a disk that takes a part of it: said, and never a success', () => {
    const folder = mkdtempSync(join(tmpdir(), 'glasskey-part-'))
    folders.push(folder)
    const { status, stderr } = spawnSync('bash', ['-c', `ulimit -f 1; trap '' XFSZ; '${process.execPath}' '${CLI}' --help > '${folder}/help.txt'`], { encoding: 'utf8' })
    expect([status, stderr]).toEqual([2, expect.stringContaining('FILE_UNWRITABLE: standard output took not all of what was asked for (EFBIG')])
    expect(readFileSync(join(folder, 'help.txt'), 'utf8')).toBe(frontPage().slice(0, 1024))
  })

  test('it and the version need no package', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'glasskey-alone-'))
    folders.push(folder)
    cpSync(resolve(CLI, '..'), join(folder, 'dist'), { recursive: true })
    cpSync(resolve(CLI, '../../package.json'), join(folder, 'package.json'))
    const alone = { cli: join(folder, 'dist/cli.js') }
    expect((await glasskey(['--help'], alone)).stdout).toBe(frontPage())
    expect((await glasskey(['--version'], alone)).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
    // So that the two above mean something: a command does need packages.
    expect((await glasskey(['status'], alone)).stderr).toContain('ERR_MODULE_NOT_FOUND')
  })
})

describe('help of a command', () => {
  test.each([[['break', 'rotate']], [['logbook', 'add']], [['status']]])('help %j is what --help says of it', async (command) => {
    const asked = await glasskey(['help', ...command])
    expect(asked.stdout).toContain(`glasskey ${String(command[0])}`)
    expect(asked).toEqual(await glasskey([...command, '--help']))
    expect(asked.code).toBe(0)
  })

  test('of a command that does not exist: a mistake, as without help', async () => {
    expect(await glasskey(['help', 'brake'], { env: { LC_ALL: 'de_DE.UTF-8' } })).toEqual({ code: 2, stdout: '', stderr: 'USAGE: Did you mean break?\nglasskey --help\n' })
  })

  test.each(VERBS.map(({ typed }) => [typed.split(' ')[0] ?? '']))('%s fits a terminal of 80 by 40', async (verb) => {
    const lines = (await commandLine([verb]).wrap(80).getHelp()).split('\n')
    expect(lines[0]).toContain(`glasskey ${verb}`)
    expect(lines.length).toBeLessThan(40)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
  })

  test('check promises what it looks at, and no printer', async () => {
    expect(await commandLine(['check']).getHelp()).toContain('Folder and chains, clock, endpoints, key slots (with a reader), successors, isolation. Exit 3')
  })

  test('break: what to do, who and why, sheets, cloud', async () => {
    const headings = (await commandLine(['break']).getHelp()).split('\n').filter((line) => /^[A-Z].*:$/.test(line))
    expect(headings).toEqual(['What to do:', 'Who and why:', 'Sheets and paper:', 'Custody and cloud:'])
  })
})

describe('a mistake names the help of the command that was typed', () => {
  test.each([
    [['break', 'rotate', '--bogus'], 'glasskey break rotate --help'],
    [['break', 'saas-admin'], 'glasskey break saas-admin --help'],
    [['break'], 'glasskey break --help'],
    [['status'], 'glasskey status --help'],
    [['--custody', 'x', 'status', '--bogus'], 'glasskey status --help'],
    [['logbook', 'print', '3'], 'glasskey logbook print --help'],
    [['logbook', 'prnt', '--custody', 'x'], 'glasskey logbook --help'],
    [['--bogus'], 'glasskey --help'],
  ])('%j', async (args, hint) => {
    const { code, stderr } = await here(args)
    expect([code, stderr.trimEnd().split('\n').at(-1)]).toEqual([2, hint])
    expect(stderr).toMatch(/^USAGE: /)
  })

  test.each([
    ['break', 'an action: rotate or saas-admin'],
    ['logbook', 'a step: list, show, verify, print or add'],
    ['share', 'a step: inspect or send'],
  ])('%s alone is told what must follow it', async (verb, needs) => {
    expect(await here([verb])).toEqual({ code: 2, stdout: '', stderr: `USAGE: ${verb} needs ${needs}\nglasskey ${verb} --help\n` })
  })

  test.each([
    ['custody', ['status', '--custody', 'A', '--custody', 'B']],
    ['custody', ['break', 'rotate', '--custody=A', '--custody=B']],
    ['minutes', ['break', 'rotate', '--custody', 'A', '--minutes', '3', '--minutes', '4']],
    ['gnupg-home', ['share', 'inspect', '--gnupg-home', 'A', '--gnupg-home', 'B']],
    ['from', ['audit', '--custody', 'A', '--from', '2026-01-01', '--from', '2026-01-02', '--json']],
  ])('--%s twice, where it takes one value: %j', async (flag, args) => {
    const command = args.slice(0, args.findIndex((word) => word.startsWith('--'))).join(' ')
    const { code, stderr } = await here(args)
    expect([code, stderr]).toEqual([2, `USAGE: --${flag} takes one value, and was given more than once\nglasskey ${command} --help\n`])
  })

  test('a number that is none', async () => {
    for (const [flag, args] of [['custodian', ['share', 'inspect', '--custodian', 'x']], ['minutes', ['break', 'rotate', '--custody', 'A', '--minutes', 'ten']]] as const) {
      const { code, stderr } = await here([...args])
      expect([code, stderr]).toEqual([2, `USAGE: --${flag} takes a number\nglasskey ${args.slice(0, 2).join(' ')} --help\n`])
    }
  })

  test.each([
    [['--kept-line', 'F'], 'Unknown argument: kept-line'],
    [['--no-kept-lines'], 'Unknown argument: no-kept-lines'],
    [['--no-scan'], 'Unknown argument: no-scan'],
    [['--kept-line', 'F', '--sesion=S'], 'Unknown arguments: kept-line, sesion'],
  ])('a flag that there is not: %j', async (flags, said) => {
    expect((await here(['resume', '--custody', 'A', ...flags])).stderr).toBe(`USAGE: ${said}\nglasskey resume --help\n`)
  })

  test('what may be given more than once may', async () => {
    expect((await here(['recover', '--scan', 'A', '--scan', 'B', '--json', '--json'])).stderr).toMatch(/^FILE_MISSING: the scan .*A cannot be opened/)
  })

  test.each([
    [['rotate', '--database', 'ocid1.autonomousdatabase.oc1.eu-frankfurt-1.a', '--hours', '1'], 'break rotate does nothing to a database, and was given --database, --hours\nWas glasskey break saas-admin meant? A rotation uses a key up.'],
    [['saas-admin', '--database', 'ocid1.autonomousdatabase.oc1.eu-frankfurt-1.a', '--region', 'eu-amsterdam-1', '--disable'], '--region eu-amsterdam-1 is not where the database is: its OCID says eu-frankfurt-1\nLeave --region away, or name the other database.'],
    [['saas-admin', '--database', 'ocid1.autonomousdatabase.oc1.eu-frankfurt-1.a', '--disable', '--hours', '2'], '--disable ends an access, and was given --hours\nLeave them away.'],
    [['saas-admin', '--database', 'ocid1.autonomousdatabase.oc1.fra.a', '--disable'], 'the OCID does not say in words which region the database is in ("fra")\nName it: --region eu-frankfurt-1'],
  ])('what contradicts the action would be passed over: %j', async (args, said) => {
    const who = ['--operator', 'a', '--operator-user', 'ocid1.user.oc1..a', '--incident', 'i', '--use-case', 'u', '--authorised-by', 'b', '--reason', 'r']
    expect((await here(['break', ...args, '--custody', 'x', ...who])).stderr).toBe(`USAGE: ${said}\n`)
  })

  test('an access type that OCI does not have', async () => {
    const args = ['break', 'saas-admin', '--custody', 'x', '--operator', 'a', '--operator-user', 'ocid1.user.oc1..a', '--incident', 'i', '--use-case', 'u', '--authorised-by', 'b', '--reason', 'r', '--database', 'ocid1.autonomousdatabase.oc1.eu-frankfurt-1.a', '--secret-id', 'ocid1.vaultsecret.oc1.eu-frankfurt-1.a', '--access', 'all']
    expect((await here(args)).stderr).toBe('USAGE: --access Invalid option: expected one of "read-only"|"read-write"|"admin"; not "all"\n')
  })
})
