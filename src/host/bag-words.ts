/** Having people type the words that stand on the bags of a generation: what this machine takes for its key is compared with paper. */
import { bagWords, sameWords } from '../custody/words.js'
import { GlasskeyError } from '../errors.js'
import { ask, say } from './terminal.js'

const WORDS = 16

/** Asks `name` until the words are right. `refusal`: what cannot be confirmed. Throws CONSENT_REFUSED for "refuse", and as `ask` does. */
export async function askBagWords(name: string, { generation, spkiSha256 }: { generation: number; spkiSha256: string }, refusal: string, signal?: AbortSignal): Promise<void> {
  for (;;) {
    const answer = await ask(`${name}, type the ${WORDS} words on your bag of GENERATION ${generation} (or "refuse"):`, '--yes in a rehearsal', signal)
    if (sameWords(answer, bagWords(spkiSha256))) return
    if (answer.toLowerCase() === 'refuse') {
      throw new GlasskeyError('CONSENT_REFUSED', refusal, 'No share was read. Compare the bag with the ceremony record: if they agree, the custody folder was altered.')
    }
    const count = answer.split(/\s+/).filter((word) => word !== '').length
    say(count === WORDS ? 'Those are not the words in the custody folder. Try again, or type "refuse": if the bag is right, the folder was altered.' : `That is ${count} of ${WORDS} words. Nothing happened; try again.`)
  }
}
