/**
 * Before a takeover uploads a key: k custodians read 128 bits of its digest, as words, off their own closed bags. Nothing but paper speaks for
 * a first key, no envelope seals it, and whoever changed the folder since the ceremony would be given a way in as an administrator.
 */
import type { Manifest } from '../custody/manifest.js'
import { nameOf } from '../custody/share.js'
import { askBagWords } from '../host/bag-words.js'
import { ask, say } from '../host/terminal.js'

/** Who confirmed the key, by number, in the order in which they did. Throws CONSENT_REFUSED, and as `ask` does; nothing was uploaded. */
export async function askInstalledWords(manifest: Manifest, asked: AbortSignal): Promise<number[]> {
  const { generation, threshold, shares } = manifest
  say(`GENERATION ${generation} is, or is about to become, an API key of the user. ${threshold} custodians confirm it first, by the 16 words on their closed bags (ceremony record, "On each bag"); whoever is elsewhere reads them on the telephone.`, 'strong')
  const confirmed: number[] = []
  while (confirmed.length < threshold) {
    const number = Number(await ask(`Number of a custodian with a closed bag of GENERATION ${generation} (${threshold - confirmed.length} to go):`, '--yes in a rehearsal', asked))
    if (confirmed.includes(number)) say(`${nameOf(manifest, number)} has confirmed it already; another custodian, please.`)
    else if (!shares.some(({ custodian }) => custodian === number)) say(`There is no such custodian. ${shares.map(({ custodian, name }) => `${custodian}: ${name}`).join(', ')}.`)
    else {
      await askBagWords(nameOf(manifest, number), manifest, `a custodian could not confirm GENERATION ${generation}, and nothing was uploaded`, asked)
      confirmed.push(number)
    }
  }
  return confirmed
}
