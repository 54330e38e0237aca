/** The only place where drawing touches the disk: fonts from their packages, templates from their directory. */

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { GlasskeyError } from '../errors.js'

const require = createRequire(import.meta.url)

/** `templates/` of this package; the same two steps up from `src/paper` and from `dist/paper`. */
export const TEMPLATE_DIRECTORY = fileURLToPath(new URL('../../templates/', import.meta.url))

/** A file of an installed package, by its specifier. */
export function readPackageFile(specifier: string): Buffer {
  return readFileSync(require.resolve(specifier))
}

/**
 * The text of `<directory>/<name>.md`.
 *
 * @throws {GlasskeyError} TEMPLATE_INVALID when the directory has no such template.
 */
export function readTemplate(directory: string, name: string): string {
  const path = join(directory, `${name}.md`)
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new GlasskeyError('TEMPLATE_INVALID', `template ${path} cannot be read`,
      'copy it from the templates directory of glasskey, then edit the copy', { cause })
  }
}
