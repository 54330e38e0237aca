/** The OpenPGP keys of custodians: read and checked before anything is made, and proved to open what was sealed to them. */
import { dirname, isAbsolute, join, normalize } from 'node:path'
import type { Custody } from '../custody/custody-yaml.js'
import { calledBy } from '../custody/share.js'
import { readSealingKey, type SealingKey } from '../custody/sealing.js'
import { GlasskeyError } from '../errors.js'
import { openSealedShare, type CustodianKeys } from '../host/custodian-key.js'
import { makeFolder, readText, writeNew } from '../host/disk.js'
import { ask, isInteractive, say } from '../host/terminal.js'
import { assertPrintable } from '../paper/printable.js'
import { inFours } from '../custody/sealed-share.js'
import type { MadeGeneration } from './generations.js'

/** A custodian's key, and the file it was read from. */
export interface ListedKey extends SealingKey {
  /** Path as custody.yaml has it: relative, at or below its folder. */
  path: string
  armored: string
}

/** The keys that custody.yaml names, by custodian's number. Throws CONFIG_INVALID naming setting and file. */
export async function readSealingKeys(custody: Custody, configPath: string, now: Date): Promise<Map<number, ListedKey>> {
  const keys = new Map<number, ListedKey>()
  for (const [at, { number, openpgpKey }] of custody.custodians.entries()) {
    if (openpgpKey === null) continue
    const setting = `${configPath}: custodians[${at}].openpgpKey: ${openpgpKey}`
    const path = normalize(openpgpKey)
    if (isAbsolute(path) || path.startsWith('..')) throw new GlasskeyError('CONFIG_INVALID', `${setting}: must be a path beside custody.yaml, or below it`, 'The key is copied into the custody folder, so that the next ceremony finds it: custodians/ada.asc')
    const armored = readText(join(dirname(configPath), path), `the OpenPGP key of custodian ${number}`)
    const key = await readSealingKey(armored, setting, now)
    const earlier = [...keys.entries()].find(([, other]) => other.fingerprint === key.fingerprint)
    if (earlier) throw new GlasskeyError('CONFIG_INVALID', `${setting}: is the key of custodian ${earlier[0]} too; one person must not open two shares`, 'Each custodian has a key of their own.')
    assertPrintable(key.owner, `the name in the OpenPGP key of custodian ${number}`)
    keys.set(number, { ...key, path, armored })
  }
  return keys
}

/** Writes a custodian's key beside the custody.yaml that names it. */
export function copyKey(folder: string, { path, armored }: ListedKey): void {
  makeFolder(dirname(join(folder, path)))
  writeNew(join(folder, path), armored)
}

/**
 * Has each custodian with an OpenPGP key open what was sealed to it, in every generation, and compares. A custodian who has not brought
 * card or key is an exception, returned as a sentence for the record. Throws SET_NOT_PROVED when something else comes out.
 */
export async function proveSealed(made: readonly MadeGeneration[], keys: CustodianKeys): Promise<string[]> {
  const exceptions: string[] = []
  for (const { custodian, sealed } of made[0]?.manifest.shares ?? []) {
    if (sealed === undefined) continue
    const whose = calledBy((made[0] as MadeGeneration).manifest, custodian)
    const means = keys.means[String(custodian)] ?? (await askForKey(whose, sealed.fingerprint))
    if (means === '') {
      exceptions.push(`nobody proved that OpenPGP key ${sealed.fingerprint} opens the sealed shares of custodian ${custodian}`)
      say(`Exception: it was not proved that OpenPGP key ${inFours(sealed.fingerprint)} opens the sheets of ${whose}.`, 'alarm')
      continue
    }
    for (const generation of made) await proveOne(generation, custodian, whose, { ...keys, means: { ...keys.means, [String(custodian)]: means } })
    say(`The key of ${whose} opens every share that was sealed to it.`, 'good')
  }
  return exceptions
}

/** For whom there is no flag: a path, `gpg`, or empty where nobody brought a key. */
async function askForKey(whose: string, fingerprint: string): Promise<string> {
  if (!isInteractive()) return ''
  say(`The shares of ${whose} are sealed to OpenPGP key ${inFours(fingerprint)}. If its card or key is in the room, prove now that it opens them.`, 'strong')
  return ask('Path of the private key\'s file, or "gpg" for a card or this account\'s keyring; Enter records that nobody proved it:', '--custodian-key N=FILE or N=gpg')
}

async function proveOne({ manifest, shareTexts, sealedShares }: MadeGeneration, custodian: number, whose: string, keys: CustodianKeys): Promise<void> {
  const sealed = sealedShares[custodian - 1]
  if (!sealed) throw new RangeError('proveSealed: this custodian has no sealed share')
  const text = await openSealedShare(sealed, whose, keys)
  if (text !== shareTexts[custodian - 1]) throw new GlasskeyError('SET_NOT_PROVED', `the sealed share of ${whose}, GENERATION ${manifest.generation}, does not open to what was sealed`, 'Nothing was released. Run the ceremony again.')
}
