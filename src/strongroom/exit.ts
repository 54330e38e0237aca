/**
 * The exit: successor up, read back equal and ACTIVE, used key deleted. Tried again for at most fifteen minutes.
 *
 * The order is what keeps everybody from being locked out, so it is in the types: only a `ProvenSuccessor` lets
 * `deleteUsedKey` run, and only `proveSuccessor`, which reads OCI itself, makes one.
 */
import { pause, wallClock } from '../host/clock.js'
import { GlasskeyError } from '../errors.js'
import { say } from '../host/terminal.js'
import type { ListedKey } from '../record/journal.js'
import { isListed } from '../record/recognise.js'
import { isRefusedNow, replay } from '../record/replay.js'
import { MAXIMUM_API_KEYS } from '../warrant/scope.js'
import type { Warrant } from '../warrant/warrant.js'
import { isPassing, retryAfterMs } from '../wire/retry-after.js'
import { NoAnswer } from './courier.js'
import type { Journal } from './journal.js'
import { OciRefusal, type OwnUser } from './own-user.js'

/** The successor as the strongroom itself read it from OCI: ACTIVE, and equal byte for byte. */
interface ProvenSuccessor {
  readonly trust: 'read back'
  readonly fingerprint: string
  /** Every key that OCI lists now. */
  readonly keys: readonly ListedKey[]
}

/** How the exit ended. `certain` is false where the deletion was sent, never answered, and the key is refused since. */
export type ExitResult =
  | { rotated: true; certain: boolean }
  /** `why` is for a person; `selfDeletion` when OCI refused to let the key delete itself. */
  | { rotated: false; why: string; selfDeletion: boolean }

/** How long a live key may try. */
const PATIENCE_MS = 15 * 60_000
/** More than one round can take: a machine that slept did not try. */
const LONGEST_ROUND_MS = 5 * 60_000
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 15_000
/** A shorter wait needs no words: a successor that was just uploaded is not listed at once. */
const WAIT_WORTH_A_WORD_MS = 2000
/** An unknown deletion counts as done when the key was refused this often in a row. */
const REFUSALS = 3

/** OCI's word that a key may not delete itself is believed after so many rounds: 404 is also what a tired IAM says. */
const SELF_DELETIONS = 3

/** Another key that cannot be deleted holds the exit up for so many rounds, seconds in all. The used key matters more. */
const ROUNDS_FOR_OTHERS = 4

/**
 * A key that OCI has not accepted since it was recombined is not tried for longer: most likely somebody rotated it before. Not so one
 * that was installed a moment ago.
 */
const NEVER_ACCEPTED = 6

/** What the exit needs. `onBeforeDelete` runs before each attempt at the deletion, when only that is left to do. */
export interface ExitParts {
  user: OwnUser
  warrant: Warrant
  journal: Journal
  /** Whether no rotation comes to a generation any more, so that its key is not to be in OCI. */
  isPassed: (generation: number) => boolean
  onBeforeDelete: (keys: readonly ListedKey[]) => Promise<void>
  /** How long it is tried at least, in ms, where OCI never accepted it: one that was installed minutes ago may not be known yet. */
  patienceForNew: number
  /** Whether it was measured that OCI lets no key of this user delete itself: its word is believed at once then. */
  deletesNoneItself: boolean
  /** Aborts when the desk is gone: without it there is no network. */
  cutOff: AbortSignal
  /** Time since boot, in ms: the wall clock may be set meanwhile. */
  now: () => number
}

/** Rotates to the warrant's successor. Never throws for what the network or OCI does. */
export async function rotate(parts: ExitParts): Promise<ExitResult> {
  let tried = 0
  let wait = FIRST_WAIT_MS
  let why = ''
  let unknown = 0
  let told = ''
  // After an interruption the deletion may have happened without our hearing of it.
  const before = replay(parts.journal.lines).deletion
  const state = { attempted: before !== 'not-sent', unknownDeletion: before !== 'not-sent', refusals: 0, selfDeletions: parts.deletesNoneItself ? 1 : SELF_DELETIONS, patience: ROUNDS_FOR_OTHERS, notDeleted: new Map<string, number>() }
  while (tried < PATIENCE_MS && !parts.cutOff.aborted) {
    const began = parts.now()
    let asked = 0
    try {
      const listed = await proveSuccessor(parts, state)
      // Once the deletion was asked for, the key list is OCI's own word that it is gone. Before, it might only be out of date.
      if (state.attempted && !isListed(listed.keys, parts.warrant.key)) return deleted(parts)
      await deleteOthers(parts, listed, state)
      await parts.onBeforeDelete((await proveSuccessor(parts, state)).keys)
      // Read once more, as the very last request before the deletion: a successor that vanished meanwhile stops it.
      const proven = await proveSuccessor(parts, state)
      state.attempted = true
      await deleteUsedKey(parts, proven, () => (state.unknownDeletion = true))
      return deleted(parts)
    } catch (error) {
      why = reasonOf(error)
      const refusal = error instanceof DeletionUnanswered ? error.cause : error
      if (refusal instanceof OciRefusal) asked = retryAfterMs(refusal.answer, wallClock().getTime(), LONGEST_WAIT_MS)
      unknown = isUnauthenticated(error) ? unknown + 1 : 0
      if (unknown >= NEVER_ACCEPTED && tried >= parts.patienceForNew && isRefusedNow(replay(parts.journal.lines))) return { rotated: false, why, selfDeletion: false }
      if (error instanceof DeletionUnanswered) state.unknownDeletion = true
      if (state.unknownDeletion && isUnauthenticated(error)) {
        // The deletion was sent before, and now the key is refused. A blocked user is refused too: it stays unknown, and
        // only a listing by somebody else can settle it.
        state.refusals += 1
        if (state.refusals >= REFUSALS) return { rotated: true, certain: false }
      } else {
        state.refusals = 0
      }
      if (error instanceof SelfDeletionRefused) {
        state.selfDeletions -= 1
        if (state.selfDeletions === 0) return { rotated: false, why, selfDeletion: true }
      }
      if (wait >= WAIT_WORTH_A_WORD_MS && why !== told) {
        tellWait(error, PATIENCE_MS - tried)
        told = why
      }
    }
    await pause(Math.max(wait, asked), parts.cutOff)
    tried += Math.min(parts.now() - began, LONGEST_ROUND_MS)
    wait = Math.min(wait * 2, LONGEST_WAIT_MS)
  }
  return { rotated: false, why: parts.cutOff.aborted ? 'the desk is gone, and with it the network' : why, selfDeletion: false }
}

/** Says why the exit waits, and until when at most. */
function tellWait(error: unknown, left: number): void {
  const advice = isUnauthenticated(error) ? ' A blocked user is refused in the same way: if it is blocked, have it unblocked.' : ''
  say(`The exit waits: ${reasonOf(error)}. The key is live; this is tried again until ${new Date(wallClock().getTime() + left).toISOString().slice(11, 19)}Z.${advice}`, 'alarm')
}

/** OCI lets this key live although the key itself asked for its deletion. */
class SelfDeletionRefused extends Error {}

/** The deletion itself was sent, and no answer came that says what became of it. */
class DeletionUnanswered extends Error {}

async function proveSuccessor(parts: ExitParts, { notDeleted }: { notDeleted: Map<string, number> }): Promise<ProvenSuccessor> {
  const { user, warrant, journal } = parts
  const { successor } = warrant
  if (!successor) throw new RangeError('proveSuccessor: this warrant has no successor')
  const keys = await user.listKeys()
  const listed = keys.find((key) => key.spkiSha256 === successor.spkiSha256)
  if (!listed) {
    await makeRoom(parts, keys, notDeleted)
    await user.uploadSuccessor()
    throw new NotYet('the successor was uploaded and is not listed yet')
  }
  if (listed.lifecycleState !== 'ACTIVE') throw new NotYet(`the successor is ${listed.lifecycleState}`)
  const known = journal.lines.some((line) => line.type === 'successor-active')
  if (!known) {
    journal.write({ type: 'successor-active', generation: successor.generation, keyId: successor.keyId, spkiSha256: successor.spkiSha256, fingerprint: successor.fingerprint })
  }
  return { trust: 'read back', fingerprint: listed.fingerprint, keys }
}

/** Nothing failed; it is only not there yet. */
class NotYet extends Error {}

/**
 * A key that is not to be there: no manifest names it, or no rotation comes to its generation any more. Left behind by a
 * session that did not come to its end, or uploaded by somebody: public keys are no secret. Whatever OCI says of its value:
 * what would be deleted under the name of the used key or of the successor is neither.
 */
function isNotToBeThere({ warrant, isPassed }: ExitParts, listed: ListedKey): boolean {
  return isOther(warrant, listed) && (listed.generation === null || isPassed(listed.generation))
}

function isOther({ key, successor }: Warrant, { generation, fingerprint }: ListedKey): boolean {
  return ![key, successor].some((ours) => ours !== null && (fingerprint === ours.fingerprint || generation === ours.generation))
}

/**
 * Three keys must not keep the successor out. The last to go is one that waits for its own turn: it is uploaded again then. Where
 * one was refused (`notDeleted`: how often), another is tried first; one that OCI does not find may be gone already.
 */
async function makeRoom(parts: ExitParts, keys: readonly ListedKey[], notDeleted: Map<string, number>): Promise<void> {
  if (keys.length < MAXIMUM_API_KEYS) return
  const failures = ({ fingerprint }: ListedKey): number => notDeleted.get(fingerprint) ?? 0
  const there = keys.filter((key) => isOther(parts.warrant, key))
  const others = there.filter((key) => failures(key) === Math.min(...there.map(failures)))
  const latest = others.toSorted((one, other) => (other.generation ?? 0) - (one.generation ?? 0))[0]
  // In a takeover people are asked in the order of the list: the last is the least likely that somebody has just said no to.
  const strangers = others.filter(({ generation }) => generation === null)
  const gives = (parts.warrant.action.name === 'takeover' ? strangers.at(-1) : strangers[0]) ?? others.find((key) => isNotToBeThere(parts, key)) ?? latest
  if (!gives) return
  say(`All ${MAXIMUM_API_KEYS} API key slots are taken. To make room for the successor, the exit deletes API key ${gives.fingerprint}, ${whose(gives)}.`, 'alarm')
  try {
    await parts.user.deleteKey(gives.fingerprint)
  } catch (error) {
    // Busy, or silent: that says nothing of this one.
    if (!(error instanceof OciRefusal) || isPassing(error.answer)) throw error
    notDeleted.set(gives.fingerprint, failures(gives) + 1)
    if (error.status !== 404) throw error
  }
}

/**
 * In a takeover other keys were removed one by one, as agreed; what was not agreed to is not done by the exit either.
 * One that cannot be deleted is tried in a few rounds more, then it stays, and is said: the key that is live must not wait for it.
 */
async function deleteOthers(parts: ExitParts, { keys }: ProvenSuccessor, state: { patience: number }): Promise<void> {
  const { user, warrant } = parts
  if (warrant.action.name === 'takeover') return
  for (const key of keys.filter((one) => isNotToBeThere(parts, one))) {
    try {
      await user.deleteKey(key.fingerprint)
    } catch (error) {
      if (isUnauthenticated(error) || !(error instanceof GlasskeyError || error instanceof NoAnswer)) throw error
      state.patience -= 1
      if (state.patience > 0) throw error
      if (state.patience === 0) say(`API key ${key.fingerprint}, ${whose(key)}, could not be deleted (${reasonOf(error)}). The exit goes on: let an administrator delete it.`, 'alarm')
    }
  }
}

function whose({ generation }: ListedKey): string {
  return generation === null ? 'which no manifest names' : `of GENERATION ${generation}`
}

async function deleteUsedKey({ user, warrant }: ExitParts, proven: ProvenSuccessor, onNotFound: () => void): Promise<void> {
  if (proven.fingerprint === warrant.key.fingerprint) throw new RangeError('deleteUsedKey: the successor is the used key')
  try {
    await user.deleteKey(warrant.key.fingerprint)
  } catch (error) {
    if ((error instanceof NoAnswer && error.sent) || (error instanceof OciRefusal && (error.status >= 500 || error.status < 300))) throw new DeletionUnanswered(reasonOf(error), { cause: error })
    // 404 is OCI's word for "gone" and for "you may not": the next reading tells which.
    if (error instanceof OciRefusal && error.status === 404) onNotFound()
    if (error instanceof OciRefusal && [400, 403, 404, 409].includes(error.status)) {
      const still = (await user.listKeys()).some((key) => key.fingerprint === warrant.key.fingerprint)
      if (still && error.status !== 409) throw new SelfDeletionRefused(error.message)
    }
    throw error
  }
}

function deleted({ journal, warrant }: ExitParts): ExitResult {
  journal.write({ type: 'key-deleted', keyId: warrant.key.keyId, fingerprint: warrant.key.fingerprint })
  return { rotated: true, certain: true }
}

function isUnauthenticated(error: unknown): boolean {
  return error instanceof OciRefusal && error.status === 401
}

function reasonOf(error: unknown): string {
  if (error instanceof NoAnswer) return `no answer from OCI (${error.message})`
  return error instanceof Error ? error.message : String(error)
}
