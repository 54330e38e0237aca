/** Flags for the second factor: with what a custodian opens a sealed share. */
import { resolve } from 'node:path'
import type { Argv } from 'yargs'
import { GlasskeyError } from '../errors.js'
import { ownKeyring, type CustodianKeys } from '../host/custodian-key.js'

/** What is said about custodians' OpenPGP keys. */
export interface KeyArguments {
  custodianKey: string[] | undefined
  passphraseFile: string[] | undefined
  gnupgHome: string | undefined
}

/** `--custodian-key`, `--passphrase-file`, `--gnupg-home`, under a heading if there is one. */
export function keyFlags(flags: Argv, group?: string): Argv {
  const placed = group === undefined ? {} : { group }
  return flags
    .option('custodian-key', { type: 'string', array: true, nargs: 1, ...placed, describe: 'opens a sealed share: N=KEYFILE, or N=gpg (card)' })
    .option('passphrase-file', { type: 'string', array: true, nargs: 1, ...placed, describe: 'N=FILE with the passphrase of that key' })
    .option('gnupg-home', { type: 'string', ...placed, describe: 'GNUPGHOME for gpg (that of this account)' })
}

/** What the flags say. Throws USAGE for what is not `N=…`. */
export function custodianKeysOf(args: KeyArguments): CustodianKeys {
  const means = byCustodian('custodian-key', args.custodianKey)
  return {
    means: Object.fromEntries(Object.entries(means).map(([custodian, value]) => [custodian, value === 'gpg' ? value : resolve(value)])),
    passphraseFiles: Object.fromEntries(Object.entries(byCustodian('passphrase-file', args.passphraseFile)).map(([custodian, path]) => [custodian, resolve(path)])),
    keyring: ownKeyring(args.gnupgHome === undefined ? undefined : resolve(args.gnupgHome)),
  }
}

function byCustodian(flag: string, values: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    values.map((text) => {
      const [, custodian, value] = /^([1-9][0-9]{0,2})=(.+)$/.exec(text) ?? []
      if (custodian === undefined || value === undefined) throw new GlasskeyError('USAGE', `--${flag} takes N=…, with the number of a custodian; not "${text}"`)
      return [custodian, value]
    }),
  )
}
