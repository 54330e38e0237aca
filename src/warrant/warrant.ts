/** The warrant: who, why, what, how long. What custodians read before they open a bag. */
import { z } from 'zod'
import { canonicalDigest, canonicalJson, isCanonical } from '../canonical.js'
import { explain } from '../custody/explain.js'
import { databaseOcid, fingerprint, generation, instant, keyId, line, realm, region, secretOcid, sha256, tenancyOcid, userOcid } from '../custody/fields.js'
import { rulesSchema, saasAccess } from '../custody/rules.js'
import { hexToWords } from '../custody/words.js'
import { GlasskeyError } from '../errors.js'

const origin = z.string().regex(/^https?:\/\/(\[[0-9a-f:]+\]|[a-z0-9.-]+)(:\d{1,5})?$/, 'must be an origin such as https://host or http://127.0.0.1:8080')

const rotate = z.strictObject({ name: z.literal('rotate') })

const saasAdmin = z.strictObject({
  name: z.literal('saas-admin'),
  database: databaseOcid,
  region,
  /** Null to disable. */
  enable: z
    .strictObject({ secretId: secretOcid, secretVersion: z.number().int().min(1).nullable(), access: saasAccess, hours: z.number().int().min(1).max(24) })
    .nullable(),
})

const takeover = z.strictObject({
  name: z.literal('takeover'),
  domainUrl: origin,
  /** SCIM id of the user in its domain. */
  domainUserId: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/),
})

/** What a session does besides rotating. */
export const actionSchema = z.discriminatedUnion('name', [rotate, saasAdmin, takeover], { error: 'is not an action that this glasskey knows' })
/** What a session does besides rotating. */
export type Action = z.infer<typeof actionSchema>

/** A generation's public names, as a warrant carries them. */
const keyNames = z.strictObject({ generation, keyId, spkiSha256: sha256, fingerprint, publicKeyPem: z.string() })

/** Schema of warrant.json. */
export const warrantSchema = z.strictObject({
  format: z.literal(1),
  session: z.string().regex(/^[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}$/),
  rehearsal: z.boolean(),
  drill: z.boolean(),
  action: actionSchema,
  operator: z.strictObject({ name: line, user: userOcid }),
  incident: line,
  useCase: z.string(),
  authorisedBy: line,
  reason: line,
  tenancy: tenancyOcid,
  user: userOcid,
  realm,
  homeRegion: region,
  /** Regions in which the tenancy is subscribed and the key must be proved dead. */
  regions: z.array(region).min(1),
  /** Origins in place of OCI's own, by region; empty for the real cloud. */
  endpoints: z.record(z.string(), origin),
  key: keyNames,
  /** Null: rotation is deferred, with consent. */
  successor: keyNames.nullable(),
  opens: instant,
  deadline: instant,
  calls: z.number().int().min(1),
  probes: rulesSchema.shape.probes,
  isolationExceptions: z.array(line),
  logbook: z.strictObject({ seq: z.number().int().min(0), sha256 }),
})

/** A warrant. */
export type Warrant = z.infer<typeof warrantSchema>

/** `warrant.json`: canonical JSON with a final newline. */
export function warrantFile(warrant: Warrant): string {
  return canonicalJson(warrant) + '\n'
}

/** SHA-256 over the canonical warrant, lower-case hex. */
export function warrantDigest(warrant: Warrant): string {
  return canonicalDigest(warrant)
}

/** Four words of the warrant's digest. A custodian who types them has the warrant in front of them. */
export function codeWords(warrant: Warrant): string {
  return hexToWords(warrantDigest(warrant).slice(0, 8))
}

/** Reads warrant.json. Throws WARRANT_INVALID. */
export function parseWarrant(text: string): Warrant {
  const invalid = (what: string, cause?: unknown): GlasskeyError => new GlasskeyError('WARRANT_INVALID', `warrant.json ${what}`, 'Ask for a new warrant.', { cause })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw invalid('is not JSON', error)
  }
  const parsed = warrantSchema.safeParse(value)
  if (!parsed.success) throw invalid(explain(parsed.error))
  if (!isCanonical(text, parsed.data, '\n')) throw invalid('is not in canonical form (RFC 8785, one final newline)')
  return parsed.data
}

/** What the warrant is for, in one line that can be read aloud. */
export function purpose(action: Action): string {
  switch (action.name) {
    case 'rotate':
      return 'rotate the key; nothing else'
    case 'takeover':
      return `take the user over (domain ${action.domainUrl}, user ${action.domainUserId}): API keys as the only way in, other credentials removed`
    case 'saas-admin':
      return action.enable
        ? `enable SAAS_ADMIN ${action.enable.access} for ${action.enable.hours} h on ${action.database} in ${action.region}, password from ${action.enable.secretId}${action.enable.secretVersion === null ? '' : `, version ${action.enable.secretVersion}`}`
        : `disable SAAS_ADMIN on ${action.database}`
  }
}
