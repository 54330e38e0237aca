/** What the page of a warrant says, from the warrant itself. */
import type { Custody } from '../custody/custody-yaml.js'
import { hexToWords } from '../custody/words.js'
import { scopePartsOf, type Admission } from '../warrant/scope.js'
import { codeWords, warrantDigest, type Warrant } from '../warrant/warrant.js'
import type { NamedGeneration } from './logbook-entry.js'
import type { WarrantPageContent } from './warrant-page.js'

/** The content of `warrant.pdf`. `custodians` are those of the key that is released. */
export function warrantContent(warrant: Warrant, { owner }: Pick<Custody, 'owner'>, { threshold, custodians }: Pick<WarrantPageContent, 'threshold' | 'custodians'>): WarrantPageContent {
  const { rehearsal, drill, tenancy, user, operator, incident, useCase, authorisedBy, reason, regions, opens, deadline, calls, isolationExceptions } = warrant
  const { action, exit } = scopePartsOf(warrant)
  return {
    rehearsal,
    drill,
    owner: owner.team,
    tenancy,
    user,
    operator,
    incident,
    useCase,
    authorisedBy,
    reason,
    ...inWords(warrant),
    regions,
    opens,
    deadline,
    minutes: (Date.parse(deadline) - Date.parse(opens)) / 60_000,
    calls,
    requests: [...action, ...exit].map(requestOf),
    used: named(warrant.key),
    successor: warrant.successor && named(warrant.successor),
    isolationExceptions,
    logbook: { number: warrant.logbook.seq, previousSha256: warrant.logbook.sha256 },
    warrantSha256: warrantDigest(warrant),
    codeWords: codeWords(warrant),
    threshold,
    custodians,
  }
}

function requestOf({ method, origin, target, rule, times }: Admission): WarrantPageContent['requests'][number] {
  const often = times === null ? '' : times === 1 ? ', once' : `, at most ${times} times`
  return { method, target: `${origin.replace(/^https:\/\//, '')}${target}`, purpose: `${rule}${often}` }
}

function named({ generation, keyId }: Warrant['key']): NamedGeneration {
  return { generation, keyId, keyWords: hexToWords(keyId) }
}

/** The action in one line, what it is aimed at, and what will be different afterwards. */
function inWords({ action, successor, key }: Warrant): Pick<WarrantPageContent, 'action' | 'targets' | 'effects'> {
  const rotation = successor ? [`GENERATION ${key.generation} is dead in every region, and GENERATION ${successor.generation} is installed.`] : []
  switch (action.name) {
    case 'rotate':
      return { action: 'Rotate the key; nothing else', targets: [], effects: rotation }
    case 'takeover':
      return {
        action: 'Take the user over: API keys as the only way in, other credentials removed',
        targets: [{ what: 'Identity domain', value: action.domainUrl }, { what: 'User in it', value: action.domainUserId }],
        effects: ['Nobody signs in as this user by password, MFA device, token or other credential any more.', ...rotation],
      }
    case 'saas-admin': {
      const database = { what: 'Database', value: action.database }
      if (!action.enable) return { action: 'Disable SAAS_ADMIN on one database', targets: [database], effects: ['SAAS_ADMIN can no longer sign in to the database.', ...rotation] }
      const { access, hours, secretId, secretVersion } = action.enable
      return {
        action: `Enable SAAS_ADMIN, ${access}, for ${hours} h on one database`,
        targets: [database, { what: 'Its password', value: secretId }, { what: 'Version of it', value: secretVersion === null ? 'the current one' : String(secretVersion) }],
        effects: [`SAAS_ADMIN can sign in to the database, ${access}, for ${hours} h from the call on; then OCI ends it.`, ...rotation],
      }
    }
  }
}
