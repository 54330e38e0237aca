/** Requests of a lent login during a takeover: journalled like the strongroom's own, intent first. */
import { createHash } from 'node:crypto'
import { canonicalJson, saysTheSame, type Json } from '../canonical.js'
import { asRemark, asWords } from '../custody/fields.js'
import { GlasskeyError } from '../errors.js'
import type { LineFile } from '../host/line-file.js'
import { opcRequestIdOf, type JournalEntry, type JournalLine } from '../record/journal.js'
import { exchange, ExchangeError, type Answer, type Carrier } from '../wire/exchange.js'
import { signRequest, type Signer, type UnsignedRequest } from '../wire/signature.js'
import { carryFor, type LentLogin } from './profile-clerk.js'
import { tell } from '../host/tell.js'

/** The journal of a session while the desk writes it. */
export type DeskJournal = LineFile<JournalLine, JournalEntry>

/** The one change of the world that a task may ask for. */
export interface OneChange {
  method: 'POST' | 'DELETE'
  url: string
  body: Json | null
}

/** Carries for a lent login; the one change it may make is journalled. Throws OUTSIDE_WARRANT for any other, OUTCOME_UNKNOWN when no answer came. */
export function journalledCarry(journal: DeskJournal, login: LentLogin, carrier: Carrier, rule: string, change: OneChange): (request: UnsignedRequest) => Promise<Answer> {
  return (request) => {
    if (request.method === 'GET') return carryFor(request, login, carrier)
    const body = request.body === null ? null : new TextDecoder().decode(request.body)
    const fits = request.method === change.method && request.url === change.url && (change.body === null ? body === null || body === '' : body !== null && saysTheSame(body, change.body))
    if (!fits || !login.allows(new URL(request.url).origin)) throw new GlasskeyError('OUTSIDE_WARRANT', `the clerk asked for ${request.method} ${request.url}, which "${rule}" is not`, 'Nothing was sent.')
    return sendJournalled(journal, { ...request, body: change.body === null ? null : new TextEncoder().encode(canonicalJson(change.body)), headers: {} }, login.signer, carrier, rule)
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
    written(`OCI answered ${answer.status} to "${rule}"`, () => journal.append({ type: 'outcome', intent: line.seq, status: answer.status, opcRequestId: asWords(answer.headers['opc-request-id'] ?? ''), date: asWords(answer.headers['date'] ?? '') }))
    return answer
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error
    tell(written(`OCI did not answer "${rule}"`, () => journal.append({ type: 'unknown', intent: line.seq, reason: asRemark(error.message) })).line)
    throw new GlasskeyError('OUTCOME_UNKNOWN', `OCI did not answer "${rule}": ${error.message}`, 'Run glasskey takeover again: it reads first what is true.', { cause: error })
  }
}

/** Throws OUTCOME_UNKNOWN: what OCI did, and no record has, is not known to the next who reads. */
function written<Line>(what: string, write: () => Line): Line {
  try {
    return write()
  } catch (error) {
    if (!(error instanceof GlasskeyError)) throw error
    throw new GlasskeyError('OUTCOME_UNKNOWN', `${what}, and that is not on record: ${error.message}`, 'Mend the disk. What OCI did is found out by reading.', { cause: error })
  }
}
