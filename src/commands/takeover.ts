/** `glasskey takeover`. */
import { resolve } from 'node:path'
import { type Argv } from 'yargs'
import { takeOver } from '../breakglass/takeover.js'
import { line } from '../custody/fields.js'
import { readProfile } from '../host/oci-profile.js'
import { say } from '../host/terminal.js'
import { configOf, field, inputsOf, sessionFlags, type SessionArguments } from './flags.js'
import { sessionOutcome } from './session-outcome.js'
import { type Outcome } from './outcome.js'

interface Arguments extends SessionArguments {
  profile: string
  operator: string
  authorisedBy: string
  reason: string
  printer: string | undefined
}

export const builder = (flags: Argv): Argv =>
  sessionFlags(flags)
    .usage('$0 takeover --profile BOOTSTRAP --scan FILE...\n\nOnce: the administrator lends a key; the custodians\' key replaces it and becomes the only way in. Measured\nfirst, every removal shown and agreed to, and the generation that did it rotated away. Running it again changes nothing.')
    .option('profile', { type: 'string', demandOption: true, describe: 'OCI profile with the bootstrap key' })
    .option('operator', { type: 'string', default: 'takeover operator', describe: 'who acts' })
    .option('authorised-by', { type: 'string', default: 'owner of the custody', describe: 'who authorised this' })
    .option('reason', { type: 'string', default: 'bootstrap of the break-glass custody', describe: 'why' })
    .option('printer', { type: 'string', describe: 'print entry and slips on this CUPS printer' })

export const handler = async (args: Arguments): Promise<Outcome> => {
  const folder = resolve(args.custody)
  const profile = readProfile(args.profile, configOf(args))
  const result = await takeOver(
    folder,
    profile,
    { operator: field('operator', args.operator, line), authorisedBy: field('authorised-by', args.authorisedBy, line), reason: field('reason', args.reason, line) },
    inputsOf(args),
  )
  if ('already' in result) {
    const text = `All is as it should be:\n${result.already.map((sentence) => `  ${sentence}`).join('\n')}`
    return { json: { already: true, found: result.already }, text }
  }
  const outcome = await sessionOutcome(folder, result.done, args.printer)
  if (!result.done.failure) say(`The bootstrap key is deleted in OCI. Destroy its file too: ${result.bootstrapKeyFile}`, 'strong')
  return { ...outcome, json: { ...outcome.json, bootstrapKeyFile: result.bootstrapKeyFile } }
}
