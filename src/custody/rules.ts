/**
 * The rules: what this key may be used for. Written in custody.yaml, copied into each generation as canonical JSON and
 * sealed there by digest, so that a warrant compiles from what the ceremony saw and not from a file edited since.
 */
import { z } from 'zod'
import { canonicalDigest, canonicalJson, isCanonical } from '../canonical.js'
import { GlasskeyError } from '../errors.js'
import { explain } from './explain.js'
import { databaseOcid, line, openpgpFingerprint, region } from './fields.js'

/** What a session can be for. `rotate` has no action of its own. */
export const actionName = z.enum(['rotate', 'saas-admin'])
/** What a session can be for. */
export type ActionName = z.infer<typeof actionName>

/** Access type of SAAS_ADMIN as written on the command line; OCI's own spelling is upper case with underscores. */
export const saasAccess = z.enum(['read-only', 'read-write', 'admin'])

const useCase = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]{1,39}$/, 'must be a short name in lower case, such as idp-loss'),
  title: line,
  actions: z.array(actionName).min(1),
})

/** The greatest number of signatures dated ahead for one region; a schedule must fit into it. */
export const MAXIMUM_PROBES = 240

/** One 401 after the other until this many in a row in every region, then one more after the confirmation time. */
export const REFUSALS_IN_A_ROW = 3

/** Schema of the `rules:` block. */
export const rulesSchema = z.strictObject({
  useCases: z.array(useCase).min(1, 'at least one use case, or the key could never be used'),
  warrant: z.strictObject({
    defaultMinutes: z.number().int().min(1).max(240),
    maximumMinutes: z.number().int().min(1).max(240),
    maximumCalls: z.number().int().min(1).max(200),
  }),
  saasAdmin: z.strictObject({
    maximumHours: z.number().int().min(1).max(24),
    access: z.array(saasAccess).min(1),
    databases: z.union([z.literal('any'), z.array(databaseOcid).min(1)]),
  }),
  regions: z.array(region).min(1),
  probes: z.strictObject({
    intervalSeconds: z.number().int().min(1).max(60),
    confirmAfterSeconds: z.number().int().min(5).max(600),
    giveUpAfterMinutes: z.number().int().min(1).max(60),
  }),
  signers: z.strictObject({
    fingerprints: z.array(openpgpFingerprint),
    needed: z.number().int().min(0),
  }),
})

/** The `rules:` block. */
export type Rules = z.infer<typeof rulesSchema>

/** Contradictions inside the rules that a shape cannot say, as path and sentence. */
export function contradictions(rules: Rules): { path: (string | number)[]; message: string }[] {
  const found: { path: (string | number)[]; message: string }[] = []
  if (rules.warrant.defaultMinutes > rules.warrant.maximumMinutes) {
    found.push({ path: ['warrant', 'defaultMinutes'], message: 'must not be more than maximumMinutes' })
  }
  if (rules.signers.needed > rules.signers.fingerprints.length) {
    found.push({ path: ['signers', 'needed'], message: 'asks for more signers than are listed' })
  }
  rules.signers.fingerprints.forEach((fingerprint, at, all) => {
    if (all.indexOf(fingerprint) !== at) found.push({ path: ['signers', 'fingerprints', at], message: `${fingerprint} is listed twice; each signer counts once` })
  })
  const { intervalSeconds, confirmAfterSeconds, giveUpAfterMinutes } = rules.probes
  const shortest = Math.ceil((giveUpAfterMinutes * 60 + confirmAfterSeconds) / (MAXIMUM_PROBES - 1))
  if (intervalSeconds < shortest) {
    found.push({ path: ['probes', 'intervalSeconds'], message: `must be at least ${shortest}: only ${MAXIMUM_PROBES} probes are signed for each region` })
  }
  const proof = shortestProof(intervalSeconds, confirmAfterSeconds)
  if (proof > giveUpAfterMinutes * 60 + confirmAfterSeconds) {
    found.push({ path: ['probes', 'giveUpAfterMinutes'], message: `must be at least ${Math.ceil((proof - confirmAfterSeconds) / 60)}: ${REFUSALS_IN_A_ROW} refusals in a row and one more after the confirmation time take ${proof} s, and no key would ever be proved dead` })
  }
  const ids = rules.useCases.map((entry) => entry.id)
  ids.forEach((id, at) => {
    if (ids.indexOf(id) !== at) found.push({ path: ['useCases', at, 'id'], message: `"${id}" is used twice` })
  })
  return found
}

/** How long a proof takes at the least, where the key is refused from the first probe on (s): probes are sent at whole intervals. */
function shortestProof(intervalSeconds: number, confirmAfterSeconds: number): number {
  return (REFUSALS_IN_A_ROW - 1 + Math.ceil(confirmAfterSeconds / intervalSeconds)) * intervalSeconds
}

/** `rules.json`: canonical JSON with a final newline. */
export function rulesFile(rules: Rules): string {
  return canonicalJson(rules) + '\n'
}

/** Digest that the manifest and the envelope seal. */
export function rulesDigest(rules: Rules): string {
  return canonicalDigest(rules)
}

/** Rules read from a generation's `rules.json`. Throws FOLDER_ALTERED when they are not those that `sealed` names. */
export function sealedRules(text: string, sealed: string): Rules {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw altered('is not JSON', error)
  }
  const parsed = rulesSchema.safeParse(value)
  if (!parsed.success) throw altered(explain(parsed.error))
  if (!isCanonical(text, parsed.data, '\n')) throw altered('is not in canonical form (RFC 8785, one final newline)')
  if (rulesDigest(parsed.data) !== sealed) throw altered('is not what this generation was sealed with')
  return parsed.data
}

function altered(what: string, cause?: unknown): GlasskeyError {
  return new GlasskeyError(
    'FOLDER_ALTERED',
    `rules.json ${what}`,
    'The custody folder was changed after the ceremony: fetch an untouched copy and find out who changed this one.',
    { cause },
  )
}
