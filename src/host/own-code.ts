/** What this tool is, as a digest that anybody can make again with find and sha256sum. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sha256Hex } from '../canonical.js'

/** The package: two steps up from `src/host` and from `dist/host`. */
const PACKAGE = fileURLToPath(new URL('../../', import.meta.url))
/** The folder that runs: `src` or `dist`. */
const RUNNING = fileURLToPath(new URL('../', import.meta.url))

/**
 * SHA-256 over the digests of this tool's own files: its code, its templates and its list of dependencies, not the
 * dependencies themselves. As a command, in the package's folder:
 * `find dist templates package.json -type f | LC_ALL=C sort | xargs -d '\n' sha256sum | sha256sum`
 */
export function ownCodeDigest(): string {
  const digest = createHash('sha256')
  for (const path of [...filesIn(RUNNING), ...filesIn(join(PACKAGE, 'templates')), join(PACKAGE, 'package.json')].map((path) => ({ path, name: relative(PACKAGE, path) })).sort((one, other) => Buffer.compare(Buffer.from(one.name), Buffer.from(other.name)))) {
    digest.update(`${sha256Hex(readFileSync(path.path))}  ${path.name}\n`)
  }
  return digest.digest('hex')
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : []))
}
