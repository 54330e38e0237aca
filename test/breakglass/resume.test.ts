/** What resume says had happened, word for word: it is all that somebody has who finds an interrupted session. */
import { expect, test } from 'vitest'
import { whatHappened } from '../../src/breakglass/resume.js'
import type { StoredSession } from '../../src/host/sealed-folder.js'
import { replay, type Session } from '../../src/record/replay.js'
import { journalOf, SESSIONS, warrantOf } from '../vectors/frozen.js'

const chain = journalOf(SESSIONS[1])
const stored = (changes: Partial<Session>): StoredSession => ({ id: SESSIONS[1], warrant: warrantOf(SESSIONS[1]), chain, session: { ...replay(chain.lines), ...changes } })

test.each<[Partial<Session>, boolean | null, boolean, string]>([
  [{ keyLiveAt: null, sharesSeen: [] }, null, false, 'The session ended before the key of GENERATION 2 was live; 0 shares were seen.'],
  [{ keyLiveAt: null, sharesSeen: [2] }, null, false, 'The session ended before the key of GENERATION 2 was live; 1 share was seen.'],
  [{ keyLiveAt: null, sharesSeen: [1, 2] }, null, false, 'The session ended before the key of GENERATION 2 was live; 2 shares were seen.'],
  [{ deletion: 'not-sent' }, null, false, 'The session ended with the key of GENERATION 2 live, and no deletion of it is on record.'],
  [{ deletion: 'not-sent' }, false, false, 'The session ended with the key of GENERATION 2 live, and no deletion of it is on record. The key list still has it.'],
  [{ deletion: 'not-sent' }, true, false, 'The session ended with the key of GENERATION 2 live, and no deletion of it is on record. The key list no longer has it.'],
  [{ deletion: 'not-sent' }, true, true, 'The session ended with the key of GENERATION 2 live, and no deletion of it is on record. The key list no longer has it. Another session proved it dead.'],
  [{ deletion: 'unknown' }, null, false, 'The deletion of the key of GENERATION 2 was sent and no answer is recorded.'],
  [{ deletion: 'unknown' }, false, false, 'The deletion of the key of GENERATION 2 was sent and no answer is recorded. The key list still has it.'],
  [{ deletion: 'unknown' }, true, false, 'The deletion of the key of GENERATION 2 was sent and no answer is recorded. The key list no longer has it.'],
  [{ deletion: 'unknown' }, null, true, 'The deletion of the key of GENERATION 2 was sent and no answer is recorded. Another session proved it dead.'],
  [{ deletion: 'done' }, null, false, 'The key of GENERATION 2 was deleted and not yet proved dead.'],
  [{ deletion: 'done' }, true, false, 'The key of GENERATION 2 was deleted and not yet proved dead. The key list no longer has it.'],
  [{ deletion: 'done' }, false, false, 'The key of GENERATION 2 was deleted and not yet proved dead. The key list still has it.'],
  [{ deletion: 'done' }, null, true, 'The key of GENERATION 2 was deleted. Another session proved it dead.'],
])('%j, listed gone: %j, dead elsewhere: %j', (changes, gone, burned, said) => {
  expect(whatHappened(stored(changes), gone, burned)).toBe(said)
})
