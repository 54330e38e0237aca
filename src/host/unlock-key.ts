/** Asking for the passphrase of an OpenPGP key until it opens. Nothing is locked by us. */
import type { PrivateKey } from 'openpgp'
import { unlockKey } from '../custody/sealing.js'
import { askHidden } from './hidden-prompt.js'

/** What to say after a wrong passphrase. */
export const TRY_AGAIN = 'Nothing is locked; try again.'

/** The key unlocked; null where Enter alone went back. `called` is how people know the key, `flag` what a script would have used. Throws NO_TERMINAL, INTERRUPTED. */
export async function askToUnlock(key: PrivateKey, called: string, flag: string, signal?: AbortSignal): Promise<PrivateKey | null> {
  const opens = async (typed: string): Promise<boolean> => typed === '' || (await unlockKey(key, typed)) !== null
  const typed = await askHidden(`Passphrase of ${called} (not shown; Enter alone goes back):`, flag, async (answer) => ((await opens(answer)) ? null : `wrong passphrase for ${called}. ${TRY_AGAIN}`), signal)
  return typed === '' ? null : unlockKey(key, typed)
}
