/** `glasskey drill`: the newcomer's first. */
import { resolve } from 'node:path'
import { type Argv } from 'yargs'
import { type Json } from '../canonical.js'
import { playDrill } from '../drill/drill.js'
import { type Outcome } from './outcome.js'

export const builder = (flags: Argv): Argv =>
  flags
    .usage('$0 drill --dir DIR\n\nThe whole life of a key on a simulator, in about a minute, with every command shown. Nothing real is touched.\n(The quarterly drill on the real tenancy is: glasskey break rotate --drill.)')
    .option('dir', { type: 'string', default: 'drill', describe: 'new folder to play in' })

export const handler = async (args: { dir: string }): Promise<Outcome> => {
  const report = await playDrill(resolve(args.dir))
  return { json: report as unknown as { [name: string]: Json }, text: '' }
}
