/** Loads an action's SDK package while people still look for their sheets, so that it is ready when the key is. */
import type { Post } from '../post.js'

/** Loads the packages named; asks for nothing. */
export async function warm(_post: Post, params: { packages: string[] }): Promise<null> {
  if (params.packages.includes('database')) await import('oci-database')
  if (params.packages.includes('identity')) await import('oci-identity')
  if (params.packages.includes('identitydomains')) await import('oci-identitydomains')
  return null
}
