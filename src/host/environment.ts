/** What the environment may have brought into this process. */
import { GlasskeyError } from '../errors.js'

/** Variables that put code of others into a process that is started with them: Node's own (its compiled code too), the loader's, and OpenSSL's, whose configuration may name a provider. */
const CODE_FROM_OUTSIDE = [
  ...['NODE_OPTIONS', 'NODE_COMPILE_CACHE'],
  ...['LD_PRELOAD', 'LD_AUDIT', 'LD_LIBRARY_PATH'],
  ...['DYLD_INSERT_LIBRARIES', 'DYLD_LIBRARY_PATH', 'DYLD_FRAMEWORK_PATH'],
  ...['OPENSSL_CONF', 'OPENSSL_MODULES', 'OPENSSL_ENGINES'],
]

/** Those of them that are set. */
export function foreignCode(environment: Readonly<Record<string, string | undefined>>): string[] {
  return CODE_FROM_OUTSIDE.filter((name) => (environment[name] ?? '') !== '')
}

/**
 * For a process that will itself hold a key: a real ceremony, a recovery. Throws ENVIRONMENT_UNSAFE. It is no wall, code
 * that came this way runs already; it keeps what was left in a profile out of the room.
 */
export function requireOwnCode(environment: Readonly<Record<string, string | undefined>>): void {
  const found = foreignCode(environment)
  if (found.length === 0) return
  throw new GlasskeyError('ENVIRONMENT_UNSAFE', `${found.join(', ')} ${found.length === 1 ? 'is' : 'are'} set: other code may run in this process, which is to hold a key`, `Run it as: env ${found.map((name) => `-u ${name}`).join(' ')} glasskey …`)
}
