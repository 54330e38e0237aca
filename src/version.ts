/** Name and version of this tool, as it stands in every record; and what it runs on. */
import { readFileSync } from 'node:fs'

const { version, engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string; engines: { node: string } }

/** `glasskey 1.2.3` */
export const TOOL = `glasskey ${version}`
/** `1.2.3` */
export const VERSION = version

/** The oldest Node that package.json names (20.19); null when the one of this version is not older. */
export function newerNodeNeeded(running: string): string | null {
  const oldest = /\d+\.\d+/.exec(engines.node)?.[0] ?? ''
  const [[major = 0, minor = 0], [least = 0, leastMinor = 0]] = [running, oldest].map((one) => one.split('.').map(Number)) as [number[], number[]]
  return major < least || (major === least && minor < leastMinor) ? oldest : null
}
