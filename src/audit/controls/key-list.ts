/** K: OCI's list of the user's API keys, as the auditor's own login reads it. */
import { recogniseAll } from '../../breakglass/user-view.js'
import type { Manifest } from '../../custody/manifest.js'
import type { ListedKey } from '../../record/journal.js'
import { type Control, failed } from '../control.js'
import type { Dossier } from '../dossier.js'
import { livesOf, usesOf } from '../lives.js'
import { NotChecked } from '../reading.js'
import { counted, soundManifest, soundManifests } from '../sound.js'

/** Keys as listed, beside the manifests whose whole SPKI they have. Throws NotChecked without a login. */
function listed(dossier: Dossier): ListedKey[] {
  if (!dossier.cloud) throw new NotChecked('no login was given (--profile)')
  return recogniseAll(dossier.cloud.user, soundManifests(dossier))
}

/** By the whole key or by OCI's fingerprint: either is enough to be found. */
function isKeyOf(key: ListedKey, manifest: Manifest): boolean {
  return key.spkiSha256 === manifest.spkiSha256 || key.fingerprint === manifest.fingerprint
}

/** Generations whose key was recombined. */
function used(dossier: Dossier): Manifest[] {
  const numbers = [...new Set(usesOf(dossier).filter(({ live }) => live).map(({ generation }) => generation))]
  return numbers.map((number) => soundManifest(dossier, number))
}

/** Throws AUDIT_FAILED naming every used key that is listed. */
function usedAreGone(dossier: Dossier): string {
  const keys = listed(dossier)
  const gone = used(dossier)
  const there = gone.flatMap((manifest) => keys.filter((key) => isKeyOf(key, manifest)).map((key) => `the used key of GENERATION ${manifest.generation} (${key.fingerprint}) is in OCI's key list: ${key.lifecycleState}`))
  if (there.length > 0) throw failed(there.join('; '))
  return gone.length === 0 ? 'no key was used' : `GENERATION ${gone.map(({ generation }) => generation).join(', ')}: not listed, by digest and by fingerprint`
}

/** Throws AUDIT_FAILED. */
function currentIsThere(dossier: Dossier): string {
  const keys = listed(dossier)
  const { current, isFound } = livesOf(dossier)
  if (!current) throw new NotChecked('no generation is in use: the takeover has not happened')
  if (isFound) throw failed(`GENERATION ${current.generation} is in OCI's key list, and no session of this record installed it: sessions are missing`)
  const manifest = soundManifest(dossier, current.generation)
  const name = `the key of GENERATION ${manifest.generation}, which is in use,`
  const key = keys.find((candidate) => isKeyOf(candidate, manifest))
  if (!key) throw failed(`${name} is not in OCI's key list`)
  if (key.spkiSha256 !== manifest.spkiSha256) throw failed(`${name} is listed by its fingerprint, but OCI's copy is another key`)
  if (key.fingerprint !== manifest.fingerprint) throw failed(`${name} is listed under another fingerprint, ${key.fingerprint}`)
  if (key.lifecycleState !== 'ACTIVE') throw failed(`${name} is ${key.lifecycleState}`)
  return `GENERATION ${manifest.generation} (${key.fingerprint}): ACTIVE, equal byte for byte`
}

/** Throws AUDIT_FAILED naming every key that should not be there. */
function noOtherKey(dossier: Dossier): string {
  const keys = listed(dossier)
  const { current } = livesOf(dossier)
  // Before it the user has the key of an everyday login, which the takeover needs and removes.
  if (!current && used(dossier).length === 0) throw new NotChecked('no generation is in use: the takeover has not happened')
  // Used keys are K01's.
  const expected = [...used(dossier), ...(current ? [soundManifest(dossier, current.generation)] : [])]
  const others = keys.filter((key) => !expected.some((manifest) => isKeyOf(key, manifest)))
  if (others.length > 0) {
    throw failed(others.map((key) => (key.generation === null ? `a key that no manifest names is in OCI's key list: ${key.fingerprint}` : `the key of GENERATION ${key.generation}, which is not in use, is in OCI's key list`)).join('; '))
  }
  return `${counted(keys.length, 'key')} listed, none of a stranger`
}

/** Controls of the key list. */
export const KEY_CONTROLS: readonly Control[] = [
  {
    code: 'K01',
    claim: 'No key that was recombined in a session on record is in OCI\'s key list.',
    method: 'List the user\'s keys; compare whole keys by digest, and fingerprints.',
    source: 'OCI IAM (ListApiKeys)',
    bearsOn: ['keyRevoked'],
    reperformed: true,
    examine: usedAreGone,
  },
  {
    code: 'K02',
    claim: 'The key of the generation in use is in OCI\'s key list, ACTIVE and equal byte for byte.',
    method: 'List the user\'s keys; compare the whole key with the manifest.',
    source: 'OCI IAM (ListApiKeys)',
    bearsOn: ['keyRevoked'],
    reperformed: true,
    examine: currentIsThere,
  },
  {
    code: 'K03',
    claim: 'No other key is in OCI\'s key list: no stranger\'s, and none that should still be waiting.',
    method: 'List the user\'s keys; compare with all manifests.',
    source: 'OCI IAM (ListApiKeys)',
    bearsOn: ['keyRevoked'],
    reperformed: true,
    examine: noOtherKey,
  },
]
