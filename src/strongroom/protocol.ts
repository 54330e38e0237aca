/** What desk and strongroom say to each other. The desk never learns a secret from it: bytes in `data` are ciphertext. */
import type { ErrorCode } from '../errors.js'
import type { CustodianKeys } from '../host/custodian-key.js'

/** Descriptors that the desk opens for the strongroom, beside standard input, output, error and the line (3). */
export const DESCRIPTORS = { reader: 4, clerk: 5 } as const

/** How custodians elsewhere are heard. */
export interface RemoteOrder {
  /** Files with their messages; waited for where they are not there yet. */
  messages: string[]
  /** Who reads the words aloud; asked for when null. */
  wordsReadBy: string | null
}

/** What the strongroom is to do. It reads warrant and folder itself. */
export interface Order {
  /** Custody folder. */
  folder: string
  /** Session id; warrant.json and journal.jsonl are in `sessions/<id>/`. */
  session: string
  /** `perform` the warrant's action and exit; or only `finish` an exit that was interrupted. */
  task: 'perform' | 'finish'
  /** How many scan files the reader will be given; or sheets are shown to a camera. */
  scans: number | 'camera'
  /** Files with typed share texts; `-` is standard input. */
  shareFiles: string[]
  /** What opens sealed shares. */
  keys: CustodianKeys
  /** Null: everybody is at this machine. */
  remote: RemoteOrder | null
  /** Consent without asking: rehearsals only. */
  yes: boolean
  /** PEM authority for TLS with a simulator; rehearsals only. */
  ca: string | null
  /** Exceptions of this machine that are not on the warrant: custodians consent to them as well. Empty where the session began here. */
  exceptions: string[]
}

/** From the desk. */
export type ToStrongroom =
  | { kind: 'begin'; order: Order }
  | { kind: 'leave'; cause: string }
  | { kind: 'connected'; id: number }
  | { kind: 'data'; id: number; bytes: Uint8Array }
  | { kind: 'ended'; id: number }
  | { kind: 'broken'; id: number; reason: string }

/** A signed request dated ahead, to be sent by the desk after the strongroom is gone. */
export interface DatedProbe {
  region: string
  /** When to send it: time since this machine's boot in ms, which nobody sets. */
  at: number
  /** What it is dated, by OCI's clock. */
  signedFor: number
  url: string
  headers: Record<string, string>
}

/** Why the strongroom did not do what it was ordered. */
export interface Failure {
  code: ErrorCode
  message: string
  hint: string
}

/** From the strongroom. */
export type FromStrongroom =
  | { kind: 'unwritten'; text: string; why: string; before: readonly string[] }
  | { kind: 'written' }
  | { kind: 'read-scans' }
  | { kind: 'quorum-complete' }
  | { kind: 'connect'; id: number; host: string; port: number }
  | { kind: 'data'; id: number; bytes: Uint8Array }
  | { kind: 'end'; id: number }
  | { kind: 'finished'; probes: DatedProbe[]; failure: Failure | null; selfDeletionRefused: boolean }
