/** Name and version of this tool, as it stands in every record. */
import { readFileSync } from 'node:fs'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

/** `glasskey 1.2.3` */
export const TOOL = `glasskey ${version}`
/** `1.2.3` */
export const VERSION = version
