/** Links, pipes, folders and odd permissions in the custody folder: nothing is followed out of it, nothing hangs, nothing is half done. */
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EXIT_CODES, type ErrorCode } from '../../src/errors.js'
import { readCustodyFolder } from '../../src/host/custody-folder.js'
import { writeNew } from '../../src/host/disk.js'
import { LineFile } from '../../src/host/line-file.js'
import { readLogbook, type LogbookEntry, type NewLogbookEntry } from '../../src/record/logbook.js'
import { CLI, type Ended } from '../stage/command-line.js'
import { rehearsal, type Rehearsal, withoutShares } from '../stage/rehearsal.js'
import { refusal } from '../vectors/refusal.js'
import { copyOf, expectRefused, onFolder, sessionsIn } from './tamper.js'

let stage: Rehearsal
beforeAll(async () => {
  stage = await rehearsal()
})
afterAll(() => stage.close())

const journalOf = (custody: string): string => join(sessionsIn(custody)[0] ?? '', 'journal.jsonl')

/** Moves a file or folder out of the custody folder and leaves a link in its place. */
function linkOut(path: string): void {
  const elsewhere = path.replaceAll('/', '_').slice(1)
  const target = join(stage.directory, elsewhere)
  renameSync(path, target)
  symlinkSync(target, path)
}

/** Puts a FIFO in a file's place: whoever reads it waits for a writer that never comes. */
function pipeFor(path: string): void {
  rmSync(path)
  execFileSync('mkfifo', [path])
}

function folderFor(path: string): void {
  rmSync(path)
  mkdirSync(path)
}

const ODD: [what: string, make: (custody: string) => void, code: ErrorCode, says: string][] = [
  ['journal.jsonl is a link to elsewhere', (custody) => linkOut(journalOf(custody)), 'FOLDER_ALTERED', 'journal.jsonl is a symbolic link'],
  ['sessions/ is a link', (custody) => linkOut(join(custody, 'sessions')), 'FOLDER_ALTERED', 'sessions is a symbolic link'],
  ['a generation is a link', (custody) => linkOut(join(custody, 'generations/3')), 'FOLDER_ALTERED', '3 is a symbolic link'],
  ['logbook.jsonl is a link', (custody) => linkOut(join(custody, 'logbook.jsonl')), 'FOLDER_ALTERED', 'logbook.jsonl is a symbolic link'],
  ['custody.yaml is a link', (custody) => linkOut(join(custody, 'custody.yaml')), 'FOLDER_ALTERED', 'custody.yaml is a symbolic link'],
  ['a link to nothing where evidence will be written', (custody) => symlinkSync('/tmp/glasskey-nowhere', join(sessionsIn(custody)[0] ?? '', 'entry-9.pdf')), 'FOLDER_ALTERED', 'entry-9.pdf is a symbolic link'],
  ['manifest.json is a FIFO', (custody) => pipeFor(join(custody, 'generations/2/manifest.json')), 'FOLDER_ALTERED', 'manifest.json is neither a file nor a folder'],
  ['warrant.json is a FIFO', (custody) => pipeFor(join(sessionsIn(custody)[0] ?? '', 'warrant.json')), 'FOLDER_ALTERED', 'warrant.json is neither a file nor a folder'],
  ['the lock is a FIFO', (custody) => execFileSync('mkfifo', [join(custody, 'lock')]), 'FOLDER_ALTERED', 'lock is neither a file nor a folder'],
  ['warrant.json is a folder', (custody) => folderFor(join(sessionsIn(custody)[0] ?? '', 'warrant.json')), 'FILE_UNREADABLE', 'is not a file'],
  ['logbook.jsonl is a folder', (custody) => folderFor(join(custody, 'logbook.jsonl')), 'FILE_UNREADABLE', 'is not a file'],
  ['a generation is a file', (custody) => { rmSync(join(custody, 'generations/4'), { recursive: true }); writeFileSync(join(custody, 'generations/4'), '') }, 'FOLDER_ALTERED', '4 is not a folder'],
]

test.each(ODD)('%s', (_, make, code, says) => {
  const custody = copyOf(stage)
  expect(readCustodyFolder(custody).generations).toHaveLength(4)
  make(custody)
  const refused = refusal(() => readCustodyFolder(custody))
  expect(refused.code).toBe(code)
  expect(refused.message).toContain(says)
  expect([2, 4]).toContain(EXIT_CODES[refused.code])
})

test('on the command line, with a FIFO for a manifest and for the lock: break ends, and at once', async () => {
  for (const place of ['generations/2/manifest.json', 'lock']) {
    const custody = copyOf(stage)
    rmSync(join(custody, place), { force: true })
    execFileSync('mkfifo', [join(custody, place)])
    const ended = await stage.run(onFolder(stage, stage.rotate(), custody))
    expectRefused(ended, place === 'lock' ? 'FILE_UNREADABLE' : 'FOLDER_ALTERED', place === 'lock' ? 2 : 4)
  }
  expect(stage.cloud.requests).toEqual([])
})

test('a link to nothing in the place of the lock: no command waits for it to go', async () => {
  for (const command of ['break', 'resume', 'ceremony import', 'audit --record']) {
    const custody = copyOf(stage)
    rmSync(join(custody, 'lock'), { force: true })
    symlinkSync('/nowhere/at/all', join(custody, 'lock'))
    const words = command === 'break' ? onFolder(stage, stage.rotate(), custody) : [...command.split(' '), '--custody', custody, ...(command === 'resume' ? stage.oci : []), ...(command === 'ceremony import' ? ['--outbox', custody] : []), ...(command.startsWith('audit') ? ['--auditor', 'A. Auditor'] : [])]
    const ended = await stage.run(words)
    expect([command, ended.code, ended.stderr]).toEqual([command, 4, expect.stringMatching(/lock is a symbolic link\n/)])
  }
})

test('a link put in the journal\'s place while it is written: the line does not go where it leads', () => {
  const path = join(stage.directory, 'lines.jsonl')
  const target = join(stage.directory, 'somebody-elses-file')
  writeFileSync(target, 'precious')
  const file = LineFile.open<LogbookEntry, NewLogbookEntry>(path, readLogbook, () => new Date())
  file.append({ type: 'retired', generation: 1, reason: 'test' })
  rmSync(path)
  symlinkSync(target, path)
  expect(() => file.append({ type: 'retired', generation: 2, reason: 'test' })).toThrow('ELOOP')
  // A link to nothing is not made into a file either.
  symlinkSync(join(stage.directory, 'not-there'), `${path}.dangling`)
  expect(refusal(() => writeNew(`${path}.dangling`, 'x'))).toMatchObject({ code: 'OUTPUT_EXISTS' })
  expect(existsSync(join(stage.directory, 'not-there'))).toBe(false)
  expect(readFileSync(target, 'utf8')).toBe('precious')
})

test('a hard link is another name of the same bytes: what is written through it is found out', () => {
  const custody = copyOf(stage)
  const other = join(stage.directory, 'other-name.jsonl')
  linkSync(journalOf(custody), other)
  expect(readCustodyFolder(custody).sessions).toHaveLength(1)
  writeFileSync(other, readFileSync(other, 'utf8').replace('"exitCode":0', '"exitCode":3'))
  expect(refusal(() => readCustodyFolder(custody))).toMatchObject({ code: 'CHAIN_BROKEN' })
})

const RETIRE = ['logbook', 'add', 'retired', '--set', 'generation=4', '--set', 'reason=test']

test('a folder that everybody may write: nothing rests on its permissions, and nothing new is made so', async () => {
  const custody = copyOf(stage)
  for (const name of ['.', 'generations', 'sessions', 'logbook.jsonl']) chmodSync(join(custody, name), 0o777)
  const before = new Set(readdirSync(custody, { recursive: true, encoding: 'utf8' }))
  expect((await stage.run([...RETIRE, '--custody', custody])).code).toBe(0)
  const typed = join(stage.directory, 'typed.txt')
  writeFileSync(typed, 'HELLO\n')
  const words = withoutShares(stage.rotate())
  expectRefused(await stage.run([...onFolder(stage, words, custody), '--share-file', typed]), 'QUORUM_NOT_REACHED', 5)
  const made = readdirSync(custody, { recursive: true, encoding: 'utf8' }).filter((name) => !before.has(name))
  expect(made.length).toBeGreaterThan(3)
  for (const name of made) expect(statSync(join(custody, name)).mode & 0o022, name).toBe(0)
})

test.runIf(process.getuid?.() === 0).each([['rwx------', 0o700], ['rwxr--r--', 0o744]])('a session that was held under sudo (%s), read by the operator the next day, is not overlooked: whose it is, and what gives it back', (_, mode) => {
  const custody = copyOf(stage)
  execFileSync('chmod', ['-R', 'a+rX', custody])
  execFileSync('chmod', ['a+rx', stage.directory, join(custody, '..')])
  mkdirSync(join(custody, 'lost+found'), 0o700)
  const status = (): Ended => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, 'status', '--custody', custody], { cwd: '/', encoding: 'utf8', uid: 65534, gid: 65534 })
    return { code: status ?? -1, stdout, stderr }
  }
  expect(status().code).not.toBe(2)
  const [session = ''] = sessionsIn(custody)
  chmodSync(session, mode)
  const ended = status()
  expectRefused(ended, 'FILE_UNREADABLE', 2)
  expect(ended.stderr).toContain(` belongs to user number 0, and this is 65534: a command that ran under sudo leaves such things. Give it back: sudo chown -R 65534 ${session}`)
})

test('a folder in which nothing can be written: said so, before anything begins', () => {
  const custody = copyOf(stage)
  execFileSync('chmod', ['-R', 'a+rX,a-w', custody])
  execFileSync('chmod', ['a+rx', stage.directory, join(custody, '..')])
  // Root may write anywhere: somebody who may not tries.
  const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  const ended = spawnSync(process.execPath, [CLI, ...RETIRE, '--custody', custody], { cwd: '/', encoding: 'utf8', ...nobody })
  expectRefused({ code: ended.status ?? -1, stdout: ended.stdout, stderr: ended.stderr }, 'FILE_UNWRITABLE', 2)
  execFileSync('chmod', ['-R', 'u+w', custody])
})
