/**
 * The remover: a login that may delete API keys of this one user, for a tenancy where no key may delete itself.
 *
 * The key that was recombined is gone from this machine by then, so the desk sends with the lent login. The law stays: nothing is
 * deleted before the successor was read, ACTIVE and equal byte for byte.
 */
import { GlasskeyError } from '../errors.js'
import { wallClock } from '../host/clock.js'
import { readCustodyFolder } from '../host/custody-folder.js'
import type { Isolation } from '../host/isolation.js'
import { LineFile } from '../host/line-file.js'
import type { Profile } from '../host/oci-profile.js'
import { generationNumber, places } from '../host/sealed-folder.js'
import { say } from '../host/terminal.js'
import { readJournal, type JournalEntry, type JournalLine } from '../record/journal.js'
import { isListed } from '../record/recognise.js'
import { REMOVE_USED_KEY, replay, type Session } from '../record/replay.js'
import type { Warrant } from '../warrant/warrant.js'
import { journalledCarry } from './journalled-carry.js'
import { identityAt, lentLogin, listingBy, type Cloud } from './login.js'
import { deskCarrier, profileClerk } from './profile-clerk.js'

/** What removing needs to know. */
export interface Removal {
  folder: string
  warrant: Warrant
  remover: Profile
  cloud: Cloud
  isolation: Isolation
}

/** Whether a session left a key that only somebody else can delete now. */
export function awaitsRemover(session: Session): boolean {
  return session.keyLiveAt !== null && session.burned !== null && session.deferred === null && session.deletion !== 'done'
}

/** Deletes the used key with the remover's login. True when OCI said that it is done; otherwise it says why not, and the key counts as alive. */
export async function removeUsedKey(job: Removal): Promise<boolean> {
  let asked = false
  try {
    asked = await remove(job)
  } catch (error) {
    if (!(error instanceof GlasskeyError)) throw error
    say(`${error.code === 'OUTCOME_UNKNOWN' ? `Whether the remover ${job.remover.name} deleted the used key is not known` : `The remover ${job.remover.name} did not delete the used key`}: ${error.message}`, 'alarm')
  }
  const isDone = replay(readCustodyFolder(job.folder).sessions.find(({ id }) => id === job.warrant.session)?.chain.lines ?? []).deletion === 'done'
  if (asked && isDone) say(`The remover ${job.remover.name} deleted the used key.`, 'good')
  else if (asked) say(`Whether the remover ${job.remover.name} deleted the used key is not known: something else answered in OCI's place.`, 'alarm')
  return isDone
}

/** Asks for the deletion; false where the key is gone already. Throws NO_SUCCESSOR, OCI_REFUSED, OCI_UNREACHABLE, OUTCOME_UNKNOWN. */
async function remove({ folder, warrant, remover, cloud, isolation }: Removal): Promise<boolean> {
  const custody = readCustodyFolder(folder)
  const { manifest } = generationNumber(custody, warrant.key.generation)
  const journal = LineFile.open<JournalLine, JournalEntry>(places.journal(folder, warrant.session), readJournal, wallClock)
  const endpoint = identityAt(manifest.homeRegion, manifest.tenancy, cloud)
  const { key: { fingerprint }, successor } = warrant
  const url = `${endpoint}/20160918/users/${manifest.user}/apiKeys/${encodeURIComponent(fingerprint)}`
  const carry = journalledCarry(journal, lentLogin(remover, manifest.tenancy, cloud, false), deskCarrier(cloud.ca), REMOVE_USED_KEY, { method: 'DELETE', url, body: null })
  // Started first, so that nothing but the deletion comes after the reading.
  const clerk = profileClerk(isolation)
  try {
    const { keys } = await listingBy(remover, manifest, custody.generations.map((generation) => generation.manifest), cloud)
    const standing = keys.find(({ spkiSha256, lifecycleState }) => spkiSha256 === successor?.spkiSha256 && lifecycleState === 'ACTIVE')
    if (!successor || !standing) throw new GlasskeyError('NO_SUCCESSOR', 'its successor is not listed as ACTIVE and equal: without one, everybody would be locked out', 'Nothing was deleted.')
    if (!isListed(keys, manifest)) return false
    if (!journal.lines.some(({ type }) => type === 'successor-active')) {
      journal.append({ type: 'successor-active', generation: successor.generation, keyId: successor.keyId, spkiSha256: successor.spkiSha256, fingerprint: successor.fingerprint })
    }
    await clerk.run({ task: 'delete-key', params: { endpoint, user: manifest.user, fingerprint } }, carry)
    return true
  } finally {
    clerk.close()
  }
}
