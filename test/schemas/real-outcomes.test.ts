/** What the command line really prints with `--json`, held against the published schemas by a validator that is not ours. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync, cpSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { generateKey } from 'openpgp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeSessionKey, readSessionKey, remoteWords } from '../../src/warrant/remote.js'
import { parseWarrant, warrantFile } from '../../src/warrant/warrant.js'
import { glasskey, type Ended } from '../stage/command-line.js'
import { here } from '../stage/here.js'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'
import { secretsOf, VECTORS } from '../vectors/frozen.js'
import { held, type Told } from './held.js'
import { COMMANDS, type OutcomeName } from './outcomes.js'

/** A custody with a long past, frozen. */
const GOLDEN = fileURLToPath(new URL('custody', VECTORS))

let stage: Rehearsal
let place: string
beforeAll(async () => {
  stage = await rehearsal()
  place = mkdtempSync(join(tmpdir(), 'glasskey-outcomes-'))
})
afterAll(async () => {
  await stage.close()
  rmSync(place, { recursive: true })
})

/** Which outcomes of each command were printed, as the last test wants them all. */
const seen = new Map<string, Set<OutcomeName>>()

/** What a command printed, which must be this outcome of it. */
function said(command: string, as: OutcomeName, ended: Pick<Ended, 'stdout' | 'code'>): Told {
  const outcome = held(command, ended)
  expect(outcome.as, ended.stdout).toBe(as)
  seen.set(command, (seen.get(command) ?? new Set()).add(as))
  return outcome.told
}

/** They start nothing and end at once; that cli.ts adds nothing is seen of the others. */
const HERE = ['init', 'status', 'forms', 'logbook list', 'logbook show', 'logbook verify', 'logbook add']

/** Runs a command with `--json`, and holds what it prints against its schema. */
async function say(command: string, as: OutcomeName, ...more: string[]): Promise<Told> {
  const args = [...command.split(' '), ...more, '--json']
  return said(command, as, await (HERE.includes(command) ? here(args) : stage.run(args)))
}

/** Arguments behind the command's own words. */
const behind = ([, , ...args]: string[]): string[] => args

const custody = (): string[] => ['--custody', stage.custody]

describe('before a release', () => {
  test('init', async () => {
    const out = join(place, 'custody.yaml')
    const args = ['--team', 'T', '--contact', 'C', '--tenancy', 'ocid1.tenancy.oc1..aaaa', '--user', 'ocid1.user.oc1..aaaa', '--home-region', 'eu-frankfurt-1', '--regions', 'eu-frankfurt-1', '--custodian', 'Ada', '--custodian', 'Grace', '--threshold', '2', '--copies', '1', '--key-size', '2048']
    expect(await say('init', 'init', ...args, '--out', out)).toEqual({ out, custodians: 2, threshold: 2, error: null })
  })

  test('the script of a first ceremony', async () => {
    const script = join(place, 'script.pdf')
    expect(await say('ceremony', 'ceremony-script', '--print-script', script, '--config', join(place, 'custody.yaml'), '--rehearsal')).toMatchObject({ script, version: 1, generations: [1, 2, 3, 4] })
  })

  test('a signature that was missing', async () => {
    const { privateKey, publicKey } = await generateKey({ userIDs: [{ name: 'Joan' }], format: 'object' })
    const key = join(place, 'joan.key.asc')
    writeFileSync(key, privateKey.armor())
    expect(await say('ceremony sign', 'ceremony-signed', ...custody(), '--signature', `administrator=${key}`)).toMatchObject({ signatures: [{ role: 'administrator', fingerprint: publicKey.getFingerprint().toUpperCase(), manifests: [] }] })
  })

  test('ceremony and takeover, as they were run for every test', () => {
    const printed = (name: string): Pick<Ended, 'stdout' | 'code'> => ({ stdout: readFileSync(join(stage.directory, `${name}.json`), 'utf8'), code: 0 })
    expect(said('ceremony', 'ceremony', printed('ceremony'))).toMatchObject({ outbox: null, rehearsal: true })
    expect(said('takeover', 'session', printed('takeover'))).toMatchObject({ action: 'takeover', grade: 'proved', bootstrapKeyFile: expect.stringMatching(/bootstrap\.pem$/) as string })
  })

  test('a takeover that happened, and nothing to resume', async () => {
    expect(await say('takeover', 'nothing-to-do', ...custody(), '--profile', 'BOOTSTRAP', '--reader', 'AUDITOR', ...stage.oci)).toMatchObject({ session: null })
    expect(await say('resume', 'nothing-to-do', ...custody(), ...stage.oci)).toEqual({ session: null, found: ['every session has come to its end'], error: null })
  })

  test('status', async () => {
    expect(await say('status', 'status', ...custody())).toMatchObject({ rehearsal: true, inUse: { generation: 2 }, waiting: [3, 4], logbook: 2 })
    expect(await say('status', 'status', '--custody', GOLDEN)).toMatchObject({ inUse: { generation: 3, state: 'retired' }, waiting: [] })
    expect(await say('status', 'error', '--custody', join(place, 'nowhere'))).toMatchObject({ error: { code: 'FILE_MISSING' } })
    // Refused before any command is called.
    expect(await say('status', 'error')).toMatchObject({ error: { code: 'USAGE' } })
  })

  test('summons: where the page went, and nothing of how people are reached', async () => {
    const out = join(place, 'summons.pdf')
    expect(await say('break rotate', 'summons', ...custody(), '--summon', out)).toMatchObject({ generation: 2, threshold: 2, custodians: [1, 2, 3], unreachable: [1, 2, 3], out })
    expect(await say('break saas-admin', 'summons', ...custody(), '--summon', join(place, 'summons-2.pdf'))).toMatchObject({ generation: 2 })
    expect(await say('break rotate', 'error', ...custody(), '--summon')).toMatchObject({ error: { code: 'USAGE' } })
  })

  test('forms: listed, one, and all', async () => {
    expect(await say('forms', 'forms')).toMatchObject({ missing: [] })
    expect(await say('forms', 'forms', 'hand-over', ...custody(), '--out', join(place, 'hand-over.pdf'))).toMatchObject({ forms: [{ name: 'hand-over', out: join(place, 'hand-over.pdf') }] })
    expect(await say('forms', 'forms', ...custody(), '--out', join(place, 'forms'))).toMatchObject({ missing: [] })
  })

  test('check: ready, and not', async () => {
    expect(await say('check', 'check', ...custody(), '--reader', 'AUDITOR', ...stage.oci)).toMatchObject({ ready: true })
    const nobody = stage.oci.map((word) => (word.startsWith('eu-frankfurt-1=') ? 'eu-frankfurt-1=http://127.0.0.1:9' : word))
    expect(await say('check', 'check', ...custody(), ...nobody)).toMatchObject({ ready: false, error: { code: 'REFUSED', message: expect.stringContaining('home region eu-frankfurt-1') as string } })
  })

  test('simulator: one object, also when it is over', async () => {
    const oci = join(place, 'oci')
    expect(await say('simulator', 'simulator', '--until-stdin-closes')).toMatchObject({ config: null })
    expect(await say('simulator', 'simulator', '--until-stdin-closes', '--tls', '--write-config', oci)).toMatchObject({ config: oci })
    expect(await say('simulator', 'error', '--port', '65536')).toMatchObject({ error: { code: 'USAGE' } })
  })

  test('share inspect: a sheet, typed shares, and a page that has none', async () => {
    expect(await say('share inspect', 'share-inspect', '--scan', stage.sheet(2, 1), '--rehearsal')).toMatchObject({ shares: [{ custodian: 1, name: null, promised: false }], whole: true })
    const typed = join(place, 'typed')
    writeFileSync(typed, secretsOf(2).shareTexts.join('\n'))
    expect(await say('share inspect', 'share-inspect', '--share-file', typed, '--custody', GOLDEN)).toMatchObject({ shares: [1, 2, 3].map((custodian) => ({ custodian, generation: 2, standing: 'that key is dead', promised: true })), envelopeParts: 0, whole: false })
  })

  test('share inspect of a closed bag, and check sheets', async () => {
    const folder = join(place, 'inspected')
    cpSync(stage.custody, folder, { recursive: true })
    const bag = ['--custodian', '2', '--copy', '1', '--bag', 'B-1', '--condition', 'intact', '--witness', 'Lin']
    expect(await say('share inspect', 'share-inspect', '--custody', folder, '--record', ...bag, '--out', join(place, 'entry.pdf'))).toMatchObject({ shares: [], whole: null, inspection: { logbook: 3, out: join(place, 'entry.pdf') } })
    expect(await say('check sheets', 'check-sheets', ...custody(), ...stage.scans(3, 1, 2))).toMatchObject({ notSeen: 7, wrong: [] })
    expect(await say('check sheets', 'check-sheets', ...custody(), '--generation', '3', ...stage.scans(2, 1))).toMatchObject({ error: { code: 'SHEET_WRONG' } })
  })

  test('share send: into the object, and into a file', async () => {
    const session = readdirSync(join(stage.custody, 'sessions')).at(-1) ?? ''
    const warrant = { ...parseWarrant(readFileSync(join(stage.custody, 'sessions', session, 'warrant.json'), 'utf8')), deadline: new Date(Date.now() + 3_600_000).toISOString() }
    const { armored } = await makeSessionKey(session, 'ab'.repeat(16), false, new Date())
    const [warrantPath, key] = [join(place, 'warrant.json'), join(place, 'remote.asc')]
    writeFileSync(warrantPath, warrantFile(warrant))
    writeFileSync(key, armored)
    const words = remoteWords(warrant, await readSessionKey(armored, 'key'))
    const send = ['--warrant', warrantPath, '--to', key, '--words', words, '--yes', '--scan', stage.sheet(1, 2)]
    expect(await say('share send', 'share-send', ...send)).toMatchObject({ custodian: 2, out: null, message: expect.stringContaining('-----BEGIN PGP MESSAGE-----') as string })
    expect(await say('share send', 'share-send', ...send, '--out', join(place, 'message.asc'))).toMatchObject({ message: null })
  })

  test('recover: into the object, and into a file', async () => {
    const key = await say('recover', 'recover', ...stage.scans(4, 1, 3), '--yes')
    expect(key).toMatchObject({ generation: 4, rehearsal: true, out: null })
    const out = join(place, 'key.pem')
    expect(await say('recover', 'recover', ...stage.scans(4, 1, 3), '--yes', '--out', out)).toEqual({ ...key, out, privateKeyPem: null })
    expect(readFileSync(out, 'utf8')).toBe(key['privateKeyPem'])
    expect(await say('recover', 'error', ...stage.scans(4, 1), '--yes')).toMatchObject({ error: { code: 'QUORUM_NOT_REACHED' } })
  })
})

describe('releases', () => {
  test('refused before a session, and in one that resume enters; those that come further are held by every scene that has them', async () => {
    expect(await say('break saas-admin', 'error', ...behind(stage.saasAdmin(2, '--access', 'admin', '--hours', '24')))).toMatchObject({ error: { code: 'RULES_REFUSED' } })
    expect(await say('break saas-admin', 'session', ...behind(stage.saasAdmin(1)))).toMatchObject({ error: { code: 'QUORUM_NOT_REACHED' }, grade: null, successor: null })
    const logbook = join(stage.custody, 'logbook.jsonl')
    const before = readFileSync(logbook)
    const { session } = await say('break rotate', 'session', ...behind(stage.rotate(1)))
    // As if it had been killed before it was entered.
    writeFileSync(logbook, before)
    expect(await say('resume', 'session', ...custody(), ...stage.oci)).toMatchObject({ session, error: null, grade: null })
    expect(await say('resume', 'nothing-to-do', ...custody(), '--session', String(session), ...stage.oci)).toMatchObject({ found: [`session ${String(session)} has come to its end`] })
  })

  test('a later ceremony and its import', async () => {
    expect(await say('logbook add', 'logbook-add', 'retired', ...custody(), '--set', 'generation=4', '--set', 'reason=bags opened')).toMatchObject({ entry: { type: 'retired' } })
    const outbox = join(stage.directory, 'outbox')
    expect(await say('ceremony', 'ceremony', ...custody(), '--sheets', 'sheets-2', '--outbox', outbox, '--rehearsal', '--yes')).toMatchObject({ outbox, generations: [{ generation: 5 }] })
    expect(await say('ceremony import', 'ceremony-import', ...custody(), '--outbox', outbox)).toMatchObject({ generations: [5], custodyYamlDiffers: false })
  })
})

describe('the record', () => {
  const KINDS: Record<string, string[]> = {
    handover: ['custodian=1', 'copy=1', 'from=Ada', 'to=Emmy', 'bag=7', 'witness=W'],
    destroyed: ['generation=1', 'custodian=1', 'copies=1', 'method=fire', 'witness=W'],
    exception: ['step=import', 'happened=h', 'decision=d', 'decidedBy=b', 'witness=W'],
  }

  test.each(Object.entries(KINDS))('logbook add %s', async (kind, set) => {
    expect(await say('logbook add', 'logbook-add', kind, ...custody(), ...set.flatMap((answer) => ['--set', answer]))).toMatchObject({ entry: { type: kind } })
  })

  test('logbook list, show, verify and print', async () => {
    const { entries } = await say('logbook list', 'logbook-list', ...custody())
    const { logbook, sha256 } = await say('logbook verify', 'logbook-verify', ...custody())
    expect(entries).toHaveLength(Number(logbook))
    expect(await say('logbook show', 'logbook-show', String(logbook), ...custody())).toMatchObject({ entry: { seq: logbook, type: 'exception' }, sha256 })
    expect(await say('logbook print', 'logbook-print', String(logbook), ...custody(), '--out', 'entry.pdf')).toEqual({ logbook, out: join(stage.directory, 'entry.pdf'), printer: null, error: null })
    expect(await say('logbook list', 'logbook-list', '--custody', GOLDEN)).toMatchObject({ error: null })
    expect(await say('logbook verify', 'logbook-verify', '--custody', GOLDEN)).toMatchObject({ logbook: 10, sessions: 2 })
  })

  test('audit: with a login, on paper and in the logbook; without; and of an altered record', async () => {
    expect(await say('audit', 'audit', ...custody(), '--profile', 'AUDITOR', ...stage.oci, '--out', 'report.pdf', '--record')).toMatchObject({ login: 'AUDITOR', out: join(stage.directory, 'report.pdf'), logbook: expect.any(Number) as number })
    expect(await say('audit', 'audit', '--custody', GOLDEN)).toMatchObject({ login: null, reconciliation: null, out: null, logbook: null })
    const altered = join(place, 'altered')
    cpSync(stage.custody, altered, { recursive: true })
    const path = join(altered, 'logbook.jsonl')
    writeFileSync(path, readFileSync(path, 'utf8').replace('"happened":"h"', '"happened":"x"'))
    expect(await say('audit', 'audit', '--custody', altered)).toMatchObject({ passed: false, error: { code: 'AUDIT_FAILED' } })
    expect(await say('logbook verify', 'error', '--custody', altered)).toMatchObject({ error: { code: 'CHAIN_BROKEN' } })
  })
})

describe('no command is left out', () => {
  /** Verbs and their steps, from the help of the built command line. */
  async function commands(): Promise<string[]> {
    const { stdout: all } = await glasskey(['--help'])
    const verbs = [...all.matchAll(/^ {2}glasskey (\S+)(?: (<|\[)\S+)?/gm)].map(([, verb = '', bracket]) => ({ verb, bracket }))
    const found = verbs.map(async ({ verb, bracket }) => {
      if (bracket === undefined) return [verb]
      const { stdout: help } = await glasskey([verb, '--help'])
      // A name in capitals is an argument, not a step: what is printed does not depend on it.
      if (/^glasskey \S+ \[[A-Z]+\]/.test(help)) return [verb]
      const [, choices = ''] = /^glasskey \S+ [<[]?([a-z|-]+)/.exec(help) ?? []
      const steps = choices.split('|').filter((step) => step !== '').map((step) => `${verb} ${step}`)
      expect(steps, `steps of ${verb}`).not.toEqual([])
      return bracket === '[' ? [verb, ...steps] : steps
    })
    return (await Promise.all(found)).flat()
  }

  test('every command of the built command line has a published outcome', async () => {
    expect((await commands()).sort()).toEqual(Object.keys(COMMANDS).sort())
  })

  test('every module of a command is one of them', () => {
    const folder = resolve(import.meta.dirname, '../../src/commands')
    const modules = readdirSync(folder).filter((name) => /^export (const|(async )?function) handler/m.test(readFileSync(join(folder, name), 'utf8')))
    expect(modules.map((name) => name.replace('.ts', '')).sort()).toEqual([...new Set(Object.keys(COMMANDS).map((command) => command.split(' ')[0] ?? ''))].sort())
  })

  test('every published outcome of every command was printed above; the drill has a file of its own', () => {
    const missing = Object.entries(COMMANDS).flatMap(([command, names]) => names.filter((name) => seen.get(command)?.has(name) !== true).map((name) => `${command}: ${name}`))
    expect(missing).toEqual(['drill: drill'])
  })
})
