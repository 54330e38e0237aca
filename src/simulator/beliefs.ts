/**
 * What this simulator believes of OCI without proof.
 *
 * Documented behaviour lives in the code of each operation. What nobody could verify lives here and only here: named,
 * with its evidence, with a default, and switchable (`--belief NAME=VALUE`), so that a client can be rehearsed against
 * the opposite of every assumption that it might silently make.
 */
import { GlasskeyError } from '../errors.js'

/**
 * Value of a belief: a flag, a number (seconds), or text. A refusal is written as it appears on the wire:
 * `400 LimitExceeded`. Those of CAN_BE_ALLOWED also take the word `allowed`.
 */
type BeliefValue = boolean | number | string

/** The default of every belief. The comment above each is its evidence. */
export const DEFAULT_BELIEFS = {
  // --- API keys -------------------------------------------------------------------------------------------------

  /** A fourth API key. Three is documented; the code is a guess out of Oracle's list of common errors. */
  fourthApiKey: '400 LimitExceeded',
  /** One auth token, secret key or other credential too many. Two is documented for most; the code is a guess. */
  credentialLimit: '400 LimitExceeded',
  /** Uploading a key that the user already has. 409 is plausible, the code a guess (create "in place of 404"). */
  duplicateApiKey: '409 NotAuthorizedOrResourceAlreadyExists',
  /** `allowed`: a key may sign its own deletion. Nothing in the API model forbids it; otherwise the refusal to give. */
  selfDeletion: 'allowed',
  /** A 4096-bit key. Every client signs with one; acceptance by the service is documented only as "minimum 2048". */
  key4096: 'allowed',
  /** A PKCS#1 `BEGIN RSA PUBLIC KEY`: not mentioned by Oracle's page, which shows SPKI only. */
  pkcs1PublicKey: '400 InvalidParameter',
  /** Is a new key listed as ACTIVE at once, though it is not accepted yet? Nothing documented ties the one to the other. */
  activeBeforeAccepted: false,
  /** Seconds for which a deleted key stays listed as DELETED. Oracle's CLI tests tolerate it for secret keys. */
  deletedKeysListed: 0,
  /** Seconds by which the list of a user's keys is behind what was done to them. That other regions are behind home is documented; of home's own lists nothing is. */
  keyListDelay: 0,
  /** Does clearing a capability stop the credentials that exist? Documentation speaks of creating only. */
  clearedCapabilityDisables: false,
  /** Creating a credential whose capability is cleared: that it is refused is documented, the code is not. */
  capabilityMissing: '400 InvalidParameter',

  // --- Common behaviour -----------------------------------------------------------------------------------------

  /** `if-match` differs. 412 is the HTTP standard; the code's name comes from the SDK's retry tables. */
  etagMismatch: '412 NoEtagMatch',
  /** A retry token used again with another body, or after what it created was deleted. */
  retryTokenSpent: '409 InvalidatedRetryToken',
  /** A body with a field that the operation does not know (a typing error in a capability's name, say). */
  unknownBodyField: '400 CannotParseRequest',
  /** Adding a user to a group that has the user already. */
  duplicateMembership: '409 Conflict',
  /** A second policy of one name in a compartment. */
  duplicatePolicy: '409 PolicyAlreadyExists',
  /** Changing or removing the built-in "Tenant Admin Policy": documented as impossible, code not. */
  tenantAdminPolicy: '403 NotAllowed',
  /** In tenancies with identity domains a console password reset sends mail and returns no password. */
  passwordResetByMail: true,

  // --- Identity domains (SCIM) ----------------------------------------------------------------------------------

  /** Changing oneself through `/admin/v1` without `allowSelfChange`: the rule is documented, status and id are not. */
  scimSelfChange: '403 error.common.common.selfChangeNotAllowed',
  /** Does AuthenticationFactorsRemover fall under the self-change rule? Its model has no place for the switch. */
  scimFactorsRemoverSelfChange: false,
  /** SCIM deletes by OCID as well as by id. */
  scimDeleteByOcid: true,
  /** Status of a SCIM create (RFC 7644 section 3.3). */
  scimCreated: 201,
  /** Status of a SCIM delete (RFC 7644 section 3.6). */
  scimDeleted: 204,
  /** Shortest and longest console password that the domain's policy takes. */
  consolePasswordLength: '12-40',

  // --- Autonomous Database --------------------------------------------------------------------------------------

  /** Status of configureSaasAdminUser. The SDK's model has a body, so 200 rather than 202. */
  saasAdminStatus: 200,
  /** configureSaasAdminUser without isEnabled, which its model calls optional. `allowed`: it means to enable. */
  saasAdminIsEnabled: '400 MissingParameter',
  /** A secret, or a version of it, that is not there. */
  saasAdminSecret: '400 RelatedResourceNotAuthorizedOrNotFound',
  /** Another duration while the user is enabled: "cannot be changed while enabled" is documented, the code is not. */
  saasAdminChangedDuration: '409 IncorrectState',
  /** An Always Free database: documented as unsupported, code not. */
  saasAdminAlwaysFree: '400 InvalidParameter',
  /** A database that is not AVAILABLE. */
  saasAdminNotAvailable: '409 IncorrectState',
  /** Seconds for which the database is UPDATING and the work request IN_PROGRESS; then the change is in force. */
  saasAdminUpdating: 0,

  // --- Audit ----------------------------------------------------------------------------------------------------

  /** listEvents refuses times with seconds (documented as a rule; a recorded live call with seconds got 200). */
  auditWholeMinutes: true,
  /** Seconds until an event can be listed. Live: usually within 15 minutes; one recorded lag was 7 s. */
  auditDelay: 0,
  /** Identity's events are all kept in the home region, whichever region answered. */
  auditIdentityAtHome: false,
  /** listEvents starts with an empty page that has a next page. */
  auditEmptyPage: false,
} satisfies Record<string, BeliefValue>

type Widened<T> = T extends boolean ? boolean : T extends number ? number : string

/** All beliefs with their values. */
export type Beliefs = { -readonly [N in keyof typeof DEFAULT_BELIEFS]: Widened<(typeof DEFAULT_BELIEFS)[N]> }

/** Name of a belief. */
export type BeliefName = keyof Beliefs

/** Beliefs that can say that there is nothing to refuse. */
const CAN_BE_ALLOWED: readonly string[] = [
  'selfDeletion',
  'key4096',
  'pkcs1PublicKey',
  'unknownBodyField',
  'scimSelfChange',
  'saasAdminIsEnabled',
] satisfies BeliefName[]

const REFUSAL = /^[45]\d\d [A-Za-z.]+$/

function isName(name: string): name is BeliefName {
  return Object.hasOwn(DEFAULT_BELIEFS, name)
}

function readValue(name: BeliefName, text: string): BeliefValue {
  const fallback: BeliefValue = DEFAULT_BELIEFS[name]
  const wrong = (wanted: string): GlasskeyError =>
    new GlasskeyError('USAGE', `The belief ${name} takes ${wanted}, not '${text}'.`)
  if (typeof fallback === 'boolean') {
    if (text !== 'true' && text !== 'false') throw wrong('true or false')
    return text === 'true'
  }
  if (typeof fallback === 'number') {
    if (!/^\d+(\.\d+)?$/.test(text)) throw wrong('a number')
    return Number(text)
  }
  if (name === 'consolePasswordLength') {
    if (!/^\d+-\d+$/.test(text)) throw wrong('a range such as 12-40')
    return text
  }
  const allowable = CAN_BE_ALLOWED.includes(name)
  if (!REFUSAL.test(text) && !(allowable && text === 'allowed')) {
    throw wrong(`${allowable ? "'allowed' or " : ''}a refusal such as '409 IncorrectState'`)
  }
  return text
}

/**
 * Reads `NAME=VALUE` switches over the defaults.
 *
 * @throws GlasskeyError USAGE for a name that is no belief or a value of the wrong kind
 */
export function readBeliefs(switches: readonly string[]): Beliefs {
  const beliefs: Record<string, BeliefValue> = { ...DEFAULT_BELIEFS }
  for (const text of switches) {
    const cut = text.indexOf('=')
    const name = cut < 0 ? text : text.slice(0, cut)
    if (cut < 0 || !isName(name)) {
      const known = Object.keys(DEFAULT_BELIEFS).join(', ')
      throw new GlasskeyError('USAGE', `'${text}' is not NAME=VALUE of a belief.`, `Beliefs: ${known}.`)
    }
    beliefs[name] = readValue(name, text.slice(cut + 1))
  }
  return beliefs as Beliefs
}
