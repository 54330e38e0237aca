/**
 * A successor that no envelope seals (the first of a later ceremony, or one after a retired generation): k custodians
 * each read 128 bits of its digest, as words, off their own bags.
 */
import { type Manifest } from '../custody/manifest.js'
import { bagWords, sameWords } from '../custody/words.js'
import { GlasskeyError } from '../errors.js'
import { ask, say } from '../host/terminal.js'
import { type Warrant } from '../warrant/warrant.js'
import { type Journal } from './journal.js'

/** Has k custodians confirm the successor. In a rehearsal `--yes` stands for them and is recorded. Throws SUCCESSOR_UNTRUSTED. */
export async function confirmSuccessor(warrant: Warrant, manifest: Manifest, custodians: readonly number[], yes: boolean, journal: Journal, left: AbortSignal): Promise<void> {
  const { successor } = warrant
  if (!successor) throw new RangeError('confirmSuccessor: this warrant has no successor')
  say(`GENERATION ${successor.generation} is not sealed in the sheets just read. ${manifest.threshold} custodians must confirm it from their own bags.`, 'strong')
  for (const custodian of custodians.slice(0, manifest.threshold)) {
    const name = manifest.shares.find((share) => share.custodian === custodian)?.name ?? String(custodian)
    if (!yes) {
      const answer = await ask(`${name}, type the 16 words on your bag of GENERATION ${successor.generation}:`, '--yes in a rehearsal', left)
      if (!sameWords(answer, bagWords(successor.spkiSha256))) {
        throw new GlasskeyError('SUCCESSOR_UNTRUSTED', `the words on the bag of ${name} are not those of the successor in the folder`, 'Nothing was signed. Compare bag and ceremony record.')
      }
    }
    journal.write({ type: 'consented', custodian, name, to: 'successor', how: yes ? 'rehearsal --yes' : 'code words typed' })
  }
}
