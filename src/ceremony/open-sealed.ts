/** Sealed shares on the table, opened by their custodians: outside a session. */
import type { SealedShare } from '../custody/sealed-share.js'
import { parseShareText } from '../custody/share-text.js'
import { GlasskeyError } from '../errors.js'
import { openSealedShare, type CustodianKeys } from '../host/custodian-key.js'
import { say } from '../host/terminal.js'
import type { SheetsRead } from './read-sheets.js'

/** The same sheets with their sealed shares opened; one that is left out is said so. `onOpen` hears of each: before, where its key was named, and otherwise when it is open. Throws INTERRUPTED. */
export async function openSealed(read: SheetsRead, keys: CustodianKeys, onOpen: (sealed: SealedShare) => void = () => undefined): Promise<SheetsRead> {
  const opened: SheetsRead = { ...read, shares: [...read.shares], sealed: [] }
  for (const sealed of read.sealed) {
    const named = keys.means[String(sealed.custodian)] !== undefined
    if (named) onOpen(sealed)
    try {
      const text = await openSealedShare(sealed, `custodian ${sealed.custodian}`, keys)
      if (!named) onOpen(sealed)
      opened.shares.push(parseShareText(text))
    } catch (error) {
      if (!(error instanceof GlasskeyError) || error.code !== 'SHARE_SEALED') throw error
      say(`${error.message}. ${error.hint}`, 'alarm')
      opened.sealed.push(sealed)
    }
  }
  return opened
}
