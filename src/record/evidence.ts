/** Evidence of one session: what an auditor needs to check a revocation offline, in one file. */
import { createPublicKey, verify } from 'node:crypto'
import { z } from 'zod'
import { canonicalJson } from '../canonical.js'
import { fingerprint, generation, instant, keyId, region, sha256 } from '../custody/fields.js'
import type { Manifest } from '../custody/manifest.js'
import { GlasskeyError } from '../errors.js'
import type { Chain } from './chain.js'
import { grade, headStatement, type JournalLine } from './journal.js'
import type { Session } from './replay.js'

/** Schema of evidence.json. */
export const evidenceSchema = z.strictObject({
  format: z.literal(1),
  session: z.string(),
  rehearsal: z.boolean(),
  key: z.strictObject({ generation, keyId, spkiSha256: sha256, fingerprint, publicKeyPem: z.string() }),
  warrantSha256: sha256,
  journalSha256: sha256,
  /** The used key's last signature, over the head of its journal at that moment; null when no key was live. */
  lastSignature: z.strictObject({ of: sha256, signature: z.base64() }).nullable(),
  successor: z.strictObject({ generation, keyId, spkiSha256: sha256, fingerprint }).nullable(),
  deletedAt: instant.nullable(),
  probes: z.array(z.strictObject({ region, at: instant, status: z.number().int(), date: z.string(), opcRequestId: z.string() })),
  listings: z.array(z.strictObject({ at: instant, profile: z.string(), fingerprints: z.array(z.string()), blocked: z.boolean() })),
  grade: grade.nullable(),
  why: z.string(),
})

/** Evidence of one session. */
export type Evidence = z.infer<typeof evidenceSchema>

/** `evidence.json`: canonical JSON with a final newline. */
export function evidenceFile(evidence: Evidence): string {
  return canonicalJson(evidence) + '\n'
}

/** Evidence from a journal. */
export function evidenceOf(chain: Chain<JournalLine>, session: Session, manifest: Manifest): Evidence {
  const { opened, successor, headSignature } = session
  return {
    format: 1,
    session: opened.session,
    rehearsal: opened.rehearsal,
    key: { generation: opened.generation, keyId: opened.keyId, spkiSha256: opened.spkiSha256, fingerprint: manifest.fingerprint, publicKeyPem: manifest.publicKeyPem },
    warrantSha256: opened.warrantSha256,
    journalSha256: chain.head.sha256,
    lastSignature: headSignature ? { of: headSignature.of, signature: headSignature.signature } : null,
    successor: successor ? { generation: successor.generation, keyId: successor.keyId, spkiSha256: successor.spkiSha256, fingerprint: successor.fingerprint } : null,
    deletedAt: session.deletedAt,
    probes: session.probes.map(({ region, at, status, date, opcRequestId }) => ({ region, at, status, date, opcRequestId })),
    listings: session.listings.map(({ at, profile, keys, blocked }) => ({ at, profile, fingerprints: keys.map((key) => key.fingerprint), blocked })),
    grade: session.grade,
    why: session.gradeWhy,
  }
}

/**
 * The used key's last signature: over the line before it, with the key that the manifest names. Throws EVIDENCE_INVALID
 * when it does not verify, or when the key signed none although its exit came to the burn. There need be none of a
 * key whose process did not live to burn it, or that was burned before it might sign: then one of an earlier release, if any, is verified.
 */
export function checkLastSignature(session: Session, manifest: Manifest): Session {
  const { headSignature, lastLife } = session
  const invalid = (what: string): GlasskeyError => new GlasskeyError('EVIDENCE_INVALID', `session ${session.opened.session}: ${what}`, 'The journal is not the one that the key signed.')
  if (lastLife?.used === true && lastLife.burned && !lastLife.signed) throw invalid('the used key signed no journal head')
  if (!headSignature) return session
  if (headSignature.of !== headSignature.prev) throw invalid('the last signature is not over the line before it')
  const key = createPublicKey(manifest.publicKeyPem)
  if (!verify('RSA-SHA256', headStatement(headSignature.of), key, Buffer.from(headSignature.signature, 'base64'))) throw invalid('the last signature does not verify')
  return session
}
