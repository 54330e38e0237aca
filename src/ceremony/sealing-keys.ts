/** The OpenPGP keys of custodians: read and checked before anything is made, and proved to open what was sealed to them. */
import { dirname, isAbsolute, join, normalize } from 'node:path'
import type { Custody } from '../custody/custody-yaml.js'
import { calledBy } from '../custody/share.js'
import { readSealingKey, type SealingKey } from '../custody/sealing.js'
import { GlasskeyError } from '../errors.js'
import { openerBy, type CustodianKeys, type Opener } from '../host/custodian-key.js'
import { makeFolder, readText, writeNew } from '../host/disk.js'
import { say } from '../host/terminal.js'
import { assertPrintable } from '../paper/printable.js'
import { inFours } from '../custody/sealed-share.js'
import type { MadeGeneration } from './generations.js'
import type { People } from './people.js'

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

/** What one of these keys has against being sealed to at this moment, or null: they were read before people had compared the clock. */
export async function unfitKey(keys: ReadonlyMap<number, ListedKey>, now: Date): Promise<GlasskeyError | null> {
  for (const [custodian, { armored, path }] of keys) {
    try {
      await readSealingKey(armored, `the OpenPGP key of custodian ${custodian} (${path})`, now)
    } catch (error) {
      if (error instanceof GlasskeyError) return error
      throw error
    }
  }
  return null
}

/** Writes a custodian's key beside the custody.yaml that names it. */
export function copyKey(folder: string, { path, armored }: ListedKey): void {
  makeFolder(dirname(join(folder, path)))
  writeNew(join(folder, path), armored)
}

/**
 * Has each custodian with an OpenPGP key open what was sealed to it, in every generation, and compares. A custodian who has not brought
 * card or key is an exception, returned as a sentence for the record. Throws SET_NOT_PROVED when something else comes out, and Aside.
 */
export async function proveSealed(made: readonly MadeGeneration[], keys: CustodianKeys, people: People): Promise<string[]> {
  const exceptions: string[] = []
  for (const { custodian, sealed } of made[0]?.manifest.shares ?? []) {
    if (sealed !== undefined && !(await proveAll(made, custodian, keys, people))) {
      exceptions.push(`nobody proved that OpenPGP key ${sealed.fingerprint} opens the sealed shares of custodian ${custodian}`)
    }
  }
  return exceptions
}

/** Whether a key opened what was sealed to it; false when nobody brought it. At a table, a key that does not open is asked for again. */
async function proveAll(made: readonly MadeGeneration[], custodian: number, keys: CustodianKeys, people: People): Promise<boolean> {
  let [means, asked] = [keys.means[String(custodian)], keys]
  for (;;) {
    means ??= await askForKey(made, custodian, people)
    if (means === '') return false
    try {
      const open = await openerBy(means, { custodian, fingerprint: fingerprintOf(made, custodian) }, asked)
      for (const generation of made) await proveOne(generation, custodian, open)
      say(`The key of ${whose(made, custodian)} opens every share that was sealed to it.`, 'good')
      return true
    } catch (error) {
      if (people.conduct !== 'dialogue' || !(error instanceof GlasskeyError) || UNMENDABLE.includes(error.code)) throw error
      say(`      ${error.message}. ${error.hint}`, 'alarm')
      // A passphrase that a flag named is not tried again.
      ;[means, asked] = [undefined, { ...keys, passphraseFiles: {} }]
    }
  }
}

/** What no other key or passphrase mends. */
const UNMENDABLE: readonly string[] = ['SET_NOT_PROVED', 'INTERRUPTED']

const fingerprintOf = ([first]: readonly MadeGeneration[], custodian: number): string => first?.sealedShares[custodian - 1]?.fingerprint ?? ''
const whose = ([first]: readonly MadeGeneration[], custodian: number): string => (first ? calledBy(first.manifest, custodian) : '')

/** For whom there is no flag: a path, `gpg`, or empty where nobody brought a key. Throws Aside. */
function askForKey(made: readonly MadeGeneration[], custodian: number, people: People): Promise<string> {
  if (people.conduct === 'dialogue') say(`The shares of ${whose(made, custodian)} are sealed to OpenPGP key ${inFours(fingerprintOf(made, custodian))}. If its card or key is in the room, prove now that it opens them.`, 'strong')
  return people.ask({ text: 'Path of the private key\'s file, or "gpg" for a card or this account\'s keyring; Enter: nobody can prove it', flag: '--custodian-key N=FILE or N=gpg', initial: '' })
}

async function proveOne(generation: MadeGeneration, custodian: number, open: Opener): Promise<void> {
  const { manifest, shareTexts, sealedShares } = generation
  const sealed = sealedShares[custodian - 1]
  if (!sealed) throw new RangeError('proveSealed: this custodian has no sealed share')
  const text = await open(sealed)
  if (text !== shareTexts[custodian - 1]) throw new GlasskeyError('SET_NOT_PROVED', `the sealed share of ${whose([generation], custodian)}, GENERATION ${manifest.generation}, does not open to what was sealed`, 'Nothing was released. Run the ceremony again.')
}
