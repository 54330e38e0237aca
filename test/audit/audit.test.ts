import { generateKeyPairSync } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createMessage, generateKey, sign } from 'openpgp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { auditCustody, type Audit } from '../../src/audit/audit.js'
import { anchorOf } from '../../src/audit/admission.js'
import type { SessionLog } from '../../src/audit/cloud-log.js'
import { runControls } from '../../src/audit/control.js'
import { CONTROLS } from '../../src/audit/controls.js'
import type { Dossier } from '../../src/audit/dossier.js'
import { proven } from '../../src/audit/reading.js'
import { notChecked as told, reportContent } from '../../src/audit/report.js'
import { openedAt, soundSession } from '../../src/audit/sound.js'
import { auditJson, auditText } from '../../src/audit/told.js'
import { entrySource } from '../../src/breakglass/print-session.js'
import { canonicalJson, sha256Hex, type Json } from '../../src/canonical.js'
import { append } from '../../src/commands/logbook.js'
import { GlasskeyError } from '../../src/errors.js'
import { readCustodyFolder } from '../../src/host/custody-folder.js'
import { places } from '../../src/host/sealed-folder.js'
import { entryPage } from '../../src/paper/entry-page.js'
import { chainLine } from '../../src/record/chain.js'
import { evidenceFile, evidenceOf } from '../../src/record/evidence.js'
import { readLogbook } from '../../src/record/logbook.js'
import { ONLY_API_KEYS } from '../../src/warrant/scope.js'
import { linesOf, editLine, keepLines, liveOnce, rewrite, type LivedCustody } from './lived-custody.js'

let lived: LivedCustody
let takeover: string
let refused: string
let release: string
let now: Date

beforeAll(async () => {
  lived = await liveOnce()
  ;[takeover, refused, release] = lived.sessions
  now = new Date()
}, 240_000)
afterAll(() => lived.end())

/** Offline, in this process. */
function audit(folder: string, when = now, period: { from?: string; to?: string } = {}): Promise<Audit> {
  return auditCustody({ folder, profile: null, cloud: { endpoints: {}, ca: null }, from: period.from, to: period.to, now: when })
}

/** Code and finding of every control that fails. */
function failures({ results }: Audit): string[] {
  return results.filter(({ result }) => result === 'fails').map(({ code, finding }) => `${code}: ${finding}`)
}

function notChecked({ results }: Audit): string[] {
  return results.filter(({ result }) => result === 'not checked').map(({ code }) => code)
}

const OFFLINE = ['A06', 'K01', 'K02', 'K03', 'U01', 'U02', 'U03', 'U04', 'U05']

/** What `glasskey audit --json` says with the auditor's login. */
interface Told {
  passed: boolean
  failed: string[]
  opinion: Record<string, { verdict: string; sentence: string }>
  controls: { code: string; result: string; finding: string }[]
  notChecked: string[]
  reconciliation: Record<string, number> | null
}

async function auditOnline(folder: string): Promise<Told & { code: number; findings: string[] }> {
  const ran = await lived.run('audit', '--custody', folder, '--profile', 'AUDITOR', '--json', ...lived.oci)
  const told = JSON.parse(ran.stdout) as Told
  return { ...told, code: ran.code, findings: told.controls.filter(({ result }) => result === 'fails').map(({ code, finding }) => `${code}: ${finding}`) }
}

describe('an honest record', () => {
  test('holds offline, and says what needs a login', async () => {
    const found = await audit(lived.custody)
    expect(failures(found)).toEqual([])
    expect(notChecked(found)).toEqual(OFFLINE)
    expect(found.opinion).toEqual({
      scriptFollowed: { verdict: 'Yes', sentence: 'Ceremonies, consents and records are as the script wants them. 26 controls hold.' },
      keyRevoked: { verdict: 'Not established', sentence: 'K01, K02 and K03 could not be checked; the other 5 controls hold.' },
      actionsExplained: { verdict: 'Not established', sentence: 'A06 could not be checked; the other 10 controls hold.' },
    })
  })

  test('holds with the auditor\'s login, in which only reads are sent', async () => {
    const before = { digest: lived.cloud.stateDigest(), calls: lived.cloud.requests.length }
    const found = await auditOnline(lived.custody)
    expect(found.findings).toEqual([])
    expect(found).toMatchObject({ passed: true, failed: [], code: 0 })
    expect(Object.values(found.opinion).map(({ verdict }) => verdict)).toEqual(['Yes', 'Yes', 'Yes'])
    expect(found.reconciliation).toMatchObject({ journalOnly: 0, cloudOnly: 0, late: 0 })
    expect(found.reconciliation?.['matched']).toBeGreaterThan(70)
    expect(lived.cloud.stateDigest()).toBe(before.digest)
    expect([...new Set(lived.cloud.requests.slice(before.calls).map(({ method }) => method))]).toEqual(['GET'])
  })

  test('is told as a table, exit 0', async () => {
    const ran = await lived.run('audit', '--custody', lived.custody, '--profile', 'AUDITOR', ...lived.oci)
    expect(ran.code).toBe(0)
    const lines = ran.stdout.split('\n')
    expect(lines).toContain('  R01  holds        2 released keys, 2 proved dead')
    expect(lines).toContain('  U05  not checked  factors and password of the identity domain are not visible to a login that only reads')
    expect(lines).toContain('No control fails: 44 hold, 1 could not be checked.')
  })

  test('goes on paper once, and is never overwritten', async () => {
    const ran = await lived.run('audit', '--custody', lived.custody, '--profile', 'AUDITOR', '--auditor', 'Emmy Noether, internal audit', '--out', 'report.pdf', ...lived.oci)
    expect(ran.code).toBe(0)
    expect(readFileSync(join(lived.directory, 'report.pdf')).subarray(0, 5).toString()).toBe('%PDF-')
    const again = await lived.run('audit', '--custody', lived.custody, '--out', 'report.pdf')
    expect(again.code).toBe(2)
    expect(again.stderr).toContain('report.pdf exists already; nothing is ever overwritten')
  })

  test('is entered in the logbook when asked', async () => {
    const folder = lived.copy()
    const ran = await lived.run('audit', '--custody', folder, '--record', '--auditor', 'Emmy Noether')
    expect(ran.code).toBe(0)
    const { lines } = readLogbook(readFileSync(places.logbook(folder), 'utf8'))
    const { period } = (await audit(folder)).dossier
    expect(lines.at(-1)).toMatchObject({ seq: 6, type: 'audited', auditor: 'Emmy Noether', failed: [], notChecked: OFFLINE, login: null, period: { from: period.from } })
    expect(ran.stdout).toContain('Entry 6 of the logbook.')
    expect((await lived.run('audit', '--custody', folder, '--record', '--profile', 'AUDITOR', ...lived.oci)).code).toBe(0)
    const online = readLogbook(readFileSync(places.logbook(folder), 'utf8')).lines.at(-1)
    expect(online).toMatchObject({ seq: 7, failed: [], notChecked: ['U05'], login: { profile: 'AUDITOR', user: lived.cloud.seed.users.auditor } })
    expect(failures(await audit(folder))).toEqual([])
  })

  test('of a period without sessions finds no released key', async () => {
    const found = await audit(lived.custody, now, { from: '2020-01-01T00:00:00.000Z', to: '2020-02-01T00:00:00.000Z' })
    expect(failures(found)).toEqual([])
    expect(found.results.find(({ code }) => code === 'R01')?.finding).toBe('0 released keys, 0 proved dead')
  })

  test('made on an offline machine whose clock was ahead: the sessions since are in the period all the same', async () => {
    const folder = lived.copy()
    for (const number of [1, 2, 3, 4, 5]) {
      const path = join(places.generation(folder, number), 'manifest.json')
      writeFileSync(path, readFileSync(path, 'utf8').replace(/"created":"[^"]*"/, `"created":"${new Date(now.getTime() - 1000).toISOString()}"`))
    }
    expect((await audit(folder)).results.find(({ code }) => code === 'R01')).toMatchObject({ result: 'holds', finding: '2 released keys, 2 proved dead' })
  })

  test('made by an auditor whose clock is a day slow: the last sessions are in the period all the same', async () => {
    const found = await audit(lived.custody, new Date(now.getTime() - 86_400_000))
    expect(found.results.find(({ code }) => code === 'R01')).toMatchObject({ result: 'holds', finding: '2 released keys, 2 proved dead' })
    expect(found.dossier.period.to).toBe(new Date(openedAt(release) ?? 0).toISOString())
    expect(failures(found)).toEqual([])
  })

  test('refuses a period that ends before it begins', async () => {
    const ran = await lived.run('audit', '--custody', lived.custody, '--from', '2026-02-01', '--to', '2026-01-01')
    expect(ran).toMatchObject({ code: 2 })
    expect(ran.stderr).toContain('USAGE: the period from 2026-02-01T00:00:00.000Z to 2026-01-01T23:59:59.999Z is empty')
  })
})

describe('the custody folder, tampered with', () => {
  test('custody.yaml of another user: the report, the screen and the login are about the sealed one, and F09 tells', async () => {
    const folder = lived.copy()
    const { administrator: user, secondAdministrator: decoy } = lived.cloud.seed.users
    writeFileSync(places.custody(folder), readFileSync(places.custody(folder), 'utf8').replace(`user: ${user}`, `user: ${decoy}`))
    const found = await audit(folder)
    expect(failures(found)).toEqual([`F09: custody.yaml names the user ${decoy}, and GENERATION 1 is sealed for ${user}`])
    expect(reportContent(found, 'Emmy Noether', 'Emmy Noether')).toMatchObject({ user, tenancy: lived.cloud.tenancy.tenancyId, rehearsal: true })
    expect(auditJson(found, 'Emmy Noether')).toMatchObject({ user, tenancy: lived.cloud.tenancy.tenancyId, rehearsal: true })
    expect(auditText(found).split('\n').slice(0, 4)).toEqual(['A REHEARSAL: its records were made on a simulator.', `Tenancy  ${lived.cloud.tenancy.tenancyId}`, `User     ${user}`, ''])
    expect(entryPage(entrySource(readCustodyFolder(folder), 4))).toMatchObject({ user, tenancy: lived.cloud.tenancy.tenancyId })
  })

  test('custody.yaml with another home region than was sealed last', async () => {
    const folder = lived.copy()
    writeFileSync(places.custody(folder), readFileSync(places.custody(folder), 'utf8').replace('homeRegion: eu-frankfurt-1', 'homeRegion: eu-amsterdam-1'))
    expect(failures(await audit(folder))).toEqual(['F09: custody.yaml names the homeRegion eu-amsterdam-1, and GENERATION 5 is sealed for eu-frankfurt-1'])
  })

  test('where no manifest can be read, nobody is named', async () => {
    const folder = lived.copy()
    for (const number of [1, 2, 3, 4, 5]) writeFileSync(join(places.generation(folder, number), 'manifest.json'), '{}')
    const found = await audit(folder)
    expect(reportContent(found, 'Emmy', 'Emmy')).toMatchObject({ user: 'not known: no manifest can be read', rehearsal: false })
    expect(auditJson(found, 'Emmy')).toMatchObject({ user: null, tenancy: null })
  })

  test('a manifest edited', async () => {
    const folder = lived.copy()
    const path = join(places.generation(folder, 3), 'manifest.json')
    writeFileSync(path, readFileSync(path, 'utf8').replace('"threshold":2', '"threshold":3'))
    expect(failures(await audit(folder))).toEqual(['F01: the manifest of GENERATION 4 does not name the one before it', 'F02: the manifest of GENERATION 3 is not the one that entry 1 of the logbook names', 'F07: GENERATION 3 is not sealed: its transcript tells of another manifest or envelope'])
  })

  test('the last manifest edited: nothing follows it, but its ceremony\'s entry knows it', async () => {
    const folder = lived.copy()
    const path = join(places.generation(folder, 5), 'manifest.json')
    writeFileSync(path, readFileSync(path, 'utf8').replace('"threshold":2', '"threshold":3'))
    expect(failures(await audit(folder))).toEqual(['F02: the manifest of GENERATION 5 is not the one that entry 5 of the logbook names', 'F07: GENERATION 5 is not sealed: its transcript tells of another manifest or envelope'])
  })

  test('a transcript edited, exchanged or lost: everything else is as it was', async () => {
    for (const [tamper, finding] of [
      [(path: string) => { writeFileSync(path, readFileSync(path, 'utf8').replace('"value":"seeded"', '"value":"weeded"')) }, /^F07: .*does not follow from the line before it$/],
      [(path: string) => { writeFileSync(path, readFileSync(path, 'utf8').trimEnd().split('\n').slice(0, -1).join('\n') + '\n') }, /^F07: .*does not come to an end: the ceremony was not closed$/],
      [(path: string) => { rmSync(path) }, /^F07: GENERATION 1 is not sealed: the transcript of its ceremony is not in records\/$/],
    ] as const) {
      const folder = lived.copy()
      tamper(places.transcript(folder, 1))
      expect(failures(await audit(folder))).toEqual([expect.stringMatching(finding)])
    }
  })

  test('those who signed are named as their keys name them; where none of them is the administrator, nothing is claimed', async () => {
    const F08 = ({ results }: Audit): unknown => results.flatMap(({ code, result, finding }) => (code === 'F08' ? [[result, finding]] : []))[0]
    const example = resolve('ceremony/example')
    expect(F08(await audit(example))).toEqual(['holds', 'ceremony of GENERATION 1 (a rehearsal): signed by 6199F79D936C26EFDCDD8FB06F1DF1B6833C703B "Joan Clarke (rehearsal)", 1A4E66DB8B7257C00CFAFD4DFD4CF74A93D0D99C "John von Neumann (rehearsal)", 963ED857EF8C18AE54389AD6342DD747B8382676 "Emmy Noether (rehearsal)"'])
    const folder = join(lived.directory, 'signed by others')
    cpSync(example, folder, { recursive: true })
    const { privateKey, publicKey } = await generateKey({ userIDs: [{ name: 'John von Neumann' }], format: 'object' })
    const path = places.transcript(folder, 1)
    writeFileSync(join(places.signers(folder), 'john.asc'), publicKey.armor())
    writeFileSync(`${path}.asc`, (await sign({ message: await createMessage({ text: readFileSync(path, 'utf8') }), signingKeys: privateKey, detached: true })) as string)
    expect(F08(await audit(folder))).toEqual(['not checked', `every signature verifies; whether the administrator Joan Clarke signed the ceremony of GENERATION 1 is not known: that name is on no key of those who signed. Compare with the fingerprints on the ceremony record: ${publicKey.getFingerprint().toUpperCase()} "John von Neumann"`])
  })

  test('no transcript, no word about who signed; an import that was given up is not asked for', async () => {
    const F08 = (found: Audit): unknown => found.results.flatMap(({ code, result, finding }) => (code === 'F08' ? [[result, finding]] : []))[0]
    const folder = lived.copy()
    rmSync(places.transcript(folder, 1))
    expect(F08(await audit(folder))).toEqual(['not checked', 'the transcript of GENERATION 1 could not be relied on; see F07'])
    const halfway = lived.copy()
    rmSync(places.transcript(halfway, 5))
    keepLines(places.logbook(halfway), 4)
    append(halfway, { type: 'retired', generation: 5, reason: 'its outbox is lost' })
    expect(F08(await audit(halfway))).toEqual(['holds', 'ceremony of GENERATION 1 (a rehearsal): not signed; GENERATION 5 was given up: its import did not come to its end, and it is retired'])
  })

  test('a plain file in the place of a folder: said with its path', async () => {
    for (const [name, place] of [['sessions', places.sessions], ['generations', (folder: string) => join(folder, 'generations')]] as const) {
      const folder = lived.copy()
      rmSync(place(folder), { recursive: true })
      writeFileSync(place(folder), '')
      await expect(audit(folder)).rejects.toMatchObject({ code: 'FILE_UNREADABLE', message: `the folder of the ${name} is not a folder: ${place(folder)}`, hint: 'Fetch an untouched copy of it.' })
    }
    const folder = lived.copy()
    rmSync(places.records(folder), { recursive: true })
    writeFileSync(places.records(folder), '')
    expect(failures(await audit(folder))).toEqual([`F07: the folder of the records is not a folder: ${places.records(folder)}`])
    const signers = lived.copy()
    rmSync(places.signers(signers), { recursive: true, force: true })
    writeFileSync(places.signers(signers), '')
    expect(failures(await audit(signers))).toEqual([`F08: the folder of the signers is not a folder: ${places.signers(signers)}`])
  })

  test('a signature over another transcript', async () => {
    const folder = lived.copy()
    const { privateKey, publicKey } = await generateKey({ userIDs: [{ name: 'Joan' }], format: 'object' })
    const asc = (text: string): Promise<string> => createMessage({ text }).then(async (message) => (await sign({ message, signingKeys: privateKey, detached: true })) as string)
    mkdirSync(places.signers(folder), { recursive: true })
    writeFileSync(join(places.signers(folder), 'joan.asc'), publicKey.armor())
    writeFileSync(`${places.transcript(folder, 1)}.asc`, await asc('something else'))
    expect(failures(await audit(folder))).toEqual([expect.stringMatching(/^F08: .*\.jsonl\.asc has 1 signatures, of which 0 verify/)])
  })

  test('the rules widened', async () => {
    const folder = lived.copy()
    const path = join(places.generation(folder, 3), 'rules.json')
    writeFileSync(path, readFileSync(path, 'utf8').replace('"maximumHours":4', '"maximumHours":24'))
    expect(failures(await audit(folder))).toEqual(['F03: generations/3: rules.json is not what this generation was sealed with'])
  })

  test('an envelope exchanged', async () => {
    const folder = lived.copy()
    cpSync(join(places.generation(folder, 4), 'envelope.pgp'), join(places.generation(folder, 3), 'envelope.pgp'))
    expect(failures(await audit(folder))).toEqual(['F04: envelope.pgp of GENERATION 3 is not the one that its manifest names'])
  })

  test('a public key file exchanged', async () => {
    const folder = lived.copy()
    cpSync(join(places.generation(folder, 4), 'public.pem'), join(places.generation(folder, 3), 'public.pem'))
    expect(failures(await audit(folder))).toEqual(['F05: public.pem of GENERATION 3 is not the key of its manifest'])
  })
})

describe('the logbook, tampered with', () => {
  test('a line edited', async () => {
    const folder = lived.copy()
    editLine(places.logbook(folder), 2, (line) => ({ ...line, operator: 'Somebody Else' }))
    const found = await audit(folder)
    expect(failures(found)).toEqual(['L01: logbook.jsonl, line 3: does not follow from the line before it'])
    expect(notChecked(found)).toEqual(['F02', 'F07', 'L02', 'L03', 'L04', 'J03', 'C05', ...OFFLINE, 'D01', 'D02', 'D03', 'D04'])
    expect(found.opinion.scriptFollowed.verdict).toBe('No')
    expect(found.opinion.keyRevoked.verdict).toBe('Not established')
  })

  test('a line edited and the chain made anew', async () => {
    const folder = lived.copy()
    rewrite(places.logbook(folder), (line) => (line['seq'] === 1 ? { ...line, exceptions: [] } : line))
    expect(failures(await audit(folder))).toEqual([`L02: the logbook was forked: entry 1 is not the one after which session ${takeover} began; the logbook was forked: entry 2 is not the one after which session ${refused} began; the logbook was forked: entry 3 is not the one after which session ${release} began`])
  })

  test('shortened to before a session that saw more', async () => {
    const folder = lived.copy()
    keepLines(places.logbook(folder), 1)
    expect(failures(await audit(folder))).toEqual([`L02: the logbook was shortened: session ${refused} began after entry 2, and it has 1; the logbook was shortened: session ${release} began after entry 3, and it has 1`])
  })

  test('shortened behind the last warrant: the sessions and manifests miss their entries', async () => {
    const folder = lived.copy()
    keepLines(places.logbook(folder), 3)
    expect(failures(await audit(folder))).toEqual(['F02: GENERATION 5 is in no ceremony\'s entry of the logbook', `L03: session ${release} has no entry in the logbook: where glasskey was stopped just before, glasskey resume --session ${release} enters it`])
  })

  test('a session that stopped before it could be entered is not one in which no sheet was read', async () => {
    const folder = lived.copy()
    keepLines(places.logbook(folder), 3)
    const L03 = async (): Promise<string | undefined> => (await audit(folder)).results.find(({ code }) => code === 'L03')?.finding
    const lines = linesOf(places.journal(folder, release))
    keepLines(places.journal(folder, release), lines.findIndex(({ type }) => type === 'share-accepted') + 1)
    expect(await L03()).toBe('2 sessions with entry; 1 without, in which sheets may have been read: it has not come to its end, see R01')
    keepLines(places.journal(folder, release), lines.findIndex(({ type }) => type === 'exposing'))
    expect(await L03()).toBe('2 sessions with entry; 1 without, in which no sheet was read')
  })

  test('an entry that flatters: last of its kind, chained anew behind every warrant', async () => {
    const folder = lived.copy()
    rewrite(places.logbook(folder), (line) => (line['seq'] === 4 ? { ...line, secondsLive: 0.1, incident: 'INC-2' } : line))
    expect(failures(await audit(folder))).toEqual([`L04: entry 4 of the logbook contradicts the journal of session ${release} in: incident, secondsLive`])
  })

  test('a half-written last line', async () => {
    const folder = lived.copy()
    writeFileSync(places.logbook(folder), readFileSync(places.logbook(folder), 'utf8') + '{"at":"20')
    expect(failures(await audit(folder))).toEqual(['L01: logbook.jsonl ends in a half-written line'])
  })

  test('an audit of a logbook that does not hold is not entered in it', async () => {
    const folder = lived.copy()
    editLine(places.logbook(folder), 2, (line) => ({ ...line, operator: 'Somebody Else' }))
    const before = readFileSync(places.logbook(folder), 'utf8')
    const ran = await lived.run('audit', '--custody', folder, '--record')
    expect(ran.code).toBe(4)
    expect(ran.stdout).toContain('Not entered in the logbook: it does not hold (L01). Write the audit into the paper book.')
    expect(ran.stdout).toContain('FAILED: L01.')
    expect(readFileSync(places.logbook(folder), 'utf8')).toBe(before)
    expect(existsSync(places.lock(folder))).toBe(false)
  })
})

describe('a session, tampered with', () => {
  test('removed', async () => {
    const folder = lived.copy()
    rmSync(places.session(folder, release), { recursive: true })
    expect(failures(await audit(folder))).toEqual([`L03: entry 4 of the logbook tells of session ${release}, which is not in the folder`])
  })

  test('its journal removed', async () => {
    const folder = lived.copy()
    rmSync(places.journal(folder, release))
    expect(failures(await audit(folder))).toEqual([`J01: sessions/${release}/journal.jsonl is not there: ${places.journal(folder, release)}`])
  })

  test('a line of its journal edited', async () => {
    const folder = lived.copy()
    editLine(places.journal(folder, release), 4, (line) => ({ ...line, custodian: 3 }))
    expect(failures(await audit(folder))).toEqual([`J01: sessions/${release}/journal.jsonl, line 5: does not follow from the line before it`])
  })

  test('the last line of its journal edited', async () => {
    const folder = lived.copy()
    editLine(places.journal(folder, release), linesOf(places.journal(folder, release)).length, (line) => ({ ...line, exitCode: 6 }))
    expect(failures(await audit(folder))).toEqual([`J03: the journal of session ${release} is not the one that entry 4 of the logbook names`])
  })

  test('another session\'s warrant put in its place', async () => {
    const folder = lived.copy()
    cpSync(places.warrant(folder, takeover), places.warrant(folder, release))
    expect(failures(await audit(folder))).toEqual([`J02: warrant.json of session ${release} is not the one that its journal began with`])
  })

  test('its warrant edited', async () => {
    const folder = lived.copy()
    const path = places.warrant(folder, release)
    writeFileSync(path, readFileSync(path, 'utf8').replace('"reason":"test"', '"reason":"none"'))
    expect(failures(await audit(folder))).toEqual([`J02: warrant.json of session ${release} is not the one that its journal began with`])
  })

  test('its evidence edited', async () => {
    const folder = lived.copy()
    const path = join(places.session(folder, release), 'evidence.json')
    const evidence = JSON.parse(readFileSync(path, 'utf8')) as Record<string, Json>
    writeFileSync(path, canonicalJson({ ...evidence, probes: [], grade: 'refused-only' }) + '\n')
    expect(failures(await audit(folder))).toEqual([`J05: evidence.json of session ${release} contradicts its journal in: probes, grade`])
  })

  test('its evidence removed', async () => {
    const folder = lived.copy()
    const path = join(places.session(folder, release), 'evidence.json')
    rmSync(path)
    expect(failures(await audit(folder))).toEqual([`J05: sessions/${release}/evidence.json is not there: ${path}`])
  })
})

/** A field of a line that is text. */
function text(line: Record<string, Json>, name: string): string {
  const value = line[name]
  if (typeof value !== 'string') throw new TypeError(`${name} is no text`)
  return value
}

/** Rewrites a journal as somebody would who knows every format: new chain, new evidence, new logbook. Only the keys are missing. */
function forge(folder: string, change: (line: Record<string, Json>) => Record<string, Json> | null, entry: Record<string, Json> = {}): void {
  const head = rewrite(places.journal(folder, release), change)
  rewrite(places.logbook(folder), (line) => (line['seq'] === 4 ? { ...line, journalSha256: head, ...entry } : line))
  const read = readCustodyFolder(folder)
  const session = read.sessions.find(({ id }) => id === release)
  const manifest = read.generations[1]?.manifest
  if (!session || !manifest) throw new Error('the fixture has lost its release')
  writeFileSync(join(places.session(folder, release), 'evidence.json'), evidenceFile(evidenceOf(session.chain, session.session, manifest)))
}

/** Writes one more line behind a whole chain. */
function extend(path: string, fields: { type: string; [name: string]: Json }, at: string): void {
  const texts = readFileSync(path, 'utf8').trimEnd().split('\n')
  const { text: line } = chainLine({ seq: texts.length, sha256: sha256Hex(texts.at(-1) ?? '') }, at, fields)
  writeFileSync(path, `${texts.join('\n')}\n${line}\n`)
}

/** The journal of the release, resumed so many seconds after its end, and interrupted. */
function resumedAfter(folder: string, seconds: number): void {
  const last = linesOf(places.journal(folder, release)).at(-1)
  extend(places.journal(folder, release), { type: 'resumed', tool: 'glasskey 0', found: 'nothing' }, new Date(Date.parse(text(last ?? {}, 'at')) + seconds * 1000).toISOString())
}

describe('a journal forged whole, with logbook and evidence', () => {
  test('after the last request: the last signature gives it away', async () => {
    const folder = lived.copy()
    forge(folder, (line) => (line['type'] === 'key-deleted' ? { ...line, at: text(line, 'at').replace(/\d\d\dZ$/, '000Z') } : line))
    expect(failures(await audit(folder))).toEqual([`J04: session ${release}: the last signature does not verify`])
  })

  test('before a request: OCI\'s own request ids give it away too', async () => {
    const folder = lived.copy()
    const answer = linesOf(places.journal(folder, release)).find(({ type }) => type === 'outcome')
    forge(folder, (line) => (line['type'] === 'share-accepted' ? { ...line, at: text(line, 'at').replace(/\d\d\dZ$/, '000Z') } : line))
    expect(failures(await audit(folder))).toEqual([
      `J04: session ${release}: the last signature does not verify`,
      `A01: session ${release}, line ${Number(answer?.['seq'])}: OCI answered to another opc-request-id than that of the intent in line ${Number(answer?.['intent'])}`,
    ])
  })

  test('behind the last signature, the probes softened: the grade cannot be reached again', async () => {
    const folder = lived.copy()
    let seen = 0
    forge(folder, (line) => (line['type'] === 'probe' && line['region'] === 'eu-amsterdam-1' && (seen += 1) === 2 ? { ...line, status: 200 } : line))
    expect(failures(await audit(folder))).toEqual([`R02: session ${release} is graded proved, and its probes and listings show listed-only`])
  })

  test('behind the last signature, the listing left out', async () => {
    const folder = lived.copy()
    forge(folder, (line) => (line['type'] === 'listed' ? null : line))
    expect(failures(await audit(folder))).toEqual([`R02: session ${release} is graded proved, and its probes and listings show refused-only`])
  })

  test('a probe that was sent twice', async () => {
    const folder = lived.copy()
    const lines = linesOf(places.journal(folder, release))
    const last = lines.filter(({ type }) => type === 'probe').at(-1)
    const path = places.journal(folder, release)
    writeFileSync(path, lines.flatMap((line) => (line === last ? [line, line] : [line])).map((line) => canonicalJson(line)).join('\n') + '\n')
    forge(folder, (line) => line)
    const region = text(last ?? {}, 'region')
    expect(failures(await audit(folder))).toEqual([`R02: session ${release}, line ${Number(last?.['seq']) + 1}: a probe of ${region} for ${text(last ?? {}, 'signedFor')}, which was sent before`])
  })

  test('a probe that nobody signed', async () => {
    const folder = lived.copy()
    const last = linesOf(places.journal(folder, release)).filter(({ type }) => type === 'probe').at(-1)
    const later = new Date(Date.parse(text(last ?? {}, 'signedFor')) + 500).toISOString()
    forge(folder, (line) => (line['seq'] === last?.['seq'] ? { ...line, signedFor: later } : line))
    expect(failures(await audit(folder))).toEqual([`R02: session ${release}, line ${Number(last?.['seq'])}: a probe of ${text(last ?? {}, 'region')} for ${later}, which nobody signed`])
  })

  test('a confirmation that came before its time', async () => {
    const folder = lived.copy()
    const probes = linesOf(places.journal(folder, release)).filter(({ type, region }) => type === 'probe' && region === 'eu-amsterdam-1')
    const [last, third] = [probes.at(-1), probes.at(-2)]
    const sooner = new Date(Date.parse(text(third ?? {}, 'signedFor')) + 1000).toISOString()
    forge(folder, (line) => (line['seq'] === last?.['seq'] ? { ...line, signedFor: sooner } : line))
    expect(failures(await audit(folder))).toEqual([`R02: session ${release} is graded proved, and its probes and listings show listed-only`])
  })

  test('probes said to be signed after the last signature of the key', async () => {
    const folder = lived.copy()
    const place = linesOf(places.journal(folder, release)).find(({ type }) => type === 'listed')
    const from = '2026-01-01T00:00:00.000Z'
    forge(folder, ({ seq, at, prev, type, ...line }) => (type === 'listed' ? { seq, at, prev, type: 'probes-signed', count: 1, from, to: from } : { seq, at, prev, type, ...line }) as Record<string, Json>)
    expect(failures(await audit(folder))).toEqual([`R02: session ${release}, line ${Number(place?.['seq'])}: probes signed after the last signature of the key`])
  })

  test('a probe that was left out, because its moment had passed, changes nothing', async () => {
    const folder = lived.copy()
    const probes = linesOf(places.journal(folder, release)).filter(({ type, region }) => type === 'probe' && region === 'eu-amsterdam-1')
    const ahead = (seq: unknown, ms: number) => (line: Record<string, Json>): Record<string, Json> => (line['seq'] === seq ? { ...line, signedFor: new Date(Date.parse(text(line, 'signedFor')) + ms).toISOString() } : line)
    forge(folder, ahead(probes.at(-1)?.['seq'], 1000))
    expect(failures(await audit(folder))).toEqual([])
  })

  test('graded unproved: the key may be alive', async () => {
    const folder = lived.copy()
    forge(folder, (line) => (line['type'] === 'graded' ? { ...line, grade: 'unproved' } : line), { grade: 'unproved' })
    expect(failures(await audit(folder))).toEqual([`R01: the key of GENERATION 2, used in session ${release}, is not proved dead`, `R02: session ${release} is graded unproved, and its probes and listings show proved`])
  })

  test('without its last signature: nothing is called verified, unless OCI\'s log has every call', async () => {
    const folder = lived.copy()
    forge(folder, (line) => (['head-signed', 'burned'].includes(line['type'] as string) ? null : line), { secondsLive: 0 })
    const J04 = `session ${release}: its key was used, and signed no head of its journal. Whether the strongroom did not live to sign, or those lines were taken out, OCI's log tells: glasskey audit --profile (A06)`
    const found = await audit(folder)
    expect(failures(found)).toEqual([])
    expect(found.results.find(({ code }) => code === 'J04')).toMatchObject({ result: 'not checked', finding: J04 })
    const online = await auditOnline(folder)
    expect(online.controls.find(({ code }) => code === 'J04')).toMatchObject({ result: 'holds', finding: `1 last signature verified with the keys of the manifests; none in ${release}: the strongroom did not live to sign, and OCI's log has every call of that journal` })
  })

  test('without its last signature, and rewritten before: OCI\'s log does not bear it out', async () => {
    const folder = lived.copy()
    forge(folder, (line) => (['head-signed', 'burned'].includes(line['type'] as string) ? null : line['type'] === 'share-accepted' ? { ...line, at: text(line, 'at').replace(/\d\d\dZ$/, '000Z') } : line), { secondsLive: 0 })
    const online = await auditOnline(folder)
    expect(online.controls.find(({ code }) => code === 'J04')).toMatchObject({ result: 'not checked' })
    expect(online.failed).toEqual(['A01', 'A06'])
  })

  test('ended right behind "key live": nobody can say that it was burned before it might sign', async () => {
    const folder = lived.copy()
    let isLive = false
    forge(folder, (line) => {
      const stays = !isLive || ['graded', 'closed'].includes(line['type'] as string)
      isLive ||= line['type'] === 'key-live'
      return stays ? line : null
    }, { secondsLive: 0 })
    expect((await audit(folder)).results.find(({ code }) => code === 'J04')).toMatchObject({ result: 'not checked' })
    // Nor does a log that has calls of that key bear out a journal that has none.
    expect((await auditOnline(folder)).controls.find(({ code }) => code === 'J04')).toMatchObject({ result: 'not checked' })
  })

  test('never entered: glasskey may have been stopped just before, and the finding says what enters it', async () => {
    const folder = lived.copy()
    keepLines(places.logbook(folder), 3)
    rmSync(join(places.session(folder, release), 'evidence.json'))
    const found = failures(await audit(folder))
    expect(found.filter((finding) => /^(L03|J05)/.test(finding))).toEqual([`L03: session ${release} has no entry in the logbook: where glasskey was stopped just before, glasskey resume --session ${release} enters it`])
  })

  test('a stranger\'s key that the session found is in the report, though no list of today has it', async () => {
    const folder = lived.copy()
    forge(folder, (line) => (line['type'] === 'census' && line['when'] === 'before-action' ? { ...line, unexpected: ['key aa:bb'] } : line))
    expect(reportContent(await audit(folder), 'Emmy', 'Emmy').exceptions).toContain(`Session ${release}: OCI listed key aa:bb, which nobody of this custody had put there. What was done with it is in no journal: search OCI's log for it.`)
  })

  test('interrupted while it was resumed: it is open, and nobody is accused of having altered anything', async () => {
    const folder = lived.copy()
    resumedAfter(folder, 2)
    const found = await audit(folder)
    expect(failures(found)).toEqual([`R01: session ${release} has not come to its end`])
    expect(found.results.filter(({ code }) => ['L04', 'J03', 'J05'].includes(code)).map(({ result }) => result)).toEqual(['holds', 'holds', 'holds'])
    rewrite(places.logbook(folder), (line) => (line['seq'] === 4 ? { ...line, journalSha256: '0'.repeat(64) } : line))
    expect(failures(await audit(folder))).toContain(`L04: entry 4 of the logbook names a head that the journal of session ${release} never had`)
  })

  test('closed again, and stopped before it was entered again: the finding says what to do', async () => {
    const folder = lived.copy()
    resumedAfter(folder, 2)
    const lines = linesOf(places.journal(folder, release))
    extend(places.journal(folder, release), { type: 'closed', exitCode: 0 }, text(lines.at(-1) ?? {}, 'at'))
    expect(failures(await audit(folder))).toEqual([`J03: the journal of session ${release} goes on after entry 4 of the logbook, and that is not entered yet: glasskey resume --session ${release}`])
  })

  test('left open', async () => {
    const folder = lived.copy()
    forge(folder, (line) => (line['type'] === 'closed' ? null : line))
    const found = await audit(folder)
    expect(failures(found)).toEqual([`R01: session ${release} has not come to its end`])
    expect(found.opinion.keyRevoked).toEqual({ verdict: 'No', sentence: 'R01 does not hold; K01, K02 and K03 could not be checked.' })
  })

  const seqOf = (type: string, nth = 0): number => Number(linesOf(places.journal(lived.custody, release)).filter((line) => line['type'] === type)[nth]?.['seq'])
  /** What a forger cannot help breaking as well. */
  const others = (found: Audit): string[] => failures(found).filter((failure) => !failure.startsWith('J04') && !failure.startsWith('A01'))

  test('a consent less than the quorum', async () => {
    const folder = lived.copy()
    let seen = 0
    forge(folder, (line) => (line['type'] === 'consented' && (seen += 1) === 2 ? null : line))
    expect(others(await audit(folder))).toEqual([
      `C01: session ${release}: 1 of 2 needed custodians consented`,
      `C02: session ${release}: the share of custodian 2 was read without that custodian's consent`,
    ])
  })

  test('a consent in another\'s name', async () => {
    const folder = lived.copy()
    forge(folder, (line) => (line['type'] === 'consented' && line['custodian'] === 2 ? { ...line, name: 'Mallory' } : line))
    expect(others(await audit(folder))).toEqual([`C01: session ${release}: "Mallory" consented as custodian 2, who is Βασίλης Παπαδόπουλος in the manifest`])
  })

  test('the same custodian twice', async () => {
    const folder = lived.copy()
    forge(folder, (line) => (line['type'] === 'consented' && line['custodian'] === 2 ? { ...line, custodian: 1, name: 'Ada Lovelace' } : line))
    expect(others(await audit(folder))).toEqual([
      `C01: session ${release}: a custodian's consent is counted twice`,
      `C02: session ${release}: the share of custodian 2 was read without that custodian's consent`,
    ])
  })

  test('a request that the warrant does not admit', async () => {
    const folder = lived.copy()
    const seq = seqOf('intent')
    forge(folder, (line) => (line['seq'] === seq ? { ...line, path: '/20160918/users' } : line))
    expect(others(await audit(folder))).toEqual([`A03: session ${release}, line ${seq}: GET ${lived.cloud.endpoints['eu-frankfurt-1'] ?? ''}/20160918/users is not in the warrant`])
  })

  test('a request under a rule that the warrant does not have', async () => {
    const folder = lived.copy()
    const seq = seqOf('intent')
    forge(folder, (line) => (line['seq'] === seq ? { ...line, rule: 'read everything' } : line))
    const host = new URL(lived.cloud.endpoints['eu-frankfurt-1'] ?? '').host
    expect(others(await audit(folder))).toEqual([`A03: session ${release}, line ${seq}: the warrant has no rule "read everything" for ${host}`])
  })

  test('a request with another body', async () => {
    const folder = lived.copy()
    const seq = Number(linesOf(places.journal(folder, release)).find(({ rule }) => rule === 'enable SAAS_ADMIN')?.['seq'])
    forge(folder, (line) => (line['seq'] === seq ? { ...line, bodySha256: '0'.repeat(64) } : line))
    expect(others(await audit(folder))).toEqual([`A03: session ${release}, line ${seq}: "enable SAAS_ADMIN" was signed with another body than the warrant admits`])
  })

  test('an action after the deadline', async () => {
    const folder = lived.copy()
    const seq = Number(linesOf(places.journal(folder, release)).find(({ rule }) => rule === 'enable SAAS_ADMIN')?.['seq'])
    const { deadline } = JSON.parse(readFileSync(places.warrant(folder, release), 'utf8')) as { deadline: string }
    const late = new Date(Date.parse(deadline) + 1001).toISOString()
    forge(folder, (line) => (line['seq'] === seq ? { ...line, at: late } : line))
    expect(others(await audit(folder))).toEqual([`A04: session ${release}, line ${seq}: "enable SAAS_ADMIN" was signed at ${late}, after the deadline (${deadline})`])
  })

  test('an action in the last second of its warrant is in time', async () => {
    const folder = lived.copy()
    const { deadline } = JSON.parse(readFileSync(places.warrant(folder, release), 'utf8')) as { deadline: string }
    const within = new Date(Date.parse(deadline) + 1000).toISOString()
    forge(folder, (line) => (line['rule'] === 'enable SAAS_ADMIN' ? { ...line, at: within } : line))
    expect(others(await audit(folder))).toEqual([])
  })

  test('an answer that is not known', async () => {
    const folder = lived.copy()
    const asked = linesOf(places.journal(folder, release)).filter(({ rule }) => rule === 'enable SAAS_ADMIN' || rule === 'read SAAS_ADMIN status back')
    const seq = Number(asked[0]?.['seq'])
    forge(folder, (line) => {
      // Nor to the question what became of it: an answer to that would settle it.
      if (line['type'] !== 'outcome' || !asked.some((intent) => intent['seq'] === line['intent'])) return line
      return { type: 'unknown', seq: line['seq'] ?? 0, prev: line['prev'] ?? '', at: line['at'] ?? '', intent: line['intent'] ?? 0, reason: 'no answer within 20 s' }
    })
    expect(others(await audit(folder))).toEqual([`A02: session ${release}, line ${seq}: no answer is known to "enable SAAS_ADMIN"`])

    // Somebody looked at the database. Only an exception that names this very line explains it.
    const explain = (line: number): ReturnType<LivedCustody['run']> =>
      lived.run('logbook', 'add', 'exception', '--custody', folder, ...[`step=session ${release}, line ${line}`, 'happened=OCI did not answer', 'decision=the work request shows that it was done', 'decidedBy=Lin Chen', 'witness=Ada Lovelace'].flatMap((said) => ['--set', said]))
    expect((await explain(seq + 1)).code).toBe(0)
    expect(others(await audit(folder))).toHaveLength(1)
    expect((await explain(seq)).code).toBe(0)
    expect(others(await audit(folder))).toEqual([])
  })

  test('the deletion before the successor was read back', async () => {
    const folder = lived.copy()
    const seq = Number(linesOf(places.journal(folder, release)).find(({ rule }) => rule === 'exit: delete used key')?.['seq'])
    forge(folder, (line) => (line['type'] === 'successor-active' ? null : line), { successor: null })
    expect(others(await audit(folder))).toContain(`R03: session ${release}, line ${seq - 1}: the deletion was signed before the successor was read back`)
  })

  test('exceptions that nobody consented to', async () => {
    const folder = lived.copy()
    forge(folder, (line) => (line['type'] === 'session-opened' ? { ...line, isolation: ['this machine gives no user namespaces'] } : line))
    expect(others(await audit(folder))).toEqual([`C05: session ${release}: the journal began with other exceptions than the custodians consented to`])
  })
})

describe('what the report says', () => {
  const independence = async (person: string | null): Promise<string> => reportContent(await audit(lived.custody), person ?? 'not named', person).independence

  test('an auditor is compared by name, without office, case and spaces, over all generations and sessions', async () => {
    expect(await independence('Ada Lovelace, internal audit')).toBe('NOT INDEPENDENT: the auditor is a custodian')
    expect(await independence('  ada   LOVELACE')).toBe('NOT INDEPENDENT: the auditor is a custodian')
    expect(await independence('Emmy Noether, internal audit')).toBe('holds no share and operated no session, by name; to be stated in full by the auditor')
    expect(await independence(null)).toBe('not compared by name: nobody is named (--auditor); to be stated in full by the auditor')
    const { operator } = JSON.parse(readFileSync(places.warrant(lived.custody, release), 'utf8')) as { operator: { name: string } }
    const early = await audit(lived.custody, now, { from: '2020-01-01T00:00:00.000Z', to: '2020-02-01T00:00:00.000Z' })
    expect(reportContent(early, operator.name, `${operator.name}, treasury`).independence).toContain('was the operator of a session')
  })

  test('what was found of a control that holds, and what was not looked at', async () => {
    const content = reportContent(await audit(lived.custody), 'Emmy', 'Emmy')
    expect(content.evidence.find(({ control }) => control === 'J04')?.result).toBe('Holds: 2 last signatures verified with the keys of the manifests')
    expect(content.residualAccess.at(-1)).toBe('Not looked at in OCI: no login was given (--profile).')
  })

  test('a key that is not proved dead is residual access', async () => {
    const folder = lived.copy()
    forge(folder, (line) => (line['type'] === 'graded' ? { ...line, grade: 'unproved' } : line), { grade: 'unproved' })
    expect(reportContent(await audit(folder), 'Emmy', 'Emmy').residualAccess).toContain(`R01: the key of GENERATION 2, used in session ${release}, is not proved dead.`)
  })

  test('a custodian does not inherit what another one did under the same number', async () => {
    const found = await audit(lived.custody)
    const standing = (name: string): string | undefined => reportContent(found, 'Emmy', 'Emmy').custodians.find((one) => one.name === name)?.standing
    expect(standing('Ada Lovelace')).toBe(`1 copy; released 2 times, last in ${release}`)
    for (const { number, manifest } of found.dossier.generations) if (number > 2) for (const share of proven(manifest).shares) if (share.custodian === 1) share.name = 'Grace Hopper'
    expect(standing('Grace Hopper')).toBe('1 copy; released never')
  })

  test('a region that OCI has and the manifest does not name', async () => {
    const { dossier, ...found } = await audit(lived.custody)
    const cloud = { profile: 'AUDITOR', regions: { read: true, value: ['eu-frankfurt-1', 'me-dubai-1'] } } as unknown as NonNullable<Dossier['cloud']>
    expect(told({ ...found, dossier: { ...dossier, cloud } })).toContain('me-dubai-1: subscribed, and not among the regions that GENERATION 3 is sealed with. No used key is probed there, and OCI\'s log of it was not read. The next ceremony lists every subscribed region in custody.yaml.')
    const error = new GlasskeyError('OCI_REFUSED', 'OCI answered 404 to GET /x')
    expect(told({ ...found, dossier: { ...dossier, cloud: { ...cloud, regions: { read: false, error } } } })).toContain('Whether the manifests name every subscribed region: OCI answered 404 to GET /x.')
  })
})

describe('what time brings', () => {
  const after = (days: number): Date => new Date(now.getTime() + days * 86_400_000)

  test('used sheets that nobody destroyed, on the eighth day', async () => {
    expect(failures(await audit(lived.custody, after(6)))).toEqual([])
    expect(failures(await audit(lived.custody, after(8)))).toEqual([
      'D03: not recorded as destroyed after 7 days: GENERATION 1 of Ada Lovelace, GENERATION 1 of Βασίλης Παπαδόπουλος, GENERATION 2 of Ada Lovelace, GENERATION 2 of Βασίλης Παπαδόπουλος',
    ])
  })

  test('a used sheet that nobody finds any more is entered as lost; one that was lost before was another copy', async () => {
    const folder = lived.copy()
    const gone = (custodian: number, generation: number): void => void append(folder, { type: 'lost', custodian, copy: 1, generations: [generation], witness: 'Lin' })
    gone(1, 1)
    gone(2, 2)
    expect(failures(await audit(folder, after(8)))).toEqual(['D03: not recorded as destroyed after 7 days: GENERATION 1 of Βασίλης Παπαδόπουλος, GENERATION 2 of Ada Lovelace'])
    rewrite(places.logbook(folder), (line) => (line['type'] === 'lost' ? { ...line, at: '2020-01-01T00:00:00.000Z' } : line))
    expect(failures(await audit(folder, after(8))).join()).toContain('GENERATION 1 of Ada Lovelace')
  })

  test('a drill that its entry dates later than its key was live', async () => {
    const folder = lived.copy()
    rewrite(places.logbook(folder), (line) => (line['type'] === 'session' && line['action'] === 'takeover' ? { ...line, at: after(30).toISOString() } : line))
    expect((await audit(folder, after(92))).results.find(({ code }) => code === 'D01')).toMatchObject({ result: 'not checked' })
    const entries = linesOf(places.logbook(lived.custody)).length
    const behind = lived.copy()
    const entry = linesOf(places.logbook(behind)).findLast(({ type, session }) => type === 'session' && session === takeover) ?? {}
    extend(places.logbook(behind), { ...entry, type: 'session' }, after(30).toISOString())
    expect(linesOf(places.logbook(behind))).toHaveLength(entries + 1)
    expect(failures(await audit(behind, after(92)))).toContain('D01: no drill yet, and one is due every 91 days: 1 day overdue')
  })

  test('used sheets destroyed, and a drill overdue', async () => {
    const folder = lived.copy()
    for (const [generation, custodian] of [[1, 1], [1, 2], [2, 1], [2, 2]] as const) {
      const ran = await lived.run('logbook', 'add', 'destroyed', '--custody', folder, ...[`generation=${generation}`, `custodian=${custodian}`, 'copies=1', 'method=shredded', 'witness=Dorothy Vaughan'].flatMap((set) => ['--set', set]))
      expect(ran.code).toBe(0)
    }
    expect(failures(await audit(folder, after(91)))).toEqual([])
    expect(failures(await audit(folder, after(92)))).toEqual(['D01: no drill yet, and one is due every 91 days: 1 day overdue'])
  })

  test('the key in use exposed: an entry that calls it retired hides nothing, and is listed', async () => {
    const folder = lived.copy()
    for (const custodian of [1, 2]) append(folder, { type: 'inspected', custodian, copy: 1, generations: [3], bag: 'B-1', condition: 'intact', seenOnline: [3], witness: 'Lin' })
    expect(failures(await audit(folder))).toEqual(['D04: a quorum of shares was seen of GENERATION 3, which was neither rotated nor retired'])
    append(folder, { type: 'retired', generation: 3, reason: 'tidying up' })
    const found = await audit(folder)
    expect(failures(found)).toEqual(['D04: a quorum of shares was seen of GENERATION 3, which is in use, and which an entry of the logbook calls retired'])
    expect(reportContent(found, 'Emmy', 'Emmy').exceptions).toContain('Entry 8: GENERATION 3 was retired; tidying up.')
  })

  test('a successor retired: too few wait', async () => {
    const folder = lived.copy()
    await lived.run('logbook', 'add', 'retired', '--custody', folder, '--set', 'generation=4', '--set', 'reason=a bag was found open')
    expect(failures(await audit(folder))).toEqual(['D02: only 1 successor waiting, and there should be 2'])
  })
})

describe('the tenancy, tampered with', () => {
  const administrator = (): string => lived.cloud.seed.users.administrator
  const keys = (): Json[] => lived.cloud.tenancy.identity.apiKeys as unknown as Json[]

  /** Undoes what was done to the keys of the tenancy. */
  async function withKey(publicKeyPem: string, check: () => Promise<void>): Promise<void> {
    const before = keys().length
    lived.cloud.happen({ event: 'add-api-key', userId: administrator(), publicKeyPem })
    try {
      await check()
    } finally {
      keys().splice(before)
    }
  }

  test('the used key is back', async () => {
    const { manifest } = readCustodyFolder(lived.custody).generations[1] ?? {}
    await withKey(manifest?.publicKeyPem ?? '', async () => {
      const found = await auditOnline(lived.custody)
      expect(found).toMatchObject({ code: 4, passed: false, failed: ['K01'] })
      expect(found.findings).toEqual([`K01: the used key of GENERATION 2 (${manifest?.fingerprint ?? ''}) is in OCI's key list: ACTIVE`])
      expect(found.opinion['keyRevoked']).toEqual({ verdict: 'No', sentence: 'K01 does not hold.' })
    })
  })

  test('a stranger\'s key', async () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    await withKey(publicKey.export({ type: 'spki', format: 'pem' }) as string, async () => {
      const found = await auditOnline(lived.custody)
      expect(found.failed).toEqual(['K03'])
      expect(found.findings[0]).toMatch(/^K03: a key that no manifest names is in OCI's key list: ([0-9a-f]{2}:){15}[0-9a-f]{2}$/)
    })
  })

  test('a key that should still be waiting', async () => {
    const { manifest } = readCustodyFolder(lived.custody).generations[3] ?? {}
    await withKey(manifest?.publicKeyPem ?? '', async () => {
      expect((await auditOnline(lived.custody)).findings).toEqual(['K03: the key of GENERATION 4, which is not in use, is in OCI\'s key list'])
    })
  })

  test('the key in use is gone', async () => {
    const kept = keys().map((key) => ({ ...(key as Record<string, Json>) }))
    lived.cloud.happen({ event: 'delete-api-keys', userId: administrator() })
    try {
      expect((await auditOnline(lived.custody)).findings).toEqual(['K02: the key of GENERATION 3, which is in use, is not in OCI\'s key list'])
    } finally {
      keys().splice(0, keys().length, ...kept)
    }
  })

  test('a capability is on again', async () => {
    const user = lived.cloud.tenancy.identity.users.find(({ id }) => id === administrator())
    if (!user) throw new Error('the fixture has lost its user')
    user.capabilities.canUseAuthTokens = true
    try {
      expect((await auditOnline(lived.custody)).findings).toEqual(['U02: canUseAuthTokens is on'])
    } finally {
      user.capabilities.canUseAuthTokens = false
    }
  })

  test('the user is blocked', async () => {
    lived.cloud.happen({ event: 'block-user', userId: administrator() })
    try {
      expect((await auditOnline(lived.custody)).findings).toEqual(['U01: the user is blocked or not ACTIVE (INACTIVE): the key of last resort would not work'])
    } finally {
      lived.cloud.happen({ event: 'block-user', userId: administrator(), blocked: false })
    }
  })

  test('a session that OCI heard of and the folder did not: the journal\'s call left out', async () => {
    const folder = lived.copy()
    const seq = Number(linesOf(places.journal(folder, release)).find(({ rule }) => rule === 'enable SAAS_ADMIN')?.['seq'])
    forge(folder, (line) => (line['seq'] === seq || line['intent'] === seq ? null : line))
    const found = await auditOnline(folder)
    expect(found.failed).toEqual(expect.arrayContaining(['J04', 'A06']))
    expect(found.findings.find((finding) => finding.startsWith('A06'))).toMatch(/^A06: session .*: OCI's log has .+ by the used key at .+, which no journal has \(\d+ events?\)$/)
  })

  test('an auditor\'s login that is refused: nothing is half said', async () => {
    const ran = await lived.run('audit', '--custody', lived.custody, '--profile', 'OPERATOR', ...lived.oci)
    expect(ran.code).toBe(3)
    expect(ran.stderr).toMatch(/^OCI_REFUSED: OCI answered 404 to OPERATOR: .*NotAuthorizedOrNotFound/m)
    expect(ran.stdout).toBe('')
  })
})

describe('what a login sees, case by case', () => {
  type Seen = NonNullable<Dossier['cloud']>

  /** What the auditor's login would have seen, with one thing changed. */
  async function seen(change: (cloud: Seen) => Partial<Seen>, when = now, folder = lived.custody): Promise<(code: string) => string> {
    const { dossier } = await audit(folder, when)
    const [, , inUse] = dossier.generations.map(({ manifest }) => proven(manifest))
    const cloud: Seen = {
      profile: 'AUDITOR',
      auditor: lived.cloud.seed.users.auditor,
      user: {
        lifecycleState: 'ACTIVE',
        inactiveStatus: null,
        capabilities: ONLY_API_KEYS,
        keys: [{ fingerprint: inUse?.fingerprint ?? '', keyValue: inUse?.publicKeyPem ?? '', lifecycleState: 'ACTIVE' }],
      },
      groups: { read: true, value: ['Administrators'] },
      credentials: { read: true, value: { authTokens: 0, mfaTotpDevices: 0 } },
      regions: { read: true, value: ['eu-frankfurt-1', 'eu-amsterdam-1'] },
      log: new Map(),
    }
    const results = runControls(CONTROLS, { ...dossier, cloud: { ...cloud, ...change(cloud) } })
    return (code) => {
      const found = results.find((result) => result.code === code)
      return `${found?.result ?? 'no such control'}: ${found?.finding ?? ''}`
    }
  }

  test('a used key is found by its fingerprint, even where OCI keeps its value to itself', async () => {
    const told = await seen(({ user }) => ({ user: { ...user, keys: [...user.keys, { fingerprint: used(1), keyValue: '', lifecycleState: 'ACTIVE' }] } }))
    expect(told('K01')).toBe(`fails: the used key of GENERATION 2 (${used(1)}) is in OCI's key list: ACTIVE`)
    expect(told('K03')).toBe('holds: 2 keys listed, none of a stranger')
  })

  test('a key with the right fingerprint and another value is not the key in use', async () => {
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' }) as string
    const told = await seen(({ user }) => ({ user: { ...user, keys: user.keys.map((key) => ({ ...key, keyValue: other })) } }))
    expect(told('K02')).toBe('fails: the key of GENERATION 3, which is in use, is listed by its fingerprint, but OCI\'s copy is another key')
  })

  test('before the takeover, the key of the everyday login is no stranger\'s', async () => {
    const folder = lived.copy()
    rmSync(join(folder, 'sessions'), { recursive: true })
    keepLines(places.logbook(folder), 1)
    const told = await seen(({ user }) => ({ user: { ...user, keys: [{ fingerprint: 'aa:bb', keyValue: '', lifecycleState: 'ACTIVE' }] } }), now, folder)
    for (const code of ['K02', 'K03']) expect(told(code)).toBe('not checked: no generation is in use: the takeover has not happened')
  })

  test('a key that is not ACTIVE yet would be refused', async () => {
    const told = await seen(({ user }) => ({ user: { ...user, keys: user.keys.map((key) => ({ ...key, lifecycleState: 'CREATING' })) } }))
    expect(told('K02')).toBe('fails: the key of GENERATION 3, which is in use, is CREATING')
  })

  test('credentials: none, some, and some that may not be listed', async () => {
    const credentials = (value: Record<string, number | null>) => (): Partial<Seen> => ({ credentials: { read: true, value } })
    expect((await seen(credentials({ authTokens: 0, mfaTotpDevices: 0 })))('U04')).toBe('holds: none of authTokens, mfaTotpDevices')
    expect((await seen(credentials({ authTokens: 2, mfaTotpDevices: null })))('U04')).toBe('fails: 2 authTokens')
    expect((await seen(credentials({ authTokens: 0, mfaTotpDevices: null })))('U04')).toBe('not checked: this login may not list mfaTotpDevices')
  })

  test('groups: not an administrator, and not readable', async () => {
    expect((await seen(() => ({ groups: { read: true, value: ['Operators'] } })))('U03')).toBe('fails: the user is not in the group Administrators (it is in: Operators)')
    const error = new GlasskeyError('OCI_REFUSED', 'OCI answered 404 NotAuthorizedOrNotFound')
    expect((await seen(() => ({ groups: { read: false, error } })))('U03')).toBe('not checked: the groups could not be read: OCI answered 404 NotAuthorizedOrNotFound')
  })

  /** A log of every session: empty but for these. */
  const logged = (logs: Record<string, SessionLog>): Seen['log'] => new Map(lived.sessions.map((id) => [id, { read: true as const, value: logs[id] ?? { events: [], gaps: [] } }]))

  /** OCI's log of the folder's sessions as it should be, with the release's changed. */
  async function logsOf(folder: string, change: (log: SessionLog) => Partial<SessionLog>): Promise<() => Partial<Seen>> {
    const { dossier } = await audit(folder)
    const logs = Object.fromEntries(dossier.sessions.map((filed): [string, SessionLog] => {
      const session = soundSession(dossier, filed)
      const key = `${session.warrant.tenancy}/${session.warrant.user}/${session.manifest.fingerprint}`
      return [filed.id, { events: session.state.calls.map(({ intent }) => ({ at: intent.at, region: 'eu-frankfurt-1', name: intent.rule, requestId: `${anchorOf(session, intent)}/OCI/1`, method: intent.method, path: decodeURIComponent(intent.path.split('?')[0] ?? ''), credentials: intent.by === 'desk' ? 'another' : key, principal: session.warrant.user, authType: 'natv' })), gaps: [] }]
    }))
    const own = logs[release] ?? { events: [], gaps: [] }
    return () => ({ log: logged({ ...logs, [release]: { ...own, ...change(own) } }) })
  }

  const enabling = ({ events }: SessionLog): SessionLog['events'][number] => {
    const found = events.find(({ name }) => name === 'enable SAAS_ADMIN')
    if (!found) throw new Error('the fixture has lost its change')
    return found
  }
  const STRANGE = /^fails: session \S+: OCI's log has enable SAAS_ADMIN by the used key at \S+, which no journal has \(1 event\)$/

  test('a request id is public once it was sent: it explains one call, and only the one that was meant', async () => {
    const A06 = async (more: (event: SessionLog['events'][number]) => Partial<SessionLog['events'][number]>): Promise<string> =>
      (await seen(await logsOf(lived.custody, (log) => ({ events: [...log.events, { ...enabling(log), ...more(enabling(log)) }] }))))('A06')
    expect(await A06(() => ({ path: '/20160918/policies' }))).toMatch(STRANGE)
    expect(await A06(() => ({ method: 'DELETE' }))).toMatch(STRANGE)
    expect(await A06(({ requestId }) => ({ requestId: requestId.replace('/OCI/', '/AGAIN/') }))).toMatch(STRANGE)
    // One call may be several events, and OCI need not say everything of each.
    expect(await A06(() => ({ name: 'the end of it' }))).toMatch(/^holds: /)
    expect(await A06(() => ({ method: '', path: '' }))).toMatch(/^holds: /)
  })

  test('the id of another session, or of the desk\'s own call, explains nothing of a used key', async () => {
    const { dossier } = await audit(lived.custody)
    const strangeAs = async (wanted: (by: string) => boolean, of: string): Promise<string> => {
      const filed = dossier.sessions.find(({ id }) => id === of)
      if (!filed) throw new Error('the fixture has lost a session')
      const session = soundSession(dossier, filed)
      const { intent } = session.state.calls.find(({ intent: { by, method } }) => wanted(by) && method !== 'GET') ?? {}
      if (!intent) throw new Error('the fixture has lost a call')
      const forged = { requestId: `${anchorOf(session, intent)}/FORGED/1`, method: intent.method, path: decodeURIComponent(intent.path.split('?')[0] ?? '') }
      return (await seen(await logsOf(lived.custody, (log) => ({ events: [...log.events, { ...enabling(log), ...forged }] }))))('A06')
    }
    expect(await strangeAs((by) => by === 'strongroom', takeover)).toMatch(STRANGE)
    expect(await strangeAs((by) => by === 'desk', takeover)).toMatch(STRANGE)
    // Of two events with one id, the earlier is the call.
    expect(await strangeAs((by) => by === 'strongroom', release)).toMatch(/^fails: .* by the used key .* \(1 event\)$/)
  })

  test('nobody else acts as this user once it is taken over: with another key, with a token, through a console', async () => {
    const A06 = async (change: (event: SessionLog['events'][number]) => Partial<SessionLog['events'][number]>): Promise<string> =>
      (await seen(await logsOf(lived.custody, (log) => ({ events: [...log.events, { ...enabling(log), requestId: 'X/Y/Z', at: new Date(now.getTime() + 3_600_000).toISOString(), ...change(enabling(log)) }] }))))('A06')
    const others = (credentials: string): RegExp => new RegExp(`^fails: session ${release}: OCI's log has enable SAAS_ADMIN by its user with other credentials \\(${credentials.replace('$', '\\$')}\\) at \\S+, which no journal has \\(1 event\\)$`)
    expect(await A06(() => ({ credentials: 't/u/aa:bb' }))).toMatch(others('t/u/aa:bb'))
    expect(await A06(() => ({ credentials: 'ST$eyJ', authType: '' }))).toMatch(others('ST$eyJ'))
    expect(await A06(() => ({ credentials: '', authType: 'console' }))).toMatch(/^not checked: .*1 event of which/)
    expect(await A06(() => ({ credentials: 't/v/aa:bb', principal: 'ocid1.user.oc1..another' }))).toMatch(/^holds: /)
    // The login that was lent to the takeover is one of the same user, and reads before and after it.
    expect(await A06(({ at }) => ({ credentials: 't/u/aa:bb', at }))).toMatch(/^holds: /)
  })

  test('events of which OCI does not say who signed are counted, not passed over', async () => {
    const A06 = async (change: Partial<SessionLog['events'][number]>): Promise<string> =>
      (await seen(await logsOf(lived.custody, (log) => ({ events: [...log.events, { ...enabling(log), requestId: 'X/Y/Z', credentials: '', ...change }] }))))('A06')
    expect(await A06({})).toBe(`not checked: session ${release}: OCI's log has 1 event of which it does not say who signed; look at credentials, Authorization and opc-principal of those of this user and of nobody`)
    expect(await A06({ principal: '' })).toMatch(/^not checked: .*1 event of which/)
    expect(await A06({ principal: 'ocid1.user.oc1..another' })).toMatch(/^holds: /)
    expect(await A06({ principal: '', requestId: '' })).toMatch(/^holds: /)
    // A console, or a service, signs with no API key.
    expect(await A06({ principal: '', authType: 'console' })).toMatch(/^holds: /)
    expect(await A06({ authType: '' })).toMatch(/^not checked: .*1 event of which/)
  })

  test('a part of OCI\'s log that could not be read is named, and is no accusation', async () => {
    const gaps = ['in compartment c3, eu-amsterdam-1: OCI answered 404']
    expect((await seen(await logsOf(lived.custody, () => ({ gaps }))))('A06')).toBe(`not checked: session ${release}: OCI's log was not read in compartment c3, eu-amsterdam-1: OCI answered 404`)
    expect((await seen(await logsOf(lived.custody, () => ({ gaps: ['1', '2', '3', '4', '5'], events: [] })), new Date(now.getTime() + 3_600_000)))('A06')).toBe(`not checked: session ${release}: OCI's log was not read 1; 2; 3; and 2 more`)
    expect((await seen(await logsOf(lived.custody, (log) => ({ gaps, events: [...log.events, { ...enabling(log), requestId: 'X/Y/Z' }] }))))('A06')).toMatch(STRANGE)
  })

  test('a gateway\'s failure leaves nothing in OCI\'s log, and is no accusation for ever', async () => {
    const later = new Date(now.getTime() + 3_600_000)
    const seq = Number(linesOf(places.journal(lived.custody, release)).find(({ rule }) => rule === 'enable SAAS_ADMIN')?.['seq'])
    const A06 = async (answer: Record<string, Json>): Promise<string[]> => {
      const folder = lived.copy()
      forge(folder, (line) => (line['intent'] === seq && line['type'] === 'outcome' ? { ...line, ...answer } : line))
      const told = await seen(await logsOf(folder, (log) => ({ events: log.events.filter((event) => event !== enabling(log)) })), later, folder)
      // The lines behind it are chained anew, and so answered to others than they meant: A01 names the first.
      return [told('A06'), told('A01')].filter((found) => found.startsWith('fails') && found.includes(`line ${seq}`)).map((found) => found.replace(/^.*OCI answered/, 'OCI answered'))
    }
    const lacks = 'OCI answered "enable SAAS_ADMIN", and its log does not have it'
    for (const status of [302, 429, 503]) expect(await A06({ status, opcRequestId: '' })).toEqual([])
    expect(await A06({ status: 429 })).toEqual([])
    expect(await A06({ status: 503 })).toEqual([lacks])
    expect(await A06({ status: 200, opcRequestId: '' })).toEqual([lacks, `OCI answered to another opc-request-id than that of the intent in line ${seq}`])
  })

  test('a change that OCI\'s log lacks is explained by an exception that names its line', async () => {
    const later = new Date(now.getTime() + 3_600_000)
    const folder = lived.copy()
    const seq = Number(linesOf(places.journal(folder, release)).find(({ rule }) => rule === 'enable SAAS_ADMIN')?.['seq'])
    const without = await logsOf(folder, (log) => ({ events: log.events.filter((event) => event !== enabling(log)) }))
    expect((await seen(without, later, folder))('A06')).toBe(`fails: session ${release}, line ${seq}: OCI answered "enable SAAS_ADMIN", and its log does not have it`)
    const said = [`step=session ${release}, line ${seq}`, 'happened=OCI\'s log lacks it', 'decision=Oracle confirmed the call', 'decidedBy=Lin Chen', 'witness=Ada Lovelace'].flatMap((one) => ['--set', one])
    expect((await lived.run('logbook', 'add', 'exception', '--custody', folder, ...said)).code).toBe(0)
    expect((await seen(without, later, folder))('A06')).toMatch(/^holds: \d+ matched, 1 in our journals only/)
  })

  test('OCI\'s log without a change: still arriving, missing, no longer kept', async () => {
    const empty = (): Partial<Seen> => ({ log: logged({}) })
    const ended = Math.max(...lived.sessions.map((id) => Date.parse(text(linesOf(places.journal(lived.custody, id)).at(-1) ?? {}, 'at'))))
    const after = async (minutes: number): Promise<string> => (await seen(empty, new Date(ended + minutes * 60_000)))('A06')
    expect(await after(1)).toContain('not checked: ')
    expect(await after(1)).toContain(`session ${release}: OCI's log may still be growing; run the audit again later`)
    expect(await after(31)).toMatch(new RegExp(`^fails: .*session ${release}, line \\d+: OCI answered "enable SAAS_ADMIN", and its log does not have it$`))
    expect(await after(366 * 24 * 60)).toContain(`session ${release}: OCI's log is kept for 365 days only`)
    const whole = await logsOf(lived.custody, (log) => log)
    expect((await seen(whole, new Date(ended + 60_000)))('A06')).toMatch(/^holds: \d+ matched, \d+ in our journals only, 0 in the cloud's log only; OCI's log of the last half hour may still be growing$/)
    expect((await seen(whole, new Date(ended + 31 * 60_000)))('A06')).toMatch(/0 in the cloud's log only$/)
    expect((await seen(whole, new Date(ended + 366 * 24 * 3_600_000)))('A06'), 'what it no longer has may have been anything').toContain(`session ${release}: OCI's log is kept for 365 days only`)
  })

  test('a key that stayed alive for days: somebody has to look for it, and to say so', async () => {
    const folder = lived.copy()
    forge(folder, (line) => (line['type'] === 'key-deleted' || (line['type'] === 'outcome' && line['status'] === 204) ? null : line), {})
    const days = new Date(now.getTime() + 3 * 86_400_000)
    const whole = await logsOf(folder, (log) => log)
    const said = (await seen(whole, days, folder))('A06')
    const [, step = '', fingerprint = ''] = /^not checked: (session \S+, from \S+Z): a machine had held its key whole, and it may have been alive until \S+Z\. OCI's log of so long a time is not read: search it for credentials that end in (\S+), and enter what was found \(glasskey logbook add exception; step: (?:session \S+, from \S+Z)\)$/.exec(said) ?? []
    expect([step.startsWith(`session ${release}, from `), fingerprint]).toEqual([true, used(1)])
    const looked = [`step=${step}`, 'happened=rotation was deferred', 'decision=nothing found in OCI\'s log', 'decidedBy=Lin Chen', 'witness=Ada Lovelace'].flatMap((one) => ['--set', one])
    expect((await lived.run('logbook', 'add', 'exception', '--custody', folder, ...looked)).code).toBe(0)
    expect((await seen(whole, days, folder))('A06')).toMatch(/^holds: /)
  })

  const used = (index: number): string => readCustodyFolder(lived.custody).generations[index]?.manifest.fingerprint ?? ''
})

describe('docs/audit-controls.md', () => {
  test('has every control, with its claim word for word', () => {
    const text = readFileSync('docs/audit-controls.md', 'utf8').replace(/\s+/g, ' ')
    for (const { code, claim } of CONTROLS) expect(text).toContain(`### ${code} ${claim}`)
  })

  test('has no control that there is not', () => {
    const codes = [...readFileSync('docs/audit-controls.md', 'utf8').matchAll(/^### ([A-Z]\d\d) /gm)].map(([, code]) => code)
    expect(codes).toEqual(CONTROLS.map(({ code }) => code))
  })
})
