/** F: what the ceremonies sealed, as it lies in the custody folder. */
import { manifestDigest } from '../../custody/manifest.js'
import { type Control, failed } from '../control.js'
import type { Dossier } from '../dossier.js'
import { given, proven } from '../reading.js'
import { counted, givenUp, saidGivenUp, soundLogbook, soundManifests } from '../sound.js'

/** Throws MANIFEST_INVALID or AUDIT_FAILED. */
function manifestChain({ generations }: Dossier): string {
  const manifests = generations.map(({ manifest }) => proven(manifest))
  let previous: string | null = null
  for (const [at, manifest] of manifests.entries()) {
    const name = `GENERATION ${manifest.generation}`
    if (manifest.generation !== at + 1) throw failed(`GENERATION ${at + 1} is missing`)
    if (manifest.previousManifestSha256 !== previous) throw failed(`the manifest of ${name} does not name the one before it`)
    const [first] = manifests
    for (const field of ['tenancy', 'user', 'rehearsal'] as const) {
      if (manifest[field] !== first?.[field]) throw failed(`the manifest of ${name} has another ${field} than GENERATION 1`)
    }
    previous = manifestDigest(manifest)
  }
  return `${counted(manifests.length, 'manifest')}, each naming the one before`
}

/** Throws AUDIT_FAILED. */
function enteredByCeremony(dossier: Dossier): string {
  const entries = soundLogbook(dossier).lines.flatMap((entry) => (entry.type === 'ceremony' ? entry.generations.map((made) => ({ ...made, seq: entry.seq })) : []))
  const away = givenUp(dossier)
  for (const manifest of soundManifests(dossier).filter(({ generation }) => !away.has(generation))) {
    const name = `GENERATION ${manifest.generation}`
    const [entered, again] = entries.filter(({ generation }) => generation === manifest.generation)
    if (!entered) throw failed(`${name} is in no ceremony's entry of the logbook`)
    if (again) throw failed(`${name} is in two entries of the logbook, ${entered.seq} and ${again.seq}`)
    if (entered.spkiSha256 !== manifest.spkiSha256 || entered.keyId !== manifest.keyId) throw failed(`${name} has another key than entry ${entered.seq} of the logbook says`)
    if (entered.manifestSha256 !== manifestDigest(manifest)) throw failed(`the manifest of ${name} is not the one that entry ${entered.seq} of the logbook names`)
  }
  const missing = entries.find(({ generation }) => !dossier.generations.some(({ number }) => number === generation))
  if (missing) throw failed(`GENERATION ${missing.generation} of entry ${missing.seq} of the logbook is not in the folder`)
  return `${counted(dossier.generations.length - away.size, 'generation')}, each in one entry of a ceremony${saidGivenUp(away)}`
}

/** Throws FOLDER_ALTERED. */
function sealedRulesHold({ generations }: Dossier): string {
  for (const { number, manifest, rules } of generations) {
    given(manifest, 'F01', `the manifest of GENERATION ${number}`)
    if (!rules.read) throw failed(`generations/${number}: ${rules.error.message}`)
  }
  return `${counted(generations.length, 'generation')}, rules as sealed`
}

/** Throws AUDIT_FAILED. */
function envelopesNamed({ generations }: Dossier): string {
  for (const { number, manifest, envelopeSha256 } of generations) {
    if (proven(envelopeSha256) !== given(manifest, 'F01', `the manifest of GENERATION ${number}`).envelopeSha256) {
      throw failed(`envelope.pgp of GENERATION ${number} is not the one that its manifest names`)
    }
  }
  return `${counted(generations.length, 'envelope')}, as named`
}

/** Throws AUDIT_FAILED. */
function publicKeysAgree({ generations }: Dossier): string {
  for (const { number, manifest, publicPem } of generations) {
    if (proven(publicPem) !== given(manifest, 'F01', `the manifest of GENERATION ${number}`).publicKeyPem) {
      throw failed(`public.pem of GENERATION ${number} is not the key of its manifest`)
    }
  }
  return `${counted(generations.length, 'public key')}, as in the manifests`
}

/** Throws AUDIT_FAILED. */
function successorsNamed(dossier: Dossier): string {
  const manifests = soundManifests(dossier)
  const away = givenUp(dossier)
  const chained = manifests.filter(({ generation, successor }) => successor !== null && !away.has(generation))
  for (const { generation, successor } of chained) {
    const next = manifests.find((manifest) => manifest.generation === generation + 1)
    if (next?.spkiSha256 !== successor?.spkiSha256 || next?.keyId !== successor?.keyId) {
      throw failed(`the successor that GENERATION ${generation} names is not GENERATION ${generation + 1} of the folder`)
    }
  }
  return `${chained.length} of ${manifests.length} generations name the next one's key; the others end a ceremony`
}

/** Controls of the folder. */
export const FOLDER_CONTROLS: readonly Control[] = [
  {
    code: 'F01',
    claim: 'The manifests are whole, numbered without a gap, and each names the one before it.',
    method: 'Read each manifest, check its own names and digests, recompute the chain of digests.',
    source: 'generations/*/manifest.json',
    bearsOn: ['scriptFollowed'],
    reperformed: true,
    examine: manifestChain,
  },
  {
    code: 'F02',
    claim: 'Each manifest is the one that its ceremony entered in the logbook.',
    method: 'Recompute each manifest\'s digest and compare it with the entry of its ceremony.',
    source: 'generations/*/manifest.json, logbook.jsonl',
    bearsOn: ['scriptFollowed'],
    reperformed: true,
    examine: enteredByCeremony,
  },
  {
    code: 'F03',
    claim: 'The rules are those that each generation was sealed with.',
    method: 'Recompute the digest of the rules and compare it with the manifest.',
    source: 'generations/*/rules.json',
    bearsOn: ['scriptFollowed'],
    reperformed: true,
    examine: sealedRulesHold,
  },
  {
    code: 'F04',
    claim: 'Each envelope is the one that its manifest names.',
    method: 'Recompute the digest of each envelope and compare it with the manifest.',
    source: 'generations/*/envelope.pgp',
    bearsOn: ['scriptFollowed'],
    reperformed: true,
    examine: envelopesNamed,
  },
  {
    code: 'F05',
    claim: 'Each public key file is the key of its manifest.',
    method: 'Compare byte for byte.',
    source: 'generations/*/public.pem',
    bearsOn: ['scriptFollowed'],
    reperformed: true,
    examine: publicKeysAgree,
  },
  {
    code: 'F06',
    claim: 'Each generation names the key of the next one, to the end of its ceremony.',
    method: 'Compare the successor in each manifest with the next manifest.',
    source: 'generations/*/manifest.json',
    bearsOn: ['scriptFollowed'],
    reperformed: true,
    examine: successorsNamed,
  },
]
