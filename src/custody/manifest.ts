/** The manifest: the public description of one generation. Format: docs/format.md, section "Manifest". */
import { z } from 'zod'
import { canonicalDigest, canonicalJson, isCanonical } from '../canonical.js'
import { GlasskeyError } from '../errors.js'
import { explain } from './explain.js'
import { custodianNumber, fingerprint, generation, instant, keyId, line, openpgpFingerprint, region, sha256, tenancyOcid, userOcid } from './fields.js'
import { isOurKind, namesOf, spkiOfPem } from './key.js'

/** Schema of manifest.json. */
export const manifestSchema = z.strictObject({
  format: z.literal(1),
  keyId,
  generation,
  rehearsal: z.boolean(),
  created: instant,
  tenancy: tenancyOcid,
  user: userOcid,
  homeRegion: region,
  regions: z.array(region).min(1),
  threshold: z.number().int().min(2).max(255),
  shares: z
    .array(
      z.strictObject({
        custodian: custodianNumber,
        name: line,
        copies: z.number().int().min(1),
        commitment: sha256,
        /** Only where the sheets carry the share sealed: to which OpenPGP key, and the digest of the message. */
        sealed: z.strictObject({ fingerprint: openpgpFingerprint, sha256 }).optional(),
      }),
    )
    .min(2),
  publicKeyPem: z.string(),
  fingerprint,
  spkiSha256: sha256,
  rulesSha256: sha256,
  successor: z.strictObject({ keyId, spkiSha256: sha256 }).nullable(),
  previousManifestSha256: sha256.nullable(),
  tool: line,
  envelopeSha256: sha256,
  transcriptSha256: sha256.nullable(),
})

/** A manifest whose parts agree with each other. Whether it is the sealed one is the envelope's word. */
export type Manifest = z.infer<typeof manifestSchema>
/** What the digest inside the envelope covers. */
export type SealedManifest = Omit<Manifest, 'envelopeSha256' | 'transcriptSha256'>

/** `manifest-sha256`: over everything but envelopeSha256 and transcriptSha256, which are known only afterwards. */
export function manifestDigest(manifest: SealedManifest | Manifest): string {
  return canonicalDigest({ ...manifest, envelopeSha256: undefined, transcriptSha256: undefined })
}

/** `manifest.json`: canonical JSON with a final newline. */
export function manifestFile(manifest: Manifest): string {
  return canonicalJson(manifest) + '\n'
}

/**
 * Reads manifest.json. Throws MANIFEST_INVALID when it is not canonical, or when key id, digest, fingerprint, custodian
 * numbers or threshold contradict each other.
 */
export function parseManifest(text: string, name = 'manifest.json'): Manifest {
  const invalid = (what: string, cause?: unknown): GlasskeyError =>
    new GlasskeyError('MANIFEST_INVALID', `${name}: ${what}`, 'Fetch an untouched copy of the custody folder.', { cause })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw invalid('is not JSON', error)
  }
  const parsed = manifestSchema.safeParse(value)
  if (!parsed.success) throw invalid(explain(parsed.error))
  const manifest = parsed.data
  if (!isCanonical(text, manifest, '\n')) throw invalid('is not in canonical form (RFC 8785, one final newline)')
  let names
  try {
    names = namesOf(spkiOfPem(manifest.publicKeyPem))
  } catch (error) {
    throw invalid('publicKeyPem is not a public key', error)
  }
  if (!isOurKind(manifest.publicKeyPem)) throw invalid('publicKeyPem is not an RSA key of 2048, 3072 or 4096 bits with exponent 65537')
  for (const field of ['keyId', 'spkiSha256', 'fingerprint', 'publicKeyPem'] as const) {
    if (manifest[field] !== names[field]) throw invalid(`${field} is not that of publicKeyPem`)
  }
  if (manifest.threshold > manifest.shares.length) throw invalid('threshold is larger than the number of shares')
  manifest.shares.forEach((share, at) => {
    if (share.custodian !== at + 1) throw invalid(`shares[${at}].custodian must be ${at + 1}`)
  })
  return manifest
}
