/** Proving that the used key is dead, without any key: the probes signed ahead, and the key list where a login can read it. */
import { asRemark, asWords } from '../custody/fields.js'
import type { Manifest } from '../custody/manifest.js'
import { pause, readClocks } from '../host/clock.js'
import { say } from '../host/terminal.js'
import type { JournalEntry, Grade, ListedKey } from '../record/journal.js'
import { isListed } from '../record/recognise.js'
import type { DatedProbe } from '../strongroom/protocol.js'
import { confirmationDue, isCredible, isRefused, type ProbeAnswer } from '../warrant/probe-schedule.js'
import type { Warrant } from '../warrant/warrant.js'
import { exchange, ExchangeError, type Carrier } from '../wire/exchange.js'

/** Writes a line of the journal. */
export type Write = (entry: JournalEntry) => void

/** Sends each region's probes on their schedule until the key is refused there, they run out, or people stop it. Returns the regions where it is. */
export async function probeAll(probes: readonly DatedProbe[], warrant: Warrant, carrier: Carrier, write: Write, stop?: AbortSignal): Promise<string[]> {
  if (probes.length === 0) return []
  say(`Proving it dead in ${warrant.regions.join(' and ')}: three refusals in a row, then one more after ${warrant.probes.confirmAfterSeconds} s.`)
  const refused = await Promise.all(
    warrant.regions.map((region) => probeRegion(probes.filter((probe) => probe.region === region), warrant.probes.confirmAfterSeconds, carrier, write, stop)),
  )
  return warrant.regions.filter((_, at) => refused[at])
}

async function probeRegion(probes: readonly DatedProbe[], confirmAfterSeconds: number, carrier: Carrier, write: Write, stop: AbortSignal | undefined): Promise<boolean> {
  const answers: ProbeAnswer[] = []
  let told = ''
  for (const probe of probes) {
    const due = confirmationDue(answers, confirmAfterSeconds)
    if (due !== null && probe.at < due) continue
    // An overdue probe would make the confirmation come sooner than it says.
    if (readClocks().uptime - probe.at > intervalOf(probes)) continue
    await pause(probe.at - readClocks().uptime, stop)
    if (stop?.aborted === true) return false
    const signedFor = new Date(probe.signedFor).toISOString()
    try {
      const answer = await exchange({ method: 'GET', url: probe.url, body: null, headers: probe.headers }, carrier)
      const date = asWords(answer.headers['date'] ?? '')
      write({ type: 'probe', region: probe.region, signedFor, status: answer.status, date, opcRequestId: asWords(answer.headers['opc-request-id'] ?? '') })
      answers.push({ at: probe.at, status: answer.status, credible: isCredible(date, probe.signedFor) })
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error
      write({ type: 'probe-failed', region: probe.region, signedFor, reason: asRemark(error.message) })
      if (error.message !== told) say(`${probe.region} does not answer (${error.message}). It is asked again until ${new Date(probes.at(-1)?.signedFor ?? 0).toISOString().slice(11, 19)}Z.`)
      told = error.message
    }
    if (isRefused(answers, confirmAfterSeconds)) return true
  }
  return false
}

/** Time between two probes of a region. One that is overdue by more was for a moment that has passed. */
function intervalOf([first, second]: readonly DatedProbe[]): number {
  return first && second ? Math.max(second.at - first.at, 1000) : 60_000
}

/** What probes found: where the key was refused for good, and where it was taken when it was last tried. */
export interface Probed {
  refusedIn: readonly string[]
  acceptedIn: readonly string[]
  /** Whether OCI never accepted the key, and it was not installed in this session. */
  neverThere?: boolean
}

/** A key list as a login read it. */
export interface Listing {
  profile: string
  keys: ListedKey[]
  blocked: boolean
}

/**
 * Whose key is there in place of the used one, in words: its successor, or a later generation, which another session installed since; of one
 * that was never there, any other. Null: nobody's.
 */
export function heirOf({ successor }: Warrant, { keys }: Pick<Listing, 'keys'>, used: Manifest, neverThere: boolean): string | null {
  const active = keys.filter(({ lifecycleState, spkiSha256 }) => lifecycleState === 'ACTIVE' && spkiSha256 !== null)
  if (active.some(({ spkiSha256 }) => spkiSha256 === successor?.spkiSha256)) return 'the successor'
  const later = active.find(({ generation }) => generation !== null && (generation > used.generation || neverThere))
  return later ? `GENERATION ${String(later.generation)}` : null
}

/** Where keys are listed that no manifest of this folder names, and none of its own. */
export const IMPORTED_ELSEWHERE = 'If the key that is listed is of a ceremony whose generations only another copy of this folder has: find that copy, or bring them here first with glasskey ceremony import.'

/** Whether a list has an ACTIVE key that no manifest of this folder names. */
export function hasUnknown(keys: readonly ListedKey[]): boolean {
  return keys.some(({ generation, lifecycleState }) => generation === null && lifecycleState === 'ACTIVE')
}

/**
 * The grade, and why, in words. A listing that shows the used key outweighs every refusal, also one of an earlier run, as long as nobody looked again; and a region that still takes
 * it outweighs every listing that is not much later (`acceptingStill`); where OCI never answered the deletion, refusals alone prove nothing, because a blocked user
 * is refused as well. `before` is the last listing of an earlier run of this session: that nobody had a way in is not made good by
 * refusals. `upload`: the generation that is installed by hand then; null: none is left. `why` is a remark: where there are many regions,
 * it ends before it has named all.
 */
export function gradeOf(warrant: Warrant, probed: Probed, listing: Listing | null, used: Manifest, deletionKnown: boolean, before: Listing | null = null, upload: number | null = null): { grade: Grade; why: string } {
  const { grade, why } = judge(warrant, probed, listing, used, deletionKnown, before, upload)
  return { grade, why: asRemark(why) }
}

function judge(warrant: Warrant, { refusedIn, acceptedIn, neverThere = false }: Probed, listing: Listing | null, used: Manifest, deletionKnown: boolean, before: Listing | null, upload: number | null): { grade: Grade; why: string } {
  const refused = warrant.regions.every((region) => refusedIn.includes(region))
  if (listing && isListed(listing.keys, used)) return { grade: 'unproved', why: `${listing.profile} still finds it in the key list.` }
  if (!listing && before && isListed(before.keys, used)) return { grade: 'unproved', why: `${before.profile} found it in the key list after its deletion. Somebody must look again (--reader): where its user is blocked, it is refused and lives.` }
  if (acceptedIn.length > 0) return { grade: 'unproved', why: `It was still accepted in ${acceptedIn.join(', ')} when it was last tried.` }
  if (listing?.blocked === true) return { grade: 'unproved', why: 'The user is blocked, so a refusal says nothing about the key: an administrator unblocks it first.' }
  const seen = listing ?? before
  const heir = seen && heirOf(warrant, seen, used, neverThere)
  if (seen && heir === null && !seen.blocked && !isListed(seen.keys, used)) {
    return { grade: 'unproved', why: `${seen.profile} finds neither the used key nor its successor ACTIVE in the key list. ${hasUnknown(seen.keys) ? `${IMPORTED_ELSEWHERE} Otherwise ` : ''}NOBODY HAS A WAY IN: an administrator uploads the public key of ${upload === null ? 'a new generation, after a ceremony' : `GENERATION ${upload}`} (publicKeyPem in its manifest.json, once its fingerprint there is compared with the ceremony record), and a login looks (--reader).` }
  }
  const regions = warrant.regions.join(', ')
  if (refused && listing) return { grade: 'proved', why: `Refused in ${regions}; ${listing.profile} finds ${String(heir)} in the key list and the used key gone.` }
  if (refused && !deletionKnown) return { grade: 'unproved', why: 'Its deletion was never answered, and a refusal alone may mean a blocked user: somebody must read the key list (--reader).' }
  if (refused) return { grade: 'refused-only', why: `Refused in ${regions}; no login read the key list.` }
  if (listing) return { grade: 'listed-only', why: `${listing.profile} finds the used key gone from the key list; it was not refused everywhere by a probe.` }
  return { grade: 'unproved', why: refusedIn.length > 0 ? `Refused only in ${refusedIn.join(', ')}.` : 'Neither a probe nor a listing shows it.' }
}
