/** L: the logbook, in itself and against the sessions. */
import { canonicalJson, sha256Hex } from '../../canonical.js'
import { actionOf } from '../../record/replay.js'
import { warrantDigest } from '../../warrant/warrant.js'
import { type Control, failed } from '../control.js'
import type { Dossier } from '../dossier.js'
import { given, NotChecked, proven } from '../reading.js'
import { anchorOf, anchorsMissed, counted, eachFiled, eachSession, lastEntry, soundLogbook, type SessionEntry, type SoundSession } from '../sound.js'

/** Throws CHAIN_BROKEN naming the line. */
function chainHolds({ logbook }: Dossier): string {
  const { head } = proven(logbook)
  return `${head.seq} entries, head ${head.sha256}`
}

/** Throws AUDIT_FAILED. */
function asLongAsWarrantsSaw(dossier: Dossier): string {
  const logbook = given(dossier.logbook, 'L01', 'the logbook')
  const missed = anchorsMissed(logbook, dossier)
  if (missed.length > 0) throw failed(missed.join('; '))
  const filed = dossier.sessions.filter(({ lost }) => !lost)
  const unread = filed.filter((session) => anchorOf(session) === null)
  if (unread.length > 0) throw new NotChecked(`the warrant of session ${unread.map(({ id }) => id).join(', ')} could not be relied on; see J01 and J02`)
  return `${counted(filed.length, 'warrant')} saw the logbook as it is`
}

/** Throws AUDIT_FAILED. A session in which no share was asked for needs no entry: no bag was opened. One that is still open gets its entry when it ends. */
function sessionsAndEntries(dossier: Dossier): string {
  const logbook = soundLogbook(dossier)
  const sessions = eachFiled(dossier, ({ id, lost, journal }) => {
    const entry = lastEntry(logbook, id)
    if (lost) throw failed(`entry ${entry?.seq ?? 0} of the logbook tells of session ${id}, which is not in the folder`)
    if (entry) return 'entered'
    const { state } = given(journal, 'J01', `the journal of session ${id}`)
    if (!state.exposing) return 'no bag opened'
    if (state.closed !== null) throw failed(`session ${id} has no entry in the logbook: where glasskey was stopped just before, glasskey resume --session ${id} enters it`)
    return 'open'
  })
  const count = (kind: string): number => sessions.filter((found) => found === kind).length
  const without = (kind: string, why: string): string => (count(kind) > 0 ? `; ${count(kind)} without, ${why}` : '')
  return `${counted(count('entered'), 'session')} with entry${without('no bag opened', 'in which no sheet was read')}${without('open', 'in which sheets may have been read: it has not come to its end, see R01')}`
}

/** Throws AUDIT_FAILED naming the fields. */
function entriesSayWhatHappened(dossier: Dossier): string {
  const logbook = soundLogbook(dossier)
  const compared = eachSession(dossier, (session) => {
    const entry = lastEntry(logbook, session.id)
    if (!entry) return 0
    const isOpen = session.state.closed === null
    checkEarlier(logbook.lines.flatMap((line) => (line.type === 'session' && line.session === session.id && (isOpen || line !== entry) ? [line] : [])), session)
    // It goes on after that entry, and has its next one when it ends.
    if (isOpen) return 0
    const told = entryOf(session)
    const names = Object.keys(told) as (keyof typeof told)[]
    const different = names.filter((name) => canonicalJson(told[name]) !== canonicalJson(entry[name]))
    if (different.length > 0) throw failed(`entry ${entry.seq} of the logbook contradicts the journal of session ${session.id} in: ${different.join(', ')}`)
    return 1
  })
  return `${counted(compared.filter((one) => one > 0).length, 'entry', 'entries')}, field for field`
}

/** A session that was resumed has an entry for each time it came to an end: each names a line of the same journal. */
function checkEarlier(entries: readonly SessionEntry[], { id, chain }: SoundSession): void {
  const digests = new Set(chain.texts.map((text) => sha256Hex(text)))
  const strange = entries.find((entry) => !digests.has(entry.journalSha256))
  if (strange) throw failed(`entry ${strange.seq} of the logbook names a head that the journal of session ${id} never had`)
}

/** What an entry must say, from warrant and journal. The journal's head is J03's. */
function entryOf({ warrant, state }: SoundSession): Omit<SessionEntry, 'seq' | 'at' | 'prev' | 'type' | 'torn' | 'session' | 'journalSha256'> {
  return {
    action: warrant.action.name,
    rehearsal: warrant.rehearsal,
    drill: warrant.drill,
    operator: warrant.operator.name,
    incident: warrant.incident,
    generation: warrant.key.generation,
    keyId: warrant.key.keyId,
    warrantSha256: warrantDigest(warrant),
    shares: state.sharesSeen,
    actionResult: actionOf(state).result,
    successor: state.successor ? { generation: state.successor.generation, keyId: state.successor.keyId } : null,
    grade: state.grade,
    secondsLive: state.secondsLive,
    exitCode: state.closed?.exitCode ?? 0,
  }
}

/** Controls of the logbook. */
export const LOGBOOK_CONTROLS: readonly Control[] = [
  {
    code: 'L01',
    claim: 'The chain of the logbook is intact.',
    method: 'Recompute every digest from the first entry to the last.',
    source: 'logbook.jsonl',
    bearsOn: ['scriptFollowed'],
    reperformed: true,
    examine: chainHolds,
  },
  {
    code: 'L02',
    claim: 'The logbook was neither shortened nor forked: every warrant saw it as it is.',
    method: 'Compare the entry number and digest on each warrant with the logbook.',
    source: 'logbook.jsonl, sessions/*/warrant.json',
    bearsOn: ['scriptFollowed'],
    reperformed: true,
    examine: asLongAsWarrantsSaw,
  },
  {
    code: 'L03',
    claim: 'Every session has its entry in the logbook, and every entry its session.',
    method: 'Match session folders with entries, both ways.',
    source: 'logbook.jsonl, sessions/',
    bearsOn: ['scriptFollowed', 'actionsExplained'],
    reperformed: true,
    examine: sessionsAndEntries,
  },
  {
    code: 'L04',
    claim: 'Each session\'s entry says what its warrant and journal say.',
    method: 'Make the entry again from warrant and journal, compare field for field.',
    source: 'logbook.jsonl, sessions/*/journal.jsonl',
    bearsOn: ['scriptFollowed'],
    reperformed: true,
    examine: entriesSayWhatHappened,
  },
]
