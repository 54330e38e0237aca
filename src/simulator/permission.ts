/**
 * Who may do what. A simple model instead of OCI's policy language, strict where that language is strict:
 *
 * - members of `Administrators` may do everything;
 * - members of `Auditors` may read everything;
 * - members of `GlasskeyRemovers` may read users and delete their API keys, and nothing else;
 * - everybody may read the own user and manage the own API keys and credentials (OCI needs no policy for that);
 * - everything else answers 404 NotAuthorizedOrNotFound, as OCI does.
 *
 * Policies are kept and listed, not evaluated.
 */
import type { Call } from './operation.js'

/** Administrators only. */
export function administer(call: Call): boolean {
  return call.caller.administrator
}

/** Administrators and auditors. */
export function inspect(call: Call): boolean {
  return call.caller.administrator || call.caller.auditor
}

/** Administrators, auditors, removers, and the user of the path. */
export function readUser(call: Call): boolean {
  return inspect(call) || call.caller.remover || call.caller.userId === call.path['userId']
}

/** Administrators and the user of the path. */
export function manageCredentials(call: Call): boolean {
  return call.caller.administrator || call.caller.userId === call.path['userId']
}

/** Administrators, removers, and the user of the path. */
export function removeApiKeys(call: Call): boolean {
  return manageCredentials(call) || call.caller.remover
}

/** Everybody; the operation itself shows the caller only what the caller may see. */
export function anybody(): boolean {
  return true
}
