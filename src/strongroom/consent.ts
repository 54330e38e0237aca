/** Consent: each releasing custodian, by name, by typing the warrant's code words. */
import { calledBy, nameOf } from '../custody/share.js'
import type { Manifest } from '../custody/manifest.js'
import { beginAlike, sameWords } from '../custody/words.js'
import { GlasskeyError } from '../errors.js'
import { ask, askYesNo, say } from '../host/terminal.js'
import { DEFERRED_SENTENCE, warrantRows, warrantTitle } from '../warrant/shown.js'
import { codeWords, type Warrant } from '../warrant/warrant.js'
import type { Journal } from './journal.js'
import { needsBagWords } from './successor-words.js'

/** Custodians who released, by number. `any` is a rehearsal with --yes. */
export type Consents = ReadonlySet<number> | 'any'

/** Shows the warrant, and the exceptions that this machine adds to it. Custodians read it here, on the terminal of the process that will hold the key. */
export function showWarrant(warrant: Warrant, manifest: Manifest, added: readonly string[]): void {
  const bring = needsBagWords(warrant, manifest) ? `your bags of GENERATION ${warrant.successor?.generation ?? 0}: the 16 words on them are asked for (ceremony record, "On each bag")` : null
  say('')
  say(warrantTitle(warrant), 'strong')
  for (const [name, value] of warrantRows(warrant, bring)) say(`  ${name.padEnd(14)}${value}`)
  for (const sentence of added) say(`  NOT ON THE WARRANT, but true of this machine: ${sentence}`, 'alarm')
  say('Before a bag is opened, copy the logbook line and the code words into the paper book.')
  say('')
}

/** Asks custodians, one by one, until `least` released (a quorum, or fewer where others are elsewhere). Each is journalled. Throws CONSENT_REFUSED. */
export async function collectConsents(warrant: Warrant, manifest: Manifest, yes: boolean, journal: Journal, left: AbortSignal, least = manifest.threshold): Promise<Consents> {
  if (yes) {
    if (!warrant.rehearsal) throw new GlasskeyError('REHEARSAL_MISMATCH', '--yes is for rehearsals only', 'Each custodian consents at the terminal.')
    return 'any'
  }
  const given = new Set<number>()
  say(`Custodians: ${manifest.shares.map((share) => `${share.custodian} ${share.name}`).join(' · ')}`)
  while (given.size < least || (given.size < manifest.shares.length && (await askYesNo(given.size === 0 ? 'Does a custodian at this machine release?' : 'Does another custodian release?', '--yes in a rehearsal', left)))) {
    const custodian = await whichCustodian(manifest, given, left)
    await askConsent(warrant, manifest, custodian, journal, left)
    given.add(custodian)
    say(`Consent ${given.size} of ${manifest.threshold}.`, 'good')
  }
  return given
}

/** Records the consent that `--yes` stands for, when a rehearsal's share turns up. */
export function consentByFlag(warrant: Warrant, manifest: Manifest, custodian: number, journal: Journal): void {
  const name = nameOf(manifest, custodian)
  journal.write({ type: 'consented', custodian, name, to: 'warrant', how: 'rehearsal --yes' })
  if (!warrant.successor) journal.write({ type: 'consented', custodian, name, to: 'deferred-rotation', how: 'rehearsal --yes' })
}

async function whichCustodian(manifest: Manifest, given: ReadonlySet<number>, left: AbortSignal): Promise<number> {
  for (;;) {
    const answer = await ask(`Which custodian releases? (${given.size} of ${manifest.threshold} so far) Number:`, '--yes in a rehearsal', left)
    const number = Number(answer)
    if (!manifest.shares.some((share) => share.custodian === number)) say(`There is no custodian "${answer}": type one of the numbers.`)
    else if (given.has(number)) say(`${calledBy(manifest, number)} has released already.`)
    else return number
  }
}

async function askConsent(warrant: Warrant, manifest: Manifest, custodian: number, journal: Journal, left: AbortSignal): Promise<void> {
  const name = nameOf(manifest, custodian)
  say(`${name}: you release your share for this warrant and nothing else. To refuse, type "refuse" and raise the alarm.`)
  await typed(`${name}, type the four code words of the warrant:`, codeWords(warrant), left)
  journal.write({ type: 'consented', custodian, name, to: 'warrant', how: 'code words typed' })
  if (warrant.successor) return
  await typed(`${name}, type: ${DEFERRED_SENTENCE}`, DEFERRED_SENTENCE, left)
  journal.write({ type: 'consented', custodian, name, to: 'deferred-rotation', how: 'code words typed' })
}

/** The words may come one a line, as people read them from a page. */
async function typed(question: string, expected: string, left: AbortSignal): Promise<void> {
  let before = ''
  for (;;) {
    const answer = await ask(before === '' ? question : `${before} …`, '--yes in a rehearsal', left)
    if (answer.toLowerCase() === 'refuse') throw new GlasskeyError('CONSENT_REFUSED', 'a custodian refused to release', 'No share was read. Find out why.')
    const words = `${before} ${answer}`.trim()
    if (sameWords(words, expected)) return
    if (beginAlike(words, expected)) {
      before = words
      continue
    }
    before = ''
    say('Those are not the words. Nothing happened; try again, or type "refuse".')
  }
}
