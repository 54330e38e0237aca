/** The warrant as people read it, at the machine and elsewhere: the same lines in the same order. */
import { codeWords, purpose, type Warrant } from './warrant.js'

/** `REHEARSAL DRILL WARRANT 20261120T…`. */
export function warrantTitle(warrant: Warrant): string {
  return `${warrant.rehearsal ? 'REHEARSAL ' : ''}${warrant.drill ? 'DRILL ' : ''}WARRANT ${warrant.session}`
}

/** Names and values, with the names and in the order of the page to sign: people hold one against the other. `bring` is what custodians bring beside their sheet, if anything. */
export function warrantRows(warrant: Warrant, bring: string | null): [string, string][] {
  return [
    ['For', purpose(warrant.action)],
    ['Operator', `${warrant.operator.name} (${warrant.operator.user})`],
    ['Incident', warrant.incident],
    ['Reason', warrant.reason],
    ['Use case', warrant.useCase],
    ['Authorised by', warrant.authorisedBy],
    ['Regions', warrant.regions.join(', ')],
    ['Deadline', `${warrant.deadline.slice(0, 10)} ${warrant.deadline.slice(11, 19)} UTC`],
    ['Calls', `at most ${warrant.calls}, and those of the exit`],
    ['Key released', `GENERATION ${warrant.key.generation}, key id ${warrant.key.keyId}`],
    ['Successor', warrant.successor ? `GENERATION ${warrant.successor.generation}, key id ${warrant.successor.keyId}` : 'none: ROTATION IS DEFERRED, and this key stays alive'],
    ...(bring === null ? [] : [['Bring too', bring] as [string, string]]),
    ['Logbook', `after entry ${warrant.logbook.seq}, ${warrant.logbook.sha256}`],
    ...warrant.isolationExceptions.map((sentence): [string, string] => ['Exception', sentence]),
    ['Code words', codeWords(warrant)],
  ]
}

/** What a custodian agrees to when rotation cannot happen now. */
export const DEFERRED_SENTENCE = 'the key stays installed and alive after this session'
