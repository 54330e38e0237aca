/** What else lies in a custody folder: a stick's, a desktop's, an editor's. It locks nobody out; our own names stay strict (attacks/odd-files). */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readCustodyFolder } from '../../src/host/custody-folder.js'
import { signerKeys } from '../../src/host/signed-manifest.js'
import { SESSIONS, VECTORS } from '../vectors/frozen.js'
import { refusal } from '../vectors/refusal.js'

let directory: string
let custody: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'glasskey-folder-'))
  custody = join(directory, 'custody')
  cpSync(fileURLToPath(new URL('custody', VECTORS)), custody, { recursive: true })
})
afterEach(() => {
  rmSync(directory, { recursive: true })
})

const EMACS = 'ada@laptop.4711:1790000000'
const STRAY: [what: string, leave: (custody: string) => void][] = [
  ['Emacs, open on custody.yaml', (folder) => symlinkSync(EMACS, join(folder, '.#custody.yaml'))],
  ['Emacs, open on a manifest', (folder) => symlinkSync(EMACS, join(folder, 'generations/2/.#manifest.json'))],
  ['git, and its monitor', (folder) => { mkdirSync(join(folder, '.git')); execFileSync('mkfifo', [join(folder, '.git/fsmonitor--daemon.ipc')]) }],
  ['the root of a stick, with a link in it', (folder) => { mkdirSync(join(folder, 'lost+found')); symlinkSync('/', join(folder, 'lost+found/#12')) }],
  ['a copy of a session that somebody made', (folder) => { cpSync(join(folder, 'sessions', SESSIONS[0]), join(folder, 'sessions', `${SESSIONS[0]} (copy)`), { recursive: true }) }],
  ['a wastebasket between the sessions', (folder) => { mkdirSync(join(folder, 'sessions/.Trash-0')); writeFileSync(join(folder, 'sessions/.Trash-0/journal.jsonl'), '') }],
]

test.each(STRAY)('%s', (_, leave) => {
  const before = readCustodyFolder(custody)
  leave(custody)
  expect(readCustodyFolder(custody)).toEqual(before)
})

test('what a Mac leaves beside a signer\'s key is no key', () => {
  mkdirSync(join(custody, 'signers'))
  for (const name of ['ABCD.asc', '._ABCD.asc', '.DS_Store']) writeFileSync(join(custody, 'signers', name), '')
  expect(signerKeys(custody)).toEqual(['ABCD.asc'])
})

test.each<[string, (folder: string) => string, (id: string) => string]>([
  ['renamed', (sessions) => { renameSync(join(sessions, SESSIONS[1]), join(sessions, `${SESSIONS[1]}.old`)); return `${SESSIONS[1]}.old` }, (id) => `holds the record of session ${id}, and that is its name`],
  ['a copy with which another machine went on', (sessions) => {
    const copy = `${SESSIONS[1]} (conflicted copy)`
    cpSync(join(sessions, SESSIONS[1]), join(sessions, copy), { recursive: true })
    const its = join(sessions, SESSIONS[1], 'journal.jsonl')
    writeFileSync(its, readFileSync(its, 'utf8').trimEnd().split('\n').slice(0, -1).map((line) => `${line}\n`).join(''))
    return copy
  }, (id) => `holds the record of session ${id}, and more of it than the folder of that name`],
])('a session that is %s is not passed over', (_, change, says) => {
  const name = change(join(custody, 'sessions'))
  expect(refusal(() => readCustodyFolder(custody))).toMatchObject({ code: 'FOLDER_ALTERED', message: `${join(custody, 'sessions', name)} ${says(SESSIONS[1])}` })
})

test.each<[string, (logbook: string) => void, string]>([
  ['is missing', (logbook) => { rmSync(logbook) }, 'is missing'],
  ['is empty', (logbook) => { writeFileSync(logbook, '') }, 'does not have the ceremony of GENERATION 1'],
])('a logbook that %s is no beginning of another, before the first session too', (_, damage, says) => {
  rmSync(join(custody, 'sessions'), { recursive: true })
  const logbook = join(custody, 'logbook.jsonl')
  damage(logbook)
  expect(refusal(() => readCustodyFolder(custody))).toMatchObject({ code: 'FOLDER_ALTERED', message: `${logbook} ${says}` })
})

test('a name of ours is strict wherever it lies', () => {
  symlinkSync('/nowhere', join(custody, 'logbook.jsonl.torn-0123456789abcdef'))
  expect(refusal(() => readCustodyFolder(custody))).toMatchObject({ code: 'FOLDER_ALTERED', message: `${join(custody, 'logbook.jsonl.torn-0123456789abcdef')} is a symbolic link` })
})
