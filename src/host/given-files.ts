/** Files that flags name: that they are there is said before people type anything, and what is in them is read when it is needed. */
import { GPG, type CustodianKeys } from './custodian-key.js'
import { requireThere } from './disk.js'
import { requireScans } from './scan-reader.js'
import { STANDARD_INPUT } from './typed-lines.js'

/** What sheets are read from, and what opens sealed ones. */
export interface GivenFiles {
  scans: readonly string[]
  /** `-` is standard input. */
  shareFiles: readonly string[]
  keys: CustodianKeys
}

/** Throws FILE_MISSING for the first that is not there. */
export function requireGiven({ scans, shareFiles, keys }: GivenFiles): void {
  requireScans(scans)
  for (const path of shareFiles) if (path !== STANDARD_INPUT) requireThere(path, 'the share file')
  for (const path of Object.values(keys.means)) if (path !== GPG) requireThere(path, 'the private key')
  for (const path of Object.values(keys.passphraseFiles)) requireThere(path, 'the passphrase')
}
