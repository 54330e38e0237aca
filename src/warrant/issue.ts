/** Whether the sealed rules allow what is asked. Outside the list no warrant exists. */
import { canonicalJson } from '../canonical.js'
import type { Rules } from '../custody/rules.js'
import { GlasskeyError } from '../errors.js'
import { REHEARSAL_PROBES } from './probe-schedule.js'
import type { Warrant } from './warrant.js'

/** The session of the takeover is not a use case: it happens once, before the key is in use. */
export const TAKEOVER_USE_CASE = 'takeover'
/** Nor are its calls those of an action: each of what it closes, twice at most, and as many credentials as its scope admits. Few calls in the rules must not make it impossible. */
const TAKEOVER_CALLS = 56

/** How many calls of the clerk a warrant may ask for. */
export function mostCalls(action: Pick<Warrant['action'], 'name'>, { warrant }: Rules): number {
  return action.name === 'takeover' ? Math.max(TAKEOVER_CALLS, warrant.maximumCalls) : warrant.maximumCalls
}

/**
 * The warrant, if the rules that were sealed with the key allow it. Throws RULES_REFUSED naming the rule. Called by the
 * desk before anybody opens a bag, and again by the strongroom, which trusts nobody.
 */
export function checkRules(warrant: Warrant, rules: Rules): Warrant {
  const { action } = warrant
  if (action.name !== 'takeover') checkUseCase(warrant, rules)
  const minutes = (Date.parse(warrant.deadline) - Date.parse(warrant.opens)) / 60_000
  if (!(minutes > 0) || minutes > rules.warrant.maximumMinutes) {
    throw refused(`a warrant runs for more than 0 and at most ${rules.warrant.maximumMinutes} minutes; this one for ${minutes}`)
  }
  const calls = mostCalls(action, rules)
  if (warrant.calls > calls) throw refused(`at most ${calls} calls are allowed; this warrant asks for ${warrant.calls}`)
  const schedules: readonly Warrant['probes'][] = warrant.rehearsal ? [rules.probes, REHEARSAL_PROBES] : [rules.probes]
  if (!schedules.some((schedule) => canonicalJson(schedule) === canonicalJson(warrant.probes))) throw refused('the probe schedule of this warrant is not that of the rules')
  if (action.name === 'saas-admin') {
    const { saasAdmin } = rules
    if (!rules.regions.includes(action.region)) throw refused(`region ${action.region} is not among the regions of the rules`)
    if (saasAdmin.databases !== 'any' && !saasAdmin.databases.includes(action.database)) throw refused(`database ${action.database} is not among the databases of the rules`)
    if (action.enable && action.enable.hours > saasAdmin.maximumHours) throw refused(`SAAS_ADMIN may be enabled for at most ${saasAdmin.maximumHours} h; this warrant asks for ${action.enable.hours} h`)
    if (action.enable && !saasAdmin.access.includes(action.enable.access)) throw refused(`SAAS_ADMIN access ${action.enable.access} is not allowed (${saasAdmin.access.join(', ')})`)
  }
  return warrant
}

function checkUseCase({ useCase, action }: Warrant, rules: Rules): void {
  const permitted = rules.useCases.find(({ id }) => id === useCase)
  const known = rules.useCases.map(({ id }) => id).join(', ')
  if (!permitted) throw refused(`"${useCase}" is not a permitted use case (${known})`)
  const allowed: readonly string[] = permitted.actions
  if (!allowed.includes(action.name)) throw refused(`use case "${useCase}" does not permit ${action.name} (it permits ${allowed.join(', ')})`)
}

function refused(message: string): GlasskeyError {
  return new GlasskeyError('RULES_REFUSED', message, 'These rules were sealed with the key. Others hold for keys of a later ceremony only: docs/operating.md.')
}
