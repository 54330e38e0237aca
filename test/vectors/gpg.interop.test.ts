/** The frozen messages of the golden set, opened by the machine's gpg. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { base32nopad } from '@scure/base'
import { envelopeOf, manifestOf, secretsOf } from './frozen.js'
import { GENERATIONS } from './make.js'
import { sheetOf } from './sealed.js'

const home = mkdtempSync(join(tmpdir(), 'glasskey-gnupg-'))
const env = { PATH: process.env['PATH'], GNUPGHOME: home, LC_ALL: 'C' }
afterAll(() => {
  execFileSync('gpgconf', ['--kill', 'all'], { env })
  rmSync(home, { recursive: true })
})

function gpg(words: readonly string[], input: Uint8Array | string): string {
  return execFileSync('gpg', ['--batch', '--quiet', '--pinentry-mode', 'loopback', ...words], { env, input, stdio: ['pipe', 'pipe', 'pipe'] }).toString()
}

test.each(GENERATIONS)('the envelope of generation %i, with its seal secret', (generation) => {
  const passphrase = join(home, 'passphrase')
  writeFileSync(passphrase, secretsOf(generation).sealSecret, { mode: 0o600 })
  const text = gpg(['--passphrase-file', passphrase, '--decrypt'], envelopeOf(generation))
  expect(text).toMatch(new RegExp(`^glasskey: 1\nkey-id: ${manifestOf(generation).keyId}\n`))
  expect(text).toMatch(/-----END PRIVATE KEY-----\nOCI_API_KEY\n$/)
})

test.each([1, 2])('the sealed share of custodian %i, with the custodian\'s key', (custodian) => {
  const { texts, privateKey, shareText } = sheetOf(custodian)
  gpg(['--import'], privateKey ?? '')
  const message = Buffer.concat(texts.map((text) => base32nopad.decode(text.split('/').at(-1) ?? '')))
  expect(gpg(['--decrypt'], message)).toBe(`${shareText}\n`)
})
