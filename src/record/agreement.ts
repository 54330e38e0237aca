/** Logbook and journals held against each other: what one of them has seen, the other cannot lose. Pure. */
import { sha256Hex } from '../canonical.js'
import { GlasskeyError } from '../errors.js'
import { NO_LINE, type Chain, type Head } from './chain.js'
import type { LogbookEntry } from './logbook.js'

/** A session, and where the logbook ended when its warrant was drawn up. */
export interface RecordedSession {
  id: string
  opensAfter: Head
  chain: Chain<{ type: string }>
}

/**
 * Throws CHAIN_BROKEN when the logbook was shortened or forked since a warrant named its end, or when a journal that an
 * entry names is missing, shortened or another.
 */
export function checkAgreement(logbook: Chain<LogbookEntry>, sessions: readonly RecordedSession[]): void {
  for (const { id, opensAfter: { seq, sha256 } } of sessions) {
    if (seq > logbook.head.seq) throw broken(`the logbook was shortened: session ${id} began after entry ${seq}`, BROUGHT)
    const text = logbook.texts[seq - 1]
    if ((text === undefined ? NO_LINE : sha256Hex(text)) !== sha256) throw broken(`the logbook was forked: session ${id} began after an entry that is not there`, BROUGHT)
  }
  const digests = new Map(sessions.map(({ id, chain }) => [id, new Set(chain.texts.map((text) => sha256Hex(text)))]))
  for (const entry of logbook.lines) {
    if (entry.type !== 'session') continue
    const journal = digests.get(entry.session)
    if (!journal) throw broken(`the session of entry ${entry.seq} (${entry.session}) is missing`)
    // A session that was resumed has an entry for each of its ends; its journal went on after the earlier ones.
    if (!journal.has(entry.journalSha256)) throw broken(`the journal of session ${entry.session} is not the one that entry ${entry.seq} of the logbook names`)
  }
}

/** A session that began after an entry of its own copy alone is of no other. */
const BROUGHT = ' Only if its folder was just brought here from another copy: take it out again.'

function broken(what: string, besides = ''): GlasskeyError {
  return new GlasskeyError('CHAIN_BROKEN', what, `The record was altered. Keep it as it is and compare with the paper book.${besides}`)
}
