/** `glasskey ceremony`: offline; and `glasskey ceremony import`: back online. */
import { resolve } from 'node:path'
import type { Argv } from 'yargs'
import { conductCeremony, type CeremonyResult } from '../ceremony/conduct.js'
import { importOutbox } from '../ceremony/import.js'
import { GlasskeyError } from '../errors.js'
import { custodianKeysOf, keyFlags, type KeyArguments } from './key-flags.js'
import type { Outcome } from './outcome.js'

interface Arguments extends KeyArguments {
  step: 'import' | undefined
  config: string | undefined
  custody: string
  sheets: string | undefined
  outbox: string | undefined
  rehearsal: boolean
}

export const builder = (flags: Argv): Argv =>
  keyFlags(flags)
    .usage('$0 ceremony [import]\n\nWithout a word more: make, split, prove and print, on a machine without a network. import: verify what a\nlater ceremony made and append it to the custody folder.')
    .positional('step', { choices: ['import'] as const, describe: 'bring a later ceremony back over the air gap' })
    .option('config', { type: 'string', describe: 'custody.yaml (a later ceremony: the folder\'s own)' })
    .option('custody', { type: 'string', demandOption: true, describe: 'custody folder: made by the first ceremony, read by a later one' })
    .option('sheets', { type: 'string', describe: 'folder for the sheets; recorded when it is on a disk (default: in memory)' })
    .option('outbox', { type: 'string', describe: 'later ceremonies: what goes back over the air gap' })
    .option('rehearsal', { type: 'boolean', default: false, describe: 'practice: marked so for ever, and may have a network' })

export const handler = async (args: Arguments): Promise<Outcome> => {
  const custody = resolve(args.custody)
  if (args.step === 'import') {
    if (args.outbox === undefined) throw new GlasskeyError('USAGE', 'which outbox?', 'glasskey ceremony import --custody DIR --outbox DIR')
    const imported = await importOutbox(custody, resolve(args.outbox))
    const differs = imported.custodyYamlDiffers ? '\ncustody.yaml differs between outbox and folder; the folder\'s was kept. Compare them.' : ''
    return { json: { ...imported }, text: `Imported GENERATION ${imported.generations.join(', ')}; logbook entry ${imported.logbook}.${differs}` }
  }
  const result = await conductCeremony({
    config: args.config === undefined ? undefined : resolve(args.config),
    custody,
    sheets: args.sheets === undefined ? undefined : resolve(args.sheets),
    outbox: args.outbox === undefined ? undefined : resolve(args.outbox),
    rehearsal: args.rehearsal,
    keys: custodianKeysOf(args),
  })
  return { json: { ...result }, text: summary(result) }
}

function summary(result: CeremonyResult): string {
  const lines = [
    result.rehearsal ? 'A REHEARSAL set is sealed.' : 'The set is sealed.',
    ...result.generations.map(({ generation, keyId }) => `  GENERATION ${generation}  key id ${keyId}`),
    `Sheets:  ${result.sheets} (${result.sheetFiles.length} files; these are the secrets)`,
    `Record:  ${result.record}`,
    result.outbox === null ? `Custody: ${result.custody}` : `Outbox:  ${result.outbox} (online: glasskey ceremony import --custody DIR --outbox DIR)`,
    '',
    'Now print each sheet for its custodian, one at a time, and seal it in its bag at once. Then destroy the sheet files.',
  ]
  return lines.join('\n')
}
