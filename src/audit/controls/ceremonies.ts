/** F: how the ceremonies were held, as their transcripts tell and their signers vouch. */
import { contradictionOf } from '../../record/ceremony-entry.js'
import { type Control, failed } from '../control.js'
import type { Dossier } from '../dossier.js'
import type { NamedSigner } from '../ceremony-signatures.js'
import { given, NotChecked, proven } from '../reading.js'
import { counted, givenUp, saidGivenUp, soundLogbook, soundManifests } from '../sound.js'

/** Signatures that the transcript of a real ceremony has at least: the administrator's and a witness's. */
const LEAST_SIGNATURES = 2

/** Throws SET_NOT_SEALED, CHAIN_BROKEN, TRANSCRIPT_INVALID or AUDIT_FAILED. */
function transcriptsHold(dossier: Dossier): string {
  soundManifests(dossier)
  const away = givenUp(dossier)
  const transcripts = new Map(dossier.generations.filter(({ number }) => !away.has(number)).map(({ transcript }) => proven(transcript)).map((transcript) => [transcript.sha256, transcript]))
  for (const entry of soundLogbook(dossier).lines) {
    if (entry.type !== 'ceremony') continue
    for (const { generation } of entry.generations) {
      const filed = dossier.generations.find(({ number }) => number === generation)
      if (filed?.transcript.read === true && filed.transcript.value.sha256 !== entry.transcriptSha256) throw failed(`the transcript of GENERATION ${generation} is not the one that entry ${entry.seq} of the logbook names`)
    }
    const named = dossier.generations.filter(({ number }) => entry.generations.some(({ generation }) => generation === number))
    const manifests = named.flatMap(({ manifest }) => (manifest.read ? [manifest.value] : []))
    const transcript = named[0]?.transcript
    const field = transcript?.read === true && manifests.length === entry.generations.length ? contradictionOf(entry, manifests, transcript.value.conduct) : null
    if (field !== null) throw failed(`entry ${entry.seq} of the logbook says otherwise than the transcript of its ceremony (${field})`)
  }
  const [exceptions, steps] = [...transcripts.values()].reduce(([some, others], { conduct }) => [some + conduct.exceptions.length, others + conduct.done], [0, 0])
  return `${counted(transcripts.size, 'ceremony', 'ceremonies')}, ${counted(steps, 'step')} in order, ${counted(exceptions, 'exception')}${saidGivenUp(away)}`
}

/** Throws SIGNATURE_INVALID or AUDIT_FAILED; NotChecked where a transcript cannot be relied on, or the administrator's name is on none of the keys that signed. */
function ceremoniesSigned(dossier: Dossier): string {
  const { ceremonies, generations } = dossier
  const away = givenUp(dossier)
  const found = ceremonies.map((ceremony) => proven(ceremony))
  for (const { first, rehearsal, transcript, manifests } of found) {
    if (!rehearsal && transcript.length < LEAST_SIGNATURES) throw failed(`the transcript of the ceremony of GENERATION ${first} has ${counted(transcript.length, 'signature')}; the administrator and a witness sign it`)
    const before = generations.find(({ number }) => number === first - 1)?.rules
    if (before?.read !== true) continue
    const { fingerprints, needed } = before.value.signers
    const short = manifests.find(({ signers }) => signers.filter((one) => fingerprints.includes(one)).length < needed)
    if (short) throw failed(`the manifest of GENERATION ${short.generation} has fewer than ${needed} signatures by the signers that GENERATION ${first - 1} sealed`)
  }
  for (const { number, transcript } of generations) if (!away.has(number)) given(transcript, 'F07', `the transcript of GENERATION ${number}`)
  const nameless = found.find(({ administrator, transcript }) => administrator !== null && transcript.length > 0 && !transcript.some((signer) => bears(signer, administrator)))
  if (nameless) throw new NotChecked(`every signature verifies; whether the administrator ${String(nameless.administrator)} signed the ceremony of GENERATION ${nameless.first} is not known: that name is on no key of those who signed. Compare with the fingerprints on the ceremony record: ${nameless.transcript.map(calledBy).join(', ')}`)
  return `${found.map(({ first, rehearsal, transcript }) => `ceremony of GENERATION ${first}${rehearsal ? ' (a rehearsal)' : ''}: ${transcript.length === 0 ? 'not signed' : `signed by ${transcript.map(calledBy).join(', ')}`}`).join('; ')}${saidGivenUp(away)}`
}

/** Whether the owner of a key calls it by exactly this name; comment and address left out. */
function bears({ userIds }: NamedSigner, name: string): boolean {
  const plain = (text: string): string => text.normalize('NFKC').toLowerCase().trim()
  return userIds.some((userId) => plain(userId.replace(/[(<].*$/, '')) === plain(name))
}

function calledBy({ fingerprint, userIds: [userId] }: NamedSigner): string {
  return userId === undefined ? `${fingerprint} without a name` : `${fingerprint} ${JSON.stringify(userId)}`
}

/** Controls of the ceremonies. */
export const CEREMONY_CONTROLS: readonly Control[] = [
  {
    code: 'F07',
    claim: 'Each generation was sealed by a ceremony that followed its script to the end.',
    method: 'Recompute the chain and the digest of each transcript, follow its steps in their order, compare it with manifest, envelope and logbook.',
    source: 'records/*.jsonl, generations/*/manifest.json, logbook.jsonl',
    bearsOn: ['scriptFollowed'],
    reperformed: true,
    examine: transcriptsHold,
  },
  {
    code: 'F08',
    claim: 'Each ceremony is signed by those who held it, and every signature verifies.',
    method: 'Verify each OpenPGP signature with the public keys in the folder; count those that the sealed rules ask for; look for the administrator\'s name on the keys. A rehearsal may be unsigned.',
    source: 'records/*.jsonl.asc, generations/*/manifest.json.asc, signers/*.asc',
    bearsOn: ['scriptFollowed'],
    reperformed: true,
    examine: ceremoniesSigned,
  },
]
