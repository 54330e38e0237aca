/** How people go on with a session whose key may be alive, and the command for it. Pure: `status` says what the session itself said. */
import type { Manifest } from '../custody/manifest.js'
import type { Warrant } from '../warrant/warrant.js'
import { lastListing, isListed } from './recognise.js'
import { DELETE_USED_KEY, isRefusedNow, wasNeverAccepted, type Session } from './replay.js'

/** What people bring: a fresh warrant, a login that reads, one that may delete, or a quorum. */
export type WayOn = 'rotate' | 'reader' | 'remover' | 'quorum'

/** A key, and where it is proved dead; a warrant has both. */
interface Used {
  key: Pick<Manifest, 'spkiSha256' | 'fingerprint'>
  regions: readonly string[]
}

/** The way on. `openable`: whether enough sheets are left to sign with the key once more. */
export function wayOn(session: Session, used: Used, openable: boolean): WayOn {
  if (isDeferred(session, used)) return 'rotate'
  if (wasRefusedToDeleteItself(session)) return 'remover'
  if (!openable) return 'reader'
  const seen = lastListing(session, used.key)
  if (acceptingRegions(used, session.probes).length > 0) return 'quorum'
  // What is alive needs a signature; what is only not known, or refused all the same, or of a user that is blocked, needs somebody who looks.
  if (seen && !seen.blocked && isListed(seen.keys, used.key) && !isRefusedNow(session)) return 'quorum'
  return seen || session.deletion === 'unknown' || isRefusedNow(session) ? 'reader' : 'quorum'
}

/** The command for it, without the folder. One who looked before looks again: without a login the proof would be a lesser one. */
export function commandOf(way: WayOn, id: string, { listings }: Pick<Session, 'listings'>): string {
  const resume = `glasskey resume --session ${id}`
  switch (way) {
    case 'rotate':
      return 'glasskey break rotate'
    case 'reader':
      return `${resume} --reader PROFILE`
    case 'remover':
      return `${resume} --remover PROFILE`
    case 'quorum':
      return `${resume} --scan FILE...${listings.length > 0 ? ' --reader PROFILE' : ''}`
  }
}

/** The same, and who has to come. */
export function nextBy(way: WayOn, id: string, session: Pick<Session, 'opened' | 'listings'>): string {
  return `${commandOf(way, id, session)}${way === 'quorum' ? ` (a quorum of GENERATION ${session.opened.generation})` : ''}`
}

/** Whether people left alive what OCI accepts, or lists for a user that is not blocked: of a key that it did not, somebody has to look first what became of it. */
export function isDeferred(session: Session, { key }: Pick<Used, 'key'>): boolean {
  if (session.deferred === null) return false
  const seen = lastListing(session, key)
  const isThere = seen !== null && !seen.blocked && isListed(seen.keys, key)
  // Deleted by somebody else: there is nothing to rotate, unless it was listed since.
  return isThere || (session.deletion !== 'done' && !wasNeverAccepted(session))
}

/** Answers with which OCI lets a key live that asked for its own deletion. */
const REFUSALS = [400, 403, 404]

/** Whether the last that the key did before its process ended in order was to ask for its own deletion, to be refused, and to read its list: somebody else has to delete it. */
function wasRefusedToDeleteItself({ calls, deletion, lastLife }: Session): boolean {
  if (deletion === 'done' || lastLife?.burned !== true) return false
  const [asked, looked] = calls.filter(({ intent }) => intent.by !== 'desk' && intent.seq > lastLife.since).slice(-2)
  return asked?.intent.rule === DELETE_USED_KEY && asked.outcome?.type === 'outcome' && REFUSALS.includes(asked.outcome.status) && looked?.outcome?.type === 'outcome' && looked.outcome.status === 200
}

/** Regions that took the key when it was last tried, by every probe that a journal has: 429 and 5xx say nothing, any other answer but 401 does. */
export function acceptingRegions<Probe extends { region: string; status: number }>({ regions }: Pick<Used, 'regions'>, probes: readonly Probe[], counts: (last: Probe) => boolean = () => true): string[] {
  return regions.filter((region) => {
    const last = probes.findLast((probe) => probe.region === region && probe.status !== 429 && probe.status < 500)
    return last !== undefined && last.status !== 401 && counts(last)
  })
}

/**
 * The same, but for those whose answer is older than what a login listed by as much as a proof waits for a refusal: where nobody can sign any
 * more, nothing newer will ever be known of them.
 */
export function acceptingStill(used: Pick<Warrant, 'regions' | 'probes'>, probes: Session['probes'], listed: { at: string } | null): string[] {
  const waits = used.probes.giveUpAfterMinutes * 60_000
  return acceptingRegions(used, probes, ({ signedFor }) => listed === null || Date.parse(listed.at) - Date.parse(signedFor) < waits)
}
