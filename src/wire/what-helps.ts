/** What people can do about a no of OCI, by its status; null: an answer that cannot be read. Source: OCI's list of API errors. */
export function whatHelps(status: number | null): string {
  if (status === null || status < 400 || status >= 600) return 'Something else may have answered in OCI\'s place: look at the network, and at what stands between.'
  if (status === 401) return 'OCI does not know the key, its user is blocked, or this machine\'s clock is wrong: look at all three.'
  if (status === 403) return 'The login may not do that: look at the policies.'
  if (status === 404) return 'It is not there, or the login may not see it, and OCI says the same of both: look at the OCID, and at the policies.'
  if (status === 409) return 'It is in another state than was expected: look at it in OCI\'s console, then begin again.'
  if (status === 412) return 'It was changed meanwhile: begin again.'
  if (status < 500 && status !== 429) return 'OCI does not take the request as it is: look at what was asked for.'
  return 'OCI is busy, or has a fault of its own: begin again in some minutes.'
}
