/** U: the user that the key belongs to, as the auditor's own login reads it. */
import { isBlocked } from '../../breakglass/user-view.js'
import { ONLY_API_KEYS } from '../../warrant/scope.js'
import type { CloudView } from '../cloud-view.js'
import { type Control, failed } from '../control.js'
import type { Dossier } from '../dossier.js'
import { livesOf } from '../lives.js'
import { NotChecked } from '../reading.js'

/** Throws NotChecked without a login. */
function seen({ cloud }: Dossier): CloudView {
  if (!cloud) throw new NotChecked('no login was given (--profile)')
  return cloud
}

/** Throws NotChecked before the takeover: until then the user is somebody's everyday login. */
function takenOver(dossier: Dossier): CloudView {
  const cloud = seen(dossier)
  if (!livesOf(dossier).current) throw new NotChecked('the takeover has not happened')
  return cloud
}

/** Throws AUDIT_FAILED. */
function active(dossier: Dossier): string {
  const { user } = seen(dossier)
  if (isBlocked(user)) throw failed(`the user is blocked or not ACTIVE (${user.lifecycleState}): the key of last resort would not work`)
  return 'ACTIVE, not blocked'
}

/** Throws AUDIT_FAILED naming the capabilities. */
function onlyApiKeys(dossier: Dossier): string {
  const { capabilities } = takenOver(dossier).user
  const wrong = Object.entries(ONLY_API_KEYS).filter(([name, wanted]) => (capabilities[name] ?? false) !== wanted)
  if (wrong.length > 0) throw failed(wrong.map(([name, wanted]) => `${name} is ${wanted ? 'off' : 'on'}`).join(', '))
  const other = Object.entries(capabilities).filter(([name, value]) => !(name in ONLY_API_KEYS) && value === true)
  if (other.length > 0) throw failed(`${other.map(([name]) => name).join(', ')}: on, and not known to glasskey`)
  return 'canUseApiKeys and no other'
}

/** Throws AUDIT_FAILED. */
function administrator(dossier: Dossier): string {
  const { groups } = seen(dossier)
  if (!groups.read) throw new NotChecked(`the groups could not be read: ${groups.error.message}`)
  if (!groups.value.includes('Administrators')) throw failed(`the user is not in the group Administrators (it is in: ${groups.value.join(', ') || 'none'})`)
  return `in ${groups.value.join(', ')}`
}

/** Throws AUDIT_FAILED naming what there is. */
function noOtherCredentials(dossier: Dossier): string {
  const { credentials } = takenOver(dossier)
  if (!credentials.read) throw new NotChecked(`the credentials could not be listed: ${credentials.error.message}`)
  const kinds = Object.entries(credentials.value)
  const there = kinds.filter(([, count]) => count !== null && count > 0)
  if (there.length > 0) throw failed(there.map(([kind, count]) => `${String(count)} ${kind}`).join(', '))
  const hidden = kinds.filter(([, count]) => count === null).map(([kind]) => kind)
  if (hidden.length > 0) throw new NotChecked(`this login may not list ${hidden.join(', ')}`)
  return `none of ${kinds.map(([kind]) => kind).join(', ')}`
}

/** Nobody's read-only login sees these. */
function signInFactors(): string {
  throw new NotChecked('factors and password of the identity domain are not visible to a login that only reads')
}

/** Controls of the user. */
export const USER_CONTROLS: readonly Control[] = [
  {
    code: 'U01',
    claim: 'The user is ACTIVE and not blocked.',
    method: 'Read the user.',
    source: 'OCI IAM (GetUser)',
    bearsOn: [],
    reperformed: true,
    examine: active,
  },
  {
    code: 'U02',
    claim: 'API keys are the only credentials that the user may have.',
    method: 'Read the user\'s capabilities.',
    source: 'OCI IAM (GetUser)',
    bearsOn: [],
    reperformed: true,
    examine: onlyApiKeys,
  },
  {
    code: 'U03',
    claim: 'The user is in the group Administrators.',
    method: 'List the user\'s memberships.',
    source: 'OCI IAM (ListUserGroupMemberships)',
    bearsOn: [],
    reperformed: true,
    examine: administrator,
  },
  {
    code: 'U04',
    claim: 'The user has no auth token, secret key, SMTP, database or OAuth credential, and no TOTP device.',
    method: 'List each kind.',
    source: 'OCI IAM (List… of each kind)',
    bearsOn: [],
    reperformed: true,
    examine: noOtherCredentials,
  },
  {
    code: 'U05',
    claim: 'No factor and no password of the identity domain lets anybody sign in as this user.',
    method: 'None: look in the console, with an administrator.',
    source: 'identity domain',
    bearsOn: [],
    reperformed: false,
    examine: signInFactors,
  },
]
