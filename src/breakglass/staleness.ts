/** Whether what a warrant says can still be followed, and the way on where it cannot. Pure. */
import { canonicalJson } from '../canonical.js'
import { canBeOpened, hasLeft, inUse, isUsable, toUpload } from '../custody/generation.js'
import { GlasskeyError } from '../errors.js'
import type { CustodyFolder } from '../host/custody-folder.js'
import { generationNumber, type StoredSession } from '../host/sealed-folder.js'
import type { Staleness } from './conclude.js'
import { awaitsRemover } from './remover.js'

/** What is known of the used key besides the record. */
export interface Seen {
  /** Somebody else deleted it. */
  gone: boolean
  /** The key list has it. */
  present: boolean
  /** The list has it, or a region took it when it was last tried. */
  seen: boolean
  /** Whether OCI lists a key that people can go on with; null: nobody looked. */
  hasHeir: boolean | null
  /** Whether the successor is listed as ACTIVE and equal. */
  isReady: boolean
}

/**
 * A warrant that names a successor which is no longer what it was cannot be followed: why, with the way on. Null where it can.
 */
export function staleness(folder: CustodyFolder, { warrant, session }: StoredSession, { gone, present, seen, hasHeir, isReady }: Seen): Staleness | null {
  const { successor } = warrant
  if (!successor || session.keyLiveAt === null || (session.deletion === 'done' && !present)) return null
  const used = generationNumber(folder, warrant.key.generation).manifest
  const manifest = folder.generations.find((generation) => generation.manifest.generation === successor.generation)?.manifest
  const standing = folder.standings.find(({ generation }) => generation === successor.generation)
  const usable = isUsable(standing, session.successor !== null)
  if (manifest?.spkiSha256 === successor.spkiSha256 && usable && canonicalJson(used.regions) === canonicalJson(warrant.regions) && (gone || canBeOpened(folder.standings, used.generation))) return null
  const key = `the key of GENERATION ${warrant.key.generation}`
  const Key = `${key.charAt(0).toUpperCase()}${key.slice(1)}`
  const failure = (hint: string): GlasskeyError => new GlasskeyError(
    'KEY_NOT_PROVED_DEAD',
    `the warrant of session ${warrant.session} no longer fits the custody folder (successor GENERATION ${successor.generation}, regions ${warrant.regions.join(', ')}): nothing more is signed under it`,
    hint,
  )
  if (!canBeOpened(folder.standings, used.generation)) {
    // Nobody signs with it again. Others may delete it, once OCI has another; the next exit does.
    const left = !present && hasLeft(used.generation, folder.events)
    const there = hasHeir ?? session.successor !== null
    const next = inUse(folder.standings, folder.events)
    const canRotate = there && next !== undefined && next.generation > used.generation && next.margin >= 0
    const canRemove = isReady && awaitsRemover(session)
    const upload = toUpload(folder.standings, used.generation, usable ? successor.generation : null)
    const look = `glasskey resume --session ${warrant.session} --reader PROFILE`
    const remove = `n administrator deletes API key ${warrant.key.fingerprint}; then: ${look}`
    const wayOut = left
      ? `The exit of a later session deleted it; somebody who can read the key list settles it: ${look}`
      : there
        ? `${canRotate ? `A rotation of GENERATION ${next.generation} deletes it: glasskey break rotate. Or a` : canRemove ? `With the remover's login: glasskey resume --session ${warrant.session} --remover PROFILE. Or a` : 'A'}${remove}`
        : `An administrator first uploads the public key of ${upload === null ? 'a new generation, after a ceremony' : `GENERATION ${upload}`} (publicKeyPem in its manifest.json, once its fingerprint there is compared with the ceremony record), and only then deletes API key ${warrant.key.fingerprint}; then: ${look}`
    return {
      failure: failure(`Too few sheets are left to open ${key}. ${wayOut}`),
      why: 'It was not proved dead, and too few of its sheets are left to sign with it.',
      wayOn: canRotate && !left ? 'rotate' : canRemove && there && !left ? 'remover' : 'reader',
    }
  }
  if (gone) {
    return {
      failure: failure(`Somebody deleted ${key}, and its successor is not there: an administrator uploads its public key again (in generations/${warrant.key.generation}/manifest.json). Then, under a fresh warrant: glasskey break rotate`),
      why: 'Somebody else deleted it, and its successor is not there.',
      wayOn: 'rotate',
    }
  }
  if (session.deletion === 'unknown' && !seen) {
    return { failure: failure(`Whether OCI deleted ${key} is not known. First let somebody who can read the key list look: glasskey resume --session ${warrant.session} --reader PROFILE`), why: 'Its deletion was never answered.', wayOn: 'reader' }
  }
  return { failure: failure(`${Key} IS ALIVE. Rotate it under a fresh warrant: glasskey break rotate`), why: 'It was not deleted: it is alive.', wayOn: 'rotate' }
}
