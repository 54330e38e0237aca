/**
 * The state of a simulated tenancy. Plain data: it is written to the state file as it stands. Times are in
 * milliseconds since 1970 UTC; `version` counts changes and gives the etag.
 */
/** Which credentials a user may have, in the spelling of OCI's `User` model. */
export const CAPABILITIES = [
  'canUseConsolePassword',
  'canUseApiKeys',
  'canUseAuthTokens',
  'canUseSmtpCredentials',
  'canUseDbCredentials',
  'canUseCustomerSecretKeys',
  'canUseOAuth2ClientCredentials',
] as const

export type Capability = (typeof CAPABILITIES)[number]

/** Credentials other than API keys, named by their path segment. */
export const CREDENTIAL_KINDS = [
  'authTokens',
  'customerSecretKeys',
  'smtpCredentials',
  'dbCredentials',
  'oauth2ClientCredentials',
  'swiftPasswords',
] as const

export type CredentialKind = (typeof CREDENTIAL_KINDS)[number]

/** An API key. A deleted one stays as a tombstone, because regions go on accepting it for a while. */
export interface ApiKeyRecord {
  readonly ocid: string
  readonly scimId: string
  readonly userId: string
  /** MD5 of the SubjectPublicKeyInfo, lower-case hex with colons. */
  readonly fingerprint: string
  /** The public key as it was uploaded. */
  readonly pem: string
  readonly timeCreated: number
  timeDeleted: number | null
  version: number
}

export interface CredentialRecord {
  readonly kind: CredentialKind
  readonly id: string
  readonly scimId: string
  readonly userId: string
  /** Description, or display name for a customer secret key. */
  readonly description: string
  /** Only SMTP credentials have one. */
  readonly username: string | null
  readonly secretSha256: string
  readonly timeCreated: number
  readonly timeExpires: number | null
  version: number
}

export interface MfaDevice {
  readonly id: string
  readonly timeCreated: number
  readonly isActivated: boolean
}

export interface ConsolePassword {
  readonly timeCreated: number
  /** Lower-case hex digest, or null when a reset mail is under way and no password works. */
  readonly sha256: string | null
  readonly setBy: 'owner' | 'reset' | 'resetMail' | 'changer'
}

export interface UserRecord {
  readonly id: string
  readonly scimId: string
  readonly name: string
  readonly description: string
  readonly email: string
  readonly timeCreated: number
  blocked: boolean
  capabilities: Record<Capability, boolean>
  consolePassword: ConsolePassword | null
  mfaDevices: MfaDevice[]
  bypassCodes: number
  version: number
}

export interface GroupRecord {
  readonly id: string
  readonly scimId: string
  readonly name: string
  readonly description: string
  readonly timeCreated: number
  version: number
}

export interface MembershipRecord {
  readonly id: string
  readonly userId: string
  readonly groupId: string
  readonly timeCreated: number
  version: number
}

export interface PolicyRecord {
  readonly id: string
  readonly compartmentId: string
  readonly name: string
  readonly builtIn: boolean
  readonly timeCreated: number
  description: string
  statements: string[]
  versionDate: string | null
  version: number
}

export interface CompartmentRecord {
  readonly id: string
  readonly compartmentId: string
  readonly name: string
  readonly description: string
  readonly timeCreated: number
}

export interface DomainRecord {
  readonly id: string
  readonly displayName: string
  readonly timeCreated: number
}

/** What identity replicates from the home region to the others. */
export interface IdentityState {
  users: UserRecord[]
  apiKeys: ApiKeyRecord[]
  credentials: CredentialRecord[]
  groups: GroupRecord[]
  memberships: MembershipRecord[]
  policies: PolicyRecord[]
  compartments: CompartmentRecord[]
  domain: DomainRecord
}

export type SaasAccess = 'READ_ONLY' | 'READ_WRITE' | 'ADMIN'

/** One period for which SAAS_ADMIN was enabled; what the database shows in DBA_CLOUD_CONFIG. */
export interface SaasAdminSession {
  readonly timeEnabled: number
  accessType: SaasAccess
  /** Hours, 1 to 24. */
  readonly duration: number
  readonly secretId: string | null
  /** When it was disabled by a call; null while it runs or when time ended it. */
  timeRevoked: number | null
  revokedBy: string | null
}

export interface DatabaseRecord {
  readonly id: string
  readonly region: string
  readonly compartmentId: string
  readonly dbName: string
  readonly displayName: string
  readonly isFreeTier: boolean
  readonly timeCreated: number
  lifecycleState: 'AVAILABLE' | 'STOPPED'
  /** UPDATING until then. */
  updatingUntil: number
  saasAdmin: SaasAdminSession[]
  version: number
}

export interface SecretRecord {
  readonly id: string
  readonly region: string
  readonly compartmentId: string
  readonly secretName: string
  /** Version numbers that exist, ascending. */
  readonly versions: number[]
}

export interface WorkRequestRecord {
  readonly id: string
  readonly region: string
  readonly compartmentId: string
  readonly operationType: string
  readonly resourceId: string
  readonly timeAccepted: number
  readonly timeFinished: number
}

/** The answer to a create, kept so that the same opc-retry-token gets it again. */
export interface RetryRecord {
  readonly callerId: string
  readonly operation: string
  readonly token: string
  readonly bodySha256: string
  readonly at: number
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: unknown
}

export interface TenancyState {
  readonly tenancyId: string
  readonly name: string
  readonly description: string
  /** Subscribed regions; the first is the home region. */
  readonly regions: string[]
  readonly identity: IdentityState
  readonly databases: DatabaseRecord[]
  readonly secrets: SecretRecord[]
  readonly workRequests: WorkRequestRecord[]
  retryTokens: RetryRecord[]
}

/** Text of a time on OCI's wire: ISO 8601, UTC, milliseconds. */
export function wireTime(ms: number): string {
  return new Date(ms).toISOString()
}
