/** Steps of a takeover, each shown and agreed to before it is done. */
import { GlasskeyError } from '../errors.js'
import { askYesNo } from '../host/terminal.js'
import type { Journal } from './journal.js'

/** Shows a step and waits for "yes". In a rehearsal `--yes` stands for it and is recorded. Throws CONSENT_REFUSED. */
export async function agree(step: string, yes: boolean, journal: Journal, left: AbortSignal): Promise<void> {
  if (left.aborted) throw new GlasskeyError('INTERRUPTED', `stopped before: ${step}`)
  if (!yes) {
    if (!(await askYesNo(`Next: ${step}. Agreed?`, '--yes in a rehearsal', left))) throw new GlasskeyError('CONSENT_REFUSED', `not agreed: ${step}`, 'The key is rotated; what was done is in the journal.')
  }
  journal.write({ type: 'agreed', to: step, how: yes ? 'rehearsal --yes' : 'typed' })
}
