/** Signatures by the machine's gpg, made under clocks that are not ours. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signersOf } from '../../src/custody/signatures.js'

const home = mkdtempSync(join(tmpdir(), 'glasskey-gnupg-'))
const env = { PATH: process.env['PATH'], GNUPGHOME: home, LC_ALL: 'C' }
const gpg = (when: string, words: readonly string[], input = ''): string =>
  execFileSync('gpg', ['--batch', '--quiet', '--faked-system-time', when, '--passphrase', '', ...words], { env, input, stdio: ['pipe', 'pipe', 'ignore'] }).toString()

let publicKey: string
beforeAll(() => {
  gpg('20250101T000000', ['--quick-generate-key', 'Wilma <witness@example.org>', 'ed25519', 'sign', 'never'])
  publicKey = gpg('20250101T000000', ['--armor', '--export'])
})
afterAll(() => {
  execFileSync('gpgconf', ['--kill', 'all'], { env })
  rmSync(home, { recursive: true })
})

const signers = (signature: string): Promise<string[]> => signersOf('what was sealed\n', signature, [publicKey], 'a signature')

test.each([
  ['in the past', '20250601T000000', [], 1],
  ['by a clock years ahead', '20400101T000000', [], 1],
  ['for a day, which is long over', '20250601T000000', ['--default-sig-expire', '1d'], 0],
  ['for good, with the same flag', '20250601T000000', ['--default-sig-expire', '0'], 1],
])('signed %s', async (_, when, words, good) => {
  expect(await signers(gpg(when, [...words, '--armor', '--detach-sign'], 'what was sealed\n'))).toHaveLength(good)
})
