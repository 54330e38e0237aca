/** C: who agreed to what, and when. */
import { canonicalJson } from '../../canonical.js'
import { INSTALL, LOCK_DOWN, notLockedDown } from '../../record/replay.js'
import { CREDENTIALS } from '../../warrant/scope.js'
import { type Control, failed } from '../control.js'
import type { Dossier } from '../dossier.js'
import { linesOf, releasesOf, type LineOf } from '../releases.js'
import { counted, eachSession, soundLogbook, type SoundSession } from '../sound.js'

/** Throws AUDIT_FAILED. */
function quorumConsented(dossier: Dossier): string {
  const releases = eachSession(dossier, (session) => {
    const lives = releasesOf(session).filter((release) => release.some(({ type }) => type === 'key-live'))
    for (const release of lives) checkConsents(session, linesOf(release, 'consented'))
    return lives.length
  })
  return `${counted(sum(releases), 'release')}, each with a quorum of named custodians`
}

function checkConsents({ id, manifest, warrant }: SoundSession, consents: readonly LineOf<'consented'>[]): void {
  const given = consents.filter(({ to }) => to === 'warrant')
  for (const { custodian, name, how } of given) {
    const named = manifest.shares.find((share) => share.custodian === custodian)?.name
    if (named !== name) throw failed(`session ${id}: "${name}" consented as custodian ${custodian}, who is ${named ?? 'nobody'} in the manifest`)
    if (how === 'rehearsal --yes' && !warrant.rehearsal) throw failed(`session ${id}: ${name} did not type the code words, and it is no rehearsal`)
  }
  const people = new Set(given.map(({ custodian }) => custodian))
  if (people.size < given.length) throw failed(`session ${id}: a custodian's consent is counted twice`)
  if (people.size < manifest.threshold) throw failed(`session ${id}: ${people.size} of ${manifest.threshold} needed custodians consented`)
}

/** Throws AUDIT_FAILED. In a rehearsal with --yes a consent stands beside each share, so there each share's own must come first. */
function consentsBeforeShares(dossier: Dossier): string {
  const shares = eachSession(dossier, (session) => {
    let read = 0
    for (const release of releasesOf(session)) {
      const accepted = linesOf(release, 'share-accepted')
      const consents = linesOf(release, 'consented').filter(({ to }) => to === 'warrant')
      for (const share of accepted) {
        if (!consents.some(({ custodian, seq }) => custodian === share.custodian && seq < share.seq)) {
          throw failed(`session ${session.id}: the share of custodian ${share.custodian} was read without that custodian's consent`)
        }
      }
      // A custodian elsewhere sends consent and share together; nobody's sheet is read at the machine before a quorum has consented.
      const elsewhere = new Set(consents.flatMap(({ how, custodian }) => (how === 'remote message' ? [custodian] : [])))
      const first = accepted.find(({ custodian }) => !elsewhere.has(custodian))
      const typed = consents.filter(({ how }) => how !== 'rehearsal --yes')
      if (first && typed.some(({ how }) => how === 'code words typed') && typed.filter(({ seq }) => seq < first.seq).length < session.manifest.threshold) {
        throw failed(`session ${session.id}: a share was read before a quorum had consented`)
      }
      read += accepted.length
    }
    return read
  })
  return `${counted(sum(shares), 'share')} read, each after its custodian's consent`
}

/** Throws AUDIT_FAILED. */
function takeoversAgreed(dossier: Dossier): string {
  const removals = eachSession(dossier, (session) => (session.warrant.action.name === 'takeover' ? checkTakeover(session) : 0))
  return `${counted(sum(removals), 'removal')} of takeovers, each agreed to before`
}

const [PASSWORD, CAPABILITIES, FACTORS] = LOCK_DOWN

/** What stands in the journal as agreed to, for what the takeover signs. */
const AGREED: Readonly<Record<string, string>> = {
  [PASSWORD]: 'set the console password to a random one that nobody sees',
  [CAPABILITIES]: 'leave API keys as the only way in (user capabilities)',
  [FACTORS]: 'remove MFA factors, last',
}

function checkTakeover(session: SoundSession): number {
  checkInstalled(session)
  const { id, state } = session
  const undone = notLockedDown(state.calls)
  if (state.action?.result === 'done' && undone !== undefined) throw failed(`session ${id} calls its takeover done, and OCI did not say yes to "${undone}"`)
  return checkRemovals(session)
}

/** Uploaded in this session, or found there from an earlier one: a quorum read the words on its bags before. */
function checkInstalled({ id, chain, state, manifest, warrant }: SoundSession): void {
  const install = state.calls.find(({ intent: { by, rule } }) => by === 'desk' && rule.startsWith(INSTALL))?.intent ?? linesOf(chain.lines, 'installed')[0]
  if (!install || warrant.rehearsal) return
  const isConfirmation = ({ custodian, name, to, how, seq }: LineOf<'consented'>): boolean => to === 'installation' && how === 'code words typed' && seq < install.seq && manifest.shares.some((share) => share.custodian === custodian && share.name === name)
  const people = new Set(state.consents.filter(isConfirmation).map(({ custodian }) => custodian))
  if (people.size < manifest.threshold) throw failed(`session ${id}, line ${install.seq}: ${people.size} of ${manifest.threshold} custodians had confirmed the key that was installed`)
}

/** Between census and exit; what the exit deletes is the warrant's, not the takeover's. */
function checkRemovals({ id, chain, state }: SoundSession): number {
  const exit = state.exit?.seq ?? Number.POSITIVE_INFINITY
  const agreed = linesOf(chain.lines, 'agreed')
  const changes = state.calls.map(({ intent }) => intent).filter(({ by, method, seq }) => by !== 'desk' && method !== 'GET' && seq < exit)
  for (const { rule, path, seq } of changes) {
    const step = AGREED[rule] ?? removalStep(path)
    if (step === null || !agreed.some((line) => line.seq < seq && line.to === step)) throw failed(`session ${id}, line ${seq}: nobody agreed to "${rule}"`)
  }
  return changes.length
}

function removalStep(path: string): string | null {
  const [kind = '', name = ''] = path.split('/').slice(-2)
  if (kind === 'apiKeys') return `delete API key ${decodeURIComponent(name)}, with the new key`
  return kind in CREDENTIALS ? `delete ${kind} ${name}` : null
}

/** Throws AUDIT_FAILED. In a rehearsal --yes writes this consent too. */
function deferralsConsented(dossier: Dossier): string {
  const deferred = eachSession(dossier, ({ id, warrant, state, manifest }) => {
    if (!state.deferred) return []
    if (warrant.successor) throw failed(`session ${id}: rotation was deferred, and its warrant names a successor`)
    const people = new Set(state.consents.filter(({ to }) => to === 'deferred-rotation').map(({ custodian }) => custodian))
    if (people.size < manifest.threshold) throw failed(`session ${id}: ${people.size} of ${manifest.threshold} custodians consented to deferring the rotation`)
    const silent = state.sharesSeen.filter((custodian) => !people.has(custodian))
    if (silent.length > 0) throw failed(`session ${id}: custodian ${silent.join(', ')} released, and did not consent to deferring the rotation`)
    return [`session ${id}, by ${people.size} custodians' consent`]
  }).flat()
  return deferred.length === 0 ? 'no rotation was deferred' : `${counted(deferred.length, 'rotation')} deferred: ${deferred.join('; ')}`
}

/** Throws AUDIT_FAILED. */
function exceptionsRecorded(dossier: Dossier): string {
  const isolation = eachSession(dossier, ({ id, warrant, state }) => {
    if (canonicalJson(state.opened.isolation) !== canonicalJson(warrant.isolationExceptions)) throw failed(`session ${id}: the journal began with other exceptions than the custodians consented to`)
    return { warrant: warrant.isolationExceptions.length, added: state.addedIsolation.length }
  })
  const entries = soundLogbook(dossier).lines
  const ceremonies = entries.flatMap((entry) => (entry.type === 'ceremony' ? entry.exceptions : []))
  const others = entries.filter(({ type }) => type === 'exception')
  return `exceptions: ${sum(isolation.map(({ warrant }) => warrant))} on warrants, ${sum(isolation.map(({ added }) => added))} of machines on which sessions were resumed, ${ceremonies.length} at ceremonies, ${others.length} entered in the logbook; the report lists them`
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0)
}

/** Controls of consent. */
export const CONSENT_CONTROLS: readonly Control[] = [
  {
    code: 'C01',
    claim: 'Each release had the consent of a quorum: distinct custodians of the manifest, by typing the code words.',
    method: 'Count consents for each time that a key became live; rehearsals may have used --yes.',
    source: 'sessions/*/journal.jsonl',
    bearsOn: ['scriptFollowed'],
    reperformed: true,
    examine: quorumConsented,
  },
  {
    code: 'C02',
    claim: 'No share was read before its custodian, and a quorum, had consented.',
    method: 'Compare the order of the lines.',
    source: 'sessions/*/journal.jsonl',
    bearsOn: ['scriptFollowed'],
    reperformed: true,
    examine: consentsBeforeShares,
  },
  {
    code: 'C03',
    claim: 'What a takeover installed and removed was agreed to before; what it calls done, OCI said yes to.',
    method: 'Count custodians who confirmed the key from their bags (rehearsals may have used --yes); match each change with the sentence that was agreed to, and what was closed with OCI\'s answers.',
    source: 'sessions/*/journal.jsonl',
    bearsOn: ['scriptFollowed'],
    reperformed: true,
    examine: takeoversAgreed,
  },
  {
    code: 'C04',
    claim: 'No rotation was deferred without every releasing custodian\'s consent to that very sentence.',
    method: 'Count consents to deferred rotation; match them with the shares that were read.',
    source: 'sessions/*/journal.jsonl',
    bearsOn: ['scriptFollowed'],
    reperformed: true,
    examine: deferralsConsented,
  },
  {
    code: 'C05',
    claim: 'Every exception is recorded where people consented to it.',
    method: 'Compare exceptions on warrants with those that the journals began with; list all.',
    source: 'sessions/*/warrant.json, sessions/*/journal.jsonl, logbook.jsonl',
    bearsOn: ['scriptFollowed'],
    reperformed: true,
    examine: exceptionsRecorded,
  },
]
