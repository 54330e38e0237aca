/** Shapes that several documents share, with messages a person can act on. */
import { z } from 'zod'

/** Any OCI identifier (OCI documentation: resource identifiers). */
export const ocid = z
  .string()
  .regex(/^([0-9a-zA-Z_-]+[.:])([0-9a-zA-Z_-]*[.:]){3,}[0-9a-zA-Z_-]+$/, 'must be an OCID, such as ocid1.user.oc1..aaaa')
export const tenancyOcid = ocid.regex(/^ocid1\.tenancy\./, 'must be the OCID of a tenancy (ocid1.tenancy.…)')
export const userOcid = ocid.regex(/^ocid1\.user\./, 'must be the OCID of a user (ocid1.user.…)')
export const databaseOcid = ocid.regex(/^ocid1\.autonomousdatabase\./, 'must be the OCID of an Autonomous Database')
export const secretOcid = ocid.regex(/^ocid1\.vaultsecret\./, 'must be the OCID of a Vault secret (ocid1.vaultsecret.…)')

/** OCI region identifier, such as eu-frankfurt-1. */
export const region = z.string().regex(/^[a-z]{2,}(-[a-z0-9]+)+-\d+$/, 'must be a region such as eu-frankfurt-1')
/** OCI realm key, such as oc1. */
export const realm = z.string().regex(/^oc\d+$/, 'must be a realm such as oc1')
/** SHA-256, 64 lower-case hex digits. */
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex')
export const keyId = z.string().regex(/^[0-9a-f]{16}$/, 'must be a key id: 16 lower-case hex digits')
/** MD5 fingerprint as OCI writes it. */
export const fingerprint = z.string().regex(/^([0-9a-f]{2}:){15}[0-9a-f]{2}$/, 'must be a fingerprint aa:bb:… of 16 pairs')
/** UTC, ISO 8601, with milliseconds. */
export const instant = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, { error: 'must be UTC like 2026-01-31T04:00:00.000Z', abort: true })
  .refine((text) => exists(text), 'must be a moment that exists')
/** OpenPGP fingerprint (v4: 40 hex digits), upper case. */
export const openpgpFingerprint = z.string().regex(/^[0-9A-F]{40}$/, 'must be an OpenPGP fingerprint: 40 upper-case hex digits')
/** Generation number, from 1. */
export const generation = z.number().int().min(1).max(9999)
/** Number of a custodian; the payload of a share has one byte for it. */
export const custodianNumber = z.number().int().min(1).max(255)
/** Longest remark in a record. */
const REMARK = 400

/** What somebody or something said, in one line of a record. */
export const remark = z.string().min(1).max(REMARK).regex(/^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$/, 'must be one line without control characters')

/** Any words as a remark: one line of what can be seen, not too long, never empty. */
export function asRemark(words: string): string {
  return asWords(words).trim() || 'no reason given'
}

/** The same inside a sentence of ours, which has its own full stop. */
export function asClause(words: string): string {
  return withoutStop(asRemark(words)) || 'no reason given'
}

/** A short sentence of somebody without its full stop. */
export function withoutStop(words: string): string {
  return words.replace(/[.\s]+$/, '')
}

/** Words from outside, fit for a line of a record: what can be seen, whole characters, and an end. May be empty. */
export function asWords(text: string): string {
  return visibleOnly(text.slice(0, 2 * REMARK)).trimStart().slice(0, REMARK).toWellFormed()
}

/** The same, fit for a `line`: shorter, and without what that refuses. May be empty. */
export function asLine(text: string): string {
  return asWords(text).replace(NOT_READ, '').slice(0, LINE).toWellFormed()
}

/** Other people's words without what a terminal would obey or an eye would miss: controls, directions of writing, invisible letters. */
export function visibleOnly(words: string): string {
  return words.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
}

/** Longest line. */
const LINE = 200
/** What nobody sees, or what changes the direction of others; with the selectors of variants that \udb40 begins. */
const NOT_READ = /[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udfff]/g

/**
 * One line of text that is printed, and reads as it is written: no control, no change of direction, no invisible letter.
 * No \p classes: the published schemas are read by validators that have none.
 */
export const line = z
  .string()
  .min(1, 'must not be empty')
  .max(LINE, `must be at most ${LINE} characters`)
  .refine((text) => text.isWellFormed(), 'must be Unicode text: it has half of a surrogate pair')
  .regex(/^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$/, 'must be one line without control characters')
  .regex(/^[^\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\udb40]*$/, 'must be without invisible characters and changes of direction')

/** A deadline on 31 February would never come. */
function exists(text: string): boolean {
  const moment = new Date(text)
  return !Number.isNaN(moment.getTime()) && moment.toISOString() === text
}
