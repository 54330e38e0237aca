/** An account without a home folder: HOME unset, and the user in no passwd. */
import type * as os from 'node:os'
import { expect, test, vi } from 'vitest'
import { ownKeyring } from '../../src/host/custodian-key.js'
import { decryptWithGpg } from '../../src/host/gpg-decryption.js'
import { readProfile } from '../../src/host/oci-profile.js'
import { refusal, refusalOf } from '../vectors/refusal.js'

vi.mock('node:os', async (original) => ({
  ...(await original<typeof os>()),
  homedir: () => {
    throw Object.assign(new Error('A system error occurred: uv_os_homedir returned ENOENT (no such file or directory)'), { code: 'ERR_SYSTEM_ERROR' })
  },
}))

test('who wants no gpg misses nothing; who does is told what to set', async () => {
  vi.stubEnv('GNUPGHOME', '')
  const keyring = ownKeyring()
  expect(keyring.home).toBe(null)
  expect(ownKeyring('/media/stick/gnupg').home).toBe('/media/stick/gnupg')
  expect(await refusalOf(() => decryptWithGpg(new Uint8Array(), keyring, null))).toMatchObject({ code: 'SHARE_SEALED', message: 'nobody knows where the keyring of this account is', hint: 'Begin again with HOME set, or with --gnupg-home DIR.' })
  vi.unstubAllEnvs()
})

test('a profile without its file', () => {
  expect(refusal(() => readProfile('AUDITOR', undefined))).toMatchObject({ code: 'USAGE', hint: 'Set HOME, or name the file: --oci-config FILE' })
})
