/** `glasskey takeover`. */
import { resolve } from 'node:path'
import type { Argv } from 'yargs'
import { takeOver } from '../breakglass/takeover.js'
import { line } from '../custody/fields.js'
import { readProfile } from '../host/oci-profile.js'
import { configOf, field, HEADINGS, inputsOf, sessionFlags, sheetFilesOf, type SessionArguments } from './flags.js'
import { nothingToDo, sessionOutcome } from './session-outcome.js'
import type { Outcome } from './outcome.js'

interface Arguments extends SessionArguments {
  profile: string | undefined
  operator: string | undefined
  authorisedBy: string | undefined
  reason: string | undefined
}

/** What the record says where nothing else was said. */
const UNSAID = { operator: 'takeover operator', authorisedBy: 'owner of the custody', reason: 'bootstrap of the break-glass custody' } as const

export const builder = (flags: Argv): Argv =>
  sessionFlags(
    flags
      .usage('$0 takeover --profile BOOTSTRAP --scan FILE...\n\nOnce: the administrator lends a key; the custodians\' key replaces it and becomes\nthe only way in as this user. Measured first, every removal shown and agreed to,\nand the generation that did it rotated away. Run again, it changes nothing.')
      .options({
        profile: { type: 'string', describe: 'OCI profile with the bootstrap key' },
        operator: { type: 'string', describe: `who acts (${UNSAID.operator})` },
        'authorised-by': { type: 'string', describe: `who authorised it (${UNSAID.authorisedBy})` },
        reason: { type: 'string', describe: `why (${UNSAID.reason})` },
      })
      .group(['profile', 'operator', 'authorised-by', 'reason'], HEADINGS.who),
  )

export const handler = async (args: Arguments): Promise<Outcome> => {
  const folder = resolve(args.custody)
  const profile = args.profile === undefined ? null : readProfile(args.profile, configOf(args))
  const said = { operator: args.operator ?? UNSAID.operator, authorisedBy: args.authorisedBy ?? UNSAID.authorisedBy, reason: args.reason ?? UNSAID.reason }
  const result = await takeOver(
    folder,
    profile,
    { operator: field('operator', said.operator, line), authorisedBy: field('authorised-by', said.authorisedBy, line), reason: field('reason', said.reason, line) },
    inputsOf(args),
  )
  if ('already' in result) {
    return nothingToDo(folder, result.already, `Nothing is left to take over:\n${result.already.map((sentence) => `  ${sentence}`).join('\n')}`)
  }
  return sessionOutcome(folder, result.done, args.printer, sheetFilesOf(args), profile?.keyFile ?? null)
}
