/** The clerk asks for other bodies, other hosts, deletions, more calls, later calls, and lies. All of it in a real session, then the rest on the courier alone. */
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Manifest } from '../../src/custody/manifest.js'
import { readClocks } from '../../src/host/clock.js'
import type { JournalEntry } from '../../src/record/journal.js'
import { Courier } from '../../src/strongroom/courier.js'
import type { Journal } from '../../src/strongroom/journal.js'
import { scopeOf } from '../../src/warrant/scope.js'
import type { Watch } from '../../src/warrant/deadline.js'
import { hostileBuild, type HostileBuild } from '../stage/hostile-build.js'
import { rehearsal, type Rehearsal, withoutShares } from '../stage/rehearsal.js'
import { refusalOf } from '../vectors/refusal.js'
import { ENABLE, request, warrantFor } from '../warrant/requests.js'
import { manifestPath } from './tamper.js'

let stage: Rehearsal
let build: HostileBuild
let deletion: string
beforeAll(async () => {
  stage = await rehearsal()
  const manifest = JSON.parse(readFileSync(manifestPath(stage.custody, 2), 'utf8')) as Manifest
  const home = stage.cloud.endpoints['eu-frankfurt-1'] ?? ''
  deletion = `${home}/20160918/users/${stage.cloud.seed.users.administrator}/apiKeys/${encodeURIComponent(manifest.fingerprint)}`
  build = hostileBuild(`
const { params } = await task
const base = params.endpoint + '/20160918/autonomousDatabases/' + params.database
const configure = base + '/actions/configureSaasAdminUser'
const right = { isEnabled: true, secretId: params.enable.secretId, accessType: 'READ_ONLY', duration: params.enable.hours }
await ask('DELETE', ${JSON.stringify(deletion)})
await ask('DELETE', base)
await ask('POST', configure, JSON.stringify({ ...right, accessType: 'ADMIN', duration: 24 }))
await ask('POST', configure, JSON.stringify(right).replace('"duration":', '"duration":24,"duration":2') )
await ask('GET', 'http://127.0.0.1:1/loot')
await ask('GET', base + '/../../users/' + 'x')
await ask('GET', base + '/%2e%2e/x')
await ask('POST', ${JSON.stringify(deletion)}.replace(/\\/[^/]*$/, ''), JSON.stringify({ key: 'mine' }))
// In the warrant, in a disguise: it goes out as the warrant writes it.
await ask('POST', configure, '\\ufeff ' + JSON.stringify(right), { 'x-http-method-override': 'DELETE', host: 'evil.example', 'transfer-encoding': 'chunked' })
// More than once is more than the warrant says.
await ask('POST', configure, JSON.stringify(right))
say({ done: { successor: 'ACTIVE', key: 'deleted' } })
// After the task, when the exit has begun.
for (let n = 0; n < 400; n += 1) { ask('GET', base); await new Promise((again) => setTimeout(again, 10)) }
`)
})
afterAll(async () => {
  build.end()
  await stage.close()
})

test('in a session: only what the warrant says is signed, once, and nothing after the exit began', async () => {
  const typed = join(stage.directory, 'typed.txt')
  writeFileSync(typed, [await stage.shareText(2, 1), await stage.shareText(2, 2)].join('\n'))
  const { code, stdout, stderr } = await stage.run([...withoutShares(stage.saasAdmin()), '--share-file', typed, '--reader', 'AUDITOR', '--json'], { cli: build.cli })
  const told = JSON.parse(stdout) as { error: unknown; grade: string; refusals: string[]; actionDetail: string }
  expect(told, stderr).toMatchObject({ error: null, grade: 'proved', actionDetail: expect.stringMatching(/^SAAS_ADMIN is enabled read-only for 1 h/) as string })
  expect(code).toBe(0)
  expect(told.refusals).toEqual([
    expect.stringMatching(/^DELETE .* is not in the warrant$/),
    expect.stringMatching(/^DELETE .* is not in the warrant$/),
    expect.stringMatching(/^POST .* is not in the warrant$/),
    expect.stringMatching(/^POST .* is not in the warrant$/),
    'GET http://127.0.0.1:1/loot is not in the warrant',
    expect.stringMatching(/^GET .* is not in the warrant$/),
    expect.stringMatching(/^GET .* is not in the warrant$/),
    expect.stringMatching(/^POST .* is not in the warrant$/),
    'the warrant admits "enable SAAS_ADMIN" 1 times, and they are used up',
  ])
  const lines = stage.journal()
  const byClerk = lines.filter((line) => line.type === 'intent' && line.by === 'clerk')
  expect(byClerk).toMatchObject([{ rule: 'enable SAAS_ADMIN', method: 'POST' }])
  const over = lines.find(({ type }) => type === 'action-ended')?.seq ?? 0
  expect(byClerk.every(({ seq }) => seq < over)).toBe(true)
  // The cloud saw the strongroom's own deletion of the used key, after the successor, and no other.
  const changes = stage.cloud.requests.filter(({ method, keyId }) => method !== 'GET' && keyId !== null).map(({ method, operation }) => `${method} ${String(operation)}`)
  expect(changes).toEqual(['POST ConfigureSaasAdminUser', 'POST GetSaasAdminUserStatus', 'POST UploadApiKey', 'DELETE DeleteApiKey'])
  expect(stage.listedKeys).toBe(1)
})

interface Bench {
  courier: Courier
  lines: JournalEntry[]
  connections: () => number
}

/** A courier with a key, on a watch; every connection it opens is counted, and fails. */
function bench(watch: Watch, calls = 12): Bench {
  const lines: JournalEntry[] = []
  let connections = 0
  const journal = { write: (entry: JournalEntry) => (lines.push(entry), { line: { ...entry, seq: lines.length }, head: { seq: lines.length, sha256: '0'.repeat(64) } }) } as unknown as Journal
  const connect = (): never => {
    connections += 1
    throw new Error('a connection')
  }
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  return { lines, connections: () => connections, courier: new Courier('t/u/f', key, scopeOf(warrantFor(ENABLE)), calls, watch, journal, { connect, ca: null, timeoutMs: 100 }) }
}

const READ = request('GET', 'https://database.eu-frankfurt-1.oraclecloud.com/20160918/autonomousDatabases/ocid1.autonomousdatabase.oc1.eu-frankfurt-1.antheljtexample')
const start = readClocks()

test.each<[when: string, watch: Watch, code: string]>([
  ['after the deadline', { deadline: start.wall - 1, start, offset: null }, 'WARRANT_EXPIRED'],
  ['after the deadline by OCI\'s clock', { deadline: start.wall + 10_000, start, offset: 20_000 }, 'WARRANT_EXPIRED'],
  ['after the wall clock was put back', { deadline: start.wall + 600_000, start: { ...start, wall: start.wall + 120_000 }, offset: null }, 'CLOCKS_DISAGREE'],
])('it asks %s: refused, journalled, no connection', async (_, watch, code) => {
  const { courier, lines, connections } = bench(watch)
  expect(await refusalOf(() => courier.send(READ, 'clerk'))).toMatchObject({ code })
  expect(lines.map(({ type }) => type)).toEqual(['refused'])
  expect(connections()).toBe(0)
})

test('it asks more often than the warrant has calls', async () => {
  const { courier, connections } = bench({ deadline: start.wall + 600_000, start, offset: null }, 2)
  for (let call = 0; call < 2; call += 1) await expect(courier.send(READ, 'clerk')).rejects.toThrow('a connection')
  expect(await refusalOf(() => courier.send(READ, 'clerk'))).toMatchObject({ code: 'LIMIT_EXCEEDED', message: 'the calls of the warrant are used up' })
  expect(connections()).toBe(2)
})

test('it asks for nonsense for ever: after twenty refusals not even those are written down', async () => {
  const { courier, lines, connections } = bench({ deadline: start.wall + 600_000, start, offset: null })
  for (let call = 0; call < 20; call += 1) expect(await refusalOf(() => courier.send(request('DELETE', READ.url), 'clerk'))).toMatchObject({ code: 'OUTSIDE_WARRANT' })
  expect(await refusalOf(() => courier.send(request('DELETE', READ.url), 'clerk'))).toMatchObject({ code: 'LIMIT_EXCEEDED' })
  expect(lines).toHaveLength(20)
  expect(connections()).toBe(0)
})
