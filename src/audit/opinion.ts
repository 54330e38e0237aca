/** The opinion: three sentences, each resting on its own controls, so that one can fail alone. */
import type { ControlResult, Sentence } from './control.js'

/** One sentence of the opinion. */
export interface Opinion {
  verdict: 'Yes' | 'No' | 'Not established'
  sentence: string
}

/** Which question each sentence answers. */
export const QUESTIONS: Readonly<Record<Sentence, string>> = {
  scriptFollowed: 'Was the script followed?',
  keyRevoked: 'Was every released key revoked?',
  actionsExplained: 'Is every action explained?',
}

/** What each sentence says when all its controls hold. */
const GOOD: Readonly<Record<Sentence, string>> = {
  scriptFollowed: 'Ceremonies, consents and records are as the script wants them.',
  keyRevoked: 'Every key that was recombined is deleted and graded dead; the key in use was recombined in no session on record.',
  actionsExplained: 'Every request that was signed was admitted by its warrant and has an outcome on record.',
}

/** The opinion on a set of results. A failure outweighs what was not checked. */
export function opinionOf(results: readonly ControlResult[]): Record<Sentence, Opinion> {
  return { scriptFollowed: judge('scriptFollowed', results), keyRevoked: judge('keyRevoked', results), actionsExplained: judge('actionsExplained', results) }
}

function judge(sentence: Sentence, results: readonly ControlResult[]): Opinion {
  const mine = results.filter(({ bearsOn }) => bearsOn.includes(sentence))
  const codes = (result: ControlResult['result']): string[] => mine.filter((control) => control.result === result).map(({ code }) => code)
  const fails = codes('fails')
  const open = codes('not checked')
  if (fails.length > 0) return { verdict: 'No', sentence: `${list(fails)} ${fails.length === 1 ? 'does' : 'do'} not hold${open.length > 0 ? `; ${list(open)} could not be checked` : ''}.` }
  if (open.length > 0) return { verdict: 'Not established', sentence: `${list(open)} could not be checked; the other ${mine.length - open.length} controls hold.` }
  return { verdict: 'Yes', sentence: `${GOOD[sentence]} ${mine.length} controls hold.` }
}

/** `A01`, `A01 and A02`, `A01, A02 and A03`. */
function list(codes: readonly string[]): string {
  return codes.length < 2 ? codes.join('') : `${codes.slice(0, -1).join(', ')} and ${codes.at(-1) ?? ''}`
}
