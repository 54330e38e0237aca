/** `~/.oci/config` from the attacker: what it names is not opened, not asked and not believed, and nothing hangs. */
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { identityAt, lentLogin } from '../../src/breakglass/login.js'
import { namesOf, spkiOf } from '../../src/custody/key.js'
import type { ErrorCode } from '../../src/errors.js'
import { readProfile } from '../../src/host/oci-profile.js'
import { rehearsal, type Rehearsal } from '../stage/rehearsal.js'
import { refusal } from '../vectors/refusal.js'
import { expectRefused } from './tamper.js'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const TENANCY = 'ocid1.tenancy.oc1..aaaaaaaatenancy'
const USER = 'ocid1.user.oc1..aaaaaaaauser'

let directory: string
let key: string
let fifo: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'glasskey-oci-'))
  key = join(directory, 'key.pem')
  fifo = join(directory, 'fifo')
  writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }))
  writeFileSync(join(directory, 'locked.pem'), privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'right' }))
  writeFileSync(join(directory, 'public.pem'), publicKey.export({ type: 'spki', format: 'pem' }))
  writeFileSync(join(directory, 'other.pem'), generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }))
  execFileSync('mkfifo', [fifo])
  mkdirSync(join(directory, 'folder'))
  writeFileSync(join(directory, 'huge.pem'), '')
  truncateSync(join(directory, 'huge.pem'), 65 * 1024 * 1024)
})
afterAll(() => {
  rmSync(directory, { recursive: true, force: true })
})

const settings = (): Record<string, string> => ({ tenancy: TENANCY, user: USER, fingerprint: namesOf(spkiOf(privateKey)).fingerprint, region: 'eu-frankfurt-1', key_file: key })
const section = (change: Record<string, string> = {}, name = 'READER'): string => `[${name}]\n${Object.entries({ ...settings(), ...change }).map(([setting, value]) => `${setting}=${value}\n`).join('')}`

function configOf(text: string): string {
  const path = join(directory, 'config')
  writeFileSync(path, text)
  return path
}

test('as it should be', () => {
  expect(readProfile('READER', configOf(section()))).toMatchObject({ user: USER, region: 'eu-frankfurt-1' })
})

test('dots in a name and signs in a value mean nothing else, a comment stands on a line of its own, and what is wrong in another section is not ours', () => {
  const passphrase = 'a#b;c = "d"'
  writeFileSync(join(directory, 'signs.pem'), privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase }))
  const text = `# of the team\n[DEFAULT]\nregion = eu-frankfurt-1\n\n${section({ key_file: inDirectory('signs.pem'), pass_phrase: passphrase }, 'prod.admin').replace(/region=.*\n/, '; the region of all\n')}[other]\nthis is theirs\n`
  expect(readProfile('prod.admin', configOf(text))).toMatchObject({ name: 'prod.admin', user: USER, region: 'eu-frankfurt-1' })
})

const inDirectory = (name: string): string => join(directory, name)

test.each<[attack: string, text: () => string, code: ErrorCode, says: string]>([
  ['key_file is a FIFO', () => section({ key_file: fifo }), 'FILE_UNREADABLE', 'is not a file'],
  ['key_file is a device without end', () => section({ key_file: '/dev/zero' }), 'FILE_UNREADABLE', 'is not a file'],
  ['key_file is a terminal', () => section({ key_file: '/dev/tty' }), 'FILE_UNREADABLE', ''],
  ['key_file is a folder', () => section({ key_file: inDirectory('folder') }), 'FILE_UNREADABLE', 'is not a file'],
  ['key_file is huge', () => section({ key_file: inDirectory('huge.pem') }), 'FILE_UNREADABLE', 'is larger than 1 MiB'],
  ['key_file is not there', () => section({ key_file: '/nowhere/key.pem' }), 'FILE_MISSING', 'the private key is not there'],
  ['key_file is a public key', () => section({ key_file: inDirectory('public.pem') }), 'OCI_CONFIG_INVALID', 'is not a private key that opens'],
  ['key_file is somebody else\'s', () => section({ key_file: inDirectory('other.pem') }), 'OCI_CONFIG_INVALID', 'fingerprint is not that of key_file'],
  ['key_file is a list', () => section().replace('key_file=', 'key_file[]='), 'OCI_CONFIG_INVALID', 'key_file'],
  ['pass_phrase is wrong, and is not repeated', () => section({ key_file: inDirectory('locked.pem'), pass_phrase: 'hunter2' }), 'OCI_CONFIG_INVALID', 'is encrypted, and does not open with the pass_phrase of the profile'],
  ['pass_phrase is missing: nobody is asked', () => section({ key_file: inDirectory('locked.pem') }), 'OCI_CONFIG_INVALID', 'is encrypted, and the profile has no pass_phrase'],
  ['region is a host of the attacker\'s', () => section({ region: 'evil.example/#' }), 'OCI_CONFIG_INVALID', 'region'],
  ['region continues into another host', () => section({ region: 'eu-frankfurt-1.evil.example' }), 'OCI_CONFIG_INVALID', 'region'],
  ['region makes ours its userinfo', () => section({ region: 'eu-frankfurt-1@evil.example' }), 'OCI_CONFIG_INVALID', 'region'],
  ['tenancy is a path', () => section({ tenancy: `${TENANCY}/../x` }), 'OCI_CONFIG_INVALID', 'tenancy'],
  ['user is another kind of thing', () => section({ user: TENANCY }), 'OCI_CONFIG_INVALID', 'user'],
  ['the profile is there twice', () => section({ key_file: inDirectory('other.pem') }) + section(), 'OCI_CONFIG_INVALID', 'is there twice'],
  ['... the second time in another dress', () => section() + section({ key_file: inDirectory('other.pem') }, ' READER '), 'OCI_CONFIG_INVALID', 'is there twice'],
  ['a setting is there twice', () => section() + `user=${USER}2\n`, 'OCI_CONFIG_INVALID', 'line 7 says user a second time'],
  ['a line that is no setting', () => `${section()}user\n`, 'OCI_CONFIG_INVALID', 'line 7 is neither a comment nor "setting=value"'],
  ['a line end that editors do not show', () => section({ user: `${USER}\rkey_file=/dev/zero` }), 'OCI_CONFIG_INVALID', 'line 3 has characters that cannot be seen'],
  ['a change of direction', () => section({ key_file: `/tmp/\u202emep.yek` }), 'OCI_CONFIG_INVALID', 'line 6 has characters that cannot be seen'],
  ['an escape for the terminal on which key_file is shown', () => section({ key_file: '/tmp/\u001b[2J' }), 'OCI_CONFIG_INVALID', 'cannot be seen'],
  ['NUL', () => section({ key_file: `${key}\0.txt` }), 'OCI_CONFIG_INVALID', 'cannot be seen'],
  ['a very long line', () => section({ comment: 'x'.repeat(300_000) }), 'OCI_CONFIG_INVALID', 'over 256 KiB'],
  ['a section that would change every object', () => `[__proto__]\nkey_file=/dev/zero\n${section({}, 'OTHER')}`, 'OCI_CONFIG_INVALID', 'profile READER: is not there; there are __proto__, OTHER'],
  ['nothing is in it', () => '', 'OCI_CONFIG_INVALID', 'profile READER: is not there, and no other'],
  ['more profiles than anybody reads', () => Array.from({ length: 100 }, (_, at) => `[P${at}]\n`).join(''), 'OCI_CONFIG_INVALID', 'there are P0, P1, P2, P3, P4, P5, P6, P7, P8, P9, P10, P11 and others'],
  ['a session token is no API key', () => section({ security_token_file: fifo }).replace(/user=.*\n/, ''), 'OCI_CONFIG_INVALID', 'it signs in with a session token (security_token_file), and glasskey with an API key'],
])('%s', (_, text, code, says) => {
  const refused = refusal(() => readProfile('READER', configOf(text())))
  expect(refused.code).toBe(code)
  expect(refused.message).toContain(says)
  expect(`${refused.message} ${refused.hint}`).not.toContain('hunter2')
})

test('the file itself is a FIFO, a folder or a device', () => {
  for (const path of [fifo, inDirectory('folder'), '/dev/zero']) expect(refusal(() => readProfile('READER', path))).toMatchObject({ code: 'FILE_UNREADABLE' })
})

test('what the tool does not know is not followed: tokens, delegation, includes', () => {
  const text = section({ security_token_file: fifo, delegation_token_file: fifo, include: fifo, authentication_type: 'security_token', endpoint: 'https://evil.example' })
  expect(readProfile('READER', configOf(text)).signer.keyId).toBe(`${TENANCY}/${USER}/${settings()['fingerprint'] ?? ''}`)
})

test('a login of another tenancy is for nothing here; and no region of a profile says where OCI is', () => {
  const profile = readProfile('READER', configOf(section({ region: 'us-phoenix-1' })))
  const cloud = { endpoints: {}, ca: null }
  expect(refusal(() => lentLogin(profile, 'ocid1.tenancy.oc1..another', cloud, true))).toMatchObject({ code: 'OCI_CONFIG_INVALID', message: expect.stringContaining('is of another tenancy') as string })
  expect(identityAt('eu-frankfurt-1', TENANCY, cloud)).toBe('https://identity.eu-frankfurt-1.oci.oraclecloud.com')
  const { allows } = lentLogin(profile, TENANCY, cloud, true)
  expect(['https://identity.eu-frankfurt-1.oci.oraclecloud.com', 'https://identity.eu-frankfurt-1.oci.oraclecloud.com.evil.example', 'http://identity.eu-frankfurt-1.oci.oraclecloud.com', 'https://evil.example'].map(allows)).toEqual([true, false, false, false])
})

test('on the command line, as reader and as bootstrap: refused before OCI is asked', async () => {
  const stage: Rehearsal = await rehearsal()
  try {
    const config = configOf(section({ key_file: fifo }) + section({ key_file: '/dev/zero' }, 'BOOTSTRAP') + section({}, 'STRANGER'))
    const oci = stage.oci.map((word, at, all) => (all[at - 1] === '--oci-config' ? config : word))
    const words = stage.rotate().map((word, at, all) => (all[at - 1] === '--oci-config' ? config : word))
    expectRefused(await stage.run([...words, '--reader', 'READER']), 'FILE_UNREADABLE', 2)
    expectRefused(await stage.run(['takeover', '--custody', stage.custody, '--profile', 'BOOTSTRAP', '--yes', ...stage.shares(2, 1, 2), ...oci]), 'FILE_UNREADABLE', 2)
    expect(stage.cloud.requests).toEqual([])
    expectRefused(await stage.run(['takeover', '--custody', stage.custody, '--profile', 'STRANGER', '--yes', ...stage.shares(2, 1, 2), ...oci]), 'OCI_CONFIG_INVALID', 2)
    expect(stage.cloud.requests.filter(({ keyId }) => keyId !== null)).toEqual([])
  } finally {
    await stage.close()
  }
})
