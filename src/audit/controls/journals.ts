/** J: journals, in themselves and against warrant, logbook, last signature and evidence. */
import { canonicalJson, jsonIn, sha256Hex, type Json } from '../../canonical.js'
import { explain } from '../../custody/explain.js'
import { checkLastSignature, evidenceFile, evidenceOf, evidenceSchema, type Evidence } from '../../record/evidence.js'
import { warrantDigest } from '../../warrant/warrant.js'
import { type Control, failed } from '../control.js'
import type { Dossier, FiledSession } from '../dossier.js'
import { given, NotChecked, proven } from '../reading.js'
import { explainedBy, reconcile, type Explained, type Reconciled } from '../reconciliation.js'
import { counted, eachFiled, eachSession, lastEntry, logbookIfSound, soundLogbook, soundManifest, soundSession, type SoundSession } from '../sound.js'

/** Throws NotChecked for a session that only the logbook knows. */
function inFolder(filed: FiledSession): FiledSession {
  if (filed.lost) throw new NotChecked(`session ${filed.id} is not in the folder; see L03`)
  return filed
}

/** Throws CHAIN_BROKEN naming the line. */
function chainsHold(dossier: Dossier): string {
  const lines = eachFiled(dossier, (filed) => proven(inFolder(filed).journal).chain.lines.length)
  return `${counted(lines.length, 'journal')}, ${lines.reduce((sum, one) => sum + one, 0)} lines`
}

/** Throws AUDIT_FAILED or WARRANT_INVALID. */
function warrantsMatch(dossier: Dossier): string {
  const found = eachFiled(dossier, (filed) => {
    const { id } = filed
    const { opened } = given(inFolder(filed).journal, 'J01', `the journal of session ${id}`).state
    const warrant = proven(filed.warrant)
    if (warrantDigest(warrant) !== opened.warrantSha256) throw failed(`warrant.json of session ${id} is not the one that its journal began with`)
    const manifest = soundManifest(dossier, warrant.key.generation)
    const { generation, keyId, spkiSha256, fingerprint, publicKeyPem } = manifest
    const pairs: [what: string, one: Json, other: Json][] = [
      ['session', [warrant.session, opened.session], [id, id]],
      ['action', opened.action, warrant.action.name],
      ['rehearsal', [opened.rehearsal, warrant.rehearsal], [manifest.rehearsal, manifest.rehearsal]],
      ['drill', opened.drill, warrant.drill],
      ['key', warrant.key, { generation, keyId, spkiSha256, fingerprint, publicKeyPem }],
      ['key in the journal', [opened.generation, opened.keyId, opened.spkiSha256], [generation, keyId, spkiSha256]],
      ['tenancy', warrant.tenancy, manifest.tenancy],
      ['user', warrant.user, manifest.user],
      ['home region', warrant.homeRegion, manifest.homeRegion],
      ['regions', warrant.regions, manifest.regions],
      ['logbook', [opened.logbookSeq, opened.logbookSha256], [warrant.logbook.seq, warrant.logbook.sha256]],
    ]
    const different = pairs.filter(([, one, other]) => canonicalJson(one) !== canonicalJson(other)).map(([what]) => what)
    if (different.length > 0) throw failed(`warrant, journal and manifest of session ${id} contradict each other in: ${different.join(', ')}`)
    return id
  })
  return `${counted(found.length, 'warrant')}, each the one that its journal began with`
}

/** Throws AUDIT_FAILED. */
function headsEntered(dossier: Dossier): string {
  const logbook = soundLogbook(dossier)
  const found = eachFiled(dossier, (filed) => {
    const { chain, state } = given(inFolder(filed).journal, 'J01', `the journal of session ${filed.id}`)
    const entry = lastEntry(logbook, filed.id)
    if (!entry || state.closed === null) return 0
    if (entry.journalSha256 !== chain.head.sha256 && chain.texts.some((line) => sha256Hex(line) === entry.journalSha256)) {
      throw failed(`the journal of session ${filed.id} goes on after entry ${entry.seq} of the logbook, and that is not entered yet: glasskey resume --session ${filed.id}`)
    }
    if (entry.journalSha256 !== chain.head.sha256) throw failed(`the journal of session ${filed.id} is not the one that entry ${entry.seq} of the logbook names`)
    return 1
  })
  return `${counted(found.filter((one) => one > 0).length, 'journal')} with the head that the logbook names`
}

/** Throws EVIDENCE_INVALID; NotChecked for a journal that its used key signed no head of, where OCI's log does not bear it out: those lines may have been taken out. */
function signaturesVerify(dossier: Dossier): string {
  const explained = explainedBy(dossier)
  const released = eachSession(dossier, (session) => {
    const { lastLife: life } = checkLastSignature(session.state, session.manifest)
    const unsigned = life !== null && !life.signed && mayHaveSigned(life)
    if (unsigned && !isBorneOut(dossier, session, explained)) throw new NotChecked(`session ${session.id}: its key was used, and signed no head of its journal. Whether the strongroom did not live to sign, or those lines were taken out, OCI's log tells: glasskey audit --profile (A06)`)
    return { id: session.id, life }
  })
  const without = (used: boolean, why: string): string => {
    const ids = released.filter(({ life }) => life !== null && !life.signed && mayHaveSigned(life) === used).map(({ id }) => id)
    return ids.length === 0 ? '' : `; none in ${ids.join(', ')}: ${why}`
  }
  return `${counted(released.filter(({ life }) => life?.signed === true).length, 'last signature')} verified with the keys of the manifests${without(true, 'the strongroom did not live to sign, and OCI\'s log has every call of that journal')}${without(false, 'the key was burned before it might sign, so compare that journal with OCI\'s audit log')}`
}

/** Whether its key may have signed something: it did, or no line says that it was burned before. */
function mayHaveSigned({ used, burned }: NonNullable<SoundSession['state']['lastLife']>): boolean {
  return used || !burned
}

/**
 * Whether OCI's log was read whole, and has every call that this journal says was answered, and no other of its key: each id is
 * made from all lines before it. Of a journal without a call it has none, and that means something where it has those of a later session.
 */
function isBorneOut(dossier: Dossier, session: SoundSession, explained: Explained): boolean {
  const found = inLog(dossier, session, explained)
  if (found === null || found.journalOnly.length + found.cloudOnly.length + found.unreadable > 0) return false
  if (found.matched > 0) return true
  const later = dossier.sessions.filter(({ id }) => id > session.id)
  return session.state.calls.length === 0 && later.some((filed) => (inLog(dossier, soundSession(dossier, filed), explained)?.matched ?? 0) > 0)
}

/** Null: OCI's log of that time was not read whole. */
function inLog(dossier: Dossier, session: SoundSession, explained: Explained): Reconciled | null {
  const log = dossier.cloud?.log.get(session.id)
  return log?.read !== true || log.value.gaps.length > 0 ? null : reconcile(session, log.value, explained, dossier.now)
}

/** Throws AUDIT_FAILED naming the fields. */
function evidenceAgrees(dossier: Dossier): string {
  const evidence = new Map(dossier.sessions.map((filed) => [filed.id, filed.evidence]))
  const logbook = logbookIfSound(dossier)
  const isEntered = (id: string): boolean => !logbook || lastEntry(logbook, id) !== undefined
  const found = eachSession(dossier, ({ id, chain, state, manifest }) => {
    const text = evidence.get(id)
    // A session in which no sheet was read leaves none; one that is open has none yet, or that of an earlier end; one that is not entered is L03's.
    if (!text || state.closed === null || (!text.read && (!state.exposing || !isEntered(id)))) return 0
    const filed = parseEvidence(proven(text), id)
    const made = evidenceOf(chain, state, manifest)
    const different = (Object.keys(made) as (keyof Evidence)[]).filter((name) => canonicalJson(filed[name]) !== canonicalJson(made[name]))
    if (different.length > 0) throw failed(`evidence.json of session ${id} contradicts its journal in: ${different.join(', ')}`)
    if (evidenceFile(filed) !== proven(text)) throw failed(`evidence.json of session ${id} is not in canonical form (RFC 8785, one final newline)`)
    return 1
  })
  return `${counted(found.filter((one) => one > 0).length, 'piece of evidence', 'pieces of evidence')}, as the journals say`
}

/** Throws AUDIT_FAILED. */
function parseEvidence(text: string, id: string): Evidence {
  const parsed = evidenceSchema.safeParse(jsonIn(text))
  if (!parsed.success) throw failed(`evidence.json of session ${id} is not evidence: ${explain(parsed.error)}`)
  return parsed.data
}

/** Controls of the journals. */
export const JOURNAL_CONTROLS: readonly Control[] = [
  {
    code: 'J01',
    claim: 'The chain of every journal is intact.',
    method: 'Recompute every digest from the first line to the last; torn pieces lie beside it as its lines say.',
    source: 'sessions/*/journal.jsonl',
    bearsOn: ['scriptFollowed', 'actionsExplained'],
    reperformed: true,
    examine: chainsHold,
  },
  {
    code: 'J02',
    claim: 'Every warrant is the one that its journal began with, for the key of its manifest.',
    method: 'Recompute the warrant\'s digest; compare warrant, first line and manifest.',
    source: 'sessions/*/warrant.json, sessions/*/journal.jsonl',
    bearsOn: ['scriptFollowed', 'actionsExplained'],
    reperformed: true,
    examine: warrantsMatch,
  },
  {
    code: 'J03',
    claim: 'The logbook names the head of every journal.',
    method: 'Compare the head with the session\'s last entry.',
    source: 'sessions/*/journal.jsonl, logbook.jsonl',
    bearsOn: ['scriptFollowed', 'actionsExplained'],
    reperformed: true,
    examine: headsEntered,
  },
  {
    code: 'J04',
    claim: 'The last thing that each used key signed was the head of its own journal.',
    method: 'Verify the signature with the public key of the manifest; where a used key signed none, look for every call of that journal in OCI\'s Audit log.',
    source: 'sessions/*/journal.jsonl, generations/*/manifest.json, OCI Audit',
    bearsOn: ['keyRevoked', 'actionsExplained'],
    reperformed: true,
    examine: signaturesVerify,
  },
  {
    code: 'J05',
    claim: 'The evidence of each session is what its journal says.',
    method: 'Make the evidence again from the journal, compare field for field.',
    source: 'sessions/*/evidence.json',
    bearsOn: ['keyRevoked'],
    reperformed: true,
    examine: evidenceAgrees,
  },
]
