/** Which codes are sent to the page's server: the rest are outlined, and told to nobody. */

/** A share, or a part of an envelope, a public key or a sealed share; `isOurs` of the reader says the same of scans. */
const OURS = /^(?:(?:GK|GKR)1[0-9A-Z]+|GK(?:[EPS]|SR)1\/[0-9A-Z/]+)$/i

/** Whether a code's text is one of ours. What it says is judged elsewhere. */
export function isOurs(text: string): boolean {
  return OURS.test(text)
}
