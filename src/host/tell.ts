/** The journal as a story: one sentence for each line that a person should hear about, said by whoever writes the line. */
import { say, type Tone } from './terminal.js'
import type { JournalLine } from '../record/journal.js'

/** Says what a journal line means, if it means something to a person. */
export function tell(line: JournalLine): void {
  const told = sentence(line)
  if (told) say(`${line.at.slice(11, 19)}Z  ${told.text}`, told.tone)
}

/** The sentence for a line, or null. */
export function sentence(line: JournalLine): { text: string; tone: Tone } | null {
  const plain = (text: string): { text: string; tone: Tone } => ({ text, tone: 'plain' })
  const good = (text: string): { text: string; tone: Tone } => ({ text, tone: 'good' })
  const alarm = (text: string): { text: string; tone: Tone } => ({ text, tone: 'alarm' })
  switch (line.type) {
    case 'consented':
      // Who typed it saw it on the strongroom's terminal; only what a flag stood for needs telling.
      return line.how !== 'code words typed' ? plain(`${line.name} consents (${line.to === 'warrant' ? 'releases the share' : line.to}), ${line.how}.`) : null
    case 'agreed':
      return line.how === 'rehearsal --yes' ? plain(`Agreed: ${line.to}.`) : null
    case 'exposing':
      return plain(`Shares of GENERATION ${line.generation} are about to be read. From here on it counts as exposed.`)
    case 'key-live':
      return alarm(`KEY LIVE: ${line.keyId}. However this ends, it is rotated, or the record says in red that it is alive.`)
    case 'census':
      if (line.unexpected.length > 0) return alarm(`Found what should not be there: ${line.unexpected.join('; ')}.`)
      // A takeover expects strangers before its action: there, nothing is judged.
      return plain(`Census (${line.when}): ${countOf(line.found.keys.length, 'API key')}${line.when === 'before-deletion' ? ', nothing unexpected' : ''}.`)
    case 'intent':
      return line.method === 'GET' ? null : plain(`Asking OCI: ${line.rule} (${line.method} ${line.host}).`)
    case 'unknown':
      return alarm(`No answer (${line.reason}). Whether it happened is found out by reading.`)
    case 'refused':
      return alarm(`REFUSED by the warrant: ${line.reason}.`)
    case 'action-ended':
      return line.result === 'done' ? good(`Done: ${line.detail}.`) : line.result === 'none' ? null : alarm(`The action ${line.result}: ${line.detail}.`)
    case 'exit-began':
      return plain(`Exit (${line.cause}) begins.`)
    case 'successor-active':
      return good(`Successor GENERATION ${line.generation} (${line.keyId}) is ACTIVE, read back equal.`)
    case 'rotation-deferred':
      return alarm(`ROTATION DEFERRED: the key stays alive, ${line.reason}.`)
    case 'key-deleted':
      return good(`The used key ${line.keyId} is deleted.`)
    case 'burned':
      return plain(`Burned: the process with the key is ending (${line.reason}); the key was live for ${line.secondsLive} s.`)
    case 'probe':
      return line.status === 401 ? null : plain(`${line.region} still answers ${line.status} to the deleted key.`)
    case 'listed':
      return plain(`${line.profile} reads the key list: ${countOf(line.keys.length, 'key')}.`)
    case 'graded':
      return line.grade === 'unproved' ? alarm(`NOT PROVED DEAD: ${line.keyId}. ${line.why}`) : good(`Key ${line.keyId} is dead: ${line.grade}. ${line.why}`)
    case 'measured':
      return plain(`Measured: self-deletion ${line.selfDeletion}; a fourth key is answered ${line.fourthKey}.`)
    case 'installed':
      return good(`GENERATION ${line.generation} (${line.keyId}) is installed: ACTIVE, read back equal.`)
    case 'resumed':
      return plain(`Resuming: ${line.found}`)
    case 'remote-opened':
      return plain(`One-time key ${line.fingerprint} for custodians elsewhere; ${line.wordsReadBy} reads its words aloud.`)
    case 'session-opened':
    case 'share-accepted':
    case 'share-refused':
    case 'outcome':
    case 'probes-signed':
    case 'head-signed':
    case 'probe-failed':
    case 'closed':
      return null
  }
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
