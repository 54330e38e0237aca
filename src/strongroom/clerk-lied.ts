/** A clerk whose word is not borne out by what went over the wire. */
import { GlasskeyError } from '../errors.js'

/** `what` the clerk said; `oci`: what OCI did, null where it was never asked. */
export function clerkLied(what: string, oci: string | null): GlasskeyError {
  return new GlasskeyError('OCI_REFUSED', `the clerk said that ${what}, and OCI ${oci ?? 'was never asked for it'}`, 'The key is rotated. Find out what runs as the clerk: it is not the code that was released.')
}
