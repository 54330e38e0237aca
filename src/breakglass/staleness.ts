/** Whether what a warrant says can still be followed, and the way on where it cannot. Pure. */
import { canonicalJson } from '../canonical.js'
import { canBeOpened, hasLeft, inUse, isUsable, toUpload } from '../custody/generation.js'
import { GlasskeyError } from '../errors.js'
import type { CustodyFolder } from '../host/custody-folder.js'
import { generationNumber, type StoredSession } from '../host/sealed-folder.js'
import { wayOn, type WayOn } from '../record/way-on.js'
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
  const openable = canBeOpened(folder.standings, used.generation)
  if (manifest?.spkiSha256 === successor.spkiSha256 && usable && canonicalJson(used.regions) === canonicalJson(warrant.regions) && openable) return null
  const left = !present && hasLeft(used.generation, folder.events)
  // What is gone needs no signature; and of what a later exit did not find, and a region took all the same, only probes are signed.
  if (gone || (left && seen && openable)) return null
  const key = `the key of GENERATION ${warrant.key.generation}`
  const look = `glasskey resume --session ${warrant.session} --reader PROFILE`
  const because = (why: string, next: WayOn, hint: string): Staleness => ({
    failure: new GlasskeyError(
      'KEY_NOT_PROVED_DEAD',
      `the warrant of session ${warrant.session} no longer fits the custody folder (successor GENERATION ${successor.generation}, regions ${warrant.regions.join(', ')}): nothing more is signed under it`,
      hint,
    ),
    why,
    wayOn: next,
  })
  if (left) return because('The exit of a later session deleted it, and no login has looked since.', 'reader', `The exit of a later session deleted ${key}; somebody who can read the key list settles it: ${look}`)
  if (session.deletion === 'unknown' && !present && !(seen && openable)) {
    return because('Its deletion was never answered.', 'reader', `Whether OCI deleted ${key} is not known. First let somebody who can read the key list look: ${look}`)
  }
  if (openable) return because('It was not deleted: it is alive.', 'rotate', `The key of GENERATION ${warrant.key.generation} IS ALIVE. Rotate it under a fresh warrant: glasskey break rotate`)
  // Nobody signs with it again. Others may delete it, once OCI has another; the next exit does.
  const tooFew = 'It was not proved dead, and too few of its sheets are left to sign with it.'
  const deletes = `n administrator deletes API key ${warrant.key.fingerprint}; then: ${look}`
  const few = `Too few sheets are left to open ${key}.`
  if (!(hasHeir ?? session.successor !== null)) {
    const upload = toUpload(folder.standings, used.generation, usable ? successor.generation : null)
    const first = upload === null ? 'a new generation, after a ceremony' : `GENERATION ${upload}`
    return because(tooFew, 'reader', `${few} An administrator first uploads the public key of ${first} (publicKeyPem in its manifest.json, once its fingerprint there is compared with the ceremony record), and only then deletes API key ${warrant.key.fingerprint}; then: ${look}`)
  }
  const next = inUse(folder.standings, folder.events)
  const canRotate = next !== undefined && next.generation > used.generation && next.margin >= 0
  const canRemove = isReady && awaitsRemover(session)
  if (canRemove && (!canRotate || wayOn(session, warrant, openable) === 'remover')) return because(tooFew, 'remover', `${few} With the remover's login: glasskey resume --session ${warrant.session} --remover PROFILE. Or a${deletes}`)
  if (canRotate) return because(tooFew, 'rotate', `${few} A rotation of GENERATION ${next.generation} deletes it: glasskey break rotate. Or a${deletes}`)
  return because(tooFew, 'reader', `${few} A${deletes}`)
}
