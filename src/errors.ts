/**
 * Every way in which glasskey says no.
 *
 * A code is stable: scripts and runbooks may match on it. The table is the only place that turns a code into an exit
 * code, so an error without an exit code does not compile.
 */

/** Exit codes of the command line. 0 is "done". */
export const EXIT = {
  internal: 1,
  usage: 2,
  refused: 3,
  unverified: 4,
  noQuorum: 5,
  unproved: 6,
} as const

/** Which exit code each error code leads to. */
export const EXIT_CODES = {
  INTERNAL: EXIT.internal,

  USAGE: EXIT.usage,
  CONFIG_INVALID: EXIT.usage,
  FILE_MISSING: EXIT.usage,
  FILE_UNREADABLE: EXIT.usage,
  FILE_UNWRITABLE: EXIT.usage,
  OUTPUT_EXISTS: EXIT.usage,
  TEMPLATE_INVALID: EXIT.usage,
  SCRIPT_UNSUPPORTED: EXIT.usage,
  OCI_CONFIG_INVALID: EXIT.usage,
  NO_TERMINAL: EXIT.usage,
  PRINTER_FAILED: EXIT.usage,
  SIGNING_FAILED: EXIT.usage,

  REFUSED: EXIT.refused,
  NOT_AIR_GAPPED: EXIT.refused,
  ENVIRONMENT_UNSAFE: EXIT.refused,
  REHEARSAL_MISMATCH: EXIT.refused,
  CONSENT_REFUSED: EXIT.refused,
  INTERRUPTED: EXIT.refused,
  RULES_REFUSED: EXIT.refused,
  WARRANT_EXPIRED: EXIT.refused,
  WARRANT_INVALID: EXIT.refused,
  OUTSIDE_WARRANT: EXIT.refused,
  CLOCKS_DISAGREE: EXIT.refused,
  NO_SUCCESSOR: EXIT.refused,
  GENERATION_NOT_IN_USE: EXIT.refused,
  CUSTODY_LOCKED: EXIT.refused,
  SESSION_UNFINISHED: EXIT.refused,
  TENANCY_UNFIT: EXIT.refused,
  SELF_DELETION_REFUSED: EXIT.refused,
  ISOLATION_MISSING: EXIT.refused,
  OCI_REFUSED: EXIT.refused,
  OCI_UNREACHABLE: EXIT.refused,
  NOT_IN_FORCE: EXIT.refused,
  LIMIT_EXCEEDED: EXIT.refused,
  STEP_OUT_OF_ORDER: EXIT.refused,

  SET_NOT_PROVED: EXIT.unverified,
  PAGE_NOT_PROVED: EXIT.unverified,
  SHEET_WRONG: EXIT.unverified,
  ENVELOPE_INVALID: EXIT.unverified,
  MANIFEST_INVALID: EXIT.unverified,
  FOLDER_ALTERED: EXIT.unverified,
  CHAIN_BROKEN: EXIT.unverified,
  EVIDENCE_INVALID: EXIT.unverified,
  AUDIT_FAILED: EXIT.unverified,
  SUCCESSOR_UNTRUSTED: EXIT.unverified,
  TRANSCRIPT_INVALID: EXIT.unverified,
  SET_NOT_SEALED: EXIT.unverified,
  SIGNATURE_INVALID: EXIT.unverified,

  SHARE_MISREAD: EXIT.noQuorum,
  SHARE_VERSION: EXIT.noQuorum,
  SHARE_PRACTICE: EXIT.noQuorum,
  SHARE_REAL_IN_REHEARSAL: EXIT.noQuorum,
  SHARE_OTHER_GENERATION: EXIT.noQuorum,
  SHARE_OTHER_KEY: EXIT.noQuorum,
  SHARE_OTHER_SET: EXIT.noQuorum,
  SHARE_NUMBER: EXIT.noQuorum,
  SHARE_ZERO_X: EXIT.noQuorum,
  SHARE_COMMITMENT: EXIT.noQuorum,
  SHARE_TWICE: EXIT.noQuorum,
  SHARE_SAME_X: EXIT.noQuorum,
  SHARE_SEALED: EXIT.noQuorum,
  SHARES_INCONSISTENT: EXIT.noQuorum,
  QUORUM_NOT_REACHED: EXIT.noQuorum,
  SCAN_UNREADABLE: EXIT.noQuorum,
  REMOTE_REFUSED: EXIT.noQuorum,
  REMOTE_TWICE: EXIT.noQuorum,
  REMOTE_WORDS: EXIT.refused,

  OUTCOME_UNKNOWN: EXIT.unproved,
  KEY_NOT_PROVED_DEAD: EXIT.unproved,
} as const

/** Stable name of an error. */
export type ErrorCode = keyof typeof EXIT_CODES

/** The longest message; what is refused may hold anything, and a person reads the first lines. */
const LONGEST_MESSAGE = 4000

/** An expected failure: what was wrong, and what to do next. Messages never contain a secret, nor what a terminal obeys. */
export class GlasskeyError extends Error {
  readonly code: ErrorCode
  /** What to do next, as a sentence or a command; empty when there is nothing to add. */
  readonly hint: string

  constructor(code: ErrorCode, message: string, hint = '', options?: ErrorOptions) {
    super(printable(message), options)
    this.name = new.target.name
    this.code = code
    this.hint = hint
  }
}

/** Files, codes and servers find their way into messages: control characters but line ends become U+FFFD, and there is an end. */
function printable(words: string): string {
  const plain = words.replace(/\t/g, ' ').replace(/[^\P{Cc}\n]|[\p{Zl}\p{Zp}\p{Cs}]/gu, '\ufffd')
  return plain.length <= LONGEST_MESSAGE ? plain : `${plain.slice(0, LONGEST_MESSAGE)} …`
}
