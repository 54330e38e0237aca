/**
 * Environment variables that point Node, TLS, SDKs and proxies elsewhere. The desk is started by people and has what they
 * have; the rooms with the key, the scans and the SDK are started with nothing. What may have brought code of others into
 * the desk is an exception on the warrant.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { foreignCode } from '../../src/host/environment.js'
import { readSealedFolder } from '../../src/host/sealed-folder.js'
import { CLI } from '../stage/command-line.js'
import { roomsUnder } from '../isolation/memory.js'
import { rehearsal, type Rehearsal, withoutAuthority, withoutShares } from '../stage/rehearsal.js'
import { expectRefused } from './tamper.js'

let stage: Rehearsal
let secure: Rehearsal
beforeAll(async () => {
  ;[stage, secure] = await Promise.all([rehearsal(), rehearsal({ tls: true })])
})
afterAll(async () => {
  await stage.close()
  await secure.close()
})

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (condition()) return
    await new Promise((again) => setTimeout(again, 50))
  }
  throw new Error('timed out')
}

test('everything at once: the rooms are started without any of it, no proxy is asked, no other configuration is read', async () => {
  const log = join(stage.directory, 'evil.log')
  const evil = join(stage.directory, 'evil.cjs')
  const temporary = join(stage.directory, 'tmp')
  mkdirSync(temporary)
  writeFileSync(evil, `require('node:fs').appendFileSync(${JSON.stringify(log)}, process.argv.join(' ') + '\\n')`)
  writeFileSync(join(stage.directory, 'evil-config'), 'nonsense')
  let proxied = 0
  const proxy = createServer((socket) => {
    proxied += 1
    socket.destroy()
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  const hostile = {
    NODE_OPTIONS: `--require ${evil}`,
    LD_PRELOAD: join(stage.directory, 'not-there.so'),
    HTTP_PROXY: url,
    HTTPS_PROXY: url,
    http_proxy: url,
    https_proxy: url,
    ALL_PROXY: url,
    NODE_USE_ENV_PROXY: '1',
    OCI_CONFIG_FILE: join(stage.directory, 'evil-config'),
    OCI_CLI_CONFIG_FILE: join(stage.directory, 'evil-config'),
    OCI_CONFIG_PROFILE: 'EVIL',
    OCI_REALM_SPECIFIC_SERVICE_ENDPOINT_TEMPLATE_ENABLED: 'true',
    OCI_REGION_METADATA: '{"realmKey":"oc1","realmDomainComponent":"evil.example","regionKey":"FRA","regionIdentifier":"eu-frankfurt-1"}',
    OCI_DEFAULT_REALM: 'evil.example',
    OCI_SDK_DEFAULT_RETRY_ENABLED: 'true',
    OCI_SDK_DEFAULT_CIRCUITBREAKER_ENABLED: 'true',
    SSL_CERT_FILE: evil,
    TMPDIR: temporary,
  }
  const desk = spawn(process.execPath, [CLI, ...withoutShares(stage.saasAdmin()), '--share-file', '-', '--reader', 'AUDITOR'], { cwd: stage.directory, stdio: ['pipe', 'ignore', 'pipe'], env: { ...process.env, ...hostile } })
  let stderr = ''
  desk.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  await until(() => stderr.includes('are about to be read') && roomsUnder(desk.pid ?? 0).clerk !== undefined)
  const rooms = roomsUnder(desk.pid ?? 0)
  expect(Object.keys(rooms).sort()).toEqual(['clerk', 'desk', 'strongroom'])
  const environment = (pid: number | undefined): string => readFileSync(`/proc/${pid ?? 0}/environ`, 'utf8')
  expect(environment(rooms.desk)).toContain('NODE_OPTIONS=')
  for (const room of [rooms.strongroom, rooms.clerk]) {
    const names = environment(room).split('\0').filter((entry) => entry !== '')
    // The shell that builds the clerk's file system adds PWD and the like; nothing of the desk's is there.
    for (const name of Object.keys(hostile)) expect(names.filter((entry) => entry.startsWith(`${name}=`))).toEqual([])
  }
  desk.stdin.end(`${await stage.shareText(2, 1)}\n`)
  const code = await new Promise<number>((resolve) => desk.once('close', (ended) => resolve(ended ?? -1)))
  proxy.close()
  expect(stderr).toContain('QUORUM_NOT_REACHED')
  expect(code).toBe(5)
  expect(proxied).toBe(0)
  const loaded = readFileSync(log, 'utf8').trimEnd().split('\n')
  expect(loaded.filter((line) => line.includes('dist/cli.js'))).toHaveLength(1)
  expect(loaded.filter((line) => /(strongroom|clerk|reader)\/main\.js/.test(line))).toEqual([])
  // It was on the warrant that custodians read, and is on the record.
  const said = 'glasskey was started with NODE_OPTIONS, LD_PRELOAD: other code may run in the desk (not in strongroom, reader or clerk)'
  expect(stderr).toContain(`Exception     ${said}`)
  expect(readSealedFolder(stage.custody).sessions.at(-1)?.warrant.isolationExceptions).toContain(said)
})

describe('a session is finished on a machine with another exception than the warrant has', () => {
  const foreign = 'glasskey was started with NODE_OPTIONS: other code may run in the desk (not in strongroom, reader or clerk)'
  const resume = (opened: Rehearsal, ...more: string[]): ReturnType<Rehearsal['run']> =>
    opened.run(['resume', '--custody', opened.custody, '--yes', ...opened.oci, ...more], { env: { NODE_OPTIONS: '--no-deprecation' } })

  test('custodians who are there are shown it before they consent, and it is on record; those elsewhere could not be: refused before anything is written', async () => {
    const opened = await rehearsal({ speed: 4, beliefs: { selfDeletion: '403 NotAllowed' } })
    try {
      expect((await opened.run(opened.rotate(2))).code).toBe(6)
      const before = opened.journal()
      const elsewhere = await resume(opened, '--remote', '--message', 'message.asc')
      expect([elsewhere.code, elsewhere.stderr]).toEqual([3, expect.stringContaining(`ISOLATION_MISSING: the warrant of session ${opened.session} does not say that ${foreign}; custodians did not consent to it\nLet all of them come to this machine, or finish on another.\n`)])
      expect(opened.journal()).toEqual(before)

      const { stderr } = await resume(opened, ...opened.shares(2, 1, 2))
      expect(stderr).toContain(`  NOT ON THE WARRANT, but true of this machine: ${foreign}\nBefore a bag is opened`)
      expect(opened.journal().find(({ type }) => type === 'resumed')).toMatchObject({ isolation: [foreign] })
      expect((await opened.run(['audit', '--custody', opened.custody, '--json'])).stdout).toContain('1 of machines on which sessions were resumed')
    } finally {
      await opened.close()
    }
  })
})

test('what counts as code from outside', () => {
  expect(foreignCode({})).toEqual([])
  expect(foreignCode({ NODE_OPTIONS: '', PATH: '/bin', NODE_EXTRA_CA_CERTS: '/x.pem' })).toEqual([])
  for (const name of ['NODE_OPTIONS', 'LD_PRELOAD', 'LD_AUDIT', 'LD_LIBRARY_PATH', 'DYLD_INSERT_LIBRARIES', 'DYLD_LIBRARY_PATH', 'DYLD_FRAMEWORK_PATH', 'OPENSSL_CONF', 'OPENSSL_MODULES', 'OPENSSL_ENGINES']) expect(foreignCode({ [name]: 'x' })).toEqual([name])
})

test.each(['NODE_OPTIONS', 'LD_PRELOAD'])('%s is no exception where this very process would hold the key: a real ceremony, a recovery', async (variable) => {
  const env = { [variable]: variable === 'NODE_OPTIONS' ? '--no-warnings' : '/not/there.so' }
  const before = readdirSync(stage.directory)
  const ceremony = await stage.run(['ceremony', '--config', 'custody.yaml', '--custody', 'new', '--sheets', 'new-sheets'], { env })
  expectRefused(ceremony, 'ENVIRONMENT_UNSAFE', 3)
  expect(ceremony.stderr).toContain(`Run it as: env -u ${variable} glasskey`)
  const recovered = await stage.run(['recover', '--yes', ...stage.scans(2, 1, 2)], { env })
  expectRefused(recovered, 'ENVIRONMENT_UNSAFE', 3)
  expect(recovered.stdout).toBe('')
  expect(readdirSync(stage.directory)).toEqual(before)
})

test.each<[variable: string, value: (authority: string) => string]>([
  ['NODE_TLS_REJECT_UNAUTHORIZED', () => '0'],
  ['NODE_EXTRA_CA_CERTS', (authority) => authority],
  ['SSL_CERT_FILE', (authority) => authority],
])('%s does not make an unknown authority a known one', async (variable, value) => {
  const authority = join(secure.directory, 'authority.pem')
  writeFileSync(authority, secure.cloud.caPem ?? '')
  const ended = await secure.run(withoutAuthority(secure.rotate()), { env: { [variable]: value(authority) } })
  expectRefused(ended, 'OCI_UNREACHABLE', 3)
  expect(ended.stderr).toMatch(/certificate|signature/)
  expect(secure.cloud.requests).toEqual([])
})

test('TMPDIR that leads nowhere is said, and is no reason to go without isolation', async () => {
  const ended = await stage.run(stage.saasAdmin(), { env: { TMPDIR: '/nowhere/at-all' } })
  expectRefused(ended, 'FILE_UNWRITABLE', 2)
  expect(ended.stderr).toContain('nothing can be written at /nowhere/at-all/')
  expect(existsSync('/nowhere')).toBe(false)
})
