/**
 * A successor that no envelope seals (the first of a later ceremony, or one after a retired generation): k custodians
 * each read 128 bits of its digest, as words, off their own bags. Asked before a share is read: a wrong word must not
 * leave a live key behind.
 */
import type { Manifest } from '../custody/manifest.js'
import { nameOf } from '../custody/share.js'
import { askBagWords } from '../host/bag-words.js'
import { say } from '../host/terminal.js'
import type { Warrant } from '../warrant/warrant.js'
import type { Journal } from './journal.js'

/** Whether, by the folder, the warrant's successor is another than the one that the sheets seal. */
export function needsBagWords(warrant: Warrant, manifest: Manifest): boolean {
  return warrant.successor !== null && warrant.successor.spkiSha256 !== manifest.successor?.spkiSha256
}

/** Has each of these custodians confirm the successor from their own bag. Throws CONSENT_REFUSED; no key is live yet. */
export async function askSuccessorWords(warrant: Warrant, manifest: Manifest, custodians: Iterable<number>, journal: Journal, left: AbortSignal): Promise<void> {
  const { successor } = warrant
  if (!successor) throw new RangeError('askSuccessorWords: this warrant has no successor')
  say(`GENERATION ${successor.generation} is not sealed in the sheets of GENERATION ${manifest.generation}. ${manifest.threshold} custodians confirm it from their own bags.`, 'strong')
  for (const custodian of [...custodians].slice(0, manifest.threshold)) {
    const name = nameOf(manifest, custodian)
    await askBagWords(name, successor, 'a custodian could not confirm the successor', left)
    journal.write({ type: 'consented', custodian, name, to: 'successor', how: 'code words typed' })
  }
}

/** Records the confirmations that `--yes` stands for in a rehearsal: of those whose share was accepted, and who have not read the words on their bag. */
export function confirmByFlag(manifest: Manifest, journal: Journal): void {
  const confirmed = journal.lines.flatMap((line) => (line.type === 'consented' && line.to === 'successor' ? [line.custodian] : []))
  const present = new Set(journal.lines.flatMap((line) => (line.type === 'share-accepted' ? [line.custodian] : [])))
  for (const custodian of [...present].slice(0, manifest.threshold).filter((one) => !confirmed.includes(one))) {
    const name = nameOf(manifest, custodian)
    journal.write({ type: 'consented', custodian, name, to: 'successor', how: 'rehearsal --yes' })
  }
}
