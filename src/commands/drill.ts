/** `glasskey drill`: the newcomer's first. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Argv } from 'yargs'
import type { Json } from '../canonical.js'
import { playDrill } from '../drill/drill.js'
import type { Outcome } from './outcome.js'

export const builder = (flags: Argv): Argv =>
  flags
    .usage('$0 drill [--dir DIR]\n\nThe whole life of a key on a simulator, in about a minute, with every command shown. Nothing real is touched.\n(The quarterly drill on the real tenancy is: glasskey break rotate --drill.)')
    .option('dir', { type: 'string', describe: 'new folder to play in (default: drill, or drill-2, …)' })

export const handler = async (args: { dir: string | undefined }): Promise<Outcome> => {
  const report = await playDrill(resolve(args.dir ?? freeFolder()))
  return { json: report as unknown as { [name: string]: Json }, text: '' }
}

/** `drill`, `drill-2`, `drill-3` …: the first that is not there yet. */
function freeFolder(): string {
  let name = 'drill'
  for (let count = 2; existsSync(name); count += 1) name = `drill-${count}`
  return name
}
