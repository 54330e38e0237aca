/** The journal of one session: what was meant, what happened, what is not known. Format: docs/format.md. */
import { z } from 'zod'
import { sha256Hex } from '../canonical.js'
import { custodianNumber, fingerprint, generation, instant, keyId, line, openpgpFingerprint, region, remark, sha256 } from '../custody/fields.js'
import { chainFields, readChain, type Chain } from './chain.js'

/** Grades of proof that a used key is dead, best first. */
export const grade = z.enum(['proved', 'refused-only', 'listed-only', 'unproved'])
/** Grades of proof that a used key is dead, best first. */
export type Grade = z.infer<typeof grade>

/** One API key of the user as OCI lists it. `generation` is null for a stranger's. */
const listedKey = z.strictObject({
  /** As OCI said it, whatever it said. */
  fingerprint: z.string().max(200),
  spkiSha256: sha256.nullable(),
  generation: generation.nullable(),
  lifecycleState: z.string(),
})
/** One API key of the user as OCI lists it. */
export type ListedKey = z.infer<typeof listedKey>

/** What the user has: the census before the action and before the deletion. */
export const census = z.strictObject({
  lifecycleState: z.string(),
  blocked: z.boolean(),
  keys: z.array(listedKey),
  groups: z.array(z.string()),
  /** How many of each other kind of credential; a kind that could not be read is -1. */
  credentials: z.record(z.string(), z.number().int()),
})
/** What the user has. */
export type Census = z.infer<typeof census>

const entry = <Type extends string, Shape extends z.ZodRawShape>(
  type: Type,
  shape: Shape,
): z.ZodObject<typeof chainFields & { type: z.ZodLiteral<Type> } & Shape, z.core.$strict> => z.strictObject({ ...chainFields, type: z.literal(type), ...shape })

const method = z.enum(['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD'])

/** Every line a journal may have. */
export const journalLine = z.discriminatedUnion('type', [
  entry('session-opened', {
    format: z.literal(1),
    session: z.string(),
    action: z.enum(['takeover', 'rotate', 'saas-admin']),
    rehearsal: z.boolean(),
    drill: z.boolean(),
    generation,
    keyId,
    spkiSha256: sha256,
    warrantSha256: sha256,
    logbookSeq: z.number().int().min(0),
    logbookSha256: sha256,
    tool: line,
    isolation: z.array(line),
  }),
  entry('resumed', { tool: line, found: remark, isolation: z.array(line).optional() }),
  entry('measured', {
    activationMs: z.record(region, z.number().int()),
    revocationMs: z.record(region, z.number().int()),
    selfDeletion: z.enum(['accepted', 'refused']),
    fourthKey: z.string(),
    /** User (OCID) of the remover that was seen to delete a key, where none may delete itself. */
    remover: z.string().max(255).optional(),
  }),
  /** A takeover: OCI lists the generation as ACTIVE and equal, before anybody is asked for a share. */
  entry('installed', { generation, keyId, spkiSha256: sha256, fingerprint }),
  entry('consented', { custodian: custodianNumber, name: line, to: z.enum(['warrant', 'deferred-rotation', 'successor', 'installation']), how: z.enum(['code words typed', 'remote message', 'rehearsal --yes']) }),
  /** A one-time key was made for custodians elsewhere, and somebody reads its words aloud. */
  entry('remote-opened', { fingerprint: openpgpFingerprint, keySha256: sha256, wordsReadBy: remark }),
  entry('agreed', { to: remark, how: z.enum(['typed', 'rehearsal --yes']) }),
  entry('exposing', { generation }),
  entry('share-accepted', { generation, custodian: custodianNumber }),
  /** `generation` and `custodian` where the sheet was genuine for another use: it was seen all the same. */
  entry('share-refused', { code: z.string(), reason: remark, generation: generation.optional(), custodian: custodianNumber.optional() }),
  entry('key-live', { keyId, spkiSha256: sha256 }),
  entry('census', { when: z.enum(['before-action', 'before-deletion']), found: census, unexpected: z.array(remark) }),
  entry('intent', { rule: z.string(), method, host: z.string(), path: z.string(), bodySha256: sha256.nullable(), by: z.enum(['strongroom', 'clerk', 'desk']) }),
  entry('outcome', { intent: z.number().int(), status: z.number().int(), opcRequestId: z.string(), date: z.string() }),
  entry('unknown', { intent: z.number().int(), reason: remark }),
  entry('refused', { method: z.string().max(20), target: z.string().max(400), reason: remark }),
  entry('action-ended', { result: z.enum(['done', 'failed', 'interrupted', 'none']), detail: remark }),
  entry('exit-began', { cause: remark }),
  entry('successor-active', { generation, keyId, spkiSha256: sha256, fingerprint }),
  entry('rotation-deferred', { reason: line }),
  entry('probes-signed', { count: z.number().int(), from: instant, to: instant }),
  entry('key-deleted', { keyId, fingerprint }),
  entry('head-signed', { of: sha256, signature: z.string() }),
  entry('burned', { keyId, reason: remark, secondsLive: z.number().min(0) }),
  /** `signedFor`: the moment that the probe was dated ahead for. One whose moment had passed was not sent, and has no line. */
  entry('probe', { region, signedFor: instant, status: z.number().int(), date: z.string(), opcRequestId: z.string() }),
  entry('probe-failed', { region, signedFor: instant, reason: remark }),
  entry('listed', { profile: line, keys: z.array(listedKey), blocked: z.boolean() }),
  entry('graded', { keyId, grade, why: remark }),
  entry('closed', { exitCode: z.number().int() }),
], { error: 'is not a kind of line that this glasskey knows' })

/** A line of a journal. */
export type JournalLine = z.infer<typeof journalLine>
/** A line of a journal before it has its place in the chain. */
export type JournalEntry = JournalLine extends infer Line ? (Line extends JournalLine ? Omit<Line, 'seq' | 'at' | 'prev' | 'torn'> : never) : never

/** Reads and verifies a journal. Throws CHAIN_BROKEN. */
export function readJournal(text: string, name = 'journal.jsonl'): Chain<JournalLine> {
  return readChain<JournalLine>(text, journalLine, name)
}

/** `opc-request-id` of the request whose intent line this is: first 16 bytes of its SHA-256, upper-case hex. */
export function opcRequestIdOf(intentSha256: string): string {
  return intentSha256.slice(0, 32).toUpperCase()
}

/** Our part of an `opc-request-id`; OCI puts its own behind it. */
export function firstPart(requestId: string): string {
  return requestId.split('/')[0] ?? ''
}

/**
 * `opc-request-id` of a probe that was signed ahead: as that of an intent, over "DIGEST REGION MOMENT", with the digest of its
 * `probes-signed` line and the moment as ISO 8601. So one that was never answered is known in OCI's Audit log all the same.
 */
export function opcRequestIdOfProbe(probesSignedSha256: string, region: string, signedFor: string): string {
  return opcRequestIdOf(sha256Hex(`${probesSignedSha256} ${region} ${signedFor}`))
}

/** What a key signs last, so that its own journal cannot be rewritten: domain, NUL, head digest (ASCII hex). */
export function headStatement(headSha256: string): Uint8Array {
  return new TextEncoder().encode(`glasskey/journal/1\0${headSha256}`)
}
