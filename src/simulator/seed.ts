/** The tenancy that a new simulator starts with: people, groups, credentials, databases, a secret. */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import { fingerprintOf } from './identity/api-keys.js'
import { issueCredential } from './identity/credentials.js'
import { mintHex, mintOcid, mintSecret, type Random } from './ocid.js'
import {
  type ApiKeyRecord,
  CAPABILITIES,
  type Capability,
  type CredentialKind,
  type DatabaseRecord,
  type GroupRecord,
  type MembershipRecord,
  type PolicyRecord,
  type TenancyState,
  type UserRecord,
} from './tenancy.js'

/** Profiles of the configuration that `--write-config` writes. */
export const PROFILES = ['BOOTSTRAP', 'OPERATOR', 'AUDITOR', 'REMOVER'] as const
export type Profile = (typeof PROFILES)[number]

/** A seeded person's way in. */
export interface Person {
  readonly userId: string
  readonly fingerprint: string
  /** PKCS#8 PEM. */
  readonly privateKeyPem: string
}

/** OCIDs of what was seeded. */
export interface Seed {
  readonly tenancy: string
  readonly homeRegion: string
  readonly regions: readonly string[]
  readonly domain: string
  readonly users: Readonly<Record<'administrator' | 'secondAdministrator' | 'operator' | 'auditor', string>>
  readonly groups: Readonly<Record<'administrators' | 'operators' | 'auditors', string>>
  readonly compartments: Readonly<Record<'production' | 'sandbox', string>>
  readonly databases: Readonly<Record<'available' | 'alwaysFree' | 'stopped', string>>
  readonly secrets: Readonly<Record<'saasAdmin', string>>
}

export interface Seeded {
  readonly tenancy: TenancyState
  readonly seed: Seed
  readonly people: Readonly<Record<Profile, Person>>
}

/** Where a seed gets what it cannot make up itself. */
export interface SeedSources {
  readonly random: Random
  /** ms */
  readonly now: number
  /** Gives a new RSA private key. */
  readonly generateKey: () => KeyObject
  /** Regions, the home region first. */
  readonly regions: readonly string[]
  /** Further users without credentials, for tools that must cope with many. */
  readonly extraUsers: number
}

function publicPem(key: KeyObject): string {
  return createPublicKey(key).export({ format: 'pem', type: 'spki' }) as string
}

function makeUser(sources: SeedSources, name: string, description: string): UserRecord {
  const capabilities = Object.fromEntries(CAPABILITIES.map((capability) => [capability, true]))
  return {
    id: mintOcid(sources.random, 'user'),
    scimId: mintHex(sources.random, 16),
    name,
    description,
    email: name,
    timeCreated: sources.now,
    blocked: false,
    capabilities: capabilities as Record<Capability, boolean>,
    consolePassword: null,
    mfaDevices: [],
    bypassCodes: 0,
    version: 1,
  }
}

function makeGroup(sources: SeedSources, name: string, description: string): GroupRecord {
  const id = mintOcid(sources.random, 'group')
  return { id, scimId: mintHex(sources.random, 16), name, description, timeCreated: sources.now, version: 1 }
}

function makeKey(sources: SeedSources, user: UserRecord, key: KeyObject): ApiKeyRecord {
  return {
    ocid: mintOcid(sources.random, 'credential'),
    scimId: mintHex(sources.random, 16),
    userId: user.id,
    fingerprint: fingerprintOf(createPublicKey(key)),
    pem: publicPem(key),
    timeCreated: sources.now,
    timeDeleted: null,
    version: 1,
  }
}

function makeDatabase(
  sources: SeedSources,
  compartmentId: string,
  about: Pick<DatabaseRecord, 'dbName' | 'displayName' | 'isFreeTier' | 'lifecycleState'>,
): DatabaseRecord {
  const region = sources.regions[0] ?? ''
  return {
    id: mintOcid(sources.random, 'autonomousdatabase', region),
    region,
    compartmentId,
    ...about,
    timeCreated: sources.now,
    updatingUntil: 0,
    saasAdmin: [],
    version: 1,
  }
}

/** Everything that an administrator can have besides API keys: what a takeover must find and remove. */
function furnish(sources: SeedSources, administrator: UserRecord): TenancyState['identity']['credentials'] {
  const { random, now } = sources
  administrator.consolePassword = {
    timeCreated: now,
    sha256: createHash('sha256').update(mintSecret(random, 20)).digest('hex'),
    setBy: 'owner',
  }
  administrator.mfaDevices = [{ id: mintOcid(random, 'credential'), timeCreated: now, isActivated: true }]
  const kinds: readonly CredentialKind[] = [
    'authTokens',
    'customerSecretKeys',
    'smtpCredentials',
    'dbCredentials',
    'oauth2ClientCredentials',
  ]
  const issuer = { random, mint: (type: string, region = '') => mintOcid(random, type, region) }
  return kinds.map((kind) =>
    issueCredential(issuer, {
      kind,
      userId: administrator.id,
      userName: administrator.name,
      description: 'From the first days of the tenancy',
      secret: mintSecret(random, 20),
      now,
    }),
  )
}

/** A tenancy has a past, longer than a credential should live and than any delay between regions. */
const AGE_MS = 120 * 86_400_000

/** Makes a tenancy in which everything is 120 days old. */
export function makeSeed(today: SeedSources): Seeded {
  const sources = { ...today, now: today.now - AGE_MS }
  const { random, now, regions, generateKey } = sources
  const tenancyId = mintOcid(random, 'tenancy')
  const users = {
    administrator: makeUser(sources, 'cloud.administrator@example.org', 'Cloud Account Administrator'),
    secondAdministrator: makeUser(sources, 'second.administrator@example.org', 'Second Administrator'),
    operator: makeUser(sources, 'olga.operator@example.org', 'Olga Operator'),
    auditor: makeUser(sources, 'august.auditor@example.org', 'August Auditor'),
    remover: makeUser(sources, 'glasskey-remover', 'Deletes used API keys'),
  }
  const extras = Array.from({ length: sources.extraUsers }, (_, index) =>
    makeUser(sources, `user${index + 1}@example.org`, `User ${index + 1}`),
  )
  const groups = {
    administrators: makeGroup(sources, 'Administrators', 'Administrators of the tenancy'),
    operators: makeGroup(sources, 'Operators', 'People who are on call'),
    auditors: makeGroup(sources, 'Auditors', 'May read everything'),
    removers: makeGroup(sources, 'GlasskeyRemovers', 'May delete API keys of the break-glass user'),
  }
  const join = (user: UserRecord, group: GroupRecord): MembershipRecord => {
    const id = mintOcid(random, 'groupmembership')
    return { id, userId: user.id, groupId: group.id, timeCreated: now, version: 1 }
  }
  const compartment = (name: string): TenancyState['identity']['compartments'][number] => {
    const id = mintOcid(random, 'compartment')
    return { id, compartmentId: tenancyId, name, description: `The ${name} compartment`, timeCreated: now }
  }
  const policy = (name: string, statement: string, builtIn: boolean): PolicyRecord => ({
    id: mintOcid(random, 'policy'),
    compartmentId: tenancyId,
    name,
    builtIn,
    description: name,
    statements: [statement],
    versionDate: null,
    timeCreated: now,
    version: 1,
  })
  const keys = { BOOTSTRAP: generateKey(), OPERATOR: generateKey(), AUDITOR: generateKey(), REMOVER: generateKey() }
  const person = (profile: Profile, user: UserRecord): Person => ({
    userId: user.id,
    fingerprint: fingerprintOf(createPublicKey(keys[profile])),
    privateKeyPem: keys[profile].export({ format: 'pem', type: 'pkcs8' }) as string,
  })
  const compartments = { production: compartment('production'), sandbox: compartment('sandbox') }
  const place = compartments.production.id
  const databases = {
    available: makeDatabase(sources, place, {
      dbName: 'ORDERS',
      displayName: 'orders',
      isFreeTier: false,
      lifecycleState: 'AVAILABLE',
    }),
    alwaysFree: makeDatabase(sources, place, {
      dbName: 'TRIAL',
      displayName: 'trial',
      isFreeTier: true,
      lifecycleState: 'AVAILABLE',
    }),
    stopped: makeDatabase(sources, place, {
      dbName: 'ARCHIVE',
      displayName: 'archive',
      isFreeTier: false,
      lifecycleState: 'STOPPED',
    }),
  }
  const homeRegion = regions[0] ?? ''
  const secret = {
    id: mintOcid(random, 'vaultsecret', homeRegion),
    region: homeRegion,
    compartmentId: place,
    secretName: 'saas-admin-password',
    versions: [1, 2, 3],
  }
  const domain = { id: mintOcid(random, 'domain'), displayName: 'Default', timeCreated: now }
  const tenancy: TenancyState = {
    tenancyId,
    name: 'example',
    description: 'A tenancy that exists only in a simulator',
    regions: [...regions],
    identity: {
      users: [...Object.values(users), ...extras],
      apiKeys: [
        makeKey(sources, users.administrator, keys.BOOTSTRAP),
        makeKey(sources, users.administrator, generateKey()),
        makeKey(sources, users.secondAdministrator, generateKey()),
        makeKey(sources, users.operator, keys.OPERATOR),
        makeKey(sources, users.auditor, keys.AUDITOR),
        makeKey(sources, users.remover, keys.REMOVER),
      ],
      credentials: furnish(sources, users.administrator),
      groups: Object.values(groups),
      memberships: [
        join(users.administrator, groups.administrators),
        join(users.secondAdministrator, groups.administrators),
        join(users.operator, groups.operators),
        join(users.auditor, groups.auditors),
        join(users.remover, groups.removers),
      ],
      policies: [
        policy('Tenant Admin Policy', 'ALLOW GROUP Administrators to manage all-resources IN TENANCY', true),
        policy('auditors', 'Allow group Auditors to read all-resources in tenancy', false),
        policy('removers', `Allow group GlasskeyRemovers to {USER_INSPECT, USER_READ, USER_UPDATE, USER_APIKEY_REMOVE} in tenancy where target.user.id = '${users.administrator.id}'`, false),
      ],
      compartments: Object.values(compartments),
      domain,
    },
    databases: Object.values(databases),
    secrets: [secret],
    workRequests: [],
    retryTokens: [],
  }
  return {
    tenancy,
    seed: {
      tenancy: tenancyId,
      homeRegion,
      regions,
      domain: domain.id,
      users: idsOf(users),
      groups: idsOf(groups),
      compartments: idsOf(compartments),
      databases: idsOf(databases),
      secrets: { saasAdmin: secret.id },
    },
    people: {
      BOOTSTRAP: person('BOOTSTRAP', users.administrator),
      OPERATOR: person('OPERATOR', users.operator),
      AUDITOR: person('AUDITOR', users.auditor),
      REMOVER: person('REMOVER', users.remover),
    },
  }
}

function idsOf<N extends string>(things: Readonly<Record<N, { readonly id: string }>>): Record<N, string> {
  const entries = Object.entries<{ readonly id: string }>(things)
  return Object.fromEntries(entries.map(([name, { id }]) => [name, id])) as Record<N, string>
}
