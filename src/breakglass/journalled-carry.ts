/** Requests of a lent login during a takeover: journalled like the strongroom's own, intent first. */
import { createHash } from 'node:crypto'
import { GlasskeyError } from '../errors.js'
import { type LineFile } from '../host/line-file.js'
import { opcRequestIdOf, type JournalEntry, type JournalLine } from '../record/journal.js'
import { exchange, ExchangeError, type Answer, type Carrier } from '../wire/exchange.js'
import { signRequest, type Signer, type UnsignedRequest } from '../wire/signature.js'
import { carryFor, type LentLogin } from './profile-clerk.js'
import { tell } from './tell.js'

/** The journal of a session while the desk writes it. */
export type DeskJournal = LineFile<JournalLine, JournalEntry>

/** Carries for a lent login; everything that changes the world is journalled. Throws OUTCOME_UNKNOWN when no answer came to that. */
export function journalledCarry(journal: DeskJournal, login: LentLogin, carrier: Carrier, rule: string): (request: UnsignedRequest) => Promise<Answer> {
  return (request) => {
    if (request.method === 'GET') return carryFor(request, login, carrier)
    if (!login.allows(new URL(request.url).origin)) throw new GlasskeyError('OUTSIDE_WARRANT', `the clerk asked for ${request.method} ${request.url}, which this login is not for`)
    return sendJournalled(journal, request, login.signer, carrier, rule)
  }
}

/** Signs and sends one request, intent before and outcome after. Throws OUTCOME_UNKNOWN. */
export async function sendJournalled(journal: DeskJournal, request: UnsignedRequest, signer: Signer, carrier: Carrier, rule: string): Promise<Answer> {
  const url = new URL(request.url)
  const { line, head } = journal.append({
    type: 'intent',
    rule,
    method: request.method,
    host: url.host,
    path: url.pathname + url.search,
    bodySha256: request.body === null ? null : createHash('sha256').update(request.body).digest('hex'),
    by: 'desk',
  })
  tell(line)
  try {
    const answer = await exchange(signRequest(request, signer, new Date(), opcRequestIdOf(head.sha256)), carrier)
    journal.append({ type: 'outcome', intent: line.seq, status: answer.status, opcRequestId: answer.headers['opc-request-id'] ?? '', date: answer.headers['date'] ?? '' })
    return answer
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error
    tell(journal.append({ type: 'unknown', intent: line.seq, reason: error.message.slice(0, 400) || 'no answer' }).line)
    throw new GlasskeyError('OUTCOME_UNKNOWN', `OCI did not answer "${rule}": ${error.message}`, 'Run glasskey takeover again: it reads first what is true.', { cause: error })
  }
}
